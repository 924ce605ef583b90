//! Low-order models as [`Component`]s.

use terrella_coupling::{Component, Error as CouplingError, Linearised, Result as CouplingResult};
use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;

use super::{LinearisedEquations, LinearisedRungeKutta, RungeKutta};
use crate::Result;
use crate::shallow_water::{expect_finite, expect_length};

/// Equations with the scheme that steps them; a state is [`variables`](super::Equations::variables) numbers.
#[derive(Clone, Debug)]
pub struct LowOrderModel<E, R> {
    equations: E,
    time_step: R,
    single: RungeKutta<R>,
    derivative: LinearisedRungeKutta<R>,
    /// For as many members as it was last used with.
    ensemble: Option<(usize, RungeKutta<R>)>,
}

impl<R: Real, E: LinearisedEquations<R>> LowOrderModel<E, R> {
    /// These equations, stepped by the classic method of Runge and Kutta.
    ///
    /// # Errors
    /// Those of [`RungeKutta::new`].
    pub fn new(equations: E, time_step: R) -> Result<Self> {
        Ok(Self {
            single: RungeKutta::new(&equations, 1, time_step)?,
            derivative: LinearisedRungeKutta::new(&equations, 1, time_step)?,
            ensemble: None,
            time_step,
            equations,
        })
    }

    /// The equations.
    pub fn equations(&self) -> &E {
        &self.equations
    }
}

impl<R: Real, E: LinearisedEquations<R>> Component for LowOrderModel<E, R> {
    type Real = R;

    fn state_len(&self) -> usize {
        self.equations.variables()
    }

    fn time_step(&self) -> f64 {
        self.time_step.to_f64()
    }

    fn step(&mut self, memory: &mut [R], _number: usize) -> CouplingResult<()> {
        expect_length("memory", self.equations.variables(), memory.len())?;
        self.single.step(&self.equations, memory);
        Ok(expect_finite("state", memory)?)
    }

    /// All members side by side.
    fn advance_ensemble(&mut self, ensemble: &mut Ensemble<R>, steps: usize) -> CouplingResult<()> {
        let (expected, got) = (self.equations.variables(), ensemble.variables());
        if expected != got {
            return Err(CouplingError::LengthMismatch { name: "ensemble", expected, got });
        }
        let members = ensemble.members();
        if self.ensemble.as_ref().is_none_or(|(of, _)| *of != members) {
            self.ensemble = Some((members, RungeKutta::new(&self.equations, members, self.time_step)?));
        }
        if let Some((_, scheme)) = &mut self.ensemble {
            (0..steps).for_each(|_| scheme.step(&self.equations, ensemble.values_mut()));
        }
        Ok(expect_finite("state", ensemble.values())?)
    }
}

impl<R: Real, E: LinearisedEquations<R>> Linearised for LowOrderModel<E, R> {
    fn tangent_step(&mut self, memory: &[R], _number: usize, perturbation: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.equations.variables(), memory.len())?;
        expect_length("perturbation", self.equations.variables(), perturbation.len())?;
        self.derivative.tangent_step(&self.equations, memory, perturbation);
        Ok(())
    }

    fn adjoint_step(&mut self, memory: &[R], _number: usize, sensitivity: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.equations.variables(), memory.len())?;
        expect_length("sensitivity", self.equations.variables(), sensitivity.len())?;
        self.derivative.adjoint_step(&self.equations, memory, sensitivity);
        Ok(())
    }
}
