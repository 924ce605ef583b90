//! All variables of a file, whatever their dimensions.

use std::path::{Path, PathBuf};

use netcdf3::{Attribute, DataType, FileReader};

use super::file::{Source, values};
use super::{Format, format, hdf5, verify};
use crate::error::{Error, Result};
use crate::layout::Layout;

/// The variables of a classic NetCDF file. Values are read when asked for.
#[derive(Debug)]
pub struct NetcdfVariables {
    path: PathBuf,
    reader: FileReader,
}

/// What a file says of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct NetcdfVariable {
    /// Its name.
    pub name: String,
    /// The type of its values as CDL has it: `byte`, `char`, `short`, `int`, `float`, `double`.
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
    /// Reads the header. Errors: the file is missing or no classic NetCDF.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let wrong = |reason: String| Error::Netcdf { path: path.clone(), reason };
        match format(&path)? {
            Format::Netcdf => {}
            Format::Hdf5 => return Err(hdf5(&path)),
            Format::Other => return Err(wrong("it does not start with CDF".into())),
        }
        let reader = verify::open(&path)?;
        Ok(Self { path, reader })
    }

    /// The file's own attributes, as text.
    pub fn attributes(&self) -> Vec<(String, String)> {
        self.reader.data_set().get_global_attrs().into_iter().map(described).collect()
    }

    /// All variables, in the file's order.
    pub fn variables(&self) -> Vec<NetcdfVariable> {
        let set = self.reader.data_set();
        let variable = |name: String| {
            let own = set.get_var(&name)?;
            Some(NetcdfVariable {
                kind: match own.data_type() {
                    DataType::I8 => "byte",
                    DataType::U8 => "char",
                    DataType::I16 => "short",
                    DataType::I32 => "int",
                    DataType::F32 => "float",
                    DataType::F64 => "double",
                },
                dimensions: own.get_dims().iter().map(|own| (own.name(), own.size())).collect(),
                attributes: own.get_attrs().into_iter().map(described).collect(),
                name,
            })
        };
        set.get_var_names().into_iter().filter_map(variable).collect()
    }

    /// All values of a variable, unpacked (`scale_factor`, `add_offset`), the last dimension fastest; NaN where there is
    /// none.
    pub fn values(&mut self, name: &str) -> Result<Vec<f64>> {
        let known = self.reader.data_set().get_var_names();
        if !known.iter().any(|own| own == name) {
            return Err(Error::NotFound {
                path: self.path.clone(),
                wanted: format!("variable '{name}'"),
                found: format!("it has {}", known.join(", ")),
            });
        }
        values(&self.path, &mut self.reader, name)
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

/// The field of a variable on latitude and longitude, in a classic NetCDF file. `chosen`: an element for each other
/// dimension that has several.
///
/// Errors: no such file, variable, dimension or element; a variable without latitude and longitude in a dimension each.
pub fn netcdf_field(path: impl AsRef<Path>, name: &str, chosen: &[(&str, usize)]) -> Result<NetcdfField> {
    let path = path.as_ref();
    let absent = |wanted: String, found: String| Error::NotFound { path: path.to_owned(), wanted, found };
    let known = NetcdfVariables::open(path)?.reader.data_set().get_var_names();
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

fn described(attribute: &Attribute) -> (String, String) {
    fn list<T: std::fmt::Display>(values: &[T]) -> String {
        values.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
    }
    let value = (attribute.get_i8().map(list))
        .or_else(|| attribute.get_i16().map(list))
        .or_else(|| attribute.get_i32().map(list))
        .or_else(|| attribute.get_f32().map(list))
        .or_else(|| attribute.get_f64().map(list))
        .or_else(|| attribute.get_as_string())
        .unwrap_or_default();
    (attribute.name().to_owned(), value)
}
