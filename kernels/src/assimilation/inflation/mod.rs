//! Against ensembles that are too sure of themselves: inflation of anomalies.

mod adaptive;

pub use adaptive::AdaptiveInflation;

use super::Ensemble;
use super::ensemble::{mean_of, variance_of};
use crate::error::expect_len;
use crate::{Error, Real, Result, random};

/// Multiplies all anomalies: x ← x̄ + factor (x − x̄).
///
/// # Errors
/// [`Error::InvalidValue`] for a factor that is not finite and positive.
pub fn multiply<R: Real>(ensemble: &mut Ensemble<R>, factor: R) -> Result<()> {
    if !(factor > R::ZERO && factor.to_f64().is_finite()) {
        return Err(Error::InvalidValue {
            name: "factor",
            got: factor.to_string(),
            expected: "a finite number above 0".to_owned(),
        });
    }
    if factor != R::ONE {
        let members = ensemble.members();
        for row in ensemble.values_mut().chunks_exact_mut(members) {
            spread(row, factor);
        }
    }
    Ok(())
}

#[inline(always)]
fn spread<R: Real>(row: &mut [R], factor: R) {
    let mean = mean_of(row);
    row.iter_mut().for_each(|value| *value = mean + factor * (*value - mean));
}

/// Relaxation to the prior's spread (Whitaker & Hamill 2012, *Mon. Wea. Rev.* 140, 3078–3089): where the analysis has the standard deviation
/// σᵃ and the forecast had σᶠ, anomalies are multiplied by 1 + `share` (σᶠ − σᵃ)/σᵃ. `forecast_variance` is \[variable].
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a share outside 0 to 1.
pub fn relax_to_prior_spread<R: Real>(
    ensemble: &mut Ensemble<R>,
    forecast_variance: &[R],
    share: R,
) -> Result<()> {
    expect_share(share)?;
    expect_len("forecast_variance", ensemble.variables(), forecast_variance.len())?;
    let members = ensemble.members();
    for (row, variance) in ensemble.values_mut().chunks_exact_mut(members).zip(forecast_variance) {
        let deviation = variance_of(row).sqrt();
        // A variable on which members agree stays so.
        if deviation > R::ZERO {
            spread(row, R::ONE + share * (variance.sqrt() - deviation) / deviation);
        }
    }
    Ok(())
}

/// Relaxation to the prior's perturbations (Zhang et al. 2004, *Mon. Wea. Rev.* 132, 1238–1253): anomalies become (1 − `share`) of the analysis's and
/// `share` of the forecast's.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a share outside 0 to 1.
pub fn relax_to_prior_perturbations<R: Real>(
    ensemble: &mut Ensemble<R>,
    forecast: &Ensemble<R>,
    share: R,
) -> Result<()> {
    expect_share(share)?;
    let members = ensemble.members();
    expect_len("members of forecast", members, forecast.members())?;
    expect_len("forecast", ensemble.values().len(), forecast.values().len())?;
    let rows = ensemble.values_mut().chunks_exact_mut(members).zip(forecast.values().chunks_exact(members));
    for (row, before) in rows {
        let (mean, mean_before) = (mean_of(row), mean_of(before));
        for (value, before) in row.iter_mut().zip(before) {
            *value = mean + (R::ONE - share) * (*value - mean) + share * (*before - mean_before);
        }
    }
    Ok(())
}

/// Adds independent normal deviates of the given variances, \[variable], with mean 0 over the members; a function of seed and cycle.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a variance that is not finite or negative.
pub fn add<R: Real>(ensemble: &mut Ensemble<R>, variances: &[R], seed: u64, cycle: u32) -> Result<()> {
    expect_len("variances", ensemble.variables(), variances.len())?;
    if let Some(place) = variances.iter().position(|v| !(*v >= R::ZERO && v.to_f64().is_finite())) {
        return Err(Error::InvalidValue {
            name: "variances",
            got: format!("{} at variable {place}", variances[place]),
            expected: "finite numbers of at least 0".to_owned(),
        });
    }
    let members = ensemble.members();
    let mut deviates = vec![R::ZERO; members];
    for (variable, (row, variance)) in
        (0..).zip(ensemble.values_mut().chunks_exact_mut(members).zip(variances))
    {
        random::normals(seed, [cycle, ADDED, variable], &mut deviates);
        let (mean, deviation) = (mean_of(&deviates), variance.sqrt());
        for (value, deviate) in row.iter_mut().zip(&deviates) {
            *value += deviation * (*deviate - mean);
        }
    }
    Ok(())
}

/// The place of added noise among an experiment's random numbers.
const ADDED: u32 = 0xadd0;

fn expect_share<R: Real>(share: R) -> Result<()> {
    // Also refuses NaN.
    if share >= R::ZERO && share <= R::ONE {
        return Ok(());
    }
    Err(Error::InvalidValue { name: "share", got: share.to_string(), expected: "0 to 1".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ensemble() -> Ensemble<f64> {
        Ensemble::new(3, vec![1.0, 2.0, 3.0, 5.0, 5.0, 5.0]).expect("an ensemble")
    }

    #[test]
    fn anomalies_grow_and_means_stay() {
        let mut inflated = ensemble();
        multiply(&mut inflated, 1.5).expect("a factor");
        assert_eq!(inflated.values(), [0.5, 2.0, 3.5, 5.0, 5.0, 5.0]);
        relax_to_prior_spread(&mut inflated, &[1.0, 7.0], 0.5).expect("a share");
        assert_eq!(inflated.values(), [0.75, 2.0, 3.25, 5.0, 5.0, 5.0]);
        let forecast = Ensemble::new(3, vec![2.0, 2.0, 2.0, 8.0, 9.0, 10.0]).expect("an ensemble");
        relax_to_prior_perturbations(&mut inflated, &forecast, 0.25).expect("a share");
        assert_eq!(inflated.values(), [1.0625, 2.0, 2.9375, 4.75, 5.0, 5.25]);
    }

    #[test]
    fn added_noise_has_its_variance_and_no_mean() {
        let mut noisy = Ensemble::new(20_000, vec![3.0; 40_000]).expect("an ensemble");
        add(&mut noisy, &[4.0, 0.0], 1, 2).expect("variances");
        let (mut mean, mut variance) = ([0.0; 2], [0.0; 2]);
        noisy.mean(&mut mean).expect("lengths");
        noisy.variance(&mut variance).expect("lengths");
        assert!((mean[0] - 3.0).abs() < 1e-12 && mean[1] == 3.0, "{mean:?}");
        // Five standard errors of a variance of 20,000 draws.
        assert!((variance[0] - 4.0).abs() < 0.2 && variance[1] == 0.0, "{variance:?}");
    }

    #[test]
    fn impossible_inflation_is_refused() {
        let text = |result: Result<()>| result.expect_err("refused").to_string();
        for factor in [0.0, -1.0, f64::NAN] {
            assert_eq!(
                text(multiply(&mut ensemble(), factor)),
                format!("'factor' is {factor}: expected a finite number above 0.")
            );
        }
        assert_eq!(
            text(relax_to_prior_spread(&mut ensemble(), &[1.0; 2], 1.1)),
            "'share' is 1.1: expected 0 to 1."
        );
        assert_eq!(
            text(relax_to_prior_spread(&mut ensemble(), &[1.0], 1.0)),
            "'forecast_variance': expected 2 values, got 1."
        );
        assert_eq!(
            text(add(&mut ensemble(), &[1.0, -1.0], 0, 0)),
            "'variances' is -1 at variable 1: expected finite numbers of at least 0."
        );
    }
}
