//! `extremes run`: from the input file to the summary.

use std::path::{Path, PathBuf};
use std::time::Instant;

use terrella_dycore::shallow_water::{RelaxationTimes, ShallowWater};
use terrella_io::layout::Layout;
use terrella_io::sink::AtomicFile;
use terrella_io::{Level, Time};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::arguments::RunArguments;
use crate::charts::charts;
use crate::checkpoint::{self, Fingerprint};
use crate::configuration::{Configuration, Initialisation, Precision};
use crate::error::{Error, Result};
use crate::initial_state::{self, InitialState};
use crate::maps::Drawable;
use crate::output::{self, OutputFields, PARAMETERS, Quantity, Titles, Writer};
use crate::pictures::{Labels, Pictures};
use crate::progress::{Progress, say};
use crate::series::{Record, Series};
use crate::spectra::{rms_difference, rms_wind};
use crate::summary::{self, Summary, Timings};
use crate::{digital_filter, interruption, setup};

const CHECKPOINT: &str = "checkpoint.bin";

/// Runs the forecast that the arguments describe.
pub(crate) fn run(arguments: &RunArguments) -> Result<()> {
    let mut configuration = Configuration::read(&arguments.configuration)?;
    if let Some(folder) = &arguments.out {
        configuration.output.folder.clone_from(folder);
    }
    let device = setup::device(arguments.device.as_deref(), configuration.model.device.as_deref())?;
    match configuration.model.precision {
        Precision::F64 => Run::<f64>::prepare(arguments, configuration, device)?.run(),
        Precision::F32 => Run::<f32>::prepare(arguments, configuration, device)?.run(),
    }
}

/// A forecast under way.
struct Run<R: Real> {
    configuration: Configuration,
    folder: PathBuf,
    device: Device,
    initial: InitialState,
    input_hash: blake3::Hash,
    fingerprint: Fingerprint,
    model: ShallowWater<R>,
    steps_per_output: u64,
    first_step: u64,
    last_step: u64,
    stops_early: bool,
    series: Series,
    /// Spectrum of the geopotential one step ago.
    geopotential: Vec<R>,
    writer: Writer<5>,
    layout: Layout,
    pictures: Option<Pictures>,
    checkpoint: Option<PathBuf>,
    /// Files of the part of the run before a restart.
    earlier_files: Vec<PathBuf>,
    timings: Timings,
}

impl<R: Real> Run<R> {
    fn prepare(arguments: &RunArguments, configuration: Configuration, device: Device) -> Result<Self> {
        let started = Instant::now();
        // An absent device and a folder that cannot be written to are told before any work is done.
        drop(Buffer::<R>::zeros(device, 1)?);
        let folder = configuration.output.folder.clone();
        std::fs::create_dir_all(&folder)
            .map_err(|error| Error::file(&folder, "creating the output folder", error))?;
        drop(AtomicFile::create(folder.join("summary.json"))?);
        interruption::listen()?;

        let grid = setup::grid(&configuration.model.grid, configuration.model.truncation)?;
        let mut initial = initial_state::read(&configuration)?;
        let input = &configuration.input.file;
        let bytes = std::fs::read(input).map_err(|error| Error::file(input, "reading", error))?;
        let input_hash = blake3::hash(&bytes);
        drop(bytes);
        let fingerprint = setup::fingerprint(&configuration, &input_hash);
        let (time_step, steps_per_output) = setup::time_step(&configuration, initial.maximum_wind)?;
        let settings = setup::model_configuration(&configuration, grid.clone(), &initial, time_step)?;
        if configuration.model.initialisation == Initialisation::DigitalFilter {
            initialise::<R>(&settings, device, &mut initial, configuration.model.cutoff_period)?;
        }

        let mut model = ShallowWater::<R>::new(settings, device)?;
        let state = initial.spectra.to_buffers::<R>(device)?;
        model.set_state(&state.vorticity, &state.divergence, &state.geopotential)?;
        if configuration.model.relaxation_time > 0.0 {
            let time = Some(configuration.model.relaxation_time * 3600.0);
            model.set_relaxation(
                state,
                RelaxationTimes { vorticity: time, divergence: time, geopotential: time },
            )?;
        }
        let layout = Layout::from(&grid);
        let pictures = if configuration.output.pictures {
            let analysis = fields(&mut model, initial.valid)?;
            let labels = Labels {
                level: configuration.input.level,
                truncation: configuration.model.truncation,
                footer: "Terrella: equivalent-barotropic (shallow-water) forecast. Coasts: Natural Earth.",
            };
            let drawable = drawable(&layout, &analysis);
            Some(Pictures::new(&configuration.output, labels, &folder, &layout, initial.valid, drawable))
        } else {
            None
        };

        let mut series = Series::default();
        let mut checkpoint_path = None;
        if let Some(path) = &arguments.restart {
            let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading", error))?;
            let (state, earlier) = checkpoint::decode::<R>(&bytes, &fingerprint, path)?;
            model.restore(&state)?;
            series = earlier;
            checkpoint_path = Some(path.clone());
        }
        let first_step = model.step_count();
        let configured =
            u64::from(configuration.model.length / configuration.output.interval) * steps_per_output;
        let last_step = arguments.steps.unwrap_or(configured);
        if let Some(path) = checkpoint_path.filter(|_| first_step >= last_step) {
            return Err(Error::Checkpoint {
                path,
                message: format!("it is at step {first_step}, the run is to end at step {last_step}"),
            });
        }

        let resume = (first_step > 0).then(|| time_of_step(&initial, &model, first_step));
        let earlier_files =
            if resume.is_some() { summary::files_of_earlier_run(&folder) } else { Vec::new() };
        if resume.is_none() {
            summary::remove_earlier_run(&folder)?;
        }
        let level = f64::from(configuration.input.level);
        let titles = Titles {
            title: format!(
                "Shallow-water forecast at {level} hPa, T{}, from {}",
                configuration.model.truncation, initial.valid
            ),
            source: concat!(
                "Terrella extremes ",
                env!("CARGO_PKG_VERSION"),
                ", spectral shallow-water model"
            ),
        };
        let quantities =
            PARAMETERS.map(|parameter| Quantity { parameter, levels: vec![Level::Pressure(level)] });
        let writer =
            Writer::new(&configuration.output, quantities, &titles, &folder, &layout, initial.valid, resume)?;
        let geopotential = model.spectral_state().geopotential.to_vec()?;
        let timings = Timings { initial_state: started.elapsed().as_secs_f64(), ..Timings::default() };
        Ok(Self {
            configuration,
            folder,
            device,
            initial,
            input_hash,
            fingerprint,
            model,
            steps_per_output,
            first_step,
            last_step,
            stops_early: last_step < configured,
            series,
            geopotential,
            writer,
            layout,
            pictures,
            checkpoint: None,
            earlier_files,
            timings,
        })
    }

    fn run(mut self) -> Result<()> {
        let started = Instant::now();
        self.announce();
        let mut progress = Progress::new(self.first_step, self.last_step);
        if self.first_step == 0 {
            self.output(&progress)?;
        }
        let checkpoint_hours = self.configuration.output.checkpoint_interval;
        while self.model.step_count() < self.last_step {
            self.step()?;
            let step = self.model.step_count();
            progress.advance(step, self.hour());
            if step.is_multiple_of(self.steps_per_output) {
                self.output(&progress)?;
                let hour = self.hour().round() as u32;
                if checkpoint_hours > 0 && hour.is_multiple_of(checkpoint_hours) {
                    self.write_checkpoint()?;
                }
            }
            if interruption::requested() && step < self.last_step {
                progress.finish();
                return self.interrupt();
            }
        }
        progress.finish();
        self.complete(started)
    }

    /// Says what is going to be computed, and what may be expected of it.
    fn announce(&self) {
        let model = &self.configuration.model;
        let settings = self.model.configuration();
        for line in &self.initial.report {
            say(line);
        }
        let precision = if model.precision == Precision::F64 { "f64" } else { "f32" };
        say(&format!(
            "model      shallow water on the rotating sphere: one layer {:.0} m deep, T{} on {}, {precision} on {}, step {:.1} s",
            self.initial.mean_geopotential / settings.gravity,
            model.truncation,
            settings.grid,
            self.device,
            settings.time_step
        ));
        say(
            "           an equivalent-barotropic forecast: it moves the waves of the upper-air flow for a few days; it does",
        );
        say("           not know temperature, so that lows do not deepen, nor mountains, sea, sun or rain");
        let hours = |step: u64| step as f64 * settings.time_step / 3600.0;
        say(&format!(
            "forecast   from {} + {:.1} h to + {:.1} h in {} steps, output every {} h into {}",
            self.initial.valid,
            hours(self.first_step),
            hours(self.last_step),
            self.last_step - self.first_step,
            self.configuration.output.interval,
            self.folder.display()
        ));
    }

    fn hour(&self) -> f64 {
        self.model.time() / 3600.0
    }

    fn step(&mut self) -> Result<()> {
        let started = Instant::now();
        self.model.step()?;
        let before = std::mem::take(&mut self.geopotential);
        self.geopotential = self.model.spectral_state().geopotential.to_vec()?;
        let settings = self.model.configuration();
        let change = rms_difference(settings.truncation, &self.geopotential, &before) / settings.gravity;
        self.series.tendencies.push(change / (settings.time_step / 3600.0));
        self.timings.model += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Diagnoses, writes and draws the present state.
    fn output(&mut self, progress: &Progress) -> Result<()> {
        let started = Instant::now();
        let valid = time_of_step(&self.initial, &self.model, self.model.step_count());
        let fields = fields(&mut self.model, valid)?;
        let record = Record::new(&self.model.diagnostics()?);
        self.series.records.push(record);
        self.writer.write(&fields)?;
        self.timings.output += started.elapsed().as_secs_f64();
        if let Some(pictures) = &mut self.pictures {
            let started = Instant::now();
            pictures.add(fields.valid, drawable(&self.layout, &fields))?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        let drift = |quantity: fn(&Record) -> f64| self.series.drift(quantity);
        let tendency = match self.series.tendencies.last() {
            Some(tendency) => format!("{tendency:5.2} m/h"),
            None => "    -    ".into(),
        };
        progress.line(&format!(
            "+{:03.0} h   mass {:+.1e}  energy {:+.1e}  enstrophy {:+.1e}   wind {:5.1} m/s   tendency {tendency}",
            self.hour(),
            drift(|record| record.mass),
            drift(|record| record.total_energy),
            drift(|record| record.potential_enstrophy),
            record.maximum_wind,
        ));
        Ok(())
    }

    fn write_checkpoint(&mut self) -> Result<PathBuf> {
        let started = Instant::now();
        let path = self.folder.join(CHECKPOINT);
        let bytes = checkpoint::encode(&self.fingerprint, &self.model.checkpoint()?, &self.series);
        AtomicFile::write(&path, &bytes)?;
        self.checkpoint = Some(path.clone());
        self.timings.output += started.elapsed().as_secs_f64();
        Ok(path)
    }

    fn interrupt(mut self) -> Result<()> {
        let hour = format!("{:.2}", self.hour());
        let checkpoint = self.write_checkpoint()?;
        let drawn = self.pictures.take().map_or(Vec::new(), |pictures| pictures.files().to_vec());
        self.summarise("interrupted", drawn, None)?;
        Err(Error::Interrupted { hour, checkpoint })
    }

    fn complete(mut self, started: Instant) -> Result<()> {
        if self.stops_early {
            let path = self.write_checkpoint()?;
            say(&format!(
                "stopped after {} steps; continue with --restart {}",
                self.last_step,
                path.display()
            ));
        }
        let mut drawn = Vec::new();
        if let Some(pictures) = self.pictures.take() {
            let started = Instant::now();
            let time_step = self.model.configuration().time_step;
            let charts =
                if self.series.records.len() > 1 { charts(&self.series, time_step) } else { Vec::new() };
            drawn = pictures.finish(&charts)?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        let status = if self.stops_early { "stopped early" } else { "complete" };
        self.summarise(status, drawn, Some(started))
    }

    /// Closes the files and writes the summary; with `started` the run is whole and the closing lines are printed.
    fn summarise(self, status: &str, drawn: Vec<PathBuf>, started: Option<Instant>) -> Result<()> {
        let mut timings = self.timings;
        let closing = Instant::now();
        let mut files = if started.is_some() { self.writer.finish()? } else { self.writer.interrupt() };
        timings.output += closing.elapsed().as_secs_f64();
        let (grib, pictures) =
            (files.iter().filter(|path| has_extension(path, "grib2")).count(), drawn.len());
        files.extend(drawn);
        files.extend(self.checkpoint);
        files.extend(self.earlier_files);
        files.sort();
        files.dedup();
        let settings = self.model.configuration();
        let summary = Summary {
            status,
            configuration: serde_json::to_value(&self.configuration).expect("a configuration is valid JSON"),
            input: &self.configuration.input.file,
            input_hash: self.input_hash.to_hex().to_string(),
            device: self.device.to_string(),
            grid: settings.grid.name().to_owned(),
            valid: self.initial.valid.to_string(),
            time_step: settings.time_step,
            steps: self.model.step_count(),
            steps_of_this_process: self.model.step_count() - self.first_step,
            report: &self.initial.report,
            timings,
            measured: self.series.measured(),
            files: &files,
        };
        let path = summary.write(&self.folder)?;
        let Some(started) = started else { return Ok(()) };
        say(&format!(
            "done       {:.1} forecast days in {:.1} s ({:.0} simulated days per day in the model); start {:.1} s, steps {:.1} s, files {:.1} s, pictures {:.1} s",
            summary.steps_of_this_process as f64 * settings.time_step / 86400.0,
            started.elapsed().as_secs_f64(),
            summary.days_per_day(),
            timings.initial_state,
            timings.model,
            timings.output,
            timings.pictures
        ));
        let netcdf = files.iter().find(|path| has_extension(path, "nc"));
        say(&format!(
            "written    {}: {grib} GRIB2 files{}, {pictures} pictures; everything read back; details in {}",
            self.folder.display(),
            netcdf
                .and_then(|path| path.file_name())
                .map(|name| format!(", {}", name.display()))
                .unwrap_or_default(),
            path.display()
        ));
        Ok(())
    }
}

/// Filters gravity waves out of the initial state and reports what that changed.
fn initialise<R: Real>(
    settings: &terrella_dycore::shallow_water::Configuration,
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

fn time_of_step<R: Real>(initial: &InitialState, model: &ShallowWater<R>, step: u64) -> Time {
    initial.valid.plus_seconds((step as f64 * model.configuration().time_step).round() as i64)
}

/// The present state on the model's grid; an error naming the first value that is not finite.
fn fields<R: Real>(model: &mut ShallowWater<R>, valid: Time) -> Result<OutputFields<5>> {
    let (hour, gravity) = (model.time() / 3600.0, model.configuration().gravity);
    let state = model.grid_state()?;
    let wide =
        |values: &[R], factor: f64| values.iter().map(|value| value.to_f64() * factor).collect::<Vec<f64>>();
    let values = [
        wide(&state.geopotential, 1.0 / gravity),
        wide(&state.u, 1.0),
        wide(&state.v, 1.0),
        wide(&state.vorticity, 1.0),
        wide(&state.divergence, 1.0),
    ];
    for (parameter, values) in output::PARAMETERS.iter().zip(&values) {
        if let Some(point) = values.iter().position(|value| !value.is_finite()) {
            let (latitude, longitude) = model.configuration().grid.coordinates(point);
            return Err(Error::NotFinite {
                field: parameter.short_name,
                value: values[point],
                hour,
                step: model.step_count(),
                latitude,
                longitude,
            });
        }
    }
    Ok(OutputFields { valid, values })
}

fn drawable(layout: &Layout, fields: &OutputFields<5>) -> Drawable {
    let [height, u, v, vorticity, _] = &fields.values;
    Drawable::new(layout, height, u, v, vorticity)
}

pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
