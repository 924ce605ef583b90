//! Tangent linear and adjoint of the discrete step.
//!
//! A step maps the two time levels of leapfrog, x⁻ and x⁰, to the filtered x⁰ and x⁺, in the first step with I = Δt, without filter and from x⁻ = x⁰.
//! It is linear but for the fluxes (ζ + f)V and Φ′V and the kinetic energy, quadratic in x⁰, so that its derivative needs ζ, Φ′ and V of x⁰ on the
//! grid. Perturbations go through the same transforms and the same update in spectral space, without orography and sources, which are
//! constant; sensitivities through their transposes in reverse order.
//!
//! The adjoint is the transpose with respect to Σ a b over the arrays as they are stored: real and imaginary parts of the coefficients with
//! m ≥ 0, each counted once. The imaginary parts of m = 0, which have no part in any field, are carried along and damped, and so are
//! their sensitivities.
//!
//! At T42 on one core, what is common to both included (the state on the grid), a tangent linear step takes 1.4 times as long as a step of the
//! model, and an adjoint one as long as a tangent linear one.

mod component;
mod energy;
mod model;
mod products;
mod state;
mod update;

pub use energy::total_energy_norm;
pub use model::LinearisedShallowWater;
pub use products::{kinetic_energy_tangent, transport_adjoint, transport_tangent, wind_adjoint};
pub use state::TwoLevels;
pub use update::{advance_gravity_waves_adjoint, advance_transported_adjoint, gather};
