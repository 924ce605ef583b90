//! The keys of `[ensemble]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use terrella_dycore::primitive::initial::Perturbations;
use terrella_io::encode::EnsembleProduct;

use crate::configuration::within;

/// `[ensemble]`: how many members, and how they differ.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ensemble {
    /// Number of members, the unperturbed one among them.
    pub(crate) members: u32,
    /// random-balanced.
    pub(crate) perturbation: Perturbation,
    /// Root mean square of the perturbation's wind \[m s⁻¹\].
    pub(crate) amplitude: f64,
    /// Another seed is another ensemble.
    pub(crate) seed: u32,
    /// Length of the perturbations' horizontal correlation \[km\].
    pub(crate) correlation_length: f64,
    /// Depth of their vertical correlation, in ln p.
    pub(crate) correlation_depth: f64,
    /// Whether every member writes its own files and pictures.
    pub(crate) member_files: bool,
    /// Thresholds of probabilities, by the name of the field, in its unit.
    pub(crate) probabilities: BTreeMap<String, Vec<f64>>,
    /// The member that runs.
    #[serde(skip)]
    pub(crate) member: u32,
}

/// What makes members differ.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Perturbation {
    /// Random streamfunctions with the mass field of the linear balance equation.
    RandomBalanced,
}

impl Default for Ensemble {
    fn default() -> Self {
        Self {
            members: 10,
            perturbation: Perturbation::RandomBalanced,
            amplitude: 1.0,
            seed: 1,
            correlation_length: 500.0,
            correlation_depth: 0.8,
            member_files: false,
            probabilities: BTreeMap::from([("10si".to_owned(), vec![17.2, 24.5])]),
            member: 0,
        }
    }
}

impl Ensemble {
    /// Refuses values that cannot be, in one sentence.
    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        within("ensemble", "members", self.members, 2, 1000)?;
        within("ensemble", "amplitude", self.amplitude, 0.0, 50.0)?;
        within("ensemble", "correlation_length", self.correlation_length, 10.0, 10_000.0)?;
        within("ensemble", "correlation_depth", self.correlation_depth, 0.2, 10.0)?;
        for (field, thresholds) in &self.probabilities {
            let rising = thresholds.windows(2).all(|pair| pair[0] < pair[1]);
            let fits = thresholds.iter().all(|threshold| threshold.abs() < 1e6);
            if thresholds.is_empty() || !rising || !fits {
                return Err(format!(
                    "Key 'probabilities' in [ensemble] has {thresholds:?} for '{field}': expected at least one number, rising, below a million."
                ));
            }
        }
        Ok(())
    }

    /// What the files of the running member are.
    pub(crate) fn product(&self) -> EnsembleProduct {
        EnsembleProduct::Member { number: self.member, members: self.members }
    }

    /// The perturbations of the members.
    pub(crate) fn perturbations(&self) -> Perturbations {
        match self.perturbation {
            Perturbation::RandomBalanced => Perturbations {
                seed: u64::from(self.seed),
                wind: self.amplitude,
                length: 1000.0 * self.correlation_length,
                depth: self.correlation_depth,
            },
        }
    }
}
