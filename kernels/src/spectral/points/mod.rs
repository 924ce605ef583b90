//! Fields and winds at arbitrary points from their spectra, and the adjoints: [`PointEvaluation`].
//!
//! At each point the double sum of `spectral` is added up term by term, in O(T²) operations: for trajectories,
//! observations and stations, up to about as many points as a grid has on a few rings. For all points of a grid use the
//! transform.
//!
//! Winds are summed with P̄_nm/cos φ, which for m > 0 is computed as such from cos^{m−1} φ, and for m = 0 with
//! dP̄_n0/dφ = √(n(n+1)) P̄_n1, so that nothing is divided by cos φ and the poles are points like others: there u and v are
//! the components at the longitude that is given. Exponents of small functions are kept apart (Fukushima 2012,
//! doi:10.1007/s00190-011-0519-2).

mod functions;
mod plan;
mod sums;
mod wind;

pub use plan::PointEvaluation;
