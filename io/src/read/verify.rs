//! Whether the numbers in a GRIB2 message fit each other, before ecCodes sees them.
//!
//! ecCodes (2.28) trusts the counts in a message: with a damaged one it reads and writes outside its arrays, asks for
//! all memory or does not return. So the counts that steer loops are checked here: points of the grid, values, bits,
//! and the groups of complex packing. Source: WMO FM 92 GRIB edition 2, templates 3.0 to 3.3, 3.40 to 3.43, 5.0,
//! 5.2, 5.3, 7.2, 7.3 and code table 4.4.

use super::scan::big_endian;
use super::split;

/// Checks one field's message; the error tells what does not fit. Edition 1 is not looked into.
pub(super) fn field(message: &[u8]) -> Result<(), String> {
    if message[7] != 2 {
        return Ok(());
    }
    let sections = split::sections(message)?;
    let section = |number: usize| {
        sections
            .iter()
            .find(|(found, _)| *found == number)
            .map(|(_, bytes)| Section(number, bytes))
            .ok_or_else(|| format!("section {number} is missing"))
    };
    section(1)?.at_least(21)?;
    let points = grid(&section(3)?)?;
    product(&section(4)?)?;
    values(&section(5)?, &section(6)?, &section(7)?, points)
}

/// Number and bytes; octets are counted from 1 as in the tables.
struct Section<'a>(usize, &'a [u8]);

impl Section<'_> {
    fn at_least(&self, octets: usize) -> Result<(), String> {
        let Section(number, bytes) = self;
        if bytes.len() < octets {
            return Err(format!("section {number} has {} bytes, expected at least {octets}", bytes.len()));
        }
        Ok(())
    }

    fn number(&self, first: usize, last: usize) -> Result<u64, String> {
        self.at_least(last)?;
        Ok(big_endian(&self.1[first - 1..last]))
    }
}

/// Number of points.
fn grid(section: &Section) -> Result<u64, String> {
    let points = section.number(7, 10)?;
    let appended = section.number(11, 11)?;
    let template = section.number(13, 14)?;
    if !matches!(template, 0..=3 | 40..=43) {
        return Ok(points);
    }
    let (columns, rows) = (section.number(31, 34)?, section.number(35, 38)?);
    if appended > 0 {
        // Points per row follow the template; their number is that of the rows.
        let template_length = if matches!(template, 0 | 40) { 72 } else { 84 };
        let expected = template_length + rows * appended;
        if template == 40 && section.1.len() as u64 != expected {
            return Err(format!("section 3 has {} bytes, {rows} rows need {expected}", section.1.len()));
        }
        if rows > points {
            return Err(format!("{points} points in {rows} rows"));
        }
    } else if columns * rows != points {
        return Err(format!("{points} points in {rows} rows of {columns}"));
    }
    Ok(points)
}

fn product(section: &Section) -> Result<(), String> {
    let template = section.number(8, 9)?;
    if template <= 15 {
        let unit = section.number(18, 18)?;
        if unit > 13 {
            return Err(format!("unit of time {unit}, expected 0 to 13"));
        }
    }
    Ok(())
}

fn values(packing: &Section, bitmap: &Section, data: &Section, points: u64) -> Result<(), String> {
    let values = packing.number(6, 9)?;
    let template = packing.number(10, 11)?;
    match bitmap.number(6, 6)? {
        255 if values != points && !matches!(template, 50 | 51) => {
            return Err(format!("{values} values on {points} points without a bit map"));
        }
        0 => {
            let map = &bitmap.1[6..];
            if (map.len() as u64) * 8 < points {
                return Err(format!("a bit map of {} bytes for {points} points", map.len()));
            }
            let present = (0..points as usize).filter(|&bit| map[bit / 8] >> (7 - bit % 8) & 1 == 1).count();
            if present as u64 != values {
                return Err(format!("{values} values, but {present} points in the bit map"));
            }
        }
        _ => {}
    }
    if !matches!(template, 0 | 2 | 3 | 40 | 41 | 42) {
        return Ok(());
    }
    let bits = packing.number(20, 20)?;
    if bits > 32 {
        return Err(format!("{bits} bits per value"));
    }
    let available = (data.1.len() as u64 - 5) * 8;
    match template {
        0 if values * bits > available => {
            Err(format!("{values} values of {bits} bits in {} bytes", available / 8))
        }
        2 | 3 => groups(packing, data, values, bits, template == 3),
        _ => Ok(()),
    }
}

/// Complex packing: groups of values, each with its reference, width and length, then the values.
fn groups(
    packing: &Section,
    data: &Section,
    values: u64,
    bits: u64,
    differences: bool,
) -> Result<(), String> {
    let count = packing.number(32, 35)?;
    let (width_reference, width_bits) = (packing.number(36, 36)?, packing.number(37, 37)?);
    let (length_reference, length_increment) = (packing.number(38, 41)?, packing.number(42, 42)?);
    let (last_length, length_bits) = (packing.number(43, 46)?, packing.number(47, 47)?);
    if bits == 0 && count == 0 {
        return Ok(());
    }
    if count == 0 || count > values || width_bits > 8 || length_bits > 32 {
        return Err(format!(
            "{count} groups of {values} values, widths of {width_bits} bits, lengths of {length_bits} bits"
        ));
    }
    let mut descriptors = 0;
    if differences {
        let (order, octets) = (packing.number(48, 48)?, packing.number(49, 49)?);
        if !(1..=2).contains(&order) || octets > 4 || order > values {
            return Err(format!("differences of order {order} with descriptors of {octets} bytes"));
        }
        descriptors = (order + 1) * octets;
    }
    let Section(_, bytes) = data;
    let total = bytes.len() as u64 * 8;
    let references = (5 + descriptors) * 8;
    let widths = references + (count * bits).next_multiple_of(8);
    let lengths = widths + (count * width_bits).next_multiple_of(8);
    let packed = lengths + (count * length_bits).next_multiple_of(8);
    let cut = |needed: u64| format!("groups need {} bytes, section 7 has {}", needed / 8, bytes.len());
    if packed > total {
        return Err(cut(packed));
    }
    let (mut sum, mut needed) = (0, packed);
    for group in 0..count {
        let width = width_reference + bit_field(bytes, widths + group * width_bits, width_bits);
        let length = if group + 1 == count {
            last_length
        } else {
            length_reference + length_increment * bit_field(bytes, lengths + group * length_bits, length_bits)
        };
        if width > 32 || length > values {
            return Err(format!("group {} of {length} values of {width} bits", group + 1));
        }
        sum += length;
        needed += length * width;
    }
    if sum != values {
        return Err(format!("groups hold {sum} values, expected {values}"));
    }
    if needed > total { Err(cut(needed)) } else { Ok(()) }
}

/// `width` bits from bit `first`, most significant first.
fn bit_field(bytes: &[u8], first: u64, width: u64) -> u64 {
    (first..first + width)
        .fold(0, |number, bit| number << 1 | u64::from(bytes[(bit / 8) as usize] >> (7 - bit % 8) & 1))
}
