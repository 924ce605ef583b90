//! [`RitzPreconditioner`]: what one minimisation learnt of the Hessian, for the next one.

use super::RitzPairs;
use crate::assimilation::vectors::{add, dot};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// L = Π L_j with L Lᵀ ≈ H⁻¹, one factor for each minimisation: the square root of the Ritz limited-memory preconditioner (Tshimanga et al. 2008,
/// *Q. J. R. Meteorol. Soc.* 134, 751–769; Gratton, Sartenaer & Tshimanga 2011, *SIAM J. Optim.* 21, 912–935).
///
/// Of a Hessian A, a minimisation knows pairs Θ, U of its Krylov space and the vector q that leads out of it: A U = U Θ + q ωᵀ. With
///
/// L_j = 1 + U (Θ^(−½) − 1) Uᵀ − U Θ⁻¹ ω qᵀ,  L_j L_jᵀ = (1 − U Θ⁻¹ Uᵀ A)(1 − A U Θ⁻¹ Uᵀ) + U Θ⁻¹ Uᵀ,
///
/// a minimisation of the same cost that starts where that one ended goes on as if it had never stopped, whether the pairs have converged or
/// not; of those that have, ω is 0, and they have the eigenvalue 1. All other eigenvalues stay within the range that they had. Factors of successive
/// minimisations are multiplied, since each has the pairs of a Hessian with those before it.
#[derive(Clone, Debug)]
pub struct RitzPreconditioner<R> {
    factors: Vec<Factor<R>>,
}

#[derive(Clone, Debug)]
struct Factor<R> {
    pairs: Vec<Pair<R>>,
    /// q.
    beyond: Vec<R>,
}

#[derive(Clone, Debug)]
struct Pair<R> {
    /// θ^(−½).
    root: f64,
    /// ω/θ.
    coupling: f64,
    /// u: those of all pairs and q are orthonormal.
    vector: Vec<R>,
}

impl<R: Real> Factor<R> {
    /// x ← L x.
    fn multiply(&self, x: &mut [R]) {
        let out = dot(&self.beyond, x);
        for Pair { root, coupling, vector } in &self.pairs {
            let along = dot(vector, x);
            add(x, (root - 1.0) * along - coupling * out, vector);
        }
    }

    /// x ← Lᵀ x.
    fn multiply_adjoint(&self, x: &mut [R]) {
        let mut out = 0.0;
        for Pair { root, coupling, vector } in &self.pairs {
            let along = dot(vector, x);
            out -= coupling * along;
            add(x, (root - 1.0) * along, vector);
        }
        add(x, out, &self.beyond);
    }

    /// x ← L⁻ᵀ x = (1 + U (Θ^½ − 1) Uᵀ + q ωᵀ Θ^(−½) Uᵀ) x.
    fn divide_adjoint(&self, x: &mut [R]) {
        let mut out = 0.0;
        for Pair { root, coupling, vector } in &self.pairs {
            let along = dot(vector, x);
            out += coupling / root * along;
            add(x, (1.0 / root - 1.0) * along, vector);
        }
        add(x, out, &self.beyond);
    }
}

impl<R: Real> RitzPreconditioner<R> {
    /// The identity.
    pub fn none() -> Self {
        Self { factors: Vec::new() }
    }

    /// Takes the pairs of the Hessian with this preconditioner into it, those of the largest values, `most` of them at the most. Returns how many it took.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for vectors of another length than those before, [`Error::IndefiniteHessian`] for a value that is not positive.
    pub fn extend(&mut self, pairs: &RitzPairs<R>, most: usize) -> Result<usize> {
        if pairs.values().is_empty() || most == 0 {
            return Ok(0);
        }
        self.expect_len(pairs.vector_len())?;
        let mut taken = Vec::new();
        for (number, (&value, &out)) in
            pairs.values().iter().zip(pairs.outward()).enumerate().rev().take(most)
        {
            if value.is_nan() || value <= 0.0 {
                return Err(Error::IndefiniteHessian { iteration: number, curvature: value });
            }
            let mut vector = vec![R::ZERO; pairs.vector_len()];
            pairs.read_vector(number, &mut vector)?;
            taken.push(Pair { root: 1.0 / value.sqrt(), coupling: out / value, vector });
        }
        let count = taken.len();
        self.factors.push(Factor { pairs: taken, beyond: pairs.beyond().to_vec() });
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
        self.expect_len(gradient.len())?;
        expect_len("out", gradient.len(), out.len())?;
        out.copy_from_slice(gradient);
        self.multiply_adjoint(out);
        self.multiply(out);
        Ok(())
    }

    pub(super) fn expect_len(&self, len: usize) -> Result<()> {
        match self.factors.first() {
            Some(factor) => expect_len("control", factor.beyond.len(), len),
            None => Ok(()),
        }
    }

    /// x ← L x.
    pub(super) fn multiply(&self, x: &mut [R]) {
        self.factors.iter().rev().for_each(|factor| factor.multiply(x));
    }

    /// x ← Lᵀ x.
    pub(super) fn multiply_adjoint(&self, x: &mut [R]) {
        self.factors.iter().for_each(|factor| factor.multiply_adjoint(x));
    }

    /// x ← L⁻ᵀ x.
    pub(super) fn divide_adjoint(&self, x: &mut [R]) {
        self.factors.iter().rev().for_each(|factor| factor.divide_adjoint(x));
    }
}
