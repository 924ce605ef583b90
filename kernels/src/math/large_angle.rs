//! x − k π/2 for any finite |x| ≥ 1, however large: slow, exact to twice the working precision.
//!
//! M. H. Payne and R. N. Hanek (1983), "Radian reduction for trigonometric functions", doi:10.1145/1057600.1057602: of the product
//! of x with the digits of 2/π only the columns matter that are neither multiples of four quarter turns nor too small to see.
//! Digits have 26 bits in f64 and 12 in f32; x has three of them; every product of two digits is exact.

use terrella_kernels_macros::kernel;

use super::rounding::{
    nearest_integer_f32, nearest_integer_f64, product_error_f32, product_error_f64, sum_error_f32,
    sum_error_f64,
};

/// Digit `place` − 3 of 2/π in base 2²⁶; 0 left of the point.
#[kernel(function)]
pub fn two_over_pi_digit_f64(place: u32) -> f64 {
    let mut digit = 0.0;
    if place == 3 {
        digit = 42722829.0;
    }
    if place == 4 {
        digit = 48555073.0;
    }
    if place == 5 {
        digit = 21659401.0;
    }
    if place == 6 {
        digit = 56087029.0;
    }
    if place == 7 {
        digit = 13858563.0;
    }
    if place == 8 {
        digit = 28715353.0;
    }
    if place == 9 {
        digit = 38736100.0;
    }
    if place == 10 {
        digit = 4324945.0;
    }
    if place == 11 {
        digit = 26128250.0;
    }
    if place == 12 {
        digit = 62674459.0;
    }
    if place == 13 {
        digit = 29957006.0;
    }
    if place == 14 {
        digit = 37899730.0;
    }
    if place == 15 {
        digit = 58726692.0;
    }
    if place == 16 {
        digit = 49193117.0;
    }
    if place == 17 {
        digit = 6588223.0;
    }
    if place == 18 {
        digit = 35515164.0;
    }
    if place == 19 {
        digit = 46442140.0;
    }
    if place == 20 {
        digit = 65964067.0;
    }
    if place == 21 {
        digit = 24988590.0;
    }
    if place == 22 {
        digit = 54822121.0;
    }
    if place == 23 {
        digit = 41009306.0;
    }
    if place == 24 {
        digit = 54917092.0;
    }
    if place == 25 {
        digit = 5137525.0;
    }
    if place == 26 {
        digit = 37323603.0;
    }
    if place == 27 {
        digit = 15192690.0;
    }
    if place == 28 {
        digit = 4585659.0;
    }
    if place == 29 {
        digit = 58608142.0;
    }
    if place == 30 {
        digit = 52426903.0;
    }
    if place == 31 {
        digit = 67074070.0;
    }
    if place == 32 {
        digit = 25231090.0;
    }
    if place == 33 {
        digit = 63202006.0;
    }
    if place == 34 {
        digit = 34237727.0;
    }
    if place == 35 {
        digit = 28629499.0;
    }
    if place == 36 {
        digit = 15891632.0;
    }
    if place == 37 {
        digit = 40752081.0;
    }
    if place == 38 {
        digit = 37709470.0;
    }
    if place == 39 {
        digit = 25143477.0;
    }
    if place == 40 {
        digit = 55737260.0;
    }
    if place == 41 {
        digit = 33225084.0;
    }
    if place == 42 {
        digit = 24853767.0;
    }
    if place == 43 {
        digit = 15195689.0;
    }
    if place == 44 {
        digit = 19476134.0;
    }
    if place == 45 {
        digit = 50255852.0;
    }
    if place == 46 {
        digit = 18845021.0;
    }
    if place == 47 {
        digit = 2185228.0;
    }
    if place == 48 {
        digit = 50622407.0;
    }
    if place == 49 {
        digit = 47901436.0;
    }
    if place == 50 {
        digit = 13614112.0;
    }
    digit
}

/// Digit `place` − 3 of 2/π in base 2¹²; 0 left of the point.
#[kernel(function)]
pub fn two_over_pi_digit_f32(place: u32) -> f32 {
    let mut digit = 0.0;
    if place == 3 {
        digit = 2607.0;
    }
    if place == 4 {
        digit = 2435.0;
    }
    if place == 5 {
        digit = 1764.0;
    }
    if place == 6 {
        digit = 3652.0;
    }
    if place == 7 {
        digit = 338.0;
    }
    if place == 8 {
        digit = 2556.0;
    }
    if place == 9 {
        digit = 629.0;
    }
    if place == 10 {
        digit = 2001.0;
    }
    if place == 11 {
        digit = 3923.0;
    }
    if place == 12 {
        digit = 1245.0;
    }
    if place == 13 {
        digit = 3085.0;
    }
    if place == 14 {
        digit = 2914.0;
    }
    if place == 15 {
        digit = 2393.0;
    }
    if place == 16 {
        digit = 2364.0;
    }
    if place == 17 {
        digit = 1081.0;
    }
    if place == 18 {
        digit = 65.0;
    }
    if place == 19 {
        digit = 4069.0;
    }
    if place == 20 {
        digit = 355.0;
    }
    digit
}

/// For x ≥ 1: the quarter turns k mod 4 (0 ≤ k < 4) next to x; x − k π/2, rounded; what rounding left.
///
/// NaN for ∞ and NaN.
#[kernel(function)]
#[inline(never)]
pub fn large_angle_f64(x: f64) -> (f64, f64, f64) {
    // x = leading · base^place
    let mut leading = x;
    let mut place: u32 = 0;
    if leading >= 2.863890391847496e250 {
        leading = leading * 3.491753744649773e-251; // 2⁻⁸³²
        place = place + 32;
    }
    if leading >= 1.6923032801030364e125 {
        leading = leading * 5.909106315382871e-126; // 2⁻⁴¹⁶
        place = place + 16;
    }
    if leading >= 4.113761393303015e62 {
        leading = leading * 2.4308653429145085e-63; // 2⁻²⁰⁸
        place = place + 8;
    }
    if leading >= 2.028240960365167e31 {
        leading = leading * 4.930380657631324e-32; // 2⁻¹⁰⁴
        place = place + 4;
    }
    if leading >= 4503599627370496.0 {
        leading = leading * 2.220446049250313e-16; // 2⁻⁵²
        place = place + 2;
    }
    if leading >= 67108864.0 {
        leading = leading * 1.4901161193847656e-8; // 2⁻²⁶
        place = place + 1;
    }
    let first_digit = leading.floor();
    let shifted = (leading - first_digit) * 67108864.0; // base
    let second_digit = shifted.floor();
    let third_digit = (shifted - second_digit) * 67108864.0;

    let mut turns = 0.0;
    let mut high = 0.0;
    let mut low = 0.0;
    let mut weight = 1.0;
    for column in 0..7 {
        for row in 0..3 {
            let digit = if row == 0 {
                first_digit
            } else if row == 1 {
                second_digit
            } else {
                third_digit
            };
            let product = digit * two_over_pi_digit_f64(place + column + 2 - row) * weight;
            if column < 3 {
                // Whole quarter turns go to `turns`; the fraction, within ±½, stays exact.
                let folded = product - 4.0 * (product * 0.25).floor();
                let whole = nearest_integer_f64(folded);
                let fraction = high + (folded - whole);
                let carry = nearest_integer_f64(fraction);
                high = fraction - carry;
                turns = turns + whole + carry;
            } else if column < 5 {
                let sum = high + product;
                low = low + sum_error_f64(high, product, sum);
                high = sum;
            } else {
                low = low + product;
            }
        }
        if column == 4 {
            let sum = high + low;
            low = (high - sum) + low;
            high = sum;
        }
        weight = weight * 1.4901161193847656e-8; // 1 / base
    }

    let product = high * 1.5707963267948966; // π/2
    let tail = product_error_f64(high, 1.5707963267948966, product)
        + (high * 6.123233995736766e-17 + low * 1.5707963267948966);
    let angle = product + tail;
    (turns - 4.0 * (turns * 0.25).floor(), angle, (product - angle) + tail)
}

/// For x ≥ 1: the quarter turns k mod 4 (0 ≤ k < 4) next to x; x − k π/2, rounded; what rounding left.
///
/// NaN for ∞ and NaN.
#[kernel(function)]
#[inline(never)]
pub fn large_angle_f32(x: f32) -> (f32, f32, f32) {
    // x = leading · base^place
    let mut leading = x;
    let mut place: u32 = 0;
    if leading >= 7.9228163e28 {
        leading = leading * 1.2621775e-29; // 2⁻⁹⁶
        place = place + 8;
    }
    if leading >= 2.8147498e14 {
        leading = leading * 3.5527137e-15; // 2⁻⁴⁸
        place = place + 4;
    }
    if leading >= 1.6777216e7 {
        leading = leading * 5.9604645e-8; // 2⁻²⁴
        place = place + 2;
    }
    if leading >= 4096.0 {
        leading = leading * 0.00024414062; // 2⁻¹²
        place = place + 1;
    }
    let first_digit = leading.floor();
    let shifted = (leading - first_digit) * 4096.0; // base
    let second_digit = shifted.floor();
    let third_digit = (shifted - second_digit) * 4096.0;

    let mut turns = 0.0;
    let mut high = 0.0;
    let mut low = 0.0;
    let mut weight = 1.0;
    for column in 0..7 {
        for row in 0..3 {
            let digit = if row == 0 {
                first_digit
            } else if row == 1 {
                second_digit
            } else {
                third_digit
            };
            let product = digit * two_over_pi_digit_f32(place + column + 2 - row) * weight;
            if column < 3 {
                // Whole quarter turns go to `turns`; the fraction, within ±½, stays exact.
                let folded = product - 4.0 * (product * 0.25).floor();
                let whole = nearest_integer_f32(folded);
                let fraction = high + (folded - whole);
                let carry = nearest_integer_f32(fraction);
                high = fraction - carry;
                turns = turns + whole + carry;
            } else if column < 5 {
                let sum = high + product;
                low = low + sum_error_f32(high, product, sum);
                high = sum;
            } else {
                low = low + product;
            }
        }
        if column == 4 {
            let sum = high + low;
            low = (high - sum) + low;
            high = sum;
        }
        weight = weight * 0.00024414062; // 1 / base
    }

    let product = high * 1.5707964; // π/2
    let tail = product_error_f32(high, 1.5707964, product) + (high * -4.371139e-8 + low * 1.5707964);
    let angle = product + tail;
    (turns - 4.0 * (turns * 0.25).floor(), angle, (product - angle) + tail)
}
