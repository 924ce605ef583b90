//! Encoding: fields as GRIB2 messages and as CF-NetCDF files.

mod classic;
mod grib;
mod netcdf;

pub use grib::{GribEncoder, GribSettings, Identity};
pub use netcdf::{NetcdfFile, Variable};
