//! The steps that a best-effort plan has been offered, and what became of them.

use std::collections::VecDeque;

use crate::plan::Metadata;

/// Metadata that tell a message's time.
const TIMES: [&str; 5] = ["startDate", "startTime", "step", "date", "time"];

/// Steps that are remembered after their last message: so late a message may come and still be known to belong to a step
/// that was dropped.
const REMEMBERED: usize = 64;

#[derive(Default)]
pub(super) struct Steps {
    /// In the order of their first messages.
    known: VecDeque<Step>,
    next: u64,
}

pub(super) struct Step {
    pub(super) id: u64,
    pub(super) label: Metadata,
    /// Messages in the queue.
    pub(super) queued: u64,
    /// Some have been delivered.
    pub(super) begun: bool,
    /// All others are to be dropped.
    pub(super) dropped: bool,
    /// A gap has been counted for it.
    pub(super) told: bool,
}

/// Whether a message belongs to a step. Those that belong to none, such as masks, are for all steps to come.
pub(super) fn has_step(metadata: &Metadata) -> bool {
    metadata.get("step").is_some() || metadata.get("date").is_some()
}

/// The metadata that tell the time.
pub(super) fn label(metadata: &Metadata) -> Metadata {
    let mut label = Metadata::new();
    for key in TIMES {
        if let Some(value) = metadata.get(key) {
            label.set(key, value.clone());
        }
    }
    label
}

/// Whether a message belongs to the step of a label.
pub(super) fn same(label: &Metadata, metadata: &Metadata) -> bool {
    TIMES.iter().all(|key| label.get(key) == metadata.get(key))
}

impl Steps {
    /// The step of a message, which may be new.
    pub(super) fn of(&mut self, metadata: &Metadata) -> &mut Step {
        let number = match self.known.iter().rposition(|step| same(&step.label, metadata)) {
            Some(number) => number,
            None => {
                while self.known.len() >= REMEMBERED
                    && self.known.front().is_some_and(|step| step.queued == 0)
                {
                    self.known.pop_front();
                }
                let (id, label) = (self.next, label(metadata));
                let step = Step { id, label, queued: 0, begun: false, dropped: false, told: false };
                self.next += 1;
                self.known.push_back(step);
                self.known.len() - 1
            }
        };
        &mut self.known[number]
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Step> {
        self.known.iter_mut().find(|step| step.id == id)
    }

    /// The oldest step with messages in the queue; only whole ones, unless `begun`.
    pub(super) fn oldest(&self, begun: bool) -> Option<u64> {
        self.known.iter().find(|step| step.queued > 0 && (begun || !step.begun)).map(|step| step.id)
    }
}
