//! Compute kernels of digital twins of the Earth, on CPU, CUDA, HIP and wgpu.
//!
//! A kernel is a function of an index that returns the value there; it knows arrays, not models. The launcher owns the
//! loop and runs it where the buffers are.
//!
//! ```
//! use terrella_kernels::device::{Buffer, Device};
//! use terrella_kernels::{Real, kernel};
//!
//! /// Kinetic energy per mass [m² s⁻²].
//! #[kernel]
//! fn kinetic_energy<R: Real>(point: u32, u: &[R], v: &[R]) -> R {
//!     0.5 * (u[point] * u[point] + v[point] * v[point])
//! }
//!
//! fn main() -> terrella_kernels::Result<()> {
//!     let device: Device = "cpu".parse()?; // or cuda:0, hip:0, wgpu:0
//!     let u = Buffer::from_slice(device, &[3.0_f64, 0.0])?;
//!     let v = Buffer::from_slice(device, &[4.0, 1.0])?;
//!     let mut energy = Buffer::zeros(device, 2)?;
//!     kinetic_energy::launch([2], &u, &v, &mut energy)?;
//!     assert_eq!(energy.to_vec()?, [12.5, 0.5]);
//!     println!("{}", kinetic_energy::CUDA); // the text that a GPU runs; also WGSL
//!     Ok(())
//! }
//! ```
//!
//! - **Modules.** [`device`]: memory and launching. [`math`]: exp, log, sin, … with the same bits everywhere. [`grid`],
//!   [`field`]: where values are. [`operators`]: stencils, pointwise formulas, divergence, reductions. [`spectral`]:
//!   spherical harmonic transforms. [`packing`]: fields as bit strings of integers. [`vertical`]: hybrid levels.
//!   [`physics`]: column physics. [`semi_lagrangian`]: departure points and fields there.
//!   [`diagnostics`]: cyclones, exceedance, heat waves, ensemble statistics, verification. [`assimilation`]: ensembles, variational
//!   analyses, observation operators. [`random`]: numbers that are a function of their place.
//! - **Errors.** One [`Error`], with the offending value and what was expected. Wrong numbers of arguments panic.
//! - **Threads.** The CPU uses the calling rayon pool; results do not depend on its size.
//! - **Features.** `cuda`, `hip` and `wgpu`, all on by default; their libraries are loaded at run time. Without them a
//!   Rust toolchain alone builds the crate.

// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

extern crate self as terrella_kernels;

pub mod assimilation;
pub mod constants;
pub mod device;
pub mod diagnostics;
mod error;
pub mod field;
pub mod grid;
pub mod math;
pub mod operators;
mod pack;
pub mod packing;
pub mod physics;
pub mod random;
mod real;
pub mod semi_lagrangian;
pub mod spectral;
pub mod vertical;

pub use error::{Error, Result};
pub use pack::Pack;
pub use real::{Element, Level, Precision, Real, ScalarKind};
pub use terrella_kernels_macros::kernel;
