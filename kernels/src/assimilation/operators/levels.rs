//! Coefficients of levels, in the precision of the columns.

use crate::vertical::HybridLevels;
use crate::{Error, Real, Result};

/// Where levels are: p_k = a_k + b_k p_s \[Pa], from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelTable<R> {
    pub(super) a: Vec<R>,
    pub(super) b: Vec<R>,
    /// Of the half levels above and below; empty where there are none.
    pub(super) half_a: Vec<R>,
    pub(super) half_b: Vec<R>,
}

impl<R: Real> LevelTable<R> {
    /// Hybrid levels: p_k is the mean of the half levels' pressures.
    pub fn hybrid(levels: &HybridLevels) -> Self {
        let table = |values: &[f64]| values.iter().map(|value| R::from_f64(*value)).collect();
        let middle =
            |values: &[f64]| values.windows(2).map(|pair| R::from_f64(0.5 * (pair[0] + pair[1]))).collect();
        Self {
            a: middle(levels.a()),
            b: middle(levels.b()),
            half_a: table(levels.a()),
            half_b: table(levels.b()),
        }
    }

    /// Levels of constant pressure \[Pa], from the top. They have no layers, so that heights of pressures are not to be had from
    /// them by the hydrostatic equation: geopotential is a field there.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for fewer than two levels, and pressures that are not finite, positive and increasing.
    pub fn isobaric(pressures: &[f64]) -> Result<Self> {
        let rises = pressures.windows(2).all(|pair| pair[0] < pair[1]);
        let is_fine = pressures.iter().all(|pressure| pressure.is_finite() && *pressure > 0.0);
        if pressures.len() < 2 || !rises || !is_fine {
            return Err(Error::InvalidValue {
                name: "pressures",
                got: format!("{pressures:?}"),
                expected: "at least two finite, positive, increasing pressures".to_owned(),
            });
        }
        Ok(Self {
            a: pressures.iter().map(|pressure| R::from_f64(*pressure)).collect(),
            b: vec![R::ZERO; pressures.len()],
            half_a: Vec::new(),
            half_b: Vec::new(),
        })
    }

    /// Number of levels.
    pub fn count(&self) -> usize {
        self.a.len()
    }

    /// Pressure of a level \[Pa] over a surface pressure \[Pa].
    ///
    /// # Panics
    /// If there is no such level.
    pub fn pressure_at(&self, level: usize, surface_pressure: R) -> R {
        self.pressure(level, surface_pressure)
    }

    #[inline(always)]
    pub(super) fn pressure(&self, level: usize, surface_pressure: R) -> R {
        self.a[level] + self.b[level] * surface_pressure
    }

    #[inline(always)]
    pub(super) fn half_pressure(&self, half: usize, surface_pressure: R) -> R {
        self.half_a[half] + self.half_b[half] * surface_pressure
    }

    /// The largest number of an interval between levels of which the upper one is not below a pressure; the pressure is that of the
    /// highest level or more.
    #[inline]
    pub(super) fn interval(&self, pressure: R, surface_pressure: R) -> usize {
        let (mut low, mut high) = (0, self.count() - 1);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.pressure(middle, surface_pressure) <= pressure { low = middle } else { high = middle }
        }
        low
    }
}
