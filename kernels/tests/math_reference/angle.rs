//! x mod π/2 by long division in fixed point: 1,280 fraction bits, 1,088 integer bits.

use super::double_double::DoubleDouble;
use std::sync::LazyLock;

const FRACTION_LIMBS: usize = 20;
const LIMBS: usize = FRACTION_LIMBS + 17;

/// A number ≥ 0, least significant limb first.
type Fixed = [u64; LIMBS];

/// π/2, by J. Machin's formula (1706): π/4 = 4 atan(1/5) − atan(1/239).
static HALF_PI: LazyLock<Fixed> = LazyLock::new(|| {
    let mut total = [0; LIMBS];
    for (factor, inverse, positive) in [(8, 5, true), (2, 239, false)] {
        let mut power = [0; LIMBS];
        power[FRACTION_LIMBS] = factor;
        power = divide_small(&power, inverse);
        let mut odd = 1;
        let mut adding = positive;
        while power.iter().any(|&limb| limb != 0) {
            let term = divide_small(&power, odd);
            total = if adding { add(&total, &term) } else { subtract(&total, &term) };
            power = divide_small(&power, inverse * inverse);
            odd += 2;
            adding = !adding;
        }
    }
    total
});

fn divide_small(a: &Fixed, divisor: u64) -> Fixed {
    let mut result = [0; LIMBS];
    let mut rest = 0u128;
    for i in (0..LIMBS).rev() {
        let value = (rest << 64) | a[i] as u128;
        result[i] = (value / divisor as u128) as u64;
        rest = value % divisor as u128;
    }
    result
}

fn add(a: &Fixed, b: &Fixed) -> Fixed {
    let mut result = [0; LIMBS];
    let mut carry = 0u128;
    for i in 0..LIMBS {
        let value = a[i] as u128 + b[i] as u128 + carry;
        result[i] = value as u64;
        carry = value >> 64;
    }
    result
}

/// a − b modulo 2¹⁰⁸⁸.
fn subtract(a: &Fixed, b: &Fixed) -> Fixed {
    let mut result = [0; LIMBS];
    let mut borrow = false;
    for i in 0..LIMBS {
        let (first, one) = a[i].overflowing_sub(b[i]);
        let (second, two) = first.overflowing_sub(borrow as u64);
        result[i] = second;
        borrow = one || two;
    }
    result
}

fn at_least(a: &Fixed, b: &Fixed) -> bool {
    for i in (0..LIMBS).rev() {
        if a[i] != b[i] {
            return a[i] > b[i];
        }
    }
    true
}

fn double(a: &Fixed) -> Fixed {
    add(a, a)
}

fn halve(a: &Fixed) -> Fixed {
    let mut result = [0; LIMBS];
    for i in 0..LIMBS {
        let above = if i + 1 < LIMBS { a[i + 1] << 63 } else { 0 };
        result[i] = (a[i] >> 1) | above;
    }
    result
}

/// |x| for |x| ≥ 2⁻¹⁰⁰, exactly.
fn from_f64(x: f64) -> Fixed {
    let bits = x.abs().to_bits();
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
    let shift = (bits >> 52) as i32 - 1023 - 52 + 64 * FRACTION_LIMBS as i32;
    let (limb, offset) = ((shift / 64) as usize, shift % 64);
    let wide = (mantissa as u128) << offset;
    let mut result = [0; LIMBS];
    result[limb] = wide as u64;
    if limb + 1 < LIMBS {
        result[limb + 1] = (wide >> 64) as u64;
    }
    result
}

/// The leading 106 bits.
fn to_double_double(a: &Fixed) -> DoubleDouble {
    let mut total = DoubleDouble::from(0.0);
    let top = (0..LIMBS).rev().find(|&i| a[i] != 0).unwrap_or(0);
    for i in (top.saturating_sub(3)..=top).rev() {
        let weight = super::scale(1.0, 64 * (i as i32 - FRACTION_LIMBS as i32));
        for (half, half_weight) in [(a[i] >> 32, 4294967296.0), (a[i] & 0xffff_ffff, 1.0)] {
            total = total + (half as f64 * (weight * half_weight)).into();
        }
    }
    total
}

/// k mod 4 and x − k π/2, |x − k π/2| ≤ π/4, for finite x.
pub fn reduce(x: f64) -> (u32, DoubleDouble) {
    if x.abs() < 0.78 {
        return (0, x.into());
    }
    let mut rest = from_f64(x);
    let mut divisor = *HALF_PI;
    let mut steps = 0;
    while at_least(&rest, &divisor) {
        divisor = double(&divisor);
        steps += 1;
    }
    let mut turns = 0u32;
    for _ in 0..steps {
        divisor = halve(&divisor);
        turns = (turns << 1) & 3;
        if at_least(&rest, &divisor) {
            rest = subtract(&rest, &divisor);
            turns |= 1;
        }
    }
    let other = subtract(&HALF_PI, &rest);
    let (turns, angle) = if at_least(&rest, &other) {
        ((turns + 1) & 3, -to_double_double(&other))
    } else {
        (turns, to_double_double(&rest))
    };
    if x < 0.0 { ((4 - turns) & 3, -angle) } else { (turns, angle) }
}

/// π, to 106 bits.
pub fn pi() -> DoubleDouble {
    to_double_double(&double(&HALF_PI))
}
