//! A forecast with the primitive equations: from the input file to the summary.

use std::path::PathBuf;
use std::time::Instant;

use terrella_dycore::primitive::initial::{Noise, filter_state};
use terrella_dycore::primitive::{Primitive, SpectralState};
use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::sink::AtomicFile;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use super::configuration::Configuration;
use super::fields::{COUNT, Fields, MAPPED, quantities};
use super::records::{Record, Series, rms_difference};
use super::{checkpoint, setup};
use crate::arguments::RunArguments;
use crate::checkpoint::Fingerprint;
use crate::configuration::{Initialisation, Precision};
use crate::error::{Error, Result};
use crate::forecast::has_extension;
use crate::interruption;
use crate::output::{Titles, Writer};
use crate::pictures::{Labels, Pictures};
use crate::progress::{Progress, say};
use crate::summary::{self, Summary, Timings};

const CHECKPOINT: &str = "checkpoint.bin";
/// From mean |∂p_s/∂t| in Pa/s to hPa/h.
const HECTOPASCAL_PER_HOUR: f64 = 36.0;

/// Runs the forecast that the arguments describe.
pub(crate) fn run(arguments: &RunArguments) -> Result<()> {
    let mut configuration = Configuration::read(&arguments.configuration)?;
    if let Some(folder) = &arguments.out {
        configuration.output.folder.clone_from(folder);
    }
    let device = crate::setup::device(arguments.device.as_deref(), configuration.model.device.as_deref())?;
    match configuration.model.precision {
        Precision::F64 => Run::<f64>::prepare(arguments, configuration, device)?.run(),
        Precision::F32 => Run::<f32>::prepare(arguments, configuration, device)?.run(),
    }
}

/// A forecast under way.
struct Run<R: Real> {
    configuration: Configuration,
    folder: PathBuf,
    valid: Time,
    report: Vec<String>,
    input_hash: blake3::Hash,
    fingerprint: Fingerprint,
    model: Primitive<R>,
    noise: Noise,
    steps_per_output: u64,
    first_step: u64,
    last_step: u64,
    stops_early: bool,
    series: Series,
    writer: Writer<COUNT>,
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

        let mut start = setup::start(&configuration)?;
        let fingerprint = setup::fingerprint(&configuration)?;
        let input = &configuration.input.file;
        let bytes = std::fs::read(input).map_err(|error| Error::file(input, "reading", error))?;
        let input_hash = blake3::hash(&bytes);
        drop(bytes);
        let mut model = setup::model::<R>(&configuration, start.settings.clone(), device)?;
        start.state.set_on(&mut model)?;
        if configuration.model.initialisation == Initialisation::DigitalFilter {
            let cutoff = configuration.model.cutoff_period;
            let filtered = filtered(&model, cutoff)?;
            model.set_state(&filtered)?;
            start.report.push(format!("balance    digital filter of periods below {cutoff} h"));
        }
        let layout = Layout::from(&start.settings.grid);
        let pictures = if configuration.output.pictures {
            let labels = Labels {
                level: MAPPED,
                truncation: configuration.model.truncation,
                footer: "Terrella: primitive-equation forecast. Coasts: Natural Earth.",
            };
            let analysis = Fields::of(&mut model, start.valid)?.drawable(&layout);
            let output = &configuration.output;
            Some(Pictures::new(output, labels, &folder, &layout, start.valid, analysis))
        } else {
            None
        };
        let mut series = Series::default();
        if let Some(path) = &arguments.restart {
            let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading", error))?;
            let (state, earlier) = checkpoint::decode::<R>(&bytes, &fingerprint, &start.settings, path)?;
            model.restore(&state)?;
            series = earlier;
        }
        let first_step = model.step_count();
        let configured =
            u64::from(configuration.model.length / configuration.output.interval) * start.steps_per_output;
        let last_step = arguments.steps.unwrap_or(configured);
        if let Some(path) = arguments.restart.clone().filter(|_| first_step >= last_step) {
            return Err(Error::Checkpoint {
                path,
                message: format!("it is at step {first_step}, the run is to end at step {last_step}"),
            });
        }
        let resume = (first_step > 0).then(|| start.valid.plus_seconds(model.time().round() as i64));
        let earlier_files =
            if resume.is_some() { summary::files_of_earlier_run(&folder) } else { Vec::new() };
        if resume.is_none() {
            summary::remove_earlier_run(&folder)?;
        }
        let titles = Titles {
            title: format!(
                "Primitive-equation forecast, T{} {}, from {}",
                configuration.model.truncation, configuration.model.levels, start.valid
            ),
            source: concat!(
                "Terrella extremes ",
                env!("CARGO_PKG_VERSION"),
                ", spectral hydrostatic primitive-equation model"
            ),
        };
        let writer =
            Writer::new(&configuration.output, quantities(), &titles, &folder, &layout, start.valid, resume)?;
        let mut noise = Noise::new(&start.settings)?;
        noise.observe(&model)?;
        let timings = Timings { initial_state: started.elapsed().as_secs_f64(), ..Timings::default() };
        Ok(Self {
            configuration,
            folder,
            valid: start.valid,
            report: start.report,
            input_hash,
            fingerprint,
            model,
            noise,
            steps_per_output: start.steps_per_output,
            first_step,
            last_step,
            stops_early: last_step < configured,
            series,
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
            self.step().inspect_err(|_| self.say_where_to_restart(&progress))?;
            let step = self.model.step_count();
            progress.advance(step, self.hour());
            if step.is_multiple_of(self.steps_per_output) {
                self.output(&progress).inspect_err(|_| self.say_where_to_restart(&progress))?;
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

    /// Says what is going to be computed.
    fn announce(&self) {
        let settings = self.model.configuration();
        for line in &self.report {
            say(line);
        }
        let precision = if self.configuration.model.precision == Precision::F64 { "f64" } else { "f32" };
        say(&format!(
            "model      hydrostatic primitive equations, T{} on {}, {} levels, {precision} on {}, step {:.1} s",
            settings.truncation,
            settings.grid,
            settings.levels.count(),
            self.model.device(),
            settings.time_step
        ));
        say(
            "           adiabatic but for friction at the ground: no sun, sea, clouds or rain; water vapour is only carried",
        );
        let hours = |step: u64| step as f64 * settings.time_step / 3600.0;
        say(&format!(
            "forecast   from {} + {:.1} h to + {:.1} h in {} steps, output every {} h into {}",
            self.valid,
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

    fn now(&self) -> Time {
        self.valid.plus_seconds(self.model.time().round() as i64)
    }

    fn step(&mut self) -> Result<()> {
        let started = Instant::now();
        self.model.step()?;
        let noise = self.noise.observe(&self.model)?;
        self.series.noise.extend(noise.map(|noise| HECTOPASCAL_PER_HOUR * noise));
        self.timings.model += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Diagnoses, writes and draws the present state.
    fn output(&mut self, progress: &Progress) -> Result<()> {
        let started = Instant::now();
        let now = self.now();
        let fields = Fields::of(&mut self.model, now)?;
        if self.series.first_height.is_empty() {
            self.series.first_height = fields.height().to_vec();
        }
        let grid = self.model.configuration().grid.clone();
        let change = rms_difference(&grid, fields.height(), &self.series.first_height);
        let record = Record::new(&self.model.diagnostics()?, change);
        self.series.records.push(record);
        self.writer.write(&fields.output)?;
        self.timings.output += started.elapsed().as_secs_f64();
        if let Some(pictures) = &mut self.pictures {
            let started = Instant::now();
            pictures.add(fields.output.valid, fields.drawable(&self.layout))?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        let noise = match self.series.recent_noise(self.steps_per_output as usize) {
            Some(noise) => format!("{noise:5.2} hPa/h"),
            None => "    -     ".into(),
        };
        progress.line(&format!(
            "+{:03.0} h   p_s {:.2} hPa   wind {:5.1} m/s   T {:.0} to {:.0} K   noise {noise}   500 hPa moved {:.0} m",
            self.hour(),
            record.surface_pressure / 100.0,
            record.maximum_wind,
            record.coldest,
            record.warmest,
            record.height_change,
        ));
        Ok(())
    }

    /// After a failed step: from where the run can be continued with other settings.
    fn say_where_to_restart(&self, progress: &Progress) {
        progress.finish();
        if let Some(path) = &self.checkpoint {
            say(&format!("the last checkpoint is {}", path.display()));
        }
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
            drawn = pictures.finish(&self.series.charts(self.model.configuration().time_step))?;
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
            device: self.model.device().to_string(),
            grid: settings.grid.name().to_owned(),
            valid: self.valid.to_string(),
            time_step: settings.time_step,
            steps: self.model.step_count(),
            steps_of_this_process: self.model.step_count() - self.first_step,
            report: &self.report,
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
        say(&format!(
            "written    {}: {grib} GRIB2 files, {pictures} pictures; everything read back; details in {}",
            self.folder.display(),
            path.display()
        ));
        Ok(())
    }
}

/// The model's state without fast gravity waves.
fn filtered<R: Real>(model: &Primitive<R>, cutoff_hours: f64) -> Result<SpectralState<R>> {
    filter_state(model, 3600.0 * cutoff_hours, || match interruption::requested() {
        true => Err(Error::InterruptedBeforeStart),
        false => Ok(()),
    })
}
