//! States in NetCDF files of the classic formats (CDF-1, CDF-2), as CF has them or as reanalyses name them.

mod file;
mod state;
mod time;

use std::io::Read;
use std::path::Path;

pub use state::state as netcdf_state;

use super::file::GribFile;
use super::state::{State, StateSelection};
use crate::error::{Error, Result};

/// The state of one date, step and member in a GRIB or NetCDF file; the file's first bytes tell which it is.
///
/// GRIB: [`GribFile::state`]. NetCDF: [`netcdf_state`]; NetCDF-4 files, which are HDF5, are refused by name.
pub fn state(path: impl AsRef<Path>, selection: &StateSelection) -> Result<State> {
    let path = path.as_ref();
    match kind(path)? {
        Kind::Netcdf => netcdf_state(path, selection),
        Kind::Hdf5 => Err(Error::Netcdf {
            path: path.to_owned(),
            reason: "it is NetCDF-4 (HDF5), which is not read: nccopy -k cdf2 makes a classic file of it"
                .into(),
        }),
        Kind::Other => GribFile::open(path)?.state(selection),
    }
}

enum Kind {
    Netcdf,
    Hdf5,
    Other,
}

fn kind(path: &Path) -> Result<Kind> {
    let mut start = [0; 4];
    let mut file = std::fs::File::open(path).map_err(|source| Error::file(path, "opening", source))?;
    let read = file.read(&mut start).map_err(|source| Error::file(path, "reading", source))?;
    Ok(match &start[..read] {
        b"CDF\x01" | b"CDF\x02" => Kind::Netcdf,
        b"\x89HDF" => Kind::Hdf5,
        _ => Kind::Other,
    })
}
