use terrella_kernels_macros::kernel;

pub trait Real {}
type Level = u32;

#[kernel]
pub fn sum_above<R: Real>(column: u32, level: Level, levels: u32, x: &[R]) -> R {
    let mut sum = 0.0;
    for above in 0..level {
        sum += x[column * levels + above];
    }
    sum
}

fn main() {}
