//! Where the messages of a file are.
//!
//! A message is "BUFR", its length in three octets, the edition, and so on to "7777"; editions 0 and 1 have no length there, and
//! nobody has sent them since the eighties. Bytes between messages, such as headings of telecommunication, are passed over.

use std::ops::Range;

use super::{Reason, sections};

/// A message, or what is wrong with what begins like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Whole(Range<usize>),
    Broken(Reason, String),
}

/// All messages, in order.
pub(super) fn pieces(bytes: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut position = 0;
    while let Some(start) = next(bytes, position) {
        let rest = &bytes[start..];
        position = start + 4;
        let broken = |reason, detail: String| Piece::Broken(reason, format!("byte {start}: {detail}"));
        if rest.len() < 8 {
            pieces.push(broken(Reason::Truncated, format!("{} bytes", rest.len())));
            break;
        }
        let length = rest[4..7].iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
        if rest[7] < 2 || rest[7] > 4 || length < 12 {
            pieces.push(broken(Reason::Damaged, format!("edition {}, length {length}", rest[7])));
        } else if length > rest.len() {
            // The next message may be whole, if it is the length that is wrong: the search goes on behind the indicator.
            pieces.push(broken(Reason::Truncated, format!("{} of {length} bytes", rest.len())));
        } else if &rest[length - 4..length] != b"7777" {
            let end = &rest[length - 4..length];
            pieces.push(broken(
                Reason::Damaged,
                format!("its {length} bytes end in {end:02x?}, expected \"7777\""),
            ));
        } else {
            let message = start..start + length;
            pieces.push(match sections::check(&bytes[message.clone()]) {
                Ok(()) => Piece::Whole(message),
                Err(detail) => broken(Reason::Damaged, detail),
            });
            position = start + length;
        }
    }
    pieces
}

fn next(bytes: &[u8], position: usize) -> Option<usize> {
    let found = bytes.get(position..)?.windows(4).position(|window| window == b"BUFR")?;
    Some(position + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edition 4, without section 2, with one descriptor and the rest in section 4.
    fn message(length: u8) -> Vec<u8> {
        let mut bytes = b"BUFR\0\0".to_vec();
        bytes.extend([length, 4]);
        bytes.extend([0, 0, 22]);
        bytes.resize(8 + 22, 0);
        bytes.extend([0, 0, 9, 0, 0, 1, 0x80, 0x01, 0x01]);
        bytes.extend([0, 0, length - 43]);
        bytes.resize(usize::from(length) - 4, 0x2a);
        bytes.extend(b"7777");
        bytes
    }

    #[test]
    fn messages_are_found_whatever_lies_between_and_behind_damage() {
        let mut bytes = b"IUSX40 BUF".to_vec();
        bytes.extend(message(50));
        bytes.extend(b"\r\r\n");
        let damaged = bytes.len();
        bytes.extend(message(54));
        bytes[damaged + 53] = b'6';
        bytes.extend(message(60));
        let cut = bytes.len();
        bytes.extend(&message(70)[..69]);
        let found = pieces(&bytes);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], Piece::Whole(10..60));
        assert!(
            matches!(&found[1], Piece::Broken(Reason::Damaged, detail) if detail.starts_with("byte 63:"))
        );
        assert_eq!(found[2], Piece::Whole(117..177));
        assert_eq!(found[3], Piece::Broken(Reason::Truncated, format!("byte {cut}: 69 of 70 bytes")));
        assert!(pieces(b"GRIB").is_empty());
    }
}
