//! [`LocalParticleFilter`]: an ensemble that is drawn by its likelihood, place by place.

use terrella_kernels::Real;
use terrella_kernels::assimilation::localization::{Near, Neighbourhood};
use terrella_kernels::assimilation::particles::{LocalParticles, Resampling, analyse_particles_locally};
use terrella_kernels::assimilation::{Ensemble, inflation};

use super::{Condition, Localisation, Method, Network, Observed};
use crate::{Component, Error, Result};

/// The local particle filter of [`analyse_particles_locally`], which draws at every analysis. The estimate is the mean of the members.
pub struct LocalParticleFilter<R> {
    ensemble: Ensemble<R>,
    equivalents: Ensemble<R>,
    settings: LocalParticleSettings<R>,
    /// Of all analyses: their number, the sum and the least of the effective sizes of the worst domain.
    drawn: [R; 3],
}

/// How members are drawn.
pub struct LocalParticleSettings<R> {
    /// Which observations are near a domain, with all values in one part.
    pub localisation: Localisation,
    /// The domains near a domain, whose draws are mixed with its own.
    pub domains_near: Box<dyn Neighbourhood>,
    /// The share of what the neighbours drew in a member, 0 to 1.
    pub smoothing: f64,
    /// Variances of the noise that members get after an analysis, \[value]; none for no noise.
    pub noise: Option<Vec<R>>,
    /// Of draws and noise.
    pub seed: u64,
}

impl<R: Real> LocalParticleFilter<R> {
    /// From first members.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a localisation with several parts, [`Error::LengthMismatch`] where its part is not a state.
    pub fn new(
        ensemble: Ensemble<R>,
        network: &Network<R>,
        settings: LocalParticleSettings<R>,
    ) -> Result<Self> {
        let parts = settings.localisation.parts.len();
        if parts != 1 {
            let expected = "1, since members are put together across all domains".to_owned();
            return Err(Error::InvalidValue { name: "parts", got: parts.to_string(), expected });
        }
        settings.localisation.expect(ensemble.variables())?;
        let members = ensemble.members();
        let equivalents = Ensemble::new(members, vec![R::ZERO; network.total() * members])?;
        let drawn = [R::ZERO, R::ZERO, R::from_u32(members as u32)];
        Ok(Self { ensemble, equivalents, settings, drawn })
    }
}

impl<C: Component> Method<C> for LocalParticleFilter<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        network.forecast_ensemble(component, &mut self.ensemble, &mut self.equivalents)
    }

    fn analyse(&mut self, _component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { ensemble, equivalents, settings, drawn } = self;
        let LocalParticleSettings { localisation, domains_near, smoothing, noise, seed } = settings;
        let size = analyse_particles_locally(
            ensemble,
            localisation.domains(),
            equivalents,
            &observed.observations()?,
            &LocalParticles { resampling: Resampling::Systematic, smoothing: *smoothing },
            &|domain: usize, found: &mut Vec<Near>| localisation.observations_near.near(domain, found),
            &|domain: usize, found: &mut Vec<Near>| domains_near.near(domain, found),
            (*seed, cycle),
        )?;
        if let Some(noise) = noise {
            inflation::add(ensemble, noise, *seed, cycle)?;
        }
        let size = C::Real::from_f64(size);
        let [number, sum, least] = drawn;
        *number += C::Real::ONE;
        *sum += size;
        *least = if size < *least { size } else { *least };
        Ok(())
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        Ok(self.ensemble.mean(state)?)
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
