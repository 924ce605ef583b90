//! Compute kernels of digital twins of the Earth.
//!
//! A kernel is a function of an index that returns the value there; it knows arrays, not models.

extern crate self as terrella_kernels;

pub mod constants;
pub mod device;
mod error;
pub mod field;
pub mod grid;
pub mod math;
pub mod operators;
mod pack;
mod real;
pub mod spectral;

pub use error::{Error, Result};
pub use pack::Pack;
pub use real::{Element, Level, Precision, Real, ScalarKind};
pub use terrella_kernels_macros::kernel;
