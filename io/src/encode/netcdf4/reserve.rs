//! Room on the disk for what libhdf5 is about to write.
//!
//! libhdf5 does not survive a write that fails for want of room: its file can be neither closed nor opened anew, and a
//! second attempt may end the process. So zeros take the room first, by the system's own means, and a full disk is met
//! before libhdf5 begins. It writes over them and cuts the rest off when it closes the file.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Room for the tree that finds the chunks of one variable, and for what a step changes elsewhere.
pub(super) const METADATA: u64 = 32 << 10;

/// Takes room for `bytes` behind the end of a file. On a full disk the file is as before.
///
/// File systems that compress zeros, or copy what is written over, keep no such promise.
pub(super) fn reserve(path: &Path, bytes: u64) -> Result<()> {
    let fail = |source| Error::file(path, "taking room", source);
    let mut file = std::fs::File::options().write(true).open(path).map_err(fail)?;
    let end = file.seek(SeekFrom::End(0)).map_err(fail)?;
    let zeros = vec![0; bytes.min(1 << 20) as usize];
    let mut left = bytes;
    while left > 0 {
        let piece = left.min(zeros.len() as u64);
        if let Err(source) = file.write_all(&zeros[..piece as usize]) {
            // The error at hand is the one to tell.
            let _ = file.set_len(end);
            return Err(fail(source));
        }
        left -= piece;
    }
    Ok(())
}
