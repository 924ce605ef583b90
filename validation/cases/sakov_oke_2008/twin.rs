//! A twin experiment: a true run of the model of Lorenz (1996), its observations, and an ensemble that follows it by them.

use terrella_dycore::low_order::{Lorenz96, RungeKutta};
use terrella_kernels::assimilation::{Ensemble, Observations, inflation, rotation};
use terrella_kernels::random;

use crate::Result;

/// Number of variables, all of them observed.
pub const VARIABLES: usize = 40;
/// F.
pub const FORCING: f64 = 8.0;
/// Length of a time step.
pub const TIME_STEP: f64 = 0.05;
/// Variance of the first states about (1, 0, 0, …).
const INITIAL_VARIANCE: f64 = 0.001;
/// Variance of the errors of observation.
pub const ERROR_VARIANCE: [f64; VARIABLES] = [1.0; VARIABLES];

/// Places of an experiment's random numbers.
const INITIAL: u32 = 1;
const OBSERVED: u32 = 2;

/// The truth and its observations.
pub struct Twin {
    /// Names the random numbers.
    pub seed: u64,
    /// Of all cycles, \[cycle]\[variable].
    pub truth: Vec<[f64; VARIABLES]>,
    /// What is observed at the end of each, \[cycle]\[variable].
    pub observations: Vec<[f64; VARIABLES]>,
    /// The model.
    pub model: Lorenz96<f64>,
}

/// What follows the truth.
pub(super) struct Filter<'a> {
    /// N.
    pub members: usize,
    /// The anomalies are multiplied by it after each analysis.
    pub inflation: f64,
    /// Whether they are rotated as well.
    pub rotates: bool,
    /// The analysis of a cycle: ensemble, its equivalents, observations, and the cycle's number.
    #[expect(clippy::type_complexity, reason = "used once")]
    pub analyse: &'a dyn Fn(&mut Ensemble<f64>, &mut Ensemble<f64>, &Observations<f64>, u32) -> Result<()>,
}

impl Twin {
    /// A true run of so many cycles, each a time step.
    pub fn new(seed: u64, cycles: usize) -> Result<Self> {
        Self::observed_every(1, seed, cycles)
    }

    /// A true run of so many cycles of so many time steps, observed at the end of each.
    pub fn observed_every(steps: usize, seed: u64, cycles: usize) -> Result<Self> {
        let model = Lorenz96::new(VARIABLES, FORCING)?;
        let mut scheme = RungeKutta::new(&model, 1, TIME_STEP)?;
        let mut state = first_states(seed, 0, 1);
        let (mut truth, mut observations) = (Vec::new(), Vec::new());
        for cycle in 0..cycles {
            (0..steps).for_each(|_| scheme.step(&model, &mut state));
            let state: [f64; VARIABLES] = state[..].try_into().expect("one member");
            let mut observed = [0.0; VARIABLES];
            random::normals(seed, [cycle as u32, OBSERVED, 0], &mut observed);
            observed.iter_mut().zip(&state).for_each(|(observed, state)| *observed += state);
            truth.push(state);
            observations.push(observed);
        }
        Ok(Self { seed, truth, observations, model })
    }

    /// Mean and covariance \[variable]\[variable] of the truth.
    pub fn climate(&self) -> ([f64; VARIABLES], Vec<f64>) {
        let count = self.truth.len() as f64;
        let mut mean = [0.0; VARIABLES];
        for state in &self.truth {
            mean.iter_mut().zip(state).for_each(|(mean, value)| *mean += value / count);
        }
        let mut covariance = vec![0.0; VARIABLES * VARIABLES];
        for state in &self.truth {
            for row in 0..VARIABLES {
                for column in 0..VARIABLES {
                    covariance[row * VARIABLES + column] +=
                        (state[row] - mean[row]) * (state[column] - mean[column]) / (count - 1.0);
                }
            }
        }
        (mean, covariance)
    }

    /// States of so many members, \[variable]\[member], one time step later.
    pub fn forecast(&self, mut states: Vec<f64>, members: usize) -> Result<Vec<f64>> {
        RungeKutta::new(&self.model, members, TIME_STEP)?.step(&self.model, &mut states);
        Ok(states)
    }

    /// Root-mean-square errors of the analyses' mean in every cycle.
    pub(super) fn errors_of_filter(&self, filter: &Filter) -> Result<Vec<f64>> {
        let Filter { members, inflation: factor, rotates, analyse } = *filter;
        let mut scheme = RungeKutta::new(&self.model, members, TIME_STEP)?;
        let mut ensemble = Ensemble::new(members, first_states(self.seed, 1, members))?;
        let mut equivalents = ensemble.clone();
        let mut mean = [0.0; VARIABLES];
        let mut errors = Vec::with_capacity(self.truth.len());
        for (cycle, (truth, observed)) in (0..).zip(self.truth.iter().zip(&self.observations)) {
            scheme.step(&self.model, ensemble.values_mut());
            equivalents.values_mut().copy_from_slice(ensemble.values());
            let observations = Observations::new(observed, &ERROR_VARIANCE)?;
            analyse(&mut ensemble, &mut equivalents, &observations, cycle)?;
            inflation::multiply(&mut ensemble, factor)?;
            if rotates {
                rotation::rotate(&mut ensemble, self.seed, cycle);
            }
            ensemble.mean(&mut mean)?;
            errors.push(error(&mean, truth));
        }
        Ok(errors)
    }

    /// Root-mean-square errors of analyses x + K (y − x) of one state, where x is the forecast or, without a model, always `first`.
    pub(super) fn errors_of_gain(
        &self,
        first: &[f64; VARIABLES],
        forecasts: bool,
        gain: impl Fn(&[f64; VARIABLES]) -> [f64; VARIABLES],
    ) -> Result<Vec<f64>> {
        let mut scheme = RungeKutta::new(&self.model, 1, TIME_STEP)?;
        let mut state = *first;
        let mut errors = Vec::with_capacity(self.truth.len());
        for (truth, observed) in self.truth.iter().zip(&self.observations) {
            if forecasts {
                scheme.step(&self.model, &mut state);
            } else {
                state = *first;
            }
            let innovation = std::array::from_fn(|i| observed[i] - state[i]);
            let increment = gain(&innovation);
            state.iter_mut().zip(increment).for_each(|(value, increment)| *value += increment);
            errors.push(error(&state, truth));
        }
        Ok(errors)
    }
}

/// First states about (1, 0, 0, …), \[variable]\[member].
pub fn first_states(seed: u64, what: u32, members: usize) -> Vec<f64> {
    let mut states = vec![0.0; VARIABLES * members];
    random::normals(seed, [what, INITIAL, 0], &mut states);
    states.iter_mut().for_each(|value| *value *= INITIAL_VARIANCE.sqrt());
    states[..members].iter_mut().for_each(|value| *value += 1.0);
    states
}

/// The root-mean-square difference of a state and the truth.
pub fn error(state: &[f64; VARIABLES], truth: &[f64; VARIABLES]) -> f64 {
    let squares: f64 = state.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum();
    (squares / VARIABLES as f64).sqrt()
}
