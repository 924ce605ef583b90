//! Local analyses: a matrix of weights for every domain, from the observations near it.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::analysis::{Departures, Sums};
use super::ensemble::mean_of;
use super::localization::{Near, Neighbourhood, find_near};
use super::symmetric::{LANES_F32, LANES_F64, Lanes, Single};
use super::weights::Solver;
use super::{Ensemble, Observations, Scheme};
use crate::error::expect_len;
use crate::{Error, Pack, Precision, Real, Result};

/// Domains of a task.
const TASK: usize = 512;

/// With more members, rows are long enough for vectors, and several domains' matrices would not stay in the second-level cache.
const MOST_MEMBERS_IN_LANES: usize = 100;

/// Replaces a forecast ensemble by its local analyses: xᵃ = x̄ + A W with a W for every domain, from the observations near it
/// with R⁻¹ times the taper: the LETKF of Hunt et al. (2007, *Physica D* 230, 112–126) with [`Scheme::SquareRoot`].
///
/// | argument        | shape                                        | unit |
/// |-----------------|----------------------------------------------|------|
/// | `ensemble`      | [layer][domain][member], forecast, then analysis | any |
/// | `domains`       | number of domains; their multiple is the number of variables | |
/// | `equivalents`   | [observation][member], Hx of the forecast     | that of the observations |
/// | `observations`  | [observation]                                | any  |
/// | `neighbourhood` | finds the observations near a domain          |      |
///
/// Variables of one domain, such as the fields and levels of a column, share its weights. A domain with no observation near
/// keeps its members. As many domains as a vector register has lanes are computed together, with up to 100 members; the result depends neither
/// on that nor on the number of threads. Each thread has six matrices of N × N numbers for each lane: 48 MB for 1,000 members in f64.
///
/// # Errors
/// Those of [`super::analyse`], and [`Error::InvalidValue`] where `domains` does not divide the variables or an observation is found that is not there.
/// Domains are then partly replaced.
pub fn analyse_locally<R: Real>(
    ensemble: &mut Ensemble<R>,
    domains: usize,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    scheme: &Scheme,
    neighbourhood: &impl Neighbourhood,
) -> Result<()> {
    analyse(ensemble, domains, equivalents, observations, scheme, neighbourhood, None)
}

/// As [`analyse_locally`], with the forecast's variances multiplied by a factor for each domain first, `factors` \[domain], such as
/// [`AdaptiveInflation`](super::inflation::AdaptiveInflation) finds: anomalies of the domain's variables, and of the equivalents where this domain uses them,
/// are multiplied by the factor's root. A domain with no observation near keeps its members.
///
/// # Errors
/// Those of [`analyse_locally`], and [`Error::InvalidValue`] for a factor that is not finite and positive.
pub fn analyse_locally_inflated<R: Real>(
    ensemble: &mut Ensemble<R>,
    domains: usize,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    scheme: &Scheme,
    neighbourhood: &impl Neighbourhood,
    factors: &[f64],
) -> Result<()> {
    expect_len("factors", domains, factors.len())?;
    if let Some(place) = factors.iter().position(|factor| !(*factor > 0.0 && factor.is_finite())) {
        return Err(Error::InvalidValue {
            name: "factors",
            got: format!("{} at domain {place}", factors[place]),
            expected: "finite numbers above 0".to_owned(),
        });
    }
    analyse(ensemble, domains, equivalents, observations, scheme, neighbourhood, Some(factors))
}

fn analyse<R: Real>(
    ensemble: &mut Ensemble<R>,
    domains: usize,
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    scheme: &Scheme,
    neighbourhood: &dyn Neighbourhood,
    factors: Option<&[f64]>,
) -> Result<()> {
    let departures = Departures::new(ensemble, equivalents, observations, scheme)?;
    let members = ensemble.members();
    let variables = ensemble.variables();
    if domains == 0 || !variables.is_multiple_of(domains) {
        return Err(Error::InvalidValue {
            name: "domains",
            got: domains.to_string(),
            expected: format!("a divisor of the {variables} variables"),
        });
    }
    let inverse_variances: Vec<R> =
        observations.variances().iter().map(|variance| R::ONE / *variance).collect();
    let common = Common {
        departures: &departures,
        inverse_variances: &inverse_variances,
        scheme,
        neighbourhood,
        factors,
    };
    // What a task may write: its domains in every layer.
    let mut tasks: Vec<Vec<&mut [R]>> = (0..domains.div_ceil(TASK)).map(|_| Vec::new()).collect();
    for layer in ensemble.values_mut().chunks_mut(domains * members) {
        for (task, part) in tasks.iter_mut().zip(layer.chunks_mut(TASK * members)) {
            task.push(part);
        }
    }
    match R::PRECISION {
        _ if members > MOST_MEMBERS_IN_LANES => run::<R, Single<R>>(&common, tasks),
        Precision::F64 => run::<R, Pack<R, LANES_F64>>(&common, tasks),
        Precision::F32 => run::<R, Pack<R, LANES_F32>>(&common, tasks),
    }
}

struct Common<'a, R> {
    departures: &'a Departures<R>,
    inverse_variances: &'a [R],
    scheme: &'a Scheme,
    /// Not a type of its own: all this is compiled for two precisions and several sets of instructions, and once is enough for all searches.
    neighbourhood: &'a dyn Neighbourhood,
    /// Inflation of variances, \[domain].
    factors: Option<&'a [f64]>,
}

/// What a thread needs beside its domains.
struct Scratch<R, L> {
    found: Vec<Near>,
    sums: Sums<R>,
    solver: Solver<R, L>,
    /// The root of each lane's inflation.
    growth: L,
    /// Anomalies and analyses of one variable in every lane's domain, \[member].
    anomalies: Vec<L>,
    analysis: Vec<L>,
}

fn run<R: Real, L: Lanes<R>>(common: &Common<R>, tasks: Vec<Vec<&mut [R]>>) -> Result<()> {
    let members = common.departures.members;
    let scratch = || Scratch {
        found: Vec::new(),
        sums: Sums::new(members),
        solver: Solver::<R, L>::new(members, common.scheme),
        growth: L::splat(R::ONE),
        anomalies: vec![L::default(); members],
        analysis: vec![L::default(); members],
    };
    let one = |scratch: &mut Scratch<R, L>, (task, layers): (usize, Vec<&mut [R]>)| {
        pulp::Arch::new().dispatch(Task { common, scratch, first: task * TASK, layers })
    };
    if tasks.len() == 1 {
        // Not worth other threads.
        return tasks.into_iter().enumerate().try_for_each(|task| one(&mut scratch(), task));
    }
    tasks.into_par_iter().enumerate().try_for_each_init(scratch, one)
}

/// Domains one after the other, `L::COUNT` at a time.
struct Task<'a, R, L> {
    common: &'a Common<'a, R>,
    scratch: &'a mut Scratch<R, L>,
    /// The number of the first domain.
    first: usize,
    /// The domains' variables, a slice for each layer, \[domain]\[member].
    layers: Vec<&'a mut [R]>,
}

impl<R: Real, L: Lanes<R>> WithSimd for Task<'_, R, L> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        let Self { common, scratch, first, mut layers } = self;
        let members = common.departures.members;
        let domains = layers.first().map_or(0, |layer| layer.len() / members);
        for begin in (0..domains).step_by(L::COUNT) {
            let lanes = L::COUNT.min(domains - begin);
            let mut observed = [false; MOST_LANES];
            for lane in 0..lanes {
                observed[lane] = gather(common, scratch, first + begin + lane, lane)?;
            }
            if observed.iter().all(|observed| !observed) {
                continue;
            }
            for lane in lanes..L::COUNT {
                // A matrix to compute with, not to use: what is left there of the domains before is none.
                scratch
                    .solver
                    .workspace
                    .matrix
                    .iter_mut()
                    .for_each(|element| element.set_lane(lane, R::ZERO));
            }
            scratch.solver.solve(common.scheme)?;
            for layer in &mut layers {
                update(scratch, &mut layer[begin * members..(begin + lanes) * members], &observed);
            }
        }
        Ok(())
    }
}

const MOST_LANES: usize = if LANES_F32 > LANES_F64 { LANES_F32 } else { LANES_F64 };

/// C, d and F of a domain into a lane of the solver; false where nothing is near.
#[inline(always)]
fn gather<R: Real, L: Lanes<R>>(
    common: &Common<R>,
    scratch: &mut Scratch<R, L>,
    domain: usize,
    lane: usize,
) -> Result<bool> {
    let Scratch { found, sums, solver, growth, .. } = scratch;
    let observations = common.inverse_variances.len();
    find_near(common.neighbourhood, ("domain", domain), ("observation", observations), found)?;
    let weight = |near: &Near| {
        (near.index as usize, common.inverse_variances[near.index as usize] * R::from_f64(near.taper))
    };
    sums.form(common.departures, found.iter().map(weight));
    let members = common.departures.members;
    if let Some(factors) = common.factors {
        // C of inflated anomalies; d and F have these once.
        let squared = R::from_f64(factors[domain]);
        growth.set_lane(lane, squared.sqrt());
        sums.products.iter_mut().for_each(|product| *product *= squared);
        sums.innovation.iter_mut().for_each(|sum| *sum *= squared.sqrt());
        sums.perturbed.iter_mut().for_each(|sum| *sum *= squared.sqrt());
    }
    for row in 0..members {
        solver.innovation[row].set_lane(lane, sums.innovation[row]);
        for column in 0..row + 1 {
            let place = row * members + column;
            solver.workspace.matrix[place].set_lane(lane, sums.products[place]);
        }
        if common.scheme.perturbs() {
            for place in row * members..(row + 1) * members {
                solver.perturbed[place].set_lane(lane, sums.perturbed[place]);
            }
        }
    }
    Ok(!found.is_empty())
}

/// One variable of every lane's domain, `rows` \[lane]\[member], by the lane's weights.
#[inline(always)]
fn update<R: Real, L: Lanes<R>>(scratch: &mut Scratch<R, L>, rows: &mut [R], observed: &[bool]) {
    let Scratch { solver, growth, anomalies, analysis, .. } = scratch;
    let members = anomalies.len();
    let mut means = L::default();
    for (lane, row) in rows.chunks_exact(members).enumerate() {
        let mean = mean_of(row);
        means.set_lane(lane, mean);
        for (anomaly, value) in anomalies.iter_mut().zip(row) {
            anomaly.set_lane(lane, *value - mean);
        }
    }
    anomalies.iter_mut().for_each(|anomaly| *anomaly = *anomaly * *growth);
    analysis.fill(means);
    for (anomaly, weights) in anomalies.iter().zip(solver.weights.chunks_exact(members)) {
        for (sum, weight) in analysis.iter_mut().zip(weights) {
            *sum += *anomaly * *weight;
            L::end_turn();
        }
    }
    for (lane, row) in rows.chunks_exact_mut(members).enumerate().filter(|(lane, _)| observed[*lane]) {
        for (value, analysis) in row.iter_mut().zip(analysis.iter()) {
            *value = analysis.lane(lane);
        }
    }
}
