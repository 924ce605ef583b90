//! [`Snapshots`]: states of several times as one.

use super::window::begins;
use super::{ObservationOperator, Window};
use crate::error::expect_len;
use crate::{Real, Result};

/// A window whose state is the whole trajectory, \[time]\[element], as a model run beforehand has made it: no model is needed, since the covariance,
/// from an ensemble of trajectories, connects the times. So works 4DEnVar (Liu et al. 2008, *Mon. Wea. Rev.* 136, 3363–3373).
#[derive(Debug)]
pub struct Snapshots<H> {
    operator: H,
    len: usize,
    begins: Vec<usize>,
}

impl<H> Snapshots<H> {
    /// For `times` states of `len` elements each, with the observations of each time.
    pub fn new<R: Real>(operator: H, times: usize, len: usize) -> Self
    where
        H: ObservationOperator<R>,
    {
        let begins = begins(&operator, times);
        Self { operator, len, begins }
    }

    fn times(&self) -> usize {
        self.begins.len() - 1
    }

    fn expect_lens<R>(&self, state: &[R], equivalents: &[R]) -> Result<()> {
        expect_len("state", self.times() * self.len, state.len())?;
        expect_len("equivalents", self.begins[self.times()], equivalents.len())
    }
}

impl<R: Real, H: ObservationOperator<R>> Window<R> for Snapshots<H> {
    fn state_len(&self) -> usize {
        self.times() * self.len
    }

    fn increment_len(&self) -> usize {
        self.times() * self.len
    }

    fn observation_count(&self) -> usize {
        self.begins[self.times()]
    }

    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        self.expect_lens(state, equivalents)?;
        for (time, state) in state.chunks_exact(self.len).enumerate() {
            self.operator.observe(time, state, &mut equivalents[self.begins[time]..self.begins[time + 1]])?;
        }
        Ok(())
    }

    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()> {
        self.expect_lens(increment, equivalents)?;
        for (time, state) in increment.chunks_exact(self.len).enumerate() {
            self.operator.tangent(time, state, &mut equivalents[self.begins[time]..self.begins[time + 1]])?;
        }
        Ok(())
    }

    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()> {
        self.expect_lens(increment, equivalents)?;
        increment.fill(R::ZERO);
        for (time, state) in increment.chunks_exact_mut(self.len).enumerate() {
            self.operator.adjoint(time, &equivalents[self.begins[time]..self.begins[time + 1]], state)?;
        }
        Ok(())
    }
}
