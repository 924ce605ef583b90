//! Input values and the measure of error that all entries share.

use terrella_kernels::Real;

/// `count` values spread evenly and without visible order over `[low, high)`: the same ones in each run.
pub(super) fn scattered<R: Real>(count: usize, low: f64, high: f64, seed: u64) -> Vec<R> {
    // Weyl sequence scrambled by the SplitMix64 finaliser.
    let value = |i: usize| {
        let mut bits = (i as u64 + 1).wrapping_add(seed << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        R::from_f64(low + (high - low) * share)
    };
    (0..count).map(value).collect()
}

/// Largest difference from `reference(index)` over some thousand indices and both ends, relative to the largest reference.
pub(super) fn largest_error<R: Real>(values: &[R], reference: impl Fn(usize) -> f64) -> f64 {
    let step = (values.len() / 4099).max(1);
    let (mut difference, mut magnitude) = (0.0_f64, 0.0_f64);
    for index in (0..values.len()).step_by(step).chain([values.len() - 1]) {
        let expected = reference(index);
        let error = (values[index].to_f64() - expected).abs();
        // A NaN is the largest error there is.
        difference = if error.is_nan() { f64::INFINITY } else { difference.max(error) };
        magnitude = magnitude.max(expected.abs());
    }
    difference / magnitude.max(f64::MIN_POSITIVE)
}
