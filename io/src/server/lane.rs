//! The messages that wait for one plan.
//!
//! Memory: let Q be the plan's share, m the largest message that it was ever given, q the messages that wait in memory. A
//! message of b bytes is taken into memory where q + b + max(m, b) ≤ Q. So there is always room for the one that the plan
//! works on, wherever it comes from, and q + work ≤ Q holds at all times.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};

use super::metrics::{ActionMetrics, PlanMetrics};
use super::pool::{Pool, weight};
use super::spill::Stored;
use super::steps::{self, Steps};
use super::{lock, wait};
use crate::plan::{Gap, Guarantee, Message, Metadata, Plan, Select};

pub(super) struct Lane {
    pub(super) name: String,
    guarantee: Guarantee,
    selections: Vec<Select>,
    /// Q (bytes).
    pub(super) share: u64,
    state: Mutex<State>,
    /// There is something to do for the plan.
    work: Condvar,
    /// Something has been done.
    done: Condvar,
}

struct State {
    queue: VecDeque<Entry>,
    /// q, with a message until its memory is given back (bytes).
    waiting: u64,
    /// m (bytes).
    largest: u64,
    steps: Steps,
    /// Of the next message.
    number: u64,
    flushes_asked: u64,
    flushes_done: u64,
    closed: bool,
    /// The plan has panicked or its thread has ended.
    dead: bool,
    metrics: PlanMetrics,
}

/// What waits for a plan.
pub(super) enum Entry {
    Message { payload: Payload, bytes: u64, number: u64, step: Option<u64> },
    Gap(Gap),
    Flush,
}

pub(super) enum Payload {
    Memory(Arc<Message>),
    /// On its way to the disk, with its memory.
    Lifted,
    Disk(Stored),
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The plan does not want it.
    Past,
    /// The plan is no more.
    Lost,
    Memory,
    Disk,
    /// Counted as a gap.
    Dropped,
}

/// What a plan did with an entry.
pub(super) enum Outcome {
    Delivered,
    Failed,
}

impl Lane {
    pub(super) fn new(plan: &Plan, share: u64) -> Self {
        let action =
            |(place, ..): (&str, _, _, _)| ActionMetrics { place: place.into(), ..Default::default() };
        let metrics = PlanMetrics {
            name: plan.name.clone(),
            best_effort: plan.guarantee == Guarantee::BestEffort,
            memory_limit: share,
            actions: plan.actions().map(action).collect(),
            ..Default::default()
        };
        let state = State {
            queue: VecDeque::new(),
            waiting: 0,
            largest: 0,
            steps: Steps::default(),
            number: 0,
            flushes_asked: 0,
            flushes_done: 0,
            closed: false,
            dead: false,
            metrics,
        };
        Self {
            name: plan.name.clone(),
            guarantee: plan.guarantee,
            selections: plan.selections(),
            share,
            state: Mutex::new(state),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// Where a message of `bytes` is to go, and m with it. An error says why there is no way; then nothing has changed.
    pub(super) fn way(
        &self,
        metadata: &Metadata,
        mask: bool,
        bytes: u64,
    ) -> Result<(Way, u64), &'static str> {
        let mut state = lock(&self.state);
        if !mask && !self.selections.iter().all(|select| select.holds(metadata)) {
            return Ok((Way::Past, state.largest));
        }
        if state.dead {
            return Ok((Way::Lost, state.largest));
        }
        let way =
            match self.guarantee {
                Guarantee::Lossless if state.fits(bytes, self.share) => Way::Memory,
                Guarantee::Lossless if bytes <= self.share => Way::Disk,
                Guarantee::Lossless => return Err("one message must not be larger than that"),
                // Room is made when the others are sure.
                Guarantee::BestEffort if steps::has_step(metadata) => {
                    if state.could_fit(bytes, 0, self.share) { Way::Memory } else { Way::Dropped }
                }
                Guarantee::BestEffort => {
                    if !state.could_fit(bytes, state.bound() + state.largest, self.share) {
                        return Err("a message of no step is never dropped");
                    }
                    Way::Memory
                }
            };
        if way != Way::Dropped {
            state.largest = state.largest.max(bytes);
        }
        Ok((way, state.largest))
    }

    /// Makes room for a message in memory by dropping the oldest whole steps, or where there is none, the rest of the
    /// message's own.
    pub(super) fn make_room(&self, metadata: &Metadata, bytes: u64, way: Way, pool: &Pool) -> Way {
        if self.guarantee == Guarantee::Lossless || !matches!(way, Way::Memory | Way::Dropped) {
            return way;
        }
        let mut state = lock(&self.state);
        let state = &mut *state;
        let has_step = steps::has_step(metadata);
        loop {
            let own = has_step.then(|| state.steps.of(metadata));
            if let Some(own) = own
                && (own.dropped || way == Way::Dropped)
            {
                let (id, begun) = (own.id, own.begun);
                if !begun {
                    state.drop_step(id, pool);
                }
                state.drop_incoming(id, bytes);
                self.work.notify_one();
                return Way::Dropped;
            }
            if state.fits(bytes, self.share) {
                return Way::Memory;
            }
            match (state.steps.oldest(!has_step), has_step) {
                (Some(id), _) => state.drop_step(id, pool),
                (None, true) => state.steps.of(metadata).dropped = true,
                // One message is still being copied; `way` has kept room for two of them.
                (None, false) => return Way::Memory,
            }
        }
    }

    /// Takes in a message. Whether so much waits in memory that some should go to the disk.
    pub(super) fn push(&self, payload: Payload, bytes: u64) -> bool {
        let mut state = lock(&self.state);
        let step = match &payload {
            Payload::Memory(message)
                if self.guarantee == Guarantee::BestEffort && steps::has_step(&message.metadata) =>
            {
                let step = state.steps.of(&message.metadata);
                step.queued += 1;
                Some(step.id)
            }
            _ => None,
        };
        let metrics = &mut state.metrics;
        metrics.messages_in += 1;
        metrics.bytes_in += bytes;
        metrics.queued_messages += 1;
        match payload {
            Payload::Memory(_) | Payload::Lifted => state.waiting += bytes,
            Payload::Disk(_) => {
                metrics.on_disk += bytes;
                metrics.spilled_messages += 1;
                metrics.spilled_bytes += bytes;
            }
        }
        let number = state.number;
        state.number += 1;
        state.queue.push_back(Entry::Message { payload, bytes, number, step });
        let crowded = self.is_crowded(&state);
        drop(state);
        self.work.notify_one();
        crowded
    }

    fn is_crowded(&self, state: &State) -> bool {
        self.guarantee == Guarantee::Lossless && state.waiting > self.share / 2
    }

    /// Takes a message out that should go to the disk, and its number; [`Lane::settle`] puts it back. What comes first stays:
    /// a plan that is only a little late never reads the disk.
    pub(super) fn lift(&self) -> Option<(u64, Arc<Message>)> {
        let mut state = lock(&self.state);
        if !self.is_crowded(&state) {
            return None;
        }
        // From the end, where those are that came last: what waits on the disk may be long.
        let (mut after, mut chosen) = (0, None);
        let most = state.waiting - self.share / 4;
        for entry in state.queue.iter_mut().rev() {
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

    /// Puts a message back: in its place on the disk, or without one in memory.
    pub(super) fn settle(&self, lifted: u64, message: Arc<Message>, stored: Option<Stored>, pool: &Pool) {
        let weight = weight(&message);
        let mut state = lock(&self.state);
        let state = &mut *state;
        // The newest are near the end.
        let place = state.queue.iter_mut().rev().find_map(|entry| match entry {
            Entry::Message { payload, number, .. } if *number == lifted => Some(payload),
            _ => None,
        });
        match (place, stored) {
            (Some(place), None) => *place = Payload::Memory(message),
            (place, stored) => {
                if let (Some(place), Some(stored)) = (place, stored) {
                    *place = Payload::Disk(stored);
                    state.metrics.on_disk += weight;
                    state.metrics.spilled_messages += 1;
                    state.metrics.spilled_bytes += weight;
                }
                pool.release(message);
                state.waiting -= weight;
            }
        }
        self.work.notify_one();
    }

    /// The next entry; None at the end. Waits.
    pub(super) fn next(&self) -> Option<Entry> {
        let mut state = lock(&self.state);
        loop {
            if let Some(Entry::Message { payload: Payload::Lifted, .. }) = state.queue.front() {
                state = wait(&self.work, state);
                continue;
            }
            if let Some(entry) = state.queue.pop_front() {
                if let Entry::Message { step, payload, bytes, .. } = &entry {
                    let state = &mut *state;
                    state.metrics.queued_messages -= 1;
                    if let Payload::Disk(_) = payload {
                        state.metrics.on_disk -= bytes;
                    }
                    if let Some(step) = step.and_then(|id| state.steps.get(id)) {
                        step.queued -= 1;
                        step.begun = true;
                    }
                }
                return Some(entry);
            }
            if state.closed {
                return None;
            }
            state = wait(&self.work, state);
        }
    }

    /// The memory of a message has been given back.
    pub(super) fn copied(&self, bytes: u64) {
        lock(&self.state).waiting -= bytes;
    }

    /// After an entry, also a gap or a flush (no `message`).
    pub(super) fn finished(
        &self,
        plan: Option<&Plan>,
        message: Option<&Metadata>,
        bytes: u64,
        outcome: Outcome,
    ) {
        let mut state = lock(&self.state);
        let metrics = &mut state.metrics;
        if let Some(plan) = plan {
            metrics.bytes_out = plan.written();
            for (kept, (_, messages, skipped, time)) in metrics.actions.iter_mut().zip(plan.actions()) {
                (kept.messages, kept.skipped, kept.seconds) = (messages, skipped as u64, time.as_secs_f64());
            }
        }
        if let Some(metadata) = message {
            match outcome {
                Outcome::Delivered => {
                    metrics.delivered_messages += 1;
                    metrics.delivered_bytes += bytes;
                }
                Outcome::Failed => metrics.failed_messages += 1,
            }
            if !metrics.progress.as_ref().is_some_and(|label| steps::same(label, metadata)) {
                metrics.progress = Some(steps::label(metadata));
            }
        }
    }

    /// A message has come for a plan that is no more.
    pub(super) fn lose(&self) {
        lock(&self.state).metrics.lost_messages += 1;
    }

    /// The plan is no more: what waits is lost.
    pub(super) fn die(&self, pool: &Pool) {
        let mut state = lock(&self.state);
        state.dead = true;
        let lost = state.clear(pool);
        state.metrics.lost_messages += lost;
        drop(state);
        self.done.notify_all();
    }

    /// Drops all that waits.
    pub(super) fn abandon(&self, pool: &Pool) {
        let mut state = lock(&self.state);
        let lost = state.clear(pool);
        state.metrics.lost_messages += lost;
        drop(state);
        self.done.notify_all();
    }

    /// The number of a flush of all that waits now.
    pub(super) fn ask_flush(&self) -> u64 {
        let mut state = lock(&self.state);
        state.flushes_asked += 1;
        state.queue.push_back(Entry::Flush);
        let number = state.flushes_asked;
        drop(state);
        self.work.notify_one();
        number
    }

    pub(super) fn flushed(&self) {
        lock(&self.state).flushes_done += 1;
        self.done.notify_all();
    }

    pub(super) fn wait_for_flush(&self, number: u64) {
        let mut state = lock(&self.state);
        while state.flushes_done < number && !state.dead {
            state = wait(&self.done, state);
        }
    }

    /// After what waits there is nothing more.
    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.work.notify_one();
    }

    pub(super) fn metrics(&self) -> PlanMetrics {
        let state = lock(&self.state);
        PlanMetrics { memory: state.waiting, ..state.metrics.clone() }
    }
}

impl State {
    fn fits(&self, bytes: u64, share: u64) -> bool {
        self.could_fit(bytes, self.waiting, share)
    }

    /// Whether a message fits beside `others` bytes.
    fn could_fit(&self, bytes: u64, others: u64, share: u64) -> bool {
        let reserve = self.largest.max(bytes);
        others.checked_add(bytes).and_then(|sum| sum.checked_add(reserve)).is_some_and(|sum| sum <= share)
    }

    /// Memory of waiting messages that are of no step.
    fn bound(&self) -> u64 {
        let bound = |entry: &Entry| match entry {
            Entry::Message { bytes, step: None, payload: Payload::Memory(_), .. } => *bytes,
            _ => 0,
        };
        self.queue.iter().map(bound).sum()
    }

    /// Drops what waits of a step, and all that is to come of it.
    fn drop_step(&mut self, id: u64, pool: &Pool) {
        let (mut fields, mut dropped, mut place, mut kept) = (0, 0, None, 0);
        self.queue.retain_mut(|entry| {
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

    fn drop_incoming(&mut self, id: u64, bytes: u64) {
        self.metrics.messages_in += 1;
        self.metrics.bytes_in += bytes;
        self.add_gap(id, self.queue.len(), 1, bytes);
    }

    /// Counts what was dropped of a step, and tells of it at `place` in the queue.
    fn add_gap(&mut self, id: u64, place: usize, fields: u64, bytes: u64) {
        let step = self.steps.get(id).expect("a step with messages is known");
        let anew = !step.told;
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
            && let Entry::Gap(before) = &mut self.queue[place - 1]
        {
            before.extend(gap);
            if let Some(Entry::Gap(after)) = self.queue.get(place) {
                let after = after.clone();
                self.queue.remove(place);
                if let Entry::Gap(before) = &mut self.queue[place - 1] {
                    before.extend(after);
                }
                self.metrics.gaps -= 1;
            }
        } else if let Some(Entry::Gap(after)) = self.queue.get_mut(place) {
            let mut whole = gap;
            whole.extend(after.clone());
            *after = whole;
        } else {
            self.queue.insert(place, Entry::Gap(gap));
            self.metrics.gaps += 1;
        }
    }

    /// Empties the queue. How many messages were in it.
    fn clear(&mut self, pool: &Pool) -> u64 {
        let mut lost = 0;
        for entry in std::mem::take(&mut self.queue) {
            match entry {
                Entry::Message { payload, bytes, .. } => {
                    lost += 1;
                    if let Payload::Memory(message) = payload {
                        pool.release(message);
                        self.waiting -= bytes;
                    }
                }
                Entry::Flush => self.flushes_done += 1,
                Entry::Gap(_) => {}
            }
        }
        self.metrics.queued_messages = 0;
        self.metrics.on_disk = 0;
        lost
    }
}
