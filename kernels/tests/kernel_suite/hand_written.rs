//! A kernel whose GPU texts are written by hand beside its CPU code.

use terrella_kernels::{Real, kernel};

use crate::fixture::field;

/// The sum of the 64 values of a block; on a GPU the threads share their loads.
#[kernel(cuda = "hand_written.cu", wgsl = "hand_written.wgsl")]
fn block_sum<R: Real>(i: u32, n: u32, x: &[R]) -> R {
    let mut sum = 0.0;
    for j in 0..n {
        sum += x[i / n * n + j];
    }
    sum
}

stamp! {
    texts_by_hand: block_sum<R>,
    extent [64 * 9],
    arguments { value(64u32), slice(field::<R>(1, 64 * 9)) },
    outputs { sum: R },
    reference {
        let x = field::<R>(1, 64 * 9);
        move |[i]: [usize; 1]| {
            let mut sum = R::from_f64(0.0);
            for j in 0..64 {
                sum += x[i / 64 * 64 + j];
            }
            (sum,)
        }
    }
}

#[test]
fn the_texts_are_the_files() {
    assert_eq!(block_sum::CUDA, include_str!("hand_written.cu"));
    assert_eq!(block_sum::WGSL, include_str!("hand_written.wgsl"));
}
