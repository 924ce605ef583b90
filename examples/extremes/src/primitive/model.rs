//! The primitive equations under the frame of a forecast.

use serde_json::Value;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_coupling::timing::Recorder;
use terrella_dycore::primitive::initial::{InitialState, Noise, filter_state};
use terrella_dycore::primitive::{Primitive, TimeStepping};
use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::picture::Chart;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use super::checkpoint::Kept;
use super::configuration::Configuration;
use super::fields::{self, MAPPED, quantities};
use super::physics_settings::Suite;
use super::records::{Record, Series, rms_difference};
use super::{checkpoint, physics, setup};
use crate::arguments::RunArguments;
use crate::checkpoint::{Fingerprint, Owners, RESTART, Reader, Writer};
use crate::configuration::{Initialisation, Precision};
use crate::decomposition;
use crate::diagnostics;
use crate::ensemble::{self, Ensemble, MemberStatistics};
use crate::error::{Error, Result};
use crate::film::Film;
use crate::forecast::{READING, configure, run as forecast};
use crate::maps::Drawable;
use crate::model::{Model, ModelSize, Start};
use crate::observer::Observer;
use crate::output::{OutputFields, Quantity, Titles};
use crate::own_fields::OwnFields;
use crate::pictures::Labels;
use crate::ranks::{Call, Ranks};
use crate::statistics::Statistics;
use terrella_driver::interruption;
use terrella_driver::progress::say;

/// From mean |∂p_s/∂t| in Pa/s to hPa/h.
const HECTOPASCAL_PER_HOUR: f64 = 36.0;

/// Strongest wind \[m s⁻¹\] for which `--decomposition` tells the volume of the halos of semi-Lagrangian steps.
const PLANNED_WIND: f64 = 100.0;

/// Below every picture.
const FOOTER: &str = "Terrella: primitive-equation forecast. Coasts: Natural Earth.";

/// Runs the forecast, or the ensemble of forecasts, that the arguments describe.
pub(crate) fn run(ranks: &Ranks, arguments: &RunArguments) -> Result<()> {
    let (configuration, device) = configure::<Configuration>(ranks, arguments)?;
    if configuration.ensemble.is_some() && ranks.are_several() {
        return Err(Error::Setting {
            key: "members",
            table: "ensemble",
            got: format!("given on {} ranks", ranks.communicator().size()),
            expected: "one rank for an ensemble, or a single forecast".into(),
        });
    }
    if configuration.ensemble.is_some() && arguments.trace.is_some() {
        return Err(Error::Setting {
            key: "members",
            table: "ensemble",
            got: "given with --trace".into(),
            expected: "a single forecast, whose trace it is".into(),
        });
    }
    if let Some(number) = arguments.decomposition {
        let planned = read(ranks, &configuration).and_then(|Input { start, .. }| {
            let settings = start.settings;
            let width = configuration.model.precision.bytes();
            let volume = settings.step_volume(settings.halo_depth(PLANNED_WIND));
            let plan = decomposition::plan(
                &settings.grid,
                settings.truncation,
                usize::from(number),
                &volume,
                width,
                configuration.server.ranks,
            )?;
            Ok(match settings.time_stepping {
                TimeStepping::Leapfrog => plan,
                TimeStepping::SemiLagrangian(_) => format!(
                    "{plan}\nhalos of {} rings for trajectories in a wind of {PLANNED_WIND} m/s",
                    volume.halo_depth
                ),
            })
        });
        let plan = ranks.together("planning", planned)?;
        if ranks.leads() {
            say(&plan);
        }
        return Ok(());
    }
    let read = |configuration: &Configuration| read(ranks, configuration);
    let run = |arguments: &RunArguments, configuration: Configuration, device: Device| match configuration
        .model
        .precision
    {
        Precision::F64 => forecast(ranks, arguments, configuration, device, read, start::<f64>),
        Precision::F32 => forecast(ranks, arguments, configuration, device, read, start::<f32>),
    };
    match configuration.ensemble {
        Some(_) => ensemble::run(arguments, &configuration, device, run),
        None => run(arguments, configuration, device).map(|_| ()),
    }
}

/// The model with what it measures of itself.
struct AtmosphereForecast<R: Real> {
    model: Primitive<R>,
    noise: Noise,
    series: Series,
    kept: Option<Kept<R>>,
    steps_per_output: u64,
    layout: Layout,
    /// What the column physics is, for people.
    physics: String,
    /// Roughness of the ground \[m\], `[own point]`.
    roughness: Vec<f64>,
    ranks: Ranks,
}

/// What the model starts from.
struct Input {
    start: setup::Start,
    state: InitialState,
    fingerprint: Fingerprint,
    hash: blake3::Hash,
    steps_per_look: u64,
    observers: Vec<Box<dyn Observer>>,
}

/// Reads the initial state that the configuration names, each rank for its points.
fn read(ranks: &Ranks, configuration: &Configuration) -> Result<Input> {
    let (fingerprint, hash) = ranks.together(READING, setup::fingerprint(configuration))?;
    ranks.expect_same("input", blake3::Hash::from(fingerprint).to_hex())?;
    let (mut start, mut state) = setup::start(ranks, configuration)?;
    if let Some(ensemble) = configuration.ensemble.as_ref().filter(|ensemble| ensemble.member > 0) {
        ensemble.perturbations().apply(&mut state, &start.settings, ensemble.member)?;
        start.report.push(format!(
            "perturbed  member {}: {} m/s of random wind in linear balance",
            ensemble.member, ensemble.amplitude
        ));
    }
    let (steps, hours) = (start.steps_per_output, configuration.output.interval);
    let steps_per_look = match &configuration.diagnostics {
        Some(table) => table.steps_per_look(steps, hours)?,
        None => steps,
    };
    let observers = observers(configuration, &start, &state, steps_per_look)?;
    Ok(Input { start, state, fingerprint, hash, steps_per_look, observers })
}

/// The model at its initial state.
fn start<R: Real>(
    ranks: &Ranks,
    configuration: &Configuration,
    input: Input,
    device: Device,
) -> Result<Start<AtmosphereForecast<R>>> {
    let Input { mut start, mut state, fingerprint, hash: input_hash, steps_per_look, observers } = input;
    let settings = start.settings.clone();
    state.report = state.report.of_all(ranks.communicator())?;
    start.report.extend(setup::told(&state, &start.source, settings.truncation));
    if start.suite != Suite::None {
        start.report.extend(start.ground.report(ranks.communicator())?);
    }
    let new = || match ranks.are_several() {
        true => Primitive::<R>::new_on_device(settings.clone(), ranks.communicator(), device),
        false => Primitive::<R>::new(settings.clone(), device),
    };
    let mut model = new()?;
    start.report.extend(crate::setup::told_route(model.route()?));
    state.set_on(&mut model)?;
    let ground = Buffer::from_slice(
        device,
        &model
            .part()
            .own_fields(1, &state.orography.geopotential)?
            .iter()
            .map(|value| R::from_f64(*value))
            .collect::<Vec<R>>(),
    )?;
    drop(state);
    if configuration.model.initialisation == Initialisation::DigitalFilter {
        let cutoff = configuration.model.cutoff_period;
        // The filter's models and the forecast's are not in memory together.
        let filtered =
            filter_state(model, 3600.0 * cutoff, || match ranks.first_found(interruption::requested())? {
                true => Err(Error::InterruptedBeforeStart),
                false => Ok(()),
            })?;
        model = new()?;
        model.set_orography(&ground)?;
        model.set_state(&filtered)?;
        start.report.push(format!("balance    digital filter of periods below {cutoff} h"));
    }
    setup::add_physics(&mut model, configuration, &start)?;
    let roughness = physics::roughness(&configuration.physics, start.suite, &start.ground);
    let mut noise = Noise::new(&start.settings)?;
    noise.observe(&model)?;
    let truncation = configuration.model.truncation;
    let levels = &configuration.model.levels;
    let title = format!("Primitive-equation forecast, T{truncation} {levels}, from {}", start.valid);
    Ok(Start {
        model: AtmosphereForecast {
            model,
            noise,
            series: Series::default(),
            kept: None,
            steps_per_output: start.steps_per_output,
            layout: Layout::from(&start.settings.grid),
            physics: physics::description(start.suite, configuration.physics.sunlight),
            roughness,
            ranks: ranks.clone(),
        },
        valid: start.valid,
        steps_per_output: start.steps_per_output,
        steps_per_look,
        report: start.report,
        input_hash,
        fingerprint,
        titles: Titles {
            title,
            source: concat!(
                "Terrella extremes ",
                env!("CARGO_PKG_VERSION"),
                ", spectral hydrostatic primitive-equation model"
            ),
            member: configuration.ensemble.as_ref().map(Ensemble::product),
        },
        labels: Labels { level: MAPPED, truncation, footer: FOOTER },
        observers,
    })
}

/// Who looks at the forecast: statistics, and what the configuration asks for.
fn observers(
    configuration: &Configuration,
    start: &setup::Start,
    state: &InitialState,
    steps_per_look: u64,
) -> Result<Vec<Box<dyn Observer>>> {
    let (output, grid) = (&configuration.output, &start.settings.grid);
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(Statistics::new(grid, &output.folder))];
    if let Some(table) = &configuration.diagnostics {
        let gravity = start.settings.gravity;
        let setting = diagnostics::Setting {
            grid,
            ground: state.orography.geopotential.iter().map(|height| height / gravity).collect(),
            folder: &output.folder,
            reference: start.valid,
            interval: steps_per_look as f64 * start.settings.time_step / 3600.0,
            pictures: output.pictures.then(|| (output.picture_width, output.projection.of_pictures())),
        };
        observers.extend(diagnostics::observers(table, &setting)?);
    }
    if let Some(film) = Film::new(output, FOOTER, start.valid) {
        observers.push(Box::new(film));
    }
    if let Some(ensemble) = &configuration.ensemble {
        observers.push(Box::new(MemberStatistics::new(ensemble, &output.folder)));
    }
    Ok(observers)
}

impl<R: Real> Model for AtmosphereForecast<R> {
    type Number = R;
    const CHECKPOINT: u32 = checkpoint::VERSION;

    fn grid(&self) -> &Grid {
        &self.model.configuration().grid
    }

    fn device(&self) -> Device {
        self.model.device()
    }

    fn time_step(&self) -> f64 {
        self.model.configuration().time_step
    }

    fn step_count(&self) -> u64 {
        self.model.step_count()
    }

    fn description(&self) -> String {
        let settings = self.model.configuration();
        format!("T{} L{} on {}", settings.truncation, settings.levels.count(), settings.grid)
    }

    fn announcement(&self) -> Vec<String> {
        let settings = self.model.configuration();
        vec![
            format!(
                "model      hydrostatic primitive equations, T{} on {}, {} levels, {} on {}, {} in steps of {:.1} s",
                settings.truncation,
                settings.grid,
                settings.levels.count(),
                Precision::of::<R>(),
                self.device(),
                match settings.time_stepping {
                    TimeStepping::Leapfrog => "leapfrog",
                    TimeStepping::SemiLagrangian(_) => "semi-Lagrangian",
                },
                settings.time_step
            ),
            format!("           {}", self.physics),
        ]
    }

    fn quantities(&self) -> Vec<Quantity> {
        let physics = self.model.physics_diagnostic("surface_temperature").is_some();
        quantities(self.model.configuration().moist, physics)
    }

    fn set_recorder(&mut self, recorder: Recorder) {
        self.model.set_recorder(recorder);
    }

    fn step(&mut self) -> Result<()> {
        self.ranks.call(Call::Step)?;
        self.model.step()?;
        let noise = self.noise.observe(&self.model)?;
        self.series.noise.extend(noise.map(|noise| HECTOPASCAL_PER_HOUR * noise));
        Ok(())
    }

    fn part(&self) -> &Part {
        self.model.part()
    }

    fn communicator(&self) -> Result<Communicator> {
        Ok(self.model.communicator()?)
    }

    fn own_fields(&mut self, valid: Time) -> Result<OwnFields> {
        fields::own(&mut self.model, &self.roughness, valid)
    }

    fn drawable(&self, whole: &OwnFields) -> Drawable {
        let [height, u, v] =
            [0, 2, 3].map(|quantity| fields::mapped(&whole.fields, quantity, self.layout.points()));
        Drawable::new(&self.layout, height, u, v, &whole.vorticity)
    }

    fn record(&mut self, fields: &OutputFields) -> Result<String> {
        let height = fields::mapped(fields, 0, self.layout.points());
        if self.series.first_height.is_empty() {
            self.series.first_height = height.to_vec();
        }
        let change = rms_difference(self.grid(), height, &self.series.first_height);
        self.ranks.call(Call::Record)?;
        let diagnostics = self.model.diagnostics()?;
        let record = Record::new(&diagnostics, &self.model, change)?;
        self.series.records.push(record);
        let noise = match self.series.recent_noise(self.steps_per_output as usize) {
            Some(noise) => format!("{noise:5.2} hPa/h"),
            None => "    -     ".into(),
        };
        let rain = match self.series.rain_rate().filter(|_| record.precipitation > 0.0) {
            Some(rain) => format!("   rain {rain:.2} mm/day"),
            None => String::new(),
        };
        Ok(format!(
            "p_s {:.2} hPa   wind {:5.1} m/s   T {:.0} to {:.0} K   noise {noise}   500 hPa moved {:.0} m{rain}",
            record.surface_pressure / 100.0,
            record.maximum_wind,
            record.coldest,
            record.warmest,
            record.height_change,
        ))
    }

    fn keep(&mut self) -> Result<()> {
        self.ranks.call(Call::Keep)?;
        // Two would not be needed.
        self.kept = None;
        let (state, memory) = (self.model.own_checkpoint()?, self.model.own_physics_memory()?);
        self.kept = Some(Kept { state, memory, series: self.series.clone() });
        Ok(())
    }

    fn checkpoint(&self, writer: &mut Writer) -> Result<()> {
        self.ranks.call(Call::Checkpoint)?;
        let Some(kept) = &self.kept else { return Ok(()) };
        let owners = Owners { ranks: &self.ranks, part: self.model.part() };
        checkpoint::encode(writer, &owners, self.model.configuration(), kept)
    }

    fn restore(&mut self, reader: Option<&mut Reader<'_>>) -> Result<()> {
        let owners = Owners { ranks: &self.ranks, part: self.model.part() };
        let Kept { state, memory, series } =
            checkpoint::decode::<R>(reader, &owners, self.model.configuration())?;
        let model = &mut self.model;
        let restored = model.restore(&state).and_then(|()| model.restore_physics_memory(&memory));
        self.ranks.together(RESTART, restored.map_err(Error::from))?;
        self.series = series;
        self.noise = Noise::new(self.model.configuration())?;
        self.noise.observe(&self.model)?;
        Ok(())
    }

    fn follow(&mut self, call: Call) -> Result<()> {
        match call {
            Call::Step => {
                self.model.step()?;
                self.noise.observe(&self.model)?;
            }
            Call::Record => {
                self.model.diagnostics()?;
                Record::sums(&self.model)?;
            }
            Call::Keep => self.keep()?,
            Call::Checkpoint => self.checkpoint(&mut Writer::elsewhere())?,
            _ => {}
        }
        Ok(())
    }

    /// By level, on the grid: u, v, T with their tendencies, those of the step before and those behind a scheme (12), ζ, D,
    /// ∇T, mass flux and energy (6), of each tracer 6, of moist physics 11. Spectra, by level: ζ, D, T at four times (12),
    /// their tendencies, the energy's, right side and solution (7), of each tracer 5. Two matrices of levels per degree.
    /// Semi-Lagrangian, on the grid: wind and nonlinear terms of two times (14), departure points (5), what leaves (7), of each
    /// tracer 4, ∇q.
    fn size(&self) -> ModelSize {
        let settings = self.model.configuration();
        let (levels, tracers) = (settings.levels.count(), settings.tracers());
        let cells = levels * settings.grid.points();
        let moist = if self.model.physics_diagnostic("surface_temperature").is_some() { 11 } else { 0 };
        let coefficients = Truncation::new(settings.truncation).coefficients();
        let spectra = levels * 2 * coefficients * (19 + 5 * tracers);
        let matrices = 2 * (settings.truncation + 1) * levels * levels;
        let trajectories = match settings.time_stepping {
            TimeStepping::Leapfrog => 0,
            TimeStepping::SemiLagrangian(_) => 26 + 4 * tracers + 2 * usize::from(settings.moist),
        };
        let values = cells * (18 + 6 * tracers + moist + trajectories) + spectra + matrices;
        ModelSize { cells, array_bytes: values * size_of::<R>(), bytes_per_number: size_of::<R>() }
    }

    fn measured(&self) -> Value {
        self.series.measured(self.time_step(), physics::LATENT_HEAT)
    }

    fn charts(&self) -> Vec<Chart> {
        self.series.charts(self.time_step())
    }
}
