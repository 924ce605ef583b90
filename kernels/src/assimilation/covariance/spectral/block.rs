//! [`SpectralBlock`]: one variable's covariances between levels, wavenumber by wavenumber.

use super::Balance;
use crate::assimilation::covariance::matrix::scaled_modes;
use crate::assimilation::symmetric::eigen;
use crate::error::expect_len;
use crate::spectral::Truncation;
use crate::{Error, Result};

/// One variable of a state: its name, its matrices C_n, and what it is in balance with.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralBlock {
    pub(super) name: String,
    pub(super) levels: usize,
    /// \[n]\[level]\[level].
    covariances: Vec<f64>,
    pub(super) balance: Option<Balance>,
}

impl SpectralBlock {
    /// With these matrices C_n, \[n]\[level]\[level], \[unit of the variable²], for n = 0 to the truncation.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no levels and for numbers that are not finite, [`Error::LengthMismatch`] where the matrices are not whole.
    pub fn new(name: impl Into<String>, levels: usize, covariances: Vec<f64>) -> Result<Self> {
        let refuse =
            |name, got, expected: &str| Err(Error::InvalidValue { name, got, expected: expected.to_owned() });
        if levels == 0 {
            return refuse("levels", "0".to_owned(), "at least 1");
        }
        let square = levels * levels;
        expect_len("covariances", covariances.len().next_multiple_of(square), covariances.len())?;
        if let Some(place) = covariances.iter().position(|value| !value.is_finite()) {
            let got = format!("{} for n = {}", covariances[place], place / square);
            return refuse("covariances", got, "finite numbers");
        }
        Ok(Self { name: name.into(), levels, covariances, balance: None })
    }

    /// With one vertical correlation for all scales and one horizontal spectrum for all levels:
    /// C_n(l, l′) = σ_l σ_l′ V(l, l′) s_n/Σ(2n′ + 1) s_n′, with V \[level]\[level].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for deviations and weights s_n that are negative or not finite, and for weights that are all 0.
    pub fn separable(
        name: impl Into<String>,
        deviations: &[f64],
        correlation: &[f64],
        spectrum: &[f64],
    ) -> Result<Self> {
        let levels = deviations.len();
        expect_len("correlation", levels * levels, correlation.len())?;
        let impossible = |value: &&f64| !(**value >= 0.0 && value.is_finite());
        for (name, values) in [("deviations", deviations), ("spectrum", spectrum)] {
            if let Some(value) = values.iter().find(impossible) {
                let expected = "finite numbers of 0 or more".to_owned();
                return Err(Error::InvalidValue { name, got: value.to_string(), expected });
            }
        }
        let total: f64 = spectrum.iter().enumerate().map(|(n, weight)| (2 * n + 1) as f64 * weight).sum();
        if total <= 0.0 {
            let expected = "a number above 0 among them".to_owned();
            return Err(Error::InvalidValue { name: "spectrum", got: "only zeros".to_owned(), expected });
        }
        let mut covariances = Vec::with_capacity(spectrum.len() * correlation.len());
        for weight in spectrum {
            for (place, value) in correlation.iter().enumerate() {
                let scale = deviations[place / levels] * deviations[place % levels];
                covariances.push(scale * value * weight / total);
            }
        }
        Self::new(name, levels, covariances)
    }

    /// In balance with another block; C_n is then of what is left.
    pub fn with_balance(mut self, balance: Balance) -> Self {
        self.balance = Some(balance);
        self
    }

    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of levels.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// C_n, \[n]\[level]\[level].
    pub fn covariances(&self) -> &[f64] {
        &self.covariances
    }

    /// The balance, if there is one.
    pub fn balance(&self) -> Option<&Balance> {
        self.balance.as_ref()
    }

    /// σ_l = √(Σ_n (2n + 1) C_n(l, l)), \[level].
    pub fn deviations(&self) -> Vec<f64> {
        let mut variances = vec![0.0; self.levels];
        for (n, matrix) in self.covariances.chunks_exact(self.levels * self.levels).enumerate() {
            for (level, variance) in variances.iter_mut().enumerate() {
                *variance += (2 * n + 1) as f64 * matrix[level * self.levels + level];
            }
        }
        variances.into_iter().map(f64::sqrt).collect()
    }

    /// The correlation spectrum C_n(l, l)/σ_l² of a level, \[n].
    ///
    /// # Panics
    /// Where there is no such level.
    pub fn correlation_spectrum(&self, level: usize) -> Vec<f64> {
        let variance = self.deviations()[level].powi(2);
        let matrices = self.covariances.chunks_exact(self.levels * self.levels);
        matrices.map(|matrix| matrix[level * self.levels + level] / variance).collect()
    }

    pub(super) fn expect_truncation(&self, truncation: Truncation) -> Result<()> {
        expect_len(
            "covariances",
            (truncation.total() + 1) * self.levels * self.levels,
            self.covariances.len(),
        )
    }

    /// √λ e of C_n, \[n]\[mode]\[level]; zeros where C_n has a smaller rank.
    pub(super) fn roots(&self) -> Result<Vec<f64>> {
        let (levels, square) = (self.levels, self.levels * self.levels);
        let mut vectors = self.covariances.clone();
        let mut values = vec![0.0; vectors.len() / levels];
        eigen(levels, &mut vectors, &mut values)?;
        let mut roots = vec![0.0; vectors.len()];
        for (n, root) in roots.chunks_exact_mut(square).enumerate() {
            let values = &values[n * levels..(n + 1) * levels];
            // Vorticity has no mean, and a spectrum may end early.
            if values.iter().all(|value| *value == 0.0) {
                continue;
            }
            let vectors = vectors[n * square..(n + 1) * square].to_vec();
            let name = format!("{}, n = {n}", self.name);
            let modes = scaled_modes(&name, values, vectors, f64::EPSILON, false)?;
            root[square - modes.len()..].copy_from_slice(&modes);
        }
        Ok(roots)
    }
}
