//! How a log is kept.

use std::time::Duration;

use crate::error::{Error, Result};

/// When records are on the disk itself and not only with the system. A killed process loses nothing by either; a machine
/// without power loses what was not brought to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the system sees fit, and in [`super::Log::sync`].
    #[default]
    System,
    /// Before [`super::Log::append`] returns, if the last time was that long ago; when a segment is finished; when the log is closed.
    Every(Duration),
    /// Before [`super::Log::append`] returns.
    Record,
}

/// What is removed from the front. A segment goes when all of it may go; the last one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Bytes of all segments that are kept at most.
    pub bytes: Option<u64>,
    /// How long a record is kept at least and, while records are added, about at most. [`super::Log::remove_expired`] looks at any time.
    pub age: Option<Duration>,
}

/// How a log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// A segment is finished before it gets longer. A longer record has a segment for itself.
    pub segment_bytes: u64,
    /// What is removed without being asked.
    pub retention: Retention,
    /// Bytes of all segments beyond which records are refused.
    pub capacity: Option<u64>,
    /// When records are on the disk.
    pub durability: Durability,
}

impl Default for LogSettings {
    /// Segments of 64 MiB, nothing removed, nothing refused, to the disk when the system sees fit.
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            retention: Retention::default(),
            capacity: None,
            durability: Durability::default(),
        }
    }
}

impl LogSettings {
    pub(super) fn check(&self) -> Result<()> {
        let invalid = |name: &str, got: u64, expected: String| {
            Err(Error::InvalidValue { name: name.into(), got: format!("{got} bytes"), expected })
        };
        if self.segment_bytes == 0 {
            return invalid("segment_bytes", 0, "at least 1".into());
        }
        match (self.retention.bytes, self.capacity) {
            (Some(bytes), _) if bytes < self.segment_bytes => invalid(
                "retention.bytes",
                bytes,
                format!("at least a segment of {} bytes", self.segment_bytes),
            ),
            (_, Some(capacity)) if capacity < self.segment_bytes => {
                invalid("capacity", capacity, format!("at least a segment of {} bytes", self.segment_bytes))
            }
            _ => Ok(()),
        }
    }
}
