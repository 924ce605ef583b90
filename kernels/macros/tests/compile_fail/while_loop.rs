use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn halved<R: Real>(i: u32, x: &[R]) -> R {
    let mut value = x[i];
    while value > 1.0 {
        value *= 0.5;
    }
    value
}

fn main() {}
