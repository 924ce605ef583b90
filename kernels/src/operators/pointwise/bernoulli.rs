//! Bernoulli function, whose gradient drives the wind in the vector-invariant form.
//!
//! B = Φ + (u² + v²)/2

use terrella_kernels_macros::kernel;

use crate::Real;

/// Bernoulli function at one point [m² s⁻²].
///
/// | argument         | shape    | location | unit   |
/// |------------------|----------|----------|--------|
/// | `eastward_wind`  | [points] | point    | m s⁻¹  |
/// | `northward_wind` | [points] | point    | m s⁻¹  |
/// | `geopotential`   | [points] | point    | m² s⁻² |
#[kernel]
pub fn bernoulli_function<R: Real>(
    point: u32,
    eastward_wind: &[R],
    northward_wind: &[R],
    geopotential: &[R],
) -> R {
    let u = eastward_wind[point];
    let v = northward_wind[point];
    geopotential[point] + 0.5 * (u * u + v * v)
}
