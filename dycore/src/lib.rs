//! Dynamical cores of Terrella.
//!
//! ```
//! use terrella_dycore::shallow_water::{Configuration, ShallowWater};
//! use terrella_kernels::device::{Buffer, Device};
//!
//! # fn main() -> terrella_dycore::Result<()> {
//! let configuration = Configuration::new(21)?;
//! let points = configuration.grid.points();
//! let depth = Buffer::from_slice(Device::Cpu, &vec![configuration.mean_geopotential; points])?;
//! let rest = Buffer::zeros(Device::Cpu, points)?;
//! let mut model = ShallowWater::<f64>::new(configuration, Device::Cpu)?;
//! model.set_from_wind_and_geopotential(&rest, &rest, &depth)?;
//! model.step()?;
//! assert_eq!(model.step_count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! - [`shallow_water`]: the rotating shallow-water equations, spectral, semi-implicit.
//! - [`primitive`]: the hydrostatic primitive equations on hybrid levels, with tracers and column physics; leapfrog
//!   or semi-Lagrangian.
//! - [`advection`]: a tracer carried by a prescribed wind, with the same discretisation.
//! - [`low_order`]: the chaotic systems of Lorenz (1963, 1996), many members side by side.
//! - [`kuramoto_sivashinsky`]: the equation of Kuramoto and Sivashinsky on a circle.
//! - [`quasi_geostrophic`]: wind-driven gyres in a square basin.
//! - [`singular_vectors`]: the perturbations of a run that grow most, and ensembles of them.
//! - [`time_stepping`]: what the models' schemes share (leapfrog, its filter, implicit damping).
//!
//! Models are generic over f32 and f64 and run on the device that they are built on; a step allocates no field, and on
//! the CPU its result does not depend on the number of threads. `ShallowWater` and `Primitive` also run on ranks that share them
//! (`new_on`, `new_on_device`), with the bits of one rank; derivatives refuse that by name, and the semi-Lagrangian scheme on GPUs.
//! Features `cuda`, `hip` and `wgpu` (default: all) are those of `terrella-kernels`.

pub mod advection;
mod error;
mod fourier;
pub mod kuramoto_sivashinsky;
pub mod low_order;
mod one_level;
pub mod primitive;
pub mod quasi_geostrophic;
mod ranks;
pub mod shallow_water;
pub mod singular_vectors;
pub mod time_stepping;
mod timing;

pub use error::{Error, Result};
