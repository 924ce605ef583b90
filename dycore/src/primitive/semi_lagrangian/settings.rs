//! Settings of the scheme.

use crate::{Error, Result};

/// How the model is brought forward in time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum TimeStepping {
    /// Eulerian, semi-implicit leapfrog with a time filter: stable while the wind's Courant number is below 1.
    #[default]
    Leapfrog,
    /// Semi-Lagrangian, on two time levels: stable at several times that.
    SemiLagrangian(SemiLagrangian),
}

/// Settings of the semi-Lagrangian scheme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SemiLagrangian {
    /// How often the wind is interpolated to find departure points, 1 to 10.
    pub iterations: u32,
    /// Whether the interpolation of wind makes no new extrema.
    pub quasi_monotone_wind: bool,
    /// The same of temperature.
    pub quasi_monotone_temperature: bool,
    /// The same of tracers, specific humidity among them.
    pub quasi_monotone_tracers: bool,
    /// Whether the mass of each tracer is restored after it was moved.
    pub conserve_tracers: bool,
    /// T̄ \[K\], with which ln p_s + φ_s/(R_d·T̄) is nearly constant over mountains.
    pub orographic_temperature: f64,
}

impl Default for SemiLagrangian {
    /// Two iterations behind the first guess, a limiter for tracers alone, whose mass is conserved, and T̄ = 270 K.
    fn default() -> Self {
        Self {
            iterations: 2,
            quasi_monotone_wind: false,
            quasi_monotone_temperature: false,
            quasi_monotone_tracers: true,
            conserve_tracers: true,
            orographic_temperature: 270.0,
        }
    }
}

impl SemiLagrangian {
    /// Refuses, by name, what the scheme cannot run with on this number of levels.
    pub(in crate::primitive) fn validate(&self, levels: usize) -> Result<()> {
        let refuse = |name, got: String, expected| Err(Error::InvalidConfiguration { name, got, expected });
        if !(1..=10).contains(&self.iterations) {
            return refuse("iterations", self.iterations.to_string(), "1 to 10 interpolations of the wind");
        }
        if !(100.0..=400.0).contains(&self.orographic_temperature) {
            let got = self.orographic_temperature.to_string();
            return refuse("orographic_temperature", got, "a temperature of 100 to 400 K");
        }
        if levels < 2 {
            return refuse("levels", levels.to_string(), "at least two, between which to interpolate");
        }
        Ok(())
    }
}
