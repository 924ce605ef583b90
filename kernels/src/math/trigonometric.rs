//! sin, cos and tan.
//!
//! x = k π/2 + r + t with |r| ≤ π/4 and t below its last place (`angle_reduction`, or `large_angle` for |x| > 2²³ in f64 and 2¹⁷ in
//! f32); sin r = r + r³ S(r²), cos r = 1 − r²/2 + r⁴ C(r²), S and C our own minimax fits; t enters to first order (Cody and Waite
//! 1980). `*_moderate_*` hold for moderate x only and have neither branch nor loop, so that loops over them vectorise.

use terrella_kernels_macros::kernel;

use super::angle_reduction::{
    quadrant_f32, quadrant_f64, quarter_turns_f32, quarter_turns_f64, reduced_angle_f32, reduced_angle_f64,
};
use super::large_angle::{large_angle_f32, large_angle_f64};

/// What sin(angle + tail) exceeds `angle` by, |angle| ≤ π/4.
#[kernel(function)]
pub fn sine_excess_f64(angle: f64, tail: f64) -> f64 {
    let z = angle * angle;
    let mut series = 1.5896795631565456e-10;
    series = series * z - 2.5050758114871613e-8;
    series = series * z + 2.755731369191534e-6;
    series = series * z - 0.000198412698298078;
    series = series * z + 0.008333333333322413;
    series = series * z - 0.16666666666666632;
    angle * z * series + tail * (1.0 - 0.5 * z)
}

/// What sin(angle + tail) exceeds `angle` by, |angle| ≤ π/4.
#[kernel(function)]
pub fn sine_excess_f32(angle: f32, tail: f32) -> f32 {
    let z = angle * angle;
    let mut series = -0.00019500726;
    series = series * z + 0.008332057;
    series = series * z - 0.16666654;
    angle * z * series + tail * (1.0 - 0.5 * z)
}

/// cos(angle + tail), |angle| ≤ π/4, less the leading part 1 − angle²/2 as rounded.
#[kernel(function)]
pub fn cosine_excess_f64(angle: f64, tail: f64) -> f64 {
    let z = angle * angle;
    let mut series = -1.1359647786002429e-11;
    series = series * z + 2.0875723272938918e-9;
    series = series * z - 2.7557314352331124e-7;
    series = series * z + 2.480158728948218e-5;
    series = series * z - 0.0013888888888874125;
    series = series * z + 0.0416666666666666;
    let half = 0.5 * z;
    let leading = 1.0 - half;
    ((1.0 - leading) - half) + (z * z * series - angle * tail)
}

/// cos(angle + tail), |angle| ≤ π/4, less the leading part 1 − angle²/2 as rounded.
#[kernel(function)]
pub fn cosine_excess_f32(angle: f32, tail: f32) -> f32 {
    let z = angle * angle;
    let mut series = 2.441986e-5;
    series = series * z - 0.0013887207;
    series = series * z + 0.04166664;
    let half = 0.5 * z;
    let leading = 1.0 - half;
    ((1.0 - leading) - half) + (z * z * series - angle * tail)
}

/// sin(angle + tail + k π/2) for the quadrant k = −2 ... 3 and |angle| ≤ π/4.
#[kernel(function)]
pub fn sine_in_quadrant_f64(quadrant: f64, angle: f64, tail: f64) -> f64 {
    let sine = angle + sine_excess_f64(angle, tail);
    let cosine = (1.0 - 0.5 * (angle * angle)) + cosine_excess_f64(angle, tail);
    let odd = quadrant == 1.0 || quadrant == -1.0 || quadrant == 3.0;
    let size = if odd { cosine } else { sine };
    let negative = quadrant == -1.0 || quadrant == -2.0 || quadrant >= 2.0;
    if negative { -size } else { size }
}

/// sin(angle + tail + k π/2) for the quadrant k = −2 ... 3 and |angle| ≤ π/4.
#[kernel(function)]
pub fn sine_in_quadrant_f32(quadrant: f32, angle: f32, tail: f32) -> f32 {
    let sine = angle + sine_excess_f32(angle, tail);
    let cosine = (1.0 - 0.5 * (angle * angle)) + cosine_excess_f32(angle, tail);
    let odd = quadrant == 1.0 || quadrant == -1.0 || quadrant == 3.0;
    let size = if odd { cosine } else { sine };
    let negative = quadrant == -1.0 || quadrant == -2.0 || quadrant >= 2.0;
    if negative { -size } else { size }
}

/// tan(angle + tail + k π/2) for the quadrant k = −2 ... 3 and |angle| ≤ π/4.
#[kernel(function)]
pub fn tangent_in_quadrant_f64(quadrant: f64, angle: f64, tail: f64) -> f64 {
    // Sine and cosine each as a rounded sum and what the rounding left.
    let sine_rest = sine_excess_f64(angle, tail);
    let sine = angle + sine_rest;
    let sine_low = (angle - sine) + sine_rest;
    let cosine_leading = 1.0 - 0.5 * (angle * angle);
    let cosine_rest = cosine_excess_f64(angle, tail);
    let cosine = cosine_leading + cosine_rest;
    let cosine_low = (cosine_leading - cosine) + cosine_rest;
    let odd = quadrant == 1.0 || quadrant == -1.0 || quadrant == 3.0;
    let numerator = if odd { -cosine } else { sine };
    let numerator_low = if odd { -cosine_low } else { sine_low };
    let denominator = if odd { sine } else { cosine };
    let denominator_low = if odd { sine_low } else { cosine_low };
    let ratio = numerator / denominator;
    ratio + (numerator_low - ratio * denominator_low) / denominator
}

/// tan(angle + tail + k π/2) for the quadrant k = −2 ... 3 and |angle| ≤ π/4.
#[kernel(function)]
pub fn tangent_in_quadrant_f32(quadrant: f32, angle: f32, tail: f32) -> f32 {
    // Sine and cosine each as a rounded sum and what the rounding left.
    let sine_rest = sine_excess_f32(angle, tail);
    let sine = angle + sine_rest;
    let sine_low = (angle - sine) + sine_rest;
    let cosine_leading = 1.0 - 0.5 * (angle * angle);
    let cosine_rest = cosine_excess_f32(angle, tail);
    let cosine = cosine_leading + cosine_rest;
    let cosine_low = (cosine_leading - cosine) + cosine_rest;
    let odd = quadrant == 1.0 || quadrant == -1.0 || quadrant == 3.0;
    let numerator = if odd { -cosine } else { sine };
    let numerator_low = if odd { -cosine_low } else { sine_low };
    let denominator = if odd { sine } else { cosine };
    let denominator_low = if odd { sine_low } else { cosine_low };
    let ratio = numerator / denominator;
    ratio + (numerator_low - ratio * denominator_low) / denominator
}

/// sin x for |x| ≤ 2²³.
#[kernel(function)]
pub fn sin_moderate_f64(x: f64) -> f64 {
    let k = quarter_turns_f64(x);
    let (angle, tail) = reduced_angle_f64(x, k);
    let value = sine_in_quadrant_f64(quadrant_f64(k), angle, tail);
    // Keeps the sign of −0.
    if x == 0.0 { x } else { value }
}

/// sin x for |x| ≤ 2¹⁷.
#[kernel(function)]
pub fn sin_moderate_f32(x: f32) -> f32 {
    let k = quarter_turns_f32(x);
    let (angle, tail) = reduced_angle_f32(x, k);
    let value = sine_in_quadrant_f32(quadrant_f32(k), angle, tail);
    // Keeps the sign of −0.
    if x == 0.0 { x } else { value }
}

/// cos x for |x| ≤ 2²³.
#[kernel(function)]
pub fn cos_moderate_f64(x: f64) -> f64 {
    let k = quarter_turns_f64(x);
    let (angle, tail) = reduced_angle_f64(x, k);
    sine_in_quadrant_f64(quadrant_f64(k + 1.0), angle, tail)
}

/// cos x for |x| ≤ 2¹⁷.
#[kernel(function)]
pub fn cos_moderate_f32(x: f32) -> f32 {
    let k = quarter_turns_f32(x);
    let (angle, tail) = reduced_angle_f32(x, k);
    sine_in_quadrant_f32(quadrant_f32(k + 1.0), angle, tail)
}

/// tan x for |x| ≤ 2²³.
#[kernel(function)]
pub fn tan_moderate_f64(x: f64) -> f64 {
    let k = quarter_turns_f64(x);
    let (angle, tail) = reduced_angle_f64(x, k);
    let value = tangent_in_quadrant_f64(quadrant_f64(k), angle, tail);
    if x == 0.0 { x } else { value }
}

/// tan x for |x| ≤ 2¹⁷.
#[kernel(function)]
pub fn tan_moderate_f32(x: f32) -> f32 {
    let k = quarter_turns_f32(x);
    let (angle, tail) = reduced_angle_f32(x, k);
    let value = tangent_in_quadrant_f32(quadrant_f32(k), angle, tail);
    if x == 0.0 { x } else { value }
}

/// sin x, x in radians. sin ±∞ = NaN, sin ±0 = ±0.
#[kernel(function)]
pub fn sin_f64(x: f64) -> f64 {
    let size = x.abs();
    if size <= 8388608.0 {
        sin_moderate_f64(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f64(size);
        let value = sine_in_quadrant_f64(quadrant, angle, tail);
        if x < 0.0 { -value } else { value }
    }
}

/// sin x, x in radians. sin ±∞ = NaN, sin ±0 = ±0.
#[kernel(function)]
pub fn sin_f32(x: f32) -> f32 {
    let size = x.abs();
    if size <= 131072.0 {
        sin_moderate_f32(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f32(size);
        let value = sine_in_quadrant_f32(quadrant, angle, tail);
        if x < 0.0 { -value } else { value }
    }
}

/// cos x, x in radians. cos ±∞ = NaN.
#[kernel(function)]
pub fn cos_f64(x: f64) -> f64 {
    let size = x.abs();
    if size <= 8388608.0 {
        cos_moderate_f64(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f64(size);
        let next = if quadrant == 3.0 { 0.0 } else { quadrant + 1.0 };
        sine_in_quadrant_f64(next, angle, tail)
    }
}

/// cos x, x in radians. cos ±∞ = NaN.
#[kernel(function)]
pub fn cos_f32(x: f32) -> f32 {
    let size = x.abs();
    if size <= 131072.0 {
        cos_moderate_f32(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f32(size);
        let next = if quadrant == 3.0 { 0.0 } else { quadrant + 1.0 };
        sine_in_quadrant_f32(next, angle, tail)
    }
}

/// tan x, x in radians. tan ±∞ = NaN, tan ±0 = ±0.
#[kernel(function)]
pub fn tan_f64(x: f64) -> f64 {
    let size = x.abs();
    if size <= 8388608.0 {
        tan_moderate_f64(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f64(size);
        let value = tangent_in_quadrant_f64(quadrant, angle, tail);
        if x < 0.0 { -value } else { value }
    }
}

/// tan x, x in radians. tan ±∞ = NaN, tan ±0 = ±0.
#[kernel(function)]
pub fn tan_f32(x: f32) -> f32 {
    let size = x.abs();
    if size <= 131072.0 {
        tan_moderate_f32(x)
    } else {
        let (quadrant, angle, tail) = large_angle_f32(size);
        let value = tangent_in_quadrant_f32(quadrant, angle, tail);
        if x < 0.0 { -value } else { value }
    }
}
