//! The configuration file of `assimilation analyse`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terrella_driver::{Tables, known_keys};

use crate::configuration::{parse, positive};
use crate::error::{Error, Result};

/// All of a configuration file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Configuration {
    pub(crate) background: Background,
    #[serde(default)]
    pub(crate) observations: Observations,
    #[serde(default)]
    pub(crate) analysis: Analysis,
    #[serde(default)]
    pub(crate) output: Output,
}

/// `[background]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Background {
    /// GRIB, NetCDF or Zarr, with a whole state on pressure levels.
    pub(crate) file: PathBuf,
}

/// `[observations]`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Observations {
    /// BUFR, or NetCDF of MADIS; files of the command line come after these.
    pub(crate) files: Vec<PathBuf>,
}

/// `[analysis]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Analysis {
    /// Triangular truncation of increments.
    pub(crate) truncation: usize,
    /// Of the background's errors: half the distance squared over this squared is the exponent of correlations of stream function,
    /// velocity potential and temperature \[m].
    pub(crate) length: f64,
    /// The same between levels, in ln p.
    pub(crate) depth: f64,
    /// Standard deviation of the background's wind components \[m s⁻¹].
    pub(crate) wind: f64,
    /// The part of their variance that diverges, 0 to 1.
    pub(crate) divergent: f64,
    /// Standard deviation of its temperature \[K].
    pub(crate) temperature: f64,
    /// Standard deviation of its relative humidity, 0 to 1, by which that of its specific humidity follows its saturation.
    pub(crate) humidity: f64,
    /// Innovations beyond so many of their standard deviations are rejected.
    pub(crate) rejected_beyond: f64,
    /// Residuals beyond so many standard errors of their observation count less (Huber norm).
    pub(crate) reduced_beyond: f64,
    /// The most outer and inner iterations.
    pub(crate) outer_loops: usize,
    pub(crate) iterations: usize,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            truncation: 63,
            length: 5.0e5,
            depth: 0.3,
            wind: 3.0,
            divergent: 0.1,
            temperature: 1.5,
            humidity: 0.15,
            rejected_beyond: 5.0,
            reduced_beyond: 2.0,
            outer_loops: 8,
            iterations: 60,
        }
    }
}

/// `[output]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    /// Folder for the results, relative to the configuration's.
    pub(crate) folder: PathBuf,
    /// Levels of maps \[hPa]; the nearest of the background are drawn.
    pub(crate) maps: Vec<f64>,
}

impl Default for Output {
    fn default() -> Self {
        Self { folder: PathBuf::from("out"), maps: vec![500.0] }
    }
}

impl Configuration {
    /// Reads, checks and resolves the paths of a configuration file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let tables = Tables { names: known_keys::<Self>, keys_of };
        let mut configuration: Self = parse(path, &tables)?;
        configuration
            .validate()
            .map_err(|message| Error::Configuration { path: path.to_owned(), message })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        configuration.background.file = folder.join(&configuration.background.file);
        configuration.output.folder = folder.join(&configuration.output.folder);
        for file in &mut configuration.observations.files {
            *file = folder.join(&*file);
        }
        Ok(configuration)
    }

    fn validate(&self) -> std::result::Result<(), String> {
        let Analysis { truncation, divergent, outer_loops, iterations, .. } = self.analysis;
        let of_analysis = [
            ("truncation", truncation as f64),
            ("length", self.analysis.length),
            ("depth", self.analysis.depth),
            ("wind", self.analysis.wind),
            ("temperature", self.analysis.temperature),
            ("humidity", self.analysis.humidity),
            ("rejected_beyond", self.analysis.rejected_beyond),
            ("reduced_beyond", self.analysis.reduced_beyond),
            ("outer_loops", outer_loops as f64),
            ("iterations", iterations as f64),
        ];
        of_analysis.iter().try_for_each(|(key, value)| positive("analysis", key, *value))?;
        if !(0.0..=1.0).contains(&divergent) {
            return Err(format!("Key 'divergent' in [analysis] is {divergent}: expected 0 to 1."));
        }
        self.output.maps.iter().try_for_each(|level| positive("output", "maps", *level))
    }
}

fn keys_of(table: &str) -> Option<&'static [&'static str]> {
    match table {
        "background" => Some(known_keys::<Background>()),
        "observations" => Some(known_keys::<Observations>()),
        "analysis" => Some(known_keys::<Analysis>()),
        "output" => Some(known_keys::<Output>()),
        _ => None,
    }
}
