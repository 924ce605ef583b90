//! The weights W of an analysis, from C and d: for one domain, or for as many as a vector register has lanes.

use super::finite_size::inflation_of_lane;
use super::symmetric::{Lanes, Workspace, decompose};
use crate::{Error, Real, Result};

/// How the weights follow from C and d; the table of formulas is in [`super`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// Every member takes in its own perturbed observations. The perturbations have mean 0 over the members, and are a function of seed and cycle.
    Stochastic {
        /// Names the experiment.
        seed: u64,
        /// Number of the analysis.
        cycle: u32,
    },
    /// Anomalies shrink by half of what the gain would take: no perturbations, for small corrections.
    Deterministic,
    /// The anomalies' symmetric square root.
    SquareRoot,
    /// The square root after an inflation that the innovations tell, so that none need be tuned.
    FiniteSize {
        /// How certain the prior of the inflation is, as a multiple of the ensemble's size: 1 knows of no better, 2 suits models that are almost
        /// linear between analyses.
        certainty: f64,
    },
}

impl Scheme {
    pub(super) fn validate(&self) -> Result<()> {
        match *self {
            Self::FiniteSize { certainty } if !(certainty > 0.0 && certainty.is_finite()) => {
                Err(Error::InvalidValue {
                    name: "certainty",
                    got: certainty.to_string(),
                    expected: "a finite number above 0".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn perturbs(&self) -> bool {
        matches!(self, Self::Stochastic { .. })
    }
}

/// Finds weights of `L::COUNT` domains at a time.
pub(super) struct Solver<R, L> {
    members: usize,
    /// `matrix` is C \[row]\[column], of which the lower triangle is read.
    pub(super) workspace: Workspace<L>,
    /// d.
    pub(super) innovation: Vec<L>,
    /// F, \[row]\[member].
    pub(super) perturbed: Vec<L>,
    /// W \[row]\[member]: member j of the analysis is x̄ + Σ_k A_k W_kj.
    pub(super) weights: Vec<L>,
    projections: Vec<L>,
    /// Eigenvalues and projections of one lane.
    lane: [Vec<R>; 2],
}

impl<R: Real, L: Lanes<R>> Solver<R, L> {
    pub(super) fn new(members: usize, lanes: usize) -> Self {
        let square = vec![L::default(); members * members];
        Self {
            members,
            workspace: Workspace::new(members, lanes),
            innovation: vec![L::default(); members],
            perturbed: square.clone(),
            weights: square,
            projections: vec![L::default(); members],
            lane: [vec![R::ZERO; members], vec![R::ZERO; members]],
        }
    }

    /// Sets `weights`; what C and F held is lost.
    #[inline(always)]
    pub(super) fn solve(&mut self, scheme: &Scheme) -> Result<()> {
        match scheme {
            Scheme::Stochastic { .. } => self.solve_gain(R::ZERO, R::ONE),
            Scheme::Deterministic => {
                self.perturbed.fill(L::default());
                self.solve_gain(R::from_f64(0.5), R::from_f64(0.5))
            }
            Scheme::SquareRoot => self.solve_square_root(None),
            Scheme::FiniteSize { certainty } => self.solve_square_root(Some(*certainty)),
        }
    }

    /// W = keep 1 + S⁻¹ (part (N − 1) 1 + d 1ᵀ + F), by Cholesky's factors of S.
    #[inline(always)]
    fn solve_gain(&mut self, keep: R, part: R) -> Result<()> {
        let members = self.members;
        let degrees = R::from_u32(members as u32 - 1);
        let matrix = &mut self.workspace.matrix;
        for member in 0..members {
            matrix[member * members + member] += L::splat(degrees);
        }
        for row in 0..members {
            for member in 0..members {
                let identity = if row == member { part * degrees } else { R::ZERO };
                self.weights[row * members + member] =
                    self.perturbed[row * members + member] + self.innovation[row] + L::splat(identity);
            }
        }
        factorise::<R, L>(members, matrix)?;
        // L x = b from the first row, Lᵀ x = b from the last.
        for row in 0..members {
            let (before, now) = self.weights.split_at_mut(row * members);
            let now = &mut now[..members];
            for earlier in 0..row {
                subtract(
                    now,
                    matrix[row * members + earlier],
                    &before[earlier * members..(earlier + 1) * members],
                );
            }
            let inverse = matrix[row * members + row];
            now.iter_mut().for_each(|value| *value = *value * inverse);
        }
        for row in (0..members).rev() {
            let (now, after) = self.weights.split_at_mut((row + 1) * members);
            let now = &mut now[row * members..];
            for (later, values) in (row + 1..members).zip(after.chunks_exact(members)) {
                subtract(now, matrix[later * members + row], values);
            }
            let inverse = matrix[row * members + row];
            now.iter_mut().for_each(|value| *value = *value * inverse);
        }
        for row in 0..members {
            self.weights[row * members + row] += L::splat(keep);
        }
        Ok(())
    }

    /// W = l² S⁻¹ d 1ᵀ + l √((N − 1) S⁻¹) with S = l² C + (N − 1) 1; l = 1, or that of the finite-size filter of this certainty.
    #[inline(always)]
    fn solve_square_root(&mut self, certainty: Option<f64>) -> Result<()> {
        let members = self.members;
        let degrees = R::from_u32(members as u32 - 1);
        decompose::<R, L>(&mut self.workspace)?;
        let Workspace { vectors, diagonal, .. } = &mut self.workspace;
        for (projection, vector) in self.projections.iter_mut().zip(vectors.chunks_exact(members)) {
            *projection = L::default();
            for (component, innovation) in vector.iter().zip(&self.innovation) {
                *projection += *component * *innovation;
                L::end_turn();
            }
        }
        let mut squared = L::splat(R::ONE);
        if let Some(certainty) = certainty {
            let [values, projections] = &mut self.lane;
            for lane in 0..L::COUNT {
                for member in 0..members {
                    values[member] = diagonal[member].lane(lane).max(R::ZERO);
                    projections[member] = self.projections[member].lane(lane);
                }
                squared.set_lane(lane, inflation_of_lane(values, projections, certainty));
            }
        }
        let growth = squared.map(R::sqrt);
        self.innovation.fill(L::default());
        self.weights.fill(L::default());
        for (number, vector) in vectors.chunks_exact(members).enumerate() {
            let value = squared * diagonal[number].map(|value| value.max(R::ZERO)) + L::splat(degrees);
            let of_mean = squared * self.projections[number] / value;
            let of_anomalies = growth * (L::splat(degrees) / value).map(R::sqrt);
            for row in 0..members {
                self.innovation[row] += of_mean * vector[row];
                let factor = of_anomalies * vector[row];
                let weights = &mut self.weights[row * members..row * members + row + 1];
                for (weight, component) in weights.iter_mut().zip(vector) {
                    *weight += factor * *component;
                    L::end_turn();
                }
            }
        }
        for row in 0..members {
            for member in 0..row {
                let weight = self.weights[row * members + member];
                self.weights[member * members + row] = weight + self.innovation[member];
                self.weights[row * members + member] = weight + self.innovation[row];
            }
            self.weights[row * members + row] += self.innovation[row];
        }
        Ok(())
    }
}

/// Cholesky's lower factor in place of the lower triangle, with the inverses of its diagonal.
#[inline(always)]
fn factorise<R: Real, L: Lanes<R>>(size: usize, matrix: &mut [L]) -> Result<()> {
    for row in 0..size {
        let (before, now) = matrix.split_at_mut(row * size);
        let mut rest = now[row];
        for column in 0..row {
            let above = &before[column * size..];
            let mut sum = now[column];
            for (left, right) in now[..column].iter().zip(above) {
                sum -= *left * *right;
                L::end_turn();
            }
            now[column] = sum * above[column];
            rest -= now[column] * now[column];
        }
        for lane in 0..L::COUNT {
            // Also refuses NaN.
            if !(rest.lane(lane) > R::ZERO && rest.lane(lane).to_f64().is_finite()) {
                return Err(Error::InvalidValue {
                    name: "equivalents",
                    got: format!("a matrix C with the pivot {}", rest.lane(lane)),
                    expected: "finite numbers".to_owned(),
                });
            }
        }
        now[row] = L::splat(R::ONE) / rest.map(R::sqrt);
    }
    Ok(())
}

#[inline(always)]
fn subtract<R: Real, L: Lanes<R>>(row: &mut [L], factor: L, other: &[L]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value -= factor * *other;
        L::end_turn();
    }
}
