//! Single fields, in any order within a time, become the steps of a file.

use std::path::{Path, PathBuf};

use terrella_kernels::Precision;

use super::compression::Compression;
use super::create::Description;
use super::grow::copy;
use super::store::{Plane, Preparation, Store, Stored};
use super::structure::Structure;
use crate::encode::netcdf::Naming;
use crate::error::{Error, Result};
use crate::hdf5::{Access, File};
use crate::layout::Layout;
use crate::time::Time;

/// One horizontal field.
#[derive(Clone, Debug)]
pub struct StreamedField<'a> {
    /// Names and unit. The name is that of the variable.
    pub naming: Naming,
    /// Pressure level (hPa).
    pub pressure: Option<f64>,
    /// Member of an ensemble.
    pub member: Option<i64>,
    /// Time at which it is valid.
    pub time: Time,
    /// Begin of the period that ends at `time`, of what is made of a period's fields.
    pub since: Option<Time>,
    /// One per point of the layout; NaN where there is none.
    pub values: &'a [f64],
}

/// A NetCDF-4 file that is made of single fields.
///
/// Fields of one time come in any order; they are a step when a later time comes or [`Netcdf4Stream::flush`] is called,
/// and before that they wait, compressed, in memory. The dimensions are `time`, `realization` (of variables with
/// members), `pressure` (of those on several levels) and the horizontal ones. What is new (a variable, level or member)
/// after the first step gets its place in a copy of the file, which then takes its name: coordinates stay in order, and
/// a kill leaves the one or the other. What never came is missing. A field of an earlier time is taken where the file
/// has that time and not yet that field.
///
/// ```
/// use terrella_io::encode::{Compression, Naming, Netcdf4Stream, StreamedField};
/// use terrella_io::layout::Layout;
/// use terrella_io::{Parameter, Time};
/// use terrella_kernels::Precision;
/// # if terrella_io::hdf5::version().is_err() { return Ok(()); }
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("forecast.nc");
///
/// let layout = Layout::global_lat_lon(36, 19);
/// let start: Time = "2026-01-01T00".parse()?;
/// let mut file = Netcdf4Stream::create(&path, &layout, start, Precision::F32, Compression::None)?;
/// for pressure in [500.0, 850.0] {
///     let naming = Naming::from(&Parameter::TEMPERATURE);
///     let values = &vec![280.0; layout.points()];
///     file.put(&StreamedField { naming, pressure: Some(pressure), member: None, time: start, since: None, values })?;
/// }
/// file.finish()?;
/// # Ok::<(), terrella_io::Error>(())
/// ```
#[derive(Debug)]
pub struct Netcdf4Stream {
    path: PathBuf,
    layout: Layout,
    reference: Time,
    precision: Precision,
    compression: Compression,
    preparation: Preparation,
    /// Of the file.
    written: Structure,
    /// With the fields that wait.
    structure: Structure,
    /// None before the first step.
    store: Option<Store>,
    waiting: Option<Waiting>,
}

/// The fields of a time that are not in the file.
#[derive(Debug)]
struct Waiting {
    time: Time,
    since: Option<Time>,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    variable: usize,
    member: Option<i64>,
    pressure: Option<f64>,
    stored: Stored,
}

impl Netcdf4Stream {
    /// A new file. It appears with the first step, in place of one that had the name. Times are hours since `reference`.
    pub fn create(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        precision: Precision,
        compression: Compression,
    ) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self {
            path: path.to_owned(),
            layout: layout.clone(),
            reference,
            precision,
            compression,
            preparation: Preparation::new(path, compression, precision)?,
            written: Structure::default(),
            structure: Structure::default(),
            store: None,
            waiting: None,
        })
    }

    /// Opens a file that such a stream made, to add further fields. The mark of a killed writer and what it left behind
    /// the last finished step are taken away.
    ///
    /// Errors: a file that is none of HDF5, is damaged, or has another layout, reference time, precision or compression;
    /// its contents are not changed then.
    pub fn append_to(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        precision: Precision,
        compression: Compression,
    ) -> Result<Self> {
        let mut stream = Self::create(path, layout, reference, precision, compression)?;
        stream.structure = Structure::of_file(&stream.path)?;
        stream.written = stream.structure.clone();
        let mut store = stream.new_store(stream.description()?);
        store.restore()?;
        stream.store = Some(store);
        Ok(stream)
    }

    /// Drops all steps from a time on, and what waits, so that they can be written anew.
    pub fn drop_from(&mut self, time: Time) -> Result<()> {
        self.waiting = None;
        self.store.as_mut().map_or(Ok(()), |store| store.drop_from(time))
    }

    /// Times of the finished steps.
    pub fn times(&self) -> &[Time] {
        self.store.as_ref().map_or(&[], |store| &store.times)
    }

    /// Members of an ensemble that the file has.
    pub fn members(&self) -> &[i64] {
        &self.written.members
    }

    /// The layout of all fields.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The moment that times count from.
    pub fn reference(&self) -> Time {
        self.reference
    }

    /// Whether there are fields that are not in the file.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes a field. With one of another time, those that wait become a step first.
    ///
    /// Errors: a time before the last that the file does not have; a field that it has; another unit, another kind of
    /// level or another period than before; and those of writing the step before, which still waits then.
    pub fn put(&mut self, field: &StreamedField<'_>) -> Result<()> {
        let (name, expected, got) = (&field.naming.name, self.layout.points(), field.values.len());
        if got != expected {
            return Err(Error::LengthMismatch { name: name.clone(), expected, got });
        }
        if self.waiting.as_ref().is_some_and(|waiting| waiting.time != field.time) {
            self.flush()?;
        }
        let known = self.times().iter().position(|time| *time == field.time);
        if let (None, Some(last)) = (known, self.times().last().filter(|last| field.time < **last)) {
            return Err(Error::InvalidValue {
                name: format!("time of '{name}'"),
                got: field.time.to_string(),
                expected: format!("one of the file '{}', or one after {last}", self.path.display()),
            });
        }
        let mut added = None;
        let variable = match self.structure.find(field)? {
            Some(variable) => variable,
            None => added.insert(self.structure.clone()).add(field)?,
        };
        let comes_twice =
            self.waiting.iter().flat_map(|waiting| &waiting.fields).any(|own| {
                (own.variable, own.member, own.pressure) == (variable, field.member, field.pressure)
            });
        if comes_twice || known.is_some_and(|step| self.has(step, variable, field).unwrap_or(false)) {
            return Err(Error::InvalidValue {
                name: format!("'{name}' at {}", field.time),
                got: "a second field on the same level of the same member".into(),
                expected: "one: what tells them apart belongs into the file's name".into(),
            });
        }
        self.check_period(known, field)?;
        let stored = self.preparation.plane(&self.path, self.precision, field.values)?;
        if let Some(structure) = added {
            self.structure = structure;
        }
        let StreamedField { member, pressure, time, since, .. } = *field;
        let waiting = self.waiting.get_or_insert(Waiting { time, since, fields: Vec::new() });
        waiting.since = waiting.since.or(since);
        waiting.fields.push(Field { variable, member, pressure, stored });
        Ok(())
    }

    /// Brings the fields that wait to the disk. After an error they still wait.
    pub fn flush(&mut self) -> Result<()> {
        let Some(waiting) = self.waiting.take() else { return Ok(()) };
        let written = self.write(&waiting);
        if written.is_err() {
            self.waiting = Some(waiting);
        }
        written
    }

    /// Brings what waits to the disk and marks the file complete. Whether there is a file: without a field there is none.
    pub fn finish(mut self) -> Result<bool> {
        self.flush()?;
        match &mut self.store {
            Some(store) => store.finish().map(|()| true),
            None => Ok(false),
        }
    }

    fn write(&mut self, waiting: &Waiting) -> Result<()> {
        if self.store.is_none() || self.structure != self.written {
            let description = self.description()?;
            match &mut self.store {
                None => {
                    description.create(&self.path, &[], self.compression)?;
                    self.store = Some(self.new_store(description));
                }
                Some(store) => {
                    store.mend()?;
                    let (old, new) = (&self.written, &self.structure);
                    let copy = |path: &Path| copy(store, old, path, &description, new);
                    description.create_with(&self.path, &[], self.compression, copy)?;
                    store.description = description;
                }
            }
            self.written = self.structure.clone();
        }
        let mut planes = Vec::with_capacity(waiting.fields.len());
        for Field { variable, member, pressure, stored } in &waiting.fields {
            let between = self.written.between(*variable, *member, *pressure);
            planes.push(Plane { variable: *variable, between, stored });
        }
        let store = self.store.as_mut().expect("made above");
        store.write(waiting.time, waiting.since, &planes)
    }

    fn description(&self) -> Result<Description> {
        self.structure.description(&self.layout, self.reference, self.precision)
    }

    fn new_store(&self, description: Description) -> Store {
        Store::new(&self.path, description, self.compression, self.layout.points(), self.reference)
    }

    /// Whether a field is in the file.
    fn has(&self, step: usize, variable: usize, field: &StreamedField<'_>) -> Result<bool> {
        let (Some(store), Some(_)) = (&self.store, self.written.find(field)?) else { return Ok(false) };
        let file = File::open(&self.path, Access::ReadWhileWritten)?;
        let dataset = store.dataset(&file, &field.naming.name)?;
        let between = self.written.between(variable, field.member, field.pressure);
        let horizontal = vec![0; store.description.horizontal().len()];
        file.has_chunk(dataset, &[&[step as u64], &between[..], &horizontal].concat())
    }

    /// A time ends one period.
    fn check_period(&self, known: Option<usize>, field: &StreamedField<'_>) -> Result<()> {
        let Some(since) = field.since else { return Ok(()) };
        let on_disk = match (known, &self.store) {
            (Some(step), Some(store)) => store.bounds()?.get(2 * step..2 * step + 2).and_then(|bounds| {
                let begin = self.reference.plus_seconds((bounds[0] * 3600.0).round() as i64);
                (bounds[0] < bounds[1]).then_some(begin)
            }),
            _ => None,
        };
        let other = self.waiting.as_ref().and_then(|waiting| waiting.since).or(on_disk);
        match other.filter(|other| *other != since) {
            None => Ok(()),
            Some(other) => Err(Error::InvalidValue {
                name: format!("period of '{}' until {}", field.naming.name, field.time),
                got: format!("one since {since}"),
                expected: format!("one since {other} as before at this time, or a file of its own"),
            }),
        }
    }
}
