//! libaec, loaded at run time: lossless compression of samples as CCSDS 121.0-B-2 says.
//!
//! The declared struct and functions are those of `libaec.h` 1.0 and 1.1.

mod library;
mod stream;

pub(crate) use stream::{Coding, Compressor};
