//! One writer to a folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Error, Result};

/// The lock of a folder, held until it is dropped, and by no dead process.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing the file alone is not enough: a process that is being started by another thread still has it for a moment.
    fn drop(&mut self) {
        // Without success it is closed all the same.
        let _ = self.0.unlock();
    }
}

/// Takes the lock of `folder`, which is its file `lock`.
pub(crate) fn lock(folder: &Path) -> Result<Lock> {
    let path = folder.join("lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| Error::file(&path, "opening", error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::file(&path, "locking", error)),
    }
}
