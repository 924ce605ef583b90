//! The number of threads does not show.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Real, kernel};

use crate::fixture::field;

/// Something that rounds.
#[kernel(indices = 2)]
fn smoothed<R: Real>(row: u32, column: u32, columns: u32, x: &[R]) -> R {
    let flat = row * columns + column;
    (x[flat] + x[flat + 1] + x[flat + 2]) / 3.0
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for extent in [[7u32, 30_011], [30_011, 7]] {
        let [rows, columns] = extent;
        let points = (rows * columns) as usize;
        let x = Buffer::from_slice(Device::Cpu, &field::<f64>(1, points + 2)).unwrap();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut result = Buffer::<f64>::zeros(Device::Cpu, points).unwrap();
            pool.install(|| smoothed::launch(extent, columns, &x, &mut result)).unwrap();
            result.to_vec().unwrap()
        };
        let one = run(1);
        let x = x.to_vec().unwrap();
        assert_eq!(one[points - 1], (x[points - 1] + x[points] + x[points + 1]) / 3.0);
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one);
        }
    }
}
