//! Reading: files of GRIB messages, and states in NetCDF files.
//!
//! [`GribFile::open`] finds the messages and their headers, [`GribFile::field`] decodes one of them onto points in
//! Terrella's order (rings north to south, eastward from 0°E). [`GribFile::state`] gathers all levels of a whole state,
//! [`state()`] does so from files of both kinds. [`GribFile::storage`] tells how a message is packed, [`NetcdfVariables`] has
//! all variables of a classic NetCDF file, [`netcdf_field()`] one of their fields on its points.

mod decode;
mod file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod header;
mod netcdf;
mod order;
mod points;
mod scan;
mod selection;
mod split;
mod state;
mod stored;
mod verify;

pub use decode::{Field, Missing, Spectrum};
pub use file::GribFile;
pub use header::Header;
pub use netcdf::{
    Format, NetcdfField, NetcdfVariable, NetcdfVariables, format, netcdf_field, netcdf_state, state,
};
pub use selection::Selection;
pub use state::{State, StateField, StateLevels, StateSelection, StateSurface};
pub use stored::Storage;
