//! A file on the disk, to which horizontal fields are added time by time.

use std::path::{Path, PathBuf};

use terrella_kernels::{Precision, Real};

use super::compression::{Compression, Packer};
use super::create::{self, Description};
use super::reserve::{METADATA, reserve};
use super::rounding::Round;
use crate::encode::netcdf::{COMPLETE, FILL, RUNNING};
use crate::error::{Error, Result};
use crate::hdf5::{Access, Dataset, Element, File};
use crate::time::Time;

/// A file that [`Description::create`] made.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) path: PathBuf,
    pub(super) description: Description,
    compression: Compression,
    points: usize,
    reference: Time,
    /// Of the finished steps.
    pub(super) times: Vec<Time>,
    /// Whether a step was begun and not ended.
    torn: bool,
}

/// A horizontal field, ready to be written.
#[derive(Debug)]
pub(super) enum Stored {
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    /// Through all filters.
    Chunk(Vec<u8>),
}

/// A horizontal field with its place in a step.
pub(super) struct Plane<'a> {
    /// Number of the variable among those of the caller.
    pub(super) variable: usize,
    /// Positions in the dimensions between time and the horizontal ones.
    pub(super) between: Vec<u64>,
    pub(super) stored: &'a Stored,
}

impl Stored {
    /// Bytes in the file at most: deflate may make noise a little longer.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Floats(values) => 4 * values.len(),
            Self::Doubles(values) => 8 * values.len(),
            Self::Chunk(chunk) => chunk.len(),
        } as u64;
        bytes + bytes / 100
    }
}

/// Brings values into their stored form.
#[derive(Debug)]
pub(super) struct Preparation {
    compression: Compression,
    packer: Option<Packer>,
}

impl Preparation {
    /// `path`: of the file that an error is told for.
    pub(super) fn new(path: &Path, compression: Compression, precision: Precision) -> Result<Self> {
        compression.check(precision)?;
        let packer = match compression {
            Compression::Zstd { level, .. } => {
                Some(Packer::new(level).map_err(|source| Error::file(path, "preparing zstd", source))?)
            }
            _ => None,
        };
        Ok(Self { compression, packer })
    }

    /// Missing values, mantissas, and with zstd the whole chunk.
    pub(super) fn plane<R: Real>(
        &mut self,
        path: &Path,
        precision: Precision,
        values: &[R],
    ) -> Result<Stored> {
        match precision {
            Precision::F32 => self.stored(path, values, |value| value as f32, Stored::Floats),
            Precision::F64 => self.stored(path, values, |value| value, Stored::Doubles),
        }
    }

    fn stored<R: Real, T: Round + Element + bytemuck::Pod>(
        &mut self,
        path: &Path,
        values: &[R],
        convert: impl Fn(f64) -> T,
        plain: impl Fn(Vec<T>) -> Stored,
    ) -> Result<Stored> {
        let kept = self.compression.mantissa_bits().unwrap_or(T::MANTISSA);
        let fill = convert(f64::from(FILL));
        let store = |value: &R| {
            let value = value.to_f64();
            if value.is_nan() { fill } else { convert(value).round_mantissa(kept) }
        };
        let stored: Vec<T> = values.iter().map(store).collect();
        let Some(packer) = &mut self.packer else { return Ok(plain(stored)) };
        let chunk = packer.pack(&stored);
        chunk.map(Stored::Chunk).map_err(|source| Error::file(path, "compressing", source))
    }
}

impl Store {
    pub(super) fn new(
        path: &Path,
        description: Description,
        compression: Compression,
        points: usize,
        reference: Time,
    ) -> Self {
        let (path, times) = (path.to_owned(), Vec::new());
        Self { path, description, compression, points, reference, times, torn: false }
    }

    /// Adds a step, or fields to one that is there. `since`: begin of the period that the time ends, where the file has
    /// bounds of times.
    ///
    /// After an error the file holds the steps before, and the same step may be tried again: what was begun is dropped
    /// first. A full disk is met before libhdf5 begins to write, and leaves the file as it was.
    pub(super) fn write(&mut self, time: Time, since: Option<Time>, planes: &[Plane<'_>]) -> Result<()> {
        self.mend()?;
        let step = self.times.iter().position(|known| *known == time);
        let bytes: u64 = planes.iter().map(|plane| plane.stored.bytes() + METADATA).sum();
        reserve(&self.path, bytes + METADATA)?;
        self.torn = true;
        self.write_step(time, step, since, planes)?;
        self.torn = false;
        if step.is_none() {
            self.times.push(time);
        }
        Ok(())
    }

    fn write_step(
        &self,
        time: Time,
        step: Option<usize>,
        since: Option<Time>,
        planes: &[Plane<'_>],
    ) -> Result<()> {
        let file = File::open(&self.path, Access::Append)?;
        let times = self.dataset(&file, "time")?;
        let (found, steps) = (file.contents(times)?.shape.lengths, self.times.len() as u64);
        if found != [steps] {
            let reason = format!("it has {found:?} times where {steps} were written: another writer?");
            return Err(Error::Netcdf { path: self.path.clone(), reason });
        }
        let number = step.map_or(steps, |step| step as u64);
        let horizontal = self.description.horizontal().to_vec();
        let mut datasets = Vec::new();
        for variable in self.description.fields() {
            let dataset = self.dataset(&file, variable.name())?;
            if step.is_none() {
                file.set_lengths(dataset, &variable.lengths(steps + 1))?;
            }
            datasets.push(dataset);
        }
        for Plane { variable, between, stored } in planes {
            let start = [&[number], &between[..], &vec![0; horizontal.len()]].concat();
            let lengths = [&vec![1; 1 + between.len()], &horizontal[..]].concat();
            let dataset = datasets[*variable];
            match stored {
                Stored::Floats(values) => file.write(dataset, &start, &lengths, values)?,
                Stored::Doubles(values) => file.write(dataset, &start, &lengths, values)?,
                Stored::Chunk(chunk) => file.write_chunk(dataset, &start, 0, chunk)?,
            }
        }
        let hours = time.hours_since(self.reference);
        if let Some(bounds) = self.description.bounds() {
            let dataset = self.dataset(&file, bounds)?;
            if step.is_none() {
                file.set_lengths(dataset, &[steps + 1, 2])?;
            }
            if step.is_none() || since.is_some() {
                let begin = since.map_or(hours, |since| since.hours_since(self.reference));
                file.write(dataset, &[number, 0], &[1, 2], &[begin, hours])?;
            }
        }
        // First the values, then the time: a time on the disk never speaks of values that are not.
        file.flush()?;
        create::sync(&self.path)?;
        if step.is_none() {
            file.set_lengths(times, &[steps + 1])?;
            file.write(times, &[steps], &[1], &[hours])?;
        }
        file.close()
    }

    /// Begins and ends of the periods that times end.
    pub(super) fn bounds(&self) -> Result<Vec<f64>> {
        let Some(bounds) = self.description.bounds() else { return Ok(Vec::new()) };
        let file = File::open(&self.path, Access::ReadWhileWritten)?;
        let dataset = self.dataset(&file, bounds)?;
        file.read(dataset, &[0, 0], &[self.times.len() as u64, 2])
    }

    /// Takes the mark of a broken-off step away, drops what it left, and reads the times.
    pub(super) fn restore(&mut self) -> Result<()> {
        let hours = self.description.check(&self.path, self.compression)?;
        let time = |hours: &f64| self.reference.plus_seconds((hours * 3600.0).round() as i64);
        let times: Vec<Time> = hours.iter().map(time).collect();
        self.cut(times.len())?;
        self.times = times;
        self.torn = false;
        Ok(())
    }

    /// Drops all steps from a time on.
    pub(super) fn drop_from(&mut self, time: Time) -> Result<()> {
        self.mend()?;
        let kept = self.times.partition_point(|known| *known < time);
        if kept < self.times.len() {
            self.cut(kept)?;
            self.times.truncate(kept);
        }
        Ok(())
    }

    /// Keeps that many steps.
    fn cut(&self, steps: usize) -> Result<()> {
        reserve(&self.path, METADATA)?;
        let file = File::open(&self.path, Access::Repair)?;
        for variable in self.description.growing() {
            let dataset = self.dataset(&file, variable.name())?;
            let lengths = variable.lengths(steps as u64);
            if file.contents(dataset)?.shape.lengths != lengths {
                file.set_lengths(dataset, &lengths)?;
            }
        }
        file.replace_text("run_status", RUNNING)?;
        file.close()
    }

    /// Marks the file complete and brings it to the disk.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.mend()?;
        reserve(&self.path, METADATA)?;
        let file = File::open(&self.path, Access::Write)?;
        file.replace_text("run_status", COMPLETE)?;
        file.close()?;
        create::sync(&self.path)
    }

    /// After an error: as [`Store::restore`].
    pub(super) fn mend(&mut self) -> Result<()> {
        if self.torn { self.restore() } else { Ok(()) }
    }

    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn dataset(&self, file: &File, name: &str) -> Result<Dataset> {
        file.dataset(name)?.ok_or_else(|| {
            let reason = format!("it has no variable '{name}' any more");
            Error::Netcdf { path: self.path.clone(), reason }
        })
    }
}
