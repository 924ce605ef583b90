//! Kernel functions that call each other.

use terrella_kernels::{Real, kernel};

use crate::fixture::field;

mod limiters {
    use terrella_kernels::{Real, kernel};

    /// Zero where the slopes differ in sign, else the smaller.
    #[kernel(function)]
    pub(crate) fn minmod<R: Real>(a: R, b: R) -> R {
        if a * b <= 0.0 {
            return 0.0;
        }
        if a.abs() < b.abs() { a } else { b }
    }

    /// The limited slope from three values.
    #[kernel(function)]
    pub(crate) fn limited_slope<R: Real>(left: R, centre: R, right: R) -> R {
        minmod(centre - left, right - centre)
    }

    /// Quotient and remainder, and whether there is one.
    #[kernel(function)]
    pub(crate) fn divided(a: u32, b: u32) -> (u32, u32, bool) {
        (a / b, a % b, a % b != 0)
    }
}

use limiters::limited_slope;

/// Left and right values of a cell by limited reconstruction.
#[kernel]
fn reconstruction<R: Real>(cell: u32, cells: u32, value: &[R]) -> (R, R) {
    let (quotient, west, _): (u32, u32, bool) = limiters::divided(cell + cells - 1, cells);
    let east = (cell + 1) % cells;
    let limited_slope = limited_slope(value[west], value[cell], value[east]) * 0.5;
    let nothing: u32 = quotient - quotient;
    let weight = limiters::minmod(1.0, 2.0) + nothing as R;
    (value[cell] - limited_slope * weight, value[cell] + limited_slope)
}

stamp! {
    functions_call_functions: reconstruction<R>,
    extent [345],
    arguments { value(345u32), slice(field::<R>(1, 345)) },
    outputs { left: R, right: R },
    reference {
        let value = field::<R>(1, 345);
        let zero = R::from_f64(0.0);
        move |[cell]: [usize; 1]| {
            let a = value[cell] - value[(cell + 344) % 345];
            let b = value[(cell + 1) % 345] - value[cell];
            let slope = if a * b <= zero { zero } else if a.abs() < b.abs() { a } else { b };
            let slope = slope * R::from_f64(0.5);
            (value[cell] - slope, value[cell] + slope)
        }
    }
}

/// A kernel without type parameter calls a generic function in its own precision.
#[kernel]
fn half_slopes(i: u32, x: &[f64]) -> f64 {
    limiters::minmod(x[i], x[i + 1]) * 0.5
}

stamp! {
    fixed_precision_calls_generic: half_slopes<f64>,
    extent [99],
    arguments { slice(field::<f64>(2, 100)) },
    outputs { slope: f64 },
    reference {
        let x = field::<f64>(2, 100);
        move |[i]: [usize; 1]| {
            let (a, b) = (x[i], x[i + 1]);
            (if a * b <= 0.0 { 0.0 } else if a.abs() < b.abs() { a * 0.5 } else { b * 0.5 },)
        }
    }
}
