//! States that a forecast can go on from: the last good one in memory, checkpoints on the disk.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Run;
use crate::checkpoint::{self, Origin};
use crate::configuration::Settings;
use crate::error::{Error, Result};
use crate::forecast::CHECKPOINT;
use crate::model::Model;
use crate::observer::Observer;
use crate::planned::PlannedRun;
use crate::ranks::{Call, Ranks};
use crate::timing;
use terrella_driver::progress::say;

/// Name of the state before a failed step, in the run's folder.
const BEFORE_FAILURE: &str = "before_failure.bin";

/// The state of an output time, of which the model keeps what is its own.
pub(super) struct Good {
    hour: f64,
    step: u64,
    /// What observers remember, by their names.
    memories: Vec<(String, Vec<u8>)>,
    /// None: they are asked when it is needed, for they are on other ranks, and get nothing before the next output time.
    plans: Option<Vec<u8>>,
}

impl<C: Settings, M: Model> Run<C, M> {
    /// Keeps the present state, from which a run with other settings can go on if a later step fails.
    pub(super) fn keep_good(&mut self) -> Result<()> {
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

    /// Before plans take an output time: forgets the last good state where they have not been asked for what they remember of it.
    pub(super) fn forget_good_without_plans(&mut self) {
        if let Some(good) = &self.last_good
            && good.plans.is_none()
        {
            // The plans remember something else from here on.
            self.last_good = None;
        }
    }

    /// After a failure: writes the last good state, if there is one.
    pub(super) fn keep_last_good(&mut self) {
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

    /// Writes the present state, unless a server is lost that knows a part of it. Returns the path of checkpoints.
    pub(super) fn write_checkpoint(&mut self) -> Result<PathBuf> {
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
}

/// Brings model, observers and output plans to where a checkpoint file was written.
pub(super) fn restore<M: Model>(
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
