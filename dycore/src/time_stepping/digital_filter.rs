//! A digital filter in time, which takes fast waves out of an initial state.
//!
//! The filtered state is a weighted mean of states around the initial time, X̄ = Σ h_n·X_n for n = −M..M, with the
//! weights of a low-pass filter of cutoff period τ and a Lanczos window,
//!
//! h_n = sin(nθ)/(nπ) · sin(nπ/(M+1))/(nπ/(M+1)),  θ = 2πΔt/τ,  divided by their sum
//!
//! (Lynch & Huang 1992, *Mon. Wea. Rev.* 120, 1019–1034). Linear invariants of the model are kept.

use std::f64::consts::PI;

use crate::{Error, Result};

/// A state of which means can be taken.
pub trait Average: Clone {
    /// All numbers times `factor`.
    fn scale(&mut self, factor: f64);
    /// Adds `factor` times another state.
    fn add(&mut self, factor: f64, other: &Self);
}

/// The weights of the filter and the steps of the two runs that it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct DigitalFilter {
    /// h_0, ..., h_M.
    weights: Vec<f64>,
    time_step: f64,
}

impl DigitalFilter {
    /// The filter of `cutoff_period` \[s\], which is also the length of each run, with the longest step that divides it and
    /// is at most `longest_time_step` \[s\].
    ///
    /// So long, it takes away 95 % of waves of two thirds of the period and keeps 94 % of those of twice it. Errors: a
    /// period or step that is not positive and finite.
    pub fn lanczos(cutoff_period: f64, longest_time_step: f64) -> Result<Self> {
        for (name, value) in [("cutoff_period", cutoff_period), ("longest_time_step", longest_time_step)] {
            if !(value > 0.0 && value.is_finite()) {
                let expected = "a finite time in seconds above 0";
                return Err(Error::InvalidConfiguration { name, got: value.to_string(), expected });
            }
        }
        let steps = (cutoff_period / longest_time_step).ceil().max(2.0);
        let time_step = cutoff_period / steps;
        let cutoff = 2.0 * PI * time_step / cutoff_period;
        let mut weights: Vec<f64> = (0..=steps as usize)
            .map(|n| {
                if n == 0 {
                    return cutoff / PI;
                }
                let n = n as f64;
                let window = n * PI / (steps + 1.0);
                (n * cutoff).sin() / (n * PI) * window.sin() / window
            })
            .collect();
        let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Ok(Self { weights, time_step })
    }

    /// M, the steps of each of the two runs.
    pub fn steps(&self) -> usize {
        self.weights.len() - 1
    }

    /// Δt of the runs \[s\].
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// h_0, h_1, ..., h_M; the sum of h_0 and twice the others is 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The filtered state. `run` is called with the direction of time, 1 and then −1: it starts from `initial`, does
    /// [`Self::steps`] steps that way and shows the state after each.
    ///
    /// # Panics
    /// If `run` shows another number of states.
    pub fn apply<S: Average, E>(
        &self,
        initial: &S,
        mut run: impl FnMut(f64, &mut dyn FnMut(&S)) -> std::result::Result<(), E>,
    ) -> std::result::Result<S, E> {
        let mut filtered = initial.clone();
        filtered.scale(self.weights[0]);
        for direction in [1.0, -1.0] {
            let mut shown = 0;
            run(direction, &mut |state| {
                shown += 1;
                assert!(shown <= self.steps(), "state {shown} of a run of {} steps", self.steps());
                filtered.add(self.weights[shown], state);
            })?;
            assert!(shown == self.steps(), "{shown} states of a run of {} steps", self.steps());
        }
        Ok(filtered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amplification of a wave of this period.
    fn response(filter: &DigitalFilter, period: f64) -> f64 {
        let angle = 2.0 * PI * filter.time_step() / period;
        let weights = filter.weights();
        weights[0]
            + 2.0 * weights.iter().enumerate().skip(1).map(|(n, h)| h * (n as f64 * angle).cos()).sum::<f64>()
    }

    #[test]
    fn slow_waves_pass_and_fast_waves_do_not() {
        let hour = 3600.0;
        let filter = DigitalFilter::lanczos(12.0 * hour, 300.0).unwrap();
        assert_eq!((filter.steps(), filter.time_step()), (144, 300.0));
        assert!((response(&filter, 1e12) - 1.0).abs() < 1e-12);
        assert!(response(&filter, 48.0 * hour) > 0.99);
        assert!(response(&filter, 24.0 * hour) > 0.93);
        assert!(response(&filter, 8.0 * hour).abs() < 0.06);
        for period in [1.0, 2.0, 4.0, 6.0] {
            assert!(response(&filter, period * hour).abs() < 0.01, "{period} h");
        }
    }

    #[derive(Clone)]
    struct Number(f64);

    impl Average for Number {
        fn scale(&mut self, factor: f64) {
            self.0 *= factor;
        }
        fn add(&mut self, factor: f64, other: &Self) {
            self.0 += factor * other.0;
        }
    }

    #[test]
    fn a_run_passes_with_the_weights_of_its_steps() {
        let filter = DigitalFilter::lanczos(3600.0, 500.0).unwrap();
        let period = 1500.0;
        let filtered = filter.apply(&Number(1.0), |direction, show| {
            for step in 1..=filter.steps() {
                // A wave plus a trend, which the two directions cancel.
                let time = direction * step as f64 * filter.time_step();
                show(&Number((2.0 * PI * time / period).cos() + 1e-3 * time));
            }
            Ok::<(), ()>(())
        });
        assert!((filtered.unwrap().0 - response(&filter, period)).abs() < 1e-12);
    }

    #[test]
    fn impossible_periods_are_refused() {
        for (period, step) in [(0.0, 1.0), (f64::NAN, 1.0), (3600.0, -1.0)] {
            assert!(DigitalFilter::lanczos(period, step).is_err());
        }
    }
}
