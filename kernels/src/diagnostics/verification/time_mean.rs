//! Means over time and how certain they are.

use crate::{Error, Real, Result};

/// A mean of a time series with its standard error.
///
/// Successive values are not independent: with the autocorrelations ρ_k and τ = 1 + 2 Σ_{k=1}^{M} ρ_k, n values are worth n/τ independent ones,
/// and the standard error is σ√(τ/n). M is the least number with M ≥ 5τ(M) (Sokal 1997, "Monte Carlo methods in statistical
/// mechanics", in *Functional Integration*, Plenum), which keeps the noise of far ρ_k out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeMean {
    /// The mean.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// τ, in steps; never below 1/n.
    pub correlation_time: f64,
    /// n.
    pub count: usize,
}

impl TimeMean {
    /// Of a series in time order.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for fewer than two values, and numbers that are not finite.
    pub fn new<R: Real>(series: &[R]) -> Result<Self> {
        let values: Vec<f64> = series.iter().map(|value| value.to_f64()).collect();
        let invalid = values.iter().position(|value| !value.is_finite());
        if values.len() < 2 || invalid.is_some() {
            return Err(Error::InvalidValue {
                name: "series",
                got: invalid.map_or_else(
                    || format!("{} values", values.len()),
                    |place| format!("{} at step {place}", values[place]),
                ),
                expected: "at least two finite values".to_owned(),
            });
        }
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let covariance = |lag: usize| {
            let pairs = values[lag..].iter().zip(&values);
            pairs.map(|(later, earlier)| (later - mean) * (earlier - mean)).sum::<f64>() / count as f64
        };
        let variance = covariance(0);
        let mut correlation_time = 1.0;
        if variance > 0.0 {
            for lag in 1..count {
                correlation_time += 2.0 * covariance(lag) / variance;
                if lag as f64 >= 5.0 * correlation_time {
                    break;
                }
            }
        }
        let correlation_time = correlation_time.max(1.0 / count as f64);
        let standard_error = (variance * correlation_time / (count as f64 - 1.0)).sqrt();
        Ok(Self { mean, standard_error, correlation_time, count })
    }
}
