//! What a file has, in any of the formats: variables with dimensions, attributes and values.

use std::path::{Path, PathBuf};

use netcdf3::{Attribute, DataType, DataVector, FileReader};

use super::variables::NetcdfVariable;
use super::{Format, format, hdf5};
use crate::error::{Error, Result};
#[cfg(feature = "zarr")]
use crate::read::zarr::Store;

/// An opened file or store.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Classic(FileReader),
    #[cfg(feature = "zarr")]
    Zarr(Store),
}

impl Contents {
    /// Reads what is said of the variables.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::Netcdf { path: path.to_owned(), reason };
        let source = match format(path)? {
            Format::Netcdf => {
                Source::Classic(FileReader::open(path).map_err(|error| wrong(format!("{error}")))?)
            }
            #[cfg(feature = "zarr")]
            Format::Zarr => Source::Zarr(Store::open(path)?),
            #[cfg(not(feature = "zarr"))]
            Format::Zarr => {
                let reason = "this program was built without the feature 'zarr'".into();
                return Err(Error::Zarr { path: path.to_owned(), reason });
            }
            Format::Hdf5 => return Err(hdf5(path)),
            Format::Other => return Err(wrong("it does not start with CDF".into())),
        };
        Ok(Self { path: path.to_owned(), source })
    }

    /// Names of all variables, in the file's order; in a store by name.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.source {
            Source::Classic(reader) => reader.data_set().get_var_names(),
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => store.arrays.keys().cloned().collect(),
        }
    }

    /// The attributes of all, as text.
    pub(super) fn attributes(&self) -> Vec<(String, String)> {
        match &self.source {
            Source::Classic(reader) => {
                reader.data_set().get_global_attrs().into_iter().map(described).collect()
            }
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => store.described(),
        }
    }

    /// A variable that is there.
    pub(super) fn variable(&self, name: &str) -> Option<NetcdfVariable> {
        let (kind, dimensions, attributes) = match &self.source {
            Source::Classic(reader) => {
                let own = reader.data_set().get_var(name)?;
                let dimensions = own.get_dims().iter().map(|own| (own.name(), own.size())).collect();
                (cdl(own.data_type()), dimensions, own.get_attrs().into_iter().map(described).collect())
            }
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => store.arrays.get(name)?.described(),
        };
        Some(NetcdfVariable { name: name.to_owned(), kind, dimensions, attributes })
    }

    /// A text among a variable's attributes, empty where there is none.
    pub(super) fn text(&self, variable: &str, key: &str) -> String {
        match &self.source {
            Source::Classic(reader) => {
                reader.data_set().get_var_attr_as_string(variable, key).unwrap_or_default()
            }
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => {
                store.arrays.get(variable).and_then(|own| own.text(key)).unwrap_or_default()
            }
        }
    }

    /// A number among a variable's attributes, of any type.
    fn number(&self, variable: &str, key: &str) -> Option<f64> {
        match &self.source {
            Source::Classic(reader) => number(reader, variable, key),
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => store.arrays.get(variable)?.number(key),
        }
    }

    /// All values of a variable, unpacked; NaN where there is none.
    pub(super) fn values(&mut self, name: &str) -> Result<Vec<f64>> {
        let lengths: Vec<usize> =
            self.variable(name).iter().flat_map(|own| &own.dimensions).map(|(_, length)| *length).collect();
        self.part(name, &vec![0; lengths.len()], &lengths)
    }

    /// `count` values in each dimension from `start` on.
    pub(super) fn part(&mut self, name: &str, start: &[usize], count: &[usize]) -> Result<Vec<f64>> {
        let mut values = self.stored(name, start, count)?;
        for fill in ["_FillValue", "missing_value"].into_iter().filter_map(|key| self.number(name, key)) {
            values.iter_mut().filter(|value| **value == fill).for_each(|value| *value = f64::NAN);
        }
        let [scale, offset] = ["scale_factor", "add_offset"].map(|key| self.number(name, key));
        let (scale, offset) = (scale.unwrap_or(1.0), offset.unwrap_or(0.0));
        if (scale, offset) != (1.0, 0.0) {
            values.iter_mut().for_each(|value| *value = scale * *value + offset);
        }
        Ok(values)
    }

    fn stored(&mut self, name: &str, start: &[usize], count: &[usize]) -> Result<Vec<f64>> {
        match &mut self.source {
            Source::Classic(reader) => {
                let all = whole(&self.path, reader, name)?;
                let lengths = reader.data_set().get_var(name).map(|own| own.get_dims()).unwrap_or_default();
                let lengths: Vec<usize> = lengths.iter().map(|own| own.size()).collect();
                let (expected, got) = (lengths.iter().product(), all.len());
                match got == expected {
                    true => Ok(cut(all, &lengths, start, count)),
                    false => Err(Error::LengthMismatch { name: name.to_owned(), expected, got }),
                }
            }
            #[cfg(feature = "zarr")]
            Source::Zarr(store) => {
                let wide =
                    |numbers: &[usize]| numbers.iter().map(|number| *number as u64).collect::<Vec<_>>();
                store.arrays[name].part(&wide(start), &wide(count))
            }
        }
    }
}

/// A part of an array in C order.
fn cut(all: Vec<f64>, lengths: &[usize], start: &[usize], count: &[usize]) -> Vec<f64> {
    if lengths == count {
        return all;
    }
    let Some((length, inner)) = lengths.split_first() else { return all };
    let stride = inner.iter().product::<usize>();
    assert!(start[0] + count[0] <= *length, "a part of {length} elements");
    let rows = (start[0]..start[0] + count[0]).map(|row| &all[row * stride..(row + 1) * stride]);
    rows.flat_map(|row| cut(row.to_vec(), inner, &start[1..], &count[1..])).collect()
}

fn cdl(kind: DataType) -> &'static str {
    match kind {
        DataType::I8 => "byte",
        DataType::U8 => "char",
        DataType::I16 => "short",
        DataType::I32 => "int",
        DataType::F32 => "float",
        DataType::F64 => "double",
    }
}

/// All values of a variable as they are stored.
fn whole(path: &Path, reader: &mut FileReader, name: &str) -> Result<Vec<f64>> {
    let data = reader
        .read_var(name)
        .map_err(|error| Error::Netcdf { path: path.to_owned(), reason: format!("'{name}': {error}") })?;
    Ok(match data {
        DataVector::I8(values) => values.into_iter().map(f64::from).collect(),
        DataVector::U8(values) => values.into_iter().map(f64::from).collect(),
        DataVector::I16(values) => values.into_iter().map(f64::from).collect(),
        DataVector::I32(values) => values.into_iter().map(f64::from).collect(),
        DataVector::F32(values) => values.into_iter().map(f64::from).collect(),
        DataVector::F64(values) => values,
    })
}

/// A numeric attribute of any type.
fn number(reader: &FileReader, variable: &str, key: &str) -> Option<f64> {
    let set = reader.data_set();
    let wide = set.get_var_attr_f64(variable, key).map(|values| values[0]);
    let narrow = || set.get_var_attr_f32(variable, key).map(|values| f64::from(values[0]));
    let long = || set.get_var_attr_i32(variable, key).map(|values| f64::from(values[0]));
    let short = || set.get_var_attr_i16(variable, key).map(|values| f64::from(values[0]));
    wide.or_else(narrow).or_else(long).or_else(short)
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
