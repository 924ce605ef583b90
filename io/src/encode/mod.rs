//! Encoding: fields as GRIB2 messages (by our own packing, or through ecCodes) and as CF-NetCDF files,
//! classic or in HDF5.

mod classic;
mod ensemble;
mod grib;
mod grib2;
mod message;
mod netcdf;
mod netcdf4;
mod repack;

pub use ensemble::EnsembleProduct;
pub use grib::GribEncoder;
pub use grib2::{Grib2Encoder, SpectralEncoder, SpectralPacking, SpectralSettings, compress_ccsds};
pub use message::{GribSettings, Identity, Packing, Period, Statistic};
pub use netcdf::{NamedVariable, Naming, NetcdfFile, Variable};
pub use netcdf4::{Compression, Netcdf4File};
pub use repack::repack;
