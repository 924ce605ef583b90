//! [`Scores`]: how far from the truth.

use terrella_kernels::Real;

use crate::Result;
use crate::error::expect_len;

/// Of one cycle, in the unit of the state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Root-mean-square error of the forecast.
    pub forecast_error: f64,
    /// Of the analysis.
    pub analysis_error: f64,
    /// Root of the mean variance of the forecast's members; 0 without an ensemble.
    pub forecast_spread: f64,
    /// Of the analysis's.
    pub analysis_spread: f64,
}

/// Of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// \[cycle].
    pub cycles: Vec<Score>,
}

impl Scores {
    /// Means over the cycles from `first`; errors and spreads are averaged as they are, not squared.
    pub fn mean_from(&self, first: usize) -> Score {
        let counted = self.cycles.get(first..).unwrap_or_default();
        let mean = |of: fn(&Score) -> f64| counted.iter().map(of).sum::<f64>() / counted.len().max(1) as f64;
        Score {
            forecast_error: mean(|score| score.forecast_error),
            analysis_error: mean(|score| score.analysis_error),
            forecast_spread: mean(|score| score.forecast_spread),
            analysis_spread: mean(|score| score.analysis_spread),
        }
    }

    /// Standard error of the mean of the analyses' errors over the cycles from `first`, by the means of up to twenty equal blocks: errors of cycles
    /// that follow each other are not independent, those of long blocks nearly are.
    pub fn standard_error_from(&self, first: usize) -> f64 {
        let counted = self.cycles.get(first..).unwrap_or_default();
        let errors: Vec<f64> = counted.iter().map(|score| score.analysis_error).collect();
        standard_error(&errors)
    }

    /// By how much the analyses' errors are larger than another method's in the same cycles from `first`, on average, and the standard error of that by
    /// blocks as of [`Self::standard_error_from`]: what weather does to both cancels.
    pub fn margin_from(&self, other: &Self, first: usize) -> (f64, f64) {
        let pairs = self.cycles.iter().zip(&other.cycles).skip(first);
        let differences: Vec<f64> = pairs.map(|(a, b)| a.analysis_error - b.analysis_error).collect();
        let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
        (mean, standard_error(&differences))
    }
}

/// Of the mean of values that follow each other; NaN of fewer than two.
fn standard_error(values: &[f64]) -> f64 {
    let length = (values.len() / BLOCKS).max(1);
    let means: Vec<f64> =
        values.chunks_exact(length).map(|block| block.iter().sum::<f64>() / length as f64).collect();
    let count = means.len() as f64;
    if count < 2.0 {
        return f64::NAN;
    }
    let mean = means.iter().sum::<f64>() / count;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (variance / count).sqrt()
}

const BLOCKS: usize = 20;

/// √(Σ w (a − b)²), with one weight for each value: 1/n for a root-mean-square error.
///
/// # Errors
/// [`LengthMismatch`](crate::Error::LengthMismatch).
pub fn error<R: Real>(estimate: &[R], truth: &[R], weights: &[f64]) -> Result<f64> {
    expect_len("estimate", truth.len(), estimate.len())?;
    expect_len("weights", truth.len(), weights.len())?;
    let pairs = estimate.iter().zip(truth).zip(weights);
    Ok(pairs.map(|((a, b), weight)| weight * (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_weighted_root_mean_squares() {
        assert_eq!(error(&[1.0, 5.0], &[4.0, 1.0], &[0.5; 2]).expect("lengths"), 12.5_f64.sqrt());
        assert_eq!(error(&[1.0, 5.0], &[4.0, 1.0], &[1.0, 0.0]).expect("lengths"), 3.0);
        assert!(error(&[1.0], &[1.0, 2.0], &[1.0; 2]).is_err());
        assert!(error(&[1.0, 3.0], &[1.0, 2.0], &[1.0]).is_err());
    }

    #[test]
    fn margins_are_of_the_same_cycles() {
        // Weather that both share, ten times as large as what one is better by.
        let weather = |cycle: u32| 2.0 + f64::from(cycle * 7 % 10);
        let scores = |better: f64| Scores {
            cycles: (0..40)
                .map(|cycle| {
                    let analysis_error = weather(cycle) - better - 0.1 * better * f64::from(cycle % 2);
                    Score { analysis_error, ..Score::default() }
                })
                .collect(),
        };
        let (worse, better) = (scores(0.0), scores(1.0));
        let (margin, error) = worse.margin_from(&better, 0);
        // Blocks of two cycles have the same mean.
        assert!((margin - 1.05).abs() < 1e-12 && error < 1e-12, "{margin} {error}");
        assert!(worse.standard_error_from(0) > 0.1);
        assert!((better.margin_from(&worse, 38).0 + margin).abs() < 1e-12);
        assert!(worse.margin_from(&better, 39).1.is_nan());
    }

    #[test]
    fn the_spin_up_does_not_count() {
        let score = |analysis_error| Score { analysis_error, ..Score::default() };
        let scores = Scores { cycles: vec![score(9.0), score(1.0), score(2.0)] };
        assert_eq!(scores.mean_from(1).analysis_error, 1.5);
    }
}
