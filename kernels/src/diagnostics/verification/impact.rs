//! Which observations made the forecast better.

use super::expect_members;
use crate::error::expect_len;
use crate::{Real, Result};

/// Impact of each observation on the squared error of a forecast, in the error's norm; negative where it made the error smaller.
///
/// With e_a the error of the mean forecast from the analysis, e_b that from the background of the same time, and a norm of diagonal weights C,
/// e_aᵀCe_a − e_bᵀCe_b ≈ Σ_i impact_i,
///
/// impact_i = (1/(N−1)) d_i r_i⁻¹ Σ_j Yᵃ_ij (Xᶠ_jᵀ C (e_a + e_b)),
///
/// where d is y − Hx̄ᵇ, Yᵃ the anomalies of the analysis ensemble at the observations, Xᶠ those of the forecast from it. Without localisation; it is
/// exact where the forecast is linear.
///
/// Source: Kalnay, Ota, Miyoshi & Liu (2012, *Tellus* 64A, 18462, doi:10.3402/tellusa.v64i0.18462).
///
/// | argument               | shape                  |
/// |------------------------|------------------------|
/// | `innovations`, `variances` | [observations]     |
/// | `analysis_equivalents` | [observations][members] |
/// | `forecasts`            | [variables][members]   |
/// | `analysis_error`, `background_error`, `norm` | [variables] |
/// | `result`               | [observations]         |
///
/// # Errors
/// [`LengthMismatch`](crate::Error::LengthMismatch), [`InvalidValue`](crate::Error::InvalidValue) for fewer than two members.
#[expect(clippy::too_many_arguments, reason = "each is a term of the formula")]
pub fn ensemble_impact<R: Real>(
    innovations: &[R],
    variances: &[R],
    analysis_equivalents: &[R],
    members: usize,
    forecasts: &[R],
    analysis_error: &[R],
    background_error: &[R],
    norm: &[R],
    result: &mut [f64],
) -> Result<()> {
    expect_members(members)?;
    expect_len("variances", innovations.len(), variances.len())?;
    expect_len("analysis_equivalents", innovations.len() * members, analysis_equivalents.len())?;
    expect_len("background_error", analysis_error.len(), background_error.len())?;
    expect_len("norm", analysis_error.len(), norm.len())?;
    expect_len("forecasts", analysis_error.len() * members, forecasts.len())?;
    expect_len("result", innovations.len(), result.len())?;
    let anomalies = |row: &[R], factors: &mut dyn FnMut(usize, f64)| {
        let mean = row.iter().map(|member| member.to_f64()).sum::<f64>() / members as f64;
        row.iter().enumerate().for_each(|(member, value)| factors(member, value.to_f64() - mean));
    };
    // Xᶠᵀ C (e_a + e_b), [member].
    let mut projections = vec![0.0; members];
    for (variable, row) in forecasts.chunks_exact(members).enumerate() {
        let errors = analysis_error[variable].to_f64() + background_error[variable].to_f64();
        let weighted = norm[variable].to_f64() * errors;
        anomalies(row, &mut |member, anomaly| projections[member] += anomaly * weighted);
    }
    for (number, row) in analysis_equivalents.chunks_exact(members).enumerate() {
        let mut sum = 0.0;
        anomalies(row, &mut |member, anomaly| sum += anomaly * projections[member]);
        let weight = innovations[number].to_f64() / variances[number].to_f64();
        result[number] = weight * sum / (members - 1) as f64;
    }
    Ok(())
}
