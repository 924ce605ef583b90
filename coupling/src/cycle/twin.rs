//! [`Twin`]: a true run of a component and what is observed of it. [`follow`]: a cycle of what follows it.

use terrella_kernels::{Real, random};

use super::diagnosis::{Diagnosis, Seen};
use super::{Method, Network, Observed, Score, error};
use crate::{Component, Result};

/// The place of an experiment's errors of observation among its random numbers.
const OBSERVED: u32 = 2;

/// A true run, and its observations at the times of the network.
///
/// Errors of observation are normal deviates that seed and cycle number.
pub struct Twin<C: Component> {
    component: C,
    network: Network<C::Real>,
    seed: u64,
    memory: Vec<C::Real>,
    state: Vec<C::Real>,
    /// Steps since the beginning.
    steps: usize,
}

impl<C: Component> Twin<C> {
    /// A truth that begins at `state`.
    ///
    /// # Errors
    /// Those of [`Component::begin`].
    pub fn new(mut component: C, network: Network<C::Real>, seed: u64, state: &[C::Real]) -> Result<Self> {
        let mut memory = vec![C::Real::ZERO; component.memory_len()];
        component.begin(state, &mut memory)?;
        Ok(Self { component, network, seed, memory, state: state.to_vec(), steps: 0 })
    }

    /// The true state.
    pub fn state(&self) -> &[C::Real] {
        &self.state
    }

    /// What is observed.
    pub fn network(&self) -> &Network<C::Real> {
        &self.network
    }

    /// Goes on through the next window, that of `cycle`, and observes at its times.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    pub fn observe(&mut self, cycle: u32) -> Result<Observed<C::Real>> {
        let Self { component, network, seed, memory, state, steps } = self;
        let mut values = vec![C::Real::ZERO; network.total()];
        random::normals(*seed, [cycle, OBSERVED, 0], &mut values);
        let mut equivalents = vec![C::Real::ZERO; network.count()];
        for values in values.chunks_exact_mut(network.count()) {
            for _ in 0..network.interval() / network.times() {
                component.step(memory, *steps)?;
                *steps += 1;
            }
            component.end(memory, state)?;
            network.observe(state, &mut equivalents)?;
            for ((value, equivalent), variance) in
                values.iter_mut().zip(&equivalents).zip(network.variances())
            {
                // Deviates of variance 1 stay as they are drawn.
                let deviation = if *variance == C::Real::ONE { C::Real::ONE } else { variance.sqrt() };
                *value = *equivalent + deviation * *value;
            }
        }
        Ok(Observed { values, variances: network.all_variances() })
    }

    /// Everything that changes from cycle to cycle, for checkpoints, and the number of steps taken.
    pub fn memory(&mut self) -> (&mut usize, [&mut [C::Real]; 2]) {
        (&mut self.steps, [&mut self.memory, &mut self.state])
    }
}

/// One cycle of a method: its forecast through the window of `observed`, scored at the end against the true state, and its analysis, scored as well.
///
/// `weights` are those of [`error`], \[value]. A diagnosis takes the cycle in, its members where the cycle counts.
///
/// # Errors
/// Those of the component and of the method.
#[expect(clippy::too_many_arguments, reason = "each is a part of a cycle")]
pub fn follow<C: Component>(
    method: &mut dyn Method<C>,
    component: &mut C,
    network: &Network<C::Real>,
    observed: &Observed<C::Real>,
    truth: &[C::Real],
    cycle: u32,
    weights: &[f64],
    diagnosis: Option<(&mut Diagnosis, bool)>,
) -> Result<Score> {
    let mut estimate = vec![C::Real::ZERO; truth.len()];
    method.forecast(component, network)?;
    method.estimate(&mut estimate)?;
    let (forecast_error, forecast_spread) = (error(&estimate, truth, weights)?, spread(method, weights)?);
    let forecast = match &diagnosis {
        Some(_) => Some(Seen::of(method, network, &estimate)?),
        None => None,
    };
    method.analyse(component, observed, cycle)?;
    method.estimate(&mut estimate)?;
    if let (Some((diagnosis, counts)), Some(forecast)) = (diagnosis, forecast) {
        let analysis = Seen::of(method, network, &estimate)?;
        let members = method.ensemble();
        diagnosis.add(&forecast, &analysis, members, observed, network, truth, weights, counts)?;
    }
    let (analysis_error, analysis_spread) = (error(&estimate, truth, weights)?, spread(method, weights)?);
    Ok(Score { forecast_error, analysis_error, forecast_spread, analysis_spread })
}

/// Root of the weighted sum of variances.
fn spread<C: Component>(method: &dyn Method<C>, weights: &[f64]) -> Result<f64> {
    let Some(ensemble) = method.ensemble() else { return Ok(0.0) };
    let mut variance = vec![C::Real::ZERO; ensemble.variables()];
    ensemble.variance(&mut variance)?;
    Ok(variance.iter().zip(weights).map(|(variance, weight)| weight * variance.to_f64()).sum::<f64>().sqrt())
}
