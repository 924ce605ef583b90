//! Advection of a scalar by a horizontal wind, first-order upwind.
//!
//! ∂f/∂t = −u/(a cos φ) ∂f/∂λ − v/a ∂f/∂φ, each difference taken on the side the wind comes from.
//!
//! Creates no new extremes while |u| Δt / (a cos φ Δλ) + |v| Δt / (a Δφ) ≤ 1. Advective form: it does not conserve the
//! integral of f in a divergent wind, and it is diffusive; use it where boundedness matters more than accuracy.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Tendency of `field` at one point of a panel [unit of `field` / s].
///
/// | argument               | shape                           | location | unit                    |
/// |------------------------|---------------------------------|----------|-------------------------|
/// | `inverse_row_distance` | 1                               | –        | m⁻¹, 1/(a Δφ)           |
/// | `inverse_column_distance` | [rows]                       | row      | m⁻¹, 1/(a cos φ Δλ)     |
/// | `eastward_wind`        | [levels, rows, columns]         | cell     | m s⁻¹                   |
/// | `northward_wind`       | [levels, rows, columns]         | cell     | m s⁻¹                   |
/// | `field`                | [levels, rows + 2, columns + 2] | cell     | any                     |
#[kernel(indices = 3)]
pub fn advection_upwind<R: Real>(
    level: u32,
    row: u32,
    column: u32,
    rows: u32,
    columns: u32,
    inverse_row_distance: R,
    inverse_column_distance: &[R],
    eastward_wind: &[R],
    northward_wind: &[R],
    field: &[R],
) -> R {
    let stride = columns + 2;
    let at_north = (level * (rows + 2) + row) * stride + column + 1;
    let at = at_north + stride;
    let at_south = at + stride;
    let point = (level * rows + row) * columns + column;
    let centre = field[at];
    let u = eastward_wind[point];
    let v = northward_wind[point];
    let along_row = u.max(0.0) * (centre - field[at - 1]) + u.min(0.0) * (field[at + 1] - centre);
    let along_column = v.max(0.0) * (centre - field[at_south]) + v.min(0.0) * (field[at_north] - centre);
    -(along_row * inverse_column_distance[row] + along_column * inverse_row_distance)
}
