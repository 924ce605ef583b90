//! [`Trajectory`]: the states of a run, forward and in reverse order, within a budget of memory. [`Propagator`]: the derivative of a whole run along them.
//!
//! An adjoint needs the states of a run from the last to the first. Where all fit into the budget they are kept; otherwise some are, and the others
//! computed again from the nearest kept one before them, in the order of Griewank & Walther (2000, "Algorithm 799: revolve", *ACM Trans. Math.
//! Softw.* 26, 19–45): no schedule takes fewer steps. For a run of n steps and back, with c states kept, these are
//!
//! t(n + 1, c) = r (n + 1) − β(c + 1, r − 1),  β(c, r) = (c + r)!/(c! r!),  r the smallest number with β(c, r) ≥ n + 1,
//!
//! n of which are the run. With c = 10 a sweep back takes 0.8 n further steps for n = 50, 1.7 n for n = 250 and 2.6 n for n = 1000.

mod propagator;
mod schedule;
#[cfg(test)]
mod tests;

pub use propagator::Propagator;

use terrella_kernels::Real;

use crate::error::expect_len;
use crate::{Error, Linearised, Result};

/// The states of a run of a fixed number of steps; see the module.
///
/// ```
/// use terrella_coupling::Error;
/// use terrella_coupling::trajectory::Trajectory;
///
/// // x ← x², four times, in room for three numbers.
/// let square = |_: &mut (), state: &mut [f64], _: usize| {
///     state[0] *= state[0];
///     Ok::<_, Error>(())
/// };
/// let mut trajectory = Trajectory::new(1, 4, 3 * size_of::<f64>())?;
/// let mut last = 0.0;
/// trajectory.run(&[2.0], &mut (), square, |_, state, _| Ok(last = state[0]))?;
/// assert_eq!(last, 65536.0);
///
/// // The derivative of the last by the first number, Π 2x, from the end.
/// let mut derivative = 1.0;
/// trajectory.backward(&mut (), square, |_, state, _| Ok(derivative *= 2.0 * state[0]))?;
/// assert_eq!(derivative, 16.0 * 2f64.powi(15));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trajectory<R> {
    values: usize,
    steps: usize,
    checkpoints: usize,
    /// \[checkpoint]\[value].
    kept: Vec<R>,
    /// Numbers of the states in the first checkpoints, rising from 0.
    numbers: Vec<usize>,
    /// Where the model works, and the number of the state there.
    state: Vec<R>,
    at: usize,
    steps_taken: usize,
}

impl<R: Real> Trajectory<R> {
    /// For states of `values` numbers, a run of `steps` steps, and at most `budget` bytes of states, all taken now.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] where two states do not fit into the budget, and for no steps.
    pub fn new(values: usize, steps: usize, budget: usize) -> Result<Self> {
        let invalid = |name, got, expected| Err(Error::InvalidValue { name, got, expected });
        if steps == 0 {
            return invalid("steps", steps.to_string(), "at least 1".to_owned());
        }
        let bytes = values * size_of::<R>();
        let room = budget.checked_div(bytes).unwrap_or(usize::MAX);
        if room < 2 {
            let expected = format!("at least {} bytes, for two states", 2 * bytes);
            return invalid("budget", format!("{budget} bytes"), expected);
        }
        let checkpoints = (room - 1).min(steps);
        Ok(Self {
            values,
            steps,
            checkpoints,
            kept: vec![R::ZERO; checkpoints * values],
            numbers: Vec::with_capacity(checkpoints),
            state: vec![R::ZERO; values],
            at: 0,
            steps_taken: 0,
        })
    }

    /// For the memories of a model's run. What they leave of the budget, the model may have to keep its linearisations; where some memories are left out,
    /// it has none.
    ///
    /// # Errors
    /// Those of [`Trajectory::new`] and of the model.
    pub fn within(model: &mut impl Linearised<Real = R>, steps: usize, budget: usize) -> Result<Self> {
        let trajectory = Self::new(model.memory_len(), steps, budget)?;
        let left = if trajectory.keeps_all() { budget - trajectory.bytes() } else { 0 };
        model.keep_linearisations(steps, left)?;
        Ok(trajectory)
    }

    /// c, the number of states that are kept at a time.
    pub fn checkpoints(&self) -> usize {
        self.checkpoints
    }

    /// What it takes of its budget.
    pub fn bytes(&self) -> usize {
        (self.checkpoints + 1) * self.values * size_of::<R>()
    }

    /// Whether no step is taken a second time.
    pub fn keeps_all(&self) -> bool {
        self.checkpoints == self.steps
    }

    /// Steps that [`Trajectory::backward`] takes after [`Trajectory::run`]: t(n + 1, c) − n.
    pub fn recomputed_steps(&self) -> usize {
        schedule::steps(self.steps + 1, self.checkpoints) - self.steps
    }

    /// Steps taken so far, by all calls.
    pub fn steps_taken(&self) -> usize {
        self.steps_taken
    }

    /// A run from `first`: `visit` gets x₀ … x_n, each with its number.
    ///
    /// `step` replaces a state by its successor, given the number of the step from 0. Both get `context`, for what they share.
    ///
    /// # Errors
    /// A first state of another length, and those of `step` and `visit`.
    pub fn run<C, E: From<Error>>(
        &mut self,
        first: &[R],
        context: &mut C,
        mut step: impl FnMut(&mut C, &mut [R], usize) -> std::result::Result<(), E>,
        mut visit: impl FnMut(&mut C, &[R], usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        expect_len("first", self.values, first.len())?;
        self.kept[..self.values].copy_from_slice(first);
        self.numbers.clear();
        self.numbers.push(0);
        self.at = usize::MAX;
        self.forward(context, &mut step, &mut visit)?;
        self.step_to(self.steps, context, &mut step)?;
        visit(context, &self.state, self.steps)
    }

    /// The states of the run again from which steps go: `visit` gets x₀ … x_{n−1}, as a tangent linear needs them.
    ///
    /// # Errors
    /// Those of `step` and `visit`.
    ///
    /// # Panics
    /// Where there has been no run.
    pub fn forward<C, E>(
        &mut self,
        context: &mut C,
        mut step: impl FnMut(&mut C, &mut [R], usize) -> std::result::Result<(), E>,
        mut visit: impl FnMut(&mut C, &[R], usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        assert!(!self.numbers.is_empty(), "a trajectory without a run");
        if !self.keeps_all() {
            // What a sweep back has left is of no use for the next one.
            self.numbers.truncate(1);
        }
        for number in 0..self.steps {
            self.go_to(number, self.steps, context, &mut step)?;
            visit(context, &self.state, number)?;
        }
        Ok(())
    }

    /// The same states in reverse order: `visit` gets x_{n−1} … x₀, as an adjoint needs them.
    ///
    /// # Errors
    /// Those of `step` and `visit`.
    ///
    /// # Panics
    /// Where there has been no run.
    pub fn backward<C, E>(
        &mut self,
        context: &mut C,
        mut step: impl FnMut(&mut C, &mut [R], usize) -> std::result::Result<(), E>,
        mut visit: impl FnMut(&mut C, &[R], usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        assert!(!self.numbers.is_empty(), "a trajectory without a run");
        for number in (0..self.steps).rev() {
            self.go_to(number, number, context, &mut step)?;
            visit(context, &self.state, number)?;
        }
        Ok(())
    }

    /// Brings x_`number` where the model works. Of states on the way there, and of that itself, those are kept that a sweep back from `last` needs.
    fn go_to<C, E>(
        &mut self,
        number: usize,
        last: usize,
        context: &mut C,
        step: &mut impl FnMut(&mut C, &mut [R], usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let nearest = self.numbers.partition_point(|&kept| kept <= number) - 1;
        if self.numbers[nearest] > self.at || self.at > number {
            if !self.keeps_all() {
                self.numbers.truncate(nearest + 1);
            }
            self.state.copy_from_slice(&self.kept[nearest * self.values..][..self.values]);
            self.at = self.numbers[nearest];
        }
        while self.at < number {
            self.step_to(self.at + 1, context, step)?;
            if self.next_checkpoint(last) == Some(self.at) {
                self.kept[self.numbers.len() * self.values..][..self.values].copy_from_slice(&self.state);
                self.numbers.push(self.at);
            }
        }
        Ok(())
    }

    fn step_to<C, E>(
        &mut self,
        number: usize,
        context: &mut C,
        step: &mut impl FnMut(&mut C, &mut [R], usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        // Whatever a step that fails leaves is no state.
        self.at = usize::MAX;
        step(context, &mut self.state, number - 1)?;
        self.at = number;
        self.steps_taken += 1;
        Ok(())
    }

    /// The number of the state to be kept next, for a sweep back from x_`last`.
    fn next_checkpoint(&self, last: usize) -> Option<usize> {
        let newest = *self.numbers.last().expect("the first state is kept");
        let free = self.checkpoints - self.numbers.len();
        let states = (last + 1).saturating_sub(newest);
        (free > 0 && states > 1).then(|| newest + schedule::distance(states, free + 1))
    }
}
