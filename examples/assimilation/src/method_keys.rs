//! `[[method]]`: what methods are, and what their keys may say. Those of ensembles and of variational methods have files of their own.

use serde::{Deserialize, Serialize};

use crate::configuration::positive;

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
    /// The same upward, in ln p, of primitive: between the levels of values and observations; surface pressure is at the ground. Without it all
    /// levels of a column are near each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vertical_radius: Option<f64>,
    /// Of what an ensemble begins with; states of the climate where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_members: Option<FirstMembers>,
    /// Number of singular vectors that first members are made of; half the members where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) singular_vectors: Option<usize>,
    /// Steps over which these grow most; those of two days where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) optimisation_steps: Option<usize>,
    /// Spread of first members that are made of them, over that of the climate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_spread: Option<f64>,
    /// Share of what neighbours drew in a member of local-particle, 0 to 1; ½ where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) smoothing: Option<f64>,
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

/// What ensembles begin with.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FirstMembers {
    /// States of the climate.
    Climate,
    /// The climate's mean and perturbations that grow most from there.
    SingularVectors,
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
    /// Particle filter with weights that differ from place to place.
    LocalParticle,
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
                | Kind::LocalParticle
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

    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        let name = &self.name;
        self.validate_ensemble()?;
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
        positive("method", "background", self.background.unwrap_or(1.0))?;
        positive("method", "lag", self.lag.unwrap_or(1) as f64)
    }
}
