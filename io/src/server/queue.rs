//! What waits for one plan, without its lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::metrics::PlanMetrics;
use super::pool::{Pool, weight};
use super::spill::Stored;
use super::steps::{Steps, has_step};
use crate::plan::{Gap, Message};

/// The messages that wait, and what is known about them.
pub(super) struct Queue {
    pub(super) entries: VecDeque<Entry>,
    /// q, with a message until its memory is given back (bytes).
    pub(super) waiting: u64,
    /// m (bytes).
    pub(super) largest: u64,
    /// Of a message that there was no room for (bytes); 0: none.
    pub(super) refused: u64,
    pub(super) steps: Steps,
    /// Of the next message.
    number: u64,
    pub(super) flushes_asked: u64,
    pub(super) flushes_done: u64,
    pub(super) closed: bool,
    /// The plan has panicked or its thread has ended.
    pub(super) dead: bool,
    pub(super) metrics: PlanMetrics,
}

/// What waits for a plan.
pub(super) enum Entry {
    Message {
        payload: Payload,
        bytes: u64,
        number: u64,
        step: Option<u64>,
    },
    Gap(Gap),
    Flush,
    /// A flush that leaves there what the plan remembers, or None where it never does.
    State(Answer),
}

/// Where a plan leaves what it remembers.
pub(crate) type Answer = Arc<Mutex<Option<Option<Vec<u8>>>>>;

pub(super) enum Payload {
    Memory(Arc<Message>),
    /// On its way to the disk, with its memory.
    Lifted,
    Disk(Stored),
}

impl Queue {
    pub(super) fn new(metrics: PlanMetrics) -> Self {
        Self {
            entries: VecDeque::new(),
            waiting: 0,
            largest: 0,
            refused: 0,
            steps: Steps::default(),
            number: 0,
            flushes_asked: 0,
            flushes_done: 0,
            closed: false,
            dead: false,
            metrics,
        }
    }

    pub(super) fn fits(&self, bytes: u64, share: u64) -> bool {
        self.could_fit(bytes, self.waiting, share)
    }

    /// Whether a message fits beside `others` bytes.
    pub(super) fn could_fit(&self, bytes: u64, others: u64, share: u64) -> bool {
        let reserve = self.largest.max(bytes);
        others.checked_add(bytes).and_then(|sum| sum.checked_add(reserve)).is_some_and(|sum| sum <= share)
    }

    /// Memory of waiting messages that are of no step.
    pub(super) fn bound(&self) -> u64 {
        let bound = |entry: &Entry| match entry {
            Entry::Message { bytes, step: None, payload: Payload::Memory(_), .. } => *bytes,
            _ => 0,
        };
        self.entries.iter().map(bound).sum()
    }

    /// Counts a message that is offered, whatever becomes of it.
    pub(super) fn offered(&mut self, bytes: u64) {
        self.metrics.messages_in += 1;
        self.metrics.bytes_in += bytes;
    }

    pub(super) fn push(&mut self, payload: Payload, bytes: u64, step: Option<u64>) {
        self.offered(bytes);
        self.metrics.queued_messages += 1;
        match payload {
            Payload::Memory(_) | Payload::Lifted => self.waiting += bytes,
            Payload::Disk(_) => self.spilled(bytes),
        }
        let number = self.number;
        self.number += 1;
        self.entries.push_back(Entry::Message { payload, bytes, number, step });
    }

    fn spilled(&mut self, bytes: u64) {
        self.metrics.on_disk += bytes;
        self.metrics.spilled_messages += 1;
        self.metrics.spilled_bytes += bytes;
    }

    /// The first entry, unless it is on its way to the disk.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        if let Some(Entry::Message { payload: Payload::Lifted, .. }) = self.entries.front() {
            return None;
        }
        let entry = self.entries.pop_front()?;
        if let Entry::Message { step, payload, bytes, .. } = &entry {
            self.metrics.queued_messages -= 1;
            if let Payload::Disk(_) = payload {
                self.metrics.on_disk -= bytes;
            }
            if let Some(step) = step.and_then(|id| self.steps.get(id)) {
                step.queued -= 1;
                step.begun = true;
            }
        }
        Some(entry)
    }

    /// Takes out the message after the first `kept` bytes in memory, which is to go to the disk, with its number.
    pub(super) fn lift(&mut self, kept: u64) -> Option<(u64, Arc<Message>)> {
        // From the end, where those are that came last: what waits on the disk may be long.
        let (mut after, mut chosen) = (0, None);
        let most = self.waiting.saturating_sub(kept);
        for entry in self.entries.iter_mut().rev() {
            if let Entry::Message { payload: payload @ Payload::Memory(_), bytes, number, .. } = entry {
                after += *bytes;
                if after > most {
                    break;
                }
                chosen = Some((*number, payload));
            }
        }
        let (number, payload) = chosen?;
        match std::mem::replace(payload, Payload::Lifted) {
            Payload::Memory(message) => Some((number, message)),
            _ => unreachable!("only those in memory are chosen"),
        }
    }

    /// Puts a lifted message back: in its place on the disk, or without one in memory.
    pub(super) fn settle(&mut self, lifted: u64, message: Arc<Message>, stored: Option<Stored>, pool: &Pool) {
        let bytes = weight(&message);
        // The newest are near the end. None where the plan has ended meanwhile.
        let place = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Message { payload, number, .. } if *number == lifted => Some(payload),
            _ => None,
        });
        match (place, stored) {
            (Some(place), None) => *place = Payload::Memory(message),
            (place, stored) => {
                if let (Some(place), Some(stored)) = (place, stored) {
                    *place = Payload::Disk(stored);
                    self.spilled(bytes);
                }
                pool.release(message);
                self.waiting -= bytes;
            }
        }
    }

    /// Drops what waits of a step, and all that is to come of it.
    pub(super) fn drop_step(&mut self, id: u64, pool: &Pool) {
        let (mut fields, mut dropped, mut place, mut kept) = (0, 0, None, 0);
        self.entries.retain_mut(|entry| {
            let of_step = matches!(entry, Entry::Message { step: Some(step), .. } if *step == id);
            if !of_step {
                kept += 1;
                return true;
            }
            place.get_or_insert(kept);
            if let Entry::Message { payload: Payload::Memory(message), bytes, .. } =
                std::mem::replace(entry, Entry::Flush)
            {
                fields += 1;
                dropped += bytes;
                pool.release(message);
            }
            false
        });
        self.waiting -= dropped;
        self.metrics.queued_messages -= fields;
        if let Some(step) = self.steps.get(id) {
            step.queued = 0;
            step.dropped = true;
        }
        if let Some(place) = place {
            self.add_gap(id, place, fields, dropped);
        }
    }

    pub(super) fn drop_incoming(&mut self, id: u64, bytes: u64) {
        self.offered(bytes);
        self.add_gap(id, self.entries.len(), 1, bytes);
    }

    /// Counts what was dropped of a step, and tells of it at `place` in the queue.
    fn add_gap(&mut self, id: u64, place: usize, fields: u64, bytes: u64) {
        let step = self.steps.get(id).expect("a step with messages is known");
        let anew = !step.told && has_step(&step.label);
        step.told = true;
        let gap = Gap {
            first: step.label.clone(),
            last: step.label.clone(),
            steps: u64::from(anew),
            fields,
            bytes,
            begun: step.begun,
        };
        self.metrics.dropped_messages += fields;
        self.metrics.dropped_bytes += bytes;
        self.metrics.dropped_steps += gap.steps;
        if place > 0
            && let Entry::Gap(before) = &mut self.entries[place - 1]
        {
            before.extend(gap);
            if let Some(Entry::Gap(after)) = self.entries.get(place) {
                let after = after.clone();
                self.entries.remove(place);
                if let Entry::Gap(before) = &mut self.entries[place - 1] {
                    before.extend(after);
                }
                self.metrics.gaps -= 1;
            }
        } else if let Some(Entry::Gap(after)) = self.entries.get_mut(place) {
            let mut whole = gap;
            whole.extend(after.clone());
            *after = whole;
        } else {
            self.entries.insert(place, Entry::Gap(gap));
            self.metrics.gaps += 1;
        }
    }

    /// Empties the queue and counts what was in it as lost.
    pub(super) fn clear(&mut self, pool: &Pool) {
        for entry in std::mem::take(&mut self.entries) {
            match entry {
                Entry::Message { payload, bytes, .. } => {
                    self.metrics.lost_messages += 1;
                    if let Payload::Memory(message) = payload {
                        pool.release(message);
                        self.waiting -= bytes;
                    }
                }
                Entry::Flush | Entry::State(_) => self.flushes_done += 1,
                Entry::Gap(_) => {}
            }
        }
        self.metrics.queued_messages = 0;
        self.metrics.on_disk = 0;
    }
}
