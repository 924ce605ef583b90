//! The messages that wait for one plan.
//!
//! Memory: let Q be the plan's share, m the largest message that it was ever given, q the messages that wait in memory. A
//! message of b bytes is taken into memory where q + b + max(m, b) ≤ Q. So there is always room for the one that the plan
//! works on, wherever it comes from, and q + work ≤ Q holds at all times.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::metrics::{ActionMetrics, PlanMetrics};
use super::pool::Pool;
pub(crate) use super::queue::Answer;
use super::queue::Queue;
pub(super) use super::queue::{Entry, Payload};
use super::spill::Stored;
use super::steps;
use super::{lock, wait};
use crate::plan::{Gap, Guarantee, Message, Metadata, Plan, Select};

pub(super) struct Lane {
    pub(super) name: String,
    guarantee: Guarantee,
    /// Whether other ranks have parts of its fields.
    pub(super) takes_parts: bool,
    selections: Vec<Select>,
    /// Q (bytes).
    pub(super) share: u64,
    queue: Mutex<Queue>,
    /// There is something to do for the plan.
    work: Condvar,
    /// Something has been done.
    done: Condvar,
    /// Memory has been given back.
    room: Condvar,
}

/// Why a lossless plan has no way for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is larger than the plan's share.
    TooLarge,
    /// Memory is full, and not for ever.
    Full,
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
        Self {
            name: plan.name.clone(),
            guarantee: plan.guarantee,
            takes_parts: plan.takes_parts,
            selections: plan.selections(),
            share,
            queue: Mutex::new(Queue::new(metrics)),
            work: Condvar::new(),
            done: Condvar::new(),
            room: Condvar::new(),
        }
    }

    pub(super) fn is_lossless(&self) -> bool {
        self.guarantee == Guarantee::Lossless
    }

    /// Where a message of `bytes` is to go, and m with it. An error says why there is no way; then nothing has changed.
    pub(super) fn way(&self, metadata: &Metadata, mask: bool, bytes: u64) -> Result<(Way, u64), Refusal> {
        let mut queue = lock(&self.queue);
        if !mask && !self.selections.iter().all(|select| select.holds(metadata)) {
            return Ok((Way::Past, queue.largest));
        }
        if queue.dead {
            return Ok((Way::Lost, queue.largest));
        }
        let way =
            match self.guarantee {
                Guarantee::Lossless if queue.fits(bytes, self.share) => Way::Memory,
                Guarantee::Lossless if bytes > self.share => return Err(Refusal::TooLarge),
                Guarantee::Lossless if queue.could_fit(bytes, 0, self.share) => {
                    queue.refused = queue.refused.max(bytes);
                    return Err(Refusal::Full);
                }
                // Never has a place beside the one in work.
                Guarantee::Lossless => Way::Disk,
                // Room is made when the others are sure.
                Guarantee::BestEffort if steps::has_step(metadata) => {
                    if queue.could_fit(bytes, 0, self.share) { Way::Memory } else { Way::Dropped }
                }
                Guarantee::BestEffort
                    if queue.could_fit(bytes, queue.bound() + queue.largest, self.share) =>
                {
                    Way::Memory
                }
                Guarantee::BestEffort if bytes <= self.share => Way::Disk,
                Guarantee::BestEffort => Way::Dropped,
            };
        if way != Way::Dropped {
            queue.largest = queue.largest.max(bytes);
        }
        Ok((way, queue.largest))
    }

    /// Makes room for a message in memory by dropping the oldest whole steps, or where there is none, the rest of the
    /// message's own.
    pub(super) fn make_room(&self, metadata: &Metadata, bytes: u64, way: Way, pool: &Pool) -> Way {
        if self.guarantee == Guarantee::Lossless || !matches!(way, Way::Memory | Way::Dropped) {
            return way;
        }
        let mut queue = lock(&self.queue);
        let queue = &mut *queue;
        let has_step = steps::has_step(metadata);
        if !has_step && way == Way::Dropped {
            let id = queue.steps.of(metadata).id;
            queue.drop_incoming(id, bytes);
            self.work.notify_one();
            return Way::Dropped;
        }
        loop {
            let own = has_step.then(|| queue.steps.of(metadata));
            if let Some(own) = own
                && (own.dropped || way == Way::Dropped)
            {
                let (id, begun) = (own.id, own.begun);
                if !begun {
                    queue.drop_step(id, pool);
                }
                queue.drop_incoming(id, bytes);
                self.work.notify_one();
                return Way::Dropped;
            }
            if queue.fits(bytes, self.share) {
                return Way::Memory;
            }
            match (queue.steps.oldest(!has_step), has_step) {
                (Some(id), _) => queue.drop_step(id, pool),
                (None, true) => queue.steps.of(metadata).dropped = true,
                // One message is still being copied; `way` has kept room for two of them.
                (None, false) => return Way::Memory,
            }
        }
    }

    /// Takes in a message. Whether so much waits in memory that some should go to the disk.
    pub(super) fn push(&self, payload: Payload, bytes: u64, pool: &Pool) -> bool {
        let mut queue = lock(&self.queue);
        if queue.dead {
            // It has ended since `way`.
            if let Payload::Memory(message) = payload {
                pool.release(message);
            }
            queue.offered(bytes);
            queue.metrics.lost_messages += 1;
            return false;
        }
        let step = match &payload {
            Payload::Memory(message)
                if self.guarantee == Guarantee::BestEffort && steps::has_step(&message.metadata) =>
            {
                let step = queue.steps.of(&message.metadata);
                step.queued += 1;
                Some(step.id)
            }
            _ => None,
        };
        queue.push(payload, bytes, step);
        if bytes >= queue.refused {
            queue.refused = 0;
        }
        let crowded = self.is_crowded(&queue);
        drop(queue);
        self.work.notify_one();
        crowded
    }

    fn is_crowded(&self, queue: &Queue) -> bool {
        self.guarantee == Guarantee::Lossless && (queue.waiting > self.share / 2 || !self.has_room(queue))
    }

    /// Whether the message that was refused would be taken now; also where it never will, beside a larger one that came since.
    fn has_room(&self, queue: &Queue) -> bool {
        let refused = queue.refused;
        refused == 0 || queue.fits(refused, self.share) || !queue.could_fit(refused, 0, self.share)
    }

    /// Waits until the message that was refused would be taken, at most until `end`. Whether it would.
    pub(super) fn wait_for_room(&self, end: Instant) -> bool {
        let mut queue = lock(&self.queue);
        while !queue.dead && !self.has_room(&queue) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            queue = self.room.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Takes a message out that should go to the disk, and its number; [`Lane::settle`] puts it back. What comes first stays:
    /// a plan that is only a little late never reads the disk.
    pub(super) fn lift(&self) -> Option<(u64, Arc<Message>)> {
        let mut queue = lock(&self.queue);
        if !self.is_crowded(&queue) {
            return None;
        }
        let lifted = queue.lift(self.share / 4);
        // More than that only for a message that has no room else.
        if lifted.is_none() && !self.has_room(&queue) { queue.lift(0) } else { lifted }
    }

    /// Puts a message back: in its place on the disk, or without one in memory.
    pub(super) fn settle(&self, number: u64, message: Arc<Message>, stored: Option<Stored>, pool: &Pool) {
        lock(&self.queue).settle(number, message, stored, pool);
        self.work.notify_one();
        self.room.notify_all();
    }

    /// The next entry; None at the end. Waits.
    pub(super) fn next(&self) -> Option<Entry> {
        let mut queue = lock(&self.queue);
        loop {
            match queue.pop() {
                None if queue.closed && queue.entries.is_empty() => return None,
                None => queue = wait(&self.work, queue),
                entry => return entry,
            }
        }
    }

    /// The memory of a message has been given back.
    pub(super) fn copied(&self, bytes: u64) {
        lock(&self.queue).waiting -= bytes;
        self.room.notify_all();
    }

    /// After an entry, also a gap or a flush (no `message`).
    pub(super) fn finished(
        &self,
        plan: Option<&Plan>,
        message: Option<&Metadata>,
        bytes: u64,
        outcome: Outcome,
    ) {
        let mut queue = lock(&self.queue);
        let metrics = &mut queue.metrics;
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
                    if !metrics.progress.as_ref().is_some_and(|label| steps::same(label, metadata)) {
                        metrics.progress = Some(steps::label(metadata));
                    }
                }
                Outcome::Failed => metrics.failed_messages += 1,
            }
        }
    }

    /// A message has come for a plan that is no more.
    pub(super) fn lose(&self, bytes: u64) {
        let mut queue = lock(&self.queue);
        queue.offered(bytes);
        queue.metrics.lost_messages += 1;
    }

    /// The plan is no more: what waits is lost.
    pub(super) fn die(&self, pool: &Pool) {
        let mut queue = lock(&self.queue);
        queue.dead = true;
        queue.clear(pool);
        drop(queue);
        self.done.notify_all();
        self.room.notify_all();
    }

    /// Drops all that waits.
    pub(super) fn abandon(&self, pool: &Pool) {
        lock(&self.queue).clear(pool);
        self.done.notify_all();
    }

    /// The number of a flush of all that waits now.
    pub(super) fn ask_flush(&self) -> u64 {
        self.ask(Entry::Flush)
    }

    /// The same for a flush with an answer.
    pub(super) fn ask_state(&self) -> (u64, Answer) {
        let answer = Answer::default();
        (self.ask(Entry::State(answer.clone())), answer)
    }

    fn ask(&self, flush: Entry) -> u64 {
        let mut queue = lock(&self.queue);
        queue.flushes_asked += 1;
        queue.entries.push_back(flush);
        let number = queue.flushes_asked;
        drop(queue);
        self.work.notify_one();
        number
    }

    pub(super) fn flushed(&self) {
        lock(&self.queue).flushes_done += 1;
        self.done.notify_all();
    }

    pub(super) fn has_flushed(&self, number: u64) -> bool {
        let queue = lock(&self.queue);
        queue.flushes_done >= number || queue.dead
    }

    pub(super) fn is_dead(&self) -> bool {
        lock(&self.queue).dead
    }

    /// A gap that was made elsewhere.
    pub(super) fn add_gap(&self, gap: Gap) {
        let mut queue = lock(&self.queue);
        if !queue.dead {
            queue.metrics.gaps += 1;
            queue.entries.push_back(Entry::Gap(gap));
        }
        drop(queue);
        self.work.notify_one();
    }

    pub(super) fn wait_for_flush(&self, number: u64) {
        let mut queue = lock(&self.queue);
        while queue.flushes_done < number && !queue.dead {
            queue = wait(&self.done, queue);
        }
    }

    /// After what waits there is nothing more.
    pub(super) fn close(&self) {
        lock(&self.queue).closed = true;
        self.work.notify_one();
    }

    pub(super) fn metrics(&self) -> PlanMetrics {
        let queue = lock(&self.queue);
        PlanMetrics { memory: queue.waiting, ..queue.metrics.clone() }
    }
}
