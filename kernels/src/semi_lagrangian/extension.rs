//! Fields with what lies across the date line and the poles beside them, so that a stencil is a row of neighbours.

use terrella_kernels_macros::kernel;

use crate::Real;

/// A field on extended rings [levels, extended] from one on the grid [levels, points].
///
/// `source` and `sign` [extended] are those of [`RingTables`](super::RingTables): `sign` is −1 beyond the poles for
/// components of vectors, since there both unit vectors turn round.
#[kernel(indices = 2)]
pub fn extend<R: Real>(level: u32, place: u32, points: u32, source: &[u32], sign: &[R], values: &[R]) -> R {
    sign[place] * values[level * points + source[place]]
}

/// The sum α·x + β·y of two fields, on extended rings: an extrapolation in time.
#[kernel(indices = 2)]
pub fn extend_sum<R: Real>(
    level: u32,
    place: u32,
    points: u32,
    present_weight: R,
    previous_weight: R,
    source: &[u32],
    sign: &[R],
    present: &[R],
    previous: &[R],
) -> R {
    let here = level * points + source[place];
    sign[place] * (present_weight * present[here] + previous_weight * previous[here])
}
