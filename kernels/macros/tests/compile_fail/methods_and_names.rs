use terrella_kernels_macros::kernel;

pub trait Real {}

const GRAVITY: f64 = 9.80665;

#[kernel]
pub fn unknown_method<R: Real>(i: u32, x: &[R]) -> R {
    x[i].cbrt()
}

#[kernel]
pub fn captured_constant<R: Real>(i: u32, x: &[R]) -> R {
    x[i] * GRAVITY
}

#[kernel]
pub fn immutable<R: Real>(i: u32, x: &[R]) -> R {
    let sum = x[i];
    sum += 1.0;
    sum
}

fn main() {}
