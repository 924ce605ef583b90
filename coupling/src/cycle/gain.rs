//! [`Gain`]: one state, corrected by a gain that never changes.

use terrella_kernels::Real;
use terrella_kernels::assimilation::{Ensemble, symmetric};

use super::{Method, Network, Observed};
use crate::error::expect_len;
use crate::{Component, Error, Result};

/// Optimal interpolation and 3D-Var of small systems: xᵃ = xᶠ + K (y − Hxᶠ) with the gain K = B Hᵀ (H B Hᵀ + R)⁻¹, which holds for all cycles
/// (Kalnay 2003, *Atmospheric Modeling, Data Assimilation and Predictability*, section 5.4). Departures of a forecast are those at the times of observation and correct the state at the window's end as though they were of that time; a climate
/// knows nothing of what passes between, so that it is corrected by the observations of the end alone.
pub struct Gain<R> {
    state: Vec<R>,
    /// Where each forecast begins anew, in place of the model's.
    climate: Option<Vec<R>>,
    /// Of the forecast, at the times of observation.
    equivalents: Vec<R>,
    /// K, \[variable]\[observation].
    gain: Vec<R>,
}

impl<R: Real> Gain<R> {
    /// From a first state and B, \[variable]\[variable]. With `climate`, that state replaces all forecasts.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] where H B Hᵀ + R has no positive eigenvalues only.
    pub fn new(
        state: Vec<R>,
        climate: Option<Vec<R>>,
        covariance: &[R],
        network: Network<R>,
    ) -> Result<Self> {
        let len = state.len();
        expect_len("covariance", len * len, covariance.len())?;
        if let Some(climate) = &climate {
            expect_len("climate", len, climate.len())?;
        }
        let (indices, variances) = match &climate {
            Some(_) => (network.indices().to_vec(), network.variances().to_vec()),
            None => (network.all_indices(), network.all_variances()),
        };
        let count = indices.len();
        let mut sums = vec![R::ZERO; count * count];
        for (row, &i) in indices.iter().enumerate() {
            for (column, &j) in indices.iter().enumerate() {
                sums[row * count + column] = covariance[i as usize * len + j as usize];
            }
            sums[row * count + row] += variances[row];
        }
        let mut values = vec![R::ZERO; count];
        symmetric::eigen(count, &mut sums, &mut values)?;
        if let Some(value) = values.iter().find(|value| value.to_f64().is_nan() || **value <= R::ZERO) {
            return Err(Error::InvalidValue {
                name: "covariance",
                got: format!("one with an eigenvalue {value} of H B Hᵀ + R"),
                expected: "positive eigenvalues".to_owned(),
            });
        }
        let mut gain = vec![R::ZERO; len * count];
        for (vector, value) in sums.chunks_exact(count).zip(&values) {
            for (row, gains) in gain.chunks_exact_mut(count).enumerate() {
                let mut along = R::ZERO;
                for (component, &j) in vector.iter().zip(&indices) {
                    along += *component * covariance[row * len + j as usize];
                }
                let share = along / *value;
                gains.iter_mut().zip(vector).for_each(|(gain, component)| *gain += share * *component);
            }
        }
        Ok(Self { state, climate, equivalents: vec![R::ZERO; count], gain })
    }
}

impl<C: Component> Method<C> for Gain<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        let Self { state, climate, equivalents, .. } = self;
        match climate {
            Some(climate) => {
                state.copy_from_slice(climate);
                network.observe(state, equivalents)
            }
            None => network.forecast(component, state, equivalents),
        }
    }

    fn analyse(&mut self, _component: &mut C, observed: &Observed<C::Real>, _cycle: u32) -> Result<()> {
        let mut innovations = match &self.climate {
            Some(_) => observed.last(self.equivalents.len()).values,
            None => observed.values.clone(),
        };
        expect_len("values", self.equivalents.len(), innovations.len())?;
        innovations.iter_mut().zip(&self.equivalents).for_each(|(y, equivalent)| *y -= *equivalent);
        for (value, gains) in self.state.iter_mut().zip(self.gain.chunks_exact(innovations.len())) {
            for (gain, innovation) in gains.iter().zip(&innovations) {
                *value += *gain * *innovation;
            }
        }
        Ok(())
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        expect_len("state", self.state.len(), state.len())?;
        state.copy_from_slice(&self.state);
        Ok(())
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        None
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![&mut self.state]
    }
}
