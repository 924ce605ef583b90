//! The classic fourth-order method of Runge and Kutta (Kutta 1901), its tangent linear and its adjoint, for whatever has a tendency.
//!
//! k₁ = f(x), k₂ = f(x + Δt/2 k₁), k₃ = f(x + Δt/2 k₂), k₄ = f(x + Δt k₃), x ← x + Δt/6 (k₁ + 2k₂ + 2k₃ + k₄).

use terrella_kernels::Real;

/// dx/dt = f(x).
pub(crate) trait Flow<R> {
    /// Writes f(x) to `tendency`.
    fn tendency(&mut self, state: &[R], tendency: &mut [R]);
}

/// With the Jacobian J = ∂f/∂x.
pub(crate) trait LinearisedFlow<R>: Flow<R> {
    /// Writes J(x) dx to `tendency`.
    fn tangent(&mut self, state: &[R], perturbation: &[R], tendency: &mut [R]);

    /// Writes J(x)ᵀ w to `result`.
    fn adjoint(&mut self, state: &[R], sensitivity: &[R], result: &mut [R]);
}

/// Of each k: its share of Δt in the next stage, and its weight in the sum.
const STAGES: [(f64, f64); 4] = [(0.5, 1.0), (0.5, 2.0), (1.0, 2.0), (0.0, 1.0)];
/// Δt over the sum of the weights.
const SIXTH: f64 = 6.0;

/// Memory of a step.
#[derive(Clone, Debug)]
pub(crate) struct Stages<R> {
    stage: Vec<R>,
    tendency: Vec<R>,
    sum: Vec<R>,
}

impl<R: Real> Stages<R> {
    pub(crate) fn new(values: usize) -> Self {
        let zeros = vec![R::ZERO; values];
        Self { stage: zeros.clone(), tendency: zeros.clone(), sum: zeros }
    }

    /// Number of values of a state.
    pub(crate) fn values(&self) -> usize {
        self.stage.len()
    }

    /// Replaces `state` by the one a step later.
    #[inline(always)]
    pub(crate) fn step(&mut self, time_step: R, flow: &mut impl Flow<R>, state: &mut [R]) {
        let Self { stage, tendency, sum } = self;
        for (number, (fraction, weight)) in STAGES.into_iter().enumerate() {
            let from = if number == 0 { &*state } else { &*stage };
            flow.tendency(from, tendency);
            let (next, weight) = (time_step * R::from_f64(fraction), R::from_f64(weight));
            // In step, so that no index is checked and rows become vectors.
            let places = state.iter().zip(&*tendency).zip(stage.iter_mut().zip(sum.iter_mut()));
            if number == 0 {
                for ((state, tendency), (stage, sum)) in places {
                    *stage = *state + next * *tendency;
                    *sum = R::ZERO + weight * *tendency;
                }
            } else {
                for ((state, tendency), (stage, sum)) in places {
                    *stage = *state + next * *tendency;
                    *sum += weight * *tendency;
                }
            }
        }
        let share = time_step / R::from_f64(SIXTH);
        for (state, sum) in state.iter_mut().zip(sum) {
            *state += share * *sum;
        }
    }
}

/// Memory of a step's derivative.
#[derive(Clone, Debug)]
pub(crate) struct LinearisedStages<R> {
    /// x and the three states from which k₂, k₃ and k₄ come.
    states: [Vec<R>; 4],
    tendency: Vec<R>,
    /// What is handed to the Jacobian, and what it gives.
    into: Vec<R>,
    out: Vec<R>,
    sum: Vec<R>,
}

impl<R: Real> LinearisedStages<R> {
    pub(crate) fn new(values: usize) -> Self {
        let zeros = || vec![R::ZERO; values];
        Self {
            states: [zeros(), zeros(), zeros(), zeros()],
            tendency: zeros(),
            into: zeros(),
            out: zeros(),
            sum: zeros(),
        }
    }

    /// Number of values of a state.
    pub(crate) fn values(&self) -> usize {
        self.sum.len()
    }

    /// The states of all stages of the step from `state`.
    #[inline(always)]
    fn linearise_about(&mut self, time_step: R, flow: &mut impl Flow<R>, state: &[R]) {
        let Self { states, tendency, .. } = self;
        states[0].copy_from_slice(state);
        for number in 0..3 {
            flow.tendency(&states[number], tendency);
            let next = time_step * R::from_f64(STAGES[number].0);
            for place in 0..state.len() {
                states[number + 1][place] = state[place] + next * tendency[place];
            }
        }
    }

    /// dx ← M′(x) dx, with x the state before the step.
    #[inline(always)]
    pub(crate) fn tangent_step(
        &mut self,
        time_step: R,
        flow: &mut impl LinearisedFlow<R>,
        state: &[R],
        perturbation: &mut [R],
    ) {
        self.linearise_about(time_step, flow, state);
        let Self { states, into, out, sum, .. } = self;
        into.copy_from_slice(perturbation);
        for (number, (fraction, weight)) in STAGES.into_iter().enumerate() {
            flow.tangent(&states[number], into, out);
            let (next, weight) = (time_step * R::from_f64(fraction), R::from_f64(weight));
            for place in 0..perturbation.len() {
                into[place] = perturbation[place] + next * out[place];
                let before = if number == 0 { R::ZERO } else { sum[place] };
                sum[place] = before + weight * out[place];
            }
        }
        let share = time_step / R::from_f64(SIXTH);
        for (value, sum) in perturbation.iter_mut().zip(sum) {
            *value += share * *sum;
        }
    }

    /// w ← M′(x)ᵀ w, with x the state before the step.
    #[inline(always)]
    pub(crate) fn adjoint_step(
        &mut self,
        time_step: R,
        flow: &mut impl LinearisedFlow<R>,
        state: &[R],
        sensitivity: &mut [R],
    ) {
        self.linearise_about(time_step, flow, state);
        let Self { states, into, out, sum, .. } = self;
        let share = time_step / R::from_f64(SIXTH);
        for (number, (fraction, weight)) in STAGES.into_iter().enumerate().rev() {
            // k reaches the end by the sum and by the next stage, whose sensitivity the Jacobian has just given.
            let (next, weight) = (time_step * R::from_f64(fraction), share * R::from_f64(weight));
            for place in 0..sensitivity.len() {
                let later = if number == 3 { R::ZERO } else { next * out[place] };
                into[place] = weight * sensitivity[place] + later;
            }
            flow.adjoint(&states[number], into, out);
            for place in 0..sensitivity.len() {
                let before = if number == 3 { R::ZERO } else { sum[place] };
                sum[place] = before + out[place];
            }
        }
        for (value, sum) in sensitivity.iter_mut().zip(sum) {
            *value += *sum;
        }
    }
}
