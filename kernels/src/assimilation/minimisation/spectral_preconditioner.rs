//! [`SpectralPreconditioner`]: what one minimisation learnt of the Hessian, for the next one.

use super::RitzPairs;
use super::vectors::{add, dot};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// L = Π_j (1 + Σ_i (θ_i^(−½) − 1) u_i u_iᵀ), so that L Lᵀ ≈ H⁻¹.
///
/// A factor turns each of its eigenvalues θ_i of the Hessian into 1 and leaves the others: the square root of the spectral limited-memory
/// preconditioner (Fisher 1998; Tshimanga et al. 2008, *Q. J. R. Meteorol. Soc.* 134, 751–769). Factors of successive minimisations are
/// multiplied, since each has the pairs of a Hessian with those before it.
#[derive(Clone, Debug)]
pub struct SpectralPreconditioner<R> {
    factors: Vec<Factor<R>>,
}

#[derive(Clone, Debug)]
struct Factor<R> {
    /// θ^(−½) and u of each pair.
    pairs: Vec<(f64, Vec<R>)>,
}

impl<R: Real> Factor<R> {
    /// x += Σ (f(θ^(−½)) − 1) u uᵀx; u are orthonormal.
    fn apply(&self, x: &mut [R], function: impl Fn(f64) -> f64) {
        for (root, vector) in &self.pairs {
            let along = dot(vector, x);
            add(x, (function(*root) - 1.0) * along, vector);
        }
    }
}

impl<R: Real> SpectralPreconditioner<R> {
    /// The identity.
    pub fn none() -> Self {
        Self { factors: Vec::new() }
    }

    /// Takes the pairs of the Hessian with this preconditioner into it: those of the largest values, `most` of them at the most, whose residual is
    /// no larger than `accuracy` times their value. Returns how many it took.
    ///
    /// Pairs that have not converged help where the next gradient is nearly in the space that was spanned, and cost iterations where it has
    /// nothing to do with that; 0.05 takes converged pairs alone.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for vectors of another length than those before, [`Error::InvalidValue`] for an `accuracy` that is not positive,
    /// [`Error::IndefiniteHessian`] for a value that is not.
    pub fn extend(&mut self, pairs: &RitzPairs<R>, most: usize, accuracy: f64) -> Result<usize> {
        if accuracy.is_nan() || accuracy <= 0.0 {
            let expected = "a number above 0".to_owned();
            return Err(Error::InvalidValue { name: "accuracy", got: accuracy.to_string(), expected });
        }
        self.expect_len(pairs.vector_len())?;
        let mut taken = Vec::new();
        let numbered = pairs.values().iter().zip(pairs.residuals()).enumerate().rev();
        for (number, (&value, &residual)) in numbered {
            if value.is_nan() || value <= 0.0 {
                return Err(Error::IndefiniteHessian { iteration: number, curvature: value });
            }
            if residual <= accuracy * value && taken.len() < most {
                let mut vector = vec![R::ZERO; pairs.vector_len()];
                pairs.read_vector(number, &mut vector)?;
                taken.push((1.0 / value.sqrt(), vector));
            }
        }
        let count = taken.len();
        if count > 0 {
            self.factors.push(Factor { pairs: taken });
        }
        Ok(count)
    }

    /// Number of pairs.
    pub fn pairs(&self) -> usize {
        self.factors.iter().map(|factor| factor.pairs.len()).sum()
    }

    /// out = L Lᵀ g.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn apply(&self, gradient: &[R], out: &mut [R]) -> Result<()> {
        expect_len("out", gradient.len(), out.len())?;
        self.expect_len(gradient.len())?;
        out.copy_from_slice(gradient);
        self.multiply_adjoint(out);
        self.multiply(out);
        Ok(())
    }

    pub(super) fn expect_len(&self, len: usize) -> Result<()> {
        match self.factors.first().and_then(|factor| factor.pairs.first()) {
            Some((_, vector)) if len > 0 => expect_len("control", vector.len(), len),
            _ => Ok(()),
        }
    }

    /// x ← L x.
    pub(super) fn multiply(&self, x: &mut [R]) {
        self.factors.iter().rev().for_each(|factor| factor.apply(x, |root| root));
    }

    /// x ← Lᵀ x.
    pub(super) fn multiply_adjoint(&self, x: &mut [R]) {
        self.factors.iter().for_each(|factor| factor.apply(x, |root| root));
    }

    /// x ← L⁻ᵀ x.
    pub(super) fn divide_adjoint(&self, x: &mut [R]) {
        self.factors.iter().rev().for_each(|factor| factor.apply(x, |root| 1.0 / root));
    }
}
