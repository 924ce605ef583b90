//! Whether the spread of an ensemble says how large the errors of its mean are.

use super::expect_members;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Cases of about the same spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadBin {
    /// Cases.
    pub count: usize,
    /// √ of their mean ensemble variance (divided by N − 1), times √((N + 1)/N).
    pub spread: f64,
    /// √ of their mean squared error of the ensemble mean.
    pub error: f64,
}

/// Spread and error of all cases, and of bins of equal numbers of cases by their spread.
///
/// Where truth and N members are exchangeable, spread equals error, in all bins: the factor √((N + 1)/N) is of the mean's own sampling
/// error (Fortin et al. 2014, *J. Hydrometeor.* 15, 1708–1713).
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadSkill {
    /// All cases.
    pub total: SpreadBin,
    /// From the smallest spread to the largest.
    pub bins: Vec<SpreadBin>,
}

impl SpreadSkill {
    /// Of truths \[case] and ensembles \[case]\[member], in `bins` bins.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for fewer than two members, and no bins or more than cases.
    pub fn new<R: Real>(truths: &[R], ensembles: &[R], members: usize, bins: usize) -> Result<Self> {
        expect_members(members)?;
        if bins == 0 || bins > truths.len() {
            return Err(Error::InvalidValue {
                name: "bins",
                got: bins.to_string(),
                expected: "1 to the number of cases".to_owned(),
            });
        }
        expect_len("ensembles", truths.len() * members, ensembles.len())?;
        let count = members as f64;
        let mut cases: Vec<(f64, f64)> = truths
            .iter()
            .zip(ensembles.chunks_exact(members))
            .map(|(truth, ensemble)| {
                let mean = ensemble.iter().map(|member| member.to_f64()).sum::<f64>() / count;
                let squares: f64 = ensemble.iter().map(|member| (member.to_f64() - mean).powi(2)).sum();
                (squares / (count - 1.0) * (count + 1.0) / count, (mean - truth.to_f64()).powi(2))
            })
            .collect();
        cases.sort_by(|a, b| a.0.total_cmp(&b.0));
        let bin = |cases: &[(f64, f64)]| {
            let mean =
                |part: fn(&(f64, f64)) -> f64| cases.iter().map(part).sum::<f64>() / cases.len() as f64;
            SpreadBin {
                count: cases.len(),
                spread: mean(|case| case.0).sqrt(),
                error: mean(|case| case.1).sqrt(),
            }
        };
        let border = |number: usize| number * cases.len() / bins;
        Ok(Self {
            total: bin(&cases),
            bins: (0..bins).map(|number| bin(&cases[border(number)..border(number + 1)])).collect(),
        })
    }
}
