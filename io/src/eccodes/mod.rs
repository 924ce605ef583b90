//! ecCodes, loaded at run time: a dozen hand-declared C functions behind a safe handle.
//!
//! Loading at run time lets the crate build and start without ecCodes; only GRIB needs it. The declared functions
//! have the same signatures in 2.28 (Debian 12) and in all later versions so far.

mod library;
mod message;

pub use library::version;
pub(crate) use message::Message;
