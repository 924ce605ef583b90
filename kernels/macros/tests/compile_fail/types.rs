use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn integer_times_real<R: Real>(i: u32, n: i32, x: &[R]) -> R {
    x[i] * n
}

#[kernel]
pub fn literal_without_point<R: Real>(i: u32, x: &[R]) -> R {
    2 * x[i]
}

#[kernel]
pub fn real_index<R: Real>(i: u32, x: &[R]) -> R {
    x[x[i]]
}

#[kernel]
pub fn real_remainder<R: Real>(i: u32, x: &[R]) -> R {
    x[i] % 2.0
}

fn main() {}
