//! Segment log: messages on the disk, numbered from 1, for readers that come and go.
//!
//! ```
//! use std::time::Duration;
//! use terrella_io::log::{Item, Log, LogSettings};
//! # let folder = tempfile::tempdir()?;
//! let (log, _) = Log::open(folder.path(), &LogSettings::default())?;
//! let number = log.append(b"t850", b"GRIB...7777")?;
//! let mut reader = log.reader(number)?;
//! let Some(Item::Record(record)) = reader.next(Duration::ZERO)? else { panic!() };
//! assert_eq!((record.number, &record.payload[..]), (number, &b"GRIB...7777"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A folder holds segments, `NUMBER.log` with the number of the first record in twenty digits, and `lock`, which keeps a second
//! writer out. A record has its number, the time it was added, a key, a payload, the payload's BLAKE3 and CRC32C of
//! everything (`record.rs` has the bytes). Records are only added at the end. A new segment begins when the next record
//! would make one longer than [`LogSettings::segment_bytes`].
//!
//! **A kill.** What [`Log::append`] returned for is whole on the disk as far as [`Durability`] says. [`Log::open`] looks at the
//! head of every record, and at the whole records of the last segment. A record that was never finished is cut off and its
//! number used again; damage before the last whole record stays, is listed in [`Recovery`], and is passed to readers in its
//! place. [`verify`] looks at every byte and changes nothing.
//!
//! **Readers** ([`Log::reader`]) share nothing with the writer but a lock that is held for the time of a look-up, so that a
//! reader that sleeps costs the writer nothing. What retention has removed is told as [`Gap`], with the numbers; nothing is
//! left out in silence.
//!
//! **Retention** removes whole segments from the front, by bytes and by age, never the last one. Where nothing may be lost,
//! set [`LogSettings::capacity`] and call [`Log::release`] instead: a full log then refuses ([`crate::Error::LogFull`]).
//!
//! **Secrets.** With a [`Seal`] ([`Log::sealed`]) payloads are stored compressed by zstd, encrypted and authenticated by
//! XChaCha20-Poly1305, or both, and leave by readers and streams as they are stored: only who has the [`SecretKey`] opens them
//! ([`Seal::open`]). Keys of records stay readable.
//!
//! One process has the log at a time. Not here: several writers.

mod active;
mod key;
mod reader;
mod record;
mod scan;
mod seal;
mod segment;
mod settings;
mod state;
mod writer;

pub use key::SecretKey;
pub use reader::{Gap, Item, LogReader, Record};
pub use scan::{Damage, Recovery, Torn};
pub use seal::{Form, Seal};
pub use settings::{Durability, LogSettings, Retention};
pub use state::LogStatus;
pub use writer::Log;

use std::path::Path;

use crate::error::Result;

/// Longest key of a record (bytes).
pub const LARGEST_KEY: usize = 64 * 1024;

/// Looks at every byte of the log in `folder` and changes nothing. What is being written meanwhile is told as torn.
///
/// # Errors
/// [`crate::Error::File`] where the system refuses to read.
pub fn verify(folder: impl AsRef<Path>) -> Result<Recovery> {
    Ok(scan::scan(folder.as_ref(), true)?.2)
}
