//! The digital filter on the primitive equations.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::primitive::{Configuration, Primitive, SpectralState, TimeStepping};
use crate::shallow_water::rounded;
use crate::time_stepping::{Average, DigitalFilter};
use crate::{Error, Result};

/// Spectra in host memory, in the order of [`SpectralState::fields`].
#[derive(Clone)]
struct Spectra([Vec<f64>; 5]);

impl Average for Spectra {
    fn scale(&mut self, factor: f64) {
        self.0.iter_mut().flatten().for_each(|value| *value *= factor);
    }

    fn add(&mut self, factor: f64, other: &Self) {
        for (sum, addend) in self.0.iter_mut().zip(&other.0) {
            sum.iter_mut().zip(addend).for_each(|(sum, addend)| *sum += factor * addend);
        }
    }
}

fn widened<R: Real>(buffer: &Buffer<R>) -> Result<Vec<f64>> {
    Ok(buffer.to_vec()?.into_iter().map(Real::to_f64).collect())
}

impl Spectra {
    fn of<R: Real>(state: &SpectralState<R>) -> Result<Self> {
        let mut fields = [const { Vec::new() }; 5];
        for (field, (_, buffer)) in fields.iter_mut().zip(state.fields()) {
            *field = widened(buffer)?;
        }
        Ok(Self(fields))
    }

    fn state<R: Real>(&self, device: Device) -> Result<SpectralState<R>> {
        let buffer = |values: &[f64]| Buffer::from_slice(device, &rounded::<R>(values));
        let [vorticity, divergence, temperature, log_surface_pressure, tracers] = &self.0;
        Ok(SpectralState {
            vorticity: buffer(vorticity)?,
            divergence: buffer(divergence)?,
            temperature: buffer(temperature)?,
            log_surface_pressure: buffer(log_surface_pressure)?,
            tracers: buffer(tracers)?,
        })
    }

    /// What a rank has of it in another part.
    fn moved(mut self, from: &Part, to: &Part, communicator: &Communicator) -> Result<Self> {
        for field in &mut self.0 {
            *field = from.spectra_for(to, communicator, field)?.into_owned();
        }
        Ok(self)
    }

    /// The same state seen in the other direction of time: ζ and D change their sign.
    fn towards(mut self, direction: f64) -> Self {
        let [vorticity, divergence, ..] = &mut self.0;
        vorticity.iter_mut().chain(divergence).for_each(|value| *value *= direction);
        self
    }
}

/// The state of a model without waves of shorter periods than `cutoff_period` \[s\]: the weighted mean of [`DigitalFilter`] over two
/// adiabatic runs without dissipation, each as long as the period, of a model with its configuration and ground. It makes a model for
/// each run, one after the other, when the memory of the one that was given has been given back.
///
/// The run backward in time is one forward of the reversed equations: −ζ, −D, T, p_s and tracers under −Ω. `each_step` is
/// called before every step; its error ends the filter. Of a semi-Lagrangian model the runs are leapfrog runs with the grid
/// and at most the time step of [`Configuration::new`], since its own steps are too long for the waves to be seen.
///
/// Across ranks all call it together, with `each_step` failing on all or on none; each gets its part, with the bits of one rank.
pub fn filter_state<R: Real, E: From<Error>>(
    model: Primitive<R>,
    cutoff_period: f64,
    mut each_step: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<SpectralState<R>, E> {
    let (device, part, communicator) = (model.device(), model.part().clone(), model.communicator()?);
    let configuration = Configuration { part: None, ..model.configuration().clone() };
    let leapfrog = match configuration.time_stepping {
        TimeStepping::Leapfrog => configuration.clone(),
        TimeStepping::SemiLagrangian(_) => {
            let usual = Configuration::new(configuration.truncation, configuration.levels.clone())?;
            Configuration {
                grid: usual.grid,
                time_step: usual.time_step.min(configuration.time_step),
                time_stepping: TimeStepping::Leapfrog,
                ..configuration.clone()
            }
        }
    };
    let orography = widened(model.orography())?;
    let initial = Spectra::of(model.spectral_state())?;
    drop(model);
    let filter = DigitalFilter::lanczos(cutoff_period, leapfrog.time_step)?;
    let filtered = filter.apply(&initial, |direction, observe| {
        let settings = Configuration {
            rotation: direction * configuration.rotation,
            time_step: filter.time_step(),
            implicit_weight: 0.5,
            diffusion: None,
            divergence_damping: None,
            sponge: None,
            ..leapfrog.clone()
        };
        let mut runner = match part.is_whole() {
            true => Primitive::<R>::new(settings, device)?,
            false => Primitive::<R>::new_on_device(settings, &communicator, device)?,
        };
        // Of another grid, wavenumbers are dealt out otherwise.
        let own = runner.part().clone();
        let ground = part.spectra_for(&own, &communicator, &orography).map_err(Error::from)?;
        runner.terms.orography.copy_from_host(&rounded::<R>(&ground)).map_err(Error::from)?;
        let start = initial.clone().towards(direction).moved(&part, &own, &communicator)?;
        runner.set_state(&start.state(device)?)?;
        for _ in 0..filter.steps() {
            each_step()?;
            runner.step()?;
            let state = Spectra::of(runner.spectral_state())?.towards(direction);
            observe(&state.moved(&own, &part, &communicator)?);
        }
        Ok::<(), E>(())
    })?;
    Ok(filtered.state(device)?)
}
