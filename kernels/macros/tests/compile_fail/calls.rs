use terrella_kernels_macros::kernel;

pub trait Real {}

#[kernel]
pub fn calls_a_macro<R: Real>(i: u32, x: &[R]) -> R {
    assert!(i > 0);
    x[i]
}

#[kernel]
pub fn calls_a_closure<R: Real>(i: u32, x: &[R]) -> R {
    let twice = |y: R| y + y;
    twice(x[i])
}

#[kernel]
pub fn takes_a_tuple_from_elsewhere<R: Real>(i: u32, x: &[R]) -> R {
    let (a, b) = (x[i], x[i + 1]);
    a + b
}

fn main() {}
