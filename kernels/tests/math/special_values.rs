//! Zeros, infinities, NaN and the ends of the range: C99, Annex F.

use terrella_kernels::math::*;

macro_rules! suite {
    ($module:ident, $float:ident, $exp:ident, $log:ident, $sin:ident, $cos:ident, $tan:ident, $atan2:ident, $pow:ident, $tanh:ident) => {
        mod $module {
            use super::*;

            const INFINITY: $float = $float::INFINITY;
            const NAN: $float = $float::NAN;
            const TINY: $float = $float::from_bits(1);
            const MAX: $float = $float::MAX;
            const PI: $float = std::$float::consts::PI;

            /// Equal in every bit; any NaN equals any other.
            #[track_caller]
            fn same(got: $float, expected: $float) {
                let equal = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
                assert!(equal, "got {got:e}, expected {expected:e}");
            }

            #[test]
            fn exp() {
                same($exp(0.0), 1.0);
                same($exp(-0.0), 1.0);
                same($exp(INFINITY), INFINITY);
                same($exp(-INFINITY), 0.0);
                same($exp(NAN), NAN);
                same($exp(MAX), INFINITY);
                same($exp(-MAX), 0.0);
                same($exp(TINY), 1.0);
            }

            #[test]
            fn log() {
                same($log(1.0), 0.0);
                same($log(0.0), -INFINITY);
                same($log(-0.0), -INFINITY);
                same($log(INFINITY), INFINITY);
                same($log(-1.0), NAN);
                same($log(-TINY), NAN);
                same($log(-MAX), NAN);
                same($log(-INFINITY), NAN);
                same($log(NAN), NAN);
            }

            #[test]
            fn sine_cosine_tangent() {
                for function in [$sin, $tan] {
                    same(function(0.0), 0.0);
                    same(function(-0.0), -0.0);
                    same(function(TINY), TINY);
                    same(function(-TINY), -TINY);
                }
                same($cos(0.0), 1.0);
                same($cos(-0.0), 1.0);
                for function in [$sin, $cos, $tan] {
                    for x in [INFINITY, -INFINITY, NAN] {
                        same(function(x), NAN);
                    }
                }
                // The largest number is a number: no NaN, and odd and even functions stay so.
                same($sin(-MAX), -$sin(MAX));
                same($cos(-MAX), $cos(MAX));
                assert!($sin(MAX).abs() <= 1.0 && $cos(MAX).abs() <= 1.0);
            }

            #[test]
            fn tanh() {
                same($tanh(0.0), 0.0);
                same($tanh(-0.0), -0.0);
                same($tanh(INFINITY), 1.0);
                same($tanh(-INFINITY), -1.0);
                same($tanh(NAN), NAN);
                same($tanh(TINY), TINY);
                same($tanh(-MAX), -1.0);
            }

            #[test]
            fn atan2() {
                for (sign, turn) in [(1.0, PI), (-1.0, -PI)] {
                    let zero = 0.0 * sign;
                    same($atan2(zero, 0.0), zero);
                    same($atan2(zero, -0.0), turn);
                    same($atan2(zero, 1.0), zero);
                    same($atan2(zero, -1.0), turn);
                    same($atan2(zero, INFINITY), zero);
                    same($atan2(zero, -INFINITY), turn);
                    same($atan2(sign, 0.0), turn / 2.0);
                    same($atan2(sign, -0.0), turn / 2.0);
                    same($atan2(sign, INFINITY), zero);
                    same($atan2(sign, -INFINITY), turn);
                    same($atan2(sign * INFINITY, 1.0), turn / 2.0);
                    same($atan2(sign * INFINITY, -MAX), turn / 2.0);
                    same($atan2(sign * INFINITY, INFINITY), turn / 4.0);
                    same($atan2(sign * INFINITY, -INFINITY), 3.0 * (turn / 4.0));
                    same($atan2(sign * TINY, 1.0), sign * TINY);
                    same($atan2(sign * TINY, TINY), turn / 4.0);
                    same($atan2(sign * MAX, MAX), turn / 4.0);
                    same($atan2(sign * TINY, MAX), zero);
                    same($atan2(sign * TINY, -MAX), turn);
                }
                same($atan2(NAN, 1.0), NAN);
                same($atan2(1.0, NAN), NAN);
                same($atan2(0.0, NAN), NAN);
            }

            #[test]
            fn pow() {
                for x in [0.0, -0.0, 1.0, -1.0, 3.5, INFINITY, -INFINITY, NAN] {
                    same($pow(x, 0.0), 1.0);
                    same($pow(x, -0.0), 1.0);
                }
                for y in [0.0, 1.0, -2.5, INFINITY, -INFINITY, NAN] {
                    same($pow(1.0, y), 1.0);
                }
                same($pow(NAN, 1.0), NAN);
                same($pow(2.0, NAN), NAN);
                for sign in [1.0, -1.0] {
                    let zero = 0.0 * sign;
                    same($pow(zero, 3.0), zero);
                    same($pow(zero, -3.0), sign * INFINITY);
                    same($pow(zero, 2.0), 0.0);
                    same($pow(zero, -2.0), INFINITY);
                    same($pow(zero, 0.5), 0.0);
                    same($pow(zero, -0.5), INFINITY);
                    same($pow(zero, INFINITY), 0.0);
                    same($pow(zero, -INFINITY), INFINITY);
                    same($pow(sign * INFINITY, 3.0), sign * INFINITY);
                    same($pow(sign * INFINITY, -3.0), zero);
                    same($pow(sign * INFINITY, 2.0), INFINITY);
                    same($pow(sign * INFINITY, -2.0), 0.0);
                    same($pow(sign * INFINITY, 0.5), INFINITY);
                    same($pow(sign * INFINITY, INFINITY), INFINITY);
                    same($pow(sign * INFINITY, -INFINITY), 0.0);
                    same($pow(sign * 2.0, INFINITY), INFINITY);
                    same($pow(sign * 2.0, -INFINITY), 0.0);
                    same($pow(sign * 0.5, INFINITY), 0.0);
                    same($pow(sign * 0.5, -INFINITY), INFINITY);
                    same($pow(sign * 2.0, 3.0), sign * 8.0);
                    same($pow(sign * 2.0, 4.0), 16.0);
                    same($pow(sign * MAX, MAX), INFINITY);
                    same($pow(sign * TINY, MAX), 0.0);
                }
                same($pow(-1.0, INFINITY), 1.0);
                same($pow(-1.0, -INFINITY), 1.0);
                same($pow(-1.0, MAX), 1.0);
                same($pow(-2.0, 0.5), NAN);
                same($pow(-TINY, -1.5), NAN);
                same($pow(-INFINITY, 0.5), INFINITY);
                same($pow(TINY, 1.0), TINY);
                same($pow(MAX, 1.0), MAX);
            }
        }
    };
}

suite!(in_f64, f64, exp_f64, log_f64, sin_f64, cos_f64, tan_f64, atan2_f64, pow_f64, tanh_f64);
suite!(in_f32, f32, exp_f32, log_f32, sin_f32, cos_f32, tan_f32, atan2_f32, pow_f32, tanh_f32);

#[test]
fn powers_of_two_are_exact() {
    for k in -540..=540 {
        assert_eq!(scaling::power_of_two_f64(f64::from(k)), 2.0f64.powi(k), "2^{k}");
    }
    for k in -80..=80i16 {
        assert_eq!(scaling::power_of_two_f32(f32::from(k)), 2.0f32.powi(k.into()), "2^{k}");
    }
}

#[test]
fn exponent_and_fraction_rebuild_the_number() {
    for bits in (1..0x7f80_0000u32).step_by(40_961) {
        let x = f32::from_bits(bits);
        let (m, k) = scaling::fraction_and_exponent_f32(x);
        assert!((0.707..1.4143).contains(&m), "{x:e} = {m} * 2^{k}");
        assert_eq!(m as f64 * 2.0f64.powi(k as i32), x as f64);
        let x = f64::from(x) * f64::from(x).powi(6);
        if x > 0.0 && x < f64::MAX {
            let (m, k) = scaling::fraction_and_exponent_f64(x);
            assert!((0.707..1.4143).contains(&m), "{x:e} = {m} * 2^{k}");
            let half = (k * 0.5).floor();
            assert_eq!(m * 2.0f64.powi(half as i32) * 2.0f64.powi((k - half) as i32), x);
        }
    }
}
