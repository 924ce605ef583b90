//! Hyperbolic tangent.
//!
//! |x| ≤ 0.55: x + x³ P(x²), P our own minimax fit; above: 1 − 2 / (e^(2|x|) + 1), exactly ±1 from 19.1 (f64) or 9.1 (f32) on.

use terrella_kernels_macros::kernel;

use super::exponential::{exp_f32, exp_f64};

/// tanh x. tanh ±∞ = ±1, tanh ±0 = ±0.
#[kernel(function)]
pub fn tanh_f64(x: f64) -> f64 {
    let size = x.abs();
    let t = size * size;
    let mut series = 5.1079958806644476e-5;
    series = series * t - 0.00021039116539968186;
    series = series * t + 0.0005791941929643112;
    series = series * t - 0.0014532371045507106;
    series = series * t + 0.0035917240600317787;
    series = series * t - 0.008863195080217663;
    series = series * t + 0.021869486020749947;
    series = series * t - 0.05396825387815205;
    series = series * t + 0.13333333333173292;
    series = series * t - 0.3333333333333235;
    let near = size + size * t * series;
    let far = 1.0 - 2.0 / (exp_f64(size + size) + 1.0);
    let value = if size > 0.55 { far } else { near };
    // Keeps the sign of −0.
    if x == 0.0 {
        x
    } else if x < 0.0 {
        -value
    } else {
        value
    }
}

/// tanh x. tanh ±∞ = ±1, tanh ±0 = ±0.
#[kernel(function)]
pub fn tanh_f32(x: f32) -> f32 {
    let size = x.abs();
    let t = size * size;
    let mut series = -0.006281792;
    series = series * t + 0.021077307;
    series = series * t - 0.053853758;
    series = series * t + 0.13332601;
    series = series * t - 0.3333332;
    let near = size + size * t * series;
    let far = 1.0 - 2.0 / (exp_f32(size + size) + 1.0);
    let value = if size > 0.55 { far } else { near };
    // Keeps the sign of −0.
    if x == 0.0 {
        x
    } else if x < 0.0 {
        -value
    } else {
        value
    }
}
