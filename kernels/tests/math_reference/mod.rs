//! Elementary functions to 100 bits, slow and plain: what the portable functions are measured against.
//!
//! Nothing here shares a line with the functions under test. `double_double` carries the digits, `angle` reduces angles by long
//! division with 1,280 fraction bits of π, `functions` sums Taylor series.

#![allow(dead_code, unreachable_pub)] // each test uses a part

pub mod angle;
pub mod double_double;
pub mod functions;
pub mod samples;

use double_double::DoubleDouble;

/// `value` · 2^`exponent`: a reference that neither overflows nor underflows.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The leading 106 bits.
    pub value: DoubleDouble,
    /// The power of two beside them.
    pub exponent: i32,
}

impl From<DoubleDouble> for Reference {
    fn from(value: DoubleDouble) -> Self {
        Reference { value, exponent: 0 }
    }
}

/// x · 2^k with one rounding at most.
pub fn scale(x: f64, k: i32) -> f64 {
    let mut result = x;
    let mut left = k;
    while left > 1000 {
        result *= f64::from_bits(2023 << 52);
        left -= 1000;
    }
    while left < -1000 {
        result *= f64::from_bits(23 << 52);
        left += 1000;
    }
    result * f64::from_bits(((left + 1023) as u64) << 52)
}

/// floor(log₂ |x|) of a normal number.
fn exponent_of(x: f64) -> i32 {
    ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

/// |got − reference| in units of the reference's last place in f64; an overflow to ∞ counts as exact where rounding demands it.
pub fn ulps_f64(got: f64, reference: Reference) -> f64 {
    let exact = reference.value;
    if exact.high == 0.0 {
        return if got == 0.0 { 0.0 } else { f64::INFINITY };
    }
    let exponent = exponent_of(exact.high) + reference.exponent;
    if got.is_infinite() {
        let overflows = exponent >= 1024
            || (exponent == 1023 && scale(exact.high.abs(), -exponent_of(exact.high)) >= 2.0 - f64::EPSILON);
        return if overflows && (got > 0.0) == (exact.high > 0.0) { 0.0 } else { f64::INFINITY };
    }
    if exponent < -1080 {
        return if got == 0.0 { 0.0 } else { f64::INFINITY };
    }
    let unit_exponent = exponent.max(-1022) - 52;
    let scaled_got = scale(got, -reference.exponent);
    let unit = scale(1.0, unit_exponent - reference.exponent);
    (((scaled_got - exact.high) - exact.low) / unit).abs()
}

/// |got − exact| in units of the exact value's last place in f32.
pub fn ulps_f32(got: f32, exact: f64) -> f64 {
    if exact.is_nan() || got.is_nan() {
        return if exact.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    // The smallest number that rounds to ∞.
    let overflow = f32::MAX as f64 + (2.0f64).powi(103);
    if got.is_infinite() {
        let demanded = exact.abs() >= overflow && (got > 0.0) == (exact > 0.0);
        let near = exact.abs() >= f32::MAX as f64 && (got > 0.0) == (exact > 0.0);
        return if demanded {
            0.0
        } else if near {
            1.0
        } else {
            f64::INFINITY
        };
    }
    if exact.abs() >= overflow {
        return if exact.abs() < overflow + (2.0f64).powi(103) && got.abs() == f32::MAX {
            1.0
        } else {
            f64::INFINITY
        };
    }
    let exponent = if exact.abs() < f32::MIN_POSITIVE as f64 { -126 } else { exponent_of(exact) };
    (got as f64 - exact).abs() / scale(1.0, exponent - 23)
}
