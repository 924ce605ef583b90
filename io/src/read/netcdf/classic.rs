//! Files of the classic formats.

use std::path::{Path, PathBuf};

use netcdf3::{Attribute, DataType, DataVector, FileReader};

use super::container::Container;
use super::variables::NetcdfVariable;
use super::verify;
use crate::error::{Error, Result};

#[derive(Debug)]
pub(super) struct Classic {
    path: PathBuf,
    reader: FileReader,
    variables: Vec<NetcdfVariable>,
}

impl Classic {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let reader = verify::open(path)?;
        let set = reader.data_set();
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
        let variables = set.get_var_names().into_iter().filter_map(variable).collect();
        Ok(Self { path: path.to_owned(), reader, variables })
    }
}

impl Container for Classic {
    fn attributes(&self) -> Vec<(String, String)> {
        self.reader.data_set().get_global_attrs().into_iter().map(described).collect()
    }

    fn variables(&self) -> &[NetcdfVariable] {
        &self.variables
    }

    fn numbers(&self, variable: &str, key: &str) -> Option<(Vec<f64>, bool)> {
        fn wide<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
            values.iter().map(|&value| value.into()).collect()
        }
        let set = self.reader.data_set();
        let real = set.get_var_attr_f64(variable, key).map(wide);
        let real = real.or_else(|| set.get_var_attr_f32(variable, key).map(wide));
        let whole = || {
            let long = set.get_var_attr_i32(variable, key).map(wide);
            let long = long.or_else(|| set.get_var_attr_i16(variable, key).map(wide));
            long.or_else(|| set.get_var_attr_i8(variable, key).map(wide))
        };
        real.map(|values| (values, true)).or_else(|| whole().map(|values| (values, false)))
    }

    fn together(&self, _: &NetcdfVariable, _: usize) -> Result<usize> {
        Ok(1)
    }

    fn read(&mut self, variable: &NetcdfVariable, start: &[usize], counts: &[usize]) -> Result<Vec<f64>> {
        let name = &variable.name;
        verify::expect_room(&self.path, &self.reader, name)?;
        let data = self.reader.read_var(name).map_err(|error| Error::Netcdf {
            path: self.path.clone(),
            reason: format!("'{name}': {error}"),
        })?;
        let values: Vec<f64> = match data {
            DataVector::I8(values) => values.into_iter().map(f64::from).collect(),
            DataVector::U8(values) => values.into_iter().map(f64::from).collect(),
            DataVector::I16(values) => values.into_iter().map(f64::from).collect(),
            DataVector::I32(values) => values.into_iter().map(f64::from).collect(),
            DataVector::F32(values) => values.into_iter().map(f64::from).collect(),
            DataVector::F64(values) => values,
        };
        let expected = variable.size();
        if values.len() != expected {
            return Err(Error::LengthMismatch { name: name.clone(), expected, got: values.len() });
        }
        let lengths: Vec<usize> = variable.dimensions.iter().map(|(_, length)| *length).collect();
        if counts == lengths {
            return Ok(values);
        }
        Ok(positions(&lengths, start, counts).map(|place| values[place]).collect())
    }
}

/// Places of a box in an array, the last dimension fastest.
fn positions<'a>(
    lengths: &'a [usize],
    start: &'a [usize],
    counts: &'a [usize],
) -> impl Iterator<Item = usize> + 'a {
    (0..counts.iter().product::<usize>()).map(move |number| {
        let (mut rest, mut place, mut stride) = (number, 0, 1);
        for ((length, start), count) in lengths.iter().zip(start).zip(counts).rev() {
            place += (start + rest % count) * stride;
            rest /= count;
            stride *= length;
        }
        place
    })
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

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn boxes_are_cut_out_of_arrays() {
        let found: Vec<usize> = positions(&[2, 3, 4], &[1, 0, 2], &[1, 2, 2]).collect();
        assert_eq!(found, [14, 15, 18, 19]);
        assert_eq!(positions(&[], &[], &[]).collect::<Vec<_>>(), [0]);
    }
}
