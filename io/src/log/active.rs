//! The segment that is written, and the lock on the folder.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::record::{Head, Place, SEGMENT_HEAD, segment_head};
use crate::error::{Error, Result};
use crate::lock::Lock;

#[derive(Debug)]
/// The writing end of a log.
pub(super) struct Active {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// Number of the segment's first record.
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) next: u64,
    pub(super) time: i64,
    /// Something was written behind `end` and not taken back yet.
    pub(super) unfinished: bool,
    pub(super) synced: Instant,
    /// Held for its lock.
    pub(super) _lock: Lock,
}

impl Active {
    /// Writes a record behind the end, where nobody looks yet.
    pub(super) fn write(&mut self, head: &Head, key: &[u8], payload: &[u8]) -> Result<()> {
        self.take_back()?;
        self.unfinished = true;
        let mut start = Vec::from(head.encode(Place { first: self.first, offset: self.end }));
        start.extend_from_slice(key);
        let written = self.file.write_all(&start).and_then(|()| self.file.write_all(payload));
        written.map_err(|error| Error::file(&self.path, "writing", error))
    }

    /// Cuts off what a failed call left behind the end.
    pub(super) fn take_back(&mut self) -> Result<()> {
        if self.unfinished {
            let cut = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
            cut.map_err(|error| Error::file(&self.path, "cutting off an unfinished record", error))?;
            self.unfinished = false;
        }
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| Error::file(&self.path, "bringing to the disk", error))
    }
}

/// The file at `path`, a new one with its head, and cut to `end`, where it continues.
pub(super) fn open_segment(path: &Path, first: u64, end: u64) -> Result<File> {
    let open = || {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        if end == SEGMENT_HEAD {
            file.set_len(0)?;
            file.write_all(&segment_head(first))?;
        } else {
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
        }
        Ok(file)
    };
    open().map_err(|error| Error::file(path, "opening", error))
}

/// Brings names of files to the disk where the system lets us.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
