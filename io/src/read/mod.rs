//! Reading: files of GRIB messages, and states in NetCDF files.
//!
//! [`GribFile::open`] finds the messages and their headers, [`GribFile::field`] decodes one of them onto points in
//! Terrella's order (rings north to south, eastward from 0°E). [`GribFile::state`] gathers all levels of a whole state,
//! [`state()`] does so from files of both kinds, and [`StateFile`] level by level. [`GribFile::storage`] tells how a message is packed, [`NetcdfVariables`] has
//! all variables of a NetCDF file (classic or NetCDF-4) or Zarr store, [`netcdf_field()`] one of their fields on its points. [`format()`] tells what
//! a file is.

mod decode;
mod file;
mod format;
#[cfg(fuzzing)]
pub mod fuzzing;
mod header;
mod netcdf;
mod order;
mod points;
pub(crate) mod scan;
mod selection;
mod split;
mod state;
mod state_file;
mod stored;
mod verify;
#[cfg(feature = "zarr")]
pub(crate) mod zarr;

pub use decode::{Field, Missing, Spectrum};
pub use file::GribFile;
pub use format::{Format, format};
pub use header::Header;
pub use netcdf::{NetcdfField, NetcdfPlace, NetcdfVariable, NetcdfVariables, netcdf_field, netcdf_state};
pub use selection::Selection;
pub use state::{State, StateField, StateLevels, StateSelection, StateSurface};
pub use state_file::{StateFile, StatePlaces, state};
pub use stored::Storage;
