//! Errors of the f64 functions against 100-bit references, over all exponents and where each is hardest.
//!
//! The bounds are those of docs/math.md; `cargo run --release --example math_errors` measures with more samples.

use terrella_kernels::math::{atan2_f64, cos_f64, exp_f64, log_f64, pow_f64, sin_f64, tan_f64, tanh_f64};

use crate::math_reference::samples::Samples;
use crate::math_reference::{Reference, functions, scale, ulps_f64};

const SAMPLES: usize = 20_000;

fn check(
    name: &str,
    bound: f64,
    seed: u64,
    samples: usize,
    sample: impl Fn(&mut Samples) -> f64,
    function: fn(f64) -> f64,
    reference: fn(f64) -> Reference,
) {
    let mut random = Samples::new(seed);
    for _ in 0..samples {
        let x = sample(&mut random);
        let error = ulps_f64(function(x), reference(x));
        assert!(error <= bound, "{name}({x:e}) = {:e}: {error} ulp, at most {bound} documented", function(x));
    }
}

fn check_two(
    name: &str,
    bound: f64,
    seed: u64,
    sample: impl Fn(&mut Samples) -> (f64, f64),
    function: fn(f64, f64) -> f64,
    reference: fn(f64, f64) -> Reference,
) {
    let mut random = Samples::new(seed);
    for _ in 0..SAMPLES {
        let (a, b) = sample(&mut random);
        let got = function(a, b);
        let error = ulps_f64(got, reference(a, b));
        assert!(error <= bound, "{name}({a:e}, {b:e}) = {got:e}: {error} ulp, at most {bound} documented");
    }
}

#[test]
fn exp_is_within_its_bound() {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> f64| {
        check("exp", 1.0, seed, SAMPLES, sample, exp_f64, functions::exp);
    };
    check(1, &|r| r.uniform(-746.0, 709.9));
    check(2, &|r| r.uniform(-0.35, 0.35));
    check(3, &|r| r.any_exponent(-1074, 5));
    check(4, &|r| r.uniform(709.7, 709.8)); // around overflow
    check(5, &|r| r.uniform(-745.2, -708.0)); // subnormal results
}

#[test]
fn log_is_within_its_bound() {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> f64| {
        check("log", 1.0, seed, SAMPLES, sample, log_f64, functions::log);
    };
    check(1, &|r| r.any_exponent(-1074, 1023).abs());
    check(2, &|r| r.uniform(0.5, 2.0));
    check(3, &|r| 1.0 + r.any_exponent(-52, -3));
}

#[test]
fn sin_and_cos_are_within_their_bounds() {
    for (name, function, reference) in [
        ("sin", sin_f64 as fn(f64) -> f64, functions::sin as fn(f64) -> Reference),
        ("cos", cos_f64, functions::cos),
    ] {
        angles(name, 1.0, function, reference);
    }
}

#[test]
fn tan_is_within_its_bound() {
    angles("tan", 1.5, tan_f64, functions::tan);
}

fn angles(name: &str, bound: f64, function: fn(f64) -> f64, reference: fn(f64) -> Reference) {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> f64| {
        check(name, bound, seed, SAMPLES / 4, sample, function, reference);
    };
    check(1, &|r| r.uniform(-8.0, 8.0));
    check(2, &|r| r.uniform(-1e5, 1e5));
    check(3, &|r| r.uniform(-8388608.0, 8388608.0));
    check(4, &|r| r.any_exponent(-1074, 0));
    check(5, &|r| r.any_exponent(20, 1023));
    // Nearest numbers to multiples of π/2: the result of sin or cos is tiny.
    check(6, &|r| (r.uniform(1.0, 5e6).floor() * std::f64::consts::FRAC_PI_2).copysign(r.uniform(-1.0, 1.0)));
    // The closest approach of any f64 to a multiple of π/2 (J.-M. Muller, Elementary Functions, 2006, §9.3).
    let closest = 6381956970095103.0 * scale(1.0, 797);
    let error = ulps_f64(function(closest), reference(closest));
    assert!(error <= bound, "{name}({closest:e}) = {:e}: {error} ulp", function(closest));
    assert!(cos_f64(closest).abs() < 5e-19, "cos of the closest approach is {}", cos_f64(closest));
}

#[test]
fn tanh_is_within_its_bound() {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> f64| {
        check("tanh", 1.5, seed, SAMPLES, sample, tanh_f64, functions::tanh);
    };
    check(1, &|r| r.uniform(-1.0, 1.0));
    check(2, &|r| r.uniform(-25.0, 25.0));
    check(3, &|r| r.any_exponent(-1074, 10));
}

#[test]
fn atan2_is_within_its_bound() {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> (f64, f64)| {
        check_two("atan2", 1.0, seed, sample, atan2_f64, functions::atan2);
    };
    check(1, &|r| (r.uniform(-1.0, 1.0), r.uniform(-1.0, 1.0)));
    check(2, &|r| (r.any_exponent(-1022, 1023), r.any_exponent(-1022, 1023)));
    check(3, &|r| {
        let x = r.any_exponent(-1020, 1022);
        (x * r.uniform(0.3, 2.0), x)
    });
}

#[test]
fn pow_is_within_its_bound() {
    let check = |seed, sample: &dyn Fn(&mut Samples) -> (f64, f64)| {
        check_two("pow", 1.5, seed, sample, pow_f64, functions::pow);
    };
    check(1, &|r| (r.uniform(0.1, 10.0), r.uniform(-30.0, 30.0)));
    // Every exponent of x, every exponent of the result, subnormal and overflowing ones too.
    check(2, &|r| {
        let x = r.any_exponent(-1074, 1023).abs();
        (x, r.uniform(-746.0, 710.0) / x.ln())
    });
    // x near 1, y large.
    check(3, &|r| {
        let x = 1.0 + r.any_exponent(-52, -2);
        (x, r.uniform(-746.0, 710.0) / (x - 1.0).ln_1p())
    });
}
