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

pub use fields::NetcdfPlace;
pub use state::state as netcdf_state;
pub(super) use state::{Fields, Places};
pub use variables::{NetcdfField, NetcdfVariable, NetcdfVariables, netcdf_field};
