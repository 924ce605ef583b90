//! exp, log, sin, cos, tan, atan2, pow and tanh by Taylor series and Newton's method on double-doubles.

use super::angle::{pi, reduce};
use super::double_double::DoubleDouble;
use super::{Reference, scale};
use std::sync::LazyLock;

/// log 2 = Σ 2 / ((2n+1) 3^(2n+1)).
static LOG_2: LazyLock<DoubleDouble> = LazyLock::new(|| {
    let third = DoubleDouble::from(1.0) / 3.0.into();
    let (mut power, mut total) = (third, DoubleDouble::from(0.0));
    for n in 0..40 {
        total = total + power * 2.0.into() / f64::from(2 * n + 1).into();
        power = power * third * third;
    }
    total
});

/// e^x − 1 for |x| ≤ 0.4: Taylor's series at x / 256, then eight times u → 2u + u².
fn exp_less_one(x: DoubleDouble) -> DoubleDouble {
    let small = x * (1.0 / 256.0).into();
    let mut total = DoubleDouble::from(0.0);
    for n in (1..=14).rev() {
        total = (total + 1.0.into()) * small / f64::from(n).into();
    }
    for _ in 0..8 {
        total = total * 2.0.into() + total * total;
    }
    total
}

fn exp_of(x: DoubleDouble) -> Reference {
    let k = (x.high / std::f64::consts::LN_2).round();
    let reduced = x - *LOG_2 * k.into();
    Reference { value: exp_less_one(reduced) + 1.0.into(), exponent: k as i32 }
}

/// e^x.
pub fn exp(x: f64) -> Reference {
    exp_of(x.into())
}

fn log_of(x: f64) -> DoubleDouble {
    if (x - 1.0).abs() < 0.001 {
        // 2 atanh((x − 1)/(x + 1))
        let s = DoubleDouble::from(x - 1.0) / DoubleDouble::sum(x, 1.0);
        let z = s * s;
        let mut total = DoubleDouble::from(0.0);
        for n in (0..8).rev() {
            total = total * z + DoubleDouble::from(2.0) / f64::from(2 * n + 1).into();
        }
        return total * s;
    }
    // Newton from the f64 logarithm, on x = m · 2^k.
    let (m, k) = if x < f64::MIN_POSITIVE { (scale(x, 60), -60) } else { (x, 0) };
    let exponent = ((m.to_bits() >> 52) as i32) - 1023;
    let m = scale(m, -exponent);
    let start = m.ln();
    let inverse = exp_of((-start).into());
    let error = inverse.value * scale(m, inverse.exponent).into() - 1.0.into();
    let log_m = DoubleDouble::from(start) + (error - error * error * 0.5.into());
    *LOG_2 * f64::from(exponent + k).into() + log_m
}

/// log x, x > 0.
pub fn log(x: f64) -> Reference {
    if x == 1.0 { DoubleDouble::from(0.0).into() } else { log_of(x).into() }
}

/// x^y, x > 0.
pub fn pow(x: f64, y: f64) -> Reference {
    exp_of(log_of(x) * y.into())
}

/// tanh x = u / (u + 2), u = e^(2x) − 1.
pub fn tanh(x: f64) -> Reference {
    if x.abs() < 1e-100 {
        return DoubleDouble::from(x).into();
    }
    let size = x.abs();
    let value = if size > 40.0 {
        DoubleDouble::from(1.0)
    } else {
        let u = if size < 0.15 {
            exp_less_one((2.0 * size).into())
        } else {
            let e = exp(2.0 * size);
            let power = scale(1.0, e.exponent);
            e.value * power.into() - 1.0.into()
        };
        u / (u + 2.0.into())
    };
    value.signed(x < 0.0).into()
}

/// Σ (−1)ⁿ x^(2n+first) / (2n+first)!.
fn alternating_series(x: DoubleDouble, first: u32) -> DoubleDouble {
    let z = x * x;
    let mut total = DoubleDouble::from(1.0);
    for n in (0..15).rev() {
        let i = f64::from(2 * n + first);
        total = DoubleDouble::from(1.0) - total * z / ((i + 1.0) * (i + 2.0)).into();
    }
    if first == 1 { total * x } else { total }
}

fn sine_in_quadrant(quadrant: u32, angle: DoubleDouble) -> DoubleDouble {
    alternating_series(angle, 1 - quadrant % 2).signed(quadrant % 4 >= 2)
}

/// sin x.
pub fn sin(x: f64) -> Reference {
    if x.abs() < 1e-100 {
        return DoubleDouble::from(x).into();
    }
    let (quadrant, angle) = reduce(x);
    sine_in_quadrant(quadrant, angle).into()
}

/// cos x.
pub fn cos(x: f64) -> Reference {
    let (quadrant, angle) = reduce(x);
    sine_in_quadrant(quadrant + 1, angle).into()
}

/// tan x.
pub fn tan(x: f64) -> Reference {
    if x.abs() < 1e-100 {
        return DoubleDouble::from(x).into();
    }
    let (quadrant, angle) = reduce(x);
    (sine_in_quadrant(quadrant, angle) / sine_in_quadrant(quadrant + 1, angle)).into()
}

/// Angle of (x, y), neither 0, both normal.
pub fn atan2(y: f64, x: f64) -> Reference {
    let exponent = |v: f64| ((v.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let (ey, ex) = (exponent(y), exponent(x));
    let (my, mx) = (scale(y, -ey), scale(x, -ex));
    let shift = ey - ex;
    if shift < -40 && x > 0.0 {
        // atan q = q − q³/3, q = y/x · 2^shift
        let q = DoubleDouble::from(my) / mx.into();
        let relative = if shift < -60 { 0.0 } else { scale(q.high * q.high / 3.0, 2 * shift) };
        return Reference { value: q * (DoubleDouble::from(1.0) - relative.into()), exponent: shift };
    }
    if shift.abs() > 400 {
        let value = if shift > 0 { pi() * 0.5.into() } else { pi() };
        return value.signed(y < 0.0).into();
    }
    // One Newton step from the f64 angle, on numbers of moderate size.
    let (sy, sx) = if shift > 0 { (my, scale(mx, -shift)) } else { (scale(my, shift), mx) };
    let start = sy.atan2(sx);
    let (sine, cosine) = (sin(start).value, cos(start).value);
    let across = cosine * sy.into() - sine * sx.into();
    let along = cosine * sx.into() + sine * sy.into();
    (DoubleDouble::from(start) + across / along).into()
}
