use super::*;
use crate::random;

/// Σ over matrices of a function of (A, vectors, values), all [row][column].
fn check<R: Real>(size: usize, count: usize, matrix: impl Fn(usize, &mut [R])) {
    let mut matrices = vec![R::ZERO; count * size * size];
    for (number, one) in matrices.chunks_mut(size * size).enumerate() {
        matrix(number, one);
        for row in 0..size {
            for column in 0..row {
                one[column * size + row] = one[row * size + column];
            }
        }
    }
    let original = matrices.clone();
    let mut values = vec![R::ZERO; count * size];
    eigen(size, &mut matrices, &mut values).expect("eigenvalues");
    // Rounding errors of n² operations, of which n add up at random: measured 0.6 n ε at the most.
    let tolerance = 2.0 * size.max(4) as f64 * R::EPSILON.to_f64();
    for number in 0..count {
        let part = number * size * size..(number + 1) * size * size;
        let (a, v) = (&original[part.clone()], &matrices[part]);
        let values = &values[number * size..(number + 1) * size];
        assert!(values.is_sorted(), "{values:?}");
        let norm =
            a.iter().map(|x| x.to_f64().abs()).fold(f64::MIN_POSITIVE, f64::max) * (size as f64).sqrt();
        for i in 0..size {
            for j in 0..size {
                let dot: f64 = (0..size).map(|k| v[i * size + k].to_f64() * v[j * size + k].to_f64()).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((dot - expected).abs() < tolerance, "size {size}, ({i}, {j}): {dot}");
                let product: f64 =
                    (0..size).map(|k| a[j * size + k].to_f64() * v[i * size + k].to_f64()).sum();
                let error = (product - values[i].to_f64() * v[i * size + j].to_f64()) / norm;
                assert!(error.abs() < tolerance, "size {size}, ({i}, {j}): {error}");
            }
        }
    }
}

fn random_matrix<R: Real>(size: usize) -> impl Fn(usize, &mut [R]) {
    move |number, one| random::normals(3, [size as u32, number as u32, 0], one)
}

#[test]
fn products_and_lengths_are_those_of_eigenvectors() {
    for size in [1, 2, 3, 5, 8, 17, 40] {
        check::<f64>(size, 21, random_matrix(size));
        check::<f32>(size, 37, random_matrix(size));
    }
    check::<f64>(150, 1, random_matrix(150));
    check::<f32>(150, 2, random_matrix(150));
}

#[test]
fn matrices_of_low_rank_and_of_equal_values_and_of_any_magnitude_are_decomposed() {
    for scale in [1.0, 1e-30, 1e30, 0.0] {
        // Multiples of the unit matrix, a matrix of ones, one off-diagonal element, and a diagonal beside each other.
        let kinds = |number: usize, one: &mut [f64]| {
            for row in 0..7 {
                for column in 0..7 {
                    one[row * 7 + column] = scale
                        * match number % 4 {
                            0 => f64::from(row == column),
                            1 => 1.0,
                            2 => f64::from(row + column == 6),
                            _ => f64::from(row == column) * row as f64,
                        };
                }
            }
        };
        check::<f64>(7, 9, kinds);
        check::<f32>(7, 17, |number, one| {
            let mut wide = [0.0; 49];
            kinds(number, &mut wide);
            one.iter_mut().zip(wide).for_each(|(one, wide)| *one = wide as f32);
        });
    }
}

#[test]
fn lanes_do_not_matter() {
    let size = 12;
    let mut together = vec![0.0_f64; 20 * size * size];
    together.chunks_mut(size * size).enumerate().for_each(|(number, one)| random_matrix(size)(number, one));
    let mut alone = together.clone();
    let mut values = vec![0.0; 20 * size];
    let mut values_alone = values.clone();
    eigen(size, &mut together, &mut values).expect("eigenvalues");
    for (matrix, values) in alone.chunks_mut(size * size).zip(values_alone.chunks_mut(size)) {
        eigen(size, matrix, values).expect("eigenvalues");
    }
    assert_eq!(values, values_alone);
    assert_eq!(together, alone);
}

#[test]
fn what_is_no_set_of_matrices_is_refused() {
    let mut values = [0.0; 3];
    let message = |result: Result<()>| result.expect_err("refused").to_string();
    assert_eq!(message(eigen(3, &mut [1.0; 10], &mut values)), "'matrices': expected 9 values, got 10.");
    assert_eq!(message(eigen(3, &mut [1.0; 18], &mut values)), "'values': expected 6 values, got 3.");
    let mut bad = [1.0; 9];
    bad[4] = f64::NAN;
    assert_eq!(
        message(eigen(3, &mut bad, &mut values)),
        "'matrices' is NaN in matrix 0: expected finite numbers."
    );
}
