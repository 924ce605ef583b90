//! What a log knows of its segments, shared with its readers.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::scan::Known;
use crate::error::Error;

/// Where a log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStatus {
    /// Number of the oldest record there is; equals `next` in an empty log.
    pub first: u64,
    /// Number that the next record gets.
    pub next: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Why the last removal failed, if it did. The segment stays, and is tried again.
    pub removal_failure: Option<String>,
}

/// What readers see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    pub(super) state: Mutex<State>,
    /// Signals a new record, and the close.
    pub(super) grown: Condvar,
    /// Held while segments are removed.
    pub(super) removing: Mutex<()>,
}

#[derive(Debug)]
pub(super) struct State {
    /// Ascending; never empty.
    pub(super) segments: VecDeque<Known>,
    pub(super) next: u64,
    pub(super) closed: bool,
    pub(super) removal_failure: Option<String>,
}

impl State {
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }
}

impl Shared {
    /// Removes segments from the front while `goes` says so, but for the last one.
    ///
    /// The lock of the state is not held while the system removes a file: that takes time, and nobody shall wait for it.
    pub(super) fn remove_while(&self, _removing: MutexGuard<'_, ()>, goes: impl Fn(&State) -> bool) {
        loop {
            let mut state = locked(&self.state);
            if state.segments.len() < 2 || !goes(&state) {
                return;
            }
            let Some(first) = state.segments.pop_front() else { return };
            drop(state);
            let removed = std::fs::remove_file(&first.path);
            let mut state = locked(&self.state);
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    state.removal_failure = Some(Error::file(&first.path, "removing", error).to_string());
                    state.segments.push_front(first);
                    return;
                }
                _ => state.removal_failure = None,
            }
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the locks guard is changed in one go at the end of each operation.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nanoseconds since 1970-01-01 UTC, within what 64 bits hold (to the year 2262).
pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    }
}
