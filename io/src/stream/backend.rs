//! What a stream is read from.

use std::time::Duration;

use crate::error::Result;
use crate::log::{Item, Log, LogReader};

/// Numbers of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest record there is; equals `next` where there is none.
    pub first: u64,
    /// The next one.
    pub next: u64,
}

/// Numbered messages that are kept for a while.
pub trait StreamBackend: Send + Sync {
    /// Adds a message and returns its number.
    ///
    /// # Errors
    /// The backend's own.
    fn append(&self, key: &[u8], payload: &[u8]) -> Result<u64>;

    /// The numbers there are.
    ///
    /// # Errors
    /// The backend's own.
    fn bounds(&self) -> Result<Bounds>;

    /// A reader that starts with record `from`, which is at most the next one; numbers start with 1.
    ///
    /// # Errors
    /// [`crate::Error::InvalidValue`] for another number, else the backend's own.
    fn read_from(&self, from: u64) -> Result<Box<dyn StreamReader>>;
}

/// Reads a stream in order.
pub trait StreamReader: Send {
    /// The next item, which starts with the number behind that of the last one; waits up to `timeout` for it.
    ///
    /// # Errors
    /// The backend's own; a later call tries again.
    fn next(&mut self, timeout: Duration) -> Result<Option<Item>>;

    /// Whether there is nothing more and never will be.
    fn is_finished(&self) -> bool;
}

impl StreamBackend for Log {
    fn append(&self, key: &[u8], payload: &[u8]) -> Result<u64> {
        Self::append(self, key, payload)
    }

    fn bounds(&self) -> Result<Bounds> {
        let status = self.status();
        Ok(Bounds { first: status.first, next: status.next })
    }

    fn read_from(&self, from: u64) -> Result<Box<dyn StreamReader>> {
        Ok(Box::new(self.reader(from)?))
    }
}

impl StreamReader for LogReader {
    fn next(&mut self, timeout: Duration) -> Result<Option<Item>> {
        Self::next(self, timeout)
    }

    fn is_finished(&self) -> bool {
        Self::is_finished(self)
    }
}
