//! GRIB2 files that ecCodes is not asked to write: made from regular ones by changing their bytes.

/// The sections of one message: number and bytes, without indicator and end.
fn sections(message: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut sections = Vec::new();
    let mut position = 16;
    while &message[position..position + 4] != b"7777" {
        let length = u32::from_be_bytes(message[position..position + 4].try_into().unwrap()) as usize;
        sections.push((message[position + 4], message[position..position + length].to_vec()));
        position += length;
    }
    sections
}

/// Changes the sections of every message of a file.
fn change(file: &[u8], mut change: impl FnMut(u8, &mut Vec<u8>)) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let length = u64::from_be_bytes(rest[8..16].try_into().unwrap()) as usize;
        let (message, following) = rest.split_at(length);
        let mut changed = message[..16].to_vec();
        for (number, mut bytes) in sections(message) {
            change(number, &mut bytes);
            let length = bytes.len() as u32;
            bytes[..4].copy_from_slice(&length.to_be_bytes());
            changed.extend(bytes);
        }
        changed.extend(b"7777");
        let length = changed.len() as u64;
        changed[8..16].copy_from_slice(&length.to_be_bytes());
        result.extend(changed);
        rest = following;
    }
    result
}

/// The same regular lat-lon fields with rows from south to north: values, first and last latitude, scanning flag.
pub(crate) fn with_rows_from_the_south(file: &[u8], columns: usize, bytes_per_value: usize) -> Vec<u8> {
    change(file, |number, bytes| match number {
        3 => {
            // Template 3.0, octets counted from 1: 47-50 first latitude, 56-59 last latitude, 72 scanning mode.
            let (first, last) = (bytes[46..50].to_vec(), bytes[55..59].to_vec());
            bytes[46..50].copy_from_slice(&last);
            bytes[55..59].copy_from_slice(&first);
            assert_eq!(bytes[71], 0, "rows from the north, eastward");
            bytes[71] = 0b0100_0000;
        }
        7 => {
            let row = columns * bytes_per_value;
            assert!((bytes.len() - 5).is_multiple_of(row), "{} bytes in rows of {row}", bytes.len() - 5);
            let reversed: Vec<u8> = bytes[5..].chunks(row).rev().flatten().copied().collect();
            bytes[5..].copy_from_slice(&reversed);
        }
        _ => {}
    })
}

/// The same regular lat-lon fields said to lie on a rotated grid: template 3.1 with a pole at 30°S.
pub(crate) fn on_a_rotated_grid(file: &[u8]) -> Vec<u8> {
    change(file, |number, bytes| {
        if number == 3 {
            bytes[12..14].copy_from_slice(&1_u16.to_be_bytes());
            // Latitude [10⁻⁶ degrees, sign in the highest bit] and longitude of the southern pole, angle (IEEE).
            bytes.extend((30_000_000_u32 | 1 << 31).to_be_bytes());
            bytes.extend(0_u32.to_be_bytes());
            bytes.extend(0_f32.to_be_bytes());
        }
    })
}

/// Makes a message of another parameter of category 2 (wind) at 500 hPa.
pub(crate) fn as_wind_at_500_hpa(file: &[u8], parameter: u8) -> Vec<u8> {
    change(file, |number, bytes| {
        if number == 4 {
            // Template 4.0: octets 10, 11 category and number; 23 kind of level, 24 scale, 25-28 value [Pa].
            (bytes[9], bytes[10]) = (2, parameter);
            (bytes[22], bytes[23]) = (100, 0);
            bytes[24..28].copy_from_slice(&50_000_u32.to_be_bytes());
        }
    })
}

/// The same fields, but for one, by its number from 0, whose packed values begin at another one.
pub(crate) fn with_reference(file: &[u8], field: usize, reference: f32) -> Vec<u8> {
    let mut fields = 0;
    change(file, |number, bytes| {
        if number == 5 {
            if fields == field {
                // All templates for points: octets 12-15.
                bytes[11..15].copy_from_slice(&reference.to_be_bytes());
            }
            fields += 1;
        }
    })
}
