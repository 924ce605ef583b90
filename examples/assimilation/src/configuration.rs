//! The configuration file: a model, what is observed of it, and the methods that follow it.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use terrella_driver::{Tables, known_keys};

use crate::error::{Error, Result};

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

/// `[[method]]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Method {
    /// What it is called in results.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Number of members of an ensemble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) members: Option<usize>,
    /// Anomalies are multiplied by it after an analysis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inflation: Option<f64>,
    /// Relaxation to the prior's spread, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prior_spread: Option<f64>,
    /// Relaxation to the prior's perturbations, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prior_perturbations: Option<f64>,
    /// Variance of the noise that members get after an analysis, over that of the climate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) additive_inflation: Option<f64>,
    /// Whether forecast anomalies are multiplied by what innovations tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) adaptive_inflation: Option<bool>,
    /// Width of what particles that were drawn more than once get, over that of Scott's rule; 1 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jitter: Option<f64>,
    /// Whether anomalies are rotated at random after an analysis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rotation: Option<bool>,
    /// Half-width of Gaspari and Cohn's taper, whose reach is twice that: in values (lorenz-96), in the model's length
    /// (kuramoto-sivashinsky, quasi-geostrophic: sides of 1) or in metres (shallow-water,
    /// primitive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) radius: Option<f64>,
    /// B over the climate's covariance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) background: Option<f64>,
    /// Times of observation in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lag: Option<usize>,
    /// The most linearisations of a variational analysis; 10 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outer_loops: Option<usize>,
    /// The most iterations in each of these; 100 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iterations: Option<usize>,
    /// Share of the window's first gradient at which these end; 10⁻⁴ where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gradient_reduction: Option<f64>,
    /// Whether what one of these learns of the Hessian preconditions the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ritz_pairs: Option<bool>,
    /// Vectors in which windows remember what those before have learnt of it, one for each pair and for each minimisation; none where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remembered_pairs: Option<usize>,
    /// Truncation at which inner loops run (4d-var of shallow-water and primitive); the model's where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inner_truncation: Option<usize>,
    /// Length of a step of these in seconds; the model's where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inner_time_step: Option<f64>,
    /// Share of the ensemble's covariance in B, above 0 and at most 1, of hybrids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ensemble_weight: Option<f64>,
}

/// The methods.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The mean of the climate.
    Climatology,
    /// That, corrected by observations.
    OptimalInterpolation,
    /// Forecasts corrected with one covariance.
    #[serde(rename = "3d-var")]
    ThreeDimensionalVariational,
    /// The model alone.
    FreeRun,
    /// EnKF with perturbed observations.
    Stochastic,
    /// DEnKF.
    Deterministic,
    /// ETKF; with a radius the LETKF.
    SquareRoot,
    /// ESTKF; with a radius the LESTKF.
    ErrorSubspace,
    /// EnKF-N.
    FiniteSize,
    /// EAKF, one observation after the other.
    Serial,
    /// Bootstrap particle filter.
    Particle,
    /// IEnKS.
    IterativeSmoother,
    /// Strong-constraint 4D-Var.
    #[serde(rename = "4d-var")]
    FourDimensionalVariational,
    /// 3D-Var with a share of an ensemble's covariance.
    #[serde(rename = "hybrid-3d-var")]
    HybridThreeDimensional,
    /// 4D-Var with that, in windows of one interval.
    #[serde(rename = "hybrid-4d-var")]
    HybridFourDimensional,
    /// 4DEnVar.
    #[serde(rename = "4d-en-var")]
    EnsembleVariational,
    /// Members with a perturbed 3D-Var, or with a lag a 4D-Var, each.
    EnsembleOfVariational,
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
            method.validate(experiment.samples)?;
            method.validate_inner(model)?;
            method.validate_weight()?;
            if self.method[..number].iter().any(|other| other.name == method.name) {
                return Err(format!("Two methods are called '{}': expected names that differ.", method.name));
            }
        }
        Ok(())
    }
}

impl Method {
    /// Whether it has members.
    pub(crate) fn is_ensemble(&self) -> bool {
        matches!(
            self.kind,
            Kind::Stochastic
                | Kind::Deterministic
                | Kind::SquareRoot
                | Kind::ErrorSubspace
                | Kind::FiniteSize
                | Kind::Serial
                | Kind::Particle
                | Kind::IterativeSmoother
                | Kind::EnsembleOfVariational
        ) || self.is_hybrid()
    }

    /// Whether B has a share of an ensemble that runs beside.
    pub(crate) fn is_hybrid(&self) -> bool {
        matches!(
            self.kind,
            Kind::HybridThreeDimensional | Kind::HybridFourDimensional | Kind::EnsembleVariational
        )
    }

    fn validate(&self, samples: usize) -> std::result::Result<(), String> {
        let name = &self.name;
        let of_ensembles = [
            ("members", self.members.is_some()),
            ("inflation", self.inflation.is_some()),
            ("prior_spread", self.prior_spread.is_some()),
            ("prior_perturbations", self.prior_perturbations.is_some()),
            ("additive_inflation", self.additive_inflation.is_some()),
            ("adaptive_inflation", self.adaptive_inflation.is_some()),
            ("rotation", self.rotation.is_some()),
            ("radius", self.radius.is_some()),
        ];
        if !self.is_ensemble() {
            if let Some((key, _)) = of_ensembles.iter().find(|(_, given)| *given) {
                return Err(format!("Key '{key}' of method '{name}' does nothing without an ensemble."));
            }
        } else {
            let Some(members) = self.members else {
                return Err(format!("Method '{name}' has no 'members'."));
            };
            if !(2..=samples).contains(&members) {
                return Err(format!(
                    "Key 'members' of method '{name}' is {members}: expected 2 to the {samples} samples of [experiment]."
                ));
            }
            let relaxations: [_; 5] = std::array::from_fn(|number| of_ensembles[1 + number]);
            if relaxations.iter().filter(|(_, given)| *given).count() > 1 {
                return Err(format!(
                    "Method '{name}': expected one of {}.",
                    relaxations.map(|(key, _)| key).join(", ")
                ));
            }
            if self.kind == Kind::Serial && self.adaptive_inflation.is_some() {
                return Err(format!(
                    "Key 'adaptive_inflation' of method '{name}' does nothing for this kind."
                ));
            }
            positive("method", "additive_inflation", self.additive_inflation.unwrap_or(1.0))?;
            if let Some(radius) = self.radius {
                positive("method", "radius", radius)?;
            }
        }
        let variational = self.is_hybrid()
            || matches!(
                self.kind,
                Kind::ThreeDimensionalVariational
                    | Kind::FourDimensionalVariational
                    | Kind::EnsembleOfVariational
            );
        let purely_ensemble = self.is_hybrid() && self.ensemble_weight == Some(1.0);
        let windows = matches!(self.kind, Kind::IterativeSmoother | Kind::FourDimensionalVariational);
        let needed = [
            ("background", self.background.map(|_| ()), variational && !purely_ensemble),
            ("lag", self.lag.map(|_| ()), windows),
        ];
        for (key, given, needed) in needed {
            match (given, needed) {
                (None, true) => return Err(format!("Method '{name}' has no '{key}'.")),
                // Refused with the weight.
                (Some(()), false) if key == "background" && purely_ensemble => {}
                // 3D-Var without.
                (Some(()), false) if key == "lag" && self.kind == Kind::EnsembleOfVariational => {}
                (Some(()), false) => {
                    return Err(format!("Key '{key}' of method '{name}' does nothing for this kind."));
                }
                _ => {}
            }
        }
        let of_minimisations = [
            ("outer_loops", self.outer_loops.map(|number| number as f64)),
            ("iterations", self.iterations.map(|number| number as f64)),
            ("gradient_reduction", self.gradient_reduction),
            ("ritz_pairs", self.ritz_pairs.map(|_| 1.0)),
            ("remembered_pairs", self.remembered_pairs.map(|number| number as f64)),
        ];
        for (key, given) in of_minimisations {
            if given.is_some() && !variational {
                return Err(format!("Key '{key}' of method '{name}' does nothing for this kind."));
            }
            positive("method", key, given.unwrap_or(1.0))?;
        }
        if let Some(share) = self.gradient_reduction
            && share >= 1.0
        {
            return Err(format!(
                "Key 'gradient_reduction' of method '{name}' is {share}: expected less than 1."
            ));
        }
        if self.remembered_pairs.is_some() && self.ritz_pairs != Some(true) {
            return Err(format!(
                "Key 'remembered_pairs' of method '{name}' does nothing without 'ritz_pairs'."
            ));
        }
        if self.remembered_pairs.is_some() && self.is_hybrid() {
            return Err(format!(
                "Key 'remembered_pairs' of method '{name}' does nothing where the covariance changes."
            ));
        }
        match self.jitter {
            Some(_) if self.kind != Kind::Particle => {
                return Err(format!("Key 'jitter' of method '{name}' does nothing for this kind."));
            }
            // Also refuses NaN.
            Some(jitter) if !(jitter >= 0.0 && jitter.is_finite()) => {
                return Err(format!(
                    "Key 'jitter' of method '{name}' is {jitter}: expected a number of at least 0."
                ));
            }
            _ => {}
        }
        if matches!(self.kind, Kind::IterativeSmoother | Kind::EnsembleOfVariational | Kind::Particle) {
            let of_filters = &of_ensembles[1..];
            if let Some((key, _)) = of_filters.iter().find(|(_, given)| *given) {
                return Err(format!("Key '{key}' of method '{name}' does nothing for this kind."));
            }
        }
        positive("method", "background", self.background.unwrap_or(1.0))?;
        positive("method", "lag", self.lag.unwrap_or(1) as f64)
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
