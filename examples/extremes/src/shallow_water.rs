//! The shallow-water model under the frame of a forecast.

use serde_json::Value;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_coupling::timing::Recorder;
use terrella_dycore::shallow_water::{
    Checkpoint, Configuration as ModelConfiguration, RelaxationTimes, ShallowWater, quadratic_grid,
};
use terrella_io::layout::Layout;
use terrella_io::picture::Chart;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;

use crate::arguments::RunArguments;
use crate::charts::charts;
use crate::checkpoint::{self, Owners, RESTART, Reader, Writer};
use crate::configuration::{Configuration, Initialisation, Precision};
use crate::error::{Error, Result};
use crate::film::Film;
use crate::forecast::{Outcome, READING, configure, run as forecast};
use crate::initial_state::{self, InitialState};
use crate::maps::Drawable;
use crate::model::{Model, ModelSize, Start};
use crate::observer::Observer;
use crate::output::{OutputFields, Quantity, Titles};
use crate::own_fields::OwnFields;
use crate::pictures::Labels;
use crate::ranks::{Call, Ranks};
use crate::series::{Record, Series};
use crate::spectra::{rms_difference, rms_wind};
use crate::{decomposition, digital_filter, setup};
use terrella_driver::progress::say;

/// What every output time holds, in this order.
const PARAMETERS: [Parameter; 5] = [
    Parameter::GEOPOTENTIAL_HEIGHT,
    Parameter::EASTWARD_WIND,
    Parameter::NORTHWARD_WIND,
    Parameter::VORTICITY,
    Parameter::DIVERGENCE,
];

/// Below every picture.
const FOOTER: &str = "Terrella: equivalent-barotropic (shallow-water) forecast. Coasts: Natural Earth.";

/// Runs the forecast that the arguments describe.
pub(crate) fn run(ranks: &Ranks, arguments: &RunArguments) -> Result<Outcome> {
    let (configuration, device) = configure::<Configuration>(ranks, arguments)?;
    if let Some(number) = arguments.decomposition {
        let planned = read(ranks, &configuration).and_then(|Input { settings, .. }| {
            let width = configuration.model.precision.bytes();
            let volume = settings.step_volume();
            decomposition::plan(
                &settings.grid,
                settings.truncation,
                usize::from(number),
                &volume,
                width,
                configuration.server.ranks,
            )
        });
        let plan = ranks.together("planning", planned)?;
        if ranks.leads() {
            say(&plan);
        }
        return Ok(Outcome { configured_steps: 0, stopped_early: false });
    }
    let read = |configuration: &Configuration| read(ranks, configuration);
    match configuration.model.precision {
        Precision::F64 => forecast(ranks, arguments, configuration, device, read, start::<f64>),
        Precision::F32 => forecast(ranks, arguments, configuration, device, read, start::<f32>),
    }
}

/// The model with what it measures of itself.
struct LayerForecast<R: Real> {
    model: ShallowWater<R>,
    /// Pressure of the layer's wind \[hPa\].
    level: f64,
    series: Series,
    /// What a run goes on from: what this rank has of the state, and rank 0's measurements.
    kept: Option<(Checkpoint<R>, Series)>,
    /// Spectrum of the geopotential one step ago, on rank 0.
    geopotential: Vec<R>,
    ranks: Ranks,
    layout: Layout,
}

/// What the model starts from.
struct Input {
    initial: InitialState,
    hash: blake3::Hash,
    settings: ModelConfiguration,
    steps_per_output: u64,
}

/// Reads the initial state that the configuration names.
fn read(ranks: &Ranks, configuration: &Configuration) -> Result<Input> {
    let grid = setup::grid(&configuration.model.grid, configuration.model.truncation, quadratic_grid)?;
    let hash = ranks.together(READING, setup::hash_of_file(&configuration.input.file))?;
    ranks.expect_same("input", hash.to_hex())?;
    let initial = initial_state::read(ranks, configuration)?;
    let (time_step, steps_per_output) = setup::time_step(configuration, initial.maximum_wind)?;
    let settings = setup::model_configuration(configuration, grid, &initial, time_step)?;
    Ok(Input { initial, hash, settings, steps_per_output })
}

/// The model at its initial state.
fn start<R: Real>(
    ranks: &Ranks,
    configuration: &Configuration,
    input: Input,
    device: Device,
) -> Result<Start<LayerForecast<R>>> {
    let Input { mut initial, hash: input_hash, settings, steps_per_output } = input;
    let layout = Layout::from(&settings.grid);
    if configuration.model.initialisation == Initialisation::DigitalFilter {
        initialise::<R>(&settings, device, &mut initial, configuration.model.cutoff_period)?;
    }
    let mut model = match ranks.are_several() {
        true => ShallowWater::<R>::new_on_device(settings, ranks.communicator(), device)?,
        false => ShallowWater::<R>::new(settings, device)?,
    };
    initial.report.extend(setup::told_route(model.route()?));
    let state = initial.spectra.to_buffers::<R>(model.part(), device)?;
    model.set_state(&state.vorticity, &state.divergence, &state.geopotential)?;
    if configuration.model.relaxation_time > 0.0 {
        let time = Some(configuration.model.relaxation_time * 3600.0);
        model.set_relaxation(
            state,
            RelaxationTimes { vorticity: time, divergence: time, geopotential: time },
        )?;
    }
    let level = configuration.input.level;
    let truncation = configuration.model.truncation;
    let title = format!("Shallow-water forecast at {level} hPa, T{truncation}, from {}", initial.valid);
    let geopotential = geopotential(&model)?;
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    if let Some(film) = Film::new(&configuration.output, FOOTER, initial.valid) {
        observers.push(Box::new(film));
    }
    Ok(Start {
        model: LayerForecast {
            model,
            level: f64::from(level),
            series: Series::default(),
            kept: None,
            geopotential,
            ranks: ranks.clone(),
            layout,
        },
        valid: initial.valid,
        steps_per_output,
        steps_per_look: steps_per_output,
        report: initial.report,
        fingerprint: setup::fingerprint(configuration, &input_hash),
        input_hash,
        titles: Titles {
            title,
            source: concat!(
                "Terrella extremes ",
                env!("CARGO_PKG_VERSION"),
                ", spectral shallow-water model"
            ),
            member: None,
        },
        labels: Labels { level, truncation, footer: FOOTER },
        observers,
    })
}

impl<R: Real> Model for LayerForecast<R> {
    type Number = R;
    const CHECKPOINT: u32 = checkpoint::shallow_water::VERSION;

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
        format!("shallow water T{} on {} at {} hPa", settings.truncation, settings.grid, self.level)
    }

    fn announcement(&self) -> Vec<String> {
        let settings = self.model.configuration();
        vec![
            format!(
                "model      shallow water on the rotating sphere: one layer {:.0} m deep, T{} on {}, {} on {}, step {:.1} s",
                settings.mean_geopotential / settings.gravity,
                settings.truncation,
                settings.grid,
                Precision::of::<R>(),
                self.device(),
                settings.time_step
            ),
            "           an equivalent-barotropic forecast: it moves the waves of the upper-air flow for a few days; it does".into(),
            "           not know temperature, so that lows do not deepen, nor mountains, sea, sun or rain".into(),
        ]
    }

    fn quantities(&self) -> Vec<Quantity> {
        let levels = vec![Level::Pressure(self.level)];
        PARAMETERS.map(|parameter| Quantity { parameter, levels: levels.clone() }).into()
    }

    fn set_recorder(&mut self, recorder: Recorder) {
        self.model.set_recorder(recorder);
    }

    fn step(&mut self) -> Result<()> {
        self.ranks.call(Call::Step)?;
        self.model.step()?;
        let before = std::mem::take(&mut self.geopotential);
        self.geopotential = geopotential(&self.model)?;
        let settings = self.model.configuration();
        let change = rms_difference(settings.truncation, &self.geopotential, &before) / settings.gravity;
        self.series.tendencies.push(change / (settings.time_step / 3600.0));
        Ok(())
    }

    fn part(&self) -> &Part {
        self.model.part()
    }

    fn communicator(&self) -> Result<Communicator> {
        Ok(self.model.communicator()?)
    }

    fn own_fields(&mut self, valid: Time) -> Result<OwnFields> {
        let gravity = self.model.configuration().gravity;
        let state = self.model.grid_state()?;
        let wide = |values: &[R], factor: f64| {
            values.iter().map(|value| value.to_f64() * factor).collect::<Vec<f64>>()
        };
        let values = vec![
            wide(&state.geopotential, 1.0 / gravity),
            wide(&state.u, 1.0),
            wide(&state.v, 1.0),
            wide(&state.vorticity, 1.0),
            wide(&state.divergence, 1.0),
        ];
        let vorticity = values[3].clone();
        Ok(OwnFields { fields: OutputFields { valid, values }, vorticity })
    }

    fn drawable(&self, whole: &OwnFields) -> Drawable {
        let values = &whole.fields.values;
        Drawable::new(&self.layout, &values[0], &values[1], &values[2], &whole.vorticity)
    }

    fn record(&mut self, _: &OutputFields) -> Result<String> {
        self.ranks.call(Call::Record)?;
        let record = Record::new(&self.model.diagnostics()?);
        self.series.records.push(record);
        let drift = |quantity: fn(&Record) -> f64| self.series.drift(quantity);
        let tendency = match self.series.tendencies.last() {
            Some(tendency) => format!("{tendency:5.2} m/h"),
            None => "    -    ".into(),
        };
        Ok(format!(
            "mass {:+.1e}  energy {:+.1e}  enstrophy {:+.1e}   wind {:5.1} m/s   tendency {tendency}",
            drift(|record| record.mass),
            drift(|record| record.total_energy),
            drift(|record| record.potential_enstrophy),
            record.maximum_wind,
        ))
    }

    fn keep(&mut self) -> Result<()> {
        self.ranks.call(Call::Keep)?;
        // Two would not be needed.
        self.kept = None;
        self.kept = Some((self.model.own_checkpoint()?, self.series.clone()));
        Ok(())
    }

    fn checkpoint(&self, writer: &mut Writer) -> Result<()> {
        self.ranks.call(Call::Checkpoint)?;
        let Some((state, series)) = &self.kept else { return Ok(()) };
        let owners = Owners { ranks: &self.ranks, part: self.model.part() };
        checkpoint::shallow_water::encode(writer, &owners, state, series)
    }

    fn restore(&mut self, reader: Option<&mut Reader<'_>>) -> Result<()> {
        let owners = Owners { ranks: &self.ranks, part: self.model.part() };
        let (state, series) = checkpoint::shallow_water::decode::<R>(reader, &owners)?;
        let restored = self.model.restore(&state);
        self.ranks.together(RESTART, restored.map_err(Error::from))?;
        self.geopotential = geopotential(&self.model)?;
        self.series = series;
        Ok(())
    }

    fn follow(&mut self, call: Call) -> Result<()> {
        match call {
            Call::Step => {
                self.model.step()?;
                geopotential(&self.model)?;
            }
            Call::Record => {
                self.model.diagnostics()?;
            }
            Call::Keep => self.keep()?,
            Call::Checkpoint => self.checkpoint(&mut Writer::elsewhere())?,
            _ => {}
        }
        Ok(())
    }

    fn size(&self) -> ModelSize {
        let settings = self.model.configuration();
        let cells = settings.grid.points();
        // On the grid u, v, ζ, Φ, two fluxes of vorticity, two of Φ and the energy; spectra of three variables at four times and
        // of five products.
        let values = 9 * cells + 17 * (settings.truncation + 1) * (settings.truncation + 2);
        ModelSize { cells, array_bytes: values * size_of::<R>(), bytes_per_number: size_of::<R>() }
    }

    fn measured(&self) -> Value {
        self.series.measured()
    }

    fn charts(&self) -> Vec<Chart> {
        if self.series.records.len() < 2 {
            return Vec::new();
        }
        charts(&self.series, self.time_step())
    }
}

/// The spectrum of the geopotential on rank 0; nothing on the others.
fn geopotential<R: Real>(model: &ShallowWater<R>) -> Result<Vec<R>> {
    let own = model.spectral_state().geopotential.to_vec()?;
    Ok(model.part().gather_spectra(&model.communicator()?, 1, &own)?.unwrap_or_default())
}

/// Filters gravity waves out of the initial state and reports what that changed.
fn initialise<R: Real>(
    settings: &ModelConfiguration,
    device: Device,
    initial: &mut InitialState,
    cutoff_hours: f64,
) -> Result<()> {
    let filtered = digital_filter::filter::<R>(settings, device, &initial.spectra, 3600.0 * cutoff_hours)?;
    let before = &initial.spectra;
    let mut change = filtered.clone();
    change.add(-1.0, before);
    let truncation = settings.truncation;
    initial.report.push(format!(
        "balance    digital filter of periods below {cutoff_hours} h changed the wind by {:.2} m/s and the height by {:.1} m (root mean square)",
        rms_wind(truncation, settings.radius, &change.vorticity, &change.divergence),
        rms_difference(truncation, &filtered.geopotential, &before.geopotential) / settings.gravity
    ));
    initial.spectra = filtered;
    Ok(())
}
