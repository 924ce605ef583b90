//! Singular vectors of a run: the perturbations that grow most, and ensembles made of them.
//!
//! With M′ the derivative of a run over its optimisation time, and norms |x|² = Σ e_i x_i² of its first and |x|²_n = Σ f_i x_i² of its last states, the singular
//! vectors are what solves
//!
//! M′ᵀ F M′ v = σ² E v, E = diag(e), F = diag(f),
//!
//! so that |M′ v|_n = σ |v|: growth σ, in falling order; vectors of different growth are orthogonal in the norm at the beginning and, when evolved, in that at the end (Buizza & Palmer 1995, *J.
//! Atmos. Sci.* 52, 1434–1456). They are eigenvectors of E^{−½} M′ᵀ F M′ E^{−½}, by the method of Lanczos with one tangent and one adjoint run for each
//! product. Where e is 0 there is no perturbation.

mod lanczos;
mod perturbations;

pub use lanczos::Accuracy;
pub use perturbations::perturb;

use terrella_coupling::Linearised;
use terrella_coupling::trajectory::Propagator;
use terrella_kernels::Real;
use terrella_kernels::random::normals;

use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// How many vectors.
    pub count: usize,
    /// e, at the beginning.
    pub initial_norm: &'a [f64],
    /// f, at the end.
    pub final_norm: &'a [f64],
    /// Of σ² and when to stop.
    pub accuracy: Accuracy,
    /// Names the random vector from which the iteration starts.
    pub seed: u64,
}

/// Perturbations that grow most.
#[derive(Clone, Debug)]
pub struct SingularVectors<R> {
    /// σ, falling.
    pub growth: Vec<f64>,
    /// v, with |v| = 1 in the norm at the beginning.
    pub initial: Vec<Vec<R>>,
    /// M′ v.
    pub evolved: Vec<Vec<R>>,
    /// Of each, |E^{−½} M′ᵀ F M′ v − σ² E^{½} v|.
    pub residuals: Vec<f64>,
    /// Tangent and adjoint runs that the iteration took.
    pub products: usize,
    /// Whether all that were asked for are as accurate as was asked for. Otherwise these are the best so far.
    pub converged: bool,
}

impl<R: Real> SingularVectors<R> {
    /// Those of a run.
    ///
    /// # Errors
    /// Norms of another length than a state, with a number that is negative or not finite, or 0 everywhere; those of the accuracy; those of the
    /// model.
    pub fn of_run<M: Linearised<Real = R>>(
        run: &mut Propagator<'_, M>,
        settings: &Settings<'_>,
    ) -> terrella_coupling::Result<Self> {
        let values = run.first_state().len();
        for (name, norm) in [("initial_norm", settings.initial_norm), ("final_norm", settings.final_norm)] {
            check_norm(name, values, norm)?;
        }
        let inverse_root: Vec<R> = settings
            .initial_norm
            .iter()
            .map(|&weight| if weight == 0.0 { R::ZERO } else { R::from_f64(1.0 / weight.sqrt()) })
            .collect();
        let final_weight: Vec<R> = settings.final_norm.iter().map(|&weight| R::from_f64(weight)).collect();
        let mut start = vec![R::ZERO; values];
        normals(settings.seed, [0; 3], &mut start);
        for (start, root) in start.iter_mut().zip(&inverse_root) {
            if *root == R::ZERO {
                *start = R::ZERO;
            }
        }
        let found = lanczos::leading(
            settings.count,
            &start,
            settings.accuracy,
            |vector: &[R], image: &mut [R]| -> terrella_coupling::Result<()> {
                multiply(image, vector, &inverse_root);
                run.tangent(image)?;
                image.iter_mut().zip(&final_weight).for_each(|(value, weight)| *value *= *weight);
                run.adjoint(image)?;
                image.iter_mut().zip(&inverse_root).for_each(|(value, root)| *value *= *root);
                Ok(())
            },
        )?;
        let mut initial = found.vectors;
        for vector in &mut initial {
            vector.iter_mut().zip(&inverse_root).for_each(|(value, root)| *value *= *root);
        }
        let mut evolved = initial.clone();
        for vector in &mut evolved {
            run.tangent(vector)?;
        }
        Ok(Self {
            // Round-off may leave an eigenvalue of 0 below it.
            growth: found.values.iter().map(|value| value.max(0.0).sqrt()).collect(),
            initial,
            evolved,
            residuals: found.residuals,
            products: found.products,
            converged: found.converged,
        })
    }
}

fn multiply<R: Real>(product: &mut [R], a: &[R], b: &[R]) {
    for ((product, a), b) in product.iter_mut().zip(a).zip(b) {
        *product = *a * *b;
    }
}

fn check_norm(name: &'static str, values: usize, norm: &[f64]) -> Result<()> {
    expect_length(name, values, norm.len())?;
    let wrong = norm.iter().find(|weight| !(**weight >= 0.0 && weight.is_finite()));
    let wrong = wrong.or_else(|| norm.iter().all(|weight| *weight == 0.0).then_some(&0.0));
    match wrong {
        None => Ok(()),
        Some(weight) => Err(Error::InvalidConfiguration {
            name,
            got: weight.to_string(),
            expected: "finite weights from 0 on that are not all 0",
        }),
    }
}
