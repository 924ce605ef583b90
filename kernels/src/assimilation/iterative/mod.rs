//! The iterative ensemble Kalman smoother, IEnKS: the maximum of the posterior in the space of the ensemble, through the model.
//!
//! A window begins with an ensemble x̄ + A and ends with the last of the observations y that are assimilated in it. With F(x), the model from the
//! beginning to each observation and what is observed there, the mean of the analysis is x̄ + A w where
//!
//! J(w) = ½ (y − F(x̄ + A w))ᵀ R⁻¹ (y − F(x̄ + A w)) + ½ (N − 1) wᵀw
//!
//! is least (Bocquet & Sakov 2014, *Q. J. R. Meteorol. Soc.* 140, 1521–1535, doi:10.1002/qj.2236). Gauss and Newton's iteration: members
//! x̄ + A (w 1ᵀ + T) go through the model; their equivalents have the mean ȳ and the anomalies Y, so that Y₀ = Y T⁻¹ is F's derivative along A; then
//!
//! - S = Y₀ᵀ R⁻¹ Y₀ + (N − 1) 1,
//! - w ← w + S⁻¹ (Y₀ᵀ R⁻¹ (y − ȳ) − (N − 1) w),
//! - T ← √((N − 1) S⁻¹) with [`Linearization::Transform`]; with [`Linearization::Bundle`] T = ε 1 until the end.
//!
//! The analysis is x̄ + A (w 1ᵀ + √((N − 1) S⁻¹)). A single iteration is the ETKF; a window without model the maximum likelihood filter; one observation
//! time per window the IEnKF (Sakov et al. 2012, *Mon. Wea. Rev.* 140, 1988–2004).
//!
//! With a finite-size prior the last term of J becomes ½ (N − 1) c ln(e + wᵀw), and N − 1 in gradient and S its slope
//! ζ = (N − 1) c/(e + wᵀw) (Bocquet & Sakov 2012, *Nonlin. Processes Geophys.* 19, 383–399); e and c are those of
//! [`Scheme::FiniteSize`](super::Scheme::FiniteSize), corrected by the first iteration's eigenvalues, so that J is one function. The part of
//! the second derivative that is not ζ 1 is left out, as it is in Gauss and Newton's.

mod weights;
mod windows;

pub use windows::{Window, Windows};

use self::weights::Iterate;
use super::analysis::{Departures, Sums, expect_equivalents, reweigh};
use super::{Ensemble, Observations};
use crate::{Error, Real};

/// How the model's derivative along the ensemble is found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Linearization {
    /// By members of the posterior's spread: a mean slope over what is uncertain.
    Transform,
    /// By finite differences: members are this share of the forecast's spread away from the mean.
    Bundle(f64),
}

/// How a window is smoothed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoother {
    /// How the model's derivative is found.
    pub linearization: Linearization,
    /// The certainty of the finite-size prior, as in [`Scheme::FiniteSize`](super::Scheme::FiniteSize); none for a Gaussian one.
    pub certainty: Option<f64>,
    /// The iteration ends with an increment of at most this length, in standard deviations of the forecast: √(N − 1) ‖δw‖.
    pub tolerance: f64,
    /// The most iterations; each is one run of the model by all members.
    pub iterations: usize,
}

impl Default for Smoother {
    /// By transform, a Gaussian prior, a tolerance of 10⁻³ standard deviations, at most ten iterations.
    fn default() -> Self {
        Self { linearization: Linearization::Transform, certainty: None, tolerance: 1e-3, iterations: 10 }
    }
}

/// Why an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The last increment was within the tolerance.
    Converged,
    /// There were as many iterations as were allowed; the analysis is that of the least cost.
    IterationLimit,
    /// The model's equivalents were no longer finite numbers; the analysis is that of the least cost before.
    NotFinite,
}

/// One iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// J before the increment.
    pub cost: f64,
    /// √(N − 1) ‖δw‖: the increment's length in standard deviations of the forecast.
    pub increment: f64,
}

/// How a window went.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothing {
    /// Why it ended.
    pub stop: Stop,
    /// The iterations, in order.
    pub history: Vec<Iteration>,
    /// The number of increments in the mean of the analysis: all of them where the iteration converged, else those that lead to the least cost.
    pub taken: usize,
}

impl Smoother {
    /// Replaces the ensemble at a window's beginning by its analysis.
    ///
    /// | argument       | shape | unit |
    /// |----------------|-------|------|
    /// | `ensemble`     | \[variable]\[member], at the window's beginning, then its analysis there | any |
    /// | `observations` | \[observation], those that are assimilated, at whatever time of the window | any |
    /// | `propagate`    | fills its second argument, \[observation]\[member], with the equivalents that members have which begin as the first one; it may overwrite the first | |
    ///
    /// Returns why the iteration ended, and its history. An analysis that is needed at another time than the beginning is run there by the
    /// model.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for impossible settings and equivalents that are not finite in the first iteration, [`Error::CollapsedEnsemble`] where the
    /// first iteration's equivalents all agree, and what `propagate` returns; the ensemble is then unchanged.
    pub fn smooth<R: Real, E: From<Error>>(
        &self,
        ensemble: &mut Ensemble<R>,
        observations: &Observations<R>,
        mut propagate: impl FnMut(&mut Ensemble<R>, &mut Ensemble<R>) -> Result<(), E>,
    ) -> Result<Smoothing, E> {
        self.validate()?;
        let members = ensemble.members();
        let mut smoothing =
            Smoothing { stop: Stop::IterationLimit, history: Vec::with_capacity(self.iterations), taken: 0 };
        if observations.count() == 0 {
            smoothing.stop = Stop::Converged;
            return Ok(smoothing);
        }
        let mut states = ensemble.clone();
        let mut equivalents = Ensemble::new(members, vec![R::ZERO; observations.count() * members])?;
        let mut sums = Sums::new(members);
        let mut iterate = Iterate::new(members, self);
        let mut least = f64::INFINITY;
        let mut best = Vec::new();
        while smoothing.history.len() < self.iterations {
            states.values_mut().copy_from_slice(ensemble.values());
            reweigh(states.values_mut(), &cast(&iterate.begun()), members);
            propagate(&mut states, &mut equivalents)?;
            if let Err(error) = expect_equivalents(ensemble, &equivalents, observations) {
                if best.is_empty() {
                    return Err(error.into());
                }
                smoothing.stop = Stop::NotFinite;
                break;
            }
            let departures = Departures::of_equivalents(&equivalents, observations);
            if smoothing.history.is_empty() {
                departures.expect_spread(&equivalents)?;
            }
            sums.form_of_all(&departures, observations);
            let misfit = departures.innovations.iter().zip(observations.variances());
            let misfit: f64 = misfit.map(|(d, r)| d.to_f64() * d.to_f64() / r.to_f64()).sum();
            let iteration = iterate.step(&sums, misfit)?;
            if iteration.cost < least || best.is_empty() {
                least = iteration.cost;
                smoothing.taken = smoothing.history.len();
                best = iterate.before_increment();
            }
            smoothing.history.push(iteration);
            if iteration.increment <= self.tolerance {
                smoothing.stop = Stop::Converged;
                break;
            }
        }
        let weights = if smoothing.stop == Stop::Converged {
            smoothing.taken = smoothing.history.len();
            iterate.analysed()
        } else {
            best
        };
        reweigh(ensemble.values_mut(), &cast(&weights), members);
        Ok(smoothing)
    }

    fn validate(&self) -> crate::Result<()> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                return Ok(());
            }
            let expected = "a finite number above 0".to_owned();
            Err(Error::InvalidValue { name, got: value.to_string(), expected })
        };
        if self.iterations == 0 {
            let expected = "at least 1".to_owned();
            return Err(Error::InvalidValue { name: "iterations", got: "0".to_owned(), expected });
        }
        if let Linearization::Bundle(share) = self.linearization {
            positive("share", share)?;
        }
        if let Some(certainty) = self.certainty {
            positive("certainty", certainty)?;
        }
        positive("tolerance", self.tolerance)
    }
}

fn cast<R: Real>(weights: &[f64]) -> Vec<R> {
    weights.iter().map(|weight| R::from_f64(*weight)).collect()
}
