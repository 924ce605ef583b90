//! Angle of the point (x, y).
//!
//! q = smaller / larger of |x|, |y|, replaced by (q − 1)/(q + 1) above ½, so that |q| ≤ ½; atan q = q + q³ P(q²), P our own minimax
//! fit; the quotient's rounding error is computed (Dekker 1971, doi:10.1007/BF01397083) and added, and the multiple of π/4 comes in
//! two parts.

use terrella_kernels_macros::kernel;

use super::rounding::{product_error_f32, product_error_f64};

/// The angle of (x, y) from the x axis, −π ... π; signs of zeros and infinities as in C99, Annex F.
#[kernel(function)]
pub fn atan2_f64(y: f64, x: f64) -> f64 {
    let y_size = y.abs();
    let x_size = x.abs();
    let steep = y_size > x_size;
    let given_large = if steep { y_size } else { x_size };
    let given_small = if steep { x_size } else { y_size };
    // ∞ stands for a number beyond all others, 0/0 for 0/1.
    let infinite = given_large > 1.7976931348623157e308;
    let both_infinite = given_small > 1.7976931348623157e308;
    let large = if infinite || given_large == 0.0 { 1.0 } else { given_large };
    let small = if both_infinite {
        1.0
    } else if infinite {
        0.0
    } else {
        given_small
    };
    // Powers of two that keep the error terms away from overflow and underflow.
    let scale = if large > 3.273390607896142e150 {
        2.409919865102884e-181
    } else if large < 3.8725919148493183e-121 {
        4.149515568880993e180
    } else {
        1.0
    };
    let scaled_large = large * scale;
    let scaled_small = small * scale;
    let folded = scaled_small + scaled_small > scaled_large;
    let sum = scaled_large + scaled_small;
    let numerator = if folded { scaled_small - scaled_large } else { scaled_small };
    let denominator = if folded { sum } else { scaled_large };
    let denominator_low = if folded { scaled_small - (sum - scaled_large) } else { 0.0 };
    // Unscaled where it may be subnormal.
    let dividend = if folded { numerator } else { small };
    let divisor = if folded { denominator } else { large };
    let q = dividend / divisor;
    let product = q * denominator;
    let remainder =
        ((numerator - product) - product_error_f64(q, denominator, product)) - q * denominator_low;
    let t = q * q;
    // Below 2⁻⁴⁰ atan q = q to the last place, and the remainder may have underflowed.
    let q_low =
        if q < 9.094947017729282e-13 && q > -9.094947017729282e-13 { 0.0 } else { remainder / denominator };
    let mut series = 0.010131633596881608;
    series = series * t - 0.027457366807547897;
    series = series * t + 0.04187989737386311;
    series = series * t - 0.05122570494834723;
    series = series * t + 0.058584348298458024;
    series = series * t - 0.06663832174076546;
    series = series * t + 0.07692076185994232;
    series = series * t - 0.09090896401779595;
    series = series * t + 0.11111110666456267;
    series = series * t - 0.142857142765579;
    series = series * t + 0.1999999999990527;
    series = series * t - 0.33333333333332993;
    let tail = q * t * series + (q_low - q_low * t);

    // angle = base ± atan q
    let x_negative = x < 0.0 || (x == 0.0 && 1.0 / x < 0.0);
    let y_negative = y < 0.0 || (y == 0.0 && 1.0 / y < 0.0);
    let reversed = steep != x_negative;
    let mut base = 0.0;
    let mut base_low = 0.0;
    if folded {
        base = 0.7853981633974483; // π/4
        base_low = 3.061616997868383e-17;
    }
    if steep && !folded {
        base = 1.5707963267948966; // π/2
        base_low = 6.123233995736766e-17;
    }
    if x_negative && folded {
        base = 2.356194490192345; // 3π/4
        base_low = 9.184850993605148e-17;
    }
    if x_negative && !folded && !steep {
        base = 3.141592653589793; // π
        base_low = 1.2246467991473532e-16;
    }
    let signed_q = if reversed { -q } else { q };
    let signed_tail = if reversed { -tail } else { tail };
    let angle = base + signed_q;
    let angle_low = (base - angle) + signed_q;
    let total = angle + (angle_low + (signed_tail + base_low));
    let value = if y_negative { -total } else { total };
    if x != x || y != y { x + y } else { value }
}

/// The angle of (x, y) from the x axis, −π ... π; signs of zeros and infinities as in C99, Annex F.
#[kernel(function)]
pub fn atan2_f32(y: f32, x: f32) -> f32 {
    let y_size = y.abs();
    let x_size = x.abs();
    let steep = y_size > x_size;
    let given_large = if steep { y_size } else { x_size };
    let given_small = if steep { x_size } else { y_size };
    // ∞ stands for a number beyond all others, 0/0 for 0/1.
    let infinite = given_large > 3.4028235e38;
    let both_infinite = given_small > 3.4028235e38;
    let large = if infinite || given_large == 0.0 { 1.0 } else { given_large };
    let small = if both_infinite {
        1.0
    } else if infinite {
        0.0
    } else {
        given_small
    };
    // Powers of two that keep the error terms away from overflow and underflow.
    let scale = if large > 1.1529215e18 {
        8.271806e-25
    } else if large < 9.094947e-13 {
        1.2089258e24
    } else {
        1.0
    };
    let scaled_large = large * scale;
    let scaled_small = small * scale;
    let folded = scaled_small + scaled_small > scaled_large;
    let sum = scaled_large + scaled_small;
    let numerator = if folded { scaled_small - scaled_large } else { scaled_small };
    let denominator = if folded { sum } else { scaled_large };
    let denominator_low = if folded { scaled_small - (sum - scaled_large) } else { 0.0 };
    // Unscaled where it may be subnormal.
    let dividend = if folded { numerator } else { small };
    let divisor = if folded { denominator } else { large };
    let q = dividend / divisor;
    let product = q * denominator;
    let remainder =
        ((numerator - product) - product_error_f32(q, denominator, product)) - q * denominator_low;
    let t = q * q;
    // Below 2⁻²⁰ atan q = q to the last place, and the remainder may have underflowed.
    let q_low = if q < 9.536743e-7 && q > -9.536743e-7 { 0.0 } else { remainder / denominator };
    let mut series = 0.038782302;
    series = series * t - 0.07988476;
    series = series * t + 0.109422095;
    series = series * t - 0.14272234;
    series = series * t + 0.19999498;
    series = series * t - 0.33333328;
    let tail = q * t * series + (q_low - q_low * t);

    // angle = base ± atan q
    let x_negative = x < 0.0 || (x == 0.0 && 1.0 / x < 0.0);
    let y_negative = y < 0.0 || (y == 0.0 && 1.0 / y < 0.0);
    let reversed = steep != x_negative;
    let mut base = 0.0;
    let mut base_low = 0.0;
    if folded {
        base = 0.7853982; // π/4
        base_low = -2.1855694e-8;
    }
    if steep && !folded {
        base = 1.5707964; // π/2
        base_low = -4.371139e-8;
    }
    if x_negative && folded {
        base = 2.3561945; // 3π/4
        base_low = -5.9624403e-9;
    }
    if x_negative && !folded && !steep {
        base = 3.1415927; // π
        base_low = -8.742278e-8;
    }
    let signed_q = if reversed { -q } else { q };
    let signed_tail = if reversed { -tail } else { tail };
    let angle = base + signed_q;
    let angle_low = (base - angle) + signed_q;
    let total = angle + (angle_low + (signed_tail + base_low));
    let value = if y_negative { -total } else { total };
    if x != x || y != y { x + y } else { value }
}
