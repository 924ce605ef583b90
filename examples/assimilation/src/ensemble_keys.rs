//! What keys of ensembles may say.

use crate::configuration::{FirstMembers, Kind, Method, Model, ModelName, positive};

impl Method {
    /// Whether first members are made of singular vectors.
    pub(crate) fn has_singular_vectors(&self) -> bool {
        self.first_members == Some(FirstMembers::SingularVectors)
    }

    /// Refuses members that cannot be, what does nothing without an ensemble, and inflations that exclude each other.
    pub(crate) fn validate_ensemble(&self) -> std::result::Result<(), String> {
        let name = &self.name;
        let of_filters = [
            ("inflation", self.inflation.is_some()),
            ("prior_spread", self.prior_spread.is_some()),
            ("prior_perturbations", self.prior_perturbations.is_some()),
            ("additive_inflation", self.additive_inflation.is_some()),
            ("adaptive_inflation", self.adaptive_inflation.is_some()),
            ("rotation", self.rotation.is_some()),
            ("radius", self.radius.is_some()),
            ("vertical_radius", self.vertical_radius.is_some()),
        ];
        if !self.is_ensemble() {
            let others = [
                ("members", self.members.is_some()),
                ("first_members", self.first_members.is_some()),
                ("singular_vectors", self.singular_vectors.is_some()),
                ("optimisation_steps", self.optimisation_steps.is_some()),
                ("first_spread", self.first_spread.is_some()),
            ];
            if let Some((key, _)) = others.iter().chain(&of_filters).find(|(_, given)| *given) {
                return Err(format!("Key '{key}' of method '{name}' does nothing without an ensemble."));
            }
            return Ok(());
        }
        if self.members.is_none() {
            return Err(format!("Method '{name}' has no 'members'."));
        }
        let unused: &[&str] = match self.kind {
            Kind::IterativeSmoother | Kind::EnsembleOfVariational | Kind::Particle => {
                &of_filters.map(|(key, _)| key)
            }
            Kind::LocalParticle => &[
                "inflation",
                "prior_spread",
                "prior_perturbations",
                "adaptive_inflation",
                "rotation",
                "vertical_radius",
            ],
            Kind::Serial => &["adaptive_inflation"],
            _ => &[],
        };
        if let Some((key, _)) = of_filters.iter().find(|(key, given)| *given && unused.contains(key)) {
            return Err(format!("Key '{key}' of method '{name}' does nothing for this kind."));
        }
        let inflations = &of_filters[..5];
        if inflations.iter().filter(|(_, given)| *given).count() > 1 {
            let keys: Vec<&str> = inflations.iter().map(|(key, _)| *key).collect();
            return Err(format!("Method '{name}': expected one of {}.", keys.join(", ")));
        }
        positive("method", "additive_inflation", self.additive_inflation.unwrap_or(1.0))
    }

    /// Refuses tapers that cannot be, and one upward where there are no levels.
    pub(crate) fn validate_localisation(&self, model: &Model) -> std::result::Result<(), String> {
        let name = &self.name;
        positive("method", "radius", self.radius.unwrap_or(1.0))?;
        let Some(vertical) = self.vertical_radius else { return Ok(()) };
        if self.radius.is_none() {
            return Err(format!("Key 'vertical_radius' of method '{name}' does nothing without 'radius'."));
        }
        if model.name != ModelName::Primitive {
            return Err(format!(
                "Key 'vertical_radius' of method '{name}' does nothing for this model, which has no levels."
            ));
        }
        positive("method", "vertical_radius", vertical)
    }

    /// Refuses numbers of members of which there are not enough first states, and singular vectors where they are not computed.
    pub(crate) fn validate_first_members(
        &self,
        model: &Model,
        samples: usize,
    ) -> std::result::Result<(), String> {
        let name = &self.name;
        let Some(members) = self.members else { return Ok(()) };
        if !self.has_singular_vectors() {
            let given = [
                ("singular_vectors", self.singular_vectors.is_some()),
                ("optimisation_steps", self.optimisation_steps.is_some()),
                ("first_spread", self.first_spread.is_some()),
            ];
            if let Some((key, _)) = given.iter().find(|(_, given)| *given) {
                return Err(format!(
                    "Key '{key}' of method '{name}' does nothing without 'first_members = \"singular-vectors\"'."
                ));
            }
            if !(2..=samples).contains(&members) {
                return Err(format!(
                    "Key 'members' of method '{name}' is {members}: expected 2 to the {samples} samples of [experiment]."
                ));
            }
            return Ok(());
        }
        if !matches!(model.name, ModelName::ShallowWater | ModelName::Primitive) {
            return Err(format!(
                "Key 'first_members' of method '{name}' is singular-vectors: expected climate for this model; shallow-water and primitive have both."
            ));
        }
        if members < 2 {
            return Err(format!("Key 'members' of method '{name}' is {members}: expected at least 2."));
        }
        positive("method", "singular_vectors", self.singular_vectors.unwrap_or(1) as f64)?;
        positive("method", "optimisation_steps", self.optimisation_steps.unwrap_or(1) as f64)?;
        positive("method", "first_spread", self.first_spread.unwrap_or(1.0))
    }

    /// Refuses what does nothing but for particles, and local ones without a radius.
    pub(crate) fn validate_particles(&self) -> std::result::Result<(), String> {
        let name = &self.name;
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
        if self.kind != Kind::LocalParticle {
            return match self.smoothing {
                Some(_) => Err(format!("Key 'smoothing' of method '{name}' does nothing for this kind.")),
                None => Ok(()),
            };
        }
        match self.smoothing {
            _ if self.radius.is_none() => Err(format!("Method '{name}' has no 'radius'.")),
            // Also refuses NaN.
            Some(smoothing) if !(0.0..=1.0).contains(&smoothing) => {
                Err(format!("Key 'smoothing' of method '{name}' is {smoothing}: expected 0 to 1."))
            }
            _ => Ok(()),
        }
    }
}
