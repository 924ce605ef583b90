//! Splitting a GRIB2 message that holds several fields into messages of one field each.
//!
//! GRIB2 lets sections 2 to 7, 3 to 7 or 4 to 7 repeat within a message (NCEP packs u and v so); a missing section is
//! the one before. Source: WMO Manual on Codes, FM 92 GRIB edition 2, section order and note on repetition.

use super::scan::big_endian;

/// The fields of one message as messages of their own; a message of one field, or of edition 1, comes back unchanged.
///
/// An error tells what does not fit in the sections.
pub(super) fn fields(message: Vec<u8>) -> Result<Vec<Vec<u8>>, String> {
    if message[7] != 2 {
        return Ok(vec![message]);
    }
    let sections = sections(&message)?;
    let data = sections.iter().filter(|(number, _)| *number == 7).count();
    if data <= 1 {
        return Ok(vec![message]);
    }
    let mut latest: [Option<&[u8]>; 8] = [None; 8];
    // Section 6 may say "the bit map defined before in this message" (254): the last one with a map of its own.
    let mut bitmap: Option<&[u8]> = None;
    let mut fields = Vec::with_capacity(data);
    for (number, bytes) in sections {
        let reused = number == 6 && bytes.get(5) == Some(&254);
        if number == 6 && !reused {
            bitmap = Some(bytes);
        }
        latest[number] = if reused { bitmap } else { Some(bytes) };
        if number == 7 {
            let mut field = message[..16].to_vec();
            field.extend(latest[1..].iter().flatten().flat_map(|section| section.iter()));
            field.extend(b"7777");
            let length = field.len() as u64;
            field[8..16].copy_from_slice(&length.to_be_bytes());
            fields.push(field);
        }
    }
    Ok(fields)
}

/// Number and bytes of the sections between section 0 and the end.
pub(super) fn sections(message: &[u8]) -> Result<Vec<(usize, &[u8])>, String> {
    let end = message.len() - 4;
    let mut sections = Vec::new();
    let mut position = 16;
    while position < end {
        if position + 5 > end {
            return Err(format!("section at byte {position} of {end} is cut"));
        }
        let length = big_endian(&message[position..position + 4]) as usize;
        let number = usize::from(message[position + 4]);
        if !(1..=7).contains(&number) || length < 5 || length > end - position {
            return Err(format!("section {number} of {length} bytes at byte {position} of {end}"));
        }
        sections.push((number, &message[position..position + length]));
        position += length;
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(number: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32 + 5).to_be_bytes().to_vec();
        bytes.push(number);
        bytes.extend(body);
        bytes
    }

    fn message(sections: &[Vec<u8>]) -> Vec<u8> {
        let body = sections.concat();
        let mut bytes = b"GRIB\0\0\0\x02".to_vec();
        bytes.extend((body.len() as u64 + 20).to_be_bytes());
        bytes.extend(body);
        bytes.extend(b"7777");
        bytes
    }

    #[test]
    fn repeated_sections_become_messages() {
        let [one, three, map, again] =
            [section(1, b"id"), section(3, b"grid"), section(6, b"\0map"), section(6, b"\xfe")];
        let [u, v] = [section(4, b"u"), section(4, b"v")];
        let [packing, first, second] = [section(5, b"p"), section(7, b"uuu"), section(7, b"vvvv")];
        let both = [&one, &three, &u, &packing, &map, &first, &v, &packing, &again, &second];
        let fields = fields(message(&both.map(Clone::clone))).unwrap();
        let alone_u = [&one, &three, &u, &packing, &map, &first].map(Clone::clone);
        let alone_v = [&one, &three, &v, &packing, &map, &second].map(Clone::clone);
        assert_eq!(fields, [message(&alone_u), message(&alone_v)]);
    }

    #[test]
    fn sections_that_do_not_fit_are_told() {
        let mut bytes = message(&[section(1, b"id"), section(3, b"grid")]);
        bytes[19] = 200;
        assert!(fields(bytes).unwrap_err().contains("section 1 of 200 bytes"));
    }
}
