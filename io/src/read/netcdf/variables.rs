//! All variables of a file, whatever their dimensions.

use std::path::Path;

use super::contents::Contents;
use super::file::Source;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// The variables of a classic NetCDF file or a Zarr store. Values are read when asked for.
#[derive(Debug)]
pub struct NetcdfVariables {
    contents: Contents,
}

/// What a file says of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct NetcdfVariable {
    /// Its name.
    pub name: String,
    /// The type of its values as CDL has it: `byte`, `char`, `short`, `int`, `float`, `double`. Of Zarr besides `ubyte`,
    /// `ushort`, `uint`, `int64`, `uint64`.
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
}

impl NetcdfVariables {
    /// Reads the header, or the store's documents. Errors: the file is missing, or neither classic NetCDF nor Zarr.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self { contents: Contents::open(path.as_ref())? })
    }

    /// The file's own attributes, as text.
    pub fn attributes(&self) -> Vec<(String, String)> {
        self.contents.attributes()
    }

    /// All variables, in the file's order; those of a store by their names.
    pub fn variables(&self) -> Vec<NetcdfVariable> {
        self.contents.names().iter().filter_map(|name| self.contents.variable(name)).collect()
    }

    /// All values of a variable, unpacked (`scale_factor`, `add_offset`), the last dimension fastest; NaN where there is
    /// none.
    pub fn values(&mut self, name: &str) -> Result<Vec<f64>> {
        let known = self.contents.names();
        if !known.iter().any(|own| own == name) {
            return Err(Error::NotFound {
                path: self.contents.path.clone(),
                wanted: format!("variable '{name}'"),
                found: format!("it has {}", known.join(", ")),
            });
        }
        self.contents.values(name)
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

/// The field of a variable on latitude and longitude, in a classic NetCDF file or a Zarr store. `chosen`: an element for each other
/// dimension that has several.
///
/// Errors: no such file, variable, dimension or element; a variable without latitude and longitude in a dimension each.
pub fn netcdf_field(path: impl AsRef<Path>, name: &str, chosen: &[(&str, usize)]) -> Result<NetcdfField> {
    let path = path.as_ref();
    let absent = |wanted: String, found: String| Error::NotFound { path: path.to_owned(), wanted, found };
    let known = NetcdfVariables::open(path)?.contents.names();
    if !known.iter().any(|own| own == name) {
        return Err(absent(format!("variable '{name}'"), format!("it has {}", known.join(", "))));
    }
    let mut source = Source::open(path)?;
    let variable = source.variable(name);
    let dimensions: Vec<&str> = variable.dimensions.iter().map(|(name, _)| name.as_str()).collect();
    if !source.is_horizontal(&variable) {
        let wanted = format!("latitude and longitude of '{name}'");
        return Err(absent(wanted, format!("its dimensions are {}", dimensions.join(", "))));
    }
    if let Some((other, _)) = chosen.iter().find(|(own, _)| !dimensions.contains(own)) {
        let wanted = format!("dimension '{other}' of '{name}'");
        return Err(absent(wanted, format!("it has {}", dimensions.join(", "))));
    }
    let values = source.values(&variable, None, chosen)?;
    Ok(NetcdfField { layout: source.layout, values })
}
