//! Models and operators for tests.

use std::ops::Range;

use crate::assimilation::LinearOperator;
use crate::assimilation::variational::Model;
use crate::{Real, Result};

/// x_i ← 0.8 x_{i−1} + 0.15 x_i on a circle: linear.
pub(super) struct Advection {
    len: usize,
}

impl Advection {
    pub(super) fn new(len: usize) -> Self {
        Self { len }
    }

    fn step(&self, state: &mut [f64], upstream: isize) {
        let before = state.to_vec();
        for i in 0..self.len {
            let other = (i as isize - upstream).rem_euclid(self.len as isize) as usize;
            state[i] = 0.8 * before[other] + 0.15 * before[i];
        }
    }
}

impl Model<f64> for Advection {
    fn state_len(&self) -> usize {
        self.len
    }

    fn advance(&mut self, steps: Range<usize>, state: &mut [f64]) -> Result<()> {
        steps.for_each(|_| self.step(state, 1));
        Ok(())
    }

    fn tangent(&mut self, steps: Range<usize>, perturbation: &mut [f64]) -> Result<()> {
        self.advance(steps, perturbation)
    }

    fn adjoint(&mut self, steps: Range<usize>, sensitivity: &mut [f64]) -> Result<()> {
        steps.for_each(|_| self.step(sensitivity, -1));
        Ok(())
    }
}

/// Euler's steps of Δt = 0.02 of dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + 8 (Lorenz 1996), with the states kept.
pub(super) struct Circle {
    len: usize,
    states: Vec<Vec<f64>>,
}

const TIME_STEP: f64 = 0.02;

impl Circle {
    pub(super) fn new(len: usize) -> Self {
        Self { len, states: Vec::new() }
    }

    /// Elements i + 1, i − 1, i − 2.
    fn near(&self, i: usize) -> [usize; 3] {
        [(i + 1) % self.len, (i + self.len - 1) % self.len, (i + self.len - 2) % self.len]
    }
}

impl Model<f64> for Circle {
    fn state_len(&self) -> usize {
        self.len
    }

    fn advance(&mut self, steps: Range<usize>, state: &mut [f64]) -> Result<()> {
        self.states.truncate(steps.start);
        for _ in steps {
            let x = state.to_vec();
            for i in 0..self.len {
                let [next, before, second] = self.near(i);
                state[i] += TIME_STEP * ((x[next] - x[second]) * x[before] - x[i] + 8.0);
            }
            self.states.push(x);
        }
        Ok(())
    }

    fn tangent(&mut self, steps: Range<usize>, perturbation: &mut [f64]) -> Result<()> {
        for x in &self.states[steps] {
            let d = perturbation.to_vec();
            for i in 0..self.len {
                let [next, before, second] = self.near(i);
                let change = (d[next] - d[second]) * x[before] + (x[next] - x[second]) * d[before] - d[i];
                perturbation[i] += TIME_STEP * change;
            }
        }
        Ok(())
    }

    fn adjoint(&mut self, steps: Range<usize>, sensitivity: &mut [f64]) -> Result<()> {
        for x in self.states[steps].iter().rev() {
            let d = sensitivity.to_vec();
            for i in 0..self.len {
                let [next, before, second] = self.near(i);
                sensitivity[next] += TIME_STEP * x[before] * d[i];
                sensitivity[second] -= TIME_STEP * x[before] * d[i];
                sensitivity[before] += TIME_STEP * (x[next] - x[second]) * d[i];
                sensitivity[i] -= TIME_STEP * d[i];
            }
        }
        Ok(())
    }
}

/// Becomes infinite for any state but one.
pub(super) struct Fragile {
    only: Vec<f64>,
}

impl Fragile {
    pub(super) fn new(_: usize, only: &[f64]) -> Self {
        Self { only: only.to_vec() }
    }
}

impl Model<f64> for Fragile {
    fn state_len(&self) -> usize {
        self.only.len()
    }

    fn advance(&mut self, _: Range<usize>, state: &mut [f64]) -> Result<()> {
        if state != self.only {
            state.fill(f64::INFINITY);
        }
        Ok(())
    }

    fn tangent(&mut self, _: Range<usize>, _: &mut [f64]) -> Result<()> {
        Ok(())
    }

    fn adjoint(&mut self, _: Range<usize>, _: &mut [f64]) -> Result<()> {
        Ok(())
    }
}

/// Two neighbours to their mean.
pub(super) struct PairMeans(usize);

impl PairMeans {
    pub(super) fn new(len: usize) -> Self {
        Self(len)
    }
}

impl LinearOperator<f64> for PairMeans {
    fn input_len(&self) -> usize {
        self.0
    }

    fn output_len(&self) -> usize {
        self.0 / 2
    }

    fn apply(&mut self, input: &[f64], output: &mut [f64]) -> Result<()> {
        output.iter_mut().zip(input.chunks(2)).for_each(|(mean, pair)| *mean = 0.5 * (pair[0] + pair[1]));
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[f64], input: &mut [f64]) -> Result<()> {
        input.chunks_mut(2).zip(output).for_each(|(pair, mean)| pair.fill(0.5 * mean));
        Ok(())
    }
}

/// A number to two neighbours.
pub(super) struct PairCopies(usize);

impl PairCopies {
    pub(super) fn new(len: usize) -> Self {
        Self(len)
    }
}

impl<R: Real> LinearOperator<R> for PairCopies {
    fn input_len(&self) -> usize {
        self.0 / 2
    }

    fn output_len(&self) -> usize {
        self.0
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        output.chunks_mut(2).zip(input).for_each(|(pair, value)| pair.fill(*value));
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        input.iter_mut().zip(output.chunks(2)).for_each(|(value, pair)| *value = pair[0] + pair[1]);
        Ok(())
    }
}
