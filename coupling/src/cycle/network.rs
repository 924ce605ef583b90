//! [`Network`]: which values of a state are observed, how well and when.

use terrella_kernels::Real;
use terrella_kernels::assimilation::{Ensemble, Observations};

use crate::error::expect_len;
use crate::{Error, Result};

/// Observations of single values of a state, y_k = x_{i(k)} + ε_k, every few steps: the same values at one or several times of a window, which
/// is what a cycle assimilates.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<R> {
    state_len: usize,
    indices: Vec<u32>,
    variances: Vec<R>,
    interval: usize,
    times: usize,
}

/// What was observed in one window, \[time]\[observation]; the last time is the window's end.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed<R> {
    /// y, \[time]\[observation].
    pub values: Vec<R>,
    /// Variances of the errors, \[time]\[observation].
    pub variances: Vec<R>,
}

impl<R: Real> Observed<R> {
    /// As analyses take them.
    ///
    /// # Errors
    /// Those of [`Observations::new`].
    pub fn observations(&self) -> Result<Observations<'_, R>> {
        Ok(Observations::new(&self.values, &self.variances)?)
    }

    /// Those at the window's end, `count` as [`Network::count`] has it, or all where these are fewer.
    pub fn last(&self, count: usize) -> Self {
        let first = self.values.len().saturating_sub(count);
        Self { values: self.values[first..].to_vec(), variances: self.variances[first..].to_vec() }
    }
}

impl<R: Real> Network<R> {
    /// Observations of the values `indices` of a state of `state_len`, with errors of these variances, every `interval` steps.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no observation, a value that is not there or is observed twice, an interval of 0 and a variance that is not
    /// finite and positive, [`Error::LengthMismatch`] where variances and indices differ in number.
    pub fn new(state_len: usize, indices: Vec<u32>, variances: Vec<R>, interval: usize) -> Result<Self> {
        let invalid = |name, got: String, expected: String| Err(Error::InvalidValue { name, got, expected });
        if interval == 0 {
            return invalid("interval", "0".into(), "at least 1 step".into());
        }
        if indices.is_empty() {
            return invalid("indices", "empty".into(), "at least one observation".into());
        }
        expect_len("variances", indices.len(), variances.len())?;
        let mut seen = vec![false; state_len];
        for &index in &indices {
            match seen.get_mut(index as usize) {
                None => {
                    return invalid("indices", index.to_string(), format!("values below {state_len}"));
                }
                Some(true) => return invalid("indices", format!("{index} twice"), "each value once".into()),
                Some(seen) => *seen = true,
            }
        }
        if let Some(variance) = variances.iter().find(|v| !(**v > R::ZERO && v.to_f64().is_finite())) {
            return invalid("variances", variance.to_string(), "finite numbers above 0".into());
        }
        Ok(Self { state_len, indices, variances, interval, times: 1 })
    }

    /// The same at so many equally spaced times in each interval, the last of them at its end.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for no time, and where the interval's steps cannot be divided by their number.
    pub fn with_times(self, times: usize) -> Result<Self> {
        if times == 0 || !self.interval.is_multiple_of(times) {
            return Err(Error::InvalidValue {
                name: "times",
                got: times.to_string(),
                expected: format!("a divisor of the interval's {} steps", self.interval),
            });
        }
        Ok(Self { times, ..self })
    }

    /// Every `every`-th value from the first, with errors of one variance.
    ///
    /// # Errors
    /// Those of [`Network::new`].
    pub fn regular(state_len: usize, every: usize, variance: R, interval: usize) -> Result<Self> {
        if every == 0 {
            return Err(Error::InvalidValue {
                name: "every",
                got: "0".into(),
                expected: "at least 1".into(),
            });
        }
        let indices: Vec<u32> = (0..state_len as u32).step_by(every).collect();
        let variances = vec![variance; indices.len()];
        Self::new(state_len, indices, variances, interval)
    }

    /// i(k) of one time, \[observation].
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Variances of the errors at one time, \[observation].
    pub fn variances(&self) -> &[R] {
        &self.variances
    }

    /// i(k) of a window's observations, \[time]\[observation].
    pub fn all_indices(&self) -> Vec<u32> {
        self.indices.repeat(self.times)
    }

    /// Variances of the errors of a window's observations, \[time]\[observation].
    pub fn all_variances(&self) -> Vec<R> {
        self.variances.repeat(self.times)
    }

    /// Steps of a window, from one analysis to the next.
    pub fn interval(&self) -> usize {
        self.interval
    }

    /// Times of observation in a window.
    pub fn times(&self) -> usize {
        self.times
    }

    /// Steps from a window's beginning to each of these, rising to the interval.
    pub fn steps(&self) -> Vec<usize> {
        (1..=self.times).map(|time| time * (self.interval / self.times)).collect()
    }

    /// Number of observations at one time.
    pub fn count(&self) -> usize {
        self.indices.len()
    }

    /// Number of observations of a window.
    pub fn total(&self) -> usize {
        self.times * self.indices.len()
    }

    /// Writes Hx of one time to `equivalents`, \[observation].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn observe(&self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        expect_len("state", self.state_len, state.len())?;
        expect_len("equivalents", self.count(), equivalents.len())?;
        for (value, index) in equivalents.iter_mut().zip(&self.indices) {
            *value = state[*index as usize];
        }
        Ok(())
    }

    /// Adds Hᵀ of `sensitivity`, \[observation], to `of_state`.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn observe_adjoint(&self, sensitivity: &[R], of_state: &mut [R]) -> Result<()> {
        expect_len("of_state", self.state_len, of_state.len())?;
        expect_len("sensitivity", self.count(), sensitivity.len())?;
        for (value, index) in sensitivity.iter().zip(&self.indices) {
            of_state[*index as usize] += *value;
        }
        Ok(())
    }

    /// Writes Hx of every member to `equivalents`, \[observation]\[member].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn observe_ensemble(&self, ensemble: &Ensemble<R>, equivalents: &mut Ensemble<R>) -> Result<()> {
        expect_len("ensemble", self.state_len, ensemble.variables())?;
        expect_len("equivalents", self.count(), equivalents.variables())?;
        let members = ensemble.members();
        expect_len("members of the equivalents", members, equivalents.members())?;
        for (row, index) in equivalents.values_mut().chunks_exact_mut(members).zip(&self.indices) {
            row.copy_from_slice(&ensemble.values()[*index as usize * members..][..members]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adjoint_is_the_transpose() {
        let network = Network::new(5, vec![4, 0, 2], vec![1.0; 3], 2).expect("a network");
        let (state, weights) = ([1.0, -2.0, 0.5, 3.0, 4.0], [2.0, 3.0, -1.0]);
        let (mut equivalents, mut of_state) = ([0.0; 3], [0.0; 5]);
        network.observe(&state, &mut equivalents).expect("lengths");
        assert_eq!(equivalents, [4.0, 1.0, 0.5]);
        network.observe_adjoint(&weights, &mut of_state).expect("lengths");
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(product(&equivalents, &weights), product(&state, &of_state));
    }

    #[test]
    fn members_are_observed_as_states_are() {
        let network = Network::regular(4, 3, 0.5, 1).expect("a network");
        let ensemble =
            Ensemble::of_states(&[&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]]).expect("an ensemble");
        let mut equivalents = Ensemble::new(2, vec![0.0; 4]).expect("an ensemble");
        network.observe_ensemble(&ensemble, &mut equivalents).expect("lengths");
        assert_eq!(equivalents.values(), [1.0, 5.0, 4.0, 8.0]);
    }

    #[test]
    fn impossible_networks_are_refused_by_name() {
        let text = |result: Result<Network<f64>>| result.expect_err("refused").to_string();
        assert_eq!(text(Network::new(3, vec![3], vec![1.0], 1)), "'indices' is 3: expected values below 3.");
        assert_eq!(
            text(Network::new(3, vec![1, 1], vec![1.0; 2], 1)),
            "'indices' is 1 twice: expected each value once."
        );
        assert_eq!(
            text(Network::new(3, vec![], vec![], 1)),
            "'indices' is empty: expected at least one observation."
        );
        assert_eq!(text(Network::new(3, vec![1], vec![1.0; 2], 1)), "'variances': expected 1 values, got 2.");
        assert_eq!(text(Network::regular(3, 1, 1.0, 0)), "'interval' is 0: expected at least 1 step.");
        let times = |times| Network::regular(3, 1, 1.0, 6).and_then(|network| network.with_times(times));
        assert_eq!(text(times(4)), "'times' is 4: expected a divisor of the interval's 6 steps.");
        assert!(text(times(0)).contains("a divisor"));
        assert_eq!(times(3).expect("a network").steps(), [2, 4, 6]);
        for variance in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(text(Network::regular(3, 1, variance, 1)).contains("finite numbers above 0"));
        }
    }
}
