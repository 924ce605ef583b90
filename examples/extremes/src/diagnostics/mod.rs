//! `[diagnostics]`: cyclones and their tracks, exceedance of wind and precipitation, heat waves.

mod configuration;
mod cyclones;
mod exceedance;
mod files;
mod heat_wave;
mod tracks;

use std::path::{Path, PathBuf};

use terrella_io::Time;
use terrella_io::picture::Projection;
use terrella_kernels::grid::Grid;

pub(crate) use configuration::{Diagnostics, hourly_steps};
pub(crate) use files::hours;

use crate::error::Result;
use crate::observer::Observer;

/// What the diagnostics know of the run.
pub(crate) struct Setting<'a> {
    pub(crate) grid: &'a Grid,
    /// Height of the ground \[m\], `[point]`.
    pub(crate) ground: Vec<f64>,
    pub(crate) folder: &'a Path,
    pub(crate) reference: Time,
    /// Hours between looks at the forecast.
    pub(crate) interval: f64,
    /// Width of pictures \[pixels\] and projection of maps; none without pictures.
    pub(crate) pictures: Option<(u32, Projection)>,
}

impl Setting<'_> {
    /// `NAME_2011011512.EXTENSION` in the run's folder.
    fn path(&self, name: &str, extension: &str) -> PathBuf {
        let (year, month, day, hour, _, _) = self.reference.civil();
        self.folder.join(format!("{name}_{year:04}{month:02}{day:02}{hour:02}.{extension}"))
    }
}

/// The observers that the table asks for.
pub(crate) fn observers(table: &Diagnostics, setting: &Setting<'_>) -> Result<Vec<Box<dyn Observer>>> {
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    if table.cyclones {
        observers.push(Box::new(cyclones::Cyclones::new(setting)?));
    }
    if table.exceedance {
        observers.push(Box::new(exceedance::Exceedances::new(table, setting)?));
    }
    if table.heat_wave {
        observers.push(Box::new(heat_wave::HeatWaveDays::new(table, setting)?));
    }
    Ok(observers)
}
