//! Sum and difference of two arrays.

use terrella_kernels_macros::kernel;

use crate::Real;

/// a − b, both `[values]` of the same unit.
#[kernel]
pub fn difference_of_values<R: Real>(value: u32, left: &[R], right: &[R]) -> R {
    left[value] - right[value]
}

/// a + b, both `[values]` of the same unit.
#[kernel]
pub fn sum_of_values<R: Real>(value: u32, left: &[R], right: &[R]) -> R {
    left[value] + right[value]
}
