//! Where two things meet: a model and its observations, windows and ensembles.
//!
//! - [`analysis`]: analyses of an ensemble that is spread over ranks.
//! - [`communicator`]: ranks that send each other numbers, alone, as threads, or under MPI.
//! - [`component`]: what a model must be to take part, and its derivative.
//! - [`cycle`]: forecasts and analyses in turn, with a truth to score them by.
//! - [`decomposition`]: which rank owns what.
//! - [`devices`]: which rank has which device, and whether they are alike.
//! - [`halo`]: copies of what neighbours own, and the way back.
//! - [`OnGrid`]: a spectral model seen by its grid fields.
//! - [`spectral`]: spherical-harmonic transforms that ranks share.
//! - [`timing`]: where the time of ranks goes, as a table and as a trace.
//! - [`trajectory`]: the states of a run, forward and back, within a budget of memory.
//! - [`transposition`]: fields and spectra from one decomposition to another.
//! - [`agreement`]: what one rank refuses, or has otherwise than rank 0, on all of them.
//! - [`whole`]: fields and spectra that are on one rank, or wanted there.
//!
//! Everything is generic over f32 and f64. Errors are values of [`Error`]; nothing panics on a caller's data.
//! Features `cuda`, `hip` and `wgpu` (default: all) are those of `terrella-kernels`.

pub mod agreement;
pub mod analysis;
pub mod communicator;
pub mod component;
pub mod cycle;
pub mod decomposition;
pub mod devices;
mod error;
pub mod halo;
mod on_grid;
pub mod spectral;
pub mod timing;
pub mod trajectory;
pub mod transposition;
pub mod whole;

pub use component::{Component, Linearised};
pub use error::{Error, Result};
pub use on_grid::{GridAnalysis, GridView, OnGrid};
