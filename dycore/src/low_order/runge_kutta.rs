//! The classic fourth-order method of Runge and Kutta for [`Equations`] and its derivative.

use pulp::{Simd, WithSimd};
use terrella_kernels::Real;

use super::equations::{Equations, LinearisedEquations, OfMembers};
use crate::time_stepping::{LinearisedStages, Stages};
use crate::{Error, Result};

/// Steps the states of several members: with k₁ = f(x), k₂ = f(x + Δt/2 k₁), k₃ = f(x + Δt/2 k₂), k₄ = f(x + Δt k₃),
/// x + Δt/6 (k₁ + 2k₂ + 2k₃ + k₄) (Kutta 1901). A step allocates nothing.
#[derive(Clone, Debug)]
pub struct RungeKutta<R> {
    time_step: R,
    members: usize,
    stages: Stages<R>,
}

impl<R: Real> RungeKutta<R> {
    /// For this many members.
    ///
    /// # Errors
    /// [`Error::InvalidConfiguration`] for a time step that is not finite and positive and for no members.
    pub fn new(equations: &impl Equations<R>, members: usize, time_step: R) -> Result<Self> {
        check(members, time_step)?;
        Ok(Self { time_step, members, stages: Stages::new(equations.variables() * members) })
    }

    /// A step of `states`, \[variable]\[member].
    ///
    /// # Panics
    /// Where `states` has another length.
    pub fn step(&mut self, equations: &impl Equations<R>, states: &mut [R]) {
        assert_eq!(states.len(), self.stages.values(), "length of the states");
        pulp::Arch::new().dispatch(Step { scheme: self, equations, states });
    }
}

/// The derivative M′ of a step of [`RungeKutta`], which is exact: that of the scheme, not of the equations.
///
/// Each member has a trajectory of its own. What is common to the trajectories is computed again, nothing is kept between calls, and a
/// step allocates nothing.
#[derive(Clone, Debug)]
pub struct LinearisedRungeKutta<R> {
    time_step: R,
    members: usize,
    stages: LinearisedStages<R>,
}

impl<R: Real> LinearisedRungeKutta<R> {
    /// For this many members.
    ///
    /// # Errors
    /// Those of [`RungeKutta::new`].
    pub fn new(equations: &impl LinearisedEquations<R>, members: usize, time_step: R) -> Result<Self> {
        check(members, time_step)?;
        Ok(Self { time_step, members, stages: LinearisedStages::new(equations.variables() * members) })
    }

    /// Tangent linear: dx ← M′(x) dx, with x in `states` before the step; both \[variable]\[member].
    ///
    /// # Panics
    /// Where an array has another length.
    pub fn tangent_step(
        &mut self,
        equations: &impl LinearisedEquations<R>,
        states: &[R],
        perturbations: &mut [R],
    ) {
        self.dispatch::<_, false>(equations, states, perturbations);
    }

    /// Adjoint: w ← M′(x)ᵀ w, with x in `states` before the step; both \[variable]\[member].
    ///
    /// # Panics
    /// Where an array has another length.
    pub fn adjoint_step(
        &mut self,
        equations: &impl LinearisedEquations<R>,
        states: &[R],
        sensitivities: &mut [R],
    ) {
        self.dispatch::<_, true>(equations, states, sensitivities);
    }

    fn dispatch<E: LinearisedEquations<R>, const ADJOINT: bool>(
        &mut self,
        equations: &E,
        states: &[R],
        values: &mut [R],
    ) {
        assert_eq!(states.len(), self.stages.values(), "length of the states");
        assert_eq!(values.len(), self.stages.values(), "length of what is carried along");
        pulp::Arch::new().dispatch(LinearisedStep::<R, E, ADJOINT> {
            scheme: self,
            equations,
            states,
            values,
        });
    }
}

fn check<R: Real>(members: usize, time_step: R) -> Result<()> {
    let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
    if !(time_step > R::ZERO && time_step.to_f64().is_finite()) {
        return invalid("time_step", time_step.to_string(), "a finite number above 0");
    }
    if members == 0 {
        return invalid("members", members.to_string(), "at least 1");
    }
    Ok(())
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
        let RungeKutta { time_step, members, stages } = self.scheme;
        let mut flow = OfMembers { equations: self.equations, members: *members };
        stages.step(*time_step, &mut flow, self.states);
    }
}

struct LinearisedStep<'a, R, E, const ADJOINT: bool> {
    scheme: &'a mut LinearisedRungeKutta<R>,
    equations: &'a E,
    states: &'a [R],
    values: &'a mut [R],
}

impl<R: Real, E: LinearisedEquations<R>, const ADJOINT: bool> WithSimd for LinearisedStep<'_, R, E, ADJOINT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let LinearisedRungeKutta { time_step, members, stages } = self.scheme;
        let mut flow = OfMembers { equations: self.equations, members: *members };
        if ADJOINT {
            stages.adjoint_step(*time_step, &mut flow, self.states, self.values);
        } else {
            stages.tangent_step(*time_step, &mut flow, self.states, self.values);
        }
    }
}
