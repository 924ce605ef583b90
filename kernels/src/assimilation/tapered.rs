//! Analyses with tapered covariances and all observations at once: B-localisation of the stochastic filter.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::analysis::Departures;
use super::ensemble::{dot, mean_of};
use super::localization::{Near, Neighbourhood, find_near};
use super::symmetric::Single;
use super::weights::{factorise, substitute};
use super::{Ensemble, Observations, Scheme};
use crate::{Error, Real, Result};

/// Replaces a forecast ensemble by its analysis with perturbed observations and covariances that are tapered with distance (Houtekamer & Mitchell 2001, *Mon. Wea. Rev.*
/// 129, 123–137):
///
/// x_j ← x_j + (ρ ∘ P) Hᵀ (ρ ∘ (H P Hᵀ) + R)⁻¹ (y + ε_j − H x_j),
///
/// where (ρ ∘ P) Hᵀ is the ensemble's covariance of variables and equivalents times the taper between a variable and an observation, and ρ ∘ (H P Hᵀ) that of
/// equivalents times the taper between two observations. Unlike with tapered R⁻¹, an analysis may have more degrees of freedom than the
/// ensemble has members.
///
/// | argument        | shape                                        | unit |
/// |-----------------|----------------------------------------------|------|
/// | `ensemble`      | [variable][member], forecast, then analysis  | any  |
/// | `equivalents`   | [observation][member], Hx of the forecast    | that of the observations |
/// | `observations`  | [observation]                                | any  |
/// | `seed`, `cycle` | name the perturbations ε, which are those of [`Scheme::Stochastic`] | |
/// | `near_variables`, `near_observations` | find the observations near a variable, and near an observation | |
///
/// For a moderate number p of observations: a p × p matrix is stored and factorised (p³/3 multiplications). The result does not depend on the number of
/// threads.
///
/// # Errors
/// Those of [`super::analyse`], and [`Error::InvalidValue`] for an observation that is found and not there, and where ρ ∘ (H P Hᵀ) + R is not
/// positive definite, which tapers that are no correlation functions can cause ([`Taper::Step`](super::localization::Taper::Step)); the ensemble is
/// then unchanged.
pub fn analyse_tapered<R: Real>(
    ensemble: &mut Ensemble<R>,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    (seed, cycle): (u64, u32),
    near_variables: &impl Neighbourhood,
    near_observations: &impl Neighbourhood,
) -> Result<()> {
    let departures =
        Departures::new(ensemble, equivalents, observations, &Scheme::Stochastic { seed, cycle })?;
    let (count, members) = (observations.count(), ensemble.members());
    if count == 0 {
        return Ok(());
    }
    let degrees = R::from_u32(members as u32 - 1);
    let row_of = |number: usize| &departures.anomalies[number * members..(number + 1) * members];
    let of_variable = |found: &mut Vec<Near>, number: usize| {
        find_near(near_variables, ("variable", number), ("observation", count), found)
    };
    // Refused before anything is written.
    (0..ensemble.variables()).into_par_iter().try_for_each_init(Vec::new, of_variable)?;
    let mut matrix = vec![Single(R::ZERO); count * count];
    matrix.par_chunks_exact_mut(count).enumerate().try_for_each_init(Vec::new, |found, (number, row)| {
        find_near(near_observations, ("observation", number), ("observation", count), found)?;
        for near in found.iter().filter(|near| (near.index as usize) < number) {
            let other = near.index as usize;
            row[other].0 = R::from_f64(near.taper) * dot(row_of(number), row_of(other)) / degrees;
        }
        let own = dot(row_of(number), row_of(number)) / degrees;
        row[number].0 = own + observations.variances()[number];
        Ok(())
    })?;
    // y + ε − Hx, \[observation]\[member], and then the matrix's inverse times it.
    let mut solution: Vec<Single<R>> = departures
        .anomalies
        .iter()
        .zip(&departures.perturbations)
        .enumerate()
        .map(|(place, (anomaly, perturbation))| {
            Single(departures.innovations[place / members] + *perturbation - *anomaly)
        })
        .collect();
    pulp::Arch::new()
        .dispatch(Solve { count, members, matrix: &mut matrix, solution: &mut solution })
        .map_err(|pivot| Error::InvalidValue {
            name: "near_observations",
            got: format!("a taper that makes the covariances' matrix have the pivot {pivot}"),
            expected: "a correlation function".to_owned(),
        })?;
    let update = |(found, anomalies): &mut (Vec<Near>, Vec<R>), (number, row): (usize, &mut [R])| {
        of_variable(found, number)?;
        let mean = mean_of(row);
        anomalies.iter_mut().zip(&*row).for_each(|(anomaly, value)| *anomaly = *value - mean);
        for near in found.iter() {
            let other = near.index as usize;
            let covariance = R::from_f64(near.taper) * dot(anomalies, row_of(other)) / degrees;
            let solution = &solution[other * members..(other + 1) * members];
            row.iter_mut().zip(solution).for_each(|(value, solved)| *value += covariance * solved.0);
        }
        Ok(())
    };
    let scratch = || (Vec::new(), vec![R::ZERO; members]);
    ensemble.values_mut().par_chunks_exact_mut(members).enumerate().try_for_each_init(scratch, update)
}

struct Solve<'a, R> {
    count: usize,
    members: usize,
    matrix: &'a mut [Single<R>],
    solution: &'a mut [Single<R>],
}

impl<R: Real> WithSimd for Solve<'_, R> {
    type Output = std::result::Result<(), R>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        factorise::<R, Single<R>>(self.count, self.matrix)?;
        substitute::<R, Single<R>>(self.count, self.matrix, self.members, self.solution);
        Ok(())
    }
}
