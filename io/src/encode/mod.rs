//! Encoding: fields as GRIB2 messages and as CF-NetCDF files.

mod classic;
mod ensemble;
mod grib;
mod netcdf;

pub use ensemble::EnsembleProduct;
pub use grib::{GribEncoder, GribSettings, Identity};
pub use netcdf::{NamedVariable, Naming, NetcdfFile, Variable};
