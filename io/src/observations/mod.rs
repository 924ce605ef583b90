//! Observations: reports of stations, sondes, aircraft and satellites, with what was wrong with them.
//!
//! [`read`] takes a BUFR file (through ecCodes) or a NetCDF file of MADIS, and gives [`Report`]s of one form: who, when, where, and
//! on each [`Level`] the measured [`Value`]s in SI units, with their quality. Nothing vanishes in silence: what is no report is
//! counted in [`Rejections`] by [`Reason`], and a value that is missing is there as a missing one.
//!
//! | kind | BUFR | MADIS |
//! |---|---|---|
//! | [`SurfaceLand`](Kind::SurfaceLand): SYNOP, METAR | category 0 | metar |
//! | [`SurfaceSea`](Kind::SurfaceSea): ships, buoys | category 1 | marine |
//! | [`Radiosonde`](Kind::Radiosonde): TEMP, PILOT, dropsondes | category 2 with pressures | rawin |
//! | [`WindProfiler`](Kind::WindProfiler) | category 2 with heights | profiler |
//! | [`Aircraft`](Kind::Aircraft): AIREP, AMDAR, ACARS | category 4 | acars |
//! | [`SatelliteWind`](Kind::SatelliteWind): motion vectors | category 5 with winds | satwnd |
//!
//! [`depart`] compares reports with a background, on pressure or hybrid levels; [`write_feedback`] keeps the [`Feedback`] as NetCDF and [`read_feedback`]
//! reads it back. [`departure_map`], [`sounding_chart`], [`profile_chart`] and [`histogram_chart`] are its pictures.

mod admission;
mod background;
mod bufr;
mod departures;
mod errors;
mod feedback;
mod kind;
mod madis;
mod pictures;
mod quality;
mod quantity;
mod rejections;
mod report;
mod standard_atmosphere;
mod summary;
mod unpacked;

use std::path::Path;

pub use departures::{DepartureSettings, depart};
pub use errors::{humidity_error, standard_error};
pub use feedback::{Departure, Feedback, LevelStatistics, Station, read_feedback, write_feedback};
pub use kind::Kind;
pub use pictures::{Choice, departure_map, histogram_chart, profile_chart, sounding_chart};
pub use quality::{Flag, Quality};
pub use quantity::Quantity;
pub use rejections::{Reason, Rejection, Rejections};
pub use report::{Level, Report, Value, Vertical};
pub use summary::Summary;

use crate::error::Result;
use crate::read::{Format, format};

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// In the file's order.
    pub reports: Vec<Report>,
    /// What is not among them, and why.
    pub rejections: Rejections,
}

/// All reports of a file; its first bytes tell whether it is BUFR or NetCDF, or either packed by gzip, as MADIS hands its files out.
///
/// # Errors
/// [`NotObservations`](crate::Error::NotObservations) for a file that is neither, has no message at all, or is NetCDF of something else;
/// [`LibraryMissing`](crate::Error::LibraryMissing) for BUFR without ecCodes; [`File`](crate::Error::File) for packed bytes that are damaged or end too early, or
/// unpack to more than 4 GiB. A damaged file is no error: its good messages are reports, the
/// others rejections.
pub fn read(path: impl AsRef<Path>) -> Result<Observed> {
    let path = path.as_ref();
    if let Some(unpacked) = unpacked::unpack(path)? {
        return read_plain(&unpacked.path);
    }
    read_plain(path)
}

fn read_plain(path: &Path) -> Result<Observed> {
    match format(path)? {
        Format::Netcdf | Format::Hdf5 | Format::Zarr => madis::read(path),
        Format::Other => bufr::read(path),
    }
}
