//! Background covariances and settings of variational methods.

use terrella_coupling::Linearised;
use terrella_coupling::cycle::{
    Climate, EnsembleOfVariational, EnsembleVariational, Filter, Hybrid, HybridCovariance, Method, Shared,
    Variational, VariationalSettings,
};
use terrella_kernels::Real;
use terrella_kernels::assimilation::covariance::spectral::{SpectralCovariance, SpectralEstimate};
use terrella_kernels::assimilation::covariance::{LocalisedEnsemble, MatrixRoot, Uniform};
use terrella_kernels::assimilation::minimisation::Ending;
use terrella_kernels::assimilation::variational::{Minimiser, OuterLoops};
use terrella_kernels::assimilation::{Composition, Ensemble, LinearOperator};

use crate::configuration::{self, Kind};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::methods::{Materials, widths};
use crate::spectral::Blocks;

/// Gauss and Newton's iteration: at most so many linearisations, and iterations of the minimiser in each.
const OUTER_LOOPS: usize = 10;
const ITERATIONS: usize = 100;
/// The change of the control vector, and the share of the gradient, at which these end.
const CHANGE: f64 = 1e-3;
const REDUCTION: f64 = 1e-4;
/// Directions of vorticity between levels with less of its variance than this are not regressed on.
const CUTOFF: f64 = 1e-3;
/// Bytes of a window's trajectory and linearisations.
pub(crate) const BUDGET: usize = 1 << 30;
/// Values of a state of which the square root of a whole matrix is taken; longer ones have the climate's states themselves.
pub(crate) const WHOLE: usize = 1_000;

/// The square root of `scale` times the climate's covariance; on the sphere that of spectra by level and wavenumber in linear balance, of the
/// differences between states that follow each other in the climate.
pub(crate) fn root<R: Real>(
    climate: &Climate<R>,
    geometry: &Geometry,
    scale: R,
) -> Result<Box<dyn LinearOperator<R>>> {
    let samples = climate.samples();
    let len = samples.variables();
    if let Geometry::Sphere { blocks, .. } = geometry {
        return spherical_root(samples, blocks, blocks, scale.to_f64());
    }
    if len <= WHOLE {
        return Ok(Box::new(MatrixRoot::semidefinite(len, &climate.covariance(scale)?)?));
    }
    let factor = scale.sqrt();
    let values = samples.values().iter().map(|value| factor * *value).collect();
    let scaled = Ensemble::new(samples.members(), values)?;
    Ok(Box::new(LocalisedEnsemble::new(&scaled, Uniform::new(len))?))
}

/// For increments on the grid of `blocks`, from samples on that of `sampled`; both have the same truncation.
fn spherical_root<R: Real>(
    samples: &Ensemble<R>,
    sampled: &Blocks,
    blocks: &Blocks,
    scale: f64,
) -> Result<Box<dyn LinearOperator<R>>> {
    let mut view = sampled.view::<R>()?;
    let mut estimate =
        SpectralEstimate::new(blocks.truncation, &blocks.names(), blocks.radius, blocks.rotation)?;
    let factor = R::from_f64(scale.sqrt());
    let mut fields = vec![R::ZERO; samples.variables()];
    let mut spectra = [vec![R::ZERO; view.spectra_len()], vec![R::ZERO; view.spectra_len()]];
    for sample in 0..samples.members() {
        let [earlier, later] = &mut spectra;
        std::mem::swap(earlier, later);
        samples.read_member(sample, &mut fields)?;
        fields.iter_mut().for_each(|value| *value *= factor);
        view.analysis(&fields, later)?;
        if sample > 0 {
            estimate.add_lagged(earlier, later)?;
        }
    }
    let covariance =
        SpectralCovariance::new(blocks.truncation, estimate.blocks(CUTOFF)?, blocks.radius, blocks.rotation)?;
    Ok(Box::new(Composition::new(covariance, blocks.view()?)?))
}

/// 4D-Var, and 3D-Var with a lag of 0, with this U; without one, with the share of the climate's covariance that the description has.
pub(crate) fn variational<R: Real>(
    settings: &configuration::Method,
    materials: &Materials<R>,
    lag: usize,
    transform: Option<Box<dyn LinearOperator<R>>>,
    state: Vec<R>,
) -> Result<Variational<R>> {
    let Materials { climate, network, geometry, coarser, .. } = *materials;
    let scale = settings.background.unwrap_or(1.0);
    let coarse = match settings.inner_truncation {
        None => None,
        Some(truncation) => {
            let coarser = coarser.ok_or_else(|| Error::Unfit {
                method: settings.name.clone(),
                message: "this model has no spectra; expected no 'inner_truncation'".to_owned(),
            })?;
            Some(coarser(truncation, settings.inner_time_step, network)?)
        }
    };
    let transform = match (transform, &coarse) {
        (Some(transform), _) => transform,
        (None, Some(coarse)) => spherical_root(climate.samples(), &coarse.between, &coarse.blocks, scale)?,
        (None, None) => root(climate, geometry, R::from_f64(scale))?,
    };
    let settings = VariationalSettings {
        lag,
        transform,
        outer_loops: outer_loops(settings),
        budget: BUDGET,
        remembered: settings.remembered_pairs.unwrap_or(0),
        inner: coarse.map(|coarse| coarse.inner),
    };
    Ok(Variational::new(state, network.clone(), settings)?)
}

fn outer_loops(settings: &configuration::Method) -> OuterLoops<'static> {
    let iterations = settings.iterations.unwrap_or(ITERATIONS);
    let minimiser = match settings.ritz_pairs {
        Some(true) => Minimiser::Lanczos { pairs: iterations },
        _ => Minimiser::ConjugateGradients,
    };
    OuterLoops {
        most: settings.outer_loops.unwrap_or(OUTER_LOOPS),
        change: CHANGE,
        inner: Ending::new(iterations, settings.gradient_reduction.unwrap_or(REDUCTION)),
        minimiser,
        norms: None,
    }
}

/// Variational analyses with the covariance of an ensemble that this filter corrects.
pub(crate) fn hybrid<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    filter: Filter<C::Real>,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, geometry, .. } = *materials;
    let scale = |share: f64| C::Real::from_f64(share);
    let static_root = match settings.background {
        Some(share) => Some(Shared::new(root(climate, geometry, scale(share))?)),
        None => None,
    };
    let len = climate.samples().variables();
    let localisation = match widths(settings) {
        None => Shared::new(Uniform::new(len)),
        Some(widths) => geometry.localisation_root(widths)?.ok_or_else(|| Error::Unfit {
            method: settings.name.clone(),
            message: format!(
                "expected a model with at most {WHOLE} values in places, or on the sphere, for 'radius'"
            ),
        })?,
    };
    let weight = settings.ensemble_weight.expect("refused by the configuration");
    let covariance = HybridCovariance::new(static_root, localisation.clone(), weight)?;
    let lag = match settings.kind {
        Kind::EnsembleVariational => {
            let (state, loops) = (climate.mean(), outer_loops(settings));
            let method = EnsembleVariational::new(state, network.clone(), filter, covariance, loops)?;
            return Ok(Box::new(method));
        }
        Kind::HybridFourDimensional => 1,
        _ => 0,
    };
    // Replaced in each window.
    let transform: Box<dyn LinearOperator<C::Real>> = Box::new(localisation);
    let variational = variational(settings, materials, lag, Some(transform), climate.mean())?;
    Ok(Box::new(Hybrid::new(variational, filter, covariance)?))
}

/// Members with a 3D-Var, or with a lag a 4D-Var, of their own.
pub(crate) fn ensemble_of_variational<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    first: &Ensemble<C::Real>,
) -> Result<Box<dyn Method<C>>> {
    let share = C::Real::from_f64(settings.background.expect("refused by the configuration"));
    let transform = Shared::new(root(materials.climate, materials.geometry, share)?);
    let members = (0..first.members()).map(|member| {
        let mut state = vec![C::Real::ZERO; first.variables()];
        first.read_member(member, &mut state)?;
        let transform = Some(Box::new(transform.clone()) as Box<dyn LinearOperator<C::Real>>);
        variational(settings, materials, settings.lag.unwrap_or(0), transform, state)
    });
    let members = members.collect::<Result<Vec<_>>>()?;
    Ok(Box::new(EnsembleOfVariational::new(members, materials.seed)?))
}
