//! The classic fourth-order method of Runge and Kutta for [`Equations`].

use pulp::{Simd, WithSimd};
use terrella_kernels::Real;

use crate::{Error, Result};

/// dx/dt = f(x) of a few variables.
pub trait Equations<R: Real> {
    /// Number of variables.
    fn variables(&self) -> usize;

    /// Writes f(x) to `tendency`; both are \[variable]\[member].
    fn tendency(&self, members: usize, state: &[R], tendency: &mut [R]);
}

/// Steps the states of several members: with k₁ = f(x), k₂ = f(x + Δt/2 k₁), k₃ = f(x + Δt/2 k₂), k₄ = f(x + Δt k₃),
/// x + Δt/6 (k₁ + 2k₂ + 2k₃ + k₄) (Kutta 1901). A step allocates nothing.
#[derive(Clone, Debug)]
pub struct RungeKutta<R> {
    time_step: R,
    members: usize,
    stage: Vec<R>,
    tendency: Vec<R>,
    sum: Vec<R>,
}

impl<R: Real> RungeKutta<R> {
    /// For this many members.
    ///
    /// # Errors
    /// [`Error::InvalidConfiguration`] for a time step that is not finite and positive and for no members.
    pub fn new(equations: &impl Equations<R>, members: usize, time_step: R) -> Result<Self> {
        let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
        if !(time_step > R::ZERO && time_step.to_f64().is_finite()) {
            return invalid("time_step", time_step.to_string(), "a finite number above 0");
        }
        if members == 0 {
            return invalid("members", members.to_string(), "at least 1");
        }
        let zeros = vec![R::ZERO; equations.variables() * members];
        Ok(Self { time_step, members, stage: zeros.clone(), tendency: zeros.clone(), sum: zeros })
    }

    /// A step of `states`, \[variable]\[member].
    ///
    /// # Panics
    /// Where `states` has another length.
    pub fn step(&mut self, equations: &impl Equations<R>, states: &mut [R]) {
        assert_eq!(states.len(), self.stage.len(), "length of the states");
        pulp::Arch::new().dispatch(Step { scheme: self, equations, states });
    }
}

struct Step<'a, R, E> {
    scheme: &'a mut RungeKutta<R>,
    equations: &'a E,
    states: &'a mut [R],
}

impl<R: Real, E: Equations<R>> WithSimd for Step<'_, R, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { scheme, equations, states } = self;
        let RungeKutta { time_step, members, stage, tendency, sum } = scheme;
        let weights = [(0.5, 1.0), (0.5, 2.0), (1.0, 2.0), (0.0, 1.0)];
        for (number, (fraction, weight)) in weights.into_iter().enumerate() {
            let from = if number == 0 { &*states } else { &*stage };
            equations.tendency(*members, from, tendency);
            let (next, weight) = (*time_step * R::from_f64(fraction), R::from_f64(weight));
            for place in 0..states.len() {
                stage[place] = states[place] + next * tendency[place];
                let before = if number == 0 { R::ZERO } else { sum[place] };
                sum[place] = before + weight * tendency[place];
            }
        }
        let share = *time_step / R::from_f64(6.0);
        for (state, sum) in states.iter_mut().zip(sum) {
            *state += share * *sum;
        }
    }
}
