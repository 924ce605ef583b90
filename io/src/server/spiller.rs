//! Brings waiting messages of lossless plans to the disk before their memory is full, so that the caller need not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use super::lane::Lane;
use super::pool::Pool;
use super::spill::{Data, Spill};
use super::{lock, wait};

/// Calls the thread of [`work`].
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
    stop: AtomicBool,
}

impl Bell {
    pub(super) fn ring(&self) {
        *lock(&self.rung) = true;
        self.heard.notify_one();
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.ring();
    }

    /// Waits for a ring. Whether there is to be another one.
    fn hear(&self) -> bool {
        let mut rung = lock(&self.rung);
        while !*rung {
            rung = wait(&self.heard, rung);
        }
        *rung = false;
        !self.stop.load(Ordering::Acquire)
    }
}

/// Moves messages until the bell says stop.
pub(super) fn work(bell: &Bell, lanes: &[Lane], spill: &Mutex<Spill>, pool: &Pool) {
    while bell.hear() {
        // One of each plan at a time.
        while lanes.iter().filter(|lane| one(lane, spill, pool)).count() > 0 {}
    }
}

/// Whether a message has been moved.
fn one(lane: &Lane, spill: &Mutex<Spill>, pool: &Pool) -> bool {
    // Until the message is settled: who finds memory full under this lock finds it so for good.
    let mut spill = lock(spill);
    let Some((number, message)) = lane.lift() else { return false };
    let stored = spill.store(&message.metadata, Data::from(&message.kind));
    // A disk that is full is the caller's to hear of, when memory is full as well.
    let moved = stored.is_ok();
    lane.settle(number, message, stored.ok(), pool);
    moved
}
