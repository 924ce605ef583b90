//! Single fields, in any order within a time, become the steps of a store.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use terrella_kernels::Precision;

use super::description::Description;
use super::pack::Packer;
use super::{Chunk, ZarrStore};
use crate::encode::netcdf::{NamedVariable, Naming};
use crate::encode::netcdf4::{Compression, StreamedField};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::read::zarr::Store;
use crate::time::Time;

/// A Zarr store that is made of single fields.
///
/// Fields of one time come in any order; they are a step when a later time comes or [`ZarrStream::flush`] is called, and
/// before that they wait, packed, in memory. A field of an earlier time is added where the store has that time and not yet
/// that field. The first step decides which levels there are: all levels of all variables are those of every variable that has
/// levels. A variable that is new later gets an array. What never comes is missing.
#[derive(Debug)]
pub struct ZarrStream {
    path: PathBuf,
    layout: Layout,
    reference: Time,
    precision: Precision,
    compression: Compression,
    packer: Packer,
    /// None before the first step.
    store: Option<ZarrStore>,
    waiting: Option<Waiting>,
}

/// The fields of a time that are not in the store.
#[derive(Debug)]
struct Waiting {
    time: Time,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    naming: Naming,
    pressure: Option<f64>,
    bytes: Vec<u8>,
}

impl ZarrStream {
    /// A new store. It appears with the first step, in place of one made here that had the name. Times are hours since
    /// `reference`.
    pub fn create(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        precision: Precision,
        compression: Compression,
    ) -> Result<Self> {
        let path = path.as_ref();
        compression.check(precision)?;
        Ok(Self {
            path: path.to_owned(),
            layout: layout.clone(),
            reference,
            precision,
            compression,
            packer: Packer::new(compression)
                .map_err(|source| Error::file(path, "preparing compression", source))?,
            store: None,
            waiting: None,
        })
    }

    /// Opens a store that was made here, to add further fields. What a killed writer left behind the last finished step is
    /// taken away.
    ///
    /// Errors: a store that is damaged, or has another layout, reference time, precision or compression; it is not changed
    /// then.
    pub fn append_to(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        precision: Precision,
        compression: Compression,
    ) -> Result<Self> {
        let mut stream = Self::create(path, layout, reference, precision, compression)?;
        let variables = stream.variables_there()?;
        stream.store = Some(ZarrStore::append_to(&stream.path, layout, reference, &variables, compression)?);
        Ok(stream)
    }

    /// Drops all steps from a time on, and what waits, so that they can be written anew.
    pub fn drop_from(&mut self, time: Time) -> Result<()> {
        self.waiting = None;
        self.store.as_mut().map_or(Ok(()), |store| store.drop_from(time))
    }

    /// Members of an ensemble: a store has no dimension for them.
    pub fn members(&self) -> &[i64] {
        &[]
    }

    /// The layout of all fields.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The moment that times count from.
    pub fn reference(&self) -> Time {
        self.reference
    }

    /// Whether there are fields that are not in the store.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes a field. With one of another time, those that wait become a step first.
    ///
    /// Errors: a time before the last step's that the store does not have; a field that came before; a level that the first
    /// step did not have; another unit or kind of level than before; the member of an ensemble, for which there is no
    /// dimension; and those of writing the step before.
    pub fn put(&mut self, field: &StreamedField<'_>) -> Result<()> {
        let (name, expected, got) = (&field.naming.name, self.layout.points(), field.values.len());
        if got != expected {
            return Err(Error::LengthMismatch { name: name.clone(), expected, got });
        }
        let refuse = |what: &str, got: String, expected: String| {
            Err(Error::InvalidValue { name: format!("{what} of '{name}'"), got, expected })
        };
        if let Some(member) = field.member {
            return refuse(
                "member",
                member.to_string(),
                "none: a Zarr store has no dimension for them".into(),
            );
        }
        if self.waiting.as_ref().is_some_and(|waiting| waiting.time != field.time) {
            self.flush()?;
        }
        let (mut late, mut known) = (None, None);
        if let Some(store) = &self.store {
            late = store.step(field.time);
            if let (None, Some(last)) = (late, store.last().filter(|last| field.time < *last)) {
                return refuse(
                    "time",
                    field.time.to_string(),
                    format!("one of the store, or one after {last}"),
                );
            }
            known = place(&store.variables, &field.naming, field.pressure);
            if let (None, Some(own)) = (known, store.variables.iter().find(|own| own.naming.name == *name)) {
                let level =
                    |pressure: Option<f64>| pressure.map_or("no level".into(), |own| format!("{own} hPa"));
                let got = format!("in {} on {}", field.naming.units, level(field.pressure));
                let pressures = &own.pressures;
                return refuse(
                    "field",
                    got,
                    format!("one in {} on {pressures:?} as in the first step", own.naming.units),
                );
            }
        }
        for own in self.waiting.iter().flat_map(|waiting| &waiting.fields) {
            if own.naming.name != *name {
                continue;
            }
            if own.pressure == field.pressure {
                return refuse(
                    "field",
                    format!("a second one at {}", field.time),
                    "one on each level".into(),
                );
            }
            if own.naming.units != field.naming.units || own.pressure.is_some() != field.pressure.is_some() {
                let got = format!("in {} on another kind of level", field.naming.units);
                return refuse("field", got, format!("one in {} as before", own.naming.units));
            }
        }
        let bytes = self.packer.field(field.values, self.precision);
        let bytes = bytes.map_err(|source| Error::file(&self.path, "compressing", source))?;
        if self.store.is_some() && known.is_none() {
            self.add_variable(field)?;
        }
        if let (Some(step), Some(store)) = (late, &mut self.store) {
            let place = place(&store.variables, &field.naming, field.pressure);
            let (variable, level) = place.expect("found or added above");
            return match store.add_chunk(step, &Chunk { variable, level, bytes })? {
                true => Ok(()),
                false => {
                    refuse("field", format!("a second one at {}", field.time), "one on each level".into())
                }
            };
        }
        let waiting = self.waiting.get_or_insert(Waiting { time: field.time, fields: Vec::new() });
        waiting.fields.push(Field { naming: field.naming.clone(), pressure: field.pressure, bytes });
        Ok(())
    }

    /// Brings the fields that wait to the disk. After an error they still wait.
    pub fn flush(&mut self) -> Result<()> {
        let Some(mut waiting) = self.waiting.take() else { return Ok(()) };
        let written = self.write(&mut waiting);
        if written.is_err() {
            self.waiting = Some(waiting);
        }
        written
    }

    /// Brings what waits to the disk and marks the store complete. Whether there is a store: without a field there is none.
    pub fn finish(mut self) -> Result<bool> {
        self.flush()?;
        match self.store {
            Some(store) => store.finish().map(|()| true),
            None => Ok(false),
        }
    }

    fn write(&mut self, waiting: &mut Waiting) -> Result<()> {
        let store = match &mut self.store {
            Some(store) => store,
            None => {
                let variables = self.variables_of(&waiting.fields);
                let new = ZarrStore::create(
                    &self.path,
                    &self.layout,
                    self.reference,
                    &variables,
                    &[],
                    self.compression,
                )?;
                self.store.insert(new)
            }
        };
        let chunk = |field: &mut Field| {
            let place = place(&store.variables, &field.naming, field.pressure);
            let (variable, level) = place.expect("made of these fields, or checked when they came");
            Chunk { variable, level, bytes: std::mem::take(&mut field.bytes) }
        };
        let chunks: Vec<Chunk> = waiting.fields.iter_mut().map(chunk).collect();
        let written = store.append_chunks(waiting.time, &chunks);
        // They wait for another try.
        for (field, chunk) in waiting.fields.iter_mut().zip(chunks) {
            field.bytes = chunk.bytes;
        }
        written
    }

    /// Makes an array for a variable that the store does not have.
    fn add_variable(&mut self, field: &StreamedField<'_>) -> Result<()> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let known = store.variables.iter().find(|variable| !variable.pressures.is_empty());
        let pressures = match field.pressure {
            None => Vec::new(),
            Some(pressure) => known.map_or(vec![pressure], |variable| variable.pressures.clone()),
        };
        if let Some(pressure) = field.pressure.filter(|own| !pressures.contains(own)) {
            return Err(Error::InvalidValue {
                name: format!("level of '{}'", field.naming.name),
                got: format!("{pressure} hPa"),
                expected: format!("one of {pressures:?} as in the first step"),
            });
        }
        let naming = field.naming.clone();
        let mut variables = store.variables.clone();
        variables.push(NamedVariable { naming, precision: self.precision, pressures });
        let description = Description::new(&self.layout, self.reference, &variables, self.compression)?;
        store.extend(variables, description)
    }

    /// What the fields of the first step make.
    fn variables_of(&self, fields: &[Field]) -> Vec<NamedVariable> {
        let mut pressures: Vec<f64> = fields.iter().filter_map(|field| field.pressure).collect();
        pressures.sort_by(|one, other| other.total_cmp(one));
        pressures.dedup();
        let mut variables: Vec<NamedVariable> = Vec::new();
        for field in fields {
            if !variables.iter().any(|variable| variable.naming.name == field.naming.name) {
                let pressures = if field.pressure.is_some() { pressures.clone() } else { Vec::new() };
                variables.push(NamedVariable {
                    naming: field.naming.clone(),
                    precision: self.precision,
                    pressures,
                });
            }
        }
        variables
    }

    /// The variables of the store that is there.
    fn variables_there(&self) -> Result<Vec<NamedVariable>> {
        let store = Store::open(&self.path)?;
        let pressures = store.arrays.get("pressure").map_or(Ok(Vec::new()), |array| array.all())?;
        let mut variables = Vec::new();
        for (name, array) in &store.arrays {
            let (dimensions, attributes) = (&array.description.dimensions, &array.description.attributes);
            if dimensions.len() < 2 || dimensions[0] != "time" {
                continue;
            }
            let text = |key: &str| attributes.get(key).and_then(Json::as_str).map(String::from);
            let beside = text("coordinates").unwrap_or_default();
            let on_levels = dimensions[1] == "pressure" || beside.split(' ').any(|own| own == "pressure");
            variables.push(NamedVariable {
                naming: Naming {
                    name: name.clone(),
                    long_name: text("long_name").unwrap_or_default(),
                    standard_name: text("standard_name"),
                    units: text("units").unwrap_or_default(),
                    cell_methods: text("cell_methods"),
                },
                precision: self.precision,
                pressures: if on_levels { pressures.clone() } else { Vec::new() },
            });
        }
        Ok(variables)
    }
}

/// Number of a field's variable, and of its level.
fn place(variables: &[NamedVariable], naming: &Naming, pressure: Option<f64>) -> Option<(usize, usize)> {
    let own = |variable: &NamedVariable| {
        (&variable.naming.name, &variable.naming.units) == (&naming.name, &naming.units)
    };
    let variable = variables.iter().position(own)?;
    let pressures = &variables[variable].pressures;
    let level = match pressure {
        None => pressures.is_empty().then_some(0),
        Some(pressure) => pressures.iter().position(|own| *own == pressure),
    };
    Some((variable, level?))
}
