//! [`Particles`]: an ensemble that is drawn by its likelihood.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::assimilation::particles::ParticleFilter;

use super::{Condition, Method, Network, Observed};
use crate::{Component, Result};

/// The bootstrap particle filter of `terrella_kernels::assimilation::particles`, which draws at every analysis, so that members stand for the same
/// share of the whole afterwards. The estimate after an analysis is the mean by the weights with which was drawn.
pub struct Particles<R> {
    ensemble: Ensemble<R>,
    equivalents: Ensemble<R>,
    /// The estimate after an analysis.
    mean: Vec<R>,
    is_forecast: bool,
    filter: ParticleFilter,
    seed: u64,
    /// Of all analyses: their number, the sum and the least of effective sizes.
    drawn: [R; 3],
}

impl<R: Real> Particles<R> {
    /// From first members; `jitter` is that of [`ParticleFilter`].
    ///
    /// # Errors
    /// Those of [`ParticleFilter::new`].
    pub fn new(ensemble: Ensemble<R>, network: &Network<R>, jitter: f64, seed: u64) -> Result<Self> {
        let members = ensemble.members();
        let mut filter = ParticleFilter::new(members)?;
        (filter.share, filter.jitter) = (1.0, jitter);
        let equivalents = Ensemble::new(members, vec![R::ZERO; network.total() * members])?;
        let mean = vec![R::ZERO; ensemble.variables()];
        let drawn = [R::ZERO, R::ZERO, R::from_u32(members as u32)];
        Ok(Self { ensemble, equivalents, mean, is_forecast: true, filter, seed, drawn })
    }
}

impl<C: Component> Method<C> for Particles<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        self.is_forecast = true;
        network.forecast_ensemble(component, &mut self.ensemble, &mut self.equivalents)
    }

    fn analyse(&mut self, _component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { ensemble, equivalents, mean, is_forecast, filter, seed, drawn } = self;
        filter.weigh(equivalents, &observed.observations()?)?;
        filter.mean(ensemble, mean)?;
        let size = C::Real::from_f64(filter.draw(ensemble, *seed, cycle)?.effective_size);
        let [number, sum, least] = drawn;
        *number += C::Real::ONE;
        *sum += size;
        *least = if size < *least { size } else { *least };
        *is_forecast = false;
        Ok(())
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        if self.is_forecast {
            return Ok(self.ensemble.mean(state)?);
        }
        crate::error::expect_len("state", self.mean.len(), state.len())?;
        state.copy_from_slice(&self.mean);
        Ok(())
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(&self.ensemble)
    }

    fn condition(&self) -> Condition {
        let [number, sum, least] = self.drawn.map(|value| value.to_f64());
        let effective_size = (number > 0.0).then(|| [sum / number, least]);
        Condition { effective_size, ..Condition::default() }
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![self.ensemble.values_mut(), &mut self.drawn]
    }
}
