//! Calls a thread that waits for something to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use super::{lock, wait};

/// Many rings before the thread hears them are one.
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
    pub(super) fn hear(&self) -> bool {
        let mut rung = lock(&self.rung);
        while !*rung {
            rung = wait(&self.heard, rung);
        }
        *rung = false;
        !self.stop.load(Ordering::Acquire)
    }
}
