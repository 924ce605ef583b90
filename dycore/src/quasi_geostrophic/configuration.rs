//! Settings of the quasi-geostrophic model.

use std::f64::consts::TAU;

use crate::{Error, Result};

/// Settings of [`super::QuasiGeostrophic`]; the default is the experiment of Sakov & Oke (2008).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Configuration {
    /// Points per side, those on the edge among them.
    pub points: usize,
    /// Δt.
    pub time_step: f64,
    /// F, the square of the basin's width over the radius of deformation.
    pub froude_number: f64,
    /// ε, the weight of advection.
    pub rossby_number: f64,
    /// A, biharmonic friction.
    pub friction: f64,
    /// W, the strength of the wind's curl −W sin 2πy.
    pub wind: f64,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            points: 129,
            time_step: 1.25,
            froude_number: 1600.0,
            rossby_number: 1e-5,
            friction: 2e-12,
            wind: TAU,
        }
    }
}

impl Configuration {
    /// Refuses, by name, what the model cannot run with.
    pub fn validate(&self) -> Result<()> {
        let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
        if self.points < 3 {
            return invalid("points", self.points.to_string(), "at least 3");
        }
        if !(self.time_step > 0.0 && self.time_step.is_finite()) {
            return invalid("time_step", self.time_step.to_string(), "a finite number above 0");
        }
        for (name, value) in [("froude_number", self.froude_number), ("friction", self.friction)] {
            if !(value >= 0.0 && value.is_finite()) {
                return invalid(name, value.to_string(), "a finite number from 0 on");
            }
        }
        for (name, value) in [("rossby_number", self.rossby_number), ("wind", self.wind)] {
            if !value.is_finite() {
                return invalid(name, value.to_string(), "a finite number");
            }
        }
        Ok(())
    }
}
