//! Errors of the f32 functions against the standard library in f64, on every 4,097th bit pattern.
//!
//! The bounds are those of docs/math.md, measured there on every pattern where the functions are not trivial:
//! `cargo run --release --example math_errors -- exhaustive`.

use terrella_kernels::math::{atan2_f32, cos_f32, exp_f32, log_f32, pow_f32, sin_f32, tan_f32, tanh_f32};

use crate::math_reference::samples::Samples;
use crate::math_reference::ulps_f32;

fn check(name: &str, bound: f64, function: fn(f32) -> f32, exact: fn(f64) -> f64) {
    for bits in (0..=u32::MAX).step_by(4097) {
        let x = f32::from_bits(bits);
        let got = function(x);
        let error = ulps_f32(got, exact(x as f64));
        assert!(error <= bound, "{name}({x:e}) = {got:e}: {error} ulp, at most {bound} documented");
    }
}

#[test]
fn exp_is_within_its_bound() {
    check("exp", 1.0, exp_f32, f64::exp);
}

#[test]
fn log_is_within_its_bound() {
    check("log", 1.0, log_f32, f64::ln);
}

#[test]
fn sin_is_within_its_bound() {
    check("sin", 1.0, sin_f32, f64::sin);
}

#[test]
fn cos_is_within_its_bound() {
    check("cos", 1.0, cos_f32, f64::cos);
}

#[test]
fn tan_is_within_its_bound() {
    check("tan", 1.5, tan_f32, f64::tan);
}

#[test]
fn tanh_is_within_its_bound() {
    check("tanh", 1.5, tanh_f32, f64::tanh);
}

#[test]
fn atan2_is_within_its_bound() {
    let mut random = Samples::new(1);
    for i in 0..1_000_000 {
        // Any two patterns; every other time two numbers of similar size.
        let x = f32::from_bits(random.bits() as u32);
        let y = if i % 2 == 0 {
            f32::from_bits(random.bits() as u32)
        } else {
            x * random.uniform(-3.0, 3.0) as f32
        };
        let got = atan2_f32(y, x);
        let error = ulps_f32(got, (y as f64).atan2(x as f64));
        assert!(error <= 1.0, "atan2({y:e}, {x:e}) = {got:e}: {error} ulp");
    }
}

#[test]
fn pow_is_within_its_bound() {
    let mut random = Samples::new(2);
    for i in 0..1_000_000 {
        // Any two patterns; powers of every size; x near 1.
        let (x, y) = match i % 3 {
            0 => (f32::from_bits(random.bits() as u32), f32::from_bits(random.bits() as u32)),
            1 => {
                let x = random.any_exponent(-149, 127).abs() as f32;
                (x, (random.uniform(-105.0, 90.0) / (x as f64).ln()) as f32)
            }
            _ => {
                let x = (1.0 + random.any_exponent(-23, -2)) as f32;
                (x, (random.uniform(-105.0, 90.0) / (x as f64).ln()) as f32)
            }
        };
        let got = pow_f32(x, y);
        let error = ulps_f32(got, (x as f64).powf(y as f64));
        assert!(error <= 1.0, "pow({x:e}, {y:e}) = {got:e}: {error} ulp");
    }
}
