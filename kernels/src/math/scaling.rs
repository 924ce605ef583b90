//! Powers of two and binary exponents without access to the bits.
//!
//! 2ᵏ: a coarse e^(k ln 2 / n), squared log₂ n times, is 2ᵏ with a relative error below 1/40; Dekker's split to three bits
//! (doi:10.1007/BF01397083) then leaves the power of two alone, exactly. No branch, no table.
//! Exponent of x: compare and scale by 2⁵¹², 2²⁵⁶, ..., each step exact.

use super::rounding::{nearest_integer_f32, nearest_integer_f64};

/// 2ᵏ, exactly, for an integer |k| ≤ 540.
#[inline(always)]
pub fn power_of_two_f64(k: f64) -> f64 {
    let small = k * 0.0001692253858788929; // ln 2 / 4096
    let mut power = 1.0 + small * (1.0 + small * (0.5 + small * 0.16666666666666666));
    for _squaring in 0..12 {
        power = power * power;
    }
    let scaled = power * 1125899906842625.0; // 2⁵⁰ + 1
    scaled - (scaled - power)
}

/// 2ᵏ, exactly, for an integer |k| ≤ 80.
#[inline(always)]
pub fn power_of_two_f32(k: f32) -> f32 {
    let small = k * 0.00067690155; // ln 2 / 1024
    let mut power = 1.0 + small * (1.0 + small * 0.5);
    for _squaring in 0..10 {
        power = power * power;
    }
    let scaled = power * 2.097153e6; // 2²¹ + 1
    scaled - (scaled - power)
}

/// x · 2ᵏ with one rounding, for 0.5 ≤ |x| ≤ 4 and an integer k from -1078 to 1026.
#[inline(always)]
pub fn scale_by_power_of_two_f64(x: f64, k: f64) -> f64 {
    // 2ᵏ itself may be out of range: two factors, the first product is exact.
    let half = nearest_integer_f64(k * 0.5 - 0.25);
    let factor = power_of_two_f64(half);
    let other = if k - half > half { factor + factor } else { factor };
    (x * factor) * other
}

/// x · 2ᵏ with one rounding, for 0.5 ≤ |x| ≤ 4 and an integer k from -158 to 130.
#[inline(always)]
pub fn scale_by_power_of_two_f32(x: f32, k: f32) -> f32 {
    // 2ᵏ itself may be out of range: two factors, the first product is exact.
    let half = nearest_integer_f32(k * 0.5 - 0.25);
    let factor = power_of_two_f32(half);
    let other = if k - half > half { factor + factor } else { factor };
    (x * factor) * other
}

/// The integer k with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[inline(always)]
pub fn binary_exponent_f64(x: f64) -> f64 {
    let mut fraction = x;
    let mut exponent = 0.0;
    if fraction < 1.0 {
        fraction = fraction * 8.997827589086393e161; // 2⁵³⁸
        exponent = exponent - 538.0;
    }
    if fraction < 1.0 {
        fraction = fraction * 8.997827589086393e161; // 2⁵³⁸
        exponent = exponent - 538.0;
    }
    if fraction >= 1.3407807929942597e154 {
        fraction = fraction * 7.458340731200207e-155; // 2⁻⁵¹²
        exponent = exponent + 512.0;
    }
    if fraction >= 1.157920892373162e77 {
        fraction = fraction * 8.636168555094445e-78; // 2⁻²⁵⁶
        exponent = exponent + 256.0;
    }
    if fraction >= 3.402823669209385e38 {
        fraction = fraction * 2.938735877055719e-39; // 2⁻¹²⁸
        exponent = exponent + 128.0;
    }
    if fraction >= 1.8446744073709552e19 {
        fraction = fraction * 5.421010862427522e-20; // 2⁻⁶⁴
        exponent = exponent + 64.0;
    }
    if fraction >= 4294967296.0 {
        fraction = fraction * 2.3283064365386963e-10; // 2⁻³²
        exponent = exponent + 32.0;
    }
    if fraction >= 65536.0 {
        fraction = fraction * 1.52587890625e-5; // 2⁻¹⁶
        exponent = exponent + 16.0;
    }
    if fraction >= 256.0 {
        fraction = fraction * 0.00390625; // 2⁻⁸
        exponent = exponent + 8.0;
    }
    if fraction >= 16.0 {
        fraction = fraction * 0.0625; // 2⁻⁴
        exponent = exponent + 4.0;
    }
    if fraction >= 4.0 {
        fraction = fraction * 0.25; // 2⁻²
        exponent = exponent + 2.0;
    }
    if fraction >= 2.0 {
        fraction = fraction * 0.5; // 2⁻¹
        exponent = exponent + 1.0;
    }
    if fraction >= 1.4142135623730951 {
        exponent = exponent + 1.0; // √2 and more
    }
    exponent
}

/// The integer k with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[inline(always)]
pub fn binary_exponent_f32(x: f32) -> f32 {
    let mut fraction = x;
    let mut exponent = 0.0;
    if fraction < 1.0 {
        fraction = fraction * 3.7778932e22; // 2⁷⁵
        exponent = exponent - 75.0;
    }
    if fraction < 1.0 {
        fraction = fraction * 3.7778932e22; // 2⁷⁵
        exponent = exponent - 75.0;
    }
    if fraction >= 1.8446744e19 {
        fraction = fraction * 5.421011e-20; // 2⁻⁶⁴
        exponent = exponent + 64.0;
    }
    if fraction >= 4.2949673e9 {
        fraction = fraction * 2.3283064e-10; // 2⁻³²
        exponent = exponent + 32.0;
    }
    if fraction >= 65536.0 {
        fraction = fraction * 1.5258789e-5; // 2⁻¹⁶
        exponent = exponent + 16.0;
    }
    if fraction >= 256.0 {
        fraction = fraction * 0.00390625; // 2⁻⁸
        exponent = exponent + 8.0;
    }
    if fraction >= 16.0 {
        fraction = fraction * 0.0625; // 2⁻⁴
        exponent = exponent + 4.0;
    }
    if fraction >= 4.0 {
        fraction = fraction * 0.25; // 2⁻²
        exponent = exponent + 2.0;
    }
    if fraction >= 2.0 {
        fraction = fraction * 0.5; // 2⁻¹
        exponent = exponent + 1.0;
    }
    if fraction >= 1.4142135 {
        exponent = exponent + 1.0; // √2 and more
    }
    exponent
}

/// The m with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[inline(always)]
pub fn binary_fraction_f64(x: f64) -> f64 {
    let mut fraction = x;
    if fraction < 1.0 {
        fraction = fraction * 8.997827589086393e161; // 2⁵³⁸
    }
    if fraction < 1.0 {
        fraction = fraction * 8.997827589086393e161; // 2⁵³⁸
    }
    if fraction >= 1.3407807929942597e154 {
        fraction = fraction * 7.458340731200207e-155; // 2⁻⁵¹²
    }
    if fraction >= 1.157920892373162e77 {
        fraction = fraction * 8.636168555094445e-78; // 2⁻²⁵⁶
    }
    if fraction >= 3.402823669209385e38 {
        fraction = fraction * 2.938735877055719e-39; // 2⁻¹²⁸
    }
    if fraction >= 1.8446744073709552e19 {
        fraction = fraction * 5.421010862427522e-20; // 2⁻⁶⁴
    }
    if fraction >= 4294967296.0 {
        fraction = fraction * 2.3283064365386963e-10; // 2⁻³²
    }
    if fraction >= 65536.0 {
        fraction = fraction * 1.52587890625e-5; // 2⁻¹⁶
    }
    if fraction >= 256.0 {
        fraction = fraction * 0.00390625; // 2⁻⁸
    }
    if fraction >= 16.0 {
        fraction = fraction * 0.0625; // 2⁻⁴
    }
    if fraction >= 4.0 {
        fraction = fraction * 0.25; // 2⁻²
    }
    if fraction >= 2.0 {
        fraction = fraction * 0.5; // 2⁻¹
    }
    if fraction >= 1.4142135623730951 {
        fraction = fraction * 0.5; // √2 and more
    }
    fraction
}

/// The m with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[inline(always)]
pub fn binary_fraction_f32(x: f32) -> f32 {
    let mut fraction = x;
    if fraction < 1.0 {
        fraction = fraction * 3.7778932e22; // 2⁷⁵
    }
    if fraction < 1.0 {
        fraction = fraction * 3.7778932e22; // 2⁷⁵
    }
    if fraction >= 1.8446744e19 {
        fraction = fraction * 5.421011e-20; // 2⁻⁶⁴
    }
    if fraction >= 4.2949673e9 {
        fraction = fraction * 2.3283064e-10; // 2⁻³²
    }
    if fraction >= 65536.0 {
        fraction = fraction * 1.5258789e-5; // 2⁻¹⁶
    }
    if fraction >= 256.0 {
        fraction = fraction * 0.00390625; // 2⁻⁸
    }
    if fraction >= 16.0 {
        fraction = fraction * 0.0625; // 2⁻⁴
    }
    if fraction >= 4.0 {
        fraction = fraction * 0.25; // 2⁻²
    }
    if fraction >= 2.0 {
        fraction = fraction * 0.5; // 2⁻¹
    }
    if fraction >= 1.4142135 {
        fraction = fraction * 0.5; // √2 and more
    }
    fraction
}
