//! Local analyses where the ensemble is, on any device.
//!
//! Kernels return values and have no memory of their own to turn a matrix in, so that S = C + (N − 1) 1 is not decomposed: its inverse
//! root comes from products of matrices, by Newton and Schulz's iteration in its coupled form (Higham 2008, *Functions of Matrices*, chapter 6):
//!
//! Y₀ = S/c, Z₀ = 1; U = ½(3 − Z Y), Y ← Y U, Z ← U Z; then Y → (S/c)^½ and Z → (S/c)^(−½),
//!
//! for any c not below S's largest eigenvalue; rounding errors in the weights are about c/(N − 1) ε. Small eigenvalues grow by 9/4 in each step until they are near 1 and errors are then squared, so that the number of steps
//! follows from c/(N − 1), and all that is left are rounding errors. Products of many small matrices are what GPUs do best.

pub mod kernels;

use rayon::prelude::*;

use super::analysis::draw_perturbations;
use super::localization::{Near, Neighbourhood, find_near};
use super::{Observations, Scheme};
use crate::device::{Buffer, Device};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Steps for errors of ½ to become rounding errors of either precision.
const LAST_STEPS: u32 = 6;

/// Memory and sizes of local analyses on one device.
///
/// ```
/// use terrella_kernels::assimilation::localization::Near;
/// use terrella_kernels::assimilation::{LocalAnalysisPlan, Observations, Scheme};
/// use terrella_kernels::device::{Buffer, Device};
///
/// // Three domains of one variable, two members; the first domain's variable is observed.
/// let device: Device = "cpu".parse()?;
/// let mut ensemble = Buffer::from_slice(device, &[-1.0, 1.0, 0.0, 2.0, 5.0, 6.0])?;
/// let equivalents = Buffer::from_slice(device, &[-1.0, 1.0])?;
/// let observations = Observations::new(&[1.0], &[2.0])?;
/// let near = |domain: usize, found: &mut Vec<Near>| {
///     if domain < 2 {
///         found.push(Near { index: 0, taper: 1.0 });
///     }
/// };
/// let mut plan = LocalAnalysisPlan::new(device, 2, 3)?;
/// plan.analyse(&mut ensemble, 3, &equivalents, &observations, &Scheme::SquareRoot, &near)?;
/// let analysis = ensemble.to_vec()?;
/// assert!((analysis[0] + analysis[1] - 1.0_f64).abs() < 1e-12); // half of the way to 1
/// assert_eq!(analysis[4..], [5.0, 6.0]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct LocalAnalysisPlan<R: Real> {
    device: Device,
    members: u32,
    batch: u32,
    /// N × N of each domain: S and then weights, Y, Z, U, and the next Y and Z.
    matrices: [Buffer<R>; 6],
    /// N of each domain.
    vectors: [Buffer<R>; 2],
    /// c of each domain.
    bounds: Buffer<R>,
    begins: Buffer<u32>,
    analysed: Buffer<R>,
}

/// What is near the domains of a batch.
struct Lists<R: Real> {
    begins: Vec<u32>,
    numbers: Buffer<u32>,
    precisions: Buffer<R>,
}

impl<R: Real> LocalAnalysisPlan<R> {
    /// A plan for ensembles of `members` N on `device`, which computes `batch` domains together: 6 N² + 3 N + 2 numbers for each.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for less than two members, no domain, and batches whose matrices have more than 2³² − 1 elements; the device's own.
    pub fn new(device: Device, members: usize, batch: usize) -> Result<Self> {
        let refuse = |name, got: usize, expected: String| {
            Err(Error::InvalidValue { name, got: got.to_string(), expected })
        };
        if members < 2 {
            return refuse("members", members, "at least 2 members".to_owned());
        }
        let most = (u32::MAX as usize / members.saturating_mul(members).max(1)).min(u32::MAX as usize - 1);
        if batch == 0 || batch > most {
            return refuse("batch", batch, format!("1 to {most} domains of {members} members"));
        }
        let zeros = |per_domain: usize| Buffer::zeros(device, batch * per_domain);
        let square = members * members;
        Ok(Self {
            device,
            members: members as u32,
            batch: batch as u32,
            matrices: [
                zeros(square)?,
                zeros(square)?,
                zeros(square)?,
                zeros(square)?,
                zeros(square)?,
                zeros(square)?,
            ],
            vectors: [zeros(members)?, zeros(members)?],
            bounds: zeros(1)?,
            begins: Buffer::zeros(device, batch + 1)?,
            analysed: zeros(members)?,
        })
    }

    /// Replaces a forecast ensemble by its local analyses, as [`analyse_locally`](super::analyse_locally) does on the CPU, to rounding.
    ///
    /// | argument        | shape                                        | unit |
    /// |-----------------|----------------------------------------------|------|
    /// | `ensemble`      | [layer][domain][member], forecast, then analysis | any |
    /// | `domains`       | number of domains; their multiple is the number of variables | |
    /// | `equivalents`   | [observation][member], Hx of the forecast     | that of the observations |
    /// | `observations`  | [observation]                                | any  |
    /// | `scheme`        | [`Scheme::SquareRoot`], [`Scheme::Deterministic`] or [`Scheme::Stochastic`] | |
    /// | `neighbourhood` | finds the observations near a domain, on the host | |
    ///
    /// Ensemble and equivalents stay on the device; lists of near observations go there, and one number per domain comes back. The number of steps is
    /// that of the batch's worst domain, so that results depend on the batch to rounding.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::DeviceMismatch`]; [`Error::InvalidValue`] for other schemes, domains that do not divide the variables, an
    /// observation that is found and not there, more than 2³² − 1 values, equivalents that are not finite, and where 1 and
    /// the largest eigenvalue of C/(N − 1) are so far apart that this precision does not resolve them (10⁶ in f32). Batches before the one
    /// with the error are then replaced.
    pub fn analyse(
        &mut self,
        ensemble: &mut Buffer<R>,
        domains: usize,
        equivalents: &Buffer<R>,
        observations: &Observations<R>,
        scheme: &Scheme,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<()> {
        let members = self.members as usize;
        expect_len("equivalents", observations.count() * members, equivalents.len())?;
        let refuse = |name, got: String, expected: String| Err(Error::InvalidValue { name, got, expected });
        if !matches!(scheme, Scheme::SquareRoot | Scheme::Deterministic | Scheme::Stochastic { .. }) {
            let expected = "SquareRoot, Deterministic or Stochastic on a device".to_owned();
            return refuse("scheme", format!("{scheme:?}"), expected);
        }
        let variables = ensemble.len() / members;
        expect_len("ensemble", variables * members, ensemble.len())?;
        if domains == 0 || !variables.is_multiple_of(domains) {
            return refuse("domains", domains.to_string(), format!("a divisor of the {variables} variables"));
        }
        if u32::try_from(ensemble.len()).is_err() {
            return refuse("ensemble", format!("{} values", ensemble.len()), "below 2^32 values".to_owned());
        }
        for (name, buffer) in [("ensemble", &*ensemble), ("equivalents", equivalents)] {
            if buffer.device() != self.device {
                let (expected, got) = (self.device, buffer.device());
                return Err(Error::DeviceMismatch { name, expected, got });
            }
        }
        if observations.count() == 0 {
            return Ok(());
        }
        let (device, count) = (self.device, observations.count() as u32);
        let mut means = Buffer::zeros(device, observations.count())?;
        kernels::mean_of_members::launch([count], self.members, equivalents, &mut means)?;
        let mut anomalies = Buffer::zeros(device, equivalents.len())?;
        let extent = [count, self.members];
        kernels::equivalent_anomaly::launch(extent, self.members, equivalents, &means, &mut anomalies)?;
        let values = Buffer::from_slice(device, observations.values())?;
        let mut innovations = Buffer::zeros(device, observations.count())?;
        kernels::innovation::launch([count], &values, &means, &mut innovations)?;
        let perturbations = match *scheme {
            Scheme::Stochastic { seed, cycle } => {
                Some(Buffer::from_slice(device, &draw_perturbations(members, observations, seed, cycle))?)
            }
            _ => None,
        };
        for first in (0..domains).step_by(self.batch as usize) {
            let here = first..domains.min(first + self.batch as usize);
            let lists = self.lists(here.clone(), observations, neighbourhood)?;
            self.begins.copy_from_host(&lists.begins)?;
            self.form(&lists, &anomalies, &innovations)?;
            let steps = self.bound(first, here.len())?;
            self.iterate(steps)?;
            self.weigh(scheme, &lists, &anomalies, perturbations.as_ref())?;
            for layer in 0..variables / domains {
                let start = layer * domains + first;
                let (weights, analysed) = (&self.matrices[0], &mut self.analysed);
                kernels::analysed_member::launch(
                    [self.batch, self.members],
                    self.members,
                    start as u32,
                    here.len() as u32,
                    &self.begins,
                    weights,
                    &*ensemble,
                    analysed,
                )?;
                ensemble.copy_range(start * members, analysed, 0..here.len() * members)?;
            }
        }
        Ok(())
    }

    /// Searches for the observations near these domains.
    fn lists(
        &self,
        domains: std::ops::Range<usize>,
        observations: &Observations<R>,
        neighbourhood: &impl Neighbourhood,
    ) -> Result<Lists<R>> {
        let count = observations.count();
        let find = |found: &mut Vec<Near>, domain: usize| {
            find_near(neighbourhood, ("domain", domain), ("observation", count), found)?;
            Ok(found.clone())
        };
        let near: Vec<Vec<Near>> = domains.into_par_iter().map_init(Vec::new, find).collect::<Result<_>>()?;
        let mut begins = Vec::with_capacity(self.batch as usize + 1);
        let (mut numbers, mut precisions) = (Vec::new(), Vec::new());
        for found in &near {
            begins.push(numbers.len() as u32);
            numbers.extend(found.iter().map(|near| near.index));
            precisions.extend(found.iter().map(|near| {
                R::from_f64(near.taper) * (R::ONE / observations.variances()[near.index as usize])
            }));
        }
        if u32::try_from(numbers.len()).is_err() {
            return Err(Error::InvalidValue {
                name: "batch",
                got: format!("{} domains with {} near observations", near.len(), numbers.len()),
                expected: "below 2^32 near observations".to_owned(),
            });
        }
        // Domains behind the last one have none.
        begins.resize(self.batch as usize + 1, numbers.len() as u32);
        if numbers.is_empty() {
            // No device binds an empty buffer.
            numbers.push(0);
            precisions.push(R::ZERO);
        }
        Ok(Lists {
            begins,
            numbers: Buffer::from_slice(self.device, &numbers)?,
            precisions: Buffer::from_slice(self.device, &precisions)?,
        })
    }

    /// S and d.
    fn form(&mut self, lists: &Lists<R>, anomalies: &Buffer<R>, innovations: &Buffer<R>) -> Result<()> {
        let Self { members, batch, matrices: [matrix, ..], vectors: [vector, _], begins, .. } = self;
        let (members, batch) = (*members, *batch);
        let Lists { numbers, precisions, .. } = lists;
        kernels::precision_of_weights::launch(
            [batch, members, members],
            members,
            begins,
            numbers,
            precisions,
            anomalies,
            matrix,
        )?;
        kernels::innovation_sum::launch(
            [batch, members],
            members,
            begins,
            numbers,
            precisions,
            anomalies,
            innovations,
            vector,
        )
    }

    /// c, and the number of steps that all domains have converged after.
    fn bound(&mut self, first: usize, count: usize) -> Result<u32> {
        let Self { members, batch, matrices: [matrix, ..], vectors: [_, norms], bounds, .. } = self;
        kernels::column_norm::launch([*batch, *members], *members, matrix, norms)?;
        kernels::largest_norm::launch([*batch], *members, norms, bounds)?;
        let bounds = bounds.to_vec()?;
        let mut largest = 1.0_f64;
        for (domain, bound) in bounds[..count].iter().enumerate() {
            let ratio = bound.to_f64() / f64::from(*members - 1);
            if ratio.is_nan() || ratio * R::EPSILON.to_f64() > 0.1 {
                return Err(Error::InvalidValue {
                    name: "equivalents",
                    got: format!("a bound of {ratio} for C/(N − 1) + 1 in domain {}", first + domain),
                    expected: format!("numbers that make it at most {:e}", 0.1 / R::EPSILON.to_f64()),
                });
            }
            largest = largest.max(ratio);
        }
        Ok((largest.ln() / 2.25_f64.ln()).ceil() as u32 + LAST_STEPS)
    }

    /// Z = (S/c)^(−½), in the third of the matrices.
    fn iterate(&mut self, steps: u32) -> Result<()> {
        let Self { members, batch, matrices, bounds, .. } = self;
        let (members, extent) = (*members, [*batch, *members, *members]);
        let [matrix, root, inverse, correction, next_root, next_inverse] = matrices;
        kernels::iteration_start::launch(extent, members, bounds, matrix, root, inverse)?;
        for _ in 0..steps {
            kernels::iteration_correction::launch(extent, members, root, inverse, correction)?;
            kernels::iteration_step::launch(
                extent,
                members,
                root,
                inverse,
                correction,
                next_root,
                next_inverse,
            )?;
            std::mem::swap(root, next_root);
            std::mem::swap(inverse, next_inverse);
        }
        Ok(())
    }

    /// W, in the first of the matrices.
    fn weigh(
        &mut self,
        scheme: &Scheme,
        lists: &Lists<R>,
        anomalies: &Buffer<R>,
        perturbations: Option<&Buffer<R>>,
    ) -> Result<()> {
        let Self { members, batch, matrices, vectors: [vector, product], bounds, begins, .. } = self;
        let (members, batch) = (*members, *batch);
        let extent = [batch, members, members];
        let [weights, square, root, first, second, _] = matrices;
        kernels::vector_product::launch([batch, members], members, root, vector, product)?;
        kernels::vector_product::launch([batch, members], members, root, product, vector)?;
        if *scheme == Scheme::SquareRoot {
            return kernels::square_root_weight::launch(extent, members, bounds, root, vector, weights);
        }
        // S⁻¹ = Z Z/c.
        kernels::matrix_product::launch(extent, members, 1, root, root, bounds, square)?;
        let (keep, share) = match perturbations {
            None => (R::from_f64(0.5), R::from_f64(0.5)),
            Some(perturbations) => {
                let Lists { numbers, precisions, .. } = lists;
                kernels::perturbed_sum::launch(
                    extent,
                    members,
                    begins,
                    numbers,
                    precisions,
                    anomalies,
                    perturbations,
                    first,
                )?;
                kernels::matrix_product::launch(extent, members, 0, square, first, bounds, second)?;
                (R::ZERO, R::ONE)
            }
        };
        kernels::gain_weight::launch(
            extent,
            members,
            keep,
            share,
            u32::from(perturbations.is_some()),
            bounds,
            square,
            vector,
            second,
            weights,
        )
    }
}
