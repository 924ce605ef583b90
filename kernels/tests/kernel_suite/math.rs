//! exp, log, sin, cos, tan, atan2, pow and tanh: the same bits on every device.

use terrella_kernels::{Level, Real, kernel};

use crate::fixture::{field, positive, special};

/// Four functions.
#[kernel]
fn exponentials<R: Real>(i: u32, x: &[R], y: &[R]) -> (R, R, R, R) {
    (x[i].exp(), y[i].log(), y[i].pow(x[i]), x[i].tanh())
}

stamp! {
    exponential_functions: exponentials<R>,
    extent [999],
    arguments { slice(field::<R>(1, 999)), slice(positive::<R>(2, 999)) },
    outputs { exponential: R, logarithm: R, power: R, hyperbolic: R },
    reference {
        let (x, y) = (field::<R>(1, 999), positive::<R>(2, 999));
        move |[i]: [usize; 1]| (x[i].exp(), y[i].log(), y[i].pow(x[i]), x[i].tanh())
    }
}

/// The others.
#[kernel]
fn angles<R: Real>(i: u32, x: &[R], y: &[R]) -> (R, R, R, R) {
    (x[i].sin(), x[i].cos(), x[i].tan(), x[i].atan2(y[i]))
}

fn wide_angles<R: Real>() -> Vec<R> {
    let mut angles = special::<R>(3, 500);
    for scale in [1.0, 1e3, 1e6, 1e20] {
        angles.extend(field::<R>(4, 125).into_iter().map(|value| value * R::from_f64(scale)));
    }
    angles
}

stamp! {
    functions_of_angles: angles<R>,
    extent [1000],
    arguments { slice(wide_angles::<R>()), slice(special::<R>(5, 1000)) },
    outputs { sine: R, cosine: R, tangent: R, angle: R },
    reference {
        let (x, y) = (wide_angles::<R>(), special::<R>(5, 1000));
        move |[i]: [usize; 1]| (x[i].sin(), x[i].cos(), x[i].tan(), x[i].atan2(y[i]))
    }
}

/// On levels, and in a kernel of one precision.
#[kernel]
fn saturation_pressure(column: u32, level: Level, levels: u32, temperature: &[f64]) -> f64 {
    let celsius = temperature[column * levels + level] * 10.0;
    let wave = if celsius > 0.0 { celsius.sin() } else { 0.0 };
    611.2 * (17.67 * celsius / (celsius + 243.5)).exp() + wave
}

stamp! {
    functions_on_levels: saturation_pressure<f64>,
    extent [7, 30],
    arguments { value(30u32), slice(field::<f64>(1, 210)) },
    outputs { pressure: f64 },
    reference {
        let temperature = field::<f64>(1, 210);
        move |[column, level]: [usize; 2]| {
            let celsius = temperature[column * 30 + level] * 10.0;
            let wave = if celsius > 0.0 { Real::sin(celsius) } else { 0.0 };
            (611.2 * Real::exp(17.67 * celsius / (celsius + 243.5)) + wave,)
        }
    }
}
