//! The weights W of an analysis, from C and d: for one domain, or for as many as a vector register has lanes.

use std::ops::Range;

use super::finite_size::inflation_of_lane;
use super::subspace::Subspace;
use super::symmetric::{Lanes, Workspace, decompose};
use super::tiles::{ROWS, add_rows, rows_of};
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
    /// The same in the N − 1 dimensions of the errors: eigenvalues of a smaller matrix, and the same members to rounding.
    ErrorSubspace,
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
    /// d's projections on the eigenvectors of C.
    projections: Vec<L>,
    /// Eigenvalues and projections of one lane.
    lane: [Vec<R>; 2],
    /// C in the error subspace, for the scheme that has one.
    subspace: Option<Subspace<L>>,
}

impl<R: Real, L: Lanes<R>> Solver<R, L> {
    pub(super) fn new(members: usize, scheme: &Scheme) -> Self {
        let square = vec![L::default(); members * members];
        Self {
            members,
            workspace: Workspace::new(members),
            innovation: vec![L::default(); members],
            perturbed: square.clone(),
            weights: square,
            projections: vec![L::default(); members],
            lane: [vec![R::ZERO; members], vec![R::ZERO; members]],
            subspace: (*scheme == Scheme::ErrorSubspace).then(|| Subspace::new(members)),
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
            Scheme::SquareRoot | Scheme::ErrorSubspace => self.solve_square_root(None),
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
                self.weights[row * members + member] =
                    self.perturbed[row * members + member] + self.innovation[row];
            }
            self.weights[row * members + row] += L::splat(part * degrees);
        }
        factorise::<R, L>(members, matrix).map_err(|pivot| Error::InvalidValue {
            name: "equivalents",
            got: format!("a matrix C with the pivot {pivot}"),
            expected: "finite numbers".to_owned(),
        })?;
        substitute(members, matrix, members, &mut self.weights);
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
        match &mut self.subspace {
            None => decompose::<R, L>(&mut self.workspace)?,
            Some(subspace) => subspace.decompose::<R>(&mut self.workspace)?,
        }
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

/// Cholesky's lower factor in place of the lower triangle, with the inverses of its diagonal. Refuses a pivot that is not finite and positive.
#[inline(always)]
pub(super) fn factorise<R: Real, L: Lanes<R>>(size: usize, matrix: &mut [L]) -> std::result::Result<(), R> {
    if L::COUNT == 1 {
        return factorise_columns::<R, L>(size, matrix);
    }
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
                return Err(rest.lane(lane));
            }
        }
        now[row] = L::splat(R::ONE) / rest.map(R::sqrt);
    }
    Ok(())
}

/// The same, for one matrix, whose factor's columns become the rows of the upper triangle: some of them one after the other, then all that they
/// take from the rest. Bits are those of sums along rows.
#[inline(always)]
fn factorise_columns<R: Real, L: Lanes<R>>(size: usize, matrix: &mut [L]) -> std::result::Result<(), R> {
    let mut factors = Vec::with_capacity(ROWS);
    for block in (0..size).step_by(ROWS) {
        let after = (block + ROWS).min(size);
        for row in block..size {
            for column in block..after.min(row) {
                matrix[column * size + row] = matrix[row * size + column];
            }
        }
        for column in block..after {
            let (now, later) = matrix[column * size..].split_at_mut(size);
            let pivot = now[column].lane(0);
            // Also refuses NaN.
            if !(pivot > R::ZERO && pivot.to_f64().is_finite()) {
                return Err(pivot);
            }
            now[column] = L::splat(R::ONE) / L::splat(pivot.sqrt());
            let inverse = now[column];
            now[column + 1..].iter_mut().for_each(|element| *element = *element * inverse);
            for (other, row) in (column + 1..after).zip(later.chunks_exact_mut(size)) {
                subtract(&mut row[other..], now[other], &now[other..]);
            }
        }
        let (above, below) = matrix.split_at_mut(after * size);
        let columns = &above[block * size..];
        let mut rows = below.chunks_exact_mut(ROWS * size);
        let mut end = after;
        for rows in &mut rows {
            factors.clear();
            for column in columns.chunks_exact(size) {
                let mut negative = [L::default(); ROWS];
                for row in 0..ROWS {
                    negative[row] = -column[end + row];
                }
                factors.push(negative);
            }
            end += ROWS;
            // Whole vectors; what lies above the diagonal is not read before it is set.
            let end = end.next_multiple_of(8).min(size);
            add_rows(rows_of::<L, ROWS>(rows, size), after..end, &factors, columns, size);
        }
        for row in rows.into_remainder().chunks_exact_mut(size) {
            end += 1;
            for column in columns.chunks_exact(size) {
                subtract(&mut row[after..end], column[end - 1], &column[after..end]);
            }
        }
    }
    Ok(())
}

/// S⁻¹ b in place of b, \[row]\[column], with the factors of S.
#[inline(always)]
pub(super) fn substitute<R: Real, L: Lanes<R>>(size: usize, matrix: &[L], columns: usize, values: &mut [L]) {
    if L::COUNT == 1 {
        return substitute_tiles::<R, L>(size, matrix, columns, values);
    }
    // L x = b from the first row, Lᵀ x = b from the last.
    for row in 0..size {
        let (before, now) = values.split_at_mut(row * columns);
        let now = &mut now[..columns];
        for (factor, earlier) in matrix[row * size..row * size + row].iter().zip(before.chunks_exact(columns))
        {
            subtract(now, *factor, earlier);
        }
        let inverse = matrix[row * size + row];
        now.iter_mut().for_each(|value| *value = *value * inverse);
    }
    for row in (0..size).rev() {
        let (now, after) = values.split_at_mut((row + 1) * columns);
        let now = &mut now[row * columns..];
        for (later, values) in (row + 1..size).zip(after.chunks_exact(columns)) {
            subtract(now, matrix[later * size + row], values);
        }
        let inverse = matrix[row * size + row];
        now.iter_mut().for_each(|value| *value = *value * inverse);
    }
}

/// The same, for one matrix, whose factor's columns are the rows of the upper triangle. Rows of a block first lose what they share, then what
/// they have of each other.
#[inline(always)]
fn substitute_tiles<R: Real, L: Lanes<R>>(size: usize, matrix: &[L], columns: usize, values: &mut [L]) {
    let whole = size / ROWS * ROWS;
    let (mut of_block, mut of_row) = (Vec::with_capacity(size), Vec::with_capacity(size));
    for block in (0..whole).step_by(ROWS) {
        subtract_rows::<R, L, ROWS>(matrix, columns, block, 0..block, values, &mut of_block);
        for row in block..block + ROWS {
            subtract_rows::<R, L, 1>(matrix, columns, row, block..row, values, &mut of_row);
            divide_row(matrix, columns, row, values);
        }
    }
    for row in whole..size {
        subtract_rows::<R, L, 1>(matrix, columns, row, 0..row, values, &mut of_row);
        divide_row(matrix, columns, row, values);
    }
    for row in (whole..size).rev() {
        subtract_rows::<R, L, 1>(matrix, columns, row, row + 1..size, values, &mut of_row);
        divide_row(matrix, columns, row, values);
    }
    for block in (0..whole).step_by(ROWS).rev() {
        subtract_rows::<R, L, ROWS>(matrix, columns, block, block + ROWS..size, values, &mut of_block);
        for row in (block..block + ROWS).rev() {
            subtract_rows::<R, L, 1>(matrix, columns, row, row + 1..block + ROWS, values, &mut of_row);
            divide_row(matrix, columns, row, values);
        }
    }
}

/// Takes from the `N` rows from `row` on their elements of the matrix times `others`, rows before or after them.
#[inline(always)]
fn subtract_rows<R: Real, L: Lanes<R>, const N: usize>(
    matrix: &[L],
    columns: usize,
    row: usize,
    others: Range<usize>,
    values: &mut [L],
    factors: &mut Vec<[L; N]>,
) {
    let size = values.len() / columns;
    factors.clear();
    for other in others.clone() {
        let mut negative = [L::default(); N];
        for inner in 0..N {
            let (low, high) = (other.min(row + inner), other.max(row + inner));
            negative[inner] = -matrix[low * size + high];
        }
        factors.push(negative);
    }
    let (before, from) = values.split_at_mut(row * columns);
    let (now, after) = from.split_at_mut(N * columns);
    let others = if others.end <= row {
        &before[others.start * columns..]
    } else {
        &after[(others.start - row - N) * columns..]
    };
    add_rows(rows_of::<L, N>(now, columns), 0..columns, factors, others, columns);
}

/// Divides a row by its pivot, of which the matrix has the inverse.
#[inline(always)]
fn divide_row<R: Real, L: Lanes<R>>(matrix: &[L], columns: usize, row: usize, values: &mut [L]) {
    let size = values.len() / columns;
    let inverse = matrix[row * size + row];
    values[row * columns..(row + 1) * columns].iter_mut().for_each(|value| *value = *value * inverse);
}

#[inline(always)]
fn subtract<R: Real, L: Lanes<R>>(row: &mut [L], factor: L, other: &[L]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value -= factor * *other;
        L::end_turn();
    }
}
