//! [`Window`]: states to equivalents of all observations of a window.

use std::ops::Range;

use super::Model;
use crate::assimilation::LinearOperator;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// The way from a state at the window's begin to the equivalents of all its observations, and its derivative.
pub trait Window<R: Real> {
    /// Length of a state.
    fn state_len(&self) -> usize;

    /// Length of an increment.
    fn increment_len(&self) -> usize;

    /// Number of observations.
    fn observation_count(&self) -> usize;

    /// `equivalents` = H(M(`state`)); what is linear refers to this trajectory from now on.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and the implementor's own.
    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()>;

    /// `equivalents` = H′M′ `increment`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and the implementor's own.
    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()>;

    /// `increment` = M′ᵀH′ᵀ `equivalents`, the transpose of [`Window::tangent`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and the implementor's own.
    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()>;

    /// The increment at the state's resolution, a copy where it has that already.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and the implementor's own.
    fn prolong(&mut self, increment: &[R], of_state: &mut [R]) -> Result<()> {
        expect_len("increment", self.state_len(), increment.len())?;
        expect_len("of_state", self.state_len(), of_state.len())?;
        of_state.copy_from_slice(increment);
        Ok(())
    }
}

impl<R: Real, W: Window<R> + ?Sized> Window<R> for &mut W {
    fn state_len(&self) -> usize {
        (**self).state_len()
    }

    fn increment_len(&self) -> usize {
        (**self).increment_len()
    }

    fn observation_count(&self) -> usize {
        (**self).observation_count()
    }

    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        (**self).trajectory(state, equivalents)
    }

    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()> {
        (**self).tangent(increment, equivalents)
    }

    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()> {
        (**self).adjoint(equivalents, increment)
    }

    fn prolong(&mut self, increment: &[R], of_state: &mut [R]) -> Result<()> {
        (**self).prolong(increment, of_state)
    }
}

/// The tangent of a window, or of a reference to one, as a linear operator from increments to equivalents.
#[derive(Debug)]
pub struct Tangent<W>(pub W);

impl<R: Real, W: Window<R>> LinearOperator<R> for Tangent<W> {
    fn input_len(&self) -> usize {
        self.0.increment_len()
    }

    fn output_len(&self) -> usize {
        self.0.observation_count()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        self.0.tangent(input, output)
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        self.0.adjoint(output, input)
    }
}

/// Equivalents of the observations of each time from the state at that time; times are numbered from 0.
pub trait ObservationOperator<R: Real> {
    /// Number of observations of a time.
    fn count(&self, time: usize) -> usize;

    /// `equivalents` = H(`state`); what is linear refers to this state from now on.
    ///
    /// # Errors
    /// The implementor's.
    fn observe(&mut self, time: usize, state: &[R], equivalents: &mut [R]) -> Result<()>;

    /// `equivalents` = H′ `perturbation`.
    ///
    /// # Errors
    /// The implementor's.
    fn tangent(&mut self, time: usize, perturbation: &[R], equivalents: &mut [R]) -> Result<()>;

    /// `sensitivity` += H′ᵀ `equivalents`.
    ///
    /// # Errors
    /// The implementor's.
    fn adjoint(&mut self, time: usize, equivalents: &[R], sensitivity: &mut [R]) -> Result<()>;
}

/// Observations of elements of the state: H picks them.
#[derive(Clone, Debug)]
pub struct Selection {
    places: Vec<Vec<usize>>,
}

impl Selection {
    /// Elements of a state of length `state_len`, \[time]\[observation].
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for an element that is not there.
    pub fn new(state_len: usize, places: Vec<Vec<usize>>) -> Result<Self> {
        if let Some(place) = places.iter().flatten().find(|place| **place >= state_len) {
            return Err(Error::InvalidValue {
                name: "places",
                got: place.to_string(),
                expected: format!("elements below {state_len}"),
            });
        }
        Ok(Self { places })
    }
}

impl<R: Real> ObservationOperator<R> for Selection {
    fn count(&self, time: usize) -> usize {
        self.places.get(time).map_or(0, Vec::len)
    }

    fn observe(&mut self, time: usize, state: &[R], equivalents: &mut [R]) -> Result<()> {
        for (equivalent, place) in equivalents.iter_mut().zip(&self.places[time]) {
            *equivalent = state[*place];
        }
        Ok(())
    }

    fn tangent(&mut self, time: usize, perturbation: &[R], equivalents: &mut [R]) -> Result<()> {
        self.observe(time, perturbation, equivalents)
    }

    fn adjoint(&mut self, time: usize, equivalents: &[R], sensitivity: &mut [R]) -> Result<()> {
        for (equivalent, place) in equivalents.iter().zip(&self.places[time]) {
            sensitivity[*place] += *equivalent;
        }
        Ok(())
    }
}

/// Where each time's observations begin among all, and where the last ones end.
pub(super) fn begins<R: Real>(operator: &impl ObservationOperator<R>, times: usize) -> Vec<usize> {
    let mut begins = vec![0];
    for time in 0..times {
        begins.push(begins[time] + operator.count(time));
    }
    begins
}

/// A window through which a model runs. Increments have the resolution of the state; observations are those of the first time, then those of the second one, …
#[derive(Debug)]
pub struct ModelWindow<R, M, H> {
    model: M,
    operator: H,
    /// The step at which each time is; 0 is the window's begin.
    steps: Vec<usize>,
    begins: Vec<usize>,
    state: Vec<R>,
}

impl<R: Real, M: Model<R>, H: ObservationOperator<R>> ModelWindow<R, M, H> {
    /// With observations after these numbers of steps, 0 for the window's begin.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] where steps do not rise.
    pub fn new(model: M, operator: H, steps: Vec<usize>) -> Result<Self> {
        if !steps.is_sorted_by(|a, b| a < b) {
            return Err(Error::InvalidValue {
                name: "steps",
                got: format!("{steps:?}"),
                expected: "numbers that rise".to_owned(),
            });
        }
        let begins = begins(&operator, steps.len());
        let state = vec![R::ZERO; model.state_len()];
        Ok(Self { model, operator, steps, begins, state })
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The model, for changing what it keeps.
    pub fn model_mut(&mut self) -> &mut M {
        &mut self.model
    }

    /// The steps from the time before to this one, and the places of its observations.
    fn of_time(&self, time: usize) -> (Range<usize>, Range<usize>) {
        let before = if time == 0 { 0 } else { self.steps[time - 1] };
        (before..self.steps[time], self.begins[time]..self.begins[time + 1])
    }

    fn expect_lens(&self, state: &[R], equivalents: &[R]) -> Result<()> {
        expect_len("state", self.state.len(), state.len())?;
        expect_len("equivalents", self.begins[self.steps.len()], equivalents.len())
    }
}

impl<R: Real, M: Model<R>, H: ObservationOperator<R>> Window<R> for ModelWindow<R, M, H> {
    fn state_len(&self) -> usize {
        self.state.len()
    }

    fn increment_len(&self) -> usize {
        self.state.len()
    }

    fn observation_count(&self) -> usize {
        self.begins[self.steps.len()]
    }

    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        self.expect_lens(state, equivalents)?;
        self.state.copy_from_slice(state);
        for time in 0..self.steps.len() {
            let (steps, places) = self.of_time(time);
            self.model.advance(steps, &mut self.state)?;
            self.operator.observe(time, &self.state, &mut equivalents[places])?;
        }
        Ok(())
    }

    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()> {
        self.expect_lens(increment, equivalents)?;
        self.state.copy_from_slice(increment);
        for time in 0..self.steps.len() {
            let (steps, places) = self.of_time(time);
            self.model.tangent(steps, &mut self.state)?;
            self.operator.tangent(time, &self.state, &mut equivalents[places])?;
        }
        Ok(())
    }

    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()> {
        self.expect_lens(increment, equivalents)?;
        increment.fill(R::ZERO);
        for time in (0..self.steps.len()).rev() {
            let (steps, places) = self.of_time(time);
            self.operator.adjoint(time, &equivalents[places], increment)?;
            self.model.adjoint(steps, increment)?;
        }
        Ok(())
    }
}
