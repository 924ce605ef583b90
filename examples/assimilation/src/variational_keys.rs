//! What keys of variational methods may say.

use crate::configuration::{Kind, Method, Model, positive};

impl Method {
    /// Refuses shares of an ensemble that cannot be, and a background where it does not count.
    pub(crate) fn validate_weight(&self) -> std::result::Result<(), String> {
        let name = &self.name;
        match (self.ensemble_weight, self.is_hybrid()) {
            (Some(_), false) => {
                Err(format!("Key 'ensemble_weight' of method '{name}' does nothing for this kind."))
            }
            (None, true) => Err(format!("Method '{name}' has no 'ensemble_weight'.")),
            // Also refuses NaN.
            (Some(weight), true) if !(weight > 0.0 && weight <= 1.0) => Err(format!(
                "Key 'ensemble_weight' of method '{name}' is {weight}: expected a number above 0 and at most 1."
            )),
            (Some(1.0), true) if self.background.is_some() => Err(format!(
                "Key 'background' of method '{name}' does nothing with an 'ensemble_weight' of 1."
            )),
            _ => Ok(()),
        }
    }

    /// Refuses inner loops that are not coarser than the model.
    pub(crate) fn validate_inner(&self, model: &Model) -> std::result::Result<(), String> {
        let name = &self.name;
        let given = [
            ("inner_truncation", self.inner_truncation.map(|number| number as f64)),
            ("inner_time_step", self.inner_time_step),
        ];
        for (key, given) in given {
            if given.is_some() && self.kind != Kind::FourDimensionalVariational {
                return Err(format!("Key '{key}' of method '{name}' does nothing for this kind."));
            }
            positive("method", key, given.unwrap_or(1.0))?;
        }
        match self.inner_truncation {
            None if self.inner_time_step.is_some() => Err(format!(
                "Key 'inner_time_step' of method '{name}' does nothing without 'inner_truncation'."
            )),
            Some(inner) if inner > model.truncation.unwrap_or(42) => Err(format!(
                "Key 'inner_truncation' of method '{name}' is {inner}: expected at most the model's, {}.",
                model.truncation.unwrap_or(42)
            )),
            _ => Ok(()),
        }
    }
}
