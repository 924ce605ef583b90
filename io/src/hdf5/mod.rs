//! libhdf5, loaded at run time: hand-declared functions behind a file with datasets and attributes.
//!
//! The declared functions have the same signatures in 1.10.7 and later versions up to 1.14; older ones cannot leave
//! file locks out and are refused. libhdf5 is built without thread safety by several distributors: one thread at a
//! time calls it. Its own printing of errors is off; what it says is part of the error value.
//!
//! zstd is no filter of libhdf5 itself: where no plugin brings it, ours is registered under its number, 32015, so
//! that this process writes and reads it.

mod attribute;
mod dataset;
mod described;
mod file;
mod group;
mod kind;
mod library;
mod number;
mod scale;
mod transfer;
mod zstandard;

pub use library::version;

pub(crate) use dataset::{Contents, Dataset, Filter, Shape};
pub(crate) use described::Described;
pub(crate) use file::{Access, File};
pub(crate) use kind::Kind;
pub(crate) use number::{Element, Numbers};
