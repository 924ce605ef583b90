//! A quasi-geostrophic ocean in a square basin: an upper layer over a deep one at rest, with two gyres that the wind drives.
//!
//! With ψ the streamfunction, q = Δψ − Fψ the potential vorticity without the planet's and J(a, b) = ∂a/∂x ∂b/∂y − ∂a/∂y ∂b/∂x,
//!
//! ∂q/∂t = −∂ψ/∂x − ε J(ψ, q) − A Δ³ψ − W sin 2πy,  0 ≤ x, y ≤ 1,  ψ = Δψ = Δ²ψ = 0 on the edge,
//!
//! the model of the twin experiments of Sakov & Oke (2008, *Tellus* 60A, 361–371, doi:10.1111/j.1600-0870.2007.00299.x), whose settings are the default. The wind's sign
//! is that of the code EnKF-Matlab, with which those experiments were made. Everything is without units.
//!
//! Differences of second order, the Jacobian of Arakawa, which keeps energy and enstrophy, a direct solution of Δψ − Fψ = q, and the classic method of
//! Runge and Kutta. The step is computed as one of ψ, which is the same as one of q.
//!
//! The tangent linear and the adjoint are those of the discrete step, with respect to Σ a b over the points.

mod basin;
mod configuration;
mod helmholtz;
mod model;
mod operators;

pub use crate::fourier::FourierReal;
pub use configuration::Configuration;
pub use model::QuasiGeostrophic;
