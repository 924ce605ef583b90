//! e^x.
//!
//! x = k ln 2 + r with |r| ≤ ½ ln 2, ln 2 in two parts so that r is exact to twice the precision (W. J. Cody and W. Waite 1980,
//! Software Manual for the Elementary Functions); e^r = 1 + r + r² P(r), P our own minimax fit; then scaled by 2ᵏ.

use terrella_kernels_macros::kernel;

use super::rounding::{nearest_integer_f32, nearest_integer_f64};
use super::scaling::{scale_by_power_of_two_f32, scale_by_power_of_two_f64};

/// e^x. Overflows to +∞ above 709.78, underflows gradually to 0; e^NaN = NaN.
#[kernel(function)]
pub fn exp_f64(x: f64) -> f64 {
    exponential_of_sum_f64(x, 0.0)
}

/// e^x. Overflows to +∞ above 88.72, underflows gradually to 0; e^NaN = NaN.
#[kernel(function)]
pub fn exp_f32(x: f32) -> f32 {
    exponential_of_sum_f32(x, 0.0)
}

/// e^(x + tail), for a tail small beside 1 and at most a few units in the last place of x.
#[kernel(function)]
pub fn exponential_of_sum_f64(x: f64, tail: f64) -> f64 {
    // Beyond these bounds the result is 0 or ∞ already; NaN passes through.
    let bounded_below = if x < -746.0 { -746.0 } else { x };
    let bounded = if bounded_below > 710.0 { 710.0 } else { bounded_below };
    let k = nearest_integer_f64(bounded * 1.4426950408889634); // 1 / ln 2
    let high = bounded - k * 0.6931471805598903; // ln 2, leading bits: exact
    let low = k * 5.497923018708371e-14 - tail; // ln 2, the rest
    let r = high - low;
    let mut series = 2.5117874226844056e-8;
    series = series * r + 2.7631295311799093e-7;
    series = series * r + 2.7557216259340335e-6;
    series = series * r + 2.4801489902686965e-5;
    series = series * r + 0.0001984126991743012;
    series = series * r + 0.0013888888947051466;
    series = series * r + 0.008333333333307184;
    series = series * r + 0.04166666666651529;
    series = series * r + 0.166666666666667;
    series = series * r + 0.5000000000000012;
    let value = 1.0 + (high + (r * r * series - low));
    scale_by_power_of_two_f64(value, k)
}

/// e^(x + tail), for a tail small beside 1 and at most a few units in the last place of x.
#[kernel(function)]
pub fn exponential_of_sum_f32(x: f32, tail: f32) -> f32 {
    // Beyond these bounds the result is 0 or ∞ already; NaN passes through.
    let bounded_below = if x < -105.0 { -105.0 } else { x };
    let bounded = if bounded_below > 90.0 { 90.0 } else { bounded_below };
    let k = nearest_integer_f32(bounded * 1.442695); // 1 / ln 2
    let high = bounded - k * 0.69314575; // ln 2, leading bits: exact
    let low = k * 1.4286068e-6 - tail; // ln 2, the rest
    let r = high - low;
    let mut series = 0.0013950504;
    series = series * r + 0.008368896;
    series = series * r + 0.041666206;
    series = series * r + 0.16666518;
    series = series * r + 0.5;
    let value = 1.0 + (high + (r * r * series - low));
    scale_by_power_of_two_f32(value, k)
}
