//! Packs have the bits of the scalar functions, with and without lanes that need the slow path.

use terrella_kernels::math::lanes::*;
use terrella_kernels::math::*;

use crate::math_reference::samples::Samples;

macro_rules! same_bits {
    ($float:ident, $exponents:expr; $(|$a:ident, $b:ident| $lanes:expr, $function:expr;)*) => {$(
        let mut random = Samples::new(7);
        for round in 0..2_000 {
            // Every other round moderate numbers only.
            let (from, to) = if round % 2 == 0 { $exponents } else { (-20, 15) };
            let $a: [$float; 8] = std::array::from_fn(|_| random.any_exponent(from, to) as $float);
            let $b: [$float; 8] = std::array::from_fn(|_| random.any_exponent(from, to) as $float);
            let _ = $b;
            let got = $lanes;
            for lane in 0..8 {
                let ($a, $b) = ($a[lane], $b[lane]);
                let _ = $b;
                let expected: $float = $function;
                assert!(
                    got[lane].to_bits() == expected.to_bits() || (got[lane].is_nan() && expected.is_nan()),
                    "{} of {:e}, {:e}: {:e}, alone {expected:e}", stringify!($function), $a, $b, got[lane],
                );
            }
        }
    )*};
}

#[test]
fn packs_have_the_bits_of_scalars() {
    same_bits! { f64, (-1074, 1023);
        |a, _b| exp_lanes_f64(a), exp_f64(a);
        |a, _b| log_lanes_f64(a), log_f64(a);
        |a, _b| sin_lanes_f64(a), sin_f64(a);
        |a, _b| cos_lanes_f64(a), cos_f64(a);
        |a, _b| tan_lanes_f64(a), tan_f64(a);
        |a, b| atan2_lanes_f64(a, b), atan2_f64(a, b);
        |a, b| pow_lanes_f64(a, b), pow_f64(a, b);
        |a, _b| tanh_lanes_f64(a), tanh_f64(a);
    }
    same_bits! { f32, (-149, 127);
        |a, _b| exp_lanes_f32(a), exp_f32(a);
        |a, _b| log_lanes_f32(a), log_f32(a);
        |a, _b| sin_lanes_f32(a), sin_f32(a);
        |a, _b| cos_lanes_f32(a), cos_f32(a);
        |a, _b| tan_lanes_f32(a), tan_f32(a);
        |a, b| atan2_lanes_f32(a, b), atan2_f32(a, b);
        |a, b| pow_lanes_f32(a, b), pow_f32(a, b);
        |a, _b| tanh_lanes_f32(a), tanh_f32(a);
    }
}
