//! What output servers and their clients may use.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Result};

/// Why logs stop a run.
pub(super) const NOT_REPLAYED: &str =
    "holds messages of an earlier run: they are to be replayed, or removed, first";

/// Limits of each rank, the same on all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Memory of a rank for messages (bytes): half of it for its queues, half for what is on its way. A quarter, divided by the
    /// number of plans and servers, should hold the fields of a step, and on a server that of all ranks together.
    pub memory: u64,
    /// Where messages go that memory has no room for, and those of a server that is lost; on servers, how far they have come. One
    /// folder for all ranks, on a disk that all see where a replay is to work; it is made. [`super::replay`] reads it.
    pub folder: PathBuf,
    /// Disk that a rank may use there (bytes).
    pub disk: u64,
    /// A server that owes an answer and sends nothing for so long is lost.
    pub patience: Duration,
}

impl Settings {
    /// 1 GiB of memory, 64 GiB of disk, a minute of patience.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { memory: 1 << 30, folder: folder.into(), disk: 64 << 30, patience: Duration::from_secs(60) }
    }

    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name: &str, got: String, expected: &str| {
            Err(Error::InvalidValue { name: name.into(), got, expected: expected.into() })
        };
        if self.memory == 0 {
            return refuse("memory", "0 bytes".into(), "room for some messages");
        }
        if self.patience.is_zero() {
            return refuse("patience", "no time".into(), "more than a server may take to answer");
        }
        let fail = |source| Error::file(&self.folder, "making the folder", source);
        std::fs::create_dir_all(&self.folder).map_err(fail)
    }

    /// The folder of a server's affairs.
    pub(super) fn of_server(&self, server: usize) -> PathBuf {
        self.folder.join(format!("server-{server}"))
    }
}
