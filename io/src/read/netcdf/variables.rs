//! All variables of a file, whatever their dimensions.

use std::path::{Path, PathBuf};

use super::container::{self, Container, named};
use super::file::Source;
use super::values;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// The variables of a NetCDF file, classic or in HDF5. Values are read when asked for.
///
/// Variables in groups have the group's path before their name; other HDF5 files are read as far as they name their axes.
#[derive(Debug)]
pub struct NetcdfVariables {
    path: PathBuf,
    container: Box<dyn Container>,
}

/// What a file says of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct NetcdfVariable {
    /// Its name.
    pub name: String,
    /// The type of its values as CDL has it: `byte`, `char`, `short`, `int`, `float`, `double`, and in HDF5 `ubyte`, `ushort`,
    /// `uint`, `int64`, `uint64`, `string` and others that are no numbers.
    pub kind: &'static str,
    /// Names and lengths, slowest first.
    pub dimensions: Vec<(String, usize)>,
    /// Names and values as text.
    pub attributes: Vec<(String, String)>,
}

impl NetcdfVariable {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Number of values.
    pub(super) fn size(&self) -> usize {
        self.dimensions.iter().map(|(_, length)| length).product()
    }
}

impl NetcdfVariables {
    /// Reads the header. Errors: the file is missing, or neither classic NetCDF nor HDF5.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let container = container::open(&path)?;
        Ok(Self { path, container })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own attributes, as text.
    pub fn attributes(&self) -> Vec<(String, String)> {
        self.container.attributes()
    }

    /// All variables, in the file's order.
    pub fn variables(&self) -> Vec<NetcdfVariable> {
        self.container.variables().to_vec()
    }

    /// All values of a variable, unpacked (`scale_factor`, `add_offset`), the last dimension fastest; NaN where there is
    /// none: `_FillValue`, `missing_value`, and outside `valid_min`, `valid_max` or `valid_range`.
    pub fn values(&mut self, name: &str) -> Result<Vec<f64>> {
        let variable = named(&*self.container, &self.path, name)?.clone();
        values::read_all(&mut *self.container, &self.path, &variable)
    }

    /// The same, but values outside `valid_min`, `valid_max` or `valid_range` stay: files exist whose ranges are those of another
    /// area than theirs.
    pub(crate) fn values_beyond_range(&mut self, name: &str) -> Result<Vec<f64>> {
        let variable = named(&*self.container, &self.path, name)?.clone();
        values::read_beyond_range(&mut *self.container, &variable)
    }
}

/// One field of a variable.
#[derive(Clone, Debug)]
pub struct NetcdfField {
    /// Where the points are.
    pub layout: Layout,
    /// One per point, in the layout's order; NaN where there is none.
    pub values: Vec<f64>,
}

/// The field of a variable on horizontal points, in a NetCDF file, classic or in HDF5. `chosen`: an element for each other
/// dimension that has several.
///
/// Grids: lat-lon, full and reduced Gaussian, HEALPix. They are recognised by coordinates in one dimension each (latitudes
/// are Gaussian within 0.005°), by coordinates of each point, by numbers of points for each ring (`reduced_points` or `pl`), and
/// by a `grid_mapping` `healpix`. Errors: no such file, variable, dimension or element; a variable on another grid.
pub fn netcdf_field(path: impl AsRef<Path>, name: &str, chosen: &[(&str, usize)]) -> Result<NetcdfField> {
    let path = path.as_ref();
    let container = container::open(path)?;
    let variable = named(&*container, path, name)?.clone();
    let mut source = Source::of(path, container, Some(&variable))?;
    let dimensions: Vec<&str> = variable.dimensions.iter().map(|(name, _)| name.as_str()).collect();
    if let Some((other, _)) = chosen.iter().find(|(own, _)| !dimensions.contains(own)) {
        let wanted = format!("dimension '{other}' of '{name}'");
        let found = format!("it has {}", dimensions.join(", "));
        return Err(Error::NotFound { path: path.to_owned(), wanted, found });
    }
    let values = source.values(&variable, None, chosen)?;
    Ok(NetcdfField { layout: source.layout().clone(), values })
}
