//! Sinks: where encoded bytes go.

mod atomic;

pub use atomic::AtomicFile;
