//! Finding GRIB messages in a file by their indicator and declared length, without decoding them.
//!
//! Bytes between messages (telecommunication headers, padding) are skipped, as all GRIB readers do.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

/// Place of one message in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// First byte.
    pub(super) offset: u64,
    /// Bytes, from the indicator "GRIB" to the end "7777".
    pub(super) length: u64,
}

/// The places of all messages of a file, in order; an error if there are none, or if one is cut or damaged.
pub(super) fn places(path: &Path, file: &mut File) -> Result<Vec<Place>> {
    let fail = |source| Error::file(path, "reading", source);
    let size = file.metadata().map_err(fail)?.len();
    let mut places: Vec<Place> = Vec::new();
    let mut position = 0;
    while let Some(offset) = next_indicator(file, position).map_err(fail)? {
        let message = places.len() + 1;
        let damaged = |reason: String| Error::Damaged { path: path.into(), message, offset, reason };
        let truncated =
            |expected| Error::Truncated { path: path.into(), message, offset, got: size - offset, expected };
        let mut indicator = [0; 16];
        let available = read_at(file, offset, &mut indicator).map_err(fail)?;
        if available < 16 {
            return Err(truncated(16));
        }
        let length = match indicator[7] {
            1 => match edition1_length(file, offset, &indicator).map_err(fail)? {
                Some(length) => length,
                None => return Err(truncated(u64::from(big_endian(&indicator[4..7]) as u32))),
            },
            2 => big_endian(&indicator[8..16]),
            // The four letters occur in other data too: no message unless an edition follows.
            edition if places.is_empty() => {
                return Err(Error::NotGrib {
                    path: path.into(),
                    reason: format!("edition {edition} at byte {offset}, expected 1 or 2"),
                });
            }
            edition => return Err(damaged(format!("edition {edition}, expected 1 or 2"))),
        };
        if length < 20 {
            return Err(damaged(format!("declared length of {length} bytes")));
        }
        if length > size - offset {
            return Err(truncated(length));
        }
        let mut end = [0; 4];
        read_at(file, offset + length - 4, &mut end).map_err(fail)?;
        if &end != b"7777" {
            return Err(damaged(format!("its {length} bytes end in {end:02x?}, expected \"7777\"")));
        }
        places.push(Place { offset, length });
        position = offset + length;
    }
    if places.is_empty() {
        return Err(Error::NotGrib { path: path.into(), reason: describe(file, size).map_err(fail)? });
    }
    Ok(places)
}

/// The offset of the next "GRIB" at or after `position`.
fn next_indicator(file: &mut File, position: u64) -> std::io::Result<Option<u64>> {
    let mut start = position;
    let mut window = [0; 8192];
    // Almost always the message begins right here: look at four bytes before reading a window.
    if read_at(file, start, &mut window[..4])? == 4 && &window[..4] == b"GRIB" {
        return Ok(Some(start));
    }
    loop {
        let filled = read_at(file, start, &mut window)?;
        if let Some(found) = window[..filled].windows(4).position(|bytes| bytes == b"GRIB") {
            return Ok(Some(start + found as u64));
        }
        if filled < window.len() {
            return Ok(None);
        }
        // The four letters may lie across two windows.
        start += filled as u64 - 3;
    }
}

/// Reads as much of `buffer` as the file has at `offset`.
fn read_at(file: &mut File, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Length of an edition 1 message; None if the file ends before it is known.
///
/// Above 8 MB ECMWF's convention holds: the top bit is set, the length counts 120 bytes, and section 4's length field
/// holds by how much the rounded length is too long (ecCodes and wgrib read it so).
fn edition1_length(file: &mut File, offset: u64, indicator: &[u8; 16]) -> std::io::Result<Option<u64>> {
    let declared = big_endian(&indicator[4..7]);
    if declared & 0x80_0000 == 0 {
        return Ok(Some(declared));
    }
    let mut section1 = [0; 8];
    if read_at(file, offset + 8, &mut section1)? < 8 {
        return Ok(None);
    }
    let flags = section1[7];
    let mut position = offset + 8 + big_endian(&section1[..3]);
    let mut length = [0; 3];
    for present in [flags & 0x80 != 0, flags & 0x40 != 0] {
        if present {
            if read_at(file, position, &mut length)? < 3 {
                return Ok(None);
            }
            position += big_endian(&length);
        }
    }
    if read_at(file, position, &mut length)? < 3 {
        return Ok(None);
    }
    let (rounded, section4) = ((declared & 0x7f_ffff) * 120, big_endian(&length));
    // A section 4 of 120 bytes or more is an honest length of a message that is just large.
    Ok(Some(if section4 < 120 { rounded - section4 + 4 } else { declared }))
}

pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// What a file without messages holds, for the error text.
fn describe(file: &mut File, size: u64) -> std::io::Result<String> {
    let mut start = [0; 8];
    let filled = read_at(file, 0, &mut start)?;
    Ok(kind_of(&start[..filled], size))
}

/// What a file of this size is that starts with these bytes, for the text of an error.
pub(crate) fn kind_of(start: &[u8], size: u64) -> String {
    let kinds: [(&[u8], &str); 8] = [
        (b"\x89PNG", "a PNG picture"),
        (b"CDF", "a NetCDF file"),
        (b"\x89HDF", "an HDF5 or NetCDF-4 file"),
        (b"\x1f\x8b", "gzip-compressed: unpack it first"),
        (b"\xfd7zXZ", "xz-compressed: unpack it first"),
        (b"BZh", "bzip2-compressed: unpack it first"),
        (b"BUFR", "a BUFR file"),
        (b"GRIB", "a GRIB file"),
    ];
    match kinds.iter().find(|(magic, _)| start.starts_with(magic)) {
        _ if size == 0 => "it is empty".into(),
        Some((_, kind)) => format!("it is {kind}"),
        None => {
            format!("no message in its {size} bytes, which start with {:02x?}", &start[..start.len().min(8)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn message(body: usize) -> Vec<u8> {
        let mut bytes = b"GRIB\0\0\0\x02".to_vec();
        bytes.extend((body as u64 + 20).to_be_bytes());
        bytes.extend(std::iter::repeat_n(0x2a, body));
        bytes.extend(b"7777");
        bytes
    }

    fn scan(bytes: &[u8]) -> Result<Vec<Place>> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        places(Path::new("some.grib"), &mut file)
    }

    #[test]
    fn messages_are_found_between_other_bytes() {
        let mut bytes = vec![b'x'; 8190];
        bytes.extend(message(100));
        bytes.extend(b"\r\n\x03 GRI");
        bytes.extend(message(7));
        bytes.extend(b"tail");
        let expected = [Place { offset: 8190, length: 120 }, Place { offset: 8317, length: 27 }];
        assert_eq!(scan(&bytes).unwrap(), expected);
    }

    #[test]
    fn every_cut_is_told_with_its_place() {
        let mut bytes = message(50);
        let first = bytes.len();
        bytes.extend(message(30));
        for cut in first + 4..bytes.len() {
            let error = scan(&bytes[..cut]).unwrap_err();
            let Error::Truncated { message: 2, offset: 70, got, .. } = error else { panic!("{error}") };
            assert_eq!(got, (cut - first) as u64);
        }
    }

    #[test]
    fn foreign_bytes_are_named() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "PNG"),
            (b"", "empty"),
            (b"CDF\x02", "NetCDF"),
            (b"hello", "no message in its 5 bytes"),
            (b"GRIB\0\0\0\x07________", "edition 7"),
        ] {
            let error = scan(bytes).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("some.grib"), "{error}");
        }
        let mut bytes = message(10);
        let end = bytes.len();
        bytes[end - 1] = b'6';
        assert!(matches!(scan(&bytes), Err(Error::Damaged { message: 1, .. })));
    }
}
