//! Published test cases: published value, ours, difference, pass or fail.
//!
//! `terrella-validation list | run CASE | report`. A case is a module under `cases/<paper>/` beside the paper's README;
//! [`cases::CASES`] lists them. Every limit says where it comes from: a published number, or this model's own
//! convergence where the paper gives none.

pub mod case;
pub mod cases;
pub mod convergence;
mod error;
pub mod fields;
pub mod figure;
pub mod norms;
pub mod primitive;
pub mod reference;
pub mod report;
pub mod shallow_water;

pub use case::{Case, Measurement, Options, Outcome};
pub use error::{Error, Result};
