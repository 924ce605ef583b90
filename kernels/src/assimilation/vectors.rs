//! Sums and products of long vectors, the same for any number of threads.

use rayon::prelude::*;

use crate::Real;

/// Elements that a thread takes at a time.
const PART: usize = 1 << 15;

/// Σ a·b in f64, part by part, whatever the threads.
///
/// # Panics
/// For vectors of different lengths.
pub fn dot<R: Real>(a: &[R], b: &[R]) -> f64 {
    assert_eq!(a.len(), b.len(), "lengths of vectors");
    if a.len() <= PART {
        return dot_of_part((a, b));
    }
    let parts: Vec<f64> = a.par_chunks(PART).zip(b.par_chunks(PART)).map(dot_of_part).collect();
    parts.iter().sum()
}

/// In an order that vectors can keep.
fn dot_of_part<R: Real>((a, b): (&[R], &[R])) -> f64 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a.to_f64() * b.to_f64();
        }
    }
    sums.iter().sum()
}

/// √(Σ a²).
pub fn norm<R: Real>(a: &[R]) -> f64 {
    dot(a, a).sqrt()
}

/// `y` += factor x.
pub fn add<R: Real>(y: &mut [R], factor: f64, x: &[R]) {
    let factor = R::from_f64(factor);
    update(y, x, |y, x| y + factor * x);
}

/// `y` = f(y, x), element by element.
pub fn update<R: Real>(y: &mut [R], x: &[R], function: impl Fn(R, R) -> R + Sync) {
    let part = |(y, x): (&mut [R], &[R])| {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = function(*y, *x));
    };
    if y.len() <= PART {
        return part((y, x));
    }
    y.par_chunks_mut(PART).zip(x.par_chunks(PART)).for_each(part);
}

/// x times a number.
pub fn scale<R: Real>(x: &mut [R], factor: f64) {
    let factor = R::from_f64(factor);
    x.iter_mut().for_each(|x| *x *= factor);
}

/// Takes out of x what it has along orthonormal vectors, twice, so that rounding leaves nothing.
pub fn orthogonalise<R: Real>(x: &mut [R], basis: &[Vec<R>]) {
    for _ in 0..2 {
        for vector in basis {
            let along = dot(vector, x);
            add(x, -along, vector);
        }
    }
}
