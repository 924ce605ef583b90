//! The space of errors: N − 1 dimensions of the N that weights have.
//!
//! Anomalies add up to 0, so that nothing is lost with an orthonormal basis of what is orthogonal to the ones: the N × (N − 1) matrix Ω of
//! Nerger et al. (2012, *Mon. Wea. Rev.* 140, 2335–2345), the first columns of the reflection 1 − β v vᵀ with
//! v = e_N + 1/√N and β = 1/(1 + 1/√N). Eigenvectors u of Ωᵀ C Ω are eigenvectors Ω u of C.

use super::symmetric::{Lanes, Workspace, decompose};
use crate::{Real, Result};

/// Memory for Ωᵀ C Ω.
pub(super) struct Subspace<L> {
    members: usize,
    workspace: Workspace<L>,
}

impl<L: Copy + Default> Subspace<L> {
    pub(super) fn new(members: usize) -> Self {
        Self { members, workspace: Workspace::new(members - 1) }
    }

    /// As [`decompose`] does, with 0 for the last eigenvalue and vector, which belong to the ones.
    #[inline(always)]
    pub(super) fn decompose<R: Real>(&mut self, workspace: &mut Workspace<L>) -> Result<()>
    where
        L: Lanes<R>,
    {
        let members = self.members;
        let inner = members - 1;
        let unit = 1.0 / (members as f64).sqrt();
        let beta = 1.0 / (1.0 + unit);
        // C v is C's last column, because C 1 = 0.
        let column = &workspace.matrix[inner * members..];
        let once = L::splat(R::from_f64(beta * unit));
        let twice = column[inner] * L::splat(R::from_f64(beta * beta * unit * unit));
        for row in 0..inner {
            for other in 0..row + 1 {
                let element = workspace.matrix[row * members + other];
                self.workspace.matrix[row * inner + other] =
                    element - once * (column[row] + column[other]) + twice;
            }
        }
        decompose::<R, L>(&mut self.workspace)?;
        let unit = L::splat(R::from_f64(unit));
        for (number, vector) in self.workspace.vectors.chunks_exact(inner).enumerate() {
            let mut sum = L::default();
            for component in vector {
                sum += *component;
                L::end_turn();
            }
            // βvᵀu, of which e_N takes all and the others the share 1/√N.
            let along = once * sum;
            let into = &mut workspace.vectors[number * members..(number + 1) * members];
            for (into, component) in into.iter_mut().zip(vector) {
                *into = *component - unit * along;
                L::end_turn();
            }
            into[inner] = -along - unit * along;
            workspace.diagonal[number] = self.workspace.diagonal[number];
        }
        workspace.vectors[inner * members..].fill(L::default());
        workspace.diagonal[inner] = L::default();
        Ok(())
    }
}
