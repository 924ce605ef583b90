//! Checkpoint store: the last few states of a run, each whole or absent, the damaged ones passed over and told.
//!
//! ```
//! use terrella_io::checkpoint::CheckpointStore;
//! # let folder = tempfile::tempdir()?;
//! let store = CheckpointStore::open(folder.path(), 3)?;
//! store.save(1440, b"the model's own bytes")?;
//! let restored = store.restore()?;
//! let checkpoint = restored.checkpoint.expect("one was saved");
//! assert_eq!((checkpoint.step, &checkpoint.state[..]), (1440, &b"the model's own bytes"[..]));
//! assert!(restored.skipped.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The store does not look into a state. A run with output plans that remember something, such as the windows of `statistics`,
//! puts [`Server::state`](crate::server::Server::state) into it, and gives it to
//! [`Plans::restore`](crate::plan::Plans::restore) before it goes on. A checkpoint is `checkpoint-NUMBER.bin`; numbers count savings, so that the newest is
//! the one saved last, also where a run went back to an earlier step. Little-endian:
//!
//! | byte | length | content |
//! |---|---|---|
//! | 0 | 8 | `TERRCKP` and the format's version, 1 |
//! | 8 | 8 | step |
//! | 16 | 8 | bytes of the state |
//! | 24 | 32 | BLAKE3 of bytes 0 to 24 and the state |
//! | 56 | – | state |
//!
//! A checkpoint is brought to the disk and only then gets its name ([`crate::sink::AtomicFile`]), and only then do older ones go.

mod store;

pub use store::{Checkpoint, CheckpointStore, Restored, Skipped};
