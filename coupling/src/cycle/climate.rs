//! [`Climate`]: states of a long run.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;

use crate::{Component, Error, Result};

/// States that a model passes in a long run: what can be known of it without observations.
#[derive(Clone, Debug)]
pub struct Climate<R> {
    samples: Ensemble<R>,
    last: Vec<R>,
}

impl<R: Real> Climate<R> {
    /// Takes `samples` states, `apart` steps from each other, after a run of `settling` steps from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for less than two samples, and those of the component.
    pub fn of_run<C: Component<Real = R>>(
        component: &mut C,
        start: &[R],
        settling: usize,
        samples: usize,
        apart: usize,
    ) -> Result<Self> {
        let mut memory = vec![R::ZERO; component.memory_len()];
        let mut last = start.to_vec();
        component.begin(start, &mut memory)?;
        let mut taken = Ensemble::new(samples, vec![R::ZERO; start.len() * samples])?;
        let mut number = 0;
        for sample in 0..samples {
            for _ in 0..if sample == 0 { settling } else { apart } {
                component.step(&mut memory, number)?;
                number += 1;
            }
            component.end(&memory, &mut last)?;
            taken.write_member(sample, &last)?;
        }
        Ok(Self { samples: taken, last })
    }

    /// The states, \[value]\[sample].
    pub fn samples(&self) -> &Ensemble<R> {
        &self.samples
    }

    /// The last of them, from where the run may go on.
    pub fn last(&self) -> &[R] {
        &self.last
    }

    /// Their mean, \[value].
    pub fn mean(&self) -> Vec<R> {
        let mut mean = vec![R::ZERO; self.samples.variables()];
        self.samples.mean(&mut mean).expect("as many values");
        mean
    }

    /// Their standard deviations, \[value].
    pub fn deviation(&self) -> Vec<R> {
        let mut variance = vec![R::ZERO; self.samples.variables()];
        self.samples.variance(&mut variance).expect("as many values");
        variance.into_iter().map(Real::sqrt).collect()
    }

    /// Their covariance times `scale`, \[value]\[value].
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for more than 4,000 values, whose matrix would be too large.
    pub fn covariance(&self, scale: R) -> Result<Vec<R>> {
        let (len, members) = (self.samples.variables(), self.samples.members());
        if len > LARGEST {
            return Err(Error::InvalidValue {
                name: "values",
                got: len.to_string(),
                expected: format!("at most {LARGEST}, for a whole covariance matrix"),
            });
        }
        let mean = self.mean();
        let mut anomalies = self.samples.values().to_vec();
        for (row, mean) in anomalies.chunks_exact_mut(members).zip(&mean) {
            row.iter_mut().for_each(|value| *value -= *mean);
        }
        let factor = scale / R::from_u32(members as u32 - 1);
        let mut covariance = vec![R::ZERO; len * len];
        for (row, left) in anomalies.chunks_exact(members).enumerate() {
            for (column, right) in anomalies.chunks_exact(members).enumerate().take(row + 1) {
                let mut sum = R::ZERO;
                left.iter().zip(right).for_each(|(a, b)| sum += *a * *b);
                covariance[row * len + column] = factor * sum;
                covariance[column * len + row] = factor * sum;
            }
        }
        Ok(covariance)
    }
}

/// Values of a state of which a whole covariance matrix is made at the most.
const LARGEST: usize = 4_000;
