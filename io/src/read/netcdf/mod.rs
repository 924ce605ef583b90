//! NetCDF files, of the classic formats (CDF-1, CDF-2) and in HDF5, and Zarr stores: variables, fields on points, and states as CF has them
//! or as reanalyses name them.

mod classic;
mod container;
mod fields;
mod file;
mod grid;
mod hdf5;
mod points;
mod state;
mod time;
mod values;
mod variables;
mod verify;
#[cfg(feature = "zarr")]
mod zarr;

use std::path::Path;

pub use fields::NetcdfPlace;
pub use state::state as netcdf_state;
pub use variables::{NetcdfField, NetcdfVariable, NetcdfVariables, netcdf_field};

use super::file::GribFile;
use super::format::{Format, format};
use super::state::{State, StateSelection};
use crate::error::Result;

/// The state of one date, step and member in a GRIB or NetCDF file or a Zarr store; the file's first bytes tell which it is.
///
/// GRIB: [`GribFile::state`]. NetCDF, classic and in HDF5, and Zarr: [`netcdf_state`].
pub fn state(path: impl AsRef<Path>, selection: &StateSelection) -> Result<State> {
    let path = path.as_ref();
    match format(path)? {
        Format::Netcdf | Format::Hdf5 | Format::Zarr => netcdf_state(path, selection),
        Format::Other => GribFile::open(path)?.state(selection),
    }
}
