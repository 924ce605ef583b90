//! The documents and coordinates of a store.

use serde_json::{Map, Value as Json, json};

use super::pack::codecs;
use crate::encode::classic::{ClassicVariable, Kind, Value};
use crate::encode::netcdf::{NamedVariable, common_pressures, describe, global_attributes};
use crate::encode::netcdf4::compression::{Compression, ROUNDED};
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::time::Time;

/// Times in a chunk of the coordinate `time`, which is written anew with each step.
pub(super) const TIMES: usize = 1024;

/// Values in the largest chunk that is read here.
const LARGEST_CHUNK: u64 = 1 << 29;

/// The variable that says how the points of HEALPix are numbered.
const HEALPIX: &str = "healpix";

/// Names of what the store has besides the caller's variables.
const OWN: [&str; 6] = ["lat", "lon", "forecast_reference_time", "pressure", "time", HEALPIX];

/// Everything that a store holds but its steps.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) arrays: Vec<Described>,
}

/// An array.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: String,
    /// With no times.
    document: Json,
    /// None: grows with the steps, or has no values at all.
    pub(super) values: Option<Vec<f64>>,
    pub(super) grows: bool,
    has_levels: bool,
    /// Dimensions besides time and level.
    horizontal: usize,
}

impl Description {
    pub(super) fn new(
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        compression: Compression,
    ) -> Result<Self> {
        check_names(variables)?;
        let pressures = common_pressures(variables)?;
        let (dimensions, classic, fixed) = describe(layout, reference, variables, pressures);
        let mapping = healpix(layout);
        let mut rest = &fixed[..];
        let describe = |variable: ClassicVariable| {
            let own = || variable.dimensions.iter().map(|&dimension| &dimensions[dimension]);
            let shape: Vec<u64> = own().map(|dimension| dimension.length.unwrap_or(0) as u64).collect();
            let names: Vec<&str> = own().map(|dimension| dimension.name).collect();
            let grows = names.first() == Some(&"time");
            let has_levels = grows && names.get(1) == Some(&"pressure");
            let is_field = grows && names.len() > 1;
            let values = (!grows).then(|| {
                let (own, others) = rest.split_at(shape.iter().product::<u64>() as usize);
                rest = others;
                own.to_vec()
            });
            let mut chunk = shape.clone();
            if grows {
                chunk[0] = if is_field { 1 } else { TIMES as u64 };
            }
            if has_levels {
                chunk[1] = 1;
            }
            if chunk.iter().product::<u64>() > LARGEST_CHUNK {
                return Err(Error::InvalidValue {
                    name: variable.name,
                    got: format!("{} values in a horizontal field", chunk.iter().product::<u64>()),
                    expected: format!("at most {LARGEST_CHUNK}"),
                });
            }
            let mut attributes = attributes(&variable);
            if is_field {
                if let Some(bits) = compression.mantissa_bits() {
                    attributes.insert(ROUNDED.into(), bits.into());
                }
                if mapping.is_some() {
                    attributes.insert("grid_mapping".into(), HEALPIX.into());
                }
            }
            let kind = match variable.kind {
                Kind::Float => "float32",
                Kind::Double => "float64",
                Kind::Char => unreachable!("fields and their coordinates are numbers"),
            };
            let packed = if is_field { compression } else { Compression::None };
            let document = array(&shape, &chunk, kind, "NaN".into(), &codecs(packed), &names, attributes);
            let horizontal = names.len() - usize::from(grows) - usize::from(has_levels);
            Ok(Described { name: variable.name, document, values, grows, has_levels, horizontal })
        };
        let mut arrays: Vec<Described> = classic.into_iter().map(describe).collect::<Result<_>>()?;
        arrays.extend(mapping);
        Ok(Self { arrays })
    }

    /// The variables of the caller, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Described> {
        self.arrays.iter().filter(|array| array.grows && array.name != "time")
    }

    /// Those, and the time at the end.
    pub(super) fn growing(&self) -> impl Iterator<Item = &Described> {
        let time = self.arrays.iter().filter(|array| array.name == "time");
        self.fields().chain(time)
    }
}

impl Described {
    /// The document after `steps` steps.
    pub(super) fn document(&self, steps: usize) -> Json {
        let mut document = self.document.clone();
        if self.grows {
            document["shape"][0] = steps.into();
        }
        document
    }

    /// The name of the chunk of a step and level.
    pub(super) fn chunk(&self, step: usize, level: usize) -> String {
        let level = if self.has_levels { format!(".{level}") } else { String::new() };
        format!("c.{step}{level}{}", ".0".repeat(self.horizontal))
    }

    /// The name of the only chunk of an array with its values from the start.
    pub(super) fn only_chunk(&self) -> String {
        format!("c{}", ".0".repeat(self.horizontal))
    }
}

/// The document of the group.
pub(super) fn group(attributes: &[(&str, &str)], status: &str) -> Json {
    let text = |(name, value): (String, Value)| match value {
        Value::Text(_) if name == "run_status" => (name, status.into()),
        Value::Text(text) => (name, text.into()),
        Value::Float(number) => (name, number.into()),
        Value::Double(number) => (name, number.into()),
    };
    let attributes: Map<String, Json> = global_attributes(attributes).into_iter().map(text).collect();
    json!({ "zarr_format": 3, "node_type": "group", "attributes": attributes })
}

fn array(
    shape: &[u64],
    chunk: &[u64],
    kind: &str,
    fill: Json,
    codecs: &Json,
    names: &[&str],
    attributes: Map<String, Json>,
) -> Json {
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": kind,
        "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": chunk } },
        // All chunks of an array in one folder.
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "." } },
        "fill_value": fill,
        "codecs": codecs,
        "dimension_names": names,
        "attributes": attributes,
    })
}

/// Zarr has its own fill value, and readers expect no other.
fn attributes(variable: &ClassicVariable) -> Map<String, Json> {
    let own = variable.attributes.iter().filter(|(name, _)| name != "_FillValue");
    own.map(|(name, value)| {
        let value = match value {
            Value::Text(text) => text.as_str().into(),
            Value::Float(number) => (*number).into(),
            Value::Double(number) => (*number).into(),
        };
        (name.clone(), value)
    })
    .collect()
}

/// The numbering of HEALPix as in the CF conventions from version 1.13 on, which know sides of powers of two.
fn healpix(layout: &Layout) -> Option<Described> {
    let side = layout.rings().len().div_ceil(4);
    if layout.family() != Family::HealPix || !side.is_power_of_two() {
        return None;
    }
    let attributes = [
        ("grid_mapping_name", Json::from("healpix")),
        ("refinement_level", side.trailing_zeros().into()),
        ("indexing_scheme", "ring".into()),
    ];
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let codecs = codecs(Compression::None);
    Some(Described {
        name: HEALPIX.into(),
        document: array(&[], &[], "int32", 0.into(), &codecs, &[], attributes),
        values: None,
        grows: false,
        has_levels: false,
        horizontal: 0,
    })
}

/// A variable's name is that of a folder.
fn check_names(variables: &[NamedVariable]) -> Result<()> {
    let mut known = OWN.to_vec();
    for variable in variables {
        let name = variable.naming.name.as_str();
        let possible = !name.is_empty() && !name.starts_with(['.', '_']) && !name.contains(['/', '\\', '\0']);
        if !possible || known.contains(&name) {
            return Err(Error::InvalidValue {
                name: "name of a variable".into(),
                got: format!("'{name}'"),
                expected: "a name of its own, without '/' and without '.' or '_' at its start".into(),
            });
        }
        known.push(name);
    }
    Ok(())
}
