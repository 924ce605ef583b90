//! x − k π/2 for moderate |x|, to twice the working precision.
//!
//! π/2 is the sum of several parts (W. J. Cody and W. Waite 1980). In f64 the parts have 30 bits, so that their products with
//! k < 2²³ are exact; in f32 each product's error is computed (Dekker 1971). Cancellation near a multiple of π/2 is harmless:
//! the parts reach far below the closest approach of any floating-point number to one.

use terrella_kernels_macros::kernel;

use super::rounding::{
    nearest_integer_f32, nearest_integer_f64, product_error_f32, sum_error_f32, sum_error_f64,
};

/// The integer k nearest to x / (π/2).
#[kernel(function)]
pub fn quarter_turns_f64(x: f64) -> f64 {
    nearest_integer_f64(x * 0.6366197723675814) // 2/π
}

/// The integer k nearest to x / (π/2).
#[kernel(function)]
pub fn quarter_turns_f32(x: f32) -> f32 {
    nearest_integer_f32(x * 0.63661975) // 2/π
}

/// k mod 4 as −2, −1, 0, 1 or 2, for an integer k.
#[kernel(function)]
pub fn quadrant_f64(k: f64) -> f64 {
    k - 4.0 * nearest_integer_f64(k * 0.25)
}

/// k mod 4 as −2, −1, 0, 1 or 2, for an integer k.
#[kernel(function)]
pub fn quadrant_f32(k: f32) -> f32 {
    k - 4.0 * nearest_integer_f32(k * 0.25)
}

/// x − k π/2, rounded, and what rounding left, for |x| ≤ 2²³.
#[kernel(function)]
pub fn reduced_angle_f64(x: f64, k: f64) -> (f64, f64) {
    let first = x - k * 1.5707963276654482; // π/2, 30 bits: exact
    let second_part = -(k * -8.705515700674349e-10); // the next 30 bits
    let second = first + second_part;
    let second_error = sum_error_f64(first, second_part, second);
    let third_part = -(k * 5.17018297889025e-19); // the next 30 bits
    let third = second + third_part;
    let third_error = sum_error_f64(second, third_part, third);
    let tail = second_error + third_error - k * 2.9038559739793605e-28; // the last 53 bits
    let angle = third + tail;
    (angle, (third - angle) + tail)
}

/// x − k π/2, rounded, and what rounding left, for |x| ≤ 2¹⁷.
#[kernel(function)]
pub fn reduced_angle_f32(x: f32, k: f32) -> (f32, f32) {
    let first_product = k * 1.5707964; // π/2, 24 bits
    let first_part = -product_error_f32(k, 1.5707964, first_product);
    let first = x - first_product; // exact: the two are close
    let second = first + first_part;
    let second_error = sum_error_f32(first, first_part, second);
    let second_product = k * -4.371139e-8; // the next 24 bits
    let third = second - second_product;
    let third_error = sum_error_f32(second, -second_product, third);
    let product_tail = product_error_f32(k, -4.371139e-8, second_product) + k * -1.7151245e-15; // the last 24
    let tail = (second_error + third_error) - product_tail;
    let angle = third + tail;
    (angle, (third - angle) + tail)
}
