//! The documents `zarr.json` of groups and arrays.
//!
//! Source: Zarr core specification, version 3 (<https://zarr-specs.readthedocs.io>).

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::codec::Codecs;
use crate::error::{Error, Result};

/// The name of every document.
pub(crate) const DOCUMENT: &str = "zarr.json";

/// A document is text of people and programs, and no place for data (bytes).
const LARGEST: u64 = 64 << 20;

/// Dimensions of an array.
const MOST_DIMENSIONS: usize = 32;

/// What a document describes.
#[derive(Debug)]
pub(crate) enum Node {
    Group(Map<String, Value>),
    Array(Description),
}

/// The types of values that are read, all as f64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
}

const KINDS: [(&str, Kind, usize); 10] = [
    ("int8", Kind::Int8, 1),
    ("int16", Kind::Int16, 2),
    ("int32", Kind::Int32, 4),
    ("int64", Kind::Int64, 8),
    ("uint8", Kind::Uint8, 1),
    ("uint16", Kind::Uint16, 2),
    ("uint32", Kind::Uint32, 4),
    ("uint64", Kind::Uint64, 8),
    ("float32", Kind::Float32, 4),
    ("float64", Kind::Float64, 8),
];

impl Kind {
    fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|(own, ..)| *own == name).map(|(_, kind, _)| *kind)
    }

    /// The specification's name.
    pub(crate) fn name(self) -> &'static str {
        KINDS[self as usize].0
    }

    /// NetCDF's name.
    pub(crate) fn cdl(self) -> &'static str {
        const NAMES: [&str; 10] =
            ["byte", "short", "int", "int64", "ubyte", "ushort", "uint", "uint64", "float", "double"];
        NAMES[self as usize]
    }

    /// Size of a value.
    pub(crate) fn bytes(self) -> usize {
        KINDS[self as usize].2
    }
}

/// An array without its values.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) shape: Vec<u64>,
    pub(crate) chunk: Vec<u64>,
    pub(crate) kind: Kind,
    /// The value of what was never written.
    pub(crate) fill: f64,
    /// What comes before a chunk's numbers in its name.
    pub(super) prefix: &'static str,
    pub(super) separator: &'static str,
    pub(super) codecs: Codecs,
    pub(crate) dimensions: Vec<String>,
    pub(crate) attributes: Map<String, Value>,
}

/// The document of a folder as it is.
pub(crate) fn read(folder: &Path) -> Result<Value> {
    let path = folder.join(DOCUMENT);
    let mut bytes = Vec::new();
    let read = std::fs::File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let old = [".zgroup", ".zarray", ".zmetadata"].iter().any(|name| folder.join(name).exists());
            let reason = match old {
                true => "it is a store of Zarr version 2: version 3 is needed".into(),
                false => format!("it has no {DOCUMENT}"),
            };
            return Err(Error::Zarr { path: folder.into(), reason });
        }
        other => other.map_err(|source| Error::file(&path, "reading", source))?,
    };
    if bytes.len() as u64 > LARGEST {
        let reason = format!("it is longer than {LARGEST} bytes");
        return Err(Error::Zarr { path, reason });
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::Zarr { path, reason: format!("it is no JSON: {error}") })
}

/// What the document of a folder says.
pub(crate) fn node(folder: &Path) -> Result<Node> {
    let document = read(folder)?;
    parse(document).map_err(|reason| Error::Zarr { path: place(folder), reason })
}

fn place(folder: &Path) -> PathBuf {
    folder.join(DOCUMENT)
}

fn parse(document: Value) -> std::result::Result<Node, String> {
    let Value::Object(mut document) = document else { return Err("it is no JSON object".into()) };
    let mut take = |key: &str| document.remove(key);
    match take("zarr_format") {
        Some(format) if format.as_u64() == Some(3) => {}
        Some(format) if format.as_u64() == Some(2) => {
            return Err("it is of Zarr version 2: version 3 is needed".into());
        }
        other => return Err(format!("'zarr_format' is {}: expected 3", shown(other.as_ref()))),
    }
    let kind = take("node_type");
    let attributes = match take("attributes") {
        None => Map::new(),
        Some(Value::Object(attributes)) => attributes,
        other => return Err(format!("'attributes' is {}: expected an object", shown(other.as_ref()))),
    };
    let node = match kind.as_ref().and_then(Value::as_str) {
        Some("group") => Node::Group(attributes),
        Some("array") => Node::Array(array(&mut take, attributes)?),
        _ => return Err(format!("'node_type' is {}: expected \"group\" or \"array\"", shown(kind.as_ref()))),
    };
    let optional =
        |value: &Value| value.get("must_understand").is_some_and(|value| *value == Value::Bool(false));
    match document.iter().find(|(_, value)| !optional(value)) {
        Some((key, _)) => Err(format!("'{key}' is not understood")),
        None => Ok(node),
    }
}

fn array(
    take: &mut dyn FnMut(&str) -> Option<Value>,
    attributes: Map<String, Value>,
) -> std::result::Result<Description, String> {
    let shape = lengths("shape", take("shape").as_ref())?;
    if shape.len() > MOST_DIMENSIONS {
        return Err(format!("it has {} dimensions: at most {MOST_DIMENSIONS} are read", shape.len()));
    }
    let (kind, _) = named("data_type", take("data_type").as_ref())?;
    let kind = Kind::named(&kind).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
        format!("data type '{kind}' is not supported: expected one of {}", known.join(", "))
    })?;
    let (grid, configuration) = named("chunk_grid", take("chunk_grid").as_ref())?;
    if grid != "regular" {
        return Err(format!("chunk grid '{grid}' is not supported: expected 'regular'"));
    }
    let chunk = lengths("chunk_shape", configuration.get("chunk_shape"))?;
    if chunk.len() != shape.len() || chunk.contains(&0) {
        return Err(format!("'chunk_shape' is {chunk:?}: expected {} positive lengths", shape.len()));
    }
    let (encoding, configuration) = named("chunk_key_encoding", take("chunk_key_encoding").as_ref())?;
    let (prefix, usual) = match encoding.as_str() {
        "default" => ("c", "/"),
        "v2" => ("", "."),
        _ => return Err(format!("chunk key encoding '{encoding}' is not supported: expected default or v2")),
    };
    let separator = match configuration.get("separator").map(Value::as_str) {
        None => usual,
        Some(Some("/")) => "/",
        Some(Some(".")) => ".",
        Some(_) => return Err(format!("'separator' is {}: expected / or .", configuration["separator"])),
    };
    let fill = take("fill_value");
    let fill = fill_value(fill.as_ref(), kind).ok_or_else(|| {
        format!("'fill_value' is {}: expected one of {}", shown(fill.as_ref()), kind.name())
    })?;
    let codecs = Codecs::new(take("codecs").as_ref(), kind, &chunk)?;
    match take("storage_transformers") {
        None => {}
        Some(Value::Array(list)) if list.is_empty() => {}
        Some(other) => return Err(format!("storage transformers are not supported, got {other}")),
    }
    let dimensions = dimensions(take("dimension_names"), &shape)?;
    Ok(Description { shape, chunk, kind, fill, prefix, separator, codecs, dimensions, attributes })
}

/// Names of dimensions; where there is none, one for its length, as NetCDF's library calls those of HDF5.
fn dimensions(names: Option<Value>, shape: &[u64]) -> std::result::Result<Vec<String>, String> {
    let unnamed = |length: &u64| format!("phony_dim_{length}");
    match names {
        None | Some(Value::Null) => Ok(shape.iter().map(unnamed).collect()),
        Some(Value::Array(names)) if names.len() == shape.len() => {
            let name = |(length, name): (&u64, Value)| match name {
                Value::String(name) if !name.is_empty() => Ok(name),
                Value::String(_) | Value::Null => Ok(unnamed(length)),
                other => Err(format!("'dimension_names' has {other}: expected a text")),
            };
            shape.iter().zip(names).map(name).collect()
        }
        Some(other) => Err(format!("'dimension_names' is {other}: expected {} names", shape.len())),
    }
}

/// A list of lengths.
pub(super) fn lengths(key: &str, value: Option<&Value>) -> std::result::Result<Vec<u64>, String> {
    let list = value.and_then(Value::as_array);
    list.and_then(|list| list.iter().map(Value::as_u64).collect())
        .ok_or_else(|| format!("'{key}' is {}: expected a list of lengths", shown(value)))
}

/// The name and configuration of an extension point, which may be a name alone.
pub(super) fn named(
    key: &str,
    value: Option<&Value>,
) -> std::result::Result<(String, Map<String, Value>), String> {
    let name = value.and_then(|value| value.as_str().or_else(|| value.get("name")?.as_str()));
    let Some(name) = name else {
        return Err(format!("'{key}' is {}: expected a name, with its configuration or alone", shown(value)));
    };
    let configuration = value.and_then(|value| value.get("configuration"));
    match configuration {
        None => Ok((name.into(), Map::new())),
        Some(Value::Object(configuration)) => Ok((name.into(), configuration.clone())),
        Some(other) => Err(format!("the configuration of '{name}' is {other}: expected an object")),
    }
}

/// A number, its name, or its bits as hexadecimal digits.
fn fill_value(value: Option<&Value>, kind: Kind) -> Option<f64> {
    let float = matches!(kind, Kind::Float32 | Kind::Float64);
    match value? {
        Value::Number(number) if float || number.is_i64() || number.is_u64() => number.as_f64(),
        Value::String(text) if float => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            bits => {
                let bits = u64::from_str_radix(bits.strip_prefix("0x")?, 16).ok()?;
                match kind {
                    Kind::Float32 => u32::try_from(bits).ok().map(|bits| f64::from(f32::from_bits(bits))),
                    _ => Some(f64::from_bits(bits)),
                }
            }
        },
        _ => None,
    }
}

/// A value in an error: its beginning.
pub(super) fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".into() };
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
