//! Removal of gravity waves from an initial state of the shallow-water model, by the digital filter of
//! [`terrella_dycore::time_stepping::DigitalFilter`].
//!
//! The filter takes states from runs without dissipation, forward and backward from the initial state. A run backward in
//! time is a run forward of the time-reversed equations: reversing the wind and the rotation of the sphere leaves the
//! shallow-water equations as they are, so that −ζ, −D, Φ under −Ω passes through the past states. The area mean of Φ is
//! conserved in both, hence by the filter.

use terrella_dycore::shallow_water::{Configuration, ShallowWater};
use terrella_dycore::time_stepping::{Average, DigitalFilter};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

use crate::error::{Error, Result};
use crate::spectra::Spectra;
use terrella_driver::interruption;

impl Average for Spectra {
    fn scale(&mut self, factor: f64) {
        *self = self.scaled(factor);
    }

    fn add(&mut self, factor: f64, other: &Self) {
        self.add(factor, other);
    }
}

/// The state without waves of a shorter period than `cutoff_period` \[s\], which is also the length of each of the two
/// runs.
///
/// `configuration` is the forecast model's.
pub(crate) fn filter<R: Real>(
    configuration: &Configuration,
    device: Device,
    state: &Spectra,
    cutoff_period: f64,
) -> Result<Spectra> {
    let filter = DigitalFilter::lanczos(cutoff_period, configuration.time_step)?;
    filter.apply(state, |direction, observe| {
        let settings = Configuration {
            rotation: direction * configuration.rotation,
            time_step: filter.time_step(),
            diffusion: None,
            // Off-centring would damp, in both directions.
            implicit_weight: 0.5,
            ..configuration.clone()
        };
        let mut model = ShallowWater::<R>::new(settings, device)?;
        let start = state.clone().reversed(direction);
        let buffers = start.to_buffers::<R>(model.part(), device)?;
        model.set_state(&buffers.vorticity, &buffers.divergence, &buffers.geopotential)?;
        for _ in 0..filter.steps() {
            if interruption::requested() {
                return Err(Error::InterruptedBeforeStart);
            }
            model.step()?;
            observe(&Spectra::from_state(state.truncation, model.spectral_state())?.reversed(direction));
        }
        Ok(())
    })
}
