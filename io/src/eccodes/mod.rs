//! ecCodes, loaded at run time: two dozen hand-declared C functions behind a safe handle.
//!
//! Loading at run time lets the crate build and start without ecCodes; only GRIB and BUFR need it. The declared functions
//! have the same signatures in 2.28 (Debian 12) and in all later versions so far.

mod elements;
mod library;
mod message;

pub(crate) use elements::{Elements, Wanted};
pub use library::version;
pub(crate) use message::Message;
