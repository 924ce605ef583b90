//! Products on the grid: fluxes and kinetic energy.

use terrella_kernels::{Real, kernel};

/// Eastward and northward flux (X + b)·V of field X with background b \[unit of X · m s⁻¹\].
///
/// | argument     | shape              | unit  |
/// |--------------|--------------------|-------|
/// | `background` | \[fields, points\] | X (f for vorticity, 0 else) |
/// | `scalar`     | \[fields, points\] | X     |
/// | `u`, `v`     | \[points\]         | m s⁻¹ |
#[kernel(indices = 2)]
pub fn transport<R: Real>(
    field: u32,
    point: u32,
    points: u32,
    background: &[R],
    scalar: &[R],
    u: &[R],
    v: &[R],
) -> (R, R) {
    let carried = scalar[field * points + point] + background[field * points + point];
    (carried * u[point], carried * v[point])
}

/// |V|²/2 \[m² s⁻²\] from `u`, `v` \[points\] \[m s⁻¹\].
#[kernel]
pub fn kinetic_energy<R: Real>(point: u32, u: &[R], v: &[R]) -> R {
    0.5 * (u[point] * u[point] + v[point] * v[point])
}

/// X − mean \[unit of X\].
#[kernel]
pub fn departure<R: Real>(point: u32, mean: R, total: &[R]) -> R {
    total[point] - mean
}

/// Two spectra as one of two fields: `[coefficients, 2]` each into `[coefficients, 2, 2]`.
#[kernel(indices = 2)]
pub fn interleave<R: Real>(value: u32, field: u32, first: &[R], second: &[R]) -> R {
    if field == 0 { first[value] } else { second[value] }
}
