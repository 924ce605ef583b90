//! Small dense matrices on the host, in f64.

use std::ops::{Index, IndexMut};

/// A square matrix, rows contiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    size: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// The matrix with these elements `(row, column)`.
    pub fn from_function(size: usize, element: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..size * size).map(|index| element(index / size, index % size)).collect();
        Self { size, values }
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The product with another matrix of this size.
    pub fn times(&self, other: &Self) -> Self {
        Self::from_function(self.size, |row, column| {
            (0..self.size).map(|inner| self[(row, inner)] * other[(inner, column)]).sum()
        })
    }

    /// The product with a vector.
    pub fn apply(&self, vector: &[f64]) -> Vec<f64> {
        self.values
            .chunks_exact(self.size)
            .map(|row| row.iter().zip(vector).map(|(matrix, value)| matrix * value).sum())
            .collect()
    }

    /// The inverse by Gauss-Jordan elimination with row pivots; for matrices that are known to have one.
    ///
    /// # Panics
    /// Where a pivot vanishes: the matrix is singular or holds NaN.
    pub fn inverse(&self) -> Self {
        let size = self.size;
        let mut left = self.clone();
        let mut right = Self::from_function(size, |row, column| if row == column { 1.0 } else { 0.0 });
        for step in 0..size {
            let pivot = (step..size)
                .max_by(|&a, &b| left[(a, step)].abs().total_cmp(&left[(b, step)].abs()))
                .unwrap_or(step);
            assert!(left[(pivot, step)].abs() > 0.0, "singular matrix of {size} rows at step {step}");
            left.swap_rows(step, pivot);
            right.swap_rows(step, pivot);
            let scale = 1.0 / left[(step, step)];
            for column in 0..size {
                left[(step, column)] *= scale;
                right[(step, column)] *= scale;
            }
            for row in (0..size).filter(|&row| row != step) {
                let factor = left[(row, step)];
                if factor == 0.0 {
                    continue;
                }
                for column in 0..size {
                    let (a, b) = (left[(step, column)], right[(step, column)]);
                    left[(row, column)] -= factor * a;
                    right[(row, column)] -= factor * b;
                }
            }
        }
        right
    }

    fn swap_rows(&mut self, first: usize, second: usize) {
        if first != second {
            for column in 0..self.size {
                self.values.swap(first * self.size + column, second * self.size + column);
            }
        }
    }
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.values[row * self.size + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.values[row * self.size + column]
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;

    #[test]
    fn inverse_times_matrix_is_one() {
        let matrix = Matrix::from_function(30, |row, column| {
            ((row * 7 + column * 13) % 11) as f64 - 5.0 + if row == column { 40.0 } else { 0.0 }
        });
        let product = matrix.inverse().times(&matrix);
        for row in 0..30 {
            for column in 0..30 {
                let expected = if row == column { 1.0 } else { 0.0 };
                assert!((product[(row, column)] - expected).abs() < 1e-13, "({row}, {column})");
            }
        }
    }

    #[test]
    fn rows_are_exchanged_where_a_pivot_vanishes() {
        let matrix = Matrix::from_function(2, |row, column| if row == column { 0.0 } else { 2.0 });
        assert_eq!(matrix.inverse().apply(&[2.0, 4.0]), [2.0, 1.0]);
    }
}
