use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn writes<R: Real>(i: u32, x: &[R]) -> R {
    x[i] = 1.0;
    x[i]
}

#[kernel]
pub fn takes_mutable<R: Real>(i: u32, x: &mut [R]) -> R {
    x[i]
}

fn main() {}
