//! [`Model`]: what moves a state through a window, and two that do not.

use std::ops::Range;

use crate::error::expect_len;
use crate::{Real, Result};

/// A model over state arrays with its derivative along the trajectory it ran last. Steps are numbered from the window's begin.
///
/// `advance` keeps what the linear functions need of the states it passes, or enough to make them again; the linear functions are called for
/// ranges that `advance` has been called for. An empty range changes nothing.
pub trait Model<R: Real> {
    /// Length of a state.
    fn state_len(&self) -> usize;

    /// x ← M(x) from the range's first step to before its end.
    ///
    /// # Errors
    /// The implementor's.
    fn advance(&mut self, steps: Range<usize>, state: &mut [R]) -> Result<()>;

    /// δx ← M′ δx along the trajectory.
    ///
    /// # Errors
    /// The implementor's.
    fn tangent(&mut self, steps: Range<usize>, perturbation: &mut [R]) -> Result<()>;

    /// δx* ← M′ᵀ δx*, the transpose of [`Model::tangent`] for plain dot products.
    ///
    /// # Errors
    /// The implementor's.
    fn adjoint(&mut self, steps: Range<usize>, sensitivity: &mut [R]) -> Result<()>;
}

/// Nothing changes: 3D-Var.
#[derive(Clone, Copy, Debug)]
pub struct Persistence {
    state_len: usize,
}

impl Persistence {
    /// For states of this length.
    pub fn new(state_len: usize) -> Self {
        Self { state_len }
    }
}

impl<R: Real> Model<R> for Persistence {
    fn state_len(&self) -> usize {
        self.state_len
    }

    fn advance(&mut self, _: Range<usize>, state: &mut [R]) -> Result<()> {
        expect_len("state", self.state_len, state.len())
    }

    fn tangent(&mut self, _: Range<usize>, perturbation: &mut [R]) -> Result<()> {
        expect_len("perturbation", self.state_len, perturbation.len())
    }

    fn adjoint(&mut self, _: Range<usize>, sensitivity: &mut [R]) -> Result<()> {
        expect_len("sensitivity", self.state_len, sensitivity.len())
    }
}

/// The model runs, so that observations are compared at their own time, but increments stay as they are: 3D-Var with the first guess at the
/// appropriate time.
#[derive(Clone, Debug)]
pub struct FirstGuess<M> {
    model: M,
}

impl<M> FirstGuess<M> {
    /// With this model; its derivative is not used.
    pub fn new(model: M) -> Self {
        Self { model }
    }
}

impl<R: Real, M: Model<R>> Model<R> for FirstGuess<M> {
    fn state_len(&self) -> usize {
        self.model.state_len()
    }

    fn advance(&mut self, steps: Range<usize>, state: &mut [R]) -> Result<()> {
        self.model.advance(steps, state)
    }

    fn tangent(&mut self, _: Range<usize>, perturbation: &mut [R]) -> Result<()> {
        expect_len("perturbation", self.model.state_len(), perturbation.len())
    }

    fn adjoint(&mut self, _: Range<usize>, sensitivity: &mut [R]) -> Result<()> {
        expect_len("sensitivity", self.model.state_len(), sensitivity.len())
    }
}
