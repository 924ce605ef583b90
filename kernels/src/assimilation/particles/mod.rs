//! Particle filters: members with weights that follow Bayes's rule, whatever the errors of the forecast are distributed like.
//!
//! [`ParticleFilter`] is the bootstrap filter of Gordon et al. (1993, *IEE Proc. F* 140, 107–113): weights are multiplied by the likelihoods
//! exp(−½ Σ (y − Hx_j)²/r), and where too few members bear them, members are drawn anew by their weights. It needs a number of
//! members that grows exponentially with what is observed (Snyder et al. 2008, *Mon. Wea. Rev.* 136, 4629–4640); [`analyse_particles_locally`] does not.

mod local;
mod resampling;

pub use local::{LocalParticles, analyse_particles_locally};
pub use resampling::{Resampling, effective_size, resample};

use super::analysis::expect_equivalents;
use super::{Ensemble, Observations, symmetric};
use crate::error::expect_len;
use crate::{Error, Real, Result, random};

/// The place of jitter among an experiment's random numbers.
const JITTER: u32 = 0x0b17;

/// A filter's weights, and how it draws.
#[derive(Clone, Debug)]
pub struct ParticleFilter {
    weights: Vec<f64>,
    /// How members are drawn.
    pub resampling: Resampling,
    /// Members are drawn anew where the effective number is at most this share of N.
    pub share: f64,
    /// The width of what is added to members that were drawn more than once, as a multiple of Scott's rule; 0 for nothing.
    pub jitter: f64,
}

/// What drawing did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// 1/Σw² before it.
    pub effective_size: f64,
    /// Members that were drawn at least once; none where weights were even enough to be kept.
    pub distinct: Option<usize>,
}

impl ParticleFilter {
    /// Equal weights of this many members; systematic drawing at half of them, and jitter of Scott's width.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for less than two members.
    pub fn new(members: usize) -> Result<Self> {
        if members < 2 {
            let expected = "at least 2 members".to_owned();
            return Err(Error::InvalidValue { name: "members", got: members.to_string(), expected });
        }
        let weights = vec![1.0 / members as f64; members];
        Ok(Self { weights, resampling: Resampling::Systematic, share: 0.5, jitter: 1.0 })
    }

    /// w, \[member], which add up to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Multiplies the weights by the likelihoods of the observations; sums are of logarithms, so that some weight is above 0 however far
    /// all members are.
    ///
    /// # Errors
    /// Those of [`super::analyse`] for the equivalents, \[observation]\[member]; the weights are then unchanged.
    pub fn weigh<R: Real>(
        &mut self,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
    ) -> Result<()> {
        expect_len("members of equivalents", self.weights.len(), equivalents.members())?;
        expect_equivalents(equivalents, equivalents, observations)?;
        let mut logarithms: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        for (number, (value, variance)) in
            observations.values().iter().zip(observations.variances()).enumerate()
        {
            add_likelihood(&mut logarithms, equivalents, number, value.to_f64(), 1.0 / variance.to_f64());
        }
        normalise(&mut logarithms);
        self.weights.copy_from_slice(&logarithms);
        Ok(())
    }

    /// Writes Σ w_j x_j to `mean`, \[variable].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn mean<R: Real>(&self, ensemble: &Ensemble<R>, mean: &mut [R]) -> Result<()> {
        expect_len("members", self.weights.len(), ensemble.members())?;
        expect_len("mean", ensemble.variables(), mean.len())?;
        for (mean, row) in mean.iter_mut().zip(ensemble.values().chunks_exact(ensemble.members())) {
            *mean = R::from_f64(weighted_mean(row, &self.weights));
        }
        Ok(())
    }

    /// Draws members by their weights where the effective number is at most the share; weights are then equal. Members that are there more than once get
    /// deviates of covariance h² P, with the weighted covariance P and h = `jitter` N^(−1/(M + 4)) for M variables (Scott's rule;
    /// Doucet et al. 2001, *Sequential Monte Carlo Methods in Practice*, section 12.2.2): without it members of a model
    /// without noise would stay the same for ever. All of it is a function of seed and cycle.
    ///
    /// Where one member bears all weight, P is that of equal weights. With M ≥ N deviates are combinations of the anomalies.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for another number of members, [`Error::InvalidValue`] for a share outside 0 to 1, a jitter below 0 and states that
    /// are not finite.
    pub fn draw<R: Real>(&mut self, ensemble: &mut Ensemble<R>, seed: u64, cycle: u32) -> Result<Drawn> {
        let members = self.weights.len();
        expect_len("members", members, ensemble.members())?;
        let refuse = |name, value: f64, expected: &str| {
            Err(Error::InvalidValue { name, got: value.to_string(), expected: expected.to_owned() })
        };
        if !(0.0..=1.0).contains(&self.share) {
            return refuse("share", self.share, "0 to 1");
        }
        if !(self.jitter >= 0.0 && self.jitter.is_finite()) {
            return refuse("jitter", self.jitter, "a finite number of at least 0");
        }
        let effective_size = effective_size(&self.weights);
        if effective_size > self.share * members as f64 {
            return Ok(Drawn { effective_size, distinct: None });
        }
        let kernel =
            (self.jitter > 0.0).then(|| Kernel::new(ensemble, &self.weights, self.jitter)).transpose()?;
        let drawn = resample(&self.weights, self.resampling, seed, cycle)?;
        let mut before = vec![R::ZERO; members];
        for row in ensemble.values_mut().chunks_exact_mut(members) {
            before.copy_from_slice(row);
            row.iter_mut().zip(&drawn).for_each(|(value, from)| *value = before[*from as usize]);
        }
        let repeated = |place: usize| {
            (place > 0 && drawn[place - 1] == drawn[place])
                || drawn.get(place + 1).is_some_and(|next| *next == drawn[place])
        };
        if let Some(kernel) = kernel {
            let mut deviates = vec![0.0; kernel.directions()];
            let mut shift = vec![0.0; ensemble.variables()];
            for place in (0..members).filter(|place| repeated(*place)) {
                random::normals(seed, [cycle, JITTER, place as u32], &mut deviates);
                kernel.combine(&deviates, &mut shift);
                for (row, shift) in ensemble.values_mut().chunks_exact_mut(members).zip(&shift) {
                    row[place] += R::from_f64(*shift);
                }
            }
        }
        let distinct = 1 + drawn.windows(2).filter(|pair| pair[0] != pair[1]).count();
        self.weights.fill(1.0 / members as f64);
        Ok(Drawn { effective_size, distinct: Some(distinct) })
    }
}

/// Adds −½ (y − Hx_j)² times `precision` to the logarithms of an observation's likelihoods, \[member].
fn add_likelihood<R: Real>(
    logarithms: &mut [f64],
    equivalents: &Ensemble<R>,
    observation: usize,
    value: f64,
    precision: f64,
) {
    let members = equivalents.members();
    let row = &equivalents.values()[observation * members..(observation + 1) * members];
    for (logarithm, equivalent) in logarithms.iter_mut().zip(row) {
        let departure = value - equivalent.to_f64();
        *logarithm -= 0.5 * precision * departure * departure;
    }
}

/// From logarithms to weights that add up to 1.
fn normalise(logarithms: &mut [f64]) {
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logarithms.iter_mut().for_each(|logarithm| *logarithm = (*logarithm - largest).exp());
    let total: f64 = logarithms.iter().sum();
    logarithms.iter_mut().for_each(|weight| *weight /= total);
}

fn weighted_mean<R: Real>(row: &[R], weights: &[f64]) -> f64 {
    row.iter().zip(weights).map(|(value, weight)| weight * value.to_f64()).sum()
}

/// A square root of h² P: \[direction]\[variable].
struct Kernel {
    variables: usize,
    root: Vec<f64>,
}

impl Kernel {
    fn new<R: Real>(ensemble: &Ensemble<R>, weights: &[f64], jitter: f64) -> Result<Self> {
        let (members, variables) = (ensemble.members(), ensemble.variables());
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let equal = vec![1.0 / members as f64; members];
        // Nothing can be told of a spread that one member has.
        let (weights, squares) =
            if 1.0 - squares < 1e-10 { (&equal[..], 1.0 / members as f64) } else { (weights, squares) };
        let width = jitter * (members as f64).powf(-1.0 / (variables as f64 + 4.0)) / (1.0 - squares).sqrt();
        // √w (x − x̄) h/√(1 − Σw²), \[member]\[variable].
        let mut anomalies = vec![0.0; members * variables];
        for (variable, row) in ensemble.values().chunks_exact(members).enumerate() {
            let mean = weighted_mean(row, weights);
            for (member, (value, weight)) in row.iter().zip(weights).enumerate() {
                anomalies[member * variables + variable] = width * weight.sqrt() * (value.to_f64() - mean);
            }
        }
        if variables >= members {
            return Ok(Self { variables, root: anomalies });
        }
        let mut root = vec![0.0; variables * variables];
        for anomaly in anomalies.chunks_exact(variables) {
            for (row, factor) in root.chunks_exact_mut(variables).zip(anomaly) {
                row.iter_mut().zip(anomaly).for_each(|(sum, other)| *sum += factor * other);
            }
        }
        let mut values = vec![0.0; variables];
        symmetric::eigen(variables, &mut root, &mut values)?;
        for (vector, value) in root.chunks_exact_mut(variables).zip(values) {
            let deviation = value.max(0.0).sqrt();
            vector.iter_mut().for_each(|component| *component *= deviation);
        }
        Ok(Self { variables, root })
    }

    fn directions(&self) -> usize {
        self.root.len() / self.variables.max(1)
    }

    fn combine(&self, deviates: &[f64], shift: &mut [f64]) {
        shift.fill(0.0);
        for (deviate, direction) in deviates.iter().zip(self.root.chunks_exact(self.variables.max(1))) {
            shift.iter_mut().zip(direction).for_each(|(sum, component)| *sum += deviate * component);
        }
    }
}
