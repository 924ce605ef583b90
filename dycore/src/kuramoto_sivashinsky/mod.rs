//! The equation of Kuramoto and Sivashinsky: waves of a band of lengths grow, break and merge for ever on a circle.
//!
//! ∂u/∂t = −½ ∂(u²)/∂x − ∂²u/∂x² − ∂⁴u/∂x⁴, u of period L, all without units.
//!
//! By Fourier series with products on the points: v̂_k has the linear part k² − k⁴, taken exactly by the exponential scheme ETDRK4 of
//! Kassam & Trefethen (2005, *SIAM J. Sci. Comput.* 26, 1214–1233, doi:10.1137/S1064827502410633), and the quadratic one −(ik/2) of u². Products are not
//! dealiased, as in the paper, since what they alias to is damped at once. The shortest wave has the linear part alone.
//!
//! The tangent linear and the adjoint are those of the discrete step, with respect to Σ_j a_j b_j over the points.

mod model;
mod scheme;

pub use crate::fourier::FourierReal;
pub use model::KuramotoSivashinsky;
