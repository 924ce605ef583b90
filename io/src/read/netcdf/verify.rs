//! Whether the numbers in the header of a classic NetCDF file fit each other and the file, before netcdf3 sees them.
//!
//! netcdf3 (0.6) asks for as much memory as the counts say, and computes with them unchecked. So they are checked here:
//! lists by the bytes that are left, dimensions of variables by those there are, and lengths by 64 bits.
//! Source: NetCDF Users Guide, "The NetCDF Classic Format Specification" (CDF-1, CDF-2).

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use netcdf3::FileReader;

use crate::error::{Error, Result};

/// Opens a file whose header is right.
pub(super) fn open(path: &Path) -> Result<FileReader> {
    let wrong = |reason: String| Error::Netcdf { path: path.to_owned(), reason };
    let fail = |source| Error::file(path, "reading", source);
    let file = File::open(path).map_err(|source| Error::file(path, "opening", source))?;
    let left = file.metadata().map_err(fail)?.len();
    header(&mut Header { bytes: BufReader::new(file), length: left, left, wide: false }).map_err(wrong)?;
    FileReader::open(path).map_err(|error| wrong(format!("{error}")))
}

/// Whether a variable's values can lie in the file; the error tells its bytes.
pub(super) fn expect_room(path: &Path, reader: &FileReader, name: &str) -> Result<()> {
    let Some(variable) = reader.data_set().get_var(name) else { return Ok(()) };
    let length = std::fs::metadata(path).map_err(|source| Error::file(path, "reading", source))?.len();
    let bytes = (variable.len() as u64).saturating_mul(variable.data_type().size_of() as u64);
    if bytes <= length {
        return Ok(());
    }
    let reason = format!("'{name}' has {bytes} bytes, more than the file's {length}");
    Err(Error::Netcdf { path: path.to_owned(), reason })
}

type Checked<T> = std::result::Result<T, String>;

/// The part of a file that was not looked at.
struct Header {
    bytes: BufReader<File>,
    /// Bytes of the file.
    length: u64,
    left: u64,
    /// Whether places have 64 bits.
    wide: bool,
}

impl Header {
    fn take<const N: usize>(&mut self) -> Checked<[u8; N]> {
        let mut taken = [0; N];
        self.bytes.read_exact(&mut taken).map_err(|error| format!("its header is cut: {error}"))?;
        self.left = self.left.saturating_sub(N as u64);
        Ok(taken)
    }

    fn number(&mut self) -> Checked<u32> {
        self.take().map(u32::from_be_bytes)
    }

    /// A count of entries of `least` bytes or more each.
    fn count(&mut self, what: &str, least: u64) -> Checked<u32> {
        let count = self.number()?;
        match u64::from(count) * least <= self.left && count <= i32::MAX as u32 {
            true => Ok(count),
            false => Err(format!("{count} {what} in {} bytes", self.left)),
        }
    }

    /// A count of entries behind their tag; none without.
    fn list(&mut self, tag: u32, what: &str, least: u64) -> Checked<u32> {
        let found = self.number()?;
        let count = self.count(what, least)?;
        match found == tag || (found, count) == (0, 0) {
            true => Ok(count),
            false => Err(format!("tag {found} before its {what}, expected {tag}")),
        }
    }

    fn skip(&mut self, count: u64) -> Checked<()> {
        // Names and attributes are padded to a multiple of four bytes.
        let padded = count.next_multiple_of(4);
        let skipped = std::io::copy(&mut Read::by_ref(&mut self.bytes).take(padded), &mut std::io::sink());
        self.left = self.left.saturating_sub(padded);
        match skipped {
            Ok(skipped) if skipped == padded => Ok(()),
            _ => Err("its header is cut".into()),
        }
    }

    fn name(&mut self) -> Checked<()> {
        let count = self.count("bytes of a name", 1)?;
        self.skip(count.into())
    }

    fn attributes(&mut self) -> Checked<()> {
        for _ in 0..self.list(12, "attributes", 12)? {
            self.name()?;
            let size = self.size()?;
            let count = self.count("values of an attribute", size)?;
            self.skip(u64::from(count) * size)?;
        }
        Ok(())
    }

    /// Bytes of a value of the type that follows.
    fn size(&mut self) -> Checked<u64> {
        match self.number()? {
            1 | 2 => Ok(1),
            3 => Ok(2),
            4 | 5 => Ok(4),
            6 => Ok(8),
            other => Err(format!("type {other}, expected 1 to 6")),
        }
    }
}

fn header(header: &mut Header) -> Checked<()> {
    let [_, _, _, version] = header.take()?;
    header.wide = version == 2;
    // All bits are a count that is not known, of a file that was being written.
    let records = Some(header.number()?).filter(|&records| records != u32::MAX);
    let mut dimensions = Vec::new();
    for _ in 0..header.list(10, "dimensions", 8)? {
        header.name()?;
        dimensions.push(u64::from(header.number()?));
    }
    if dimensions.iter().filter(|&&length| length == 0).count() > 1 {
        return Err("two dimensions without an end".into());
    }
    header.attributes()?;
    let mut record = 0_u64;
    for number in 0..header.list(11, "variables", 28)? {
        let far = || format!("variable {number} is longer than any file");
        header.name()?;
        let (mut values, mut by_record) = (1_u64, false);
        for place in 0..header.count("dimensions of a variable", 4)? {
            let dimension = header.number()?;
            let length = dimensions.get(dimension as usize).copied();
            match length.ok_or_else(|| format!("dimension {dimension} of {}", dimensions.len()))? {
                0 if place > 0 => return Err(format!("variable {number} has records inside")),
                0 => by_record = true,
                length => values = values.checked_mul(length).ok_or_else(far)?,
            }
        }
        header.attributes()?;
        let size = header.size()?;
        header.number()?;
        let begin = match header.wide {
            true => u64::from_be_bytes(header.take()?),
            false => header.number()?.into(),
        };
        // With room for padding and for sums of a few of them.
        let bytes = values.checked_mul(size).filter(|&bytes| bytes < 1 << 56).ok_or_else(far)?;
        let all = bytes.checked_mul(if by_record { records.unwrap_or(1).into() } else { 1 });
        all.filter(|&bytes| bytes < 1 << 60).ok_or_else(far)?;
        if by_record {
            record = record.checked_add(bytes + 3).filter(|&bytes| bytes < 1 << 60).ok_or_else(far)?;
        }
        if begin > header.length {
            return Err(format!("variable {number} begins at byte {begin} of {}", header.length));
        }
    }
    Ok(())
}
