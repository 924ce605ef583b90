//! [`MatrixRoot`]: the square root of a covariance matrix.

use crate::assimilation::LinearOperator;
use crate::assimilation::linear_operator::expect_lens;
use crate::assimilation::symmetric::eigen;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// U = V Λ^½ of B = V Λ Vᵀ, with as many columns as B has eigenvalues above rounding.
#[derive(Clone, Debug)]
pub struct MatrixRoot<R> {
    size: usize,
    /// \[mode]\[element]: √λ v.
    modes: Vec<R>,
}

/// Eigenvalues below this share of the largest, times the size and ε, are rounding.
const ROUNDING: f64 = 8.0;

impl<R: Real> MatrixRoot<R> {
    /// Of a positive definite `matrix`, \[row]\[column], whose part with column ≤ row is read.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where it is not square, [`Error::InvalidValue`] where a number is not finite, and [`Error::ImpossibleCovariance`] where it has
    /// eigenvalues of 0, within rounding, or less.
    pub fn new(size: usize, matrix: &[R]) -> Result<Self> {
        Self::of_rank(size, matrix, true)
    }

    /// The same for a matrix that may be singular: increments then stay in its range.
    ///
    /// # Errors
    /// Those of [`MatrixRoot::new`], but for eigenvalues of 0.
    pub fn semidefinite(size: usize, matrix: &[R]) -> Result<Self> {
        Self::of_rank(size, matrix, false)
    }

    fn of_rank(size: usize, matrix: &[R], full: bool) -> Result<Self> {
        expect_len("matrix", size * size, matrix.len())?;
        let mut vectors: Vec<f64> = matrix.iter().map(|value| value.to_f64()).collect();
        let mut values = vec![0.0; size];
        eigen(size, &mut vectors, &mut values)?;
        let modes = scaled_modes("matrix", &values, vectors, R::EPSILON.to_f64(), full)?;
        Ok(Self { size, modes: modes.iter().map(|value| R::from_f64(*value)).collect() })
    }

    /// Number of modes, the rank of B.
    pub fn rank(&self) -> usize {
        self.modes.len().checked_div(self.size).unwrap_or(0)
    }

    /// √λ v of each mode, \[mode]\[element], λ rising.
    pub fn modes(&self) -> &[R] {
        &self.modes
    }
}

/// √λ v of the eigenvalues above rounding, \[mode]\[component]. An error for negative ones, for nothing but zeros, and where `full`, for any zero.
pub(super) fn scaled_modes(
    name: &str,
    values: &[f64],
    mut vectors: Vec<f64>,
    epsilon: f64,
    full: bool,
) -> Result<Vec<f64>> {
    let size = values.len();
    let (Some(&smallest), Some(&largest)) = (values.first(), values.last()) else {
        return Ok(vectors);
    };
    let rounding = ROUNDING * epsilon * size as f64 * largest.abs();
    let impossible = smallest < -rounding || largest <= 0.0 || (full && smallest <= rounding);
    if impossible {
        let expected = if full { "positive ones" } else { "none below 0 and one above" };
        return Err(Error::ImpossibleCovariance {
            name: name.to_owned(),
            smallest,
            largest,
            expected: expected.to_owned(),
        });
    }
    let zeros = values.iter().filter(|value| **value <= rounding).count();
    for (vector, value) in vectors.chunks_exact_mut(size).zip(values).skip(zeros) {
        vector.iter_mut().for_each(|component| *component *= value.sqrt());
    }
    vectors.drain(..zeros * size);
    Ok(vectors)
}

impl<R: Real> LinearOperator<R> for MatrixRoot<R> {
    fn input_len(&self) -> usize {
        self.rank()
    }

    fn output_len(&self) -> usize {
        self.size
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        output.fill(R::ZERO);
        for (mode, value) in self.modes.chunks_exact(self.size.max(1)).zip(input) {
            for (output, component) in output.iter_mut().zip(mode) {
                *output += *value * *component;
            }
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        for (mode, value) in self.modes.chunks_exact(self.size.max(1)).zip(input) {
            *value = R::ZERO;
            for (output, component) in output.iter().zip(mode) {
                *value += *output * *component;
            }
        }
        Ok(())
    }
}
