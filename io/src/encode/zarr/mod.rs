//! CF stores of Zarr version 3 that grow by one step per time, readable while they grow.
//!
//! A folder with a group: each array is a folder in it. Dimensions, variables and attributes are those of
//! [`NetcdfFile`](super::NetcdfFile) (`dimension_names` tells the dimensions); missing values are NaN, which is the fill value.
//! A chunk is one horizontal field of one time and level, little-endian, compressed, with a CRC32C. HEALPix is in ring order,
//! and where its sides are powers of two a variable `healpix` says so as a grid mapping (CF from version 1.13 on). There are no
//! consolidated metadata.
//!
//! Who reads when: a step is written into files that no document speaks of; then the documents of the variables are
//! replaced, and at last that of `time`. So every array is whole at every moment, and has at least the steps of `time`. A
//! program that opens the whole group within the microseconds in between may find arrays of different lengths and look
//! again; [`crate::read`] takes the length of `time`. Two writers of one store are the caller's to prevent.
//!
//! After a crash: a step's values and documents reach the disk before its time does. [`ZarrStore::append_to`] drops what a killed
//! process left behind the last finished step.
//!
//! Sources: Zarr core specification, version 3, with its codecs `bytes`, `gzip`, `zstd` and `crc32c`
//! (<https://zarr-specs.readthedocs.io>); CF-1.11 (<https://cfconventions.org>).

mod check;
mod description;
mod files;
mod pack;
mod stream;

use std::path::{Path, PathBuf};

use terrella_kernels::Real;

use super::netcdf::{COMPLETE, NamedVariable, RUNNING, check_appended};
use super::netcdf4::Compression;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::read::zarr::{DOCUMENT, read};
use crate::time::Time;
pub use stream::ZarrStream;

use check::status;
use description::{Described, Description, TIMES, group};
use pack::Packer;

/// A Zarr store in the making. Dropping it without [`ZarrStore::finish`] leaves its steps readable, with the group's
/// attribute `run_status` "running" in place of "complete".
///
/// ```
/// use terrella_io::encode::{Compression, Variable, ZarrStore};
/// use terrella_io::layout::Layout;
/// use terrella_io::{Parameter, Time};
/// use terrella_kernels::Precision;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("forecast.zarr");
///
/// let layout = Layout::global_lat_lon(36, 19);
/// let start: Time = "2026-01-01T00".parse()?;
/// let temperature =
///     Variable { parameter: Parameter::TEMPERATURE, precision: Precision::F32, pressures: vec![850.0, 500.0] };
/// let compression = Compression::Zstd { level: 1, mantissa_bits: Some(10) };
/// let mut store =
///     ZarrStore::create(&path, &layout, start, &[(&temperature).into()], &[("title", "A test")], compression)?;
/// let values = vec![280.0_f32; 2 * layout.points()];
/// store.append(start, &[&values])?;
/// store.finish()?;
/// # Ok::<(), terrella_io::Error>(())
/// ```
#[derive(Debug)]
pub struct ZarrStore {
    path: PathBuf,
    variables: Vec<NamedVariable>,
    description: Description,
    packer: Packer,
    points: usize,
    reference: Time,
    /// Hours since `reference`.
    times: Vec<f64>,
    last: Option<Time>,
    /// Whether a step was begun and not ended.
    torn: bool,
}

/// A chunk of a step.
#[derive(Debug)]
struct Chunk {
    variable: usize,
    level: usize,
    bytes: Vec<u8>,
}

impl ZarrStore {
    /// Creates the store with coordinates and no steps. It appears whole, in place of one made here that had the name; any
    /// other folder or file is refused.
    ///
    /// `attributes` are the group's (title, institution, source, history, ...). Times are hours since `reference`.
    pub fn create(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        attributes: &[(&str, &str)],
        compression: Compression,
    ) -> Result<Self> {
        let path = path.as_ref();
        let store = Self::new(path, layout, reference, variables, compression)?;
        let refuse = |got: String| {
            let expected = "a name that is free or of a Zarr store made here, which is replaced".into();
            Err(Error::InvalidValue { name: "path".into(), got, expected })
        };
        let Some(name) = path.file_name() else {
            return refuse(format!("'{}'", path.display()));
        };
        if path.exists() && !read(path).is_ok_and(|document| status(&document).is_some()) {
            return refuse(format!("'{}', which is something else", path.display()));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(hidden);
        let made = store.fill(&temporary, attributes).and_then(|()| files::name_folder(&temporary, path));
        if made.is_err() {
            // The name is ours and the error at hand is the one to tell.
            let _ = std::fs::remove_dir_all(&temporary);
        }
        made?;
        Ok(store)
    }

    /// Opens a store that [`ZarrStore::create`] made, to add further steps. What a killed writer left behind the last
    /// finished step is taken away.
    ///
    /// The arguments are those of `create`. Errors: a folder that is no Zarr store made here, is damaged, or has other
    /// coordinates, variables, units, chunks or codecs; it is not changed then.
    pub fn append_to(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        compression: Compression,
    ) -> Result<Self> {
        let mut store = Self::new(path.as_ref(), layout, reference, variables, compression)?;
        store.restore()?;
        Ok(store)
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
        Ok(Self {
            path: path.to_owned(),
            variables: variables.to_vec(),
            description: Description::new(layout, reference, variables, compression)?,
            packer: Packer::new(compression)
                .map_err(|source| Error::file(path, "preparing compression", source))?,
            points: layout.points(),
            reference,
            times: Vec::new(),
            last: None,
            torn: false,
        })
    }

    /// Number of steps in the store.
    pub fn steps(&self) -> u64 {
        self.times.len() as u64
    }

    /// Time of the last step.
    pub fn last(&self) -> Option<Time> {
        self.last
    }

    /// Adds a step: one array per variable, `[level][point]`, in the order of the variables. NaN becomes missing.
    ///
    /// After an error, such as a full disk, the store holds the steps before, and the same step may be tried again.
    pub fn append<R: Real>(&mut self, time: Time, fields: &[&[R]]) -> Result<()> {
        check_appended(&self.variables, self.points, fields, time, self.last, "step")?;
        let mut chunks = Vec::new();
        for (number, (variable, values)) in self.variables.iter().zip(fields).enumerate() {
            for (level, values) in values.chunks(self.points).enumerate() {
                let bytes = self.packer.field(values, variable.precision);
                let bytes = bytes.map_err(|source| Error::file(&self.path, "compressing", source))?;
                chunks.push(Chunk { variable: number, level, bytes });
            }
        }
        self.append_chunks(time, &chunks)
    }

    /// Adds a step of finished chunks; where there is none, all values are missing.
    fn append_chunks(&mut self, time: Time, chunks: &[Chunk]) -> Result<()> {
        if self.torn {
            self.restore()?;
        }
        self.torn = true;
        let mut files = Vec::new();
        if let Err(error) = self.write_chunks(chunks, &mut files) {
            // They only take room, and the error at hand is the one to tell.
            files.iter().for_each(|path| drop(std::fs::remove_file(path)));
            return Err(error);
        }
        self.count(time)?;
        self.torn = false;
        Ok(())
    }

    /// Marks the store complete and brings it to the disk.
    pub fn finish(mut self) -> Result<()> {
        if self.torn {
            self.restore()?;
        }
        self.set_status(COMPLETE)
    }

    /// Writes the chunks of the next step and notes their names.
    fn write_chunks(&self, chunks: &[Chunk], files: &mut Vec<PathBuf>) -> Result<()> {
        let step = self.times.len();
        for (number, (array, variable)) in self.description.fields().zip(&self.variables).enumerate() {
            let folder = self.path.join(&array.name);
            for level in 0..variable.pressures.len().max(1) {
                let path = folder.join(array.chunk(step, level));
                let own = chunks.iter().find(|chunk| (chunk.variable, chunk.level) == (number, level));
                match own {
                    Some(chunk) => {
                        files.push(path);
                        files::write(&files[files.len() - 1], &chunk.bytes)?;
                    }
                    // What a killed writer left there is not of this step.
                    None => files::remove(&path)?,
                }
            }
        }
        files::sync(files)
    }

    /// The number of the step of a time.
    fn step(&self, time: Time) -> Option<usize> {
        let hours = time.hours_since(self.reference);
        self.times.iter().position(|own| *own == hours)
    }

    /// Adds a chunk to a step that is there; false where it has one.
    fn add_chunk(&self, step: usize, chunk: &Chunk) -> Result<bool> {
        let array = self.description.fields().nth(chunk.variable).expect("one array for each variable");
        let path = self.path.join(&array.name).join(array.chunk(step, chunk.level));
        let is_new = !path.exists();
        if is_new {
            crate::sink::AtomicFile::write(path, &chunk.bytes)?;
        }
        Ok(is_new)
    }

    /// Makes arrays for variables that are new at the end of the list.
    fn extend(&mut self, variables: Vec<NamedVariable>, description: Description) -> Result<()> {
        if self.torn {
            self.restore()?;
        }
        for array in &description.arrays {
            if self.description.arrays.iter().any(|own| own.name == array.name) {
                continue;
            }
            let hidden = self.path.join(format!(".{}.part", array.name));
            if hidden.exists() {
                // Of a killed writer.
                std::fs::remove_dir_all(&hidden)
                    .map_err(|source| Error::file(&hidden, "removing", source))?;
            }
            files::sync(&array_files(array, &hidden, self.times.len())?)?;
            files::name_folder(&hidden, &self.path.join(&array.name))?;
        }
        self.variables = variables;
        self.description = description;
        Ok(())
    }

    /// Counts a step whose chunks are on the disk.
    fn count(&mut self, time: Time) -> Result<()> {
        let mut times = self.times.clone();
        times.push(time.hours_since(self.reference));
        let number = (times.len() - 1) / TIMES;
        let mut chunk = times[number * TIMES..].to_vec();
        chunk.resize(TIMES, f64::NAN);
        let path = self.path.join("time").join(format!("c.{number}"));
        crate::sink::AtomicFile::write(path, &pack::coordinate(&chunk))?;
        self.set_steps(times.len())?;
        self.times = times;
        self.last = Some(time);
        Ok(())
    }

    /// Drops all steps from a time on. Their chunks are written over, or removed, by those that come in their place.
    fn drop_from(&mut self, time: Time) -> Result<()> {
        if self.torn {
            self.restore()?;
        }
        let hours = time.hours_since(self.reference);
        let kept = self.times.partition_point(|own| *own < hours);
        if kept < self.times.len() {
            // The time first: it never speaks of values that are not there.
            self.torn = true;
            for array in self.description.growing().collect::<Vec<_>>().into_iter().rev() {
                files::replace(&[(self.path.join(&array.name), array.document(kept))])?;
            }
            self.torn = false;
            self.times.truncate(kept);
            self.last = self.times.last().map(|hours| self.time(*hours));
        }
        Ok(())
    }

    fn time(&self, hours: f64) -> Time {
        self.reference.plus_seconds((hours * 3600.0).round() as i64)
    }

    /// First the variables, then the time, so that a time never speaks of values that are not there.
    fn set_steps(&self, steps: usize) -> Result<()> {
        let document = |array: &Described| (self.path.join(&array.name), array.document(steps));
        files::replace(&self.description.growing().map(document).collect::<Vec<_>>())
    }

    fn set_status(&self, status: &str) -> Result<()> {
        let mut document = read(&self.path)?;
        if self::status(&document).is_none() {
            return Err(self.no_mark());
        }
        document["attributes"]["run_status"] = status.trim_end().into();
        files::replace(&[(self.path.clone(), document)])
    }

    fn no_mark(&self) -> Error {
        let reason = "it has no attribute 'run_status' as stores made here have".into();
        Error::Zarr { path: self.path.clone(), reason }
    }

    fn fill(&self, folder: &Path, attributes: &[(&str, &str)]) -> Result<()> {
        files::make_folder(folder)?;
        let mut made = vec![folder.join(DOCUMENT)];
        files::write(&made[0], files::text(&group(attributes, RUNNING.trim_end())).as_bytes())?;
        for array in &self.description.arrays {
            made.extend(array_files(array, &folder.join(&array.name), 0)?);
        }
        files::sync(&made)
    }
}

/// Makes the folder of an array with its document, and its values where it does not grow.
fn array_files(array: &Described, folder: &Path, steps: usize) -> Result<Vec<PathBuf>> {
    files::make_folder(folder)?;
    let mut made = vec![folder.join(DOCUMENT)];
    files::write(&made[0], files::text(&array.document(steps)).as_bytes())?;
    if let Some(values) = &array.values {
        made.push(folder.join(array.only_chunk()));
        files::write(&made[1], &pack::coordinate(values))?;
    }
    Ok(made)
}
