//! What format a file has, by its first bytes, or a folder, by the documents in it.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic NetCDF (CDF-1, CDF-2).
    Netcdf,
    /// HDF5, as which NetCDF-4 is stored.
    Hdf5,
    /// A folder with the documents of Zarr, of whichever version.
    Zarr,
    /// Something else, GRIB perhaps.
    Other,
}

const HDF5: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Where HDF5 may begin behind bytes of its user: 512, 1024, and so on to this.
const LAST: u64 = 1 << 20;

/// The names of documents in Zarr stores, those of version 2 too, so that an error can say what they are.
const ZARR: [&str; 4] = ["zarr.json", ".zgroup", ".zarray", ".zmetadata"];

/// The format of a file, by its first bytes, or of a store; HDF5 may begin at byte 512 or a power of two times that.
pub fn format(path: impl AsRef<Path>) -> Result<Format> {
    let path = path.as_ref();
    if ZARR.iter().any(|name| path.join(name).exists()) {
        return Ok(Format::Zarr);
    }
    let mut file = std::fs::File::open(path).map_err(|source| Error::file(path, "opening", source))?;
    let fail = |source| Error::file(path, "reading", source);
    let mut start = Vec::new();
    (&mut file).take(8).read_to_end(&mut start).map_err(fail)?;
    if start.starts_with(b"CDF\x01") || start.starts_with(b"CDF\x02") {
        return Ok(Format::Netcdf);
    }
    if start.starts_with(&HDF5[..4]) {
        return Ok(Format::Hdf5);
    }
    // A GRIB file is what most are: no further look.
    let mut place = if start.starts_with(b"GRIB") { u64::MAX } else { 512 };
    while place <= LAST && start.len() == HDF5.len() {
        start.clear();
        file.seek(SeekFrom::Start(place)).map_err(fail)?;
        (&mut file).take(8).read_to_end(&mut start).map_err(fail)?;
        if start == HDF5 {
            return Ok(Format::Hdf5);
        }
        place *= 2;
    }
    Ok(Format::Other)
}
