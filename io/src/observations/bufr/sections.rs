//! Whether the sections of a message fit together, before ecCodes reads it.
//!
//! ecCodes trusts what stands in a message in some places: where an operator of quality is not followed by the bitmap that says which
//! elements it is about, or by other elements than those of quality, version 2.28 reads from an address that is none or aborts. What is
//! checked here is refused here; it is not all that can be wrong.

/// XX of the operators 2XX000: quality, substitution, first-order statistics, differences, replacement. 2XX255 marks a value of them.
const OPERATORS: [u8; 5] = [22, 23, 24, 25, 32];

/// The element "data present indicator", of which a bitmap consists.
const DATA_PRESENT: [u8; 2] = descriptor(0, 31, 31);

const fn descriptor(f: u8, x: u8, y: u8) -> [u8; 2] {
    [f << 6 | x, y]
}

/// Ok for a message from "BUFR" to "7777" whose sections fill it; else what is wrong.
pub(super) fn check(message: &[u8]) -> Result<(), String> {
    let edition = message[7];
    let end = message.len() - 4;
    let mut position = 8;
    let mut section = |number: u32, least: usize| {
        let octets = message.get(position..position + 3).ok_or_else(|| format!("no section {number}"))?;
        let length = octets.iter().fold(0, |sum, &octet| sum << 8 | usize::from(octet));
        let first = position;
        position += length;
        if length < least || position > end {
            return Err(format!("section {number} of {length} bytes at byte {first} of {}", message.len()));
        }
        Ok(&message[first..position])
    };
    let identification = section(1, 17)?;
    let flags = if edition == 4 { identification[9] } else { identification[7] };
    if flags & 0x80 != 0 {
        section(2, 4)?;
    }
    let description = section(3, 9)?;
    section(4, 4)?;
    if position != end {
        return Err(format!("sections end at byte {position} of {}", message.len()));
    }
    if description[4..6] == [0, 0] {
        return Err("no subsets".into());
    }
    let descriptors: Vec<[u8; 2]> = description[7..].chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    bitmaps(&descriptors)?;
    replications(&descriptors)
}

/// Whether every operator of quality, substitution or statistics is followed by a bitmap, or by the use of one that was defined.
fn bitmaps(descriptors: &[[u8; 2]]) -> Result<(), String> {
    for (place, own) in descriptors.iter().enumerate() {
        let is_operator = OPERATORS.iter().any(|x| *own == descriptor(2, *x, 0));
        if !is_operator {
            continue;
        }
        let mut rest = descriptors[place + 1..].iter();
        let mut next = rest.next();
        if next == Some(&descriptor(2, 37, 0)) {
            continue;
        }
        if next == Some(&descriptor(2, 36, 0)) {
            next = rest.next();
        }
        // A replication of one descriptor, where its number is 0 by a count that follows.
        let is_bitmap = next.is_some_and(|replication| {
            if replication[0] != descriptor(1, 1, 0)[0] {
                return false;
            }
            let is_delayed = replication[1] == 0;
            if is_delayed && rest.next().is_none_or(|count| !is_of_class(*count, 31)) {
                return false;
            }
            rest.next() == Some(&DATA_PRESENT)
        });
        if !is_bitmap {
            return Err(format!("operator 2{:02}000 without a bitmap", own[0] & 0x3f));
        }
    }
    Ok(())
}

/// Whether replications of one descriptor behind an operator of quality are of what may stand there: bitmaps, elements of quality, and
/// marks of substituted values.
fn replications(descriptors: &[[u8; 2]]) -> Result<(), String> {
    let first = descriptors.iter().position(|own| OPERATORS.iter().any(|x| *own == descriptor(2, *x, 0)));
    let mut rest = descriptors[first.unwrap_or(descriptors.len())..].iter();
    while let Some(own) = rest.next() {
        if own[0] != descriptor(1, 1, 0)[0] {
            continue;
        }
        let mut replicated = rest.next();
        if own[1] == 0 {
            replicated = rest.next();
        }
        let is_mark = |own: [u8; 2]| OPERATORS.iter().any(|x| own == descriptor(2, *x, 255));
        if replicated.is_none_or(|own| !is_of_class(*own, 31) && !is_of_class(*own, 33) && !is_mark(*own)) {
            return Err(format!("a replication of {replicated:02x?} where elements of quality belong"));
        }
    }
    Ok(())
}

fn is_of_class(own: [u8; 2], class: u8) -> bool {
    own[0] == class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_quality_need_bitmaps() {
        let quality = descriptor(2, 22, 0);
        let element = descriptor(0, 1, 31);
        for good in [
            vec![element],
            vec![quality, descriptor(1, 1, 49), DATA_PRESENT, element],
            vec![quality, descriptor(2, 36, 0), descriptor(1, 1, 0), descriptor(0, 31, 2), DATA_PRESENT],
            vec![element, quality, descriptor(2, 37, 0), element],
        ] {
            assert_eq!(bitmaps(&good), Ok(()), "{good:?}");
        }
        for bad in [
            vec![quality],
            vec![quality, descriptor(1, 1, 49), element],
            vec![quality, descriptor(1, 1, 0), DATA_PRESENT],
            vec![quality, descriptor(1, 2, 49), DATA_PRESENT],
            vec![element, quality, element],
        ] {
            assert!(bitmaps(&bad).is_err_and(|text| text == "operator 222000 without a bitmap"), "{bad:?}");
        }
        let of = |last| replications(&[quality, descriptor(2, 37, 0), descriptor(1, 1, 4), last]);
        assert_eq!(
            [descriptor(0, 33, 7), descriptor(2, 24, 255), DATA_PRESENT].map(of),
            [Ok(()), Ok(()), Ok(())]
        );
        assert!(of(descriptor(0, 1, 32)).is_err());
        assert_eq!(replications(&[descriptor(1, 1, 4), element]), Ok(()));
    }
}
