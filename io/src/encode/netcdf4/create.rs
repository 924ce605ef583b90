//! The datasets and attributes of a new file.

use std::path::Path;

use super::super::classic::{ClassicVariable, Dimension, Kind, Value};
use super::super::netcdf::{NamedVariable, common_pressures, describe, global_attributes};
use super::compression::{Compression, ROUNDED};
use super::reserve::{METADATA, reserve};
use crate::error::{Error, Result};
use crate::hdf5::{Dataset, File, Filter, Numbers, Shape};
use crate::layout::Layout;
use crate::time::Time;

/// Times in a chunk of the coordinate `time`: a year of hours takes a few.
const TIMES: u64 = 1024;

/// libhdf5 takes chunks below this many bytes.
const LARGEST_CHUNK: u64 = 1 << 32;

/// The variable with the periods that times end.
pub(super) const BOUNDS: &str = "time_bnds";

/// Dimensions between time and the horizontal ones: a chunk has one element of each.
const BETWEEN: [&str; 2] = ["realization", "pressure"];

/// Everything that a file holds but its steps.
#[derive(Debug)]
pub(super) struct Description {
    dimensions: Vec<Dimension>,
    variables: Vec<Described>,
}

/// A variable with the values that it has from the start.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) variable: ClassicVariable,
    /// With no times.
    pub(super) shape: Shape,
    /// None: grows with the steps.
    pub(super) values: Option<Vec<f64>>,
}

impl Described {
    pub(super) fn name(&self) -> &str {
        &self.variable.name
    }

    pub(super) fn numbers(&self) -> Numbers {
        match self.variable.kind {
            Kind::Float => Numbers::Float,
            Kind::Double => Numbers::Double,
            Kind::Char => unreachable!("fields and their coordinates are numbers"),
        }
    }

    /// The lengths of a variable that grows after `steps` steps.
    pub(super) fn lengths(&self, steps: u64) -> Vec<u64> {
        let mut lengths = self.shape.lengths.clone();
        lengths[0] = steps;
        lengths
    }

    /// Whether it holds a field at each step.
    pub(super) fn is_field(&self) -> bool {
        self.values.is_none() && !["time", BOUNDS].contains(&self.name())
    }
}

impl Description {
    pub(super) fn new(layout: &Layout, reference: Time, variables: &[NamedVariable]) -> Result<Self> {
        let pressures = common_pressures(variables)?;
        let (dimensions, classic, fixed) = describe(layout, reference, variables, pressures);
        Self::of(dimensions, classic, &fixed)
    }

    /// `fixed`: the values of all variables without time, in their order.
    pub(super) fn of(
        dimensions: Vec<Dimension>,
        classic: Vec<ClassicVariable>,
        fixed: &[f64],
    ) -> Result<Self> {
        let mut rest = fixed;
        let describe = |variable: ClassicVariable| {
            let lengths: Vec<Option<usize>> =
                variable.dimensions.iter().map(|&dimension| dimensions[dimension].length).collect();
            let grows = lengths.first() == Some(&None);
            let lengths: Vec<u64> = lengths.iter().map(|length| length.unwrap_or(0) as u64).collect();
            let values = (!grows).then(|| {
                let (own, others) = rest.split_at(lengths.iter().product::<u64>() as usize);
                rest = others;
                own.to_vec()
            });
            let mut chunk = Vec::new();
            if grows {
                chunk.clone_from(&lengths);
                let is_time = ["time", BOUNDS].contains(&variable.name.as_str());
                chunk[0] = if is_time { TIMES } else { 1 };
                for (length, &dimension) in chunk.iter_mut().zip(&variable.dimensions) {
                    if BETWEEN.contains(&dimensions[dimension].name) {
                        *length = 1;
                    }
                }
                let bytes = chunk.iter().product::<u64>() * variable.kind.bytes();
                if bytes >= LARGEST_CHUNK {
                    return Err(Error::InvalidValue {
                        name: variable.name,
                        got: format!("{bytes} bytes in a horizontal field"),
                        expected: "less than 4 GiB".into(),
                    });
                }
            }
            Ok(Described { variable, shape: Shape { lengths, grows, chunk }, values })
        };
        let variables = classic.into_iter().map(describe).collect::<Result<_>>()?;
        Ok(Self { dimensions, variables })
    }

    pub(super) fn variables(&self) -> &[Described] {
        &self.variables
    }

    /// The variables of the caller, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Described> {
        self.variables.iter().filter(|variable| variable.is_field())
    }

    /// The variable with bounds of times, where there is one.
    pub(super) fn bounds(&self) -> Option<&str> {
        self.variables.iter().map(Described::name).find(|name| *name == BOUNDS)
    }

    /// Lengths of the horizontal dimensions.
    pub(super) fn horizontal(&self) -> Vec<u64> {
        let length = |name: &str| {
            let found = self.dimensions.iter().find(|dimension| dimension.name == name);
            found.and_then(|dimension| dimension.length).map(|length| length as u64)
        };
        ["point", "lat", "lon"].into_iter().filter_map(length).collect()
    }

    /// Those, and the time.
    pub(super) fn growing(&self) -> impl Iterator<Item = &Described> {
        self.variables.iter().filter(|variable| variable.shape.grows)
    }

    /// Writes the file under another name and gives it its own when it is whole.
    pub(super) fn create(
        &self,
        path: &Path,
        attributes: &[(&str, &str)],
        compression: Compression,
    ) -> Result<()> {
        self.create_with(path, attributes, compression, |_| Ok(()))
    }

    /// The same with what `more` adds to it before it has its name.
    pub(super) fn create_with(
        &self,
        path: &Path,
        attributes: &[(&str, &str)],
        compression: Compression,
        more: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        let Some(name) = path.file_name() else {
            return Err(Error::InvalidValue {
                name: "path".into(),
                got: format!("'{}'", path.display()),
                expected: "the path of a file".into(),
            });
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(hidden);
        let made = self
            .fill(&temporary, attributes, compression)
            .and_then(|()| more(&temporary))
            .and_then(|()| sync(&temporary));
        let made = made.and_then(|()| {
            std::fs::rename(&temporary, path).map_err(|source| Error::file(path, "renaming", source))
        });
        if made.is_err() {
            // The name is ours and the error at hand is the one to tell.
            let _ = std::fs::remove_file(&temporary);
        }
        made
    }

    fn fill(&self, path: &Path, attributes: &[(&str, &str)], compression: Compression) -> Result<()> {
        // An absent library is told before anything else.
        crate::hdf5::version()?;
        std::fs::File::create(path).map_err(|source| Error::file(path, "creating", source))?;
        let numbers = self
            .variables
            .iter()
            .filter_map(|variable| variable.values.as_ref())
            .map(Vec::len)
            .sum::<usize>();
        reserve(path, 8 * numbers as u64 + METADATA * (2 + self.variables.len() as u64))?;
        let file = File::create(path)?;
        for (name, value) in global_attributes(attributes) {
            set(&file, None, &name, &value)?;
        }
        for variable in &self.variables {
            self.add(&file, variable, compression)?;
        }
        for (number, dimension) in self.dimensions.iter().enumerate() {
            let name = dimension.name;
            let (scale, title) = match file.dataset(name)? {
                Some(scale) => (scale, name.to_string()),
                None => {
                    let length = dimension.length.unwrap_or(0) as u64;
                    let shape = Shape { lengths: vec![length], ..Shape::default() };
                    // What NetCDF calls a dimension without values of its own.
                    let title = format!("This is a netCDF dimension but not a netCDF variable.{length:10}");
                    (file.create_dataset(name, Numbers::Float, &shape, &[], None)?, title)
                }
            };
            file.make_scale(scale, &title, number)?;
        }
        self.link(&file)?;
        file.close()
    }

    fn add(&self, file: &File, described: &Described, compression: Compression) -> Result<()> {
        let variable = &described.variable;
        let (filters, fill): (Vec<Filter>, _) = match described.is_field() {
            true => (compression.filters(), fill_of(variable)),
            // A time that was not written is none.
            false => (vec![], described.shape.grows.then_some(f64::NAN)),
        };
        let dataset =
            file.create_dataset(&variable.name, described.numbers(), &described.shape, &filters, fill)?;
        for (name, value) in &variable.attributes {
            set(file, Some(dataset), name, value)?;
        }
        if let Some(bits) = compression.mantissa_bits().filter(|_| described.is_field()) {
            file.set_integer(Some(dataset), ROUNDED, bits as i32)?;
        }
        match &described.values {
            Some(values) => {
                let lengths = &described.shape.lengths;
                file.write(dataset, &vec![0; lengths.len()], lengths, values)
            }
            None => Ok(()),
        }
    }

    /// Joins variables and dimensions. A coordinate stands for its dimension itself.
    fn link(&self, file: &File) -> Result<()> {
        let names: Vec<&str> = self.dimensions.iter().map(|dimension| dimension.name).collect();
        let mut users: Vec<Vec<(&str, usize)>> = vec![Vec::new(); names.len()];
        for described in &self.variables {
            let variable = &described.variable;
            if variable.dimensions.is_empty() || names.contains(&variable.name.as_str()) {
                continue;
            }
            let scales: Vec<&str> = variable.dimensions.iter().map(|&dimension| names[dimension]).collect();
            let dataset = file.dataset(&variable.name)?.expect("made above");
            file.set_scales(dataset, &scales)?;
            for (position, &dimension) in variable.dimensions.iter().enumerate() {
                users[dimension].push((&variable.name, position));
            }
        }
        for (name, users) in names.iter().zip(&users).filter(|(_, users)| !users.is_empty()) {
            file.set_users(file.dataset(name)?.expect("made above"), users)?;
        }
        Ok(())
    }
}

/// Brings a file to the disk.
pub(super) fn sync(path: &Path) -> Result<()> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_data())
        .map_err(|source| Error::file(path, "bringing to the disk", source))
}

fn fill_of(variable: &ClassicVariable) -> Option<f64> {
    variable.attributes.iter().find(|(name, _)| name == "_FillValue").and_then(|(_, value)| match value {
        Value::Float(value) => Some(f64::from(*value)),
        Value::Double(value) => Some(*value),
        Value::Text(_) => None,
    })
}

fn set(file: &File, of: Option<Dataset>, name: &str, value: &Value) -> Result<()> {
    match value {
        Value::Text(text) => file.set_text(of, name, text),
        Value::Float(number) => file.set_number(of, name, *number),
        Value::Double(number) => file.set_number(of, name, *number),
    }
}
