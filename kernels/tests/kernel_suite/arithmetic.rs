//! Operators and exact methods of floating-point numbers.

// `!(a > b)` is not `a <= b` where one is NaN: that is what is tested.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

use terrella_kernels::{Real, kernel};

use crate::fixture::{field, positive, special};

/// The four operations, in an order that rounding can tell from any other.
#[kernel]
fn operations<R: Real>(i: u32, a: R, x: &[R], y: &[R]) -> R {
    let sum = x[i] + a * y[i] - 0.1;
    let difference = x[i] - (y[i] - (a - 1e-3));
    -sum / (difference * difference + 2.) * (x[i] / (y[i] / a)) + 1e10 * x[i] / 3.0e5
}

stamp! {
    four_operations: operations<R>,
    extent [1000],
    arguments { value(R::from_f64(0.3)), slice(field::<R>(1, 1000)), slice(field::<R>(2, 1000)) },
    outputs { result: R },
    reference {
        let (x, y) = (field::<R>(1, 1000), field::<R>(2, 1000));
        let number = R::from_f64;
        let a = number(0.3);
        move |[i]: [usize; 1]| {
            let sum = x[i] + a * y[i] - number(0.1);
            let difference = x[i] - (y[i] - (a - number(1e-3)));
            let quotient = -sum / (difference * difference + number(2.0));
            (quotient * (x[i] / (y[i] / a)) + number(1e10) * x[i] / number(3.0e5),)
        }
    }
}

/// a·b + c, which a contracting compiler would round once.
#[kernel]
fn contraction<R: Real>(i: u32, x: &[R], y: &[R], z: &[R]) -> (R, R, R) {
    (x[i] * y[i] + z[i], z[i] - x[i] * y[i], x[i] * y[i] - z[i] * y[i])
}

stamp! {
    products_and_sums_round_twice: contraction<R>,
    extent [3000],
    arguments { slice(field::<R>(1, 3000)), slice(field::<R>(2, 3000)), slice(field::<R>(3, 3000)) },
    outputs { plus: R, minus: R, both: R },
    reference {
        let (x, y, z) = (field::<R>(1, 3000), field::<R>(2, 3000), field::<R>(3, 3000));
        move |[i]: [usize; 1]| (x[i] * y[i] + z[i], z[i] - x[i] * y[i], x[i] * y[i] - z[i] * y[i])
    }
}

/// √, |x|, floor.
#[kernel]
fn exact_methods<R: Real>(i: u32, x: &[R], y: &[R]) -> (R, R, R) {
    (y[i].sqrt(), x[i].abs(), (10.0 * x[i]).floor())
}

stamp! {
    square_root_magnitude_and_floor: exact_methods<R>,
    extent [1003],
    arguments { slice(special::<R>(5, 1003)), slice(positive::<R>(6, 1003)) },
    outputs { root: R, magnitude: R, below: R },
    reference {
        let (x, y) = (special::<R>(5, 1003), positive::<R>(6, 1003));
        move |[i]: [usize; 1]| (y[i].sqrt(), x[i].abs(), (R::from_f64(10.0) * x[i]).floor())
    }
}

/// The smaller and the larger number, the first where they compare equal or not at all.
#[kernel]
fn extremes<R: Real>(i: u32, x: &[R], y: &[R]) -> (R, R) {
    (x[i].min(y[i]), x[i].max(y[i]))
}

stamp! {
    minimum_and_maximum: extremes<R>,
    extent [2000],
    arguments { slice(special::<R>(7, 2000)), slice(special::<R>(8, 2000)) },
    outputs { smaller: R, larger: R },
    reference {
        let (x, y) = (special::<R>(7, 2000), special::<R>(8, 2000));
        move |[i]: [usize; 1]| {
            (if y[i] < x[i] { y[i] } else { x[i] }, if y[i] > x[i] { y[i] } else { x[i] })
        }
    }
}

/// All comparisons, also of numbers that do not compare.
#[kernel]
fn comparisons<R: Real>(i: u32, x: &[R], y: &[R]) -> u32 {
    let (a, b) = both(x[i], y[i]);
    let mut code = 0;
    if a < b {
        code += 1;
    }
    if a <= b {
        code += 2;
    }
    if a > b {
        code += 4;
    }
    if a >= b {
        code += 8;
    }
    if a == b {
        code += 16;
    }
    if a != b {
        code += 32;
    }
    if a < b || !(a > b) && b == b {
        code += 64;
    }
    code
}

/// Its arguments.
#[kernel(function)]
fn both<R: Real>(a: R, b: R) -> (R, R) {
    (a, b)
}

stamp! {
    comparisons_of_special_values: comparisons<R>,
    extent [2000],
    arguments { slice(special::<R>(9, 2000)), slice(special::<R>(10, 2000)) },
    outputs { code: u32 },
    reference {
        let (x, y) = (special::<R>(9, 2000), special::<R>(10, 2000));
        move |[i]: [usize; 1]| {
            let (a, b) = (x[i], y[i]);
            let flags = [a < b, a <= b, a > b, a >= b, a == b, a != b, a < b || (!(a > b) && !b.to_f64().is_nan())];
            (flags.iter().enumerate().map(|(bit, flag)| u32::from(*flag) << bit).sum::<u32>(),)
        }
    }
}

/// f64 sums of f32 products.
#[kernel]
fn mixed(i: u32, scale: f64, x: &[f32], y: &[f64]) -> (f32, f64) {
    let product = x[i] * 0.1f32;
    let wide = product as f64 * scale + y[i] * 0.1;
    (wide as f32, wide)
}

stamp! {
    both_precisions_in_one_kernel: mixed<f64>,
    extent [500],
    arguments { value(0.7f64), slice(field::<f32>(1, 500)), slice(field::<f64>(2, 500)) },
    outputs { narrow: f32, wide: f64 },
    reference {
        let (x, y) = (field::<f32>(1, 500), field::<f64>(2, 500));
        move |[i]: [usize; 1]| {
            let wide = f64::from(x[i] * 0.1f32) * 0.7 + y[i] * 0.1;
            (wide as f32, wide)
        }
    }
}

/// Literals of an f32 kernel are f32.
#[kernel]
fn single(i: u32, x: &[f32]) -> f32 {
    x[i] * 0.1 + 16777217.0 / 3e-5
}

stamp! {
    single_precision_kernel: single<f32>,
    extent [300],
    arguments { slice(field::<f32>(4, 300)) },
    outputs { result: f32 },
    reference {
        let x = field::<f32>(4, 300);
        move |[i]: [usize; 1]| (x[i] * 0.1f32 + 16777217.0f32 / 3e-5f32,)
    }
}
