//! Analyses with one matrix of weights for all variables, and what global and local analyses share.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::ensemble::{expect_length, mean_of};
use super::symmetric::Single;
use super::weights::Solver;
use super::{Ensemble, Observations, Scheme};
use crate::{Error, Real, Result, random};

/// Multiplications below which an update is not worth other threads.
const WORTH_THREADS: usize = 1 << 20;

/// Replaces a forecast ensemble by its analysis: xᵃ = x̄ + A W, with one W for all variables.
///
/// | argument       | shape                                    | unit |
/// |----------------|------------------------------------------|------|
/// | `ensemble`     | [variable][member], forecast, then analysis | any |
/// | `equivalents`  | [observation][member], Hx of the forecast | that of the observations |
/// | `observations` | [observation]                            | any  |
///
/// The result does not depend on the number of threads. Without observations nothing changes.
///
/// # Errors
/// [`Error::LengthMismatch`] where the ensembles differ in members or the equivalents from the observations in number,
/// [`Error::InvalidValue`] for equivalents that are not finite and impossible parameters of the scheme; the ensemble is then unchanged.
pub fn analyse<R: Real>(
    ensemble: &mut Ensemble<R>,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    scheme: &Scheme,
) -> Result<()> {
    let departures = Departures::new(ensemble, equivalents, observations, scheme)?;
    if observations.count() == 0 {
        return Ok(());
    }
    let members = ensemble.members();
    let mut solver = Solver::<R, Single<R>>::new(members, 1);
    pulp::Arch::new().dispatch(Global {
        departures: &departures,
        observations,
        scheme,
        solver: &mut solver,
    })?;
    let weights: &[Single<R>] = &solver.weights;
    let update = |rows: &mut [R]| pulp::Arch::new().dispatch(Update { members, rows, weights });
    let values = ensemble.values_mut();
    if values.len() * members < WORTH_THREADS {
        update(values);
    } else {
        values.par_chunks_mut(members * (WORTH_THREADS / (16 * members * members)).max(1)).for_each(update);
    }
    Ok(())
}

/// What the observations say of the ensemble.
pub(super) struct Departures<R> {
    pub(super) members: usize,
    /// Y, \[observation]\[member].
    pub(super) anomalies: Vec<R>,
    /// y − ȳ, \[observation].
    pub(super) innovations: Vec<R>,
    /// ε, \[observation]\[member]; empty for schemes without.
    pub(super) perturbations: Vec<R>,
}

impl<R: Real> Departures<R> {
    pub(super) fn new(
        ensemble: &Ensemble<R>,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
        scheme: &Scheme,
    ) -> Result<Self> {
        scheme.validate()?;
        let members = ensemble.members();
        expect_length("members of equivalents", members, equivalents.members())?;
        expect_length("equivalents", observations.count() * members, equivalents.values().len())?;
        if let Some(place) = equivalents.values().iter().position(|value| !value.to_f64().is_finite()) {
            let (observation, member) = (place / members, place % members);
            return Err(Error::InvalidValue {
                name: "equivalents",
                got: format!("{} at observation {observation}, member {member}", equivalents.values()[place]),
                expected: "finite numbers".to_owned(),
            });
        }
        let mut anomalies = equivalents.values().to_vec();
        let mut innovations = observations.values().to_vec();
        for (row, innovation) in anomalies.chunks_exact_mut(members).zip(&mut innovations) {
            let mean = mean_of(row);
            *innovation -= mean;
            row.iter_mut().for_each(|value| *value -= mean);
        }
        let mut perturbations = Vec::new();
        if let Scheme::Stochastic { seed, cycle } = *scheme {
            perturbations = vec![R::ZERO; anomalies.len()];
            random::normals(seed, [cycle, PERTURBATIONS, 0], &mut perturbations);
            for (row, variance) in perturbations.chunks_exact_mut(members).zip(observations.variances()) {
                let (mean, deviation) = (mean_of(row), variance.sqrt());
                row.iter_mut().for_each(|value| *value = (*value - mean) * deviation);
            }
        }
        Ok(Self { members, anomalies, innovations, perturbations })
    }

    /// Y, y − ȳ and ε of an observation.
    #[inline(always)]
    fn of(&self, observation: usize) -> (&[R], R, &[R]) {
        let row = observation * self.members..(observation + 1) * self.members;
        let perturbations =
            if self.perturbations.is_empty() { &[][..] } else { &self.perturbations[row.clone()] };
        (&self.anomalies[row], self.innovations[observation], perturbations)
    }
}

/// The place of perturbed observations among an experiment's random numbers.
const PERTURBATIONS: u32 = 0x0b5e;

/// Adds up C, d and F of one domain, \[row]\[member], observations in the order in which they come.
pub(super) struct Sums<R> {
    pub(super) products: Vec<R>,
    pub(super) innovation: Vec<R>,
    pub(super) perturbed: Vec<R>,
}

impl<R: Real> Sums<R> {
    pub(super) fn new(members: usize) -> Self {
        let square = vec![R::ZERO; members * members];
        Self { products: square.clone(), innovation: vec![R::ZERO; members], perturbed: square }
    }

    /// The sums over these observations, each with its weight 1/r, tapered where it is far.
    #[inline(always)]
    pub(super) fn form(&mut self, departures: &Departures<R>, near: impl Iterator<Item = (usize, R)>) {
        let members = departures.members;
        self.products.fill(R::ZERO);
        self.innovation.fill(R::ZERO);
        self.perturbed.fill(R::ZERO);
        for (observation, weight) in near {
            let (anomalies, innovation, perturbations) = departures.of(observation);
            for row in 0..members {
                let factor = weight * anomalies[row];
                self.innovation[row] += factor * innovation;
                // Whole vectors; what lies above the diagonal is not read.
                let columns = (row + 1).next_multiple_of(8).min(members);
                add(&mut self.products[row * members..row * members + columns], factor, anomalies);
                if !perturbations.is_empty() {
                    add(&mut self.perturbed[row * members..(row + 1) * members], factor, perturbations);
                }
            }
        }
    }
}

#[inline(always)]
fn add<R: Real>(sums: &mut [R], factor: R, values: &[R]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * *value;
    }
}

struct Global<'a, R> {
    departures: &'a Departures<R>,
    observations: &'a Observations<'a, R>,
    scheme: &'a Scheme,
    solver: &'a mut Solver<R, Single<R>>,
}

impl<R: Real> WithSimd for Global<'_, R> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        let Self { departures, observations, scheme, solver } = self;
        let mut sums = Sums::new(departures.members);
        let weights = observations.variances().iter().map(|variance| R::ONE / *variance).enumerate();
        sums.form(departures, weights);
        for (into, from) in [
            (&mut solver.workspace.matrix, &sums.products),
            (&mut solver.innovation, &sums.innovation),
            (&mut solver.perturbed, &sums.perturbed),
        ] {
            into.iter_mut().zip(from).for_each(|(into, from)| *into = Single(*from));
        }
        solver.solve(scheme)
    }
}

/// Members of whole variables, `rows`, by the same weights.
struct Update<'a, R> {
    members: usize,
    rows: &'a mut [R],
    weights: &'a [Single<R>],
}

impl<R: Real> WithSimd for Update<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { members, rows, weights } = self;
        let mut analysis = vec![R::ZERO; members];
        for row in rows.chunks_exact_mut(members) {
            let mean = mean_of(row);
            analysis.fill(mean);
            for (value, weights) in row.iter().zip(weights.chunks_exact(members)) {
                let anomaly = *value - mean;
                for (sum, weight) in analysis.iter_mut().zip(weights) {
                    *sum += anomaly * weight.0;
                }
            }
            row.copy_from_slice(&analysis);
        }
    }
}
