//! Inputs of the tests.

use terrella_kernels::Real;

/// A sequence without pattern, by Lehmer's generator.
fn sequence(seed: u32, len: usize) -> impl Iterator<Item = f64> {
    let mut state = u64::from(seed) * 2 + 1;
    (0..len).map(move |_| {
        state = state * 48271 % 2147483647;
        state as f64 / 2147483647.0
    })
}

/// Values between -4 and 4 that use all bits of either format.
pub(crate) fn field<R: Real>(seed: u32, len: usize) -> Vec<R> {
    sequence(seed, len).map(|value| R::from_f64(8.0 * value - 4.0)).collect()
}

/// Values between 0.01 and 4.
pub(crate) fn positive<R: Real>(seed: u32, len: usize) -> Vec<R> {
    sequence(seed, len).map(|value| R::from_f64(3.99 * value + 0.01)).collect()
}

/// Indices below `bound`.
pub(crate) fn indices(seed: u32, len: usize, bound: usize) -> Vec<u32> {
    sequence(seed, len).map(|value| (value * bound as f64) as u32 % bound as u32).collect()
}

/// Ordinary values among zeros of both signs, infinities and NaN.
pub(crate) fn special<R: Real>(seed: u32, len: usize) -> Vec<R> {
    let odd = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, -1.0];
    sequence(seed, len)
        .map(|value| {
            let pick = (value * 21.0) as usize;
            R::from_f64(odd.get(pick).copied().unwrap_or(8.0 * value - 4.0))
        })
        .collect()
}
