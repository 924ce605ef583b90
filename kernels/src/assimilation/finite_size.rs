//! The inflation of the finite-size filter, EnKF-N, in its dual form.
//!
//! A mean and a covariance of N members are themselves uncertain. Without other knowledge than the ensemble (Jeffreys' prior), the
//! anomalies' best inflation l is where
//!
//! J(l²) = Σ_m p_m²/λ_m/(l² λ_m + N − 1) + e/l² + c ln l²
//!
//! is least, with the eigenvalues λ_m of C, d's projections p_m on its vectors, e = (N + 1)/N and c = N/(N − 1) (Bocquet 2011,
//! *Nonlin. Processes Geophys.* 18, 735–750; Bocquet et al. 2015, *Nonlin. Processes Geophys.* 22, 645–662). Where observations say nothing
//! the least of e/l² + c ln l² must lie at l = 1, not at e/c; e and c are corrected in between by the weight of the prior, as in the
//! second paper, and multiplied by the certainty.

use crate::Real;

/// Steps of Newton and bisection: enough for all of f64's bits by bisection alone.
const STEPS: usize = 100;

/// e and c after both corrections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior {
    /// e.
    pub(super) mean_weight: f64,
    /// c.
    pub(super) constant: f64,
}

impl Prior {
    /// From the eigenvalues λ ≥ 0 of C.
    pub(super) fn new<R: Real>(values: &[R], certainty: f64) -> Self {
        let members = values.len() as f64;
        let degrees = members - 1.0;
        let (mean_weight, constant) = ((members + 1.0) / members, members / degrees);
        let weight_of_prior =
            values.iter().map(|value| degrees / (value.to_f64() + degrees)).sum::<f64>() / members;
        let correction = (mean_weight / constant).powf(weight_of_prior / 2.0);
        Self {
            mean_weight: mean_weight * certainty / correction,
            constant: constant * certainty * correction,
        }
    }
}

/// l² from the eigenvalues λ ≥ 0 and projections p of one domain.
pub(super) fn inflation_of_lane<R: Real>(values: &[R], projections: &[R], certainty: f64) -> R {
    let degrees = values.len() as f64 - 1.0;
    let Prior { mean_weight, constant } = Prior::new(values, certainty);

    // l⁴ J'(l²) and its derivative; below the root the first is negative, and far above positive.
    let slope = |squared: f64| {
        let (mut value, mut derivative) = (constant * squared - mean_weight, constant);
        for (eigenvalue, projection) in values.iter().zip(projections) {
            let (eigenvalue, projection) = (eigenvalue.to_f64(), projection.to_f64());
            let denominator = squared * eigenvalue + degrees;
            let ratio = projection * squared / denominator;
            value -= ratio * ratio;
            derivative -= 2.0 * ratio * projection * degrees / (denominator * denominator);
        }
        (value, derivative)
    };
    let (mut low, mut high) = (0.0_f64, f64::INFINITY);
    let mut squared = 1.0_f64;
    for _ in 0..STEPS {
        let (value, derivative) = slope(squared);
        if value < 0.0 {
            low = squared;
        } else {
            high = squared;
        }
        let newton = squared - value / derivative;
        let next = if newton > low && newton < high {
            newton
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * squared
        };
        if (next - squared).abs() <= 1e-12 * squared {
            return R::from_f64(next);
        }
        squared = next;
    }
    R::from_f64(squared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J of the module's documentation with these corrected constants.
    fn cost(squared: f64, values: &[f64], projections: &[f64], certainty: f64) -> f64 {
        let members = values.len() as f64;
        let prior = values.iter().map(|v| (members - 1.0) / (v + members - 1.0)).sum::<f64>() / members;
        let (e, c) = ((members + 1.0) / members, members / (members - 1.0));
        let correction = (e / c).powf(prior / 2.0);
        values
            .iter()
            .zip(projections)
            .filter(|(value, _)| **value > 0.0)
            .map(|(value, projection)| projection * projection / value / (squared * value + members - 1.0))
            .sum::<f64>()
            + certainty * (e / correction / squared + c * correction * squared.ln())
    }

    #[test]
    fn the_cost_is_least_there() {
        for (values, projections) in [
            (&[0.0, 3.0, 8.0, 20.0, 1.0], &[0.0, 1.0, -2.0, 5.0, 0.3]),
            (&[0.0, 300.0, 80.0, 20.0, 1.0], &[0.0, 90.0, -40.0, 50.0, 3.0]),
            (&[0.0, 1e-6, 0.0, 0.0, 0.0], &[0.0, 1e-6, 0.0, 0.0, 0.0]),
        ] {
            for certainty in [1.0, 2.0] {
                let squared: f64 = inflation_of_lane(values, projections, certainty);
                let least = cost(squared, values, projections, certainty);
                for nearby in [0.99 * squared, 1.01 * squared] {
                    assert!(cost(nearby, values, projections, certainty) > least, "{squared} {values:?}");
                }
            }
        }
    }

    #[test]
    fn nothing_observed_means_no_inflation() {
        let squared: f64 = inflation_of_lane(&[0.0; 10], &[0.0; 10], 1.0);
        assert!((squared - 1.0).abs() < 1e-12, "{squared}");
    }
}
