//! The thread of one plan.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::lane::{Entry, Lane, Outcome, Payload};
use super::lock;
use super::pool::{Gauge, Pool, weight};
use crate::error::{Error, Result};
use crate::plan::{self, Failed, Kind, Message, Plan, spare};

/// Errors that the caller of the server has not seen where they arose.
#[derive(Default)]
pub(super) struct Failures {
    untold: AtomicBool,
    count: AtomicU64,
    state: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    first: Option<Failure>,
    untold: Option<Failure>,
}

#[derive(Clone)]
struct Failure {
    place: String,
    message: String,
    source: Arc<Error>,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let Failure { place, message, source } = failure;
        Self::Output { place, message, source }
    }
}

impl Failures {
    fn add(&self, failure: Failure) {
        let mut state = lock(&self.state);
        state.first.get_or_insert_with(|| failure.clone());
        state.untold.get_or_insert(failure);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.untold.store(true, Ordering::Release);
    }

    /// The first error since the last that was told.
    pub(super) fn tell(&self) -> Result<()> {
        if !self.untold.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut state = lock(&self.state);
        self.untold.store(false, Ordering::Release);
        state.untold.take().map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// The first error of all.
    pub(super) fn first(&self) -> Result<()> {
        lock(&self.state).first.clone().map_or(Ok(()), |failure| Err(failure.into()))
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// What all threads share.
pub(super) struct Shared {
    pub(super) pool: Pool,
    pub(super) gauge: Arc<Gauge>,
    pub(super) failures: Failures,
}

/// Runs a plan until its lane is closed.
pub(super) fn work(lane: &Lane, plan: Plan, shared: &Shared) {
    spare::keep();
    until_closed(lane, plan, shared);
    shared.gauge.subtract(size_of_val(&spare::take()[..]) as u64);
}

fn until_closed(lane: &Lane, mut plan: Plan, shared: &Shared) {
    while let Some(entry) = lane.next() {
        if !one(lane, &mut plan, entry, shared) {
            lane.die(&shared.pool);
            // What is left of it may panic again, and has been told.
            let _ = catch_unwind(AssertUnwindSafe(move || drop(plan)));
            return;
        }
    }
    if lane.is_dead() {
        // Killed: its files are not to be whole.
        return drop(plan);
    }
    attempt(lane, shared, || "finish".into(), || plan.finish());
    lane.finished(Some(&plan), None, 0, Outcome::Delivered);
    let _ = catch_unwind(AssertUnwindSafe(move || drop(plan)));
    lane.die(&shared.pool);
}

/// Whether the plan can go on.
fn one(lane: &Lane, plan: &mut Plan, entry: Entry, shared: &Shared) -> bool {
    match entry {
        Entry::Message { payload, bytes, .. } => {
            // In place of what the last message left, so that both together are one message's.
            let mut memory = spare::take();
            shared.gauge.subtract(size_of_val(&memory[..]) as u64);
            memory.clear();
            shared.gauge.add(bytes);
            let loaded = load(lane, payload, memory, shared);
            let fate = match loaded {
                Ok(message) => {
                    let metadata = message.metadata.clone();
                    let fate = attempt(lane, shared, || metadata.to_string(), || plan.run(message));
                    let outcome = if fate == Fate::Good { Outcome::Delivered } else { Outcome::Failed };
                    let seen = (fate != Fate::Panicked).then_some(&*plan);
                    lane.finished(seen, Some(&metadata), bytes, outcome);
                    fate
                }
                Err(error) => {
                    let failed = || Err(Box::new(Failed { place: format!("plan '{}'", lane.name), error }));
                    let fate = attempt(lane, shared, || "on the disk".into(), failed);
                    lane.finished(Some(plan), Some(&Default::default()), bytes, Outcome::Failed);
                    fate
                }
            };
            shared.gauge.subtract(bytes);
            // What a plan leaves may be larger than what it was given; only that much has a place.
            let left = spare::take();
            if size_of_val(&left[..]) as u64 <= bytes && left.capacity() == left.len() {
                shared.gauge.add(size_of_val(&left[..]) as u64);
                spare::put(left);
            }
            fate != Fate::Panicked
        }
        Entry::Gap(gap) => {
            let fate = attempt(lane, shared, || gap.to_string(), || plan.gap(&gap));
            fate != Fate::Panicked
        }
        Entry::Flush => {
            let fate = attempt(lane, shared, || "flush".into(), || plan.flush());
            lane.flushed();
            fate != Fate::Panicked
        }
        Entry::State(answer) => {
            let fate = attempt(
                lane,
                shared,
                || "state".into(),
                || {
                    plan.flush()?;
                    let state = plan.state();
                    *lock(&answer) = Some(state);
                    Ok(())
                },
            );
            lane.flushed();
            fate != Fate::Panicked
        }
    }
}

/// The plan's own copy of a message, in `memory` where it fits; that of the shared one is free after it.
fn load(lane: &Lane, payload: Payload, mut memory: Vec<f64>, shared: &Shared) -> Result<Message> {
    match payload {
        Payload::Lifted => unreachable!("a lane waits until such a message is settled"),
        Payload::Disk(stored) => {
            drop(memory);
            stored.load()
        }
        Payload::Memory(message) => {
            let copy = match &message.kind {
                Kind::Field { layout, values } if memory.capacity() == values.len() => {
                    memory.extend_from_slice(values);
                    let kind = Kind::Field { layout: layout.clone(), values: memory };
                    Message { metadata: message.metadata.clone(), kind }
                }
                _ => {
                    drop(memory);
                    Message::clone(&message)
                }
            };
            let bytes = weight(&message);
            shared.pool.release(message);
            lane.copied(bytes);
            Ok(copy)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    Bad,
    Panicked,
}

/// Does something with a plan; its error or panic is kept for the caller of the server.
fn attempt(
    lane: &Lane,
    shared: &Shared,
    what: impl Fn() -> String,
    act: impl FnOnce() -> plan::Outcome<()>,
) -> Fate {
    let (fate, place, error) = match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(())) => return Fate::Good,
        Ok(Err(failed)) => (Fate::Bad, failed.place, failed.error),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let reason = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let reason = reason.unwrap_or_else(|| "without a reason".into());
            (Fate::Panicked, format!("plan '{}'", lane.name), Error::Panicked { reason })
        }
    };
    shared.failures.add(Failure { place, message: what(), source: Arc::new(error) });
    fate
}
