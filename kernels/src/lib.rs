//! Compute kernels of digital twins of the Earth.
//!
//! A kernel is a function of an index that returns the value there; it knows arrays, not models.

extern crate self as terrella_kernels;

pub mod device;
mod error;
pub mod math;
mod real;

pub use error::{Error, Result};
pub use real::{Element, Precision, Real, ScalarKind};
