//! Encoding: fields as GRIB2 messages (by our own packing, or through ecCodes) and as CF-NetCDF files,
//! classic or in HDF5, and Zarr stores.

mod classic;
mod ensemble;
mod fixed;
mod grib;
mod grib2;
mod message;
mod netcdf;
mod netcdf4;
mod repack;
#[cfg(feature = "zarr")]
mod zarr;

pub use ensemble::EnsembleProduct;
pub(crate) use fixed::{FixedVariable, write_fixed};
pub use grib::GribEncoder;
pub use grib2::{Grib2Encoder, SpectralEncoder, SpectralPacking, SpectralSettings, compress_ccsds};
pub use message::{GribSettings, Identity, Packing, Period, Statistic};
pub(crate) use netcdf::FILL as NETCDF_FILL;
pub use netcdf::{NamedVariable, Naming, NetcdfFile, Variable};
pub use netcdf4::{Compression, Netcdf4File, Netcdf4Stream, StreamedField};
pub use repack::repack;
#[cfg(feature = "zarr")]
pub use zarr::{ZarrStore, ZarrStream};
