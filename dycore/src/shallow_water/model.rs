//! The model: its memory, its settings and its step.

use std::mem::swap;

use terrella_coupling::communicator::{Communicator, Route};
use terrella_coupling::spectral::{ModelTransform, Part, Rings};
use terrella_coupling::timing::Recorder;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use super::scheme::Scheme;
use super::watch::Watch;
use super::{Configuration, GridState, RelaxationTimes, SpectralState};
use super::{departure, interleave, kinetic_energy, transport};
use crate::timing::{Phase, Stopwatch};
use crate::{Error, Result};

/// The spectral shallow-water model; see [`super`] for equations and scheme.
///
/// Everything a step needs is allocated here, on one device.
///
/// Across ranks ([`Self::new_on`], [`Self::new_on_device`]) all call the same methods in the same order, and get the same results or the same
/// errors. Spectra and fields, in and out, are those of the rank's [`Part`], with the bits of a model on one rank and its device; checkpoints
/// are whole.
pub struct ShallowWater<R: Real> {
    pub(super) configuration: Configuration,
    pub(super) device: Device,
    pub(super) transform: ModelTransform<R>,
    /// Filtered state at t − Δt.
    pub(super) previous: SpectralState<R>,
    /// State at t.
    pub(super) present: SpectralState<R>,
    pub(super) step: u64,
    /// Where the next state and the filtered present one are written, then swapped in.
    next: SpectralState<R>,
    filtered: SpectralState<R>,
    pub(super) terms: LinearTerms<R>,
    pub(super) work: Workspace<R>,
    watch: Watch<R>,
    stopwatch: Stopwatch,
}

/// What is linear in the state and constant in time.
pub(super) struct LinearTerms<R: Real> {
    /// n(n+1)/r² \[m⁻²\], `[coefficients]`.
    pub(super) eigenvalue: Buffer<R>,
    /// Φ_s \[m² s⁻²\], `[coefficients, 2]`.
    pub(super) orography: Buffer<R>,
    /// Sources, `[coefficients, 2]`.
    pub(super) source: SpectralState<R>,
    /// Damping rates \[s⁻¹\], `[coefficients]`.
    pub(super) damping: SpectralState<R>,
    relaxation: Option<(SpectralState<R>, RelaxationTimes)>,
}

/// Fields of one step. On the grid `[2, points]` holds vorticity, then geopotential.
pub(super) struct Workspace<R: Real> {
    pub(super) scalar_spectra: Buffer<R>,
    pub(super) scalars: Buffer<R>,
    /// f, then 0.
    pub(super) background: Buffer<R>,
    pub(super) u: Buffer<R>,
    pub(super) v: Buffer<R>,
    pub(super) flux_u: Buffer<R>,
    pub(super) flux_v: Buffer<R>,
    pub(super) flux_curl: Buffer<R>,
    pub(super) flux_divergence: Buffer<R>,
    /// |V|²/2; elsewhere a field of scratch.
    pub(super) energy: Buffer<R>,
    pub(super) energy_spectrum: Buffer<R>,
}

impl<R: Real> ShallowWater<R> {
    /// A model at rest with depth Φ̄ everywhere, without orography or relaxation.
    pub fn new(configuration: Configuration, device: Device) -> Result<Self> {
        Self::with(configuration, |grid, truncation| ModelTransform::new(grid, truncation, device))
    }

    /// This rank's part of such a model, which all ranks make together, on the CPU.
    ///
    /// Errors, besides those of [`Self::new`]: those of [`ModelTransform::on`].
    pub fn new_on(configuration: Configuration, communicator: &Communicator) -> Result<Self> {
        Self::with(configuration, |grid, truncation| ModelTransform::on(communicator, grid, truncation))
    }

    /// The same on this rank's device, of the kind that all ranks have.
    ///
    /// Errors, besides those of [`Self::new`]: those of [`ModelTransform::on_device`].
    pub fn new_on_device(
        configuration: Configuration,
        communicator: &Communicator,
        device: Device,
    ) -> Result<Self> {
        Self::with(configuration, |grid, truncation| {
            ModelTransform::on_device(communicator, grid, truncation, device)
        })
    }

    /// The model of a configuration that can be, with the transform that `make` makes for its grid and truncation.
    fn with(
        configuration: Configuration,
        make: impl FnOnce(&Grid, Truncation) -> terrella_coupling::Result<ModelTransform<R>>,
    ) -> Result<Self> {
        configuration.validate()?;
        let transform = make(&configuration.grid, Truncation::new(configuration.truncation))?;
        Self::with_transform(configuration, transform)
    }

    fn with_transform(configuration: Configuration, mut transform: ModelTransform<R>) -> Result<Self> {
        transform.set_radius(configuration.radius)?;
        let (device, part) = (transform.device(), transform.part().clone());
        let points = part.points();
        let coefficients = part.coefficients();
        let values = 2 * coefficients;

        let eigenvalues: Vec<R> = part
            .degrees()
            .map(|degree| {
                let degree = degree as f64;
                R::from_f64(degree * (degree + 1.0) / (configuration.radius * configuration.radius))
            })
            .collect();
        let state = || SpectralState::zeros(device, values);
        let terms = LinearTerms {
            eigenvalue: Buffer::from_slice(device, &eigenvalues)?,
            orography: Buffer::zeros(device, values)?,
            source: state()?,
            damping: SpectralState::zeros(device, coefficients)?,
            relaxation: None,
        };
        let work = Workspace {
            scalar_spectra: Buffer::zeros(device, 2 * values)?,
            scalars: Buffer::zeros(device, 2 * points)?,
            background: Buffer::zeros(device, 2 * points)?,
            u: Buffer::zeros(device, points)?,
            v: Buffer::zeros(device, points)?,
            flux_u: Buffer::zeros(device, 2 * points)?,
            flux_v: Buffer::zeros(device, 2 * points)?,
            flux_curl: Buffer::zeros(device, 2 * values)?,
            flux_divergence: Buffer::zeros(device, 2 * values)?,
            energy: Buffer::zeros(device, points)?,
            energy_spectrum: Buffer::zeros(device, values)?,
        };
        let watch = Watch::new(&configuration, &part);
        let rotation = configuration.rotation;
        let mut model = Self {
            configuration,
            device,
            transform,
            previous: state()?,
            present: state()?,
            step: 0,
            next: state()?,
            filtered: state()?,
            terms,
            work,
            watch,
            stopwatch: Stopwatch::new(device),
        };
        model.set_linear_terms()?;
        let coriolis = part.on_points(|ring| 2.0 * rotation * ring.sine_latitude);
        model.set_coriolis_parameter(&rounded(&coriolis))?;
        Ok(model)
    }

    /// Replaces the Coriolis parameter 2Ω·sin φ by another field \[s⁻¹\], `[points]`.
    pub fn set_coriolis_parameter(&mut self, coriolis: &[R]) -> Result<()> {
        expect_finite("coriolis", coriolis)?;
        let points = self.part().points();
        expect_length("coriolis", points, coriolis.len())?;
        let mut background = vec![R::ZERO; 2 * points];
        background[..points].copy_from_slice(coriolis);
        self.work.background.copy_from_host(&background)?;
        Ok(())
    }

    /// Sets the ground's geopotential Φ_s \[m² s⁻²\] from grid values `[points]`; the model sees it truncated.
    pub fn set_orography(&mut self, geopotential: &Buffer<R>) -> Result<()> {
        expect_finite("orography", &geopotential.to_vec()?)?;
        self.transform.analysis(1, geopotential, &mut self.terms.orography)?;
        self.set_linear_terms()
    }

    /// Relaxes the state toward `reference` from now on.
    pub fn set_relaxation(&mut self, reference: SpectralState<R>, times: RelaxationTimes) -> Result<()> {
        times.validate()?;
        for (name, buffer) in fields(&reference) {
            expect_length(name, 2 * self.coefficients(), buffer.len())?;
            expect_finite(name, &buffer.to_vec()?)?;
        }
        self.terms.relaxation = Some((reference, times));
        self.set_linear_terms()
    }

    /// Sets the state, at step 0, from spectra of vorticity, divergence and Φ − Φ̄, `[coefficients, 2]` each.
    pub fn set_state(
        &mut self,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        geopotential: &Buffer<R>,
    ) -> Result<()> {
        for (name, buffer) in
            [("vorticity", vorticity), ("divergence", divergence), ("geopotential", geopotential)]
        {
            expect_length(name, 2 * self.coefficients(), buffer.len())?;
            expect_finite(name, &buffer.to_vec()?)?;
        }
        self.present.vorticity.copy_from(vorticity)?;
        self.present.divergence.copy_from(divergence)?;
        self.present.geopotential.copy_from(geopotential)?;
        self.start()
    }

    /// Sets the state, at step 0, from wind \[m s⁻¹\] and depth times gravity Φ \[m² s⁻²\] (with its mean) on the grid,
    /// `[points]` each.
    pub fn set_from_wind_and_geopotential(
        &mut self,
        u: &Buffer<R>,
        v: &Buffer<R>,
        geopotential: &Buffer<R>,
    ) -> Result<()> {
        let points = self.part().points();
        for (name, buffer) in [("u", u), ("v", v), ("geopotential", geopotential)] {
            expect_length(name, points, buffer.len())?;
            expect_finite(name, &buffer.to_vec()?)?;
        }
        self.transform.wind_analysis(1, u, v, &mut self.present.vorticity, &mut self.present.divergence)?;
        let mean = R::from_f64(self.configuration.mean_geopotential);
        departure::launch([points as u32], mean, geopotential, &mut self.work.energy)?;
        self.transform.analysis(1, &self.work.energy, &mut self.present.geopotential)?;
        self.start()
    }

    /// Advances the state by one time step.
    pub fn step(&mut self) -> Result<()> {
        // Ranks stay on the threads of their communicators.
        if self.part().is_whole() { self.device.within(|| self.advance()) } else { self.advance() }
    }

    fn advance(&mut self) -> Result<()> {
        self.explicit_terms()?;
        self.watch_wind()?;
        let timer = self.stopwatch.start(Phase::SemiImplicit)?;
        let scheme = Scheme::new(&self.configuration, self.step == 0);
        let terms = &self.terms;
        scheme.advance(
            [&self.previous, &self.present],
            &self.work,
            terms,
            &terms.orography,
            &terms.source,
            [&mut self.next, &mut self.filtered],
        )?;
        self.stopwatch.stop(timer)?;
        swap(&mut self.previous, &mut self.filtered);
        swap(&mut self.present, &mut self.next);
        self.step += 1;
        Ok(())
    }

    /// Advances by `steps` steps and calls `observer` after each.
    pub fn run<E: From<Error>>(
        &mut self,
        steps: u64,
        mut observer: impl FnMut(&mut Self) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        for _ in 0..steps {
            self.step()?;
            observer(self)?;
        }
        Ok(())
    }

    /// Settings the model was built with.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The device that the model lives on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Steps since the state was set.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Model time since the state was set \[s\].
    pub fn time(&self) -> f64 {
        self.step as f64 * self.configuration.time_step
    }

    /// Which rings and coefficients this model has: all of them on one rank.
    pub fn part(&self) -> &Part {
        self.transform.part()
    }

    /// The ranks that share this model.
    ///
    /// Errors: a call from another thread than the one of the communicator.
    pub fn communicator(&self) -> Result<Communicator> {
        Ok(self.transform.communicator()?)
    }

    /// The way of parcels between the devices of the ranks that share this model; nothing on CPUs and on one rank.
    ///
    /// Errors: a call from another thread than the one of the communicator.
    pub fn route(&self) -> Result<Option<Route>> {
        Ok(self.transform.route()?)
    }

    /// Number of complex coefficients of a field that are here.
    pub fn coefficients(&self) -> usize {
        self.present.vorticity.len() / 2
    }

    /// The present state's spectra.
    pub fn spectral_state(&self) -> &SpectralState<R> {
        &self.present
    }

    /// The spectrum of the ground's geopotential \[m² s⁻²\].
    pub fn orography(&self) -> &Buffer<R> {
        &self.terms.orography
    }

    /// Tells a timeline of the phases of steps from now on: `transform`, `grid point` and `semi-implicit`. On a GPU, that waits for
    /// each phase to end.
    pub fn set_recorder(&mut self, recorder: Recorder) {
        self.stopwatch.set_recorder(recorder);
    }

    /// The transform between the model's spectra and its grid.
    pub fn transform(&mut self) -> &mut ModelTransform<R> {
        &mut self.transform
    }

    /// The present state on the grid, in host memory.
    pub fn grid_state(&mut self) -> Result<GridState<R>> {
        self.synthesis()?;
        let points = self.part().points();
        let scalars = self.work.scalars.to_vec()?;
        let mean = R::from_f64(self.configuration.mean_geopotential);
        let scratch = &mut self.work.energy;
        self.transform.synthesis(1, &self.present.divergence, scratch)?;
        let divergence = scratch.to_vec()?;
        self.transform.synthesis(1, &self.terms.orography, scratch)?;
        Ok(GridState {
            u: self.work.u.to_vec()?,
            v: self.work.v.to_vec()?,
            vorticity: scalars[..points].to_vec(),
            divergence,
            geopotential: scalars[points..].iter().map(|&value| value + mean).collect(),
            orography: scratch.to_vec()?,
        })
    }

    /// The present state on the whole grid, on rank 0; nothing on the others, with which it is called together.
    pub fn whole_grid_state(&mut self) -> Result<Option<GridState<R>>> {
        let state = self.grid_state()?;
        if self.part().is_whole() {
            return Ok(Some(state));
        }
        state.gathered(self.part(), &self.transform.communicator()?)
    }

    /// The Coriolis parameter \[s⁻¹\], `[points]`.
    pub fn coriolis_parameter(&self) -> Result<Vec<R>> {
        let mut values = self.work.background.to_vec()?;
        values.truncate(self.part().points());
        Ok(values)
    }

    /// Makes the present state the initial one.
    fn start(&mut self) -> Result<()> {
        self.previous.copy_from(&self.present)?;
        self.step = 0;
        Ok(())
    }

    /// Vorticity, geopotential departure and wind of the present state on the grid.
    pub(super) fn synthesis(&mut self) -> Result<()> {
        let timer = self.stopwatch.start(Phase::Transform)?;
        let values = 2 * self.coefficients() as u32;
        let (present, work) = (&self.present, &mut self.work);
        interleave::launch([values, 2], &present.vorticity, &present.geopotential, &mut work.scalar_spectra)?;
        self.transform.synthesis(2, &work.scalar_spectra, &mut work.scalars)?;
        self.transform.wind_synthesis(
            1,
            &present.vorticity,
            &present.divergence,
            &mut work.u,
            &mut work.v,
        )?;
        self.stopwatch.stop(timer)
    }

    /// Curl and divergence of the fluxes and the spectrum of the kinetic energy.
    fn explicit_terms(&mut self) -> Result<()> {
        self.synthesis()?;
        let timer = self.stopwatch.start(Phase::GridPoint)?;
        let points = self.part().points() as u32;
        let work = &mut self.work;
        transport::launch(
            [2, points],
            points,
            &work.background,
            &work.scalars,
            &work.u,
            &work.v,
            &mut work.flux_u,
            &mut work.flux_v,
        )?;
        kinetic_energy::launch([points], &work.u, &work.v, &mut work.energy)?;
        self.stopwatch.stop(timer)?;
        let timer = self.stopwatch.start(Phase::Transform)?;
        self.transform.wind_analysis(
            2,
            &work.flux_u,
            &work.flux_v,
            &mut work.flux_curl,
            &mut work.flux_divergence,
        )?;
        self.transform.analysis(1, &work.energy, &mut work.energy_spectrum)?;
        self.stopwatch.stop(timer)
    }

    /// Stops the run where the wind is NaN or beyond the limit.
    fn watch_wind(&mut self) -> Result<()> {
        let interval = u64::from(self.configuration.watch_interval);
        if interval == 0 || !self.step.is_multiple_of(interval) {
            return Ok(());
        }
        let time = self.time();
        let ranks = self.transform.shared_by()?;
        self.watch.examine(ranks.as_ref(), self.step, time, &self.work.u, &self.work.v)
    }

    /// Damping rates and sources from diffusion, orography and relaxation.
    fn set_linear_terms(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let truncation = configuration.truncation;
        let diffusion: Vec<f64> = self
            .transform
            .part()
            .degrees()
            .map(|degree| {
                configuration
                    .diffusion
                    .map_or(0.0, |diffusion| diffusion.rate(degree, truncation, configuration.radius))
            })
            .collect();
        let orography = self.terms.orography.to_vec()?;
        let diffused_orography: Vec<f64> = orography
            .iter()
            .enumerate()
            .map(|(value, surface)| -diffusion[value / 2] * surface.to_f64())
            .collect();
        let nothing = vec![0.0; orography.len()];

        let relaxation = self.terms.relaxation.as_ref();
        let (source, damping) = (&mut self.terms.source, &mut self.terms.damping);
        let variables = [
            (
                &nothing,
                relaxation.map(|(state, times)| (&state.vorticity, times.vorticity)),
                &mut source.vorticity,
                &mut damping.vorticity,
            ),
            (
                &nothing,
                relaxation.map(|(state, times)| (&state.divergence, times.divergence)),
                &mut source.divergence,
                &mut damping.divergence,
            ),
            (
                &diffused_orography,
                relaxation.map(|(state, times)| (&state.geopotential, times.geopotential)),
                &mut source.geopotential,
                &mut damping.geopotential,
            ),
        ];
        for (constant, relaxation, source, damping) in variables {
            let (mut rates, mut sources) = (diffusion.clone(), constant.clone());
            if let Some((reference, Some(time))) = relaxation {
                rates.iter_mut().for_each(|rate| *rate += 1.0 / time);
                for (source, reference) in sources.iter_mut().zip(reference.to_vec()?) {
                    *source += reference.to_f64() / time;
                }
            }
            source.copy_from_host(&rounded(&sources))?;
            damping.copy_from_host(&rounded(&rates))?;
        }
        Ok(())
    }
}

/// Total wavenumber of each coefficient, in the order of spectra.
pub(crate) fn degrees(truncation: usize) -> impl Iterator<Item = usize> {
    Truncation::new(truncation).wavenumbers().map(|(_, degree)| degree)
}

pub(crate) fn rounded<R: Real>(values: &[f64]) -> Vec<R> {
    values.iter().map(|&value| R::from_f64(value)).collect()
}

pub(crate) fn expect_finite<R: Real>(field: &'static str, values: &[R]) -> Result<()> {
    match values.iter().position(|value| !value.to_f64().is_finite()) {
        Some(index) => Err(Error::NotFinite { field, value: values[index].to_f64(), index }),
        None => Ok(()),
    }
}

pub(crate) fn expect_length(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(terrella_kernels::Error::LengthMismatch { name, expected, got }.into())
    }
}

pub(crate) fn fields<R: Real>(state: &SpectralState<R>) -> [(&'static str, &Buffer<R>); 3] {
    [
        ("vorticity", &state.vorticity),
        ("divergence", &state.divergence),
        ("geopotential", &state.geopotential),
    ]
}
