//! A group of arrays in a folder.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::codec::volume;
use super::document::{DOCUMENT, Description, Node, node};
use super::region;
use crate::error::{Error, Result};

/// The arrays of a Zarr group. Values are read when asked for.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) attributes: Map<String, Value>,
    /// By name.
    pub(crate) arrays: BTreeMap<String, Array>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Array {
    folder: PathBuf,
    pub(crate) description: Description,
}

impl Store {
    /// Reads the documents of the group and of the arrays in it; groups inside are left out.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let Node::Group(attributes) = node(path)? else {
            let reason = "it is an array: the folder of its group is needed".into();
            return Err(Error::Zarr { path: path.into(), reason });
        };
        let fail = |source| Error::file(path, "listing", source);
        let mut arrays = BTreeMap::new();
        for entry in std::fs::read_dir(path).map_err(fail)? {
            let folder = entry.map_err(fail)?.path();
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_node = !name.starts_with('.') && folder.join(DOCUMENT).exists();
            if is_node && let Node::Array(description) = node(&folder)? {
                arrays.insert(name, Array { folder, description });
            }
        }
        let mut store = Self { path: path.into(), attributes, arrays };
        store.agree()?;
        Ok(store)
    }

    /// The group's attributes as text.
    pub(crate) fn described(&self) -> Vec<(String, String)> {
        texts(&self.attributes)
    }

    /// A dimension is as long as its coordinate: what a writer has begun behind that, or left when it was killed, is no
    /// part of the array.
    fn agree(&mut self) -> Result<()> {
        let coordinate = |(name, array): (&String, &Array)| {
            (array.description.dimensions == [name.clone()])
                .then(|| (name.clone(), array.description.shape[0]))
        };
        let mut lengths: BTreeMap<String, u64> = self.arrays.iter().filter_map(coordinate).collect();
        for (name, array) in &mut self.arrays {
            let description = &mut array.description;
            for (number, dimension) in description.dimensions.iter().enumerate() {
                let own = &mut description.shape[number];
                let length = *lengths.entry(dimension.clone()).or_insert(*own);
                if number == 0 && length < *own {
                    *own = length;
                } else if length != *own {
                    let reason =
                        format!("'{dimension}' has {own} elements in '{name}', and {length} elsewhere");
                    return Err(Error::Zarr { path: self.path.clone(), reason });
                }
            }
        }
        Ok(())
    }
}

/// A type as CDL has it, names and lengths of dimensions, and attributes as text.
pub(crate) type Described = (&'static str, Vec<(String, usize)>, Vec<(String, String)>);

impl Array {
    /// What is said of it.
    pub(crate) fn described(&self) -> Described {
        let own = &self.description;
        let lengths = own.shape.iter().map(|length| *length as usize);
        (own.kind.cdl(), own.dimensions.iter().cloned().zip(lengths).collect(), texts(&own.attributes))
    }

    /// All values, the last dimension fastest.
    pub(crate) fn all(&self) -> Result<Vec<f64>> {
        let shape = &self.description.shape;
        self.part(&vec![0; shape.len()], shape)
    }

    /// `count` values in each dimension from `start` on, the last dimension fastest. Only the chunks that are touched are
    /// read; what was never written has the array's fill value.
    pub(crate) fn part(&self, start: &[u64], count: &[u64]) -> Result<Vec<f64>> {
        let own = &self.description;
        let wrong = |reason: String| Error::Zarr { path: self.folder.clone(), reason };
        let inside = |dimension: usize| {
            start[dimension].checked_add(count[dimension]).is_some_and(|end| end <= own.shape[dimension])
        };
        if start.len() != own.shape.len() || count.len() != start.len() || !(0..start.len()).all(inside) {
            return Err(wrong(format!(
                "{count:?} values from {start:?} on are not in its shape {:?}",
                own.shape
            )));
        }
        let mut stored = Vec::new();
        for place in region::chunks(&own.chunk, start, count).map_err(wrong)? {
            let path = self.folder.join(own.key(&place));
            if path.exists() {
                stored.push((place, path));
            }
        }
        let values = volume(&own.chunk).map_err(wrong)?;
        let most = own.codecs.most_bytes(values, own.kind) as u64;
        let mut failed = None;
        let assembled = region::assemble(&stored, &own.chunk, start, count, own.fill, |path: &PathBuf| {
            let mut bytes = Vec::new();
            let read = std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
            let decoded = match read {
                Err(source) => Err(Error::file(path, "reading", source)),
                Ok(length) if length as u64 > most => {
                    Err(format!("it is longer than {most} bytes")).map_err(chunk(path))
                }
                Ok(_) => own.codecs.decode(bytes, &own.chunk, own.kind, own.fill).map_err(chunk(path)),
            };
            decoded.map_err(|error| {
                failed = Some(error);
                String::new()
            })
        });
        match failed {
            Some(error) => Err(error),
            None => assembled.map_err(wrong),
        }
    }
}

fn texts(attributes: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The error of a chunk.
fn chunk(path: &Path) -> impl Fn(String) -> Error {
    move |reason| Error::Zarr { path: path.into(), reason }
}

impl Description {
    /// The name of a chunk in its array's folder.
    pub(crate) fn key(&self, place: &[u64]) -> String {
        let numbers = place.iter().map(u64::to_string);
        let all: Vec<String> =
            (!self.prefix.is_empty()).then(|| self.prefix.into()).into_iter().chain(numbers).collect();
        // A single value has no numbers.
        if all.is_empty() { "0".into() } else { all.join(self.separator) }
    }
}
