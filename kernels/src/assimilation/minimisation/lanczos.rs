//! Lanczos's method for quadratic costs, with Ritz pairs.

use super::{Ending, Iterate, Minimum, RitzPreconditioner, Start, Stop, expect_positive};
use crate::assimilation::symmetric::tridiagonal;
use crate::assimilation::vectors::{add, dot, norm, orthogonalise, scale};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Approximate eigenpairs of a Hessian, from the Krylov space that a minimisation has spanned.
///
/// θ_i = s_iᵀ T s_i with the eigenvectors s_i of Lanczos's tridiagonal matrix T = Qᵀ H Q, and vectors u_i = Q s_i. With the vector q that
/// leads out of the space, H u_i = θ_i u_i + ω_i q.
#[derive(Clone, Debug)]
pub struct RitzPairs<R> {
    /// \[iteration]\[element]: orthonormal.
    basis: Vec<Vec<R>>,
    values: Vec<f64>,
    outward: Vec<f64>,
    /// \[pair]\[iteration]: s.
    coordinates: Vec<f64>,
    beyond: Vec<R>,
}

impl<R: Real> RitzPairs<R> {
    /// θ_i, rising.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// |H u_i − θ_i u_i| = |ω_i|: an eigenvalue of H is no further from θ_i than that.
    pub fn residuals(&self) -> impl Iterator<Item = f64> + '_ {
        self.outward.iter().map(|out| out.abs())
    }

    /// ω_i.
    pub fn outward(&self) -> &[f64] {
        &self.outward
    }

    /// q, orthogonal to all vectors, of length 1; 0 where the Krylov space has ended.
    pub fn beyond(&self) -> &[R] {
        &self.beyond
    }

    /// Length of the vectors.
    pub fn vector_len(&self) -> usize {
        self.basis.first().map_or(0, Vec::len)
    }

    /// Writes u_i.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a pair that is not there.
    pub fn read_vector(&self, pair: usize, vector: &mut [R]) -> Result<()> {
        let count = self.values.len();
        if pair >= count {
            let expected = format!("a pair below {count}");
            return Err(Error::InvalidValue { name: "pair", got: pair.to_string(), expected });
        }
        expect_len("vector", self.vector_len(), vector.len())?;
        vector.fill(R::ZERO);
        for (coordinate, basis) in self.coordinates[pair * count..].iter().zip(&self.basis) {
            add(vector, *coordinate, basis);
        }
        Ok(())
    }

    /// From Lanczos's matrix, `diagonal` of T and the elements beside it; the last of `beside` leads out of the space, to the unit vector `beyond`.
    fn new(basis: Vec<Vec<R>>, diagonal: &[f64], beside: &[f64], beyond: Vec<R>) -> Result<Self> {
        let count = diagonal.len();
        let (values, coordinates) = tridiagonal(diagonal, beside)?;
        let out = beside.last().copied().unwrap_or(0.0);
        let outward = (1..=count).map(|end| out * coordinates[end * count - 1]).collect();
        Ok(Self { basis, values, outward, coordinates, beyond })
    }
}

/// Minimises J(x) = J(x₀) + ∇J(x₀)·(x − x₀) + ½ (x − x₀)ᵀ H (x − x₀) with symmetric positive definite H, and finds eigenpairs of H.
///
/// | argument         | what |
/// |------------------|------|
/// | `start`          | x₀, J(x₀), ∇J(x₀), [n] |
/// | `hessian`        | (v, out): out = H v |
/// | `preconditioner` | L with L Lᵀ ≈ H⁻¹, or [`RitzPreconditioner::none`] |
///
/// With x = x₀ + L w, the vectors q₁ ∝ −Lᵀ∇J(x₀), q₂, … are an orthonormal basis of the Krylov space of Lᵀ H L in which that is the tridiagonal
/// T; after k of them w = Q T⁻¹ Qᵀ(−Lᵀ∇J(x₀)), which are the iterates of conjugate gradients. Every new vector is orthogonalised
/// against all before, twice. Ritz pairs are those of Lᵀ H L. The norm in the history is that of ∇J(x), with any L.
///
/// Memory: the k vectors of the basis.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::CostNotFinite`], [`Error::IndefiniteHessian`] where T is not positive definite, [`Error::InvalidValue`] for an
/// impossible ending, and those of `hessian`.
pub fn lanczos<R: Real>(
    start: &Start<'_, R>,
    mut hessian: impl FnMut(&[R], &mut [R]) -> Result<()>,
    preconditioner: &RitzPreconditioner<R>,
    ending: &Ending,
) -> Result<(Minimum<R>, RitzPairs<R>)> {
    ending.validate()?;
    let first = start.validate()?;
    preconditioner.expect_len(start.control.len())?;
    let goal = ending.goal(&first);
    let mut history = vec![first];

    let mut next: Vec<R> = start.gradient.iter().map(|value| -*value).collect();
    preconditioner.multiply_adjoint(&mut next);
    let mut length = norm(&next);
    let mut basis: Vec<Vec<R>> = Vec::new();
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    // T = L D Lᵀ with unit lower bidiagonal L, and L c = |q| e₁.
    let (mut pivots, mut right): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let (mut argument, mut image) = (next.clone(), next.clone());
    let stop = loop {
        let iteration = history.len();
        let last = history[iteration - 1];
        if last.gradient_norm <= goal {
            break Stop::Converged;
        }
        if iteration > ending.iterations {
            break Stop::IterationLimit;
        }
        scale(&mut next, 1.0 / length);
        argument.copy_from_slice(&next);
        preconditioner.multiply(&mut argument);
        hessian(&argument, &mut image)?;
        preconditioner.multiply_adjoint(&mut image);
        let on_diagonal = dot(&next, &image);
        let (factor, before) = match (beside.last(), pivots.last(), right.last()) {
            (Some(beside), Some(pivot), Some(right)) => (beside / pivot, -right * beside / pivot),
            _ => (0.0, length),
        };
        let pivot = expect_positive(on_diagonal - factor * beside.last().copied().unwrap_or(0.0), iteration)?;
        let cost = last.cost - 0.5 * before * before / pivot;
        if cost >= last.cost {
            break Stop::Stagnation;
        }
        basis.push(next.clone());
        diagonal.push(on_diagonal);
        pivots.push(pivot);
        right.push(before);
        orthogonalise(&mut image, &basis);
        length = norm(&image);
        beside.push(length);
        std::mem::swap(&mut next, &mut image);
        // The gradient after this iteration is −(βc/d) L⁻ᵀ q; a Krylov space that ends holds the minimum.
        let ends = length <= R::EPSILON.to_f64() * on_diagonal;
        let gradient_norm = if ends {
            0.0
        } else {
            argument.copy_from_slice(&next);
            preconditioner.divide_adjoint(&mut argument);
            (before / pivot).abs() * norm(&argument)
        };
        history.push(Iterate { cost, gradient_norm });
    };
    // Lᵀ y = D⁻¹ c.
    let mut control = start.control.to_vec();
    argument.fill(R::ZERO);
    let mut coordinate = 0.0;
    for number in (0..basis.len()).rev() {
        let after = if number + 1 < basis.len() { beside[number] * coordinate } else { 0.0 };
        coordinate = (right[number] - after) / pivots[number];
        add(&mut argument, coordinate, &basis[number]);
    }
    preconditioner.multiply(&mut argument);
    add(&mut control, 1.0, &argument);
    // `next` is as long as the last element beside the diagonal, and noise where the Krylov space has ended.
    let ends = history.last().is_some_and(|last| last.gradient_norm == 0.0);
    scale(&mut next, if ends || length == 0.0 { 0.0 } else { 1.0 / length });
    let pairs = RitzPairs::new(basis, &diagonal, &beside, next)?;
    Ok((Minimum { control, history, stop }, pairs))
}
