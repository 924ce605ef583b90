//! What a server may use.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Limits of a [`Server`](super::Server), and where its metrics are served.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Memory for messages on their way (bytes): queued, in work, and buffers kept for the next ones. Each plan may use an
    /// equal share, so that a slow one takes nothing from the others. A share is to hold the fields of a step; it must hold
    /// two of the largest message, or that message goes by the disk. What actions keep (statistics, encoders) is not in it.
    pub memory: u64,
    /// Where lossless plans put what their share does not hold. None: nowhere, so that the caller is told at once.
    pub spill: Option<SpillSettings>,
    /// Where metrics are served over HTTP: an address of this machine alone, such as 127.0.0.1:9464. None: nowhere.
    pub metrics: Option<SocketAddr>,
}

/// A place on the disk for messages that wait.
#[derive(Clone, Debug, PartialEq)]
pub struct SpillSettings {
    /// An existing folder, on a disk of this machine. The files in it have no name once they are open, so that nothing is
    /// left behind by a killed process.
    pub folder: PathBuf,
    /// How much of the disk they may take (bytes).
    pub bytes: u64,
}

impl Default for Settings {
    /// 1 GiB of memory, no spilling, no metrics over HTTP.
    fn default() -> Self {
        Self { memory: 1 << 30, spill: None, metrics: None }
    }
}
