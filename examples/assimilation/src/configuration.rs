//! The configuration file: a model, what is observed of it, and the methods that follow it.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use terrella_driver::{Tables, known_keys};

use crate::error::{Error, Result};
pub(crate) use crate::method_keys::{FirstMembers, Kind, Method};

/// All of a configuration file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Configuration {
    pub(crate) model: Model,
    #[serde(default)]
    pub(crate) observations: Network,
    #[serde(default)]
    pub(crate) experiment: Experiment,
    #[serde(default)]
    pub(crate) output: Output,
    #[serde(default)]
    pub(crate) method: Vec<Method>,
}

/// `[model]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Model {
    pub(crate) name: ModelName,
    /// f64 or f32.
    #[serde(default)]
    pub(crate) precision: Precision,
    /// Length of a step, in the model's unit of time (seconds for shallow-water and primitive); the model's usual one where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_step: Option<f64>,
    /// Number of variables (lorenz-96) or of points on the line (kuramoto-sivashinsky) or along a side (quasi-geostrophic).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<usize>,
    /// F of lorenz-96.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forcing: Option<f64>,
    /// Triangular truncation of shallow-water and primitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) truncation: Option<usize>,
    /// Number of levels of primitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) levels: Option<usize>,
    /// Length of the line of kuramoto-sivashinsky.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<f64>,
}

/// The models.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ModelName {
    #[serde(rename = "lorenz-63")]
    Lorenz63,
    #[serde(rename = "lorenz-96")]
    Lorenz96,
    KuramotoSivashinsky,
    QuasiGeostrophic,
    ShallowWater,
    Primitive,
}

/// Precision of states and analyses.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Precision {
    F32,
    #[default]
    F64,
}

/// `[observations]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Network {
    /// Every how many-th value is observed.
    pub(crate) every: usize,
    /// Steps from one analysis to the next.
    pub(crate) interval: usize,
    /// Equally spaced times of observation in these, the last of them at the end.
    pub(crate) times: usize,
    /// Of the errors: in the unit of the state, or, with `relative`, as a share of the climate's standard deviation in each layer.
    pub(crate) standard_deviation: f64,
    /// Whether the standard deviation is a share of the climate's.
    pub(crate) relative: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self { every: 1, interval: 1, times: 1, standard_deviation: 1.0, relative: false }
    }
}

/// `[experiment]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Experiment {
    /// Cycles of forecast and analysis.
    pub(crate) cycles: u32,
    /// Cycles before errors count.
    pub(crate) spin_up: u32,
    /// Names all random numbers.
    pub(crate) seed: u64,
    /// Steps of a free run before anything is taken from it.
    pub(crate) settling: usize,
    /// States that are taken from it as climate and first members.
    pub(crate) samples: usize,
    /// Steps between two of these.
    pub(crate) sampling: usize,
}

impl Default for Experiment {
    fn default() -> Self {
        Self { cycles: 1_000, spin_up: 100, seed: 1, settling: 1_000, samples: 400, sampling: 20 }
    }
}

/// `[output]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    /// Folder for the results, relative to the configuration's.
    pub(crate) folder: PathBuf,
    /// Cycles between checkpoints; 0 writes none but at an interruption.
    pub(crate) checkpoint: u32,
    /// Whether charts are drawn.
    pub(crate) pictures: bool,
    /// Whether departures, ranks, spread and impact are looked at.
    pub(crate) diagnostics: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self { folder: PathBuf::from("out"), checkpoint: 0, pictures: true, diagnostics: true }
    }
}

impl Configuration {
    /// Reads, checks and resolves the paths of a configuration file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let mut configuration: Self = parse(path, &Tables { names: known_keys::<Self>, keys_of })?;
        configuration
            .validate()
            .map_err(|message| Error::Configuration { path: path.to_owned(), message })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        configuration.output.folder = folder.join(&configuration.output.folder);
        Ok(configuration)
    }

    fn validate(&self) -> std::result::Result<(), String> {
        let Self { model, observations, experiment, method, .. } = self;
        let used: &[&str] = match model.name {
            ModelName::Lorenz63 => &[],
            ModelName::Lorenz96 => &["size", "forcing"],
            ModelName::KuramotoSivashinsky => &["size", "length"],
            ModelName::QuasiGeostrophic => &["size"],
            ModelName::ShallowWater => &["truncation"],
            ModelName::Primitive => &["truncation", "levels"],
        };
        let given = [
            ("size", model.size.is_some()),
            ("forcing", model.forcing.is_some()),
            ("length", model.length.is_some()),
            ("truncation", model.truncation.is_some()),
            ("levels", model.levels.is_some()),
        ];
        if let Some((key, _)) = given.iter().find(|(key, given)| *given && !used.contains(key)) {
            return Err(format!("Key '{key}' in [model] does nothing for this model."));
        }
        positive("observations", "every", observations.every as f64)?;
        positive("observations", "interval", observations.interval as f64)?;
        if observations.times == 0 || !observations.interval.is_multiple_of(observations.times) {
            return Err(format!(
                "Key 'times' in [observations] is {}: expected a divisor of 'interval', {}.",
                observations.times, observations.interval
            ));
        }
        positive("observations", "standard_deviation", observations.standard_deviation)?;
        positive("experiment", "cycles", f64::from(experiment.cycles))?;
        positive("experiment", "sampling", experiment.sampling as f64)?;
        if experiment.spin_up >= experiment.cycles {
            return Err(format!(
                "Key 'spin_up' in [experiment] is {}: expected fewer than the {} cycles.",
                experiment.spin_up, experiment.cycles
            ));
        }
        if experiment.samples < 2 {
            return Err("Key 'samples' in [experiment]: expected at least 2.".to_owned());
        }
        if method.is_empty() {
            return Err("No [[method]]: expected at least one.".to_owned());
        }
        for (number, method) in method.iter().enumerate() {
            method.validate()?;
            method.validate_inner(model)?;
            method.validate_weight()?;
            method.validate_localisation(model)?;
            method.validate_first_members(model, experiment.samples)?;
            method.validate_particles()?;
            if self.method[..number].iter().any(|other| other.name == method.name) {
                return Err(format!("Two methods are called '{}': expected names that differ.", method.name));
            }
        }
        Ok(())
    }
}

/// Reads a configuration file and refuses keys that nothing reads.
pub(crate) fn parse<T: DeserializeOwned>(path: &Path, tables: &Tables) -> Result<T> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::file(path, "reading of the configuration", error))?;
    terrella_driver::parse(&text, tables)
        .map_err(|message| Error::Configuration { path: path.to_owned(), message })
}

/// Refuses what is not a positive number.
pub(crate) fn positive(table: &str, key: &str, value: f64) -> std::result::Result<(), String> {
    // Also refuses NaN.
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is {value}: expected a number above 0."))
}

fn keys_of(table: &str) -> Option<&'static [&'static str]> {
    match table {
        "model" => Some(known_keys::<Model>()),
        "observations" => Some(known_keys::<Network>()),
        "experiment" => Some(known_keys::<Experiment>()),
        "output" => Some(known_keys::<Output>()),
        "method" => Some(known_keys::<Method>()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_beside_the_program_are_possible() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let experiments: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .filter(|path| !path.ends_with("Cargo.toml") && !path.ends_with("sondes.toml"))
            .collect();
        assert!(experiments.len() >= 7, "{experiments:?}");
        for path in experiments {
            Configuration::read(&path).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
