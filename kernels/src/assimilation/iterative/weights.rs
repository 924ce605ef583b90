//! Gauss and Newton's iteration in the space of the ensemble.

use super::{Iteration, Linearization, Smoother};
use crate::assimilation::analysis::Sums;
use crate::assimilation::finite_size::Prior;
use crate::assimilation::symmetric;
use crate::{Real, Result};

/// w, T and what they follow from.
pub(super) struct Iterate {
    members: usize,
    linearization: Linearization,
    certainty: Option<f64>,
    /// e and c, from the first iteration on.
    prior: Option<Prior>,
    /// w, and what it was before the last increment.
    mean: Vec<f64>,
    mean_before: Vec<f64>,
    /// √((N − 1) S⁻¹), symmetric.
    transform: Vec<f64>,
    /// Its inverse.
    inverse: Vec<f64>,
}

impl Iterate {
    pub(super) fn new(members: usize, smoother: &Smoother) -> Self {
        let mut identity = vec![0.0; members * members];
        identity.iter_mut().step_by(members + 1).for_each(|element| *element = 1.0);
        Self {
            members,
            linearization: smoother.linearization,
            certainty: smoother.certainty,
            prior: None,
            mean: vec![0.0; members],
            mean_before: vec![0.0; members],
            transform: identity.clone(),
            inverse: identity,
        }
    }

    /// The weights with which the next iteration begins, \[row]\[member].
    pub(super) fn begun(&self) -> Vec<f64> {
        match self.linearization {
            Linearization::Transform => self.weights(&self.mean),
            Linearization::Bundle(share) => {
                let mut weights: Vec<f64> =
                    self.mean.iter().flat_map(|weight| vec![*weight; self.members]).collect();
                weights.iter_mut().step_by(self.members + 1).for_each(|weight| *weight += share);
                weights
            }
        }
    }

    /// The weights of the analysis.
    pub(super) fn analysed(&self) -> Vec<f64> {
        self.weights(&self.mean)
    }

    /// Those of an analysis about the mean that the last cost is of.
    pub(super) fn before_increment(&self) -> Vec<f64> {
        self.weights(&self.mean_before)
    }

    /// w 1ᵀ + T.
    fn weights(&self, mean: &[f64]) -> Vec<f64> {
        let rows = self.transform.chunks_exact(self.members).zip(mean);
        rows.flat_map(|(row, mean)| row.iter().map(move |element| mean + element)).collect()
    }

    /// An increment by the sums over the equivalents of members that began as [`Iterate::begun`]; `misfit` is (y − ȳ)ᵀ R⁻¹ (y − ȳ).
    pub(super) fn step<R: Real>(&mut self, sums: &Sums<R>, misfit: f64) -> Result<Iteration> {
        let members = self.members;
        let (mut matrix, mut slope) = self.of_derivative(sums);
        let mut values = vec![0.0; members];
        symmetric::eigen(members, &mut matrix, &mut values)?;
        values.iter_mut().for_each(|value| *value = value.max(0.0));
        let squares: f64 = self.mean.iter().map(|weight| weight * weight).sum();
        let degrees = members as f64 - 1.0;
        let (prior_cost, stiffness) = match self.certainty {
            None => (0.5 * degrees * squares, degrees),
            Some(certainty) => {
                let prior = self.prior.get_or_insert_with(|| Prior::new(&values, certainty));
                let sum = prior.mean_weight + squares;
                (0.5 * degrees * prior.constant * sum.ln(), degrees * prior.constant / sum)
            }
        };
        slope.iter_mut().zip(&self.mean).for_each(|(slope, weight)| *slope -= stiffness * weight);
        self.mean_before.copy_from_slice(&self.mean);
        self.transform.fill(0.0);
        self.inverse.fill(0.0);
        let mut length = 0.0;
        for (vector, value) in matrix.chunks_exact(members).zip(&values) {
            let along: f64 = vector.iter().zip(&slope).map(|(a, b)| a * b).sum::<f64>() / (value + stiffness);
            length += along * along;
            let shrink = (degrees / (value + stiffness)).sqrt();
            for (row, component) in vector.iter().enumerate() {
                self.mean[row] += along * component;
                let elements = row * members..(row + 1) * members;
                for (element, other) in self.transform[elements.clone()].iter_mut().zip(vector) {
                    *element += shrink * component * other;
                }
                for (element, other) in self.inverse[elements].iter_mut().zip(vector) {
                    *element += component * other / shrink;
                }
            }
        }
        Ok(Iteration { cost: 0.5 * misfit + prior_cost, increment: (degrees * length).sqrt() })
    }

    /// Y₀ᵀ R⁻¹ Y₀ and Y₀ᵀ R⁻¹ (y − ȳ) from those of Y = Y₀ T.
    fn of_derivative<R: Real>(&self, sums: &Sums<R>) -> (Vec<f64>, Vec<f64>) {
        let members = self.members;
        let mut matrix = vec![0.0; members * members];
        for row in 0..members {
            for column in 0..row + 1 {
                let product = sums.products[row * members + column].to_f64();
                matrix[row * members + column] = product;
                matrix[column * members + row] = product;
            }
        }
        let mut slope: Vec<f64> = sums.innovation.iter().map(|value| value.to_f64()).collect();
        match self.linearization {
            Linearization::Bundle(share) => {
                matrix.iter_mut().for_each(|element| *element /= share * share);
                slope.iter_mut().for_each(|value| *value /= share);
            }
            Linearization::Transform => {
                let half = product(members, &matrix, &self.inverse);
                matrix = product(members, &self.inverse, &half);
                slope = self
                    .inverse
                    .chunks_exact(members)
                    .map(|row| row.iter().zip(&slope).map(|(a, b)| a * b).sum())
                    .collect();
            }
        }
        (matrix, slope)
    }
}

/// The product of two square matrices, \[row]\[column].
fn product(size: usize, left: &[f64], right: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; size * size];
    for (sums, factors) in result.chunks_exact_mut(size).zip(left.chunks_exact(size)) {
        for (factor, row) in factors.iter().zip(right.chunks_exact(size)) {
            sums.iter_mut().zip(row).for_each(|(sum, element)| *sum += factor * element);
        }
    }
    result
}
