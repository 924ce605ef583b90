//! The two kernels of each reduction: down the rows of a segment, and over the last segment's lanes.
//!
//! `lane_...` kernels: launch with `[segments, LANES]`, `rows` = ROWS, `lanes` = LANES. A segment reads
//! `values[segment · rows · lanes + row · lanes + lane]` for its whole rows below `length`.
//! `total...` kernels: launch with `[1]`; `partials` holds the last segment's lanes, `tail` is the first value outside whole rows.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Whole rows of one segment, the last one being shorter.
#[kernel(function)]
pub fn rows_of_segment(segment: u32, rows: u32, lanes: u32, length: u32) -> u32 {
    let mut count = length / lanes - segment * rows;
    if count > rows {
        count = rows;
    }
    count
}

/// Σ x over the rows of a segment, for one lane.
#[kernel(indices = 2)]
pub fn lane_sum<R: Real>(segment: u32, lane: u32, rows: u32, lanes: u32, length: u32, values: &[R]) -> R {
    let start = segment * rows * lanes;
    let count = rows_of_segment(segment, rows, lanes, length);
    let mut sum = 0.0;
    for row in 0..count {
        sum += values[start + row * lanes + lane];
    }
    sum
}

/// Σ x y over the rows of a segment, for one lane.
#[kernel(indices = 2)]
pub fn lane_dot<R: Real>(
    segment: u32,
    lane: u32,
    rows: u32,
    lanes: u32,
    length: u32,
    left: &[R],
    right: &[R],
) -> R {
    let start = segment * rows * lanes;
    let count = rows_of_segment(segment, rows, lanes, length);
    let mut sum = 0.0;
    for row in 0..count {
        sum += left[start + row * lanes + lane] * right[start + row * lanes + lane];
    }
    sum
}

/// max |x| over the rows of a segment, for one lane; NaN where any x is NaN.
#[kernel(indices = 2)]
pub fn lane_largest<R: Real>(segment: u32, lane: u32, rows: u32, lanes: u32, length: u32, values: &[R]) -> R {
    let start = segment * rows * lanes;
    let count = rows_of_segment(segment, rows, lanes, length);
    let mut largest = 0.0;
    let mut spoilt = 0.0;
    for row in 0..count {
        let magnitude = values[start + row * lanes + lane].abs();
        // max keeps the old value where the new one is NaN; the minimum with 0 is 0, or NaN.
        largest = largest.max(magnitude);
        spoilt += magnitude.min(0.0);
    }
    largest + spoilt
}

/// (Σ w x, Σ w) over the rows of a segment, for one lane, leaving out points where x is NaN.
#[kernel(indices = 2)]
pub fn lane_weighted<R: Real>(
    segment: u32,
    lane: u32,
    rows: u32,
    lanes: u32,
    length: u32,
    weights: &[R],
    values: &[R],
) -> (R, R) {
    let start = segment * rows * lanes;
    let count = rows_of_segment(segment, rows, lanes, length);
    let mut sum = 0.0;
    let mut weight_sum = 0.0;
    for row in 0..count {
        let value = values[start + row * lanes + lane];
        let weight = weights[start + row * lanes + lane];
        if value == value {
            sum += weight * value;
            weight_sum += weight;
        }
    }
    (sum, weight_sum)
}

/// Σ over the partial sums and the tail.
#[kernel]
pub fn total<R: Real>(index: u32, lanes: u32, tail: u32, length: u32, partials: &[R], values: &[R]) -> R {
    let mut sum = 0.0;
    for lane in 0..lanes {
        sum += partials[index + lane];
    }
    for i in tail..length {
        sum += values[i];
    }
    sum
}

/// Σ over the partial dot products and the tail.
#[kernel]
pub fn total_dot<R: Real>(
    index: u32,
    lanes: u32,
    tail: u32,
    length: u32,
    partials: &[R],
    left: &[R],
    right: &[R],
) -> R {
    let mut sum = 0.0;
    for lane in 0..lanes {
        sum += partials[index + lane];
    }
    for i in tail..length {
        sum += left[i] * right[i];
    }
    sum
}

/// The largest of the partial maxima and of |x| over the tail; NaN where any of them is.
#[kernel]
pub fn total_largest<R: Real>(
    index: u32,
    lanes: u32,
    tail: u32,
    length: u32,
    partials: &[R],
    values: &[R],
) -> R {
    let mut largest = 0.0;
    let mut spoilt = 0.0;
    for lane in 0..lanes {
        largest = largest.max(partials[index + lane]);
        spoilt += partials[index + lane].min(0.0);
    }
    for i in tail..length {
        largest = largest.max(values[i].abs());
        spoilt += values[i].abs().min(0.0);
    }
    largest + spoilt
}

/// (Σ w x, Σ w) over the partial sums and the tail, leaving out NaN.
#[kernel]
pub fn total_weighted<R: Real>(
    index: u32,
    lanes: u32,
    tail: u32,
    length: u32,
    partials: &[R],
    weight_partials: &[R],
    weights: &[R],
    values: &[R],
) -> (R, R) {
    let mut sum = 0.0;
    let mut weight_sum = 0.0;
    for lane in 0..lanes {
        sum += partials[index + lane];
        weight_sum += weight_partials[index + lane];
    }
    for i in tail..length {
        if values[i] == values[i] {
            sum += weights[i] * values[i];
            weight_sum += weights[i];
        }
    }
    (sum, weight_sum)
}
