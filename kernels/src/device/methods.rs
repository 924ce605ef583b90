//! The methods of `R` that are functions of [`crate::math`], as the texts of kernels find them.

use super::text::RealMethod;
use crate::math;

macro_rules! methods {
    ($($constant:ident $name:literal $arguments:literal $f32:ident $f64:ident)*) => {
        $(
            #[doc = concat!("`x.", $name, "()`")]
            pub static $constant: RealMethod = RealMethod {
                name: $name,
                arguments: $arguments,
                f32: &math::$f32::TEXT,
                f64: &math::$f64::TEXT,
            };
        )*
    };
}

methods! {
    EXP "exp" 1 exp_f32 exp_f64
    LOG "log" 1 log_f32 log_f64
    SIN "sin" 1 sin_f32 sin_f64
    COS "cos" 1 cos_f32 cos_f64
    TAN "tan" 1 tan_f32 tan_f64
    TANH "tanh" 1 tanh_f32 tanh_f64
    ATAN2 "atan2" 2 atan2_f32 atan2_f64
    POW "pow" 2 pow_f32 pow_f64
}
