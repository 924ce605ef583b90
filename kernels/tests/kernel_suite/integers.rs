//! Integers and conversions.

use terrella_kernels::{Real, kernel};

use crate::fixture::{field, indices, special};

fn unsigned() -> Vec<u32> {
    let mut values = indices(1, 900, 4_000_000_000);
    values.extend([0, 1, 2, 31, 32, 33, u32::MAX, 1 << 31]);
    values
}

fn signed() -> Vec<i32> {
    unsigned().into_iter().map(|value| value as i32).collect()
}

/// u32 arithmetic modulo 2³².
#[kernel]
fn unsigned_operations(i: u32, n: u32, x: &[u32]) -> (u32, u32, u32, u32) {
    let y = x[(i + 7) % n];
    let sum = x[i] * 2654435761 + y - 12345;
    let quotient = x[i] / (y + 1).max(1) + x[i] % (y / 2).max(1);
    let bits = (x[i] & y) ^ (x[i] | 255) ^ !y;
    let shifts = (x[i] << 3) ^ (x[i] >> y) ^ (y << (x[i] & 63));
    (sum, quotient, bits, shifts)
}

stamp! {
    unsigned_integers: unsigned_operations<f32>,
    extent [908],
    arguments { value(908u32), slice(unsigned()) },
    outputs { sum: u32, quotient: u32, logic: u32, shifts: u32 },
    reference {
        let x = unsigned();
        move |[i]: [usize; 1]| {
            let (x, y) = (x[i], x[(i + 7) % 908]);
            (
                x.wrapping_mul(2654435761).wrapping_add(y).wrapping_sub(12345),
                (x / y.wrapping_add(1).max(1)).wrapping_add(x % (y / 2).max(1)),
                (x & y) ^ (x | 255) ^ !y,
                (x << 3) ^ x.wrapping_shr(y) ^ y.wrapping_shl(x & 63),
            )
        }
    }
}

/// i32 arithmetic: division truncates, the right shift keeps the sign.
#[kernel]
fn signed_operations(i: u32, n: u32, x: &[i32]) -> (i32, i32, i32, u32) {
    let a = x[i] / 65536;
    let b = x[(i + 3) % n] / 65536;
    let divisor = if b == 0 { -7 } else { b };
    let sum = a * b - (a + 3) + -b;
    let shifts = (x[i] >> 5) ^ (x[i] << 2) ^ (a.min(b) & a.max(b));
    let mut below = 0u32;
    if a < b {
        below = 1;
    }
    if a >= -5 && b != 9 {
        below += 2;
    }
    (sum, a / divisor * 1000 + a % divisor, shifts, below)
}

stamp! {
    signed_integers: signed_operations<f32>,
    extent [908],
    arguments { value(908u32), slice(signed()) },
    outputs { sum: i32, quotient: i32, shifts: i32, below: u32 },
    reference {
        let x = signed();
        move |[i]: [usize; 1]| {
            let (x, y) = (x[i], x[(i + 3) % 908]);
            let (a, b) = (x / 65536, y / 65536);
            let divisor = if b == 0 { -7 } else { b };
            let below = u32::from(a < b) + if a >= -5 && b != 9 { 2 } else { 0 };
            (
                a * b - (a + 3) - b,
                a / divisor * 1000 + a % divisor,
                (x >> 5) ^ (x << 2) ^ (a.min(b) & a.max(b)),
                below,
            )
        }
    }
}

/// Integers to real numbers.
#[kernel]
fn to_real<R: Real>(i: u32, x: &[u32], y: &[i32]) -> (R, R, R) {
    (x[i] as R, y[i] as R, (x[i] > 5) as u32 as R * 0.5)
}

stamp! {
    integers_to_real_numbers: to_real<R>,
    extent [908],
    arguments { slice(unsigned()), slice(signed()) },
    outputs { of_unsigned: R, of_signed: R, of_bool: R },
    reference {
        let (x, y) = (unsigned(), signed());
        move |[i]: [usize; 1]| {
            (R::from_u32(x[i]), R::from_i32(y[i]), R::from_f64(if x[i] > 5 { 0.5 } else { 0.0 }))
        }
    }
}

fn wide_range<R: Real>() -> Vec<R> {
    let mut values = special::<R>(3, 400);
    for scale in [1.0, 100.0, 1e6, 1e9, 1e12] {
        values.extend(field::<R>(4, 120).into_iter().map(|value| value * R::from_f64(scale)));
    }
    let edges =
        [2147483647.0, 2147483648.0, -2147483648.0, -2147483649.0, 4294967295.0, 4294967296.0, -0.99, 0.99];
    values.extend(edges.map(R::from_f64));
    values
}

/// Real numbers to integers, out of range and not a number too.
#[kernel]
fn to_integers<R: Real>(i: u32, x: &[R]) -> (u32, i32, i32, u32) {
    let whole = x[i] as i32;
    (x[i] as u32, whole, (x[i] as u32) as i32, whole as u32)
}

stamp! {
    real_numbers_to_integers: to_integers<R>,
    extent [1008],
    arguments { slice(wide_range::<R>()) },
    outputs { unsigned: u32, signed: i32, reinterpreted: i32, wrapped: u32 },
    reference {
        let x = wide_range::<R>();
        move |[i]: [usize; 1]| {
            let value = x[i].to_f64();
            (value as u32, value as i32, value as u32 as i32, value as i32 as u32)
        }
    }
}
