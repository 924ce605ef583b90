//! Scale-selective damping of spectral models.

use crate::{Error, Result};

/// ∂X/∂t = … − ν·(−∇²)^p X: (hyper)diffusion, diagonal in spectral space.
///
/// The mean (degree 0) is untouched, so the integral of X is conserved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diffusion {
    /// p ≥ 1, the power of the Laplacian: 1 is ∇² diffusion, 2 is ∇⁴, 4 is ∇⁸.
    pub order: u32,
    /// How strong it is.
    pub strength: DiffusionStrength,
}

/// How the strength of a [`Diffusion`] is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DiffusionStrength {
    /// e-folding time \[s\] of the smallest scale, total wavenumber T.
    SmallestScaleTime(f64),
    /// ν \[m^2p s⁻¹\].
    Coefficient(f64),
}

impl Diffusion {
    pub(crate) fn validate(self) -> Result<()> {
        if !(1..=32).contains(&self.order) {
            return Err(Error::InvalidConfiguration {
                name: "diffusion.order",
                got: self.order.to_string(),
                expected: "a power of the Laplacian from 1 to 32",
            });
        }
        let (name, strength) = match self.strength {
            DiffusionStrength::SmallestScaleTime(time) => ("diffusion.strength (e-folding time)", time),
            DiffusionStrength::Coefficient(coefficient) => ("diffusion.strength (coefficient)", coefficient),
        };
        if !(strength > 0.0 && strength.is_finite()) {
            return Err(Error::InvalidConfiguration {
                name,
                got: strength.to_string(),
                expected: "a finite number above 0",
            });
        }
        Ok(())
    }

    /// κ_n = ν·(n(n+1)/a²)^p \[s⁻¹\] of total wavenumber `degree` on a sphere of `radius` \[m\].
    pub fn rate(self, degree: usize, truncation: usize, radius: f64) -> f64 {
        let eigenvalue = |n: usize| n as f64 * (n as f64 + 1.0);
        let power = self.order as i32;
        match self.strength {
            DiffusionStrength::SmallestScaleTime(time) => {
                (eigenvalue(degree) / eigenvalue(truncation)).powi(power) / time
            }
            DiffusionStrength::Coefficient(coefficient) => {
                coefficient * (eigenvalue(degree) / (radius * radius)).powi(power)
            }
        }
    }
}
