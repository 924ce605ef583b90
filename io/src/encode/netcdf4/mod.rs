//! CF-NetCDF files in HDF5 (NetCDF-4) that grow by one step per time, compressed and readable while they grow.
//!
//! Dimensions, variables and attributes are those of [`NetcdfFile`](super::NetcdfFile). A chunk is one horizontal field of
//! one time and level. libhdf5 is loaded at run time ([`crate::hdf5`]).
//!
//! Who reads when: between two steps the file is closed and whole, and every program can open it. During a step its
//! header says that it is being written: programs that open it for that (`SWMR` in HDF5's words, `swmr=True` of h5py)
//! see the steps before, others are refused for that moment. What such a program already has open stays valid all the
//! while, since steps before never move. libhdf5's file locks are not used: a reader never keeps the writer out. Two writers
//! of one file are the caller's to prevent.
//!
//! After a crash: a step's values reach the disk before its time does. A process killed between steps leaves a whole
//! file. One killed during a step leaves a header that says "being written": [`Netcdf4File::append_to`] takes the mark
//! away and drops what is behind the last finished step; HDF5's `h5clear -s FILE` takes the mark away too, without
//! dropping anything, so that a last step without a time may show.
//!
//! Sources: CF-1.11 (<https://cfconventions.org>); NetCDF User's Guide, appendix "File Format Specifications", NetCDF-4
//! format; HDF5 Dimension Scale Specification.

mod check;
pub(super) mod compression;
mod create;
mod reserve;
pub(super) mod rounding;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use terrella_kernels::{Precision, Real};

pub use compression::Compression;

use super::netcdf::{COMPLETE, FILL, NamedVariable, RUNNING, check_appended};
use crate::error::{Error, Result};
use crate::hdf5::{Access, Dataset, Element, File};
use crate::layout::Layout;
use crate::time::Time;
use compression::Packer;
use create::Description;
use reserve::{METADATA, reserve};
use rounding::Round;

/// A NetCDF-4 file in the making. Closing it without [`Netcdf4File::finish`] leaves its steps readable, with the global
/// attribute `run_status` "running " in place of "complete".
///
/// ```
/// use terrella_io::encode::{Compression, Netcdf4File, Variable};
/// use terrella_io::layout::Layout;
/// use terrella_io::{Parameter, Time};
/// use terrella_kernels::Precision;
/// # if terrella_io::hdf5::version().is_err() { return Ok(()); }
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("forecast.nc");
///
/// let layout = Layout::global_lat_lon(36, 19);
/// let start: Time = "2026-01-01T00".parse()?;
/// let temperature =
///     Variable { parameter: Parameter::TEMPERATURE, precision: Precision::F32, pressures: vec![850.0, 500.0] };
/// let compression = Compression::Zstd { level: 1, mantissa_bits: Some(10) };
/// let mut file =
///     Netcdf4File::create(&path, &layout, start, &[(&temperature).into()], &[("title", "A test")], compression)?;
/// let values = vec![280.0_f32; 2 * layout.points()];
/// file.append(start, &[&values])?;
/// file.finish()?;
/// # Ok::<(), terrella_io::Error>(())
/// ```
#[derive(Debug)]
pub struct Netcdf4File {
    path: PathBuf,
    variables: Vec<NamedVariable>,
    description: Description,
    points: usize,
    compression: Compression,
    packer: Option<Packer>,
    reference: Time,
    steps: u64,
    last: Option<Time>,
    /// Whether a step was begun and not ended.
    torn: bool,
}

/// The values of a variable at a step, ready to be written.
enum Stored {
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    /// One by level, through all filters.
    Chunks(Vec<Vec<u8>>),
}

impl Stored {
    /// Bytes in the file at most: deflate may make noise a little longer.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Floats(values) => 4 * values.len(),
            Self::Doubles(values) => 8 * values.len(),
            Self::Chunks(chunks) => chunks.iter().map(Vec::len).sum(),
        } as u64;
        bytes + bytes / 100
    }
}

impl Netcdf4File {
    /// Creates the file with coordinates and no steps. It appears whole, in place of one that had the name.
    ///
    /// `attributes` are global ones (title, institution, source, history, ...). Times are hours since `reference`.
    pub fn create(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        attributes: &[(&str, &str)],
        compression: Compression,
    ) -> Result<Self> {
        let path = path.as_ref();
        let file = Self::new(path, layout, reference, variables, compression)?;
        file.description.create(path, attributes, compression)?;
        Ok(file)
    }

    /// Opens a file that [`Netcdf4File::create`] made, to add further steps. The mark of a killed writer and what it left
    /// behind the last finished step are taken away.
    ///
    /// The arguments are those of `create`. Errors: a file that is none of HDF5, is damaged, or has other coordinates,
    /// variables, units, chunks or filters; its contents are not changed then.
    pub fn append_to(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        compression: Compression,
    ) -> Result<Self> {
        let mut file = Self::new(path.as_ref(), layout, reference, variables, compression)?;
        file.restore()?;
        Ok(file)
    }

    fn new(
        path: &Path,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        compression: Compression,
    ) -> Result<Self> {
        for variable in variables {
            compression.check(variable.precision)?;
        }
        let packer = match compression {
            Compression::Zstd { level, .. } => {
                Some(Packer::new(level).map_err(|source| Error::file(path, "preparing zstd", source))?)
            }
            _ => None,
        };
        Ok(Self {
            path: path.to_owned(),
            variables: variables.to_vec(),
            description: Description::new(layout, reference, variables)?,
            points: layout.points(),
            compression,
            packer,
            reference,
            steps: 0,
            last: None,
            torn: false,
        })
    }

    /// Number of steps in the file.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Time of the last step.
    pub fn last(&self) -> Option<Time> {
        self.last
    }

    /// Adds a step: one array per variable, `[level][point]`, in the order of the variables. NaN becomes missing.
    ///
    /// After an error the file holds the steps before, and the same step may be tried again: what was begun is dropped
    /// first. A full disk is met before libhdf5 begins to write, and leaves the file as it was.
    pub fn append<R: Real>(&mut self, time: Time, fields: &[&[R]]) -> Result<()> {
        check_appended(&self.variables, self.points, fields, time, self.last, "step")?;
        if self.torn {
            self.restore()?;
        }
        let mut stored = Vec::with_capacity(fields.len());
        for (number, values) in fields.iter().enumerate() {
            stored.push(match self.variables[number].precision {
                Precision::F32 => self.prepare(values, |value| value as f32, Stored::Floats)?,
                Precision::F64 => self.prepare(values, |value| value, Stored::Doubles)?,
            });
        }
        let bytes: u64 = stored.iter().map(|stored| stored.bytes() + METADATA).sum();
        reserve(&self.path, bytes + METADATA)?;
        self.torn = true;
        self.write_step(time, &stored)?;
        self.torn = false;
        self.steps += 1;
        self.last = Some(time);
        Ok(())
    }

    /// Marks the file complete and brings it to the disk.
    pub fn finish(mut self) -> Result<()> {
        if self.torn {
            self.restore()?;
        }
        self.set_status(COMPLETE)?;
        self.sync()
    }

    /// Values in their stored form: missing ones, mantissas, and with zstd the whole chunk.
    fn prepare<R: Real, T: Round + Element + bytemuck::Pod>(
        &mut self,
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
        let chunks =
            stored.chunks(self.points).map(|level| packer.pack(level)).collect::<std::io::Result<_>>();
        chunks.map(Stored::Chunks).map_err(|source| Error::file(&self.path, "compressing", source))
    }

    fn write_step(&self, time: Time, stored: &[Stored]) -> Result<()> {
        let file = File::open(&self.path, Access::Append)?;
        let count = self.dataset(&file, "time")?;
        let found = file.contents(count)?.shape.lengths;
        if found != [self.steps] {
            let reason = format!("it has {found:?} times where {} were written: another writer?", self.steps);
            return Err(Error::Netcdf { path: self.path.clone(), reason });
        }
        for (variable, stored) in self.description.fields().zip(stored) {
            let dataset = self.dataset(&file, variable.name())?;
            let mut lengths = variable.lengths(self.steps + 1);
            file.set_lengths(dataset, &lengths)?;
            let mut start = vec![0; lengths.len()];
            start[0] = self.steps;
            lengths[0] = 1;
            match stored {
                Stored::Floats(values) => file.write(dataset, &start, &lengths, values)?,
                Stored::Doubles(values) => file.write(dataset, &start, &lengths, values)?,
                Stored::Chunks(chunks) => {
                    for (level, chunk) in chunks.iter().enumerate() {
                        if chunks.len() > 1 {
                            start[1] = level as u64;
                        }
                        file.write_chunk(dataset, &start, chunk)?;
                    }
                }
            }
        }
        // First the values, then the time: a time on the disk never speaks of values that are not.
        file.flush()?;
        self.sync()?;
        file.set_lengths(count, &[self.steps + 1])?;
        file.write(count, &[self.steps], &[1], &[time.hours_since(self.reference)])?;
        file.close()
    }

    /// Takes the mark of a broken-off step away, drops what it left, and counts the steps.
    fn restore(&mut self) -> Result<()> {
        let times = self.description.check(&self.path, self.compression)?;
        reserve(&self.path, METADATA)?;
        let file = File::open(&self.path, Access::Repair)?;
        self.steps = times.len() as u64;
        for variable in self.description.growing() {
            let dataset = self.dataset(&file, variable.name())?;
            let lengths = variable.lengths(self.steps);
            if file.contents(dataset)?.shape.lengths != lengths {
                file.set_lengths(dataset, &lengths)?;
            }
        }
        file.replace_text("run_status", RUNNING)?;
        file.close()?;
        let seconds = times.last().map(|hours| (hours * 3600.0).round() as i64);
        self.last = seconds.map(|seconds| self.reference.plus_seconds(seconds));
        self.torn = false;
        Ok(())
    }

    fn set_status(&self, status: &str) -> Result<()> {
        reserve(&self.path, METADATA)?;
        let file = File::open(&self.path, Access::Write)?;
        file.replace_text("run_status", status)?;
        file.close()
    }

    fn dataset(&self, file: &File, name: &str) -> Result<Dataset> {
        file.dataset(name)?.ok_or_else(|| {
            let reason = format!("it has no variable '{name}' any more");
            Error::Netcdf { path: self.path.clone(), reason }
        })
    }

    fn sync(&self) -> Result<()> {
        create::sync(&self.path)
    }
}
