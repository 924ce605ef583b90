use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn sometimes<R: Real>(i: u32, x: &[R]) -> R {
    if x[i] > 0.0 {
        x[i]
    }
}

#[kernel]
pub fn never<R: Real>(i: u32, x: &[R]) -> R {
    let y = x[i];
}

fn main() {}
