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
        let length = (counted.len() / BLOCKS).max(1);
        let means: Vec<f64> = counted
            .chunks_exact(length)
            .map(|block| block.iter().map(|score| score.analysis_error).sum::<f64>() / length as f64)
            .collect();
        let count = means.len() as f64;
        if count < 2.0 {
            return f64::NAN;
        }
        let mean = means.iter().sum::<f64>() / count;
        let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (variance / count).sqrt()
    }
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
    fn the_spin_up_does_not_count() {
        let score = |analysis_error| Score { analysis_error, ..Score::default() };
        let scores = Scores { cycles: vec![score(9.0), score(1.0), score(2.0)] };
        assert_eq!(scores.mean_from(1).analysis_error, 1.5);
    }
}
