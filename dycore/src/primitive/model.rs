//! The model: its memory and its settings.

use terrella_coupling::communicator::{Communicator, Route};
use terrella_coupling::spectral::{ModelTransform, Part};
use terrella_coupling::timing::Recorder;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use super::physics::ColumnPhysics;
use super::reference::ReferenceState;
use super::semi_lagrangian::Transport;
use super::terms::{ColumnTerms, LinearTerms};
use super::watch::Watch;
use super::workspace::{ColumnFields, Tendencies, Workspace};
use super::{Configuration, SpectralState, TimeStepping, relative_logarithm, temperature_departure};
use crate::ranks::expect_alone;
use crate::shallow_water::{expect_finite, expect_length};
use crate::timing::{PhaseTimes, Stopwatch};
use crate::{Error, Result};

/// The hydrostatic primitive-equation model; see [`super`] for equations and scheme.
///
/// Everything a step needs is allocated here, on one device.
///
/// Across ranks ([`Self::new_on`], [`Self::new_on_device`]) all call the same methods in the same order, and get the same results or the same
/// errors. Spectra and fields, in and out, are those of the rank's [`Part`], with the bits of a model on one rank and its device; checkpoints
/// are whole. Column physics is made from [`Self::configuration`], which knows the part.
pub struct Primitive<R: Real> {
    pub(super) configuration: Configuration,
    pub(super) device: Device,
    pub(super) transform: ModelTransform<R>,
    pub(super) reference: ReferenceState,
    /// Filtered state at t − Δt.
    pub(super) previous: SpectralState<R>,
    /// State at t.
    pub(super) present: SpectralState<R>,
    pub(super) step: u64,
    /// Where the next state and the filtered present one are written, then swapped in.
    pub(super) next: SpectralState<R>,
    pub(super) filtered: SpectralState<R>,
    pub(super) terms: LinearTerms<R>,
    pub(super) column_terms: ColumnTerms<R>,
    pub(super) work: Workspace<R>,
    pub(super) physics: Option<Physics<R>>,
    /// Of the semi-Lagrangian scheme.
    pub(super) transport: Option<Box<Transport<R>>>,
    pub(super) watch: Watch<R>,
    pub(super) stopwatch: Stopwatch,
}

/// Schemes, and the memory that they alone need.
pub(super) struct Physics<R: Real> {
    pub(super) schemes: Vec<Box<dyn ColumnPhysics<R>>>,
    /// The grid fields of t − Δt.
    pub(super) earlier: ColumnFields<R>,
    /// Tendencies after a scheme.
    pub(super) after: Tendencies<R>,
    pub(super) geopotential: Option<Buffer<R>>,
    /// The reference's geopotential above the ground \[m² s⁻²\], `[levels]`.
    pub(super) reference_geopotential: Buffer<R>,
}

impl<R: Real> Primitive<R> {
    /// A model at rest with the reference's temperature and surface pressure, without orography, tracers or physics.
    pub fn new(configuration: Configuration, device: Device) -> Result<Self> {
        configuration.validate()?;
        if let Some(part) = &configuration.part {
            expect_alone(part, "one: the configuration of a rank's model is for its column physics")?;
        }
        let truncation = Truncation::new(configuration.truncation);
        let transform = ModelTransform::new(&configuration.grid, truncation, device)?;
        Self::with_transform(configuration, transform)
    }

    /// This rank's part of such a model, which all ranks make together, on the CPU.
    ///
    /// Errors, besides those of [`Self::new`]: those of [`ModelTransform::on`].
    pub fn new_on(configuration: Configuration, communicator: &Communicator) -> Result<Self> {
        Self::of_rank(configuration, |grid, truncation| {
            Ok(ModelTransform::on(communicator, grid, truncation)?)
        })
    }

    /// The same on this rank's device, of the kind that all ranks have.
    ///
    /// Errors, besides those of [`Self::new`]: those of [`ModelTransform::on_device`]; the semi-Lagrangian scheme, whose halos are filled in host
    /// memory, on several ranks' GPUs.
    pub fn new_on_device(
        configuration: Configuration,
        communicator: &Communicator,
        device: Device,
    ) -> Result<Self> {
        let is_semi_lagrangian = matches!(configuration.time_stepping, TimeStepping::SemiLagrangian(_));
        Self::of_rank(configuration, |grid, truncation| {
            if is_semi_lagrangian && communicator.size() > 1 && device != Device::Cpu {
                return Err(Error::InvalidConfiguration {
                    name: "time_stepping",
                    got: format!("semi-Lagrangian on '{device}' of {} ranks", communicator.size()),
                    expected: "leapfrog, or the ranks' CPUs",
                });
            }
            Ok(ModelTransform::on_device(communicator, grid, truncation, device)?)
        })
    }

    /// This rank's part of the model of a configuration that can be, with the transform that `make` makes for its grid and truncation.
    fn of_rank(
        configuration: Configuration,
        make: impl FnOnce(&Grid, Truncation) -> Result<ModelTransform<R>>,
    ) -> Result<Self> {
        configuration.validate()?;
        let transform = make(&configuration.grid, Truncation::new(configuration.truncation))?;
        let part = Some(transform.part().clone()).filter(|part| !part.is_whole());
        Self::with_transform(Configuration { part, ..configuration }, transform)
    }

    fn with_transform(configuration: Configuration, mut transform: ModelTransform<R>) -> Result<Self> {
        transform.set_radius(configuration.radius)?;
        let (device, part) = (transform.device(), transform.part().clone());
        let ranks = transform.shared_by()?;
        let rows = 2 * part.coefficients();
        let levels = configuration.levels.count();
        let tracers = configuration.tracers();
        let reference = ReferenceState::new(
            &configuration.levels,
            configuration.reference_temperature,
            configuration.reference_surface_pressure,
            configuration.gas_constant,
            configuration.kappa(),
        );
        let state = || SpectralState::zeros(device, rows, levels, tracers);
        let mut model = Self {
            device,
            transform,
            previous: state()?,
            present: state()?,
            step: 0,
            next: state()?,
            filtered: state()?,
            terms: LinearTerms::new(&configuration, &part, &reference, device)?,
            column_terms: ColumnTerms::new(&configuration, &part, &reference, device)?,
            work: Workspace::new(device, &part, levels, tracers)?,
            physics: None,
            transport: Transport::new(&configuration, &reference, ranks.as_ref(), device)?,
            watch: Watch::new(&configuration, &part, device)?,
            stopwatch: Stopwatch::new(device),
            reference,
            configuration,
        };
        model.start()?;
        Ok(model)
    }

    /// Sets the ground's geopotential φ_s \[m² s⁻²\] from grid values `[points]`; the model sees it truncated.
    pub fn set_orography(&mut self, geopotential: &Buffer<R>) -> Result<()> {
        expect_length("orography", self.configuration.points(), geopotential.len())?;
        expect_finite("orography", &geopotential.to_vec()?)?;
        self.transform.analysis(1, geopotential, &mut self.terms.orography)?;
        self.synthesize_ground()
    }

    /// Appends a scheme of column physics, from now on. The state stays; after it is set again, or before the first step,
    /// is the time for this: a scheme added in between starts from the present fields.
    pub fn add_physics(&mut self, scheme: Box<dyn ColumnPhysics<R>>) -> Result<()> {
        let (points, levels) = (self.configuration.points(), self.configuration.levels.count());
        let tracers = self.configuration.tracers();
        let needs_geopotential = scheme.needs_geopotential();
        if self.physics.is_none() {
            self.physics = Some(Physics {
                schemes: Vec::new(),
                earlier: ColumnFields::zeros(self.device, points, levels, tracers)?,
                after: Tendencies::zeros(self.device, points, levels, tracers)?,
                geopotential: None,
                reference_geopotential: Buffer::from_slice(
                    self.device,
                    &crate::shallow_water::rounded::<R>(&self.reference_geopotential()),
                )?,
            });
            self.remember_columns()?;
        }
        if let Some(physics) = &mut self.physics {
            physics.schemes.push(scheme);
            if needs_geopotential && physics.geopotential.is_none() {
                physics.geopotential = Some(Buffer::zeros(self.device, levels * points)?);
            }
        }
        Ok(())
    }

    /// Sets the state, at step 0, from spectra as in [`SpectralState`].
    pub fn set_state(&mut self, state: &SpectralState<R>) -> Result<()> {
        for ((name, given), (_, own)) in state.fields().into_iter().zip(self.present.fields()) {
            expect_length(name, own.len(), given.len())?;
            expect_finite(name, &given.to_vec()?)?;
        }
        self.present.copy_from(state)?;
        self.start()
    }

    /// Sets the state, at step 0, from the grid, top level first.
    ///
    /// | argument           | shape                     | unit    |
    /// |--------------------|---------------------------|---------|
    /// | `u`, `v`           | \[levels, points\]          | m s⁻¹   |
    /// | `temperature`      | \[levels, points\]          | K       |
    /// | `surface_pressure` | \[points\]                  | Pa      |
    /// | `tracers`          | \[tracers, levels, points\], specific humidity first in a moist model | kg kg⁻¹ |
    ///
    /// Errors: another length, a value that is not finite, a surface pressure that is not positive.
    pub fn set_from_grid(
        &mut self,
        u: &Buffer<R>,
        v: &Buffer<R>,
        temperature: &Buffer<R>,
        surface_pressure: &Buffer<R>,
        tracers: &Buffer<R>,
    ) -> Result<()> {
        let points = self.configuration.points();
        let levels = self.configuration.levels.count();
        let tracer_fields = self.configuration.tracers() * levels;
        for (name, length, buffer) in [
            ("u", levels * points, u),
            ("v", levels * points, v),
            ("temperature", levels * points, temperature),
            ("surface_pressure", points, surface_pressure),
            ("tracers", tracer_fields * points, tracers),
        ] {
            expect_length(name, length, buffer.len())?;
            expect_finite(name, &buffer.to_vec()?)?;
        }
        if let Some(index) = surface_pressure.to_vec()?.iter().position(|&pressure| pressure <= R::ZERO) {
            return Err(Error::InvalidConfiguration {
                name: "surface_pressure",
                got: format!("{} Pa at point {index}", surface_pressure.to_vec()?[index].to_f64()),
                expected: "a pressure above 0 Pa",
            });
        }
        let (present, work) = (&mut self.present, &mut self.work);
        self.transform.wind_analysis(levels, u, v, &mut present.vorticity, &mut present.divergence)?;
        temperature_departure::launch(
            [levels as u32, points as u32],
            points as u32,
            &self.column_terms.reference_temperature,
            temperature,
            &mut work.energy,
        )?;
        self.transform.analysis(levels, &work.energy, &mut present.temperature)?;
        relative_logarithm::launch(
            [points as u32],
            R::from_f64(self.configuration.reference_surface_pressure),
            surface_pressure,
            &mut work.top,
        )?;
        self.transform.analysis(1, &work.top, &mut present.log_surface_pressure)?;
        if tracer_fields > 0 {
            self.transform.analysis(tracer_fields, tracers, &mut present.tracers)?;
        }
        self.start()?;
        // Their analysis may have ripples that they have not.
        match &mut self.transport {
            Some(transport) => Ok(transport.carried.now.copy_from(tracers)?),
            None => Ok(()),
        }
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

    /// The state about which gravity waves are implicit, with its matrices.
    pub fn reference(&self) -> &ReferenceState {
        &self.reference
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

    /// Rings of other ranks around each own one that the semi-Lagrangian scheme looked at in the last step; 0 where it needs none.
    pub fn halo_depth(&self) -> usize {
        self.transport.as_ref().map_or(0, |transport| transport.halo_depth())
    }

    /// Number of complex coefficients of a field that are here.
    pub fn coefficients(&self) -> usize {
        self.terms.eigenvalue.len()
    }

    /// The present state's spectra.
    pub fn spectral_state(&self) -> &SpectralState<R> {
        &self.present
    }

    /// The spectrum of the ground's geopotential \[m² s⁻²\].
    pub fn orography(&self) -> &Buffer<R> {
        &self.terms.orography
    }

    /// Starts (from zero) or stops timing the phases of steps; on a GPU, timing waits for each phase to end.
    pub fn set_timing(&mut self, running: bool) {
        self.stopwatch.set_running(running);
    }

    /// Time spent in each phase since timing was started; `None` where it is off.
    pub fn phase_times(&self) -> Option<PhaseTimes> {
        self.stopwatch.times()
    }

    /// Tells a timeline of the phases of steps from now on, by [`Phase::name`](super::Phase::name); on a GPU, that waits for each
    /// phase to end.
    pub fn set_recorder(&mut self, recorder: Recorder) {
        self.stopwatch.set_recorder(recorder);
    }

    /// Geopotential of the reference's layers above the ground \[m² s⁻²\].
    pub(super) fn reference_geopotential(&self) -> Vec<f64> {
        let elasticity = self.reference.gas_constant * self.reference.temperature;
        let layers = &self.reference.layers;
        (0..layers.len())
            .map(|k| {
                let below: f64 = layers[k + 1..].iter().map(|layer| layer.logarithm).sum();
                elasticity * (below + layers[k].alpha)
            })
            .collect()
    }

    /// Makes the present state the initial one.
    pub(super) fn start(&mut self) -> Result<()> {
        self.previous.copy_from(&self.present)?;
        self.step = 0;
        self.synthesize_surface_pressure()?;
        self.work.target.copy_from(&self.work.mean)?;
        self.synthesize_ground()?;
        if let Some(transport) = &mut self.transport {
            transport.forget()?;
            let tracers = self.configuration.levels.count() * self.configuration.tracers();
            if tracers > 0 {
                self.transform.synthesis(tracers, &self.present.tracers, &mut transport.carried.now)?;
            }
        }
        if self.physics.is_some() {
            self.remember_columns()?;
        }
        Ok(())
    }

    /// φ_s and its gradient on the grid, for the semi-Lagrangian scheme.
    fn synthesize_ground(&mut self) -> Result<()> {
        let Some(transport) = &mut self.transport else { return Ok(()) };
        self.transform.synthesis(1, &self.terms.orography, &mut transport.ground)?;
        self.transform.gradient_synthesis(
            1,
            &self.terms.orography,
            &mut transport.ground_eastward,
            &mut transport.ground_northward,
        )?;
        Ok(())
    }

    /// Makes the present columns those that physics sees in the next step.
    fn remember_columns(&mut self) -> Result<()> {
        self.synthesize()?;
        if let Some(physics) = &mut self.physics {
            let sources = self.work.columns.all();
            for (target, (_, source)) in physics.earlier.all_mut().into_iter().zip(sources) {
                target.copy_from(source)?;
            }
        }
        Ok(())
    }
}
