//! Analyses that take one observation after the other and taper covariances: B-localisation.

use super::analysis::{Departures, expect_equivalents};
use super::ensemble::{mean_of, sum};
use super::localization::{Near, Neighbourhood};
use super::{Ensemble, Observations};
use crate::{Error, Real, Result};

/// Replaces a forecast ensemble by its analysis, one observation after the other: the ensemble adjustment filter of Anderson (2001,
/// *Mon. Wea. Rev.* 129, 2884–2903) in the two steps of Anderson (2003, *Mon. Wea. Rev.* 131, 634–642), which is also the serial square root
/// of Whitaker & Hamill (2002, *Mon. Wea. Rev.* 130, 1913–1924).
///
/// With an observation's equivalents, their variance s² and its error variance r, the equivalents' mean moves by s²/(s² + r) of the innovation and
/// their anomalies shrink by √(r/(s² + r)). Every variable follows by its regression on the equivalents times the taper; so
/// do the equivalents of the observations that are still to come.
///
/// | argument        | shape                                        | unit |
/// |-----------------|----------------------------------------------|------|
/// | `ensemble`      | [variable][member], forecast, then analysis  | any  |
/// | `equivalents`   | [observation][member], Hx of the forecast, then of the analysis | that of the observations |
/// | `observations`  | [observation]                                | any  |
/// | `order`         | the observations in the order in which they are taken | |
/// | `variables_near`, `observations_near` | find the variables, and the observations, near an observation | |
///
/// # Errors
/// Those of [`super::analyse`], and [`Error::InvalidValue`] for an observation or a variable that is not there; the ensemble is then partly changed.
pub fn analyse_serially<R: Real>(
    ensemble: &mut Ensemble<R>,
    equivalents: &mut Ensemble<R>,
    observations: &Observations<R>,
    order: &[u32],
    variables_near: &impl Neighbourhood,
    observations_near: &impl Neighbourhood,
) -> Result<()> {
    expect_equivalents(ensemble, equivalents, observations)?;
    Departures::of_equivalents(equivalents, observations).expect_spread(equivalents)?;
    let members = ensemble.members();
    let mut found = Vec::new();
    let mut anomalies = vec![R::ZERO; members];
    for &number in order {
        let number = number as usize;
        if number >= observations.count() {
            return Err(beyond("order", number, observations.count()));
        }
        let row = &equivalents.values()[number * members..(number + 1) * members];
        let mean = mean_of(row);
        anomalies.iter_mut().zip(row).for_each(|(anomaly, value)| *anomaly = *value - mean);
        let squares = sum(&anomalies, |anomaly| anomaly * anomaly);
        if squares == R::ZERO {
            // Members agree: there is nothing that could follow.
            continue;
        }
        let degrees = R::from_u32(members as u32 - 1);
        let error = observations.variances()[number];
        let total = squares / degrees + error;
        let shrink = (error / total).sqrt() - R::ONE;
        let shift = squares / degrees / total * (observations.values()[number] - mean);
        for (target, neighbourhood) in [
            (&mut *ensemble, variables_near as &dyn Neighbourhood),
            (&mut *equivalents, observations_near as &dyn Neighbourhood),
        ] {
            found.clear();
            neighbourhood.near(number, &mut found);
            regress(target, &found, &anomalies, squares, shift, shrink)?;
        }
    }
    Ok(())
}

/// Moves the variables that were found by their regression on an observation's equivalents.
fn regress<R: Real>(
    ensemble: &mut Ensemble<R>,
    found: &[Near],
    anomalies: &[R],
    squares: R,
    shift: R,
    shrink: R,
) -> Result<()> {
    let (members, variables) = (anomalies.len(), ensemble.variables());
    let values = ensemble.values_mut();
    for near in found {
        let variable = near.index as usize;
        let Some(row) = values.get_mut(variable * members..(variable + 1) * members) else {
            return Err(beyond("neighbourhood", variable, variables));
        };
        let mut partial = R::ZERO;
        for (value, anomaly) in row.iter().zip(anomalies) {
            partial += *value * *anomaly;
        }
        // Anomalies of one add up to 0, so that those of the other need not be formed.
        let slope = R::from_f64(near.taper) * partial / squares;
        for (value, anomaly) in row.iter_mut().zip(anomalies) {
            *value += slope * (shift + shrink * *anomaly);
        }
    }
    Ok(())
}

fn beyond(name: &'static str, number: usize, count: usize) -> Error {
    Error::InvalidValue { name, got: number.to_string(), expected: format!("a number below {count}") }
}
