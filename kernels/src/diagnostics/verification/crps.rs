//! The continuous ranked probability score of ensembles.

use crate::error::expect_len;
use crate::{Error, Real, Result};

/// CRPS of an ensemble as a distribution of N steps: (1/N) Σ|x_i − y| − (1/2N²) ΣΣ|x_i − x_j|, 0 at best.
///
/// Source: Gneiting & Raftery (2007, *J. Amer. Stat. Assoc.* 102, 359–378). NaN for no members and numbers that are not.
pub fn crps<R: Real>(truth: R, members: &[R]) -> f64 {
    let (distance, pairs, count) = parts(truth, members);
    distance / count - pairs / (count * count)
}

/// CRPS of the distribution that members are drawn from, whatever their number: the second sum is divided by N(N − 1) instead of N².
///
/// Source: Ferro (2014, *Q. J. R. Meteorol. Soc.* 140, 1917–1923). NaN for fewer than two members.
pub fn fair_crps<R: Real>(truth: R, members: &[R]) -> f64 {
    let (distance, pairs, count) = parts(truth, members);
    distance / count - pairs / (count * (count - 1.0))
}

/// Σ|x_i − y|, Σ_{i<j}|x_i − x_j| and N.
fn parts<R: Real>(truth: R, members: &[R]) -> (f64, f64, f64) {
    let truth = truth.to_f64();
    let mut sorted: Vec<f64> = members.iter().map(|member| member.to_f64()).collect();
    sorted.sort_by(f64::total_cmp);
    let distance = sorted.iter().map(|member| (member - truth).abs()).sum();
    // Sorted, member i is above i others and below N − 1 − i.
    let last = members.len() as f64 - 1.0;
    let pairs = sorted.iter().enumerate().map(|(i, member)| member * (2.0 * i as f64 - last)).sum();
    (distance, pairs, members.len() as f64)
}

/// The mean CRPS over cases, in parts: CRPS = reliability + potential.
///
/// Source: Hersbach (2000, *Wea. Forecasting* 15, 559–570), for cases of equal weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrpsDecomposition {
    /// The mean score.
    pub crps: f64,
    /// What would go away if the chances that members stand for were the frequencies with which truth lies below them.
    pub reliability: f64,
    /// The score that would remain: the smaller, the sharper.
    pub potential: f64,
}

impl CrpsDecomposition {
    /// Of truths \[case] and ensembles \[case]\[member].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for no cases or members, and numbers that are not finite.
    pub fn new<R: Real>(truths: &[R], ensembles: &[R], members: usize) -> Result<Self> {
        expect_len("ensembles", truths.len() * members, ensembles.len())?;
        let finite = |values: &[R]| values.iter().all(|value| value.to_f64().is_finite());
        if truths.is_empty() || members == 0 || !finite(truths) || !finite(ensembles) {
            return Err(Error::InvalidValue {
                name: "ensembles",
                got: format!("{} cases of {members} members", truths.len()),
                expected: "at least one case and one member, all numbers finite".to_owned(),
            });
        }
        let cases = truths.len() as f64;
        // Mean lengths of the intervals between members below the truth (α) and above it (β); the first and last are outside.
        let (mut alpha, mut beta) = (vec![0.0; members + 1], vec![0.0; members + 1]);
        let (mut below_first, mut below_last) = (0.0, 0.0);
        let mut sorted = Vec::with_capacity(members);
        for (truth, ensemble) in truths.iter().zip(ensembles.chunks_exact(members)) {
            let truth = truth.to_f64();
            sorted.clear();
            sorted.extend(ensemble.iter().map(|member| member.to_f64()));
            sorted.sort_by(f64::total_cmp);
            let (first, last) = (sorted[0], sorted[members - 1]);
            for (i, pair) in sorted.windows(2).enumerate() {
                let inside = truth.clamp(pair[0], pair[1]);
                alpha[i + 1] += (inside - pair[0]) / cases;
                beta[i + 1] += (pair[1] - inside) / cases;
            }
            beta[0] += (first - truth).max(0.0) / cases;
            alpha[members] += (truth - last).max(0.0) / cases;
            below_first += f64::from(truth < first) / cases;
            below_last += f64::from(truth < last) / cases;
        }
        let (mut score, mut reliability, mut potential) = (0.0, 0.0, 0.0);
        for i in 0..=members {
            let chance = i as f64 / members as f64;
            let (length, frequency) = match i {
                0 if below_first > 0.0 => (beta[0] / below_first, below_first),
                i if i == members && below_last < 1.0 => (alpha[i] / (1.0 - below_last), below_last),
                i if 0 < i && i < members && alpha[i] + beta[i] > 0.0 => {
                    (alpha[i] + beta[i], beta[i] / (alpha[i] + beta[i]))
                }
                _ => continue,
            };
            score += alpha[i] * chance * chance + beta[i] * (1.0 - chance) * (1.0 - chance);
            reliability += length * (frequency - chance) * (frequency - chance);
            potential += length * frequency * (1.0 - frequency);
        }
        Ok(Self { crps: score, reliability, potential })
    }
}
