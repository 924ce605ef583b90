//! x^y.
//!
//! x^y = e^(y log |x|), the logarithm and its product with y to 10 or more bits beyond the working precision: with x = 2ᵏ m and s = (m − 1)/(m + 1),
//! log m = 2 (s + s³/3 + s⁵ P(s²)), the first two terms in double arithmetic (Dekker 1971, doi:10.1007/BF01397083), P our own
//! minimax fit.

use terrella_kernels_macros::kernel;

use super::exponential::{exponential_of_sum_f32, exponential_of_sum_f64};
use super::rounding::{product_error_f32, product_error_f64};
use super::scaling::{fraction_and_exponent_f32, fraction_and_exponent_f64};

/// x^y for finite x > 0 and any y but NaN.
#[kernel(function)]
pub fn power_of_positive_f64(x: f64, y: f64) -> f64 {
    let (m, k) = fraction_and_exponent_f64(x);
    // s + s_low = (m − 1) / (m + 1)
    let f = m - 1.0;
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let s = f / d;
    let sd = s * d;
    // 1/d to 12 bits, by one Newton step from a straight line, is enough for the low part.
    let line = 0.985061 - 0.239015 * d;
    let s_low = (((f - sd) - product_error_f64(s, d, sd)) - s * d_low) * (line * (2.0 - d * line));
    // z + z_low = s²
    let z = s * s;
    let z_low = product_error_f64(s, s, z) + 2.0 * s * s_low;
    // third + third_low = s²/3 + s⁴ P(s²)
    let mut series = 0.06598261298955158;
    series = series * z + 0.06628398592504146;
    series = series * z + 0.07693379100110705;
    series = series * z + 0.09090892174278141;
    series = series * z + 0.11111111260065908;
    series = series * z + 0.1428571428504921;
    series = series * z + 0.20000000000001128;
    let z_third = z * 0.3333333333333333; // 1/3
    let z_third_low = product_error_f64(z, 0.3333333333333333, z_third)
        + (z * 1.850371707708594e-17 + z_low * 0.3333333333333333);
    let quartic = z * z * series;
    let third = z_third + quartic;
    let third_low = ((z_third - third) + quartic) + z_third_low;
    // half + half_low = log(m) / 2
    let cubic = s * third;
    let cubic_low = product_error_f64(s, third, cubic) + (s * third_low + s_low * third);
    let half = s + cubic;
    let half_low = ((s - half) + cubic) + (cubic_low + s_low);
    // logarithm + logarithm_low = k log 2 + log m
    let k_log = k * 0.6931471805598903; // log 2, leading bits: exact
    let sum = k_log + 2.0 * half;
    let sum_low = ((k_log - sum) + 2.0 * half) + (2.0 * half_low + k * 5.497923018708371e-14); // log 2, the rest
    let logarithm = sum + sum_low;
    let logarithm_low = (sum - logarithm) + sum_low;
    // Times y. Beyond ±2⁶⁶ the power of any x but 1 is 0 or ∞ already.
    let y_below = if y < -7.378697629483821e19 { -7.378697629483821e19 } else { y };
    let exponent = if y_below > 7.378697629483821e19 { 7.378697629483821e19 } else { y_below };
    let product = exponent * logarithm;
    let product_low = product_error_f64(exponent, logarithm, product) + exponent * logarithm_low;
    let within = product < 800.0 && product > -800.0;
    exponential_of_sum_f64(product, if within { product_low } else { 0.0 })
}

/// x^y for finite x > 0 and any y but NaN.
#[kernel(function)]
pub fn power_of_positive_f32(x: f32, y: f32) -> f32 {
    let (m, k) = fraction_and_exponent_f32(x);
    // s + s_low = (m − 1) / (m + 1)
    let f = m - 1.0;
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let s = f / d;
    let sd = s * d;
    // 1/d to 12 bits, by one Newton step from a straight line, is enough for the low part.
    let line = 0.985061 - 0.239015 * d;
    let s_low = (((f - sd) - product_error_f32(s, d, sd)) - s * d_low) * (line * (2.0 - d * line));
    // z + z_low = s²
    let z = s * s;
    let z_low = product_error_f32(s, s, z) + 2.0 * s * s_low;
    // third + third_low = s²/3 + s⁴ P(s²)
    let mut series = 0.11709412;
    series = series * z + 0.14273562;
    series = series * z + 0.20000076;
    let z_third = z * 0.33333334; // 1/3
    let z_third_low = product_error_f32(z, 0.33333334, z_third) + (z * -9.934108e-9 + z_low * 0.33333334);
    let quartic = z * z * series;
    let third = z_third + quartic;
    let third_low = ((z_third - third) + quartic) + z_third_low;
    // half + half_low = log(m) / 2
    let cubic = s * third;
    let cubic_low = product_error_f32(s, third, cubic) + (s * third_low + s_low * third);
    let half = s + cubic;
    let half_low = ((s - half) + cubic) + (cubic_low + s_low);
    // logarithm + logarithm_low = k log 2 + log m
    let k_log = k * 0.69314575; // log 2, leading bits: exact
    let sum = k_log + 2.0 * half;
    let sum_low = ((k_log - sum) + 2.0 * half) + (2.0 * half_low + k * 1.4286068e-6); // log 2, the rest
    let logarithm = sum + sum_low;
    let logarithm_low = (sum - logarithm) + sum_low;
    // Times y. Beyond ±2³⁶ the power of any x but 1 is 0 or ∞ already.
    let y_below = if y < -6.871948e10 { -6.871948e10 } else { y };
    let exponent = if y_below > 6.871948e10 { 6.871948e10 } else { y_below };
    let product = exponent * logarithm;
    let product_low = product_error_f32(exponent, logarithm, product) + exponent * logarithm_low;
    let within = product < 120.0 && product > -120.0;
    exponential_of_sum_f32(product, if within { product_low } else { 0.0 })
}

/// x^y. Special values as in C99, Annex F: 1^y = x^0 = 1 even for NaN, (−1)^±∞ = 1, NaN for x < 0 and y no integer.
#[kernel(function)]
pub fn pow_f64(x: f64, y: f64) -> f64 {
    let size = x.abs();
    // ±∞ of the sign of a zero x: shaders have no literal for it, and comparison does not see the sign.
    let reciprocal = 1.0 / x;
    let reciprocal_or_x = if x == 0.0 { reciprocal } else { x };
    let mut value = power_of_positive_f64(size, y);
    if size > 1.7976931348623157e308 {
        value = if y > 0.0 { size } else { 0.0 };
    }
    if size == 0.0 {
        value = if y > 0.0 { 0.0 } else { reciprocal.abs() };
    }
    let y_floor = y.floor();
    let y_half = 0.5 * y;
    let odd = y_floor == y && y_half.floor() != y_half;
    if reciprocal_or_x < 0.0 && odd {
        value = -value;
    }
    if x < 0.0 && size <= 1.7976931348623157e308 && y_floor != y {
        let infinity = (size + 1.7976931348623157e308) * 2.0;
        value = infinity - infinity; // NaN
    }
    if x != x || y != y {
        value = x + y;
    }
    if x == 1.0 || y == 0.0 { 1.0 } else { value }
}

/// x^y. Special values as in C99, Annex F: 1^y = x^0 = 1 even for NaN, (−1)^±∞ = 1, NaN for x < 0 and y no integer.
#[kernel(function)]
pub fn pow_f32(x: f32, y: f32) -> f32 {
    let size = x.abs();
    // ±∞ of the sign of a zero x: shaders have no literal for it, and comparison does not see the sign.
    let reciprocal = 1.0 / x;
    let reciprocal_or_x = if x == 0.0 { reciprocal } else { x };
    let mut value = power_of_positive_f32(size, y);
    if size > 3.4028235e38 {
        value = if y > 0.0 { size } else { 0.0 };
    }
    if size == 0.0 {
        value = if y > 0.0 { 0.0 } else { reciprocal.abs() };
    }
    let y_floor = y.floor();
    let y_half = 0.5 * y;
    let odd = y_floor == y && y_half.floor() != y_half;
    if reciprocal_or_x < 0.0 && odd {
        value = -value;
    }
    if x < 0.0 && size <= 3.4028235e38 && y_floor != y {
        let infinity = (size + 3.4028235e38) * 2.0;
        value = infinity - infinity; // NaN
    }
    if x != x || y != y {
        value = x + y;
    }
    if x == 1.0 || y == 0.0 { 1.0 } else { value }
}
