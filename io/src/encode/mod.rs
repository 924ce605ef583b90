//! Encoding: fields as GRIB2 messages and as CF-NetCDF files.

mod classic;
mod grib;
mod grib2;
mod message;
mod netcdf;

pub use grib::GribEncoder;
pub use grib2::Grib2Encoder;
pub use message::{GribSettings, Identity, Packing};
pub use netcdf::{NetcdfFile, Variable};
