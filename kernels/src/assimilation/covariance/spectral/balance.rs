//! What one variable tells of another: linear balance and regressions by wavenumber.

use crate::Real;
use crate::spectral::Truncation;
use crate::{Error, Result};

/// What a balanced part is regressed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predictor {
    /// The other block itself.
    Identity,
    /// The geopotential in linear balance with the other block, a vorticity \[s⁻¹].
    LinearBalance,
}

/// The part N_n p of a block that another block tells, p being the [`Predictor`].
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub(super) with: usize,
    pub(super) predictor: Predictor,
    pub(super) regression: Vec<f64>,
}

impl Balance {
    /// With the block of this number and N_n, \[n]\[level]\[level of the other block].
    pub fn new(with: usize, predictor: Predictor, regression: Vec<f64>) -> Self {
        Self { with, predictor, regression }
    }

    /// The number of the other block.
    pub fn with(&self) -> usize {
        self.with
    }

    /// What the regression is on.
    pub fn predictor(&self) -> Predictor {
        self.predictor
    }

    /// N_n, \[n]\[level]\[level of the other block].
    pub fn regression(&self) -> &[f64] {
        &self.regression
    }
}

/// The geopotential of ∇²Φ = ∇·(f ∇ψ), ∇²ψ = ζ, f = 2Ω μ:
///
/// Φ_nm = −2Ω a² (ε_nm/n² ζ_{n−1,m} + ε_{n+1,m}/(n + 1)² ζ_{n+1,m}), ε_nm² = (n² − m²)/(4n² − 1), Φ_00 = 0,
///
/// which follows with μ P_n = ε_{n+1} P_{n+1} + ε_n P_{n−1} and (1 − μ²) dP_n/dμ = (n + 1) ε_n P_{n−1} − n ε_{n+1} P_{n+1} (for the equation
/// Lorenz 1960, *Tellus* 12, 364–373). The matrix is symmetric, so that the operator is its own adjoint for plain dot products.
#[derive(Clone, Debug)]
pub struct LinearBalance {
    truncation: Truncation,
    /// −2Ω a² ε_nm/n² of each coefficient, 0 for n ≤ 1 and n = m.
    couplings: Vec<f64>,
}

impl LinearBalance {
    /// On a sphere of `radius` a \[m] that rotates at `rotation` Ω \[s⁻¹].
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a radius that is not positive and a rotation that is not finite.
    pub fn new(truncation: Truncation, radius: f64, rotation: f64) -> Result<Self> {
        if !(radius > 0.0 && radius.is_finite()) {
            let expected = "a positive length in metres".to_owned();
            return Err(Error::InvalidValue { name: "radius", got: radius.to_string(), expected });
        }
        if !rotation.is_finite() {
            let expected = "a finite number".to_owned();
            return Err(Error::InvalidValue { name: "rotation", got: rotation.to_string(), expected });
        }
        let coupling = |(m, n): (usize, usize)| {
            // The mean of Φ is free, and there is none of ζ.
            if n <= 1 {
                return 0.0;
            }
            let (m, n) = (m as f64, n as f64);
            let epsilon = ((n * n - m * m) / (4.0 * n * n - 1.0)).sqrt();
            -2.0 * rotation * radius * radius * epsilon / (n * n)
        };
        Ok(Self { truncation, couplings: truncation.wavenumbers().map(coupling).collect() })
    }

    /// Φ \[m² s⁻²] of ζ \[s⁻¹], both \[coefficient]\[2]\[levels].
    ///
    /// # Panics
    /// Where the spectra have other lengths.
    pub fn geopotential<R: Real>(&self, levels: usize, vorticity: &[R], geopotential: &mut [R]) {
        assert_eq!(geopotential.len(), self.truncation.spectrum_len(levels), "length of 'geopotential'");
        geopotential.fill(R::ZERO);
        self.add_prediction(Predictor::LinearBalance, levels, vorticity, geopotential);
    }

    pub(super) fn predict<R: Real>(
        &self,
        predictor: Predictor,
        levels: usize,
        source: &[R],
        result: &mut [R],
    ) {
        result.fill(R::ZERO);
        self.add_prediction(predictor, levels, source, result);
    }

    /// Adds what the predictor makes of `source`; both predictors are their own adjoints.
    pub(super) fn add_prediction<R: Real>(
        &self,
        predictor: Predictor,
        levels: usize,
        source: &[R],
        result: &mut [R],
    ) {
        assert_eq!(source.len(), result.len(), "lengths of spectra");
        if predictor == Predictor::Identity {
            result.iter_mut().zip(source).for_each(|(result, source)| *result += *source);
            return;
        }
        let row = 2 * levels;
        for (place, (m, n)) in self.truncation.wavenumbers().enumerate().skip(1) {
            // The coefficient before is that of n − 1, unless this one is the first of its m.
            if n == m {
                continue;
            }
            let coupling = R::from_f64(self.couplings[place]);
            for lane in 0..row {
                let (before, here) = ((place - 1) * row + lane, place * row + lane);
                result[here] += coupling * source[before];
                result[before] += coupling * source[here];
            }
        }
    }
}
