//! What the time-stepping schemes of the models share.
//!
//! **Leapfrog.** X⁺ = X⁻ + 2Δt·∂X/∂t(X⁰), the first step forward with Δt.
//!
//! **Filter** (Robert 1966, Asselin 1972, Williams 2009, *Mon. Wea. Rev.* 137, 2538–2546). With the displacement
//! d = ν/2·(X⁻ − 2X⁰ + X⁺), X⁰ moves by α·d and X⁺ by (α − 1)·d. α = 1 is the Robert-Asselin filter; α slightly above
//! 1/2 keeps the mean of three levels almost unchanged and so removes the computational mode at a far smaller cost in
//! amplitude. A steady state has d = 0 and is not touched by either.
//!
//! **Runge and Kutta's** classic method, with its tangent linear and adjoint, for models without fast waves.
//!
//! **Linear damping and sources** (∂X/∂t = … + g − κX) are taken implicitly: X⁺·(1 + 2Δt·κ) = X⁻ + 2Δt·(… + g).

mod damping;
mod digital_filter;
mod filter;
mod leapfrog;
mod runge_kutta;

pub use damping::{Diffusion, DiffusionStrength};
pub use digital_filter::{Average, DigitalFilter};
pub use filter::{Filter, filter_displacement};
pub use leapfrog::advance_transported;
pub(crate) use runge_kutta::{Flow, LinearisedFlow, LinearisedStages, Stages};
