//! NetCDF files of variables without records, written at once.

use std::path::Path;

use super::classic::{self, Attributes, ClassicVariable, Dimension, Kind, Value};
use super::netcdf::FILL;
use crate::error::{Error, Result};
use crate::sink::AtomicFile;

/// A variable with its values.
#[derive(Clone, Debug)]
pub(crate) struct FixedVariable {
    name: String,
    dimensions: Vec<&'static str>,
    attributes: Attributes,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Numbers(Vec<f64>),
    Letters(Vec<u8>),
}

fn words(attributes: &[(&str, &str)]) -> Attributes {
    attributes.iter().map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned()))).collect()
}

impl FixedVariable {
    /// Numbers along one dimension, in 64 bits; NaN becomes missing.
    pub(crate) fn numbers(
        name: &str,
        dimension: &'static str,
        attributes: &[(&str, &str)],
        values: Vec<f64>,
    ) -> Self {
        let mut attributes = words(attributes);
        attributes.push(("_FillValue".into(), Value::Double(f64::from(FILL))));
        Self {
            name: name.to_owned(),
            dimensions: vec![dimension],
            attributes,
            values: Values::Numbers(values),
        }
    }

    /// Texts of one length, padded with zeros.
    pub(crate) fn texts(
        name: &str,
        dimensions: [&'static str; 2],
        attributes: &[(&str, &str)],
        values: Vec<u8>,
    ) -> Self {
        let attributes = words(attributes);
        Self {
            name: name.to_owned(),
            dimensions: dimensions.to_vec(),
            attributes,
            values: Values::Letters(values),
        }
    }
}

/// Writes a CF-NetCDF file (CDF-2) that is whole or absent. Variables have the lengths of their dimensions.
pub(crate) fn write_fixed(
    path: &Path,
    dimensions: &[(&'static str, usize)],
    attributes: &[(&str, &str)],
    variables: &[FixedVariable],
) -> Result<()> {
    let global = [words(&[("Conventions", "CF-1.11")]), words(attributes)].concat();
    // A length of 0 would make a dimension of records: such a dimension has one place, whose values are missing.
    let length = |length: usize| length.max(1);
    let described: Vec<Dimension> =
        dimensions.iter().map(|(name, own)| Dimension { name, length: Some(length(*own)) }).collect();
    let place = |name: &str| dimensions.iter().position(|(own, _)| *own == name);
    let plans: Vec<ClassicVariable> = variables
        .iter()
        .map(|variable| ClassicVariable {
            name: variable.name.clone(),
            dimensions: variable.dimensions.iter().filter_map(|name| place(name)).collect(),
            attributes: variable.attributes.clone(),
            kind: match variable.values {
                Values::Numbers(_) => Kind::Double,
                Values::Letters(_) => Kind::Char,
            },
        })
        .collect();
    let plan = classic::plan(&described, &global, &plans).map_err(|got| Error::InvalidValue {
        name: "variable".into(),
        got,
        expected: format!("at most {} bytes per variable", classic::LARGEST_SLAB),
    })?;
    let mut bytes = plan.header;
    for (variable, own) in variables.iter().zip(&plans) {
        let expected: usize =
            own.dimensions.iter().map(|dimension| length(dimensions[*dimension].1)).product();
        match &variable.values {
            Values::Numbers(values) => {
                let all = values.iter().copied().chain(std::iter::repeat(f64::NAN)).take(expected);
                let stored = all.map(|value| if value.is_nan() { f64::from(FILL) } else { value });
                bytes.extend(stored.flat_map(f64::to_be_bytes));
            }
            Values::Letters(letters) => {
                bytes.extend(letters.iter().copied().chain(std::iter::repeat(0)).take(expected));
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
        }
    }
    AtomicFile::write(path, &bytes)
}
