//! Natural logarithm.
//!
//! x = 2ᵏ m with √½ ≤ m < √2; with f = m − 1 and s = f / (2 + f): log m = log((1+s)/(1−s)) = f − s (f − R(s²)), R our own
//! minimax fit. The arrangement f − (f²/2 − s (f²/2 + R)) keeps the leading term f exact (as in Sun's fdlibm, 1993, after
//! P. T. P. Tang 1990, doi:10.1145/98267.98294).

use terrella_kernels_macros::kernel;

use super::scaling::{fraction_and_exponent_f32, fraction_and_exponent_f64};

/// log(m 2ᵏ) for √½ ≤ m < √2 and an integer k.
#[kernel(function)]
pub fn log_of_parts_f64(m: f64, k: f64) -> f64 {
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 0.1479626136013419;
    series = series * z + 0.15314021098553895;
    series = series * z + 0.18183565408075805;
    series = series * z + 0.2222219855376861;
    series = series * z + 0.28571428742562327;
    series = series * z + 0.39999999999413965;
    series = series * z + 0.6666666666666734;
    let half_square = 0.5 * f * f;
    let rest = s * (half_square + z * series) + k * 5.497923018708371e-14; // ln 2, trailing bits
    k * 0.6931471805598903 - ((half_square - rest) - f) // ln 2, leading bits
}

/// log x (base e). log ±0 = −∞, log x = NaN for x < 0, log ∞ = ∞.
#[kernel(function)]
pub fn log_f64(x: f64) -> f64 {
    let (m, k) = fraction_and_exponent_f64(x);
    let value = log_of_parts_f64(m, k);
    if x <= 0.0 {
        // −∞, or −∞ − (−∞) = NaN, made at run time: shaders have no literal for them.
        let minus_infinity = (x - 1.7976931348623157e308) * 2.0;
        if x < 0.0 { minus_infinity - minus_infinity } else { minus_infinity }
    } else if x > 1.7976931348623157e308 {
        x
    } else {
        value
    }
}

/// log x (base e). log ±0 = −∞, log x = NaN for x < 0, log ∞ = ∞.
#[kernel(function)]
pub fn log_f32(x: f32) -> f32 {
    let (m, k) = fraction_and_exponent_f32(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 0.29871997;
    series = series * z + 0.39977533;
    series = series * z + 0.66666776;
    let half_square = 0.5 * f * f;
    let rest = s * (half_square + z * series) + k * 1.4286068e-6; // ln 2, trailing bits
    let value = k * 0.69314575 - ((half_square - rest) - f); // ln 2, leading bits
    if x <= 0.0 {
        // −∞, or −∞ − (−∞) = NaN, made at run time: shaders have no literal for them.
        let minus_infinity = (x - 3.4028235e38) * 2.0;
        if x < 0.0 { minus_infinity - minus_infinity } else { minus_infinity }
    } else if x > 3.4028235e38 {
        x
    } else {
        value
    }
}
