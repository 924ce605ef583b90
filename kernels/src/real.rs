//! The scalars of kernels: [`Real`] (f32, f64) and the [`Element`]s of buffers.

use crate::math;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A kernel's index of the level: a u32 whose neighbours the CPU computes together.
pub type Level = u32;

/// Which of the two floating-point formats a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits, IEEE 754 binary32.
    F32,
    /// 64 bits, IEEE 754 binary64.
    F64,
}

/// The scalar types that a kernel reads and returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// The kernel's floating-point parameter: f32 or f64, chosen at launch.
    Real,
    /// 32-bit floating point, whatever the parameter is.
    F32,
    /// 64-bit floating point, whatever the parameter is.
    F64,
    /// 32-bit unsigned integer.
    U32,
    /// 32-bit signed integer.
    I32,
}

/// A type that buffers hold.
pub trait Element: bytemuck::Pod + Send + Sync + Debug + PartialEq + 'static {
    /// The type's kind ([`ScalarKind::F32`], `F64`, `U32` or `I32`, never `Real`).
    const KIND: ScalarKind;
}

impl Element for f32 {
    const KIND: ScalarKind = ScalarKind::F32;
}
impl Element for f64 {
    const KIND: ScalarKind = ScalarKind::F64;
}
impl Element for u32 {
    const KIND: ScalarKind = ScalarKind::U32;
}
impl Element for i32 {
    const KIND: ScalarKind = ScalarKind::I32;
}

/// f32 or f64: the floating-point type of fields and kernels.
pub trait Real:
    Element
    + Copy
    + Default
    + Display
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    /// Which format this is.
    const PRECISION: Precision;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;

    /// The nearest number of this format.
    fn from_f64(value: f64) -> Self;
    /// The nearest number of this format.
    fn from_f32(value: f32) -> Self;
    /// The nearest number of this format.
    fn from_u32(value: u32) -> Self;
    /// The nearest number of this format.
    fn from_i32(value: i32) -> Self;
    /// The nearest f32.
    fn to_f32(self) -> f32;
    /// The integer below the magnitude; out of range the nearest u32, 0 for NaN.
    fn to_u32(self) -> u32;
    /// The integer below the magnitude; out of range the nearest i32, 0 for NaN.
    fn to_i32(self) -> i32;
    /// The same number in f64, exactly.
    fn to_f64(self) -> f64;
    /// √x, correctly rounded.
    fn sqrt(self) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// The largest integer ≤ x.
    fn floor(self) -> Self;
    /// The smaller of the two.
    fn min(self, other: Self) -> Self;
    /// The larger of the two.
    fn max(self, other: Self) -> Self;
    /// e^x, with the same bits on every device, like the functions that follow; errors: [`crate::math`].
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn log(self) -> Self;
    /// The sine of an angle in radians.
    fn sin(self) -> Self;
    /// The cosine of an angle in radians.
    fn cos(self) -> Self;
    /// The tangent of an angle in radians.
    fn tan(self) -> Self;
    /// The angle of the point (other, self), in radians, from −π to π.
    fn atan2(self, other: Self) -> Self;
    /// x to the power `exponent`.
    fn pow(self, exponent: Self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// [`Real::exp`] of every lane, as the CPU computes packs; the same bits, and so for the functions that follow.
    fn exp_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// [`Real::log`] of every lane.
    fn log_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// [`Real::sin`] of every lane.
    fn sin_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// [`Real::cos`] of every lane.
    fn cos_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// [`Real::tan`] of every lane.
    fn tan_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// [`Real::atan2`] of every lane.
    fn atan2_lanes<const N: usize>(y: [Self; N], x: [Self; N]) -> [Self; N];
    /// [`Real::pow`] of every lane.
    fn pow_lanes<const N: usize>(x: [Self; N], exponent: [Self; N]) -> [Self; N];
    /// [`Real::tanh`] of every lane.
    fn tanh_lanes<const N: usize>(x: [Self; N]) -> [Self; N];
    /// a·b + c with one rounding (host code only; kernels round twice on every device).
    fn mul_add(self, factor: Self, addend: Self) -> Self;
}

macro_rules! real {
    ($type:ident, $precision:ident, $($name:ident $function:ident $lanes:ident $lane_function:ident ($($argument:ident),*))*) => {
        impl Real for $type {
            const PRECISION: Precision = Precision::$precision;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $type::EPSILON;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_u32(value: u32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_i32(value: i32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn to_u32(self) -> u32 {
                self as u32
            }
            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $type::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $type::abs(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $type::floor(self)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if other < self { other } else { self }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if other > self { other } else { self }
            }
            $(
                #[inline(always)]
                fn $name(self $(, $argument: Self)*) -> Self {
                    math::$function(self $(, $argument)*)
                }
                #[inline(always)]
                fn $lanes<const N: usize>(x: [Self; N] $(, $argument: [Self; N])*) -> [Self; N] {
                    math::lanes::$lane_function(x $(, $argument)*)
                }
            )*
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                $type::mul_add(self, factor, addend)
            }
        }
    };
}

real!(
    f32, F32,
    exp exp_f32 exp_lanes exp_lanes_f32()
    log log_f32 log_lanes log_lanes_f32()
    sin sin_f32 sin_lanes sin_lanes_f32()
    cos cos_f32 cos_lanes cos_lanes_f32()
    tan tan_f32 tan_lanes tan_lanes_f32()
    atan2 atan2_f32 atan2_lanes atan2_lanes_f32(other)
    pow pow_f32 pow_lanes pow_lanes_f32(exponent)
    tanh tanh_f32 tanh_lanes tanh_lanes_f32()
);
real!(
    f64, F64,
    exp exp_f64 exp_lanes exp_lanes_f64()
    log log_f64 log_lanes log_lanes_f64()
    sin sin_f64 sin_lanes sin_lanes_f64()
    cos cos_f64 cos_lanes cos_lanes_f64()
    tan tan_f64 tan_lanes tan_lanes_f64()
    atan2 atan2_f64 atan2_lanes atan2_lanes_f64(other)
    pow pow_f64 pow_lanes pow_lanes_f64(exponent)
    tanh tanh_f64 tanh_lanes tanh_lanes_f64()
);
