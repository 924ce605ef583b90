//! `extremes run`, the same for every model: steps, output times, checkpoints, interruption, summary.

use std::path::{Path, PathBuf};
use std::time::Instant;

use terrella_coupling::devices::{device_of_rank, expect_one_kind};
use terrella_coupling::timing::Recorder;
use terrella_io::Time;
use terrella_io::layout::Layout;
use terrella_io::sink::AtomicFile;
use terrella_kernels::device::{Buffer, Device};

use crate::arguments::RunArguments;
use crate::checkpoint::{self, Origin};
use crate::configuration::{Format, Settings};
use crate::error::{Error, Result};
use crate::model::{Model, Snapshot, Start};
use crate::observer::{Moment, Observer};
use crate::output::{OutputFields, Quantity, Writer};
use crate::own_fields::{OwnFields, own_points};
use crate::pictures::Pictures;
use crate::planned::{PlannedOutput, PlannedRun};
use crate::ranks::{Call, Ranks};
use crate::record::{Record, Used};
use crate::summary::{self, Summary, Timings};
use crate::{leftovers, planned, setup, timing};
use terrella_driver::interruption;
use terrella_driver::progress::{Progress, say};

/// Name of checkpoints in the run's folder.
pub(crate) const CHECKPOINT: &str = "checkpoint.bin";
const BEFORE_FAILURE: &str = "before_failure.bin";
/// What ranks do before they have an initial state.
pub(crate) const READING: &str = "reading the input";

/// The configuration that the arguments name, with what they replace, and this rank's device.
pub(crate) fn configure<C: Settings>(ranks: &Ranks, arguments: &RunArguments) -> Result<(C, Device)> {
    let (configuration, device) =
        ranks.together("reading the configuration", configuration_and_device(arguments))?;
    let device = device_of_rank(ranks.communicator(), &device)?;
    if ranks.are_several() && arguments.decomposition.is_none() {
        expect_one_kind(ranks.communicator(), device)?;
    }
    Ok((configuration, device))
}

fn configuration_and_device<C: Settings>(arguments: &RunArguments) -> Result<(C, String)> {
    let mut configuration = C::read(&arguments.configuration)?;
    if let Some(folder) = &arguments.out {
        configuration.output_mut().folder.clone_from(folder);
    }
    let device = setup::device(arguments.device.as_deref(), configuration.device())?;
    Ok((configuration, device))
}

/// How far a run came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Time steps of the configured forecast.
    pub(crate) configured_steps: u64,
    /// Whether it ended before.
    pub(crate) stopped_early: bool,
}

/// Runs the forecast of the model that `start` makes of what `read` has read for the configuration.
pub(crate) fn run<C: Settings, M: Model, P>(
    ranks: &Ranks,
    arguments: &RunArguments,
    configuration: C,
    device: Device,
    read: impl FnOnce(&C) -> Result<P>,
    start: impl FnOnce(&Ranks, &C, P, Device) -> Result<Start<M>>,
) -> Result<Outcome> {
    let started = Instant::now();
    let recorder = timing::recorder(ranks, arguments)?;
    let starting = recorder.phase(timing::START);
    ranks.expect_checkpoints_at(&configuration.output().folder.join(CHECKPOINT));
    let prepared = if ranks.leads() {
        let on_servers = ranks.servers().map(|_| ranks.communicator().size());
        prepare_output::<C, M>(arguments, &configuration, device, on_servers)
    } else {
        // A launcher passes signals on to all, and rank 0 knows what to do.
        interruption::listen().map_err(Error::signals).map(|()| None)
    };
    let plans = ranks.together("preparing the output", prepared)?;
    let read = ranks.together(READING, read(&configuration))?;
    let checkpoint = configuration.output().folder.join(CHECKPOINT);
    let abandon = |phase: &str, error: &Error| -> ! { ranks.abandon(phase, error, &checkpoint) };
    ranks.enter("initial state");
    let mut start = match start(ranks, &configuration, read, device) {
        Err(error) if ranks.are_several() && error.is_of_one_rank() => abandon("start", &error),
        start => start?,
    };
    start.model.set_recorder(recorder.clone());
    if !ranks.leads() {
        let steps = start.model.step_count();
        drop(starting);
        if let Err(error) = follow(ranks, arguments, start, &recorder) {
            abandon(&ranks.phase(), &error);
        }
        return Ok(Outcome { configured_steps: steps, stopped_early: false });
    }
    let prepared = Run::prepare(ranks, arguments, configuration, plans, start, started, recorder);
    drop(starting);
    let outcome = prepared.and_then(Run::run);
    match &outcome {
        Err(error) if ranks.are_several() && error.is_of_one_rank() => abandon(&ranks.phase(), error),
        _ => ranks.call(Call::End)?,
    }
    outcome
}

/// What has to be there before any work is done: the device, a folder that can be written to, plans for GRIB.
fn prepare_output<C: Settings, M: Model>(
    arguments: &RunArguments,
    configuration: &C,
    device: Device,
    on_servers: Option<usize>,
) -> Result<Option<PlannedRun>> {
    drop(Buffer::<M::Number>::zeros(device, 1)?);
    let folder = &configuration.output().folder;
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::file(folder, "creating the output folder", error))?;
    drop(AtomicFile::create(folder.join("summary.json"))?);
    timing::expect_file(arguments.trace.as_deref())?;
    interruption::listen().map_err(Error::signals)?;
    planned::plans(configuration.output(), folder, arguments.restart.is_some(), on_servers)
}

/// Computes with rank 0 until it calls no more. What fails on all ranks alike is rank 0's to report.
fn follow<M: Model>(
    ranks: &Ranks,
    arguments: &RunArguments,
    start: Start<M>,
    recorder: &Recorder,
) -> Result<()> {
    let Start { mut model, valid, titles, .. } = start;
    // Output on servers, and what of the present state is to go there.
    let (mut plans, mut own) = (None::<PlannedOutput>, None);
    loop {
        let idle = recorder.phase(timing::IDLE);
        let call = ranks.next_call()?;
        drop(idle);
        let phase = call.phase(model.step_count());
        ranks.enter(&phase);
        let _timed = recorder.phase(timing::phase_of(call));
        let outcome = match call {
            Call::End => return Ok(()),
            Call::Times => timing::collect(ranks, recorder, arguments.trace.as_deref()).map(|_| ()),
            Call::Restore => model.restore(None),
            Call::Snapshot => gathered(&mut model, valid).map(|(_, part)| own = part),
            Call::Plans => {
                let (layout, points) = (Layout::from(model.grid()), own_points(model.part()));
                let started = PlannedOutput::follow(ranks, &layout, valid, titles.member, points);
                started.map(|started| plans = Some(started))
            }
            call => match (&mut plans, call) {
                (Some(plans), Call::Write) => plans.follow_write(&model.quantities(), own.take()),
                (Some(plans), Call::PlanStates) => plans.state().map(|_| ()),
                (Some(plans), Call::EndPlans) => plans.finish().map(|_| ()),
                _ => model.follow(call),
            },
        };
        if let Some(plans) = &mut plans {
            plans.progress()?;
        }
        match outcome {
            Err(error) if error.is_of_one_rank() => return Err(error),
            // The last phase is the one that rank 0 does not call others for.
            _ => ranks.enter(format_args!("waiting for rank 0 after {phase}")),
        }
    }
}

/// The present state as it is written: on rank 0 that of the whole grid, and of each of several ranks its own part. They call it together;
/// an error names the first value that is not finite.
fn gathered<M: Model>(model: &mut M, start: Time) -> Result<(Option<OwnFields>, Option<OutputFields>)> {
    let (hour, step) = (model.hour(), model.step_count());
    let own = model.own_fields(start.plus_seconds(model.time().round() as i64))?;
    let ranks = model.communicator()?;
    own.expect_finite(model.part(), &ranks, &model.quantities(), hour, step)?;
    own.gathered(model.part(), &ranks)
}

/// The same with what is drawn of it, on rank 0, which calls the others.
fn snapshot<M: Model>(ranks: &Ranks, model: &mut M, start: Time) -> Result<Snapshot> {
    ranks.call(Call::Snapshot)?;
    let (whole, own) = gathered(model, start)?;
    let whole = whole.expect("rank 0, which alone is asked, has it");
    Ok(Snapshot { drawable: model.drawable(&whole), fields: whole.fields, own })
}

/// The state of an output time, of which the model keeps what is its own.
struct Good {
    hour: f64,
    step: u64,
    /// What observers remember, by their names.
    memories: Vec<(String, Vec<u8>)>,
    /// None: they are asked when it is needed, for they are on other ranks, and get nothing before the next output time.
    plans: Option<Vec<u8>>,
}

/// A forecast under way.
struct Run<C, M> {
    ranks: Ranks,
    recorder: Recorder,
    trace: Option<PathBuf>,
    configuration: C,
    folder: PathBuf,
    valid: Time,
    report: Vec<String>,
    input_hash: blake3::Hash,
    origin: Origin,
    model: M,
    steps_per_output: u64,
    steps_per_look: u64,
    first_step: u64,
    last_step: u64,
    configured_steps: u64,
    stops_early: bool,
    quantities: Vec<Quantity>,
    writer: Writer,
    record: Record,
    layout: Layout,
    pictures: Option<Pictures>,
    observers: Vec<Box<dyn Observer>>,
    checkpoint: Option<PathBuf>,
    /// The checkpoint of the last output time, and its hour: written where a step fails after it.
    last_good: Option<Good>,
    /// Files of the part of the run before a restart.
    earlier_files: Vec<PathBuf>,
    timings: Timings,
}

impl<C: Settings, M: Model> Run<C, M> {
    fn prepare(
        ranks: &Ranks,
        arguments: &RunArguments,
        configuration: C,
        mut plans: Option<PlannedRun>,
        start: Start<M>,
        started: Instant,
        recorder: Recorder,
    ) -> Result<Self> {
        let folder = configuration.output().folder.clone();
        let Start {
            mut model,
            valid,
            steps_per_output,
            steps_per_look,
            report,
            input_hash,
            fingerprint,
            titles,
            labels,
            mut observers,
        } = start;
        let mut used = vec![
            Used::read("configuration", &arguments.configuration)?,
            Used { role: "initial-state", path: configuration.input().to_owned(), hash: input_hash },
        ];
        let plan = configuration
            .output()
            .plan
            .as_deref()
            .filter(|_| configuration.output().formats.contains(&Format::Grib2));
        let others = plan.map(|path| ("plan", path)).into_iter().chain(configuration.other_inputs());
        let others = others.chain(arguments.restart.as_deref().map(|path| ("checkpoint", path)));
        for (role, path) in others {
            used.push(Used::read(role, path)?);
        }
        let origin = Origin { version: M::CHECKPOINT, description: model.description(), fingerprint };
        let layout = Layout::from(model.grid());
        let output = configuration.output();
        let pictures = if output.pictures {
            let analysis = snapshot(ranks, &mut model, valid)?.drawable;
            Some(Pictures::new(output, labels, &folder, &layout, valid, analysis))
        } else {
            None
        };
        if let Some(path) = &arguments.restart {
            restore(ranks, path, &origin, arguments.convert, &mut model, &mut observers, plans.as_mut())?;
        }
        let first_step = model.step_count();
        let configured = u64::from(configuration.length() / output.interval) * steps_per_output;
        let last_step = match arguments.steps {
            Some(steps) if arguments.within_length => steps.min(configured),
            Some(steps) => steps,
            None => configured,
        };
        // A process that was killed between its last checkpoint and its end left what only has to be completed.
        let lacks_end = || {
            let found = terrella_io::manifest::verify(&folder);
            found.is_ok_and(|found| found.manifests > 0 && !found.ends_run)
        };
        let done =
            first_step > last_step || first_step == last_step && (arguments.steps.is_some() || !lacks_end());
        if let Some(path) = arguments.restart.clone().filter(|_| done) {
            return Err(Error::Checkpoint {
                path,
                message: format!("it is at step {first_step}, the run is to end at step {last_step}"),
            });
        }
        let resume = (first_step > 0).then(|| valid.plus_seconds(model.time().round() as i64));
        let mut earlier_files = summary::files_of_earlier_run(&folder);
        let quantities = model.quantities();
        let record = Record::begin(&folder, resume.is_some(), &used)?;
        leftovers::remove(&folder)?;
        if resume.is_none() {
            // When no manifest lists them any more.
            summary::remove_earlier_run(&folder, std::mem::take(&mut earlier_files))?;
        }
        // One that a killed process wrote is in no list yet.
        let checkpoint = Some(folder.join(CHECKPOINT)).filter(|path| resume.is_some() && path.is_file());
        let points = own_points(model.part());
        let writer =
            Writer::new(output, plans, ranks, quantities.clone(), &titles, &layout, points, valid, resume)?;
        let timings = Timings { initial_state: started.elapsed().as_secs_f64(), ..Timings::default() };
        Ok(Self {
            ranks: ranks.clone(),
            recorder,
            trace: arguments.trace.clone(),
            configuration,
            folder,
            valid,
            report,
            input_hash,
            origin,
            model,
            steps_per_output,
            steps_per_look,
            first_step,
            last_step,
            configured_steps: configured,
            stops_early: last_step < configured,
            quantities,
            writer,
            record,
            layout,
            pictures,
            observers,
            checkpoint,
            last_good: None,
            earlier_files,
            timings,
        })
    }

    fn run(mut self) -> Result<Outcome> {
        let started = Instant::now();
        self.announce();
        let mut progress = Progress::new(self.first_step, self.last_step, "steps");
        if self.first_step == 0 {
            self.output(&progress)?;
        }
        let checkpoint_hours = self.configuration.output().checkpoint_interval;
        self.keep_good()?;
        while self.model.step_count() < self.last_step {
            if let Err(error) = self.step() {
                return Err(self.failed(error, &progress));
            }
            let step = self.model.step_count();
            progress.advance(step, format!("+{:.1} h", self.model.hour()));
            if step.is_multiple_of(self.steps_per_output) {
                if let Err(error) = self.output(&progress) {
                    return Err(self.failed(error, &progress));
                }
                self.keep_good()?;
                let hour = self.model.hour().round() as u32;
                if checkpoint_hours > 0 && hour.is_multiple_of(checkpoint_hours) {
                    self.write_checkpoint()?;
                }
            } else if step.is_multiple_of(self.steps_per_look)
                && let Err(error) = self.look()
            {
                return Err(self.failed(error, &progress));
            }
            if interruption::requested() && step < self.last_step {
                progress.finish();
                return Err(self.interrupt()?);
            }
        }
        progress.finish();
        let outcome = Outcome { configured_steps: self.configured_steps, stopped_early: self.stops_early };
        self.complete(started)?;
        Ok(outcome)
    }

    /// Says what is going to be computed, and what may be expected of it.
    fn announce(&self) {
        for line in self.report.iter().chain(&self.model.announcement()) {
            say(line);
        }
        let hours = |step: u64| step as f64 * self.model.time_step() / 3600.0;
        say(&format!(
            "forecast   from {} + {:.1} h to + {:.1} h in {} steps, output every {} h into {}",
            self.valid,
            hours(self.first_step),
            hours(self.last_step),
            self.last_step - self.first_step,
            self.configuration.output().interval,
            self.folder.display()
        ));
    }

    fn step(&mut self) -> Result<()> {
        let _phase = self.recorder.phase(timing::STEP);
        let started = Instant::now();
        self.ranks.enter(Call::Step.phase(self.model.step_count()));
        self.model.step()?;
        self.writer.progress()?;
        self.timings.model += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Diagnoses, writes and draws the present state.
    fn output(&mut self, progress: &Progress) -> Result<()> {
        let _phase = self.recorder.phase(timing::OUTPUT);
        let started = Instant::now();
        let (valid, hour) = (self.valid.plus_seconds(self.model.time().round() as i64), self.model.hour());
        self.ranks.enter(format_args!("output of +{hour:.2} h"));
        let snapshot = snapshot(&self.ranks, &mut self.model, self.valid)?;
        let line = self.model.record(&snapshot.fields)?;
        if let Some(good) = &self.last_good
            && good.plans.is_none()
        {
            // The plans remember something else from here on.
            self.last_good = None;
        }
        let written = self.writer.write(&snapshot.fields, snapshot.own.as_ref())?;
        self.record.output_time(&format!("+{hour} h"), &written)?;
        let moment =
            Moment { hour, layout: &self.layout, quantities: &self.quantities, fields: &snapshot.fields };
        for observer in &mut self.observers {
            observer.observe(&moment)?;
        }
        self.timings.output += started.elapsed().as_secs_f64();
        if let Some(pictures) = &mut self.pictures {
            let started = Instant::now();
            pictures.add(valid, snapshot.drawable)?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        progress.line(&format!("+{hour:03.0} h   {line}"));
        Ok(())
    }

    /// Shows the present state, between output times, to those who look at it.
    fn look(&mut self) -> Result<()> {
        if !self.observers.iter().any(|observer| observer.looks_between()) {
            return Ok(());
        }
        let _phase = self.recorder.phase(timing::OUTPUT);
        let started = Instant::now();
        let hour = self.model.hour();
        self.ranks.enter(format_args!("look at +{hour:.2} h"));
        let snapshot = snapshot(&self.ranks, &mut self.model, self.valid)?;
        let moment =
            Moment { hour, layout: &self.layout, quantities: &self.quantities, fields: &snapshot.fields };
        for observer in self.observers.iter_mut().filter(|observer| observer.looks_between()) {
            observer.observe(&moment)?;
        }
        self.timings.output += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// Keeps the present state, from which a run with other settings can go on if a later step fails.
    fn keep_good(&mut self) -> Result<()> {
        let _phase = self.recorder.phase(timing::CHECKPOINT);
        let started = Instant::now();
        let (hour, step) = (self.model.hour(), self.model.step_count());
        // What the model keeps is no longer that of the last one.
        self.last_good = None;
        self.model.keep()?;
        let memories = self.observers.iter();
        let memories = memories.map(|observer| (observer.name().to_owned(), observer.memory())).collect();
        let plans = (!self.writer.is_on_servers()).then(|| self.writer.state()).transpose()?;
        self.last_good = Some(Good { hour, step, memories, plans });
        self.timings.output += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// After a failed step or output: writes the last good state, and lets servers end. Returns the error, which names time and place.
    fn failed(&mut self, error: Error, progress: &Progress) -> Error {
        progress.finish();
        if self.ranks.are_several() && error.is_of_one_rank() {
            // The others may wait for something else than their parts of that state, and hear nothing of servers.
            return error;
        }
        self.keep_last_good();
        if self.writer.is_on_servers()
            && let Err(second) = self.writer.interrupt()
        {
            say(&format!("the output before it did not end as it should: {second}"));
        }
        error
    }

    /// Writes the last good state, if there is one.
    fn keep_last_good(&mut self) {
        let Some(Good { hour, memories, plans, .. }) = self.last_good.take() else { return };
        let path = self.folder.join(BEFORE_FAILURE);
        let plans = plans.map_or_else(|| self.writer.state(), Ok);
        let written = plans.and_then(|plans| {
            self.write_kept(&path, &memories, &plans)?;
            self.note_whole_files("before the failure")
        });
        match written {
            Ok(()) => {
                say(&format!("the state of + {hour:.1} h, before it, is in {}", path.display()));
                if let Err(second) = self.record.failure("failure", &path) {
                    say(&format!("no manifest knows it: {second}"));
                }
            }
            Err(second) => say(&format!("the state of + {hour:.1} h could not be kept: {second}")),
        }
    }

    fn write_checkpoint(&mut self) -> Result<PathBuf> {
        let step = self.model.step_count();
        if self.last_good.as_ref().is_none_or(|good| good.step != step) {
            self.keep_good()?;
        }
        let _phase = self.recorder.phase(timing::CHECKPOINT);
        let started = Instant::now();
        let path = self.folder.join(CHECKPOINT);
        self.ranks.enter(format_args!("checkpoint of +{:.2} h", self.model.hour()));
        let plans = match self.writer.state() {
            Err(Error::Io(error @ terrella_io::Error::ServerLost { .. })) => {
                say(&format!("no checkpoint of +{:.2} h: {error}", self.model.hour()));
                self.timings.output += started.elapsed().as_secs_f64();
                return Ok(path);
            }
            plans => plans?,
        };
        // A checkpoint knows of no file that is on no record.
        self.note_whole_files(&format!("+{} h", self.model.hour()))?;
        let memories = self.last_good.as_ref().map_or(&[][..], |good| good.memories.as_slice());
        self.write_kept(&path, memories, &plans)?;
        self.checkpoint = Some(path.clone());
        self.timings.output += started.elapsed().as_secs_f64();
        Ok(path)
    }

    /// Takes files that servers have finished into the record.
    fn note_whole_files(&mut self, label: &str) -> Result<()> {
        let whole = self.writer.whole_files()?;
        if whole.is_empty() { Ok(()) } else { self.record.output_time(label, &whole) }
    }

    /// Writes what the model has kept, with what observers and plans remember.
    fn write_kept(&self, path: &Path, memories: &[(String, Vec<u8>)], plans: &[u8]) -> Result<()> {
        let mut writer = checkpoint::Writer::begin::<M::Number>(path, &self.origin);
        self.model.checkpoint(&mut writer)?;
        writer.memories(memories);
        writer.part(plans);
        writer.end()
    }

    /// Leaves what a restart needs; the error that ends the program.
    fn interrupt(mut self) -> Result<Error> {
        let hour = format!("{:.2}", self.model.hour());
        let checkpoint = self.write_checkpoint()?;
        let drawn = self.pictures.take().map_or(Vec::new(), |pictures| pictures.files().to_vec());
        self.summarise("interrupted", drawn, None)?;
        Ok(Error::Interrupted { hour, checkpoint })
    }

    fn complete(mut self, started: Instant) -> Result<()> {
        let closing = self.recorder.phase(timing::OUTPUT);
        self.ranks.enter("end");
        if self.stops_early {
            let path = self.write_checkpoint()?;
            say(&format!(
                "stopped after {} steps; continue with --restart {}",
                self.last_step,
                path.display()
            ));
        }
        let mut made = Vec::new();
        if let Some(pictures) = self.pictures.take() {
            let started = Instant::now();
            made = pictures.finish(&self.model.charts())?;
            self.timings.pictures += started.elapsed().as_secs_f64();
        }
        for observer in &mut self.observers {
            made.extend(observer.finish()?);
        }
        drop(closing);
        let status = if self.stops_early { "stopped early" } else { "complete" };
        self.summarise(status, made, Some(started))
    }

    /// Closes the files and writes the summary; with `started` the run is whole and the closing lines are printed.
    fn summarise(mut self, status: &str, made: Vec<PathBuf>, started: Option<Instant>) -> Result<()> {
        let mut timings = self.timings;
        let phase = self.recorder.phase(timing::OUTPUT);
        let closing = Instant::now();
        let mut files = if started.is_some() { self.writer.finish()? } else { self.writer.interrupt()? };
        let (output, lost) = (self.writer.metrics(), self.writer.lost());
        let status = if lost.is_some() { "to be replayed" } else { status };
        timings.output += closing.elapsed().as_secs_f64();
        drop(phase);
        let table = timing::collect(&self.ranks, &self.recorder, self.trace.as_deref())?;
        if let Some(table) = table.as_ref().filter(|table| table.ranks > 1) {
            say(&table.to_string());
        }
        let count = |files: &[PathBuf], extension: &str| {
            files.iter().filter(|path| has_extension(path, extension)).count()
        };
        let (grib, pictures) = (count(&files, "grib2"), count(&made, "png"));
        files.extend(made);
        files.extend(self.checkpoint);
        files.extend(self.earlier_files);
        files.sort();
        files.dedup();
        let summary = Summary {
            status,
            configuration: serde_json::to_value(&self.configuration).expect("a configuration is valid JSON"),
            input: self.configuration.input(),
            input_hash: self.input_hash.to_hex().to_string(),
            device: self.model.device().to_string(),
            grid: self.model.grid().name().to_owned(),
            valid: self.valid.to_string(),
            time_step: self.model.time_step(),
            steps: self.model.step_count(),
            steps_of_this_process: self.model.step_count() - self.first_step,
            report: &self.report,
            timings,
            size: self.model.size(),
            measured: self.model.measured(),
            ranks: table.as_ref().map(timing::entry),
            output,
            files: &files,
        };
        let path = summary.write(&self.folder)?;
        let mut all = files.clone();
        all.push(path.clone());
        self.record.finish(&all, status == "complete", summary.steps)?;
        if let Some(lost) = lost {
            return Err(lost);
        }
        let Some(started) = started else { return Ok(()) };
        say(&format!(
            "done       {:.1} forecast days in {:.1} s ({:.0} simulated days per day in the model); start {:.1} s, steps {:.1} s, files {:.1} s, pictures {:.1} s",
            summary.steps_of_this_process as f64 * summary.time_step / 86400.0,
            started.elapsed().as_secs_f64(),
            summary.days_per_day(),
            timings.initial_state,
            timings.model,
            timings.output,
            timings.pictures
        ));
        let is_forecast = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("forecast_") && has_extension(path, "nc")
        };
        let netcdf = files.iter().find(is_forecast);
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

/// Brings model, observers and output plans to where a checkpoint file was written.
fn restore<M: Model>(
    ranks: &Ranks,
    path: &Path,
    origin: &Origin,
    convert: bool,
    model: &mut M,
    observers: &mut [Box<dyn Observer>],
    plans: Option<&mut PlannedRun>,
) -> Result<()> {
    let refuse = |message: String| Error::Checkpoint { path: path.to_owned(), message };
    let mut reader = checkpoint::open::<M::Number>(path, origin, convert)?;
    ranks.call(Call::Restore)?;
    model.restore(Some(&mut reader))?;
    let memories = reader.memories()?;
    let lacking = observers.iter().find(|observer| memories.iter().all(|(name, _)| observer.name() != name));
    if let Some(observer) = lacking {
        return Err(refuse(format!("it was written without '{}', which this run has", observer.name())));
    }
    for (name, memory) in memories {
        let own = observers.iter_mut().find(|observer| observer.name() == name);
        own.and_then(|observer| observer.restore(&memory))
            .ok_or_else(|| refuse(format!("what '{name}' remembers in it is not this run's")))?;
    }
    let state = reader.bytes()?;
    if let Some(plans) = plans {
        let text = |error: terrella_io::Error| error.to_string().trim_end_matches('.').to_owned();
        plans.restore(&state).map_err(|error| refuse(text(error)))?;
    }
    reader.expect_end()
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
