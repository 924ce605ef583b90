//! Error-free steps: nearest integer, product error, splitting, all by + - * alone.
//!
//! Sources: T. J. Dekker (1971), "A floating-point technique for extending the available precision", doi:10.1007/BF01397083
//! (splitting and product error); D. E. Knuth, The Art of Computer Programming, vol. 2, §4.2.2 (sum error).
//! They hold where a·b + c is rounded twice and nothing is reassociated.

use terrella_kernels_macros::kernel;

/// The integer nearest to `x`, ties to even; |x| ≤ 2⁵¹.
#[kernel(function)]
pub fn nearest_integer_f64(x: f64) -> f64 {
    // At 1.5 · 2⁵² numbers are one apart, so the addition rounds to an integer.
    (x + 6755399441055744.0) - 6755399441055744.0
}

/// The integer nearest to `x`, ties to even; |x| ≤ 2²².
#[kernel(function)]
pub fn nearest_integer_f32(x: f32) -> f32 {
    // At 1.5 · 2²³ numbers are one apart, so the addition rounds to an integer.
    (x + 1.2582912e7) - 1.2582912e7
}

/// The leading 26 bits of `x`, as a number; |x| < 2⁹⁹⁶.
#[kernel(function)]
pub fn leading_half_f64(x: f64) -> f64 {
    let scaled = x * 134217729.0; // 2²⁷ + 1
    scaled - (scaled - x)
}

/// The leading 12 bits of `x`, as a number; |x| < 2¹¹⁵.
#[kernel(function)]
pub fn leading_half_f32(x: f32) -> f32 {
    let scaled = x * 4097.0; // 2¹² + 1
    scaled - (scaled - x)
}

/// a·b − `product`, exactly, where `product` is a·b rounded.
#[kernel(function)]
pub fn product_error_f64(a: f64, b: f64, product: f64) -> f64 {
    let a_high = leading_half_f64(a);
    let a_low = a - a_high;
    let b_high = leading_half_f64(b);
    let b_low = b - b_high;
    ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
}

/// a·b − `product`, exactly, where `product` is a·b rounded.
#[kernel(function)]
pub fn product_error_f32(a: f32, b: f32, product: f32) -> f32 {
    let a_high = leading_half_f32(a);
    let a_low = a - a_high;
    let b_high = leading_half_f32(b);
    let b_low = b - b_high;
    ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
}

/// a + b − `sum`, exactly, where `sum` is a + b rounded.
#[kernel(function)]
pub fn sum_error_f64(a: f64, b: f64, sum: f64) -> f64 {
    let b_seen = sum - a;
    (a - (sum - b_seen)) + (b - b_seen)
}

/// a + b − `sum`, exactly, where `sum` is a + b rounded.
#[kernel(function)]
pub fn sum_error_f32(a: f32, b: f32, sum: f32) -> f32 {
    let b_seen = sum - a;
    (a - (sum - b_seen)) + (b - b_seen)
}
