//! Eigenvalues and eigenvectors of many small symmetric matrices: A = V Λ Vᵀ.
//!
//! Local analyses need one decomposition of a matrix of the ensemble's size at every point. Here as many matrices as a vector
//! register has lanes go through Householder's reduction and the QL iteration together, one lane each, so that every operation
//! is a vector operation whatever the size; a lane whose iteration has ended waits for the others. A single matrix is
//! computed by the same code with rows as vectors.
//!
//! Nothing is fused, so that every machine gets the same bits, alone or among others.

mod implicit;
mod lanes;
#[cfg(test)]
mod tests;
mod tridiagonal;
mod workspace;

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

pub(super) use lanes::{Lanes, Single};
pub(super) use workspace::Workspace;

use crate::error::expect_len;
use crate::{Error, Pack, Precision, Real, Result};

/// f64 matrices that are decomposed together.
pub(super) const LANES_F64: usize = 8;
/// f32 matrices that are decomposed together.
pub(super) const LANES_F32: usize = 16;

/// Numbers whose squares are sums' equals in either precision; matrices beyond are scaled.
const ORDINARY: std::ops::Range<f64> = 1e-12..1e12;

/// Eigenvalues, rising, and orthonormal eigenvectors of symmetric matrices.
///
/// | argument   | shape                                   | after the call |
/// |------------|-----------------------------------------|------|
/// | `size`     | n                                       | |
/// | `matrices` | [matrix][row][column], n × n each, of which the part with column ≤ row is read | [matrix][number][component] |
/// | `values`   | [matrix][number]                        | the eigenvalues |
///
/// Errors of eigenvalues and departures from orthogonality are a few ε‖A‖ and ε times n. Runs on the calling rayon pool; the result does not
/// depend on its size.
///
/// # Errors
/// [`Error::LengthMismatch`] where `values` does not have n numbers for each matrix, [`Error::InvalidValue`] where a matrix holds a number that is
/// not finite.
pub fn eigen<R: Real>(size: usize, matrices: &mut [R], values: &mut [R]) -> Result<()> {
    let count = if size == 0 { 0 } else { matrices.len() / (size * size) };
    expect_len("matrices", count * size * size, matrices.len())?;
    expect_len("values", count * size, values.len())?;
    if let Some(place) = matrices.iter().position(|element| !element.to_f64().is_finite()) {
        return Err(Error::InvalidValue {
            name: "matrices",
            got: format!("{} in matrix {}", matrices[place], place / (size * size)),
            expected: "finite numbers".to_owned(),
        });
    }
    match R::PRECISION {
        Precision::F64 => groups::<R, Pack<R, LANES_F64>>(size, matrices, values),
        Precision::F32 => groups::<R, Pack<R, LANES_F32>>(size, matrices, values),
    }
}

/// Eigenvalues, rising, and eigenvectors, \[number]\[component], of one tridiagonal matrix, from its diagonal and the elements beside that, of which those
/// beyond the last row count for nothing.
///
/// # Errors
/// [`Error::LengthMismatch`] where fewer are beside the diagonal than rows below the first, and those of [`eigen`].
pub fn tridiagonal(diagonal: &[f64], beside: &[f64]) -> Result<(Vec<f64>, Vec<f64>)> {
    let size = diagonal.len();
    let below = size.saturating_sub(1);
    expect_len("beside", below, beside.len().min(below))?;
    let (mut values, mut matrix) = (vec![0.0; size], vec![0.0; size * size]);
    for row in 0..size {
        matrix[row * size + row] = diagonal[row];
        if row > 0 {
            matrix[row * size + row - 1] = beside[row - 1];
        }
    }
    eigen(size, &mut matrix, &mut values)?;
    Ok((values, matrix))
}

/// Groups of `L::COUNT` matrices.
fn groups<R: Real, L: Lanes<R>>(size: usize, matrices: &mut [R], values: &mut [R]) -> Result<()> {
    if size == 0 {
        return Ok(());
    }
    // With few matrices lanes would idle.
    if matrices.len() <= 2 * size * size {
        return parts::<R, Single<R>>(size, matrices, values);
    }
    parts::<R, L>(size, matrices, values)
}

fn parts<R: Real, L: Lanes<R>>(size: usize, matrices: &mut [R], values: &mut [R]) -> Result<()> {
    matrices
        .par_chunks_mut(L::COUNT * size * size)
        .zip(values.par_chunks_mut(L::COUNT * size))
        .try_for_each_init(
            || Workspace::<L>::new(size),
            |workspace, (matrices, values)| {
                pulp::Arch::new().dispatch(Group { size, workspace, matrices, values })
            },
        )
}

struct Group<'a, R, L> {
    size: usize,
    workspace: &'a mut Workspace<L>,
    matrices: &'a mut [R],
    values: &'a mut [R],
}

impl<R: Real, L: Lanes<R>> WithSimd for Group<'_, R, L> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        let Self { size, workspace, matrices, values } = self;
        let square = size * size;
        workspace.matrix.fill(L::default());
        for (lane, matrix) in matrices.chunks(square).enumerate() {
            for (element, value) in workspace.matrix.iter_mut().zip(matrix) {
                element.set_lane(lane, *value);
            }
        }
        decompose::<R, L>(workspace)?;
        let mut order: Vec<usize> = (0..size).collect();
        for (lane, (matrix, values)) in matrices.chunks_mut(square).zip(values.chunks_mut(size)).enumerate() {
            let value = |number: usize| workspace.diagonal[number].lane(lane).to_f64();
            order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
            for ((vector, out), &number) in matrix.chunks_mut(size).zip(values).zip(&order) {
                *out = workspace.diagonal[number].lane(lane);
                for (component, of_lanes) in vector.iter_mut().zip(&workspace.vectors[number * size..]) {
                    *component = of_lanes.lane(lane);
                }
            }
        }
        Ok(())
    }
}

/// Decomposes the matrices in `workspace.matrix`: eigenvalues in `diagonal`, in no order, and eigenvectors in the rows of `vectors`.
///
/// Dispatches by itself and is not inlined, so that it is compiled once for all its callers.
#[inline(never)]
pub(super) fn decompose<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>) -> Result<()> {
    pulp::Arch::new().dispatch(Decompose { workspace, element: PhantomData::<R> })
}

struct Decompose<'a, R, L> {
    workspace: &'a mut Workspace<L>,
    element: PhantomData<R>,
}

impl<R: Real, L: Lanes<R>> WithSimd for Decompose<'_, R, L> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        let workspace = self.workspace;
        let size = workspace.size;
        let mut largest = L::default();
        for row in 0..size {
            for element in &workspace.matrix[row * size..row * size + row + 1] {
                largest = largest.zip(*element, |largest, element| largest.max(element.abs()));
            }
        }
        let ordinary = (0..L::COUNT).all(|lane| ORDINARY.contains(&largest.lane(lane).to_f64()));
        let unit = largest.map(|largest| {
            if largest == R::ZERO || ORDINARY.contains(&largest.to_f64()) { R::ONE } else { largest }
        });
        if !ordinary {
            workspace.matrix.iter_mut().for_each(|element| *element = *element / unit);
        }
        tridiagonal::reduce::<R, L>(workspace);
        if !implicit::iterate::<R, L>(workspace) {
            return Err(Error::InvalidValue {
                name: "matrices",
                got: "a matrix whose eigenvalues do not converge".to_owned(),
                expected: "finite numbers".to_owned(),
            });
        }
        if !ordinary {
            workspace.diagonal.iter_mut().for_each(|value| *value = *value * unit);
        }
        Ok(())
    }
}
