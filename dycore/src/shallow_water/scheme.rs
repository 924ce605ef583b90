//! The step in spectral space, for states and for perturbations of them.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::model::{LinearTerms, Workspace};
use super::{Configuration, SpectralState, advance_gravity_waves};
use crate::Result;
use crate::time_stepping::{Filter, advance_transported};

/// The numbers of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scheme<R> {
    /// I = 2Δt, or Δt in the first step.
    pub(super) interval: R,
    /// β.
    pub(super) implicit: R,
    /// Φ̄ \[m² s⁻²\].
    pub(super) mean_geopotential: R,
    /// Filter, off in the first step.
    pub(super) strength: R,
    pub(super) centring: R,
}

impl<R: Real> Scheme<R> {
    pub(super) fn new(configuration: &Configuration, first: bool) -> Self {
        let interval = if first { configuration.time_step } else { 2.0 * configuration.time_step };
        let filter = if first { Filter::NONE } else { configuration.filter };
        Self {
            interval: R::from_f64(interval),
            implicit: R::from_f64(configuration.implicit_weight),
            mean_geopotential: R::from_f64(configuration.mean_geopotential),
            strength: R::from_f64(filter.strength),
            centring: R::from_f64(filter.centring),
        }
    }

    /// Writes the next state and the filtered present one, from the terms that the workspace holds and these constant ones. With
    /// `orography` and `source` 0 the step is linear.
    pub(super) fn advance(
        self,
        [previous, present]: [&SpectralState<R>; 2],
        work: &Workspace<R>,
        terms: &LinearTerms<R>,
        orography: &Buffer<R>,
        source: &SpectralState<R>,
        [next, filtered]: [&mut SpectralState<R>; 2],
    ) -> Result<()> {
        let values = previous.vorticity.len() as u32;
        advance_transported::launch(
            [values],
            2,
            self.interval,
            self.strength,
            self.centring,
            &previous.vorticity,
            &present.vorticity,
            &work.flux_divergence,
            &source.vorticity,
            &terms.damping.vorticity,
            &mut next.vorticity,
            &mut filtered.vorticity,
        )?;
        advance_gravity_waves::launch(
            [values],
            self.interval,
            self.implicit,
            self.mean_geopotential,
            self.strength,
            self.centring,
            &previous.divergence,
            &present.divergence,
            &previous.geopotential,
            &present.geopotential,
            &work.flux_curl,
            &work.flux_divergence,
            &work.energy_spectrum,
            orography,
            &terms.eigenvalue,
            &source.divergence,
            &terms.damping.divergence,
            &source.geopotential,
            &terms.damping.geopotential,
            &mut next.divergence,
            &mut filtered.divergence,
            &mut next.geopotential,
            &mut filtered.geopotential,
        )?;
        Ok(())
    }
}
