//! What departures say of the errors that an analysis assumed.

use super::expect_members;
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Variances that departures show.
///
/// They are those that were assumed if the analysis is optimal; iterated, they tune it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorEstimates {
    /// Of the observations: the mean of (y − Hxᵃ)(y − Hxᵇ).
    pub observation: f64,
    /// Of the background at the observations: the mean of (Hxᵃ − Hxᵇ)(y − Hxᵇ).
    pub background: f64,
    /// Of the analysis at the observations: the mean of (Hxᵃ − Hxᵇ)(y − Hxᵃ).
    pub analysis: f64,
    /// Of the innovations: the mean of (y − Hxᵇ)², the sum of the first two.
    pub innovation: f64,
}

/// Estimates from y − Hxᵇ and y − Hxᵃ, \[observation], of observations of one kind.
///
/// Source: Desroziers, Berre, Chapnik & Poli (2005, *Q. J. R. Meteorol. Soc.* 131, 3385–3396, doi:10.1256/qj.05.108). Means are about 0: biases
/// must be taken away before.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidValue`] for none.
pub fn desroziers<R: Real>(background_departures: &[R], analysis_departures: &[R]) -> Result<ErrorEstimates> {
    expect_len("analysis_departures", background_departures.len(), analysis_departures.len())?;
    if background_departures.is_empty() {
        return Err(Error::InvalidValue {
            name: "background_departures",
            got: "none".to_owned(),
            expected: "at least one departure".to_owned(),
        });
    }
    let mut sums = [0.0; 4];
    for (background, analysis) in background_departures.iter().zip(analysis_departures) {
        let (before, after) = (background.to_f64(), analysis.to_f64());
        let terms = [after * before, (before - after) * before, (before - after) * after, before * before];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [observation, background, analysis, innovation] =
        sums.map(|sum| sum / background_departures.len() as f64);
    Ok(ErrorEstimates { observation, background, analysis, innovation })
}

/// Degrees of freedom for signal of each observation, ∂(Hxᵃ)_i/∂y_i, added to `result` \[observation]; their sum is tr(HK), between 0 and the
/// number of observations, and the background's share is the rest.
///
/// With optimal gain HK = H A Hᵀ R⁻¹, so that the diagonal is the analysis ensemble's variance over r: `equivalents` are those of the
/// analysis ensemble, \[observation]\[member], `variances` r, \[observation].
///
/// Source: Cardinali, Pezzulli & Andersson (2004, *Q. J. R. Meteorol. Soc.* 130, 2767–2786); for ensembles Liu, Kalnay, Miyoshi & Cardinali
/// (2009, *Q. J. R. Meteorol. Soc.* 135, 1842–1851).
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidValue`] for fewer than two members.
pub fn degrees_of_freedom<R: Real>(
    equivalents: &[R],
    members: usize,
    variances: &[R],
    result: &mut [f64],
) -> Result<()> {
    expect_members(members)?;
    expect_len("equivalents", variances.len() * members, equivalents.len())?;
    expect_len("result", variances.len(), result.len())?;
    for ((row, variance), value) in equivalents.chunks_exact(members).zip(variances).zip(result) {
        let mean = row.iter().map(|own| own.to_f64()).sum::<f64>() / members as f64;
        let squares: f64 = row.iter().map(|own| (own.to_f64() - mean).powi(2)).sum();
        *value += squares / ((members - 1) as f64 * variance.to_f64());
    }
    Ok(())
}
