//! `[ensemble]`: members one after the other, and what they have in common.
//!
//! Every member is a forecast of its own in `member_NNN`. Its fields enter the statistics of their output time, which lie in
//! `ensemble_statistics` until the last member is done: at any time the memory holds one member and the statistics of one
//! time. Each statistics file knows how many members it has, so that a member that goes on after an interruption is counted
//! once.

mod configuration;
mod fields;
mod member;
mod products;
mod progress;
mod statistics;

use std::path::{Path, PathBuf};

use terrella_kernels::device::Device;

pub(crate) use configuration::Ensemble;
pub(crate) use member::MemberStatistics;

use crate::arguments::RunArguments;
use crate::error::{Error, Result};
use crate::forecast::Outcome;
use crate::primitive::Configuration;
use progress::Progress;
use terrella_driver::interruption;
use terrella_driver::progress::say;

/// The folder of the statistics in the making.
pub(crate) fn workspace(folder: &Path) -> PathBuf {
    folder.join("ensemble_statistics")
}

fn member_folder(folder: &Path, member: u32) -> PathBuf {
    folder.join(format!("member_{member:03}"))
}

/// Runs all members with `forecast`, and writes mean, spread and probabilities.
pub(crate) fn run(
    arguments: &RunArguments,
    configuration: &Configuration,
    device: Device,
    forecast: impl Fn(&RunArguments, Configuration, Device) -> Result<Outcome>,
) -> Result<()> {
    let ensemble = configuration.ensemble.as_ref().expect("only called with an ensemble");
    let folder = &configuration.output.folder;
    let make = |path: &Path| {
        std::fs::create_dir_all(path).map_err(|error| Error::file(path, "creating the output folder", error))
    };
    make(folder)?;
    interruption::listen().map_err(Error::signals)?;
    let fingerprint = progress::fingerprint(configuration);
    let mut progress = match &arguments.restart {
        Some(path) => Progress::read(path, folder, &fingerprint)?,
        None => {
            remove_earlier(folder, ensemble.members)?;
            Progress::new(&fingerprint, ensemble.members)
        }
    };
    let resumed = arguments.restart.as_ref().map(|_| progress.finished);
    make(&workspace(folder))?;
    let progress_path = progress.write(folder)?;
    let interrupted = |hour: String| Error::Interrupted { hour, checkpoint: progress_path.clone() };
    while progress.finished < ensemble.members {
        let member = progress.finished;
        let steps = arguments.steps.map(|steps| steps.saturating_sub(progress.steps_done()));
        if steps == Some(0) {
            return stopped(arguments.steps, &progress_path);
        }
        if interruption::requested() {
            return Err(interrupted("0".into()));
        }
        say(&format!("member     {member} of {} (0 is unperturbed)", ensemble.members));
        let mut own = configuration.clone();
        own.output.folder = member_folder(folder, member);
        if !ensemble.member_files {
            own.output.formats.clear();
            (own.output.pictures, own.output.animation) = (false, false);
        }
        own.ensemble.as_mut().expect("as above").member = member;
        let checkpoint = own.output.folder.join(crate::forecast::CHECKPOINT);
        let own_arguments = RunArguments {
            restart: (resumed == Some(member) && checkpoint.is_file()).then_some(checkpoint),
            steps,
            within_length: true,
            ..arguments.clone()
        };
        let outcome = forecast(&own_arguments, own, device).map_err(|error| match error {
            Error::Interrupted { hour, .. } => interrupted(hour),
            Error::InterruptedBeforeStart => interrupted("0".into()),
            other => other,
        })?;
        progress.steps_per_member = outcome.configured_steps;
        if outcome.stopped_early {
            progress.write(folder)?;
            return stopped(arguments.steps, &progress_path);
        }
        progress.finished += 1;
        progress.write(folder)?;
    }
    let files = products::write(configuration, ensemble)?;
    progress.complete(folder, &files)?;
    std::fs::remove_dir_all(workspace(folder))
        .map_err(|error| Error::file(workspace(folder), "removing the statistics", error))?;
    say(&format!(
        "ensemble   {} members: {} files of mean, spread and probabilities in {}, read back",
        ensemble.members,
        files.len(),
        folder.display()
    ));
    Ok(())
}

fn stopped(steps: Option<u64>, path: &Path) -> Result<()> {
    say(&format!(
        "stopped after {} steps of all members; continue with --restart {}",
        steps.unwrap_or(0),
        path.display()
    ));
    Ok(())
}

/// Removes the statistics, products and checkpoints of an earlier ensemble, so that none can be taken for one of the new.
fn remove_earlier(folder: &Path, members: u32) -> Result<()> {
    let remove = |path: &Path| match path.exists() {
        true => std::fs::remove_file(path)
            .map_err(|error| Error::file(path, "removing an earlier run's file", error)),
        false => Ok(()),
    };
    for name in Progress::files_of_earlier_run(folder) {
        remove(&folder.join(name))?;
    }
    for member in 0..members {
        remove(&member_folder(folder, member).join(crate::forecast::CHECKPOINT))?;
    }
    let workspace = workspace(folder);
    if workspace.exists() {
        std::fs::remove_dir_all(&workspace)
            .map_err(|error| Error::file(&workspace, "removing an earlier run's statistics", error))?;
    }
    Ok(())
}
