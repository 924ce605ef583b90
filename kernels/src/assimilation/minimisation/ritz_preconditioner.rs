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
///
/// Pairs save the more, the more of what has to be minimised lies along them. Where a minimisation goes on from the end of another, the gradient is
/// orthogonal to its Krylov space, and iterations without a preconditioner see little of converged pairs either; a new
/// right-hand side, such as the next window's departures, has its part along all of them. Iterations grow with the square root of the
/// largest eigenvalue that is left, so that they halve with as many converged pairs as there are eigenvalues above a quarter of the largest. Of
/// eigenvalues that are equal a minimisation finds one vector. Pairs of a Hessian that has changed much may cost iterations.
#[derive(Clone, Debug)]
pub struct RitzPreconditioner<R> {
    factors: Vec<Factor<R>>,
}

/// What stands before a vector where a preconditioner is written: what it is (q of a factor, or u of a pair of the factor before), θ^(−½), ω/θ.
const HEAD: usize = 3;
const FACTOR: f64 = 1.0;
const PAIR: f64 = 2.0;

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
            // As a vector's elements, so that `write` loses nothing.
            let [root, coupling] =
                [1.0 / value.sqrt(), out / value].map(|number| R::from_f64(number).to_f64());
            taken.push(Pair { root, coupling, vector });
        }
        let count = taken.len();
        self.factors.push(Factor { pairs: taken, beyond: pairs.beyond().to_vec() });
        Ok(count)
    }

    /// Number of pairs.
    pub fn pairs(&self) -> usize {
        self.factors.iter().map(|factor| factor.pairs.len()).sum()
    }

    /// θ of all pairs, those of one minimisation after the other, each falling; the first are eigenvalues of the Hessian itself.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.factors.iter().flat_map(|factor| &factor.pairs).map(|pair| pair.root.powi(-2))
    }

    /// Numbers that [`write`](Self::write) needs for so many pairs of vectors of length `len`, from one minimisation; each further one needs
    /// as many more as a pair.
    pub fn written_len(len: usize, pairs: usize) -> usize {
        (len + HEAD) * (pairs + 1)
    }

    /// Writes the pairs into `numbers`, for checkpoints: as many as fit, those of earlier minimisations first, and of each the largest. Returns how
    /// many are written; what is left of `numbers` becomes 0.
    pub fn write(&self, numbers: &mut [R]) -> usize {
        numbers.fill(R::ZERO);
        let Some(len) = self.factors.first().map(|factor| factor.beyond.len()) else { return 0 };
        let mut places = numbers.chunks_exact_mut(len + HEAD);
        let mut put = |head: [f64; HEAD], vector: &[R]| {
            let Some(place) = places.next() else { return false };
            place[..HEAD].iter_mut().zip(head).for_each(|(to, number)| *to = R::from_f64(number));
            place[HEAD..].copy_from_slice(vector);
            true
        };
        let mut count = 0;
        for factor in &self.factors {
            if !put([FACTOR, 0.0, 0.0], &factor.beyond) {
                break;
            }
            for Pair { root, coupling, vector } in &factor.pairs {
                count += usize::from(put([PAIR, *root, *coupling], vector));
            }
        }
        count
    }

    /// What [`write`](Self::write) wrote of vectors of length `len`.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for numbers that it did not write.
    pub fn read(numbers: &[R], len: usize) -> Result<Self> {
        let mut factors: Vec<Factor<R>> = Vec::new();
        for (number, place) in numbers.chunks_exact(len + HEAD).enumerate() {
            let [kind, root, coupling] = [place[0], place[1], place[2]].map(Real::to_f64);
            let vector = place[HEAD..].to_vec();
            match factors.last_mut() {
                _ if kind == 0.0 => break,
                _ if kind == FACTOR => factors.push(Factor { pairs: Vec::new(), beyond: vector }),
                Some(factor) if kind == PAIR && root > 0.0 && root.is_finite() && coupling.is_finite() => {
                    factor.pairs.push(Pair { root, coupling, vector });
                }
                _ => {
                    let got = format!("{kind}, {root}, {coupling} at vector {number}");
                    let expected = "what a preconditioner was written as".to_owned();
                    return Err(Error::InvalidValue { name: "numbers", got, expected });
                }
            }
        }
        Ok(Self { factors })
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
