//! Sums, dot products, largest magnitudes and weighted means: the same bits on every device and number of threads.
//!
//! The array is cut into segments of [`ROWS`] rows of [`LANES`] values. One kernel reduces each of a segment's lanes down
//! its rows, the same kernel reduces the results until one segment is left, and a last one adds up its lanes and the values
//! that did not fill a row. The order depends on the length alone. Rounding errors grow like ROWS · log(length) instead of
//! length. A lane is what a GPU's thread or one element of a SIMD register works on; a segment fits the first-level cache.

mod kernels;
mod plan;

pub(crate) use kernels::rows_of_segment;
pub use kernels::{
    lane_dot, lane_largest, lane_sum, lane_weighted, total, total_dot, total_largest, total_weighted,
};
pub use plan::Reduction;
pub(crate) use plan::{pass_segments, tail};

/// Values of one row of a segment.
pub const LANES: u32 = 16;

/// Rows of one segment.
pub const ROWS: u32 = 64;
