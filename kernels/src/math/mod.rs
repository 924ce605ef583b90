//! exp, log, sin, cos, tan, atan2, pow and tanh with the same bits on every device.
//!
//! Plain functions in the language of kernels, made of + − · / and comparisons alone, since shaders have no others in f64.
//! Every operation is rounded once and in the order written. Errors, measured over the whole range: `docs/math.md`.

// The constants are the leading parts of sums of parts: the nearest named constant would be another number.
#![allow(clippy::approx_constant)]
// NaN is what differs from itself: kernels have no other test.
#![allow(clippy::eq_op)]
// Compound assignment hides which operand is rounded first.
#![allow(clippy::assign_op_pattern)]

pub mod angle_reduction;
pub mod arctangent;
pub mod exponential;
pub mod hyperbolic;
pub mod lanes;
pub mod large_angle;
pub mod logarithm;
pub mod power;
pub mod rounding;
pub mod scaling;
pub mod trigonometric;

pub use arctangent::{atan2_f32, atan2_f64};
pub use exponential::{exp_f32, exp_f64};
pub use hyperbolic::{tanh_f32, tanh_f64};
pub use logarithm::{log_f32, log_f64};
pub use power::{pow_f32, pow_f64};
pub use trigonometric::{cos_f32, cos_f64, sin_f32, sin_f64, tan_f32, tan_f64};
