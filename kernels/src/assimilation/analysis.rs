//! Analyses with one matrix of weights for all variables, and what global and local analyses share.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::ensemble::mean_of;
use super::symmetric::Single;
use super::tiles::{ROWS, add_rows, rows_of};
use super::weights::Solver;
use super::{Ensemble, Observations, Scheme};
use crate::error::expect_len;
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
    let mut solver = Solver::<R, Single<R>>::new(members, scheme);
    pulp::Arch::new().dispatch(Global {
        departures: &departures,
        observations,
        scheme,
        solver: &mut solver,
    })?;
    let weights: Vec<R> = solver.weights.iter().map(|weight| weight.0).collect();
    let weights = &weights[..];
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
        expect_equivalents(ensemble, equivalents, observations)?;
        let mut departures = Self::of_equivalents(equivalents, observations);
        departures.expect_spread(equivalents)?;
        if let Scheme::Stochastic { seed, cycle } = *scheme {
            departures.perturbations = draw_perturbations(departures.members, observations, seed, cycle);
        }
        Ok(departures)
    }

    /// Without perturbations.
    pub(super) fn of_equivalents(equivalents: &Ensemble<R>, observations: &Observations<R>) -> Self {
        let members = equivalents.members();
        let mut anomalies = equivalents.values().to_vec();
        let mut innovations = observations.values().to_vec();
        for (row, innovation) in anomalies.chunks_exact_mut(members).zip(&mut innovations) {
            let mean = mean_of(row);
            *innovation -= mean;
            row.iter_mut().for_each(|value| *value -= mean);
        }
        Self { members, anomalies, innovations, perturbations: Vec::new() }
    }

    /// Refuses an ensemble whose members agree on everything that is observed: it would never move again.
    pub(super) fn expect_spread(&self, equivalents: &Ensemble<R>) -> Result<()> {
        let rounding = R::from_f64(4.0) * R::EPSILON;
        let pairs = self.anomalies.iter().zip(equivalents.values());
        if self.anomalies.is_empty()
            || pairs.clone().any(|(anomaly, value)| anomaly.abs() > rounding * value.abs())
        {
            return Ok(());
        }
        Err(Error::CollapsedEnsemble { members: self.members, observations: self.innovations.len() })
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

/// Refuses equivalents that are not those of this ensemble and these observations, or not finite.
pub(super) fn expect_equivalents<R: Real>(
    ensemble: &Ensemble<R>,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
) -> Result<()> {
    let members = ensemble.members();
    expect_len("members of equivalents", members, equivalents.members())?;
    expect_len("equivalents", observations.count() * members, equivalents.values().len())?;
    if let Some(place) = equivalents.values().iter().position(|value| !value.to_f64().is_finite()) {
        let (observation, member) = (place / members, place % members);
        return Err(Error::InvalidValue {
            name: "equivalents",
            got: format!("{} at observation {observation}, member {member}", equivalents.values()[place]),
            expected: "finite numbers".to_owned(),
        });
    }
    Ok(())
}

/// ε, \[observation]\[member]: deviates of the errors' variances with mean 0 over the members, a function of seed and cycle.
pub(super) fn draw_perturbations<R: Real>(
    members: usize,
    observations: &Observations<R>,
    seed: u64,
    cycle: u32,
) -> Vec<R> {
    let mut perturbations = vec![R::ZERO; observations.count() * members];
    random::normals(seed, [cycle, PERTURBATIONS, 0], &mut perturbations);
    for (row, variance) in perturbations.chunks_exact_mut(members).zip(observations.variances()) {
        let (mean, deviation) = (mean_of(row), variance.sqrt());
        row.iter_mut().for_each(|value| *value = (*value - mean) * deviation);
    }
    perturbations
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

impl<R: Real> Sums<R> {
    /// The same over all observations, with as much of each sum in registers as there is room for.
    #[inline(always)]
    pub(super) fn form_of_all(&mut self, departures: &Departures<R>, observations: &Observations<R>) {
        self.products.fill(R::ZERO);
        self.innovation.fill(R::ZERO);
        self.perturbed.fill(R::ZERO);
        let members = departures.members;
        let whole = members / ROWS * ROWS;
        let mut factors = Vec::with_capacity(observations.count());
        for row in (0..whole).step_by(ROWS) {
            self.form_rows::<ROWS>(departures, observations, row, &mut factors);
        }
        let mut factors = Vec::with_capacity(observations.count());
        for row in whole..members {
            self.form_rows::<1>(departures, observations, row, &mut factors);
        }
    }

    /// So many rows of C, d and F.
    #[inline(always)]
    fn form_rows<const N: usize>(
        &mut self,
        departures: &Departures<R>,
        observations: &Observations<R>,
        row: usize,
        factors: &mut Vec<[R; N]>,
    ) {
        let Departures { members, anomalies, innovations, perturbations } = departures;
        let members = *members;
        factors.clear();
        for (anomalies, variance) in anomalies.chunks_exact(members).zip(observations.variances()) {
            let weight = R::ONE / *variance;
            let mut weighted = [R::ZERO; N];
            for place in 0..N {
                weighted[place] = weight * anomalies[row + place];
            }
            factors.push(weighted);
        }
        for (factors, innovation) in factors.iter().zip(innovations) {
            for (sum, factor) in self.innovation[row..row + N].iter_mut().zip(factors) {
                *sum += *factor * *innovation;
            }
        }
        let block = row * members..(row + N) * members;
        // Whole vectors; what lies above the diagonal is not read.
        let columns = (row + N).next_multiple_of(8).min(members);
        let products = rows_of::<R, N>(&mut self.products[block.clone()], members);
        add_rows(products, 0..columns, factors, anomalies, members);
        if !perturbations.is_empty() {
            let perturbed = rows_of::<R, N>(&mut self.perturbed[block], members);
            add_rows(perturbed, 0..members, factors, perturbations, members);
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
        sums.form_of_all(departures, observations);
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

/// x̄ + A W for the members of whole variables, `rows` \[variable]\[member], with `weights` \[member]\[member].
#[inline(always)]
pub(super) fn reweigh<R: Real>(rows: &mut [R], weights: &[R], members: usize) {
    let mut blocks = rows.chunks_exact_mut(ROWS * members);
    let mut anomalies = vec![[R::ZERO; ROWS]; members];
    for block in &mut blocks {
        reweigh_rows(rows_of(block, members), weights, &mut anomalies);
    }
    let mut anomalies = vec![[R::ZERO]; members];
    for row in blocks.into_remainder().chunks_exact_mut(members) {
        reweigh_rows([row], weights, &mut anomalies);
    }
}

/// The same for so many variables, whose anomalies become \[member]\[variable].
#[inline(always)]
fn reweigh_rows<R: Real, const N: usize>(mut rows: [&mut [R]; N], weights: &[R], anomalies: &mut [[R; N]]) {
    for (number, row) in rows.iter_mut().enumerate() {
        let mean = mean_of(row);
        for (value, anomalies) in row.iter_mut().zip(&mut *anomalies) {
            anomalies[number] = *value - mean;
            *value = mean;
        }
    }
    add_rows(rows, 0..anomalies.len(), anomalies, weights, anomalies.len());
}

struct Update<'a, R> {
    members: usize,
    rows: &'a mut [R],
    weights: &'a [R],
}

impl<R: Real> WithSimd for Update<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        reweigh(self.rows, self.weights, self.members);
    }
}
