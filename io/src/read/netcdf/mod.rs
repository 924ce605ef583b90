//! States in NetCDF files of the classic formats (CDF-1, CDF-2), as CF has them or as reanalyses name them.

mod file;
mod state;
mod time;
mod variables;
mod verify;

use std::io::Read;
use std::path::Path;

pub use state::state as netcdf_state;
pub use variables::{NetcdfField, NetcdfVariable, NetcdfVariables, netcdf_field};

use super::file::GribFile;
use super::state::{State, StateSelection};
use crate::error::{Error, Result};

/// The state of one date, step and member in a GRIB or NetCDF file; the file's first bytes tell which it is.
///
/// GRIB: [`GribFile::state`]. NetCDF: [`netcdf_state`]; NetCDF-4 files, which are HDF5, are refused by name.
pub fn state(path: impl AsRef<Path>, selection: &StateSelection) -> Result<State> {
    let path = path.as_ref();
    match format(path)? {
        Format::Netcdf => netcdf_state(path, selection),
        Format::Hdf5 => Err(hdf5(path)),
        Format::Other => GribFile::open(path)?.state(selection),
    }
}

/// What a file's first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Classic NetCDF (CDF-1, CDF-2).
    Netcdf,
    /// HDF5, as which NetCDF-4 is stored.
    Hdf5,
    /// Something else, GRIB perhaps.
    Other,
}

/// The format of a file, by its first bytes.
pub fn format(path: impl AsRef<Path>) -> Result<Format> {
    let path = path.as_ref();
    let mut start = [0; 4];
    let mut file = std::fs::File::open(path).map_err(|source| Error::file(path, "opening", source))?;
    let read = file.read(&mut start).map_err(|source| Error::file(path, "reading", source))?;
    Ok(match &start[..read] {
        b"CDF\x01" | b"CDF\x02" => Format::Netcdf,
        b"\x89HDF" => Format::Hdf5,
        _ => Format::Other,
    })
}

fn hdf5(path: &Path) -> Error {
    Error::Netcdf {
        path: path.to_owned(),
        reason: "it is NetCDF-4 (HDF5), which is not read: nccopy -k cdf2 makes a classic file of it".into(),
    }
}
