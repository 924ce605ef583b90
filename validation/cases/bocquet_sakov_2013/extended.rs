//! The extended Kalman filter.

use terrella_kernels::assimilation::symmetric::eigen;

use super::model::{State, Trajectory};
use crate::Result;
use crate::cases::sakov_oke_2008::twin::{TIME_STEP, Twin, VARIABLES, error};

/// What stands for the derivative of a step.
#[derive(Clone, Copy)]
pub(super) enum Derivative {
    /// The derivative of the scheme itself.
    OfScheme,
    /// exp(Δt J) with the Jacobian J at the state after the step.
    Frozen,
}

/// Terms of the exponential's series; Δt J is of order 1.
const TERMS: usize = 20;

impl Derivative {
    fn apply(self, model: &mut Trajectory, before: &State, after: &State, d: &State) -> State {
        let mut sum = *d;
        match self {
            Self::OfScheme => model.tangent_step(before, &mut sum),
            Self::Frozen => {
                let mut term = *d;
                for number in 1..=TERMS {
                    term = model.jacobian(after, &term).map(|value| value * TIME_STEP / number as f64);
                    sum.iter_mut().zip(&term).for_each(|(sum, term)| *sum += term);
                }
            }
        }
        sum
    }
}

/// Errors of the analyses of all steps, with covariances multiplied by `inflation` in each unit of time.
pub(super) fn errors(twin: &Twin, inflation: f64, derivative: Derivative) -> Result<Vec<f64>> {
    let mut model = Trajectory::new()?;
    let mut state: State = [0.0; VARIABLES];
    state[0] = 1.0;
    let mut covariance = vec![[0.0; VARIABLES]; VARIABLES];
    (0..VARIABLES).for_each(|i| covariance[i][i] = 0.001);
    let growth = inflation.powf(TIME_STEP);
    let mut values = vec![0.0; VARIABLES];
    let mut errors = Vec::with_capacity(twin.truth.len());
    for (truth, observed) in twin.truth.iter().zip(&twin.observations) {
        let before = state;
        model.step(&mut state);
        // M P Mᵀ: the derivative of the rows, twice, with a transposition between.
        for _ in 0..2 {
            let rows: Vec<State> =
                covariance.iter().map(|row| derivative.apply(&mut model, &before, &state, row)).collect();
            for (i, row) in covariance.iter_mut().enumerate() {
                *row = std::array::from_fn(|j| rows[j][i]);
            }
        }
        // With R = 1 the gain P (P + 1)⁻¹ and the analysis' covariance are one matrix, with P's eigenvectors.
        let mut vectors: Vec<f64> = covariance.as_flattened().iter().map(|value| growth * value).collect();
        eigen(VARIABLES, &mut vectors, &mut values)?;
        covariance.iter_mut().for_each(|row| row.fill(0.0));
        for (vector, value) in vectors.chunks_exact(VARIABLES).zip(&values) {
            let gain = value / (value + 1.0);
            for (row, component) in covariance.iter_mut().zip(vector) {
                row.iter_mut().zip(vector).for_each(|(sum, other)| *sum += gain * component * other);
            }
        }
        let innovation: State = std::array::from_fn(|i| observed[i] - state[i]);
        for (value, row) in state.iter_mut().zip(&covariance) {
            *value += row.iter().zip(&innovation).map(|(gain, innovation)| gain * innovation).sum::<f64>();
        }
        errors.push(error(&state, truth));
    }
    Ok(errors)
}
