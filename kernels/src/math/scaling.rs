//! Powers of two and binary exponents without access to the bits.
//!
//! 2ᵏ: a coarse e^(k ln 2 / n), squared log₂ n times, is 2ᵏ with a relative error below 1/40; Dekker's split to three bits
//! (doi:10.1007/BF01397083) then leaves the power of two alone, exactly. No branch, no table.
//! Exponent of x: compare and scale by 2⁵¹², 2²⁵⁶, ..., each step exact.

use terrella_kernels_macros::kernel;

use super::rounding::{nearest_integer_f32, nearest_integer_f64};

/// 2ᵏ, exactly, for an integer |k| ≤ 540.
#[kernel(function)]
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
#[kernel(function)]
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
#[kernel(function)]
pub fn scale_by_power_of_two_f64(x: f64, k: f64) -> f64 {
    // 2ᵏ itself may be out of range: two factors, the first product is exact.
    let half = nearest_integer_f64(k * 0.5 - 0.25);
    let factor = power_of_two_f64(half);
    let other = if k - half > half { factor + factor } else { factor };
    (x * factor) * other
}

/// x · 2ᵏ with one rounding, for 0.5 ≤ |x| ≤ 4 and an integer k from -158 to 130.
#[kernel(function)]
pub fn scale_by_power_of_two_f32(x: f32, k: f32) -> f32 {
    // 2ᵏ itself may be out of range: two factors, the first product is exact.
    let half = nearest_integer_f32(k * 0.5 - 0.25);
    let factor = power_of_two_f32(half);
    let other = if k - half > half { factor + factor } else { factor };
    (x * factor) * other
}

/// m and the integer k with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[kernel(function)]
pub fn fraction_and_exponent_f64(x: f64) -> (f64, f64) {
    let mut fraction = x;
    let mut exponent = 0.0;
    exponent = if fraction < 1.0 { exponent - 538.0 } else { exponent };
    fraction = if fraction < 1.0 { fraction * 8.997827589086393e161 } else { fraction }; // 2⁵³⁸
    exponent = if fraction < 1.0 { exponent - 538.0 } else { exponent };
    fraction = if fraction < 1.0 { fraction * 8.997827589086393e161 } else { fraction }; // 2⁵³⁸
    exponent = if fraction >= 1.3407807929942597e154 { exponent + 512.0 } else { exponent };
    fraction = if fraction >= 1.3407807929942597e154 { fraction * 7.458340731200207e-155 } else { fraction }; // 2⁻⁵¹²
    exponent = if fraction >= 1.157920892373162e77 { exponent + 256.0 } else { exponent };
    fraction = if fraction >= 1.157920892373162e77 { fraction * 8.636168555094445e-78 } else { fraction }; // 2⁻²⁵⁶
    exponent = if fraction >= 3.402823669209385e38 { exponent + 128.0 } else { exponent };
    fraction = if fraction >= 3.402823669209385e38 { fraction * 2.938735877055719e-39 } else { fraction }; // 2⁻¹²⁸
    exponent = if fraction >= 1.8446744073709552e19 { exponent + 64.0 } else { exponent };
    fraction = if fraction >= 1.8446744073709552e19 { fraction * 5.421010862427522e-20 } else { fraction }; // 2⁻⁶⁴
    exponent = if fraction >= 4294967296.0 { exponent + 32.0 } else { exponent };
    fraction = if fraction >= 4294967296.0 { fraction * 2.3283064365386963e-10 } else { fraction }; // 2⁻³²
    exponent = if fraction >= 65536.0 { exponent + 16.0 } else { exponent };
    fraction = if fraction >= 65536.0 { fraction * 1.52587890625e-5 } else { fraction }; // 2⁻¹⁶
    exponent = if fraction >= 256.0 { exponent + 8.0 } else { exponent };
    fraction = if fraction >= 256.0 { fraction * 0.00390625 } else { fraction }; // 2⁻⁸
    exponent = if fraction >= 16.0 { exponent + 4.0 } else { exponent };
    fraction = if fraction >= 16.0 { fraction * 0.0625 } else { fraction }; // 2⁻⁴
    exponent = if fraction >= 4.0 { exponent + 2.0 } else { exponent };
    fraction = if fraction >= 4.0 { fraction * 0.25 } else { fraction }; // 2⁻²
    exponent = if fraction >= 2.0 { exponent + 1.0 } else { exponent };
    fraction = if fraction >= 2.0 { fraction * 0.5 } else { fraction }; // 2⁻¹
    exponent = if fraction >= 1.4142135623730951 { exponent + 1.0 } else { exponent }; // √2
    fraction = if fraction >= 1.4142135623730951 { fraction * 0.5 } else { fraction };
    (fraction, exponent)
}

/// m and the integer k with x = m · 2ᵏ, √½ ≤ m < √2, for finite x > 0.
#[kernel(function)]
pub fn fraction_and_exponent_f32(x: f32) -> (f32, f32) {
    let mut fraction = x;
    let mut exponent = 0.0;
    exponent = if fraction < 1.0 { exponent - 75.0 } else { exponent };
    fraction = if fraction < 1.0 { fraction * 3.7778932e22 } else { fraction }; // 2⁷⁵
    exponent = if fraction < 1.0 { exponent - 75.0 } else { exponent };
    fraction = if fraction < 1.0 { fraction * 3.7778932e22 } else { fraction }; // 2⁷⁵
    exponent = if fraction >= 1.8446744e19 { exponent + 64.0 } else { exponent };
    fraction = if fraction >= 1.8446744e19 { fraction * 5.421011e-20 } else { fraction }; // 2⁻⁶⁴
    exponent = if fraction >= 4.2949673e9 { exponent + 32.0 } else { exponent };
    fraction = if fraction >= 4.2949673e9 { fraction * 2.3283064e-10 } else { fraction }; // 2⁻³²
    exponent = if fraction >= 65536.0 { exponent + 16.0 } else { exponent };
    fraction = if fraction >= 65536.0 { fraction * 1.5258789e-5 } else { fraction }; // 2⁻¹⁶
    exponent = if fraction >= 256.0 { exponent + 8.0 } else { exponent };
    fraction = if fraction >= 256.0 { fraction * 0.00390625 } else { fraction }; // 2⁻⁸
    exponent = if fraction >= 16.0 { exponent + 4.0 } else { exponent };
    fraction = if fraction >= 16.0 { fraction * 0.0625 } else { fraction }; // 2⁻⁴
    exponent = if fraction >= 4.0 { exponent + 2.0 } else { exponent };
    fraction = if fraction >= 4.0 { fraction * 0.25 } else { fraction }; // 2⁻²
    exponent = if fraction >= 2.0 { exponent + 1.0 } else { exponent };
    fraction = if fraction >= 2.0 { fraction * 0.5 } else { fraction }; // 2⁻¹
    exponent = if fraction >= 1.4142135 { exponent + 1.0 } else { exponent }; // √2
    fraction = if fraction >= 1.4142135 { fraction * 0.5 } else { fraction };
    (fraction, exponent)
}
