//! The model of Lorenz (1996) by the method of Runge and Kutta, with its derivative along a trajectory.

use std::ops::Range;

use terrella_dycore::low_order::{LinearisedEquations, LinearisedRungeKutta, Lorenz96, RungeKutta};
use terrella_kernels::assimilation::variational::Model;

use crate::Result;
use crate::cases::sakov_oke_2008::twin::{FORCING, TIME_STEP, VARIABLES};

pub(super) type State = [f64; VARIABLES];

/// Steps of 0.05, with the states before each step kept.
pub(super) struct Trajectory {
    equations: Lorenz96<f64>,
    scheme: RungeKutta<f64>,
    derivative: LinearisedRungeKutta<f64>,
    states: Vec<Vec<f64>>,
}

impl Trajectory {
    pub(super) fn new() -> Result<Self> {
        let equations = Lorenz96::new(VARIABLES, FORCING)?;
        let scheme = RungeKutta::new(&equations, 1, TIME_STEP)?;
        let derivative = LinearisedRungeKutta::new(&equations, 1, TIME_STEP)?;
        Ok(Self { equations, scheme, derivative, states: Vec::new() })
    }

    /// A step of which nothing is kept.
    pub(super) fn step(&mut self, state: &mut [f64]) {
        self.scheme.step(&self.equations, state);
    }

    /// The derivative of a step from `x`, applied to `d`.
    pub(super) fn tangent_step(&mut self, x: &State, d: &mut State) {
        self.derivative.tangent_step(&self.equations, x, d);
    }

    /// J(x) d of the Jacobian J of the tendency.
    pub(super) fn jacobian(&self, x: &State, d: &State) -> State {
        let mut result = [0.0; VARIABLES];
        self.equations.tangent(1, x, d, &mut result);
        result
    }
}

impl Model<f64> for Trajectory {
    fn state_len(&self) -> usize {
        VARIABLES
    }

    fn advance(&mut self, steps: Range<usize>, state: &mut [f64]) -> terrella_kernels::Result<()> {
        self.states.truncate(steps.start);
        for _ in steps {
            self.states.push(state.to_vec());
            self.step(state);
        }
        Ok(())
    }

    fn tangent(&mut self, steps: Range<usize>, perturbation: &mut [f64]) -> terrella_kernels::Result<()> {
        for x in &self.states[steps] {
            self.derivative.tangent_step(&self.equations, x, perturbation);
        }
        Ok(())
    }

    fn adjoint(&mut self, steps: Range<usize>, sensitivity: &mut [f64]) -> terrella_kernels::Result<()> {
        for x in self.states[steps].iter().rev() {
            self.derivative.adjoint_step(&self.equations, x, sensitivity);
        }
        Ok(())
    }
}
