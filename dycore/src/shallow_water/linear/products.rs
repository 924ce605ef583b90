//! Derivatives of the products on the grid.

use terrella_kernels::{Real, kernel};

/// Tangent linear of [`transport`](crate::shallow_water::transport()): dX·V + (X + b)·dV, eastward and northward.
///
/// | argument                | shape              | unit  |
/// |-------------------------|--------------------|-------|
/// | `background`, `scalar`  | \[fields, points\] | X     |
/// | `u`, `v`                | \[points\]         | m s⁻¹ |
/// | `scalar_change`         | \[fields, points\] | X     |
/// | `u_change`, `v_change`  | \[points\]         | m s⁻¹ |
#[kernel(indices = 2)]
pub fn transport_tangent<R: Real>(
    field: u32,
    point: u32,
    points: u32,
    background: &[R],
    scalar: &[R],
    u: &[R],
    v: &[R],
    scalar_change: &[R],
    u_change: &[R],
    v_change: &[R],
) -> (R, R) {
    let place = field * points + point;
    let carried = scalar[place] + background[place];
    let change = scalar_change[place];
    (change * u[point] + carried * u_change[point], change * v[point] + carried * v_change[point])
}

/// Tangent linear of [`kinetic_energy`](crate::shallow_water::kinetic_energy()): V·dV \[m² s⁻²\], all `[points]`.
#[kernel]
pub fn kinetic_energy_tangent<R: Real>(point: u32, u: &[R], v: &[R], u_change: &[R], v_change: &[R]) -> R {
    u[point] * u_change[point] + v[point] * v_change[point]
}

/// The scalars' part of the adjoint of [`transport_tangent()`]: V·w with w the sensitivity to the flux.
///
/// | argument           | shape              |
/// |--------------------|--------------------|
/// | `u`, `v`           | \[points\]         |
/// | `flux_u`, `flux_v` | \[fields, points\], sensitivities |
#[kernel(indices = 2)]
pub fn transport_adjoint<R: Real>(
    field: u32,
    point: u32,
    points: u32,
    u: &[R],
    v: &[R],
    flux_u: &[R],
    flux_v: &[R],
) -> R {
    let place = field * points + point;
    u[point] * flux_u[place] + v[point] * flux_v[place]
}

/// The wind's part of the adjoint of [`transport_tangent()`] of two fields and of [`kinetic_energy_tangent()`]: Σ (X + b)·w + V·e.
///
/// | argument               | shape         |
/// |------------------------|---------------|
/// | `background`, `scalar` | \[2, points\] |
/// | `u`, `v`               | \[points\]    |
/// | `flux_u`, `flux_v`     | \[2, points\], sensitivities w |
/// | `energy`               | \[points\], sensitivity e |
#[kernel]
pub fn wind_adjoint<R: Real>(
    point: u32,
    points: u32,
    background: &[R],
    scalar: &[R],
    u: &[R],
    v: &[R],
    flux_u: &[R],
    flux_v: &[R],
    energy: &[R],
) -> (R, R) {
    let second = points + point;
    let first_carried = scalar[point] + background[point];
    let second_carried = scalar[second] + background[second];
    (
        first_carried * flux_u[point] + second_carried * flux_u[second] + u[point] * energy[point],
        first_carried * flux_v[point] + second_carried * flux_v[second] + v[point] * energy[point],
    )
}
