//! A state in a file of any format, read as a whole or level by level.

use std::cell::RefCell;
use std::path::Path;

use super::file::GribFile;
use super::format::{Format, format};
use super::netcdf::{self, netcdf_state};
use super::state::{Messages, State, StateSelection};
use crate::error::{Error, Result};

/// The state of one date, step and member in a GRIB or NetCDF file or a Zarr store; the file's first bytes tell which it is.
///
/// GRIB: [`GribFile::state`]. NetCDF, classic and in HDF5, and Zarr: [`netcdf_state`].
pub fn state(path: impl AsRef<Path>, selection: &StateSelection) -> Result<State> {
    let path = path.as_ref();
    match is_grib(path)? {
        true => GribFile::open(path)?.state(selection),
        false => netcdf_state(path, selection),
    }
}

fn is_grib(path: &Path) -> Result<bool> {
    Ok(match format(path)? {
        Format::Netcdf | Format::Hdf5 | Format::Zarr => false,
        Format::Other => true,
    })
}

/// A file in which a state was found, as [`state()`] would read it, with values that are read when they are asked for.
#[derive(Debug)]
pub struct StateFile {
    state: State<StatePlaces>,
    source: Source,
}

/// Where the values of a field of a [`StateFile`] are.
#[derive(Clone, Debug)]
pub struct StatePlaces(Places);

#[derive(Clone, Debug)]
enum Places {
    Grib(Messages),
    Netcdf(netcdf::Places),
}

#[derive(Debug)]
enum Source {
    Grib(GribFile),
    Netcdf(Box<RefCell<netcdf::Fields>>),
}

impl StateFile {
    /// Finds a state in a file. Errors: those of [`state()`], but for what only values tell.
    pub fn open(path: impl AsRef<Path>, selection: &StateSelection) -> Result<Self> {
        let path = path.as_ref();
        if is_grib(path)? {
            let file = GribFile::open(path)?;
            let state = file.found(selection)?.read(|messages, _| Ok(StatePlaces(Places::Grib(messages))))?;
            return Ok(Self { state, source: Source::Grib(file) });
        }
        let (fields, found) = netcdf::Fields::open(path, selection)?;
        let state = found.read(|places, _| Ok(StatePlaces(Places::Netcdf(places))))?;
        Ok(Self { state, source: Source::Netcdf(Box::new(RefCell::new(fields))) })
    }

    /// The state without its values.
    pub fn state(&self) -> &State<StatePlaces> {
        &self.state
    }

    /// The values of a level of a field of this file's state, from the top downwards, or of a field without levels, of which it is
    /// level 0: `[point]`.
    ///
    /// Errors: no such level, and what values of a state are refused for.
    pub fn level(&self, places: &StatePlaces, level: usize) -> Result<Vec<f64>> {
        match (&self.source, &places.0) {
            (Source::Grib(file), Places::Grib(messages)) if level < messages.count() => {
                file.level(messages, level, &self.state.layout)
            }
            (Source::Netcdf(fields), Places::Netcdf(places)) if level < places.count() => {
                fields.borrow_mut().level(places, level)
            }
            _ => Err(Error::InvalidValue {
                name: "level".into(),
                got: level.to_string(),
                expected: "one of a field of this file".into(),
            }),
        }
    }

    /// What reading a level costs, in bytes: of its message in a GRIB file, of its values in others.
    pub fn bytes(&self, places: &StatePlaces, level: usize) -> u64 {
        match (&self.source, &places.0) {
            (Source::Grib(file), Places::Grib(messages)) if level < messages.count() => {
                file.bytes(messages, level)
            }
            _ => (self.state.layout.points() * size_of::<f64>()) as u64,
        }
    }
}
