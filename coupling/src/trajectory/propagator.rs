//! [`Propagator`]: the derivative of a run.

use terrella_kernels::Real;

use super::Trajectory;
use crate::error::expect_len;
use crate::{Linearised, Result};

/// M′ of a run x_n = M(x₀): the product of the derivatives of its beginning, its n steps and its end, along a [`Trajectory`].
pub struct Propagator<'a, M: Linearised> {
    model: &'a mut M,
    trajectory: Trajectory<M::Real>,
    first: Vec<M::Real>,
    last: Vec<M::Real>,
    /// The memory at the end of the run.
    end: Vec<M::Real>,
    /// What is carried along, in the shape of the memory.
    carried: Vec<M::Real>,
}

impl<'a, M: Linearised> Propagator<'a, M> {
    /// Runs the model from `first`, keeping as many memories as fit into `budget` bytes and, where all do, what else of the derivatives does.
    ///
    /// # Errors
    /// Those of [`Trajectory::new`] and of the model.
    pub fn new(model: &'a mut M, first: &[M::Real], steps: usize, budget: usize) -> Result<Self> {
        expect_len("first", model.state_len(), first.len())?;
        let zeros = |len| vec![M::Real::ZERO; len];
        let mut trajectory = Trajectory::within(model, steps, budget)?;
        let (mut carried, mut end) = (zeros(model.memory_len()), zeros(model.memory_len()));
        model.begin(first, &mut carried)?;
        trajectory.run(&carried, model, M::step, |_, memory, number| {
            if number == steps {
                end.copy_from_slice(memory);
            }
            Ok(())
        })?;
        let mut last = zeros(model.state_len());
        model.end(&end, &mut last)?;
        Ok(Self { trajectory, first: first.to_vec(), last, end, carried, model })
    }

    /// x₀.
    pub fn first_state(&self) -> &[M::Real] {
        &self.first
    }

    /// x_n.
    pub fn last_state(&self) -> &[M::Real] {
        &self.last
    }

    /// The states of the run.
    pub fn trajectory(&self) -> &Trajectory<M::Real> {
        &self.trajectory
    }

    /// dx ← M′(x₀) dx.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch), and those of the model.
    pub fn tangent(&mut self, perturbation: &mut [M::Real]) -> Result<()> {
        let Self { model, trajectory, first, end, carried, .. } = self;
        expect_len("perturbation", model.state_len(), perturbation.len())?;
        model.begin_tangent(first, perturbation, carried)?;
        trajectory
            .forward(*model, M::step, |model, memory, number| model.tangent_step(memory, number, carried))?;
        model.end_tangent(end, carried, perturbation)
    }

    /// w ← M′(x₀)ᵀ w.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch), and those of the model.
    pub fn adjoint(&mut self, sensitivity: &mut [M::Real]) -> Result<()> {
        let Self { model, trajectory, first, end, carried, .. } = self;
        expect_len("sensitivity", model.state_len(), sensitivity.len())?;
        model.end_adjoint(end, sensitivity, carried)?;
        trajectory
            .backward(*model, M::step, |model, memory, number| model.adjoint_step(memory, number, carried))?;
        model.begin_adjoint(first, carried, sensitivity)
    }
}
