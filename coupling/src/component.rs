//! [`Component`]: a model whose state is an array. [`Linearised`]: the derivative of such a model.
//!
//! A run begins at a state x₀, an array of [`Component::state_len`] values, takes steps, and ends with a state again:
//!
//! ```text
//! x₀ ── begin ──► m₀ ── step 0 ──► m₁ ── step 1 ──► … ──► m_n ── end ──► x_n
//! ```
//!
//! m is what a step goes from. For a scheme with one time level it is the state; leapfrog schemes keep two levels there. An analysis
//! changes states, never m, so that it is followed by a beginning.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;

use crate::Result;
use crate::error::expect_len;

/// A model whose state is an array.
pub trait Component {
    /// f32 or f64.
    type Real: Real;

    /// Number of values of a state.
    fn state_len(&self) -> usize;

    /// Number of values that a step goes from.
    fn memory_len(&self) -> usize {
        self.state_len()
    }

    /// Length of a step, in the model's unit of time.
    fn time_step(&self) -> f64;

    /// Writes m₀ of a run from `state` to `memory`. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch), and what the model says of the state.
    fn begin(&mut self, state: &[Self::Real], memory: &mut [Self::Real]) -> Result<()> {
        copy(self.state_len(), state, memory)
    }

    /// Replaces m by its successor. `number` counts the steps of the run from 0: leapfrog schemes begin with another step.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch), and what the model says when it leaves the range in which it means anything.
    fn step(&mut self, memory: &mut [Self::Real], number: usize) -> Result<()>;

    /// Writes the state in `memory` to `state`. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn end(&mut self, memory: &[Self::Real], state: &mut [Self::Real]) -> Result<()> {
        copy(self.state_len(), memory, state)
    }

    /// Replaces a state by the one `steps` later.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn advance(&mut self, state: &mut [Self::Real], steps: usize) -> Result<()> {
        let mut memory = vec![<Self::Real as Real>::ZERO; self.memory_len()];
        self.begin(state, &mut memory)?;
        for number in 0..steps {
            self.step(&mut memory, number)?;
        }
        self.end(&memory, state)
    }

    /// Replaces the states of an ensemble by those `steps` later: one after the other, where a model knows nothing better.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn advance_ensemble(&mut self, ensemble: &mut Ensemble<Self::Real>, steps: usize) -> Result<()> {
        expect_len("ensemble", self.state_len(), ensemble.variables())?;
        let mut state = vec![<Self::Real as Real>::ZERO; self.state_len()];
        for member in 0..ensemble.members() {
            ensemble.read_member(member, &mut state)?;
            self.advance(&mut state, steps)?;
            ensemble.write_member(member, &state)?;
        }
        Ok(())
    }
}

/// The derivative of a [`Component`]: every map of a run replaced by its Jacobian (tangent linear) or the transpose of that (adjoint), with
/// respect to Σ_i a_i b_i over the values of the arrays unless a type says otherwise.
///
/// Arguments `state` and `memory` are those of the run itself before the map in question; arrays of perturbations dx and of
/// sensitivities, gradients of a function of the run, have the shape of what they belong to.
pub trait Linearised: Component {
    /// Makes room, in place of what was there, for what derivatives of a run's first `steps` steps need besides memories, and keeps that from now
    /// on for steps that are gone through again: as many of them as fit into `budget` bytes. Returns the bytes taken. Provided for models
    /// with nothing to keep.
    ///
    /// # Errors
    /// Too little memory.
    fn keep_linearisations(&mut self, _steps: usize, _budget: usize) -> Result<usize> {
        Ok(0)
    }

    /// dm₀ of dx₀. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn begin_tangent(
        &mut self,
        _state: &[Self::Real],
        of_state: &[Self::Real],
        of_memory: &mut [Self::Real],
    ) -> Result<()> {
        copy(self.state_len(), of_state, of_memory)
    }

    /// Replaces dm of a step's beginning by that of its end.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn tangent_step(
        &mut self,
        memory: &[Self::Real],
        number: usize,
        perturbation: &mut [Self::Real],
    ) -> Result<()>;

    /// dx of dm. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn end_tangent(
        &mut self,
        _memory: &[Self::Real],
        of_memory: &[Self::Real],
        of_state: &mut [Self::Real],
    ) -> Result<()> {
        copy(self.state_len(), of_memory, of_state)
    }

    /// The sensitivity to m of that to the state at the end. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn end_adjoint(
        &mut self,
        _memory: &[Self::Real],
        of_state: &[Self::Real],
        of_memory: &mut [Self::Real],
    ) -> Result<()> {
        copy(self.state_len(), of_state, of_memory)
    }

    /// Replaces the sensitivity to a step's end by that to its beginning.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn adjoint_step(
        &mut self,
        memory: &[Self::Real],
        number: usize,
        sensitivity: &mut [Self::Real],
    ) -> Result<()>;

    /// The sensitivity to the first state of that to m₀. Provided for models with m = x.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn begin_adjoint(
        &mut self,
        _state: &[Self::Real],
        of_memory: &[Self::Real],
        of_state: &mut [Self::Real],
    ) -> Result<()> {
        copy(self.state_len(), of_memory, of_state)
    }
}

/// What is boxed, as the box: one instance of a cycle then serves all components of one precision.
impl<C: Component + ?Sized> Component for Box<C> {
    type Real = C::Real;

    fn state_len(&self) -> usize {
        (**self).state_len()
    }

    fn memory_len(&self) -> usize {
        (**self).memory_len()
    }

    fn time_step(&self) -> f64 {
        (**self).time_step()
    }

    fn begin(&mut self, state: &[C::Real], memory: &mut [C::Real]) -> Result<()> {
        (**self).begin(state, memory)
    }

    fn step(&mut self, memory: &mut [C::Real], number: usize) -> Result<()> {
        (**self).step(memory, number)
    }

    fn end(&mut self, memory: &[C::Real], state: &mut [C::Real]) -> Result<()> {
        (**self).end(memory, state)
    }

    fn advance(&mut self, state: &mut [C::Real], steps: usize) -> Result<()> {
        (**self).advance(state, steps)
    }

    fn advance_ensemble(&mut self, ensemble: &mut Ensemble<C::Real>, steps: usize) -> Result<()> {
        (**self).advance_ensemble(ensemble, steps)
    }
}

impl<C: Linearised + ?Sized> Linearised for Box<C> {
    fn keep_linearisations(&mut self, steps: usize, budget: usize) -> Result<usize> {
        (**self).keep_linearisations(steps, budget)
    }

    fn begin_tangent(
        &mut self,
        state: &[C::Real],
        of_state: &[C::Real],
        of_memory: &mut [C::Real],
    ) -> Result<()> {
        (**self).begin_tangent(state, of_state, of_memory)
    }

    fn tangent_step(
        &mut self,
        memory: &[C::Real],
        number: usize,
        perturbation: &mut [C::Real],
    ) -> Result<()> {
        (**self).tangent_step(memory, number, perturbation)
    }

    fn end_tangent(
        &mut self,
        memory: &[C::Real],
        of_memory: &[C::Real],
        of_state: &mut [C::Real],
    ) -> Result<()> {
        (**self).end_tangent(memory, of_memory, of_state)
    }

    fn end_adjoint(
        &mut self,
        memory: &[C::Real],
        of_state: &[C::Real],
        of_memory: &mut [C::Real],
    ) -> Result<()> {
        (**self).end_adjoint(memory, of_state, of_memory)
    }

    fn adjoint_step(&mut self, memory: &[C::Real], number: usize, sensitivity: &mut [C::Real]) -> Result<()> {
        (**self).adjoint_step(memory, number, sensitivity)
    }

    fn begin_adjoint(
        &mut self,
        state: &[C::Real],
        of_memory: &[C::Real],
        of_state: &mut [C::Real],
    ) -> Result<()> {
        (**self).begin_adjoint(state, of_memory, of_state)
    }
}

fn copy<R: Real>(len: usize, from: &[R], to: &mut [R]) -> Result<()> {
    expect_len("state", len, from.len())?;
    expect_len("memory", len, to.len())?;
    to.copy_from_slice(from);
    Ok(())
}
