//! A file of named arrays with named dimensions and attributes, whatever its format.

use std::fmt::Debug;
use std::path::Path;

use super::classic::Classic;
use super::hdf5::Hdf5;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::read::format::{Format, format};

/// What a format says and gives.
pub(super) trait Container: Debug {
    /// Names and values of the file's own attributes, as text.
    fn attributes(&self) -> Vec<(String, String)>;

    /// All variables, in the file's order.
    fn variables(&self) -> &[NetcdfVariable];

    /// The numbers of an attribute, and whether these are no whole numbers by their type.
    fn numbers(&self, variable: &str, key: &str) -> Option<(Vec<f64>, bool)>;

    /// How many elements of a dimension are stored, and unpacked, together.
    fn together(&self, variable: &NetcdfVariable, dimension: usize) -> Result<usize>;

    /// The box of `counts` from `start` on, as stored, the last dimension fastest. The box is in the variable.
    fn read(&mut self, variable: &NetcdfVariable, start: &[usize], counts: &[usize]) -> Result<Vec<f64>>;
}

/// Opens a file of any format that is one.
pub(super) fn open(path: &Path) -> Result<Box<dyn Container>> {
    match format(path)? {
        Format::Netcdf => Ok(Box::new(Classic::open(path)?)),
        Format::Hdf5 => Ok(Box::new(Hdf5::open(path)?)),
        #[cfg(feature = "zarr")]
        Format::Zarr => Ok(Box::new(super::zarr::Zarr::open(path)?)),
        #[cfg(not(feature = "zarr"))]
        Format::Zarr => {
            let reason = "this program was built without the feature 'zarr'".into();
            Err(Error::Zarr { path: path.to_owned(), reason })
        }
        Format::Other => Err(Error::Netcdf {
            path: path.to_owned(),
            reason: "it does not start with CDF, nor as HDF5 does".into(),
        }),
    }
}

/// A variable by its name; an error that names all others.
pub(super) fn named<'a>(container: &'a dyn Container, path: &Path, name: &str) -> Result<&'a NetcdfVariable> {
    let variables = container.variables();
    variables.iter().find(|variable| variable.name == name).ok_or_else(|| {
        let known: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        Error::NotFound {
            path: path.to_owned(),
            wanted: format!("variable '{name}'"),
            found: format!("it has {}", known.join(", ")),
        }
    })
}
