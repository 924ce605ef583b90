use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn wide_index<R: Real>(i: usize, x: &[R]) -> R {
    x[i]
}

#[kernel(function)]
pub fn function_of_slice<R: Real>(x: &[R]) -> R {
    x[0]
}

#[kernel]
pub fn nothing<R: Real>(i: u32, x: &[R]) {
    x[i];
}

#[kernel(devices = 3)]
pub fn unknown_option<R: Real>(i: u32, x: &[R]) -> R {
    x[i]
}

fn main() {}
