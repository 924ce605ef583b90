//! `extremes run`, the same for every model: steps, output times, checkpoints, interruption, summary.
//!
//! [`run`] brings all ranks to the initial state. From there rank 0 goes on as [`Run`], and the others [`follow`] it.

mod follow;
mod run;
mod snapshot;

use std::time::Instant;

use terrella_coupling::devices::{device_of_rank, expect_one_kind};
use terrella_io::sink::AtomicFile;
use terrella_kernels::device::{Buffer, Device};

use crate::arguments::RunArguments;
use crate::configuration::Settings;
use crate::error::{Error, Result};
use crate::model::{Model, Start};
use crate::planned::PlannedRun;
use crate::ranks::{Call, Ranks};
use crate::{planned, setup, timing};
use follow::follow;
use run::Run;
use terrella_driver::interruption;

/// Name of checkpoints in the run's folder.
pub(crate) const CHECKPOINT: &str = "checkpoint.bin";
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
