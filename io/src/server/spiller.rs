//! Brings waiting messages of lossless plans to the disk before their memory is full, so that the caller never does.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::lane::Lane;
use super::lock;
use super::pool::Pool;
use super::spill::{Data, Spill};

/// A disk that was full is not tried again before this, unless messages on it have gone: what is written in vain takes the
/// machine's time from the model.
const REST: Duration = Duration::from_millis(100);

/// The thread's bell, and what kept it from its work.
#[derive(Default)]
pub(super) struct Spiller {
    pub(super) bell: Bell,
    failure: Mutex<Option<String>>,
}

/// A write that failed: when, and how much of the disk was taken then.
struct Failed {
    time: Instant,
    used: u64,
}

impl Spiller {
    /// Why the last message that should have gone to the disk did not.
    pub(super) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Moves messages until the bell says stop.
    pub(super) fn work(&self, lanes: &[Lane], spill: &Mutex<Spill>, pool: &Pool) {
        let mut failed = None;
        while self.bell.hear() {
            // One of each plan at a time.
            while lanes.iter().filter(|lane| self.one(lane, spill, pool, &mut failed)).count() > 0 {}
        }
    }

    /// Whether a message has been moved.
    fn one(&self, lane: &Lane, spill: &Mutex<Spill>, pool: &Pool, failed: &mut Option<Failed>) -> bool {
        let mut spill = lock(spill);
        let resting = |failed: &Failed| failed.time.elapsed() < REST && spill.used_now() >= failed.used;
        if failed.as_ref().is_some_and(resting) {
            return false;
        }
        let Some((number, message)) = lane.lift() else { return false };
        let (stored, reason) = match spill.store(&message.metadata, Data::from(&message.kind)) {
            Ok(stored) => (Some(stored), None),
            // The caller's to hear of, when memory is full as well.
            Err(reason) => (None, Some(reason)),
        };
        *failed = reason.is_some().then(|| Failed { time: Instant::now(), used: spill.used_now() });
        drop(spill);
        *lock(&self.failure) = reason;
        lane.settle(number, message, stored, pool);
        failed.is_none()
    }
}
