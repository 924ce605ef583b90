//! Halo of a panel that covers the sphere.

use terrella_kernels_macros::kernel;

use crate::Real;

/// The value of a scalar on the panel extended by one row and one column on each side.
///
/// Columns wrap around the circle of latitude; the row beyond a pole is the row before it, half a circle away.
/// `columns` must be even. Launch with `[levels, rows + 2, columns + 2]`.
///
/// | argument | shape                   | location | unit |
/// |----------|-------------------------|----------|------|
/// | `field`  | [levels, rows, columns] | cell     | any  |
#[kernel(indices = 3)]
pub fn with_halo<R: Real>(level: u32, row: u32, column: u32, rows: u32, columns: u32, field: &[R]) -> R {
    let mut source_row = row;
    let mut shift = columns - 1;
    if row == 0 {
        source_row = 1;
        shift += columns / 2;
    }
    if row == rows + 1 {
        source_row = rows;
        shift += columns / 2;
    }
    field[(level * rows + source_row - 1) * columns + (column + shift) % columns]
}
