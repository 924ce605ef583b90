//! `[output]` of all models.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ranges::within;
use crate::automatic::Automatic;

/// `[output]`: what is written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    /// Folder, relative to the configuration's; `--out` replaces it.
    pub(crate) folder: PathBuf,
    /// Hours between outputs.
    pub(crate) interval: u32,
    /// Which files.
    pub(crate) formats: Vec<Format>,
    /// Bits per value in GRIB, where no plan says it.
    pub(crate) bits: u32,
    /// What becomes of the fields in GRIB, a plan file; without it one file per output time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<PathBuf>,
    /// Maps and charts.
    pub(crate) pictures: bool,
    /// Width of pictures \[pixels\].
    pub(crate) picture_width: u32,
    /// Projection of the maps.
    pub(crate) projection: Projection,
    /// Animations of fields.
    pub(crate) animation: bool,
    /// Which fields, such as prmsl, t850, ws250; auto: sea-level pressure and the wind of the highest surface.
    pub(crate) animation_fields: Automatic<Vec<String>>,
    /// Width of animations \[pixels\].
    pub(crate) animation_width: u32,
    /// Time for which each picture of an animation is shown \[s\].
    pub(crate) animation_time: f64,
    /// Hours between checkpoints; 0 writes one only where a run stops early.
    pub(crate) checkpoint_interval: u32,
}

/// Bits per value in GRIB, unless another number is given.
const BITS: u32 = 16;

impl Default for Output {
    fn default() -> Self {
        Self {
            folder: "out".into(),
            interval: 6,
            formats: vec![Format::Grib2, Format::Netcdf],
            bits: BITS,
            plan: None,
            pictures: true,
            picture_width: 1600,
            projection: Projection::Robinson,
            animation: false,
            animation_fields: Automatic::Auto,
            animation_width: 1000,
            animation_time: 0.25,
            checkpoint_interval: 24,
        }
    }
}

impl Output {
    /// Makes its paths openable.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        self.folder = folder.join(&self.folder);
        self.plan = self.plan.take().map(|plan| folder.join(plan));
    }

    /// Refuses bits that a plan would not heed.
    pub(crate) fn expect_bits_in_plan(&self) -> std::result::Result<(), String> {
        if self.plan.is_none() || self.bits == BITS {
            return Ok(());
        }
        Err(format!(
            "Key 'bits' in [output] is {}: expected none beside 'plan', whose 'bits-per-value' tells it.",
            self.bits
        ))
    }

    /// Refuses what does not go with itself or the forecast's length \[h\].
    pub(crate) fn validate(&self, length: u32) -> std::result::Result<(), String> {
        within("output", "interval", self.interval, 1, 24 * 366)?;
        within("output", "bits", self.bits, 1, 32)?;
        within("output", "picture_width", self.picture_width, 400, 8000)?;
        within("output", "animation_width", self.animation_width, 200, 4000)?;
        within("output", "animation_time", self.animation_time, 0.01, 10.0)?;
        if let Automatic::Given(fields) = &self.animation_fields
            && fields.is_empty()
        {
            return Err(
                "Key 'animation_fields' in [output] is empty: expected \"auto\" or names of fields.".into()
            );
        }
        if self.formats.is_empty() {
            return Err("Key 'formats' in [output] is empty: expected at least one of grib2, netcdf.".into());
        }
        if self.plan.is_some() && !self.formats.contains(&Format::Grib2) {
            return Err(
                "Key 'plan' in [output] is given: expected grib2 in 'formats', which it is for.".into()
            );
        }
        if !self.checkpoint_interval.is_multiple_of(self.interval) {
            return Err(format!(
                "Key 'checkpoint_interval' in [output] is {}: expected a multiple of 'interval' ({} h), or 0.",
                self.checkpoint_interval, self.interval
            ));
        }
        if !length.is_multiple_of(self.interval) {
            return Err(format!(
                "Key 'length' in [model] is {}: expected a multiple of 'interval' in [output] ({} h).",
                length, self.interval
            ));
        }
        Ok(())
    }
}

/// A file format.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Grib2,
    Netcdf,
}

/// Projection of the maps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Projection {
    Robinson,
    PlateCarree,
    NorthPolar,
    SouthPolar,
}

impl Projection {
    /// As the pictures draw it.
    pub(crate) fn of_pictures(self) -> terrella_io::picture::Projection {
        use terrella_io::picture::Projection as Drawn;
        match self {
            Self::Robinson => Drawn::Robinson { longitude: 0.0 },
            Self::PlateCarree => Drawn::PlateCarree { longitude: 0.0 },
            Self::NorthPolar => Drawn::Orthographic { longitude: 0.0, latitude: 90.0 },
            Self::SouthPolar => Drawn::Orthographic { longitude: 0.0, latitude: -90.0 },
        }
    }
}
