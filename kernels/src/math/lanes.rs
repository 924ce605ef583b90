//! The functions on all lanes of a pack at once, for CPU vectors (host code, not in the language of kernels).
//!
//! Each lane's value has the bits of the scalar function. The loops are over straight-line code, so that LLVM makes them vector
//! instructions; sin, cos and tan take their slow path, which has loops, only where some lane needs it.

use super::trigonometric::{
    cos_moderate_f32, cos_moderate_f64, sin_moderate_f32, sin_moderate_f64, tan_moderate_f32,
    tan_moderate_f64,
};
use super::{
    atan2_f32, atan2_f64, cos_f32, cos_f64, exp_f32, exp_f64, log_f32, log_f64, pow_f32, pow_f64, sin_f32,
    sin_f64, tan_f32, tan_f64, tanh_f32, tanh_f64,
};

macro_rules! of_one {
    ($($name:ident = $function:ident($float:ident);)*) => {$(
        #[doc = concat!("[`", stringify!($function), "`](super::", stringify!($function), ") of every lane.")]
        #[inline(always)]
        pub fn $name<const N: usize>(x: [$float; N]) -> [$float; N] {
            let mut result = x;
            for lane in 0..N {
                result[lane] = $function(x[lane]);
            }
            result
        }
    )*};
}

macro_rules! of_two {
    ($($name:ident = $function:ident($float:ident);)*) => {$(
        #[doc = concat!("[`", stringify!($function), "`](super::", stringify!($function), ") of every pair of lanes.")]
        #[inline(always)]
        pub fn $name<const N: usize>(a: [$float; N], b: [$float; N]) -> [$float; N] {
            let mut result = a;
            for lane in 0..N {
                result[lane] = $function(a[lane], b[lane]);
            }
            result
        }
    )*};
}

macro_rules! of_angle {
    ($($name:ident = $moderate:ident up to $limit:literal, else $function:ident($float:ident);)*) => {$(
        #[doc = concat!("[`", stringify!($function), "`](super::", stringify!($function), ") of every lane.")]
        #[inline(always)]
        pub fn $name<const N: usize>(x: [$float; N]) -> [$float; N] {
            // Out of line, so that its loops do not keep LLVM from making vectors of the usual path.
            #[cold]
            #[inline(never)]
            fn of_any_size<const N: usize>(x: [$float; N]) -> [$float; N] {
                x.map($function)
            }

            let mut result = x;
            let mut moderate = true;
            for lane in 0..N {
                moderate &= x[lane].abs() <= $limit;
            }
            if moderate {
                for lane in 0..N {
                    result[lane] = $moderate(x[lane]);
                }
            } else {
                result = of_any_size(x);
            }
            result
        }
    )*};
}

of_one! {
    exp_lanes_f64 = exp_f64(f64);
    exp_lanes_f32 = exp_f32(f32);
    log_lanes_f64 = log_f64(f64);
    log_lanes_f32 = log_f32(f32);
    tanh_lanes_f64 = tanh_f64(f64);
    tanh_lanes_f32 = tanh_f32(f32);
}

of_two! {
    atan2_lanes_f64 = atan2_f64(f64);
    atan2_lanes_f32 = atan2_f32(f32);
    pow_lanes_f64 = pow_f64(f64);
    pow_lanes_f32 = pow_f32(f32);
}

of_angle! {
    sin_lanes_f64 = sin_moderate_f64 up to 8388608.0, else sin_f64(f64);
    sin_lanes_f32 = sin_moderate_f32 up to 131072.0, else sin_f32(f32);
    cos_lanes_f64 = cos_moderate_f64 up to 8388608.0, else cos_f64(f64);
    cos_lanes_f32 = cos_moderate_f32 up to 131072.0, else cos_f32(f32);
    tan_lanes_f64 = tan_moderate_f64 up to 8388608.0, else tan_f64(f64);
    tan_lanes_f32 = tan_moderate_f32 up to 131072.0, else tan_f32(f32);
}
