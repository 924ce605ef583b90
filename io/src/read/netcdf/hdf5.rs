//! NetCDF-4 files, and other HDF5 files as far as they name their axes.
//!
//! Variables in groups have the group's path in their name, as have dimensions. Dimensions are the scales of the HDF5
//! Dimension Scale Specification, else labels (DIMENSION_LABELS); without both they are called as NetCDF's library calls
//! them, `phony_dim_` with a number for each length.

use std::path::{Path, PathBuf};

use super::container::Container;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::hdf5::{Access, Dataset, Described, File, Kind};

/// Of the format, not of the variable.
const HIDDEN: [&str; 9] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "DIMENSION_LABELS",
    "REFERENCE_LIST",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_nc3_strict",
    "_NCProperties",
];

/// How the name of a scale without values of its own begins.
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable";

/// Before the name of a variable that is called as a dimension that is not its own.
const NOT_COORDINATE: &str = "_nc4_non_coord_";

#[derive(Debug)]
pub(super) struct Hdf5 {
    path: PathBuf,
    file: File,
    attributes: Vec<(String, String)>,
    variables: Vec<NetcdfVariable>,
    /// One for each variable.
    arrays: Vec<Array>,
}

/// What is behind a variable.
#[derive(Debug)]
struct Array {
    dataset: Dataset,
    kind: Kind,
    numbers: Vec<(String, (Vec<f64>, bool))>,
}

/// A dataset as the file has it.
struct Found {
    name: String,
    dataset: Dataset,
    lengths: Vec<usize>,
    attributes: Vec<(String, Described)>,
}

impl Found {
    fn text(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find_map(|(name, value)| match value {
            Described::Texts(texts) if name == key => texts.first().map(String::as_str),
            _ => None,
        })
    }

    fn numbers(&self, key: &str) -> Option<&[f64]> {
        self.attributes.iter().find_map(|(name, value)| match value {
            Described::Numbers(_, values) if name == key => Some(&values[..]),
            _ => None,
        })
    }

    fn is_scale(&self) -> bool {
        self.text("CLASS") == Some("DIMENSION_SCALE")
    }
}

impl Hdf5 {
    pub(super) fn open(path: &Path) -> Result<Self> {
        // In one that is being written metadata are read again and again until they are right: not in one that is damaged.
        let file = File::open(path, Access::Read).or_else(|error| match File::has_writer(path) {
            true => File::open(path, Access::ReadWhileWritten).map_err(|_| error),
            false => Err(error),
        })?;
        let mut found = Vec::new();
        for (name, dataset) in file.datasets()? {
            let lengths = file.lengths(dataset)?;
            let length = |length: u64| {
                usize::try_from(length).map_err(|_| Error::Netcdf {
                    path: path.to_owned(),
                    reason: format!("'{name}' has a dimension of length {length}"),
                })
            };
            let lengths = lengths.into_iter().map(length).collect::<Result<_>>()?;
            let attributes = file.attributes(Some(dataset))?;
            found.push(Found { name, dataset, lengths, attributes });
        }
        let (mut variables, mut arrays, mut phony) = (Vec::new(), Vec::new(), Vec::new());
        for own in &found {
            if own.is_scale() && own.text("NAME").is_some_and(|name| name.starts_with(NO_VARIABLE)) {
                continue;
            }
            let names = dimensions(&file, own, &found)?;
            let named = names.into_iter().zip(&own.lengths).map(|(name, &length)| {
                let name = name.unwrap_or_else(|| format!("phony_dim_{}", number(&mut phony, length)));
                (name, length)
            });
            let dimensions = named.collect();
            let kind = file.kind(own.dataset)?;
            variables.push(NetcdfVariable {
                name: plain(&own.name),
                kind: kind.name(),
                dimensions,
                attributes: shown(&own.attributes),
            });
            let numbers = own.attributes.iter().filter_map(|(name, value)| match value {
                Described::Numbers(kind, values) => {
                    Some((name.clone(), (values.clone(), matches!(kind, Kind::Real { .. }))))
                }
                _ => None,
            });
            arrays.push(Array { dataset: own.dataset, kind, numbers: numbers.collect() });
        }
        let attributes = shown(&file.attributes(None)?);
        Ok(Self { path: path.to_owned(), file, attributes, variables, arrays })
    }

    fn array(&self, name: &str) -> Option<&Array> {
        let number = self.variables.iter().position(|variable| variable.name == name)?;
        self.arrays.get(number)
    }
}

impl Container for Hdf5 {
    fn attributes(&self) -> Vec<(String, String)> {
        self.attributes.clone()
    }

    fn variables(&self) -> &[NetcdfVariable] {
        &self.variables
    }

    fn numbers(&self, variable: &str, key: &str) -> Option<(Vec<f64>, bool)> {
        let numbers = &self.array(variable)?.numbers;
        numbers.iter().find(|(name, _)| name == key).map(|(_, numbers)| numbers.clone())
    }

    fn together(&self, variable: &NetcdfVariable, dimension: usize) -> Result<usize> {
        let Some(array) = self.array(&variable.name) else { return Ok(1) };
        let chunk = self.file.contents(array.dataset)?.shape.chunk;
        Ok(chunk.get(dimension).map_or(1, |&length| length as usize))
    }

    fn read(&mut self, variable: &NetcdfVariable, start: &[usize], counts: &[usize]) -> Result<Vec<f64>> {
        let wrong = |reason: String| Error::Netcdf { path: self.path.clone(), reason };
        let name = &variable.name;
        let array = self.array(name).ok_or_else(|| wrong(format!("it has no variable '{name}'")))?;
        if !array.kind.is_number() {
            return Err(wrong(format!("'{name}' has values of type {}: numbers are needed", variable.kind)));
        }
        let wide = |lengths: &[usize]| lengths.iter().map(|&length| length as u64).collect::<Vec<u64>>();
        let (start, counts) = (wide(start), wide(counts));
        if counts.contains(&0) {
            return Ok(Vec::new());
        }
        self.file.check_box(&counts)?;
        self.file.read(array.dataset, &start, &counts)
    }
}

/// The names of a dataset's dimensions, as far as the file tells them.
fn dimensions(file: &File, own: &Found, found: &[Found]) -> Result<Vec<Option<String>>> {
    if own.is_scale() && own.lengths.len() == 1 {
        return Ok(vec![Some(plain(&own.name))]);
    }
    let mut names: Vec<Option<String>> =
        file.scales(own.dataset)?.into_iter().map(|name| name.map(|name| plain(&name))).collect();
    // A coordinate of several dimensions has no scales of its own.
    if let Some(numbers) = own.numbers("_Netcdf4Coordinates").filter(|numbers| numbers.len() == names.len()) {
        for (name, number) in names.iter_mut().zip(numbers) {
            let has = |other: &&Found| other.numbers("_Netcdf4Dimid") == Some(&[*number][..]);
            if name.is_none() {
                *name = found.iter().find(has).map(|scale| plain(&scale.name));
            }
        }
    }
    let labels = own.attributes.iter().find_map(|(name, value)| match value {
        Described::Texts(texts) if name == "DIMENSION_LABELS" => Some(texts),
        _ => None,
    });
    for (name, label) in names.iter_mut().zip(labels.into_iter().flatten()) {
        if name.is_none() && !label.is_empty() {
            *name = Some(label.clone());
        }
    }
    Ok(names)
}

/// The number of a length among those without a name.
fn number(lengths: &mut Vec<usize>, length: usize) -> usize {
    lengths.iter().position(|known| *known == length).unwrap_or_else(|| {
        lengths.push(length);
        lengths.len() - 1
    })
}

/// The name of a variable as NetCDF has it.
fn plain(path: &str) -> String {
    let (group, name) = path.rsplit_once('/').map_or(("", path), |(group, name)| (group, name));
    let name = name.strip_prefix(NOT_COORDINATE).unwrap_or(name);
    if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") }
}

/// Attributes as text.
fn shown(attributes: &[(String, Described)]) -> Vec<(String, String)> {
    let text = |value: &Described| match value {
        Described::Texts(texts) => texts.join(", "),
        Described::Numbers(kind, values) => {
            let number = |value: &f64| match kind {
                Kind::Real { bytes: 4 } => (*value as f32).to_string(),
                _ => value.to_string(),
            };
            values.iter().map(number).collect::<Vec<_>>().join(", ")
        }
        Described::Other(kind) => format!("({})", kind.name()),
    };
    let visible = attributes.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    visible.map(|(name, value)| (name.clone(), text(value))).collect()
}
