//! Laplacian of a scalar on the sphere, second order, conservative.
//!
//! ∇²f = 1/(a² cos²φ) ∂²f/∂λ² + 1/(a² cos φ) ∂/∂φ (cos φ ∂f/∂φ)
//!
//! Fluxes through the four faces of a cell: cos φ is taken at the face, so the area-weighted sum over a panel that covers
//! the sphere vanishes. The faces at the poles have no length and need no special case.
//! Second order: `tests/operators/stencil.rs`. Not for the grid points next to the poles at high order.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Laplacian at one point of a panel [unit of `field` / m²].
///
/// | argument    | shape                         | location | unit |
/// |-------------|-------------------------------|----------|------|
/// | `west_east` | [rows]                        | row      | m⁻²  |
/// | `north`     | [rows]                        | row      | m⁻²  |
/// | `south`     | [rows]                        | row      | m⁻²  |
/// | `field`     | [levels, rows + 2, columns + 2] | cell   | any  |
///
/// The three metric factors are [`LatLonPanel::west_east`](super::LatLonPanel::west_east),
/// [`north`](super::LatLonPanel::north) and [`south`](super::LatLonPanel::south).
#[kernel(indices = 3)]
pub fn laplacian<R: Real>(
    level: u32,
    row: u32,
    column: u32,
    rows: u32,
    columns: u32,
    west_east: &[R],
    north: &[R],
    south: &[R],
    field: &[R],
) -> R {
    let stride = columns + 2;
    let at_north = (level * (rows + 2) + row) * stride + column + 1;
    let at = at_north + stride;
    let at_south = at + stride;
    let centre = field[at];
    west_east[row] * (field[at - 1] - 2.0 * centre + field[at + 1])
        + north[row] * (field[at_north] - centre)
        + south[row] * (field[at_south] - centre)
}
