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
//! [`Netcdf4Stream`] takes fields one by one, in any order within a time, and finds the variables, levels and members by
//! itself.
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
mod grow;
mod reserve;
pub(super) mod rounding;
mod store;
mod stream;
mod structure;
#[cfg(test)]
mod tests;

use std::path::Path;

use terrella_kernels::{Precision, Real};

pub use compression::Compression;
pub use stream::{Netcdf4Stream, StreamedField};

use super::netcdf::{NamedVariable, check_appended};
use crate::error::Result;
use crate::layout::Layout;
use crate::time::Time;
use create::Description;
use store::{Plane, Preparation, Store};

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
    store: Store,
    variables: Vec<NamedVariable>,
    preparation: Preparation,
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
        file.store.description.create(path, attributes, compression)?;
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
        file.store.restore()?;
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
        let description = Description::new(layout, reference, variables)?;
        Ok(Self {
            store: Store::new(path, description, compression, layout.points(), reference),
            variables: variables.to_vec(),
            // The settings fit all precisions by now.
            preparation: Preparation::new(path, compression, Precision::F64)?,
        })
    }

    /// Number of steps in the file.
    pub fn steps(&self) -> u64 {
        self.store.times.len() as u64
    }

    /// Time of the last step.
    pub fn last(&self) -> Option<Time> {
        self.store.times.last().copied()
    }

    /// Adds a step: one array per variable, `[level][point]`, in the order of the variables. NaN becomes missing.
    ///
    /// After an error the file holds the steps before, and the same step may be tried again: what was begun is dropped
    /// first. A full disk is met before libhdf5 begins to write, and leaves the file as it was.
    pub fn append<R: Real>(&mut self, time: Time, fields: &[&[R]]) -> Result<()> {
        let points = self.store.points();
        check_appended(&self.variables, points, fields, time, self.last(), "step")?;
        self.store.mend()?;
        let mut prepared = Vec::new();
        for (number, (variable, values)) in self.variables.iter().zip(fields).enumerate() {
            for (level, values) in values.chunks(points).enumerate() {
                let stored = self.preparation.plane(&self.store.path, variable.precision, values)?;
                let between = if variable.pressures.len() > 1 { vec![level as u64] } else { vec![] };
                prepared.push((number, between, stored));
            }
        }
        let planes = prepared.iter().map(|(variable, between, stored)| {
            let between = between.clone();
            Plane { variable: *variable, between, stored }
        });
        self.store.write(time, None, &planes.collect::<Vec<_>>())
    }

    /// Marks the file complete and brings it to the disk.
    pub fn finish(mut self) -> Result<()> {
        self.store.finish()
    }
}
