//! From `[[method]]` to what runs.

use terrella_coupling::component::Linearised;
use terrella_coupling::cycle::{
    Climate, Filter, FilterSettings, Gain, Inflation, IterativeSmoother, Method, Network, Update,
    Variational, VariationalSettings,
};
use terrella_kernels::Real;
use terrella_kernels::assimilation::covariance::spectral::{SpectralCovariance, SpectralEstimate};
use terrella_kernels::assimilation::covariance::{LocalisedEnsemble, MatrixRoot, Uniform};
use terrella_kernels::assimilation::iterative::Smoother;
use terrella_kernels::assimilation::minimisation::Ending;
use terrella_kernels::assimilation::variational::{Minimiser, OuterLoops};
use terrella_kernels::assimilation::{Composition, Ensemble, LinearOperator, Scheme};
use terrella_kernels::random;

use crate::configuration::{self, Kind};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::spectral::Blocks;

/// The place of the choice of first members among an experiment's random numbers.
const FIRST: u32 = 1;
/// Of EnKF-N: how sure its prior is of the ensemble, for hyperprior N + 1 = 1 + certainty (Bocquet 2011).
const CERTAINTY: f64 = 2.0;

/// Gauss and Newton's iteration: at most so many linearisations, and iterations of the minimiser in each.
const OUTER_LOOPS: usize = 10;
const ITERATIONS: usize = 100;
/// The change of the control vector, and the share of the gradient, at which these end.
const CHANGE: f64 = 1e-3;
const REDUCTION: f64 = 1e-4;
/// Directions of vorticity between levels with less of its variance than this are not regressed on.
const CUTOFF: f64 = 1e-3;
/// Bytes of a window's trajectory and linearisations.
const BUDGET: usize = 1 << 30;
/// Values of a state of which the square root of a whole matrix is taken; longer ones have the climate's states themselves.
const WHOLE: usize = 1_000;

/// The square root of `scale` times the climate's covariance; on the sphere that of spectra by level and wavenumber in linear balance, of the
/// differences between states that follow each other in the climate.
fn root<R: Real>(climate: &Climate<R>, geometry: &Geometry, scale: R) -> Result<Box<dyn LinearOperator<R>>> {
    let samples = climate.samples();
    let len = samples.variables();
    if let Geometry::Sphere { blocks, .. } = geometry {
        return spherical_root(samples, blocks, scale.to_f64());
    }
    if len <= WHOLE {
        return Ok(Box::new(MatrixRoot::semidefinite(len, &climate.covariance(scale)?)?));
    }
    let factor = scale.sqrt();
    let values = samples.values().iter().map(|value| factor * *value).collect();
    let scaled = Ensemble::new(samples.members(), values)?;
    Ok(Box::new(LocalisedEnsemble::new(&scaled, Uniform::new(len))?))
}

fn spherical_root<R: Real>(
    samples: &Ensemble<R>,
    blocks: &Blocks,
    scale: f64,
) -> Result<Box<dyn LinearOperator<R>>> {
    let mut view = blocks.view::<R>()?;
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
    Ok(Box::new(Composition::new(covariance, view)?))
}

/// What methods are made from.
pub(crate) struct Materials<'a, R> {
    pub(crate) climate: &'a Climate<R>,
    pub(crate) network: &'a Network<R>,
    pub(crate) geometry: &'a Geometry,
    pub(crate) seed: u64,
}

/// A method of this description.
pub(crate) fn method<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, seed, .. } = *materials;
    let scale = C::Real::from_f64(settings.background.unwrap_or(1.0));
    let variational = |lag: usize| -> Result<Box<dyn Method<C>>> {
        let iterations = settings.iterations.unwrap_or(ITERATIONS);
        let minimiser = match settings.ritz_pairs {
            Some(true) => Minimiser::Lanczos { pairs: iterations },
            _ => Minimiser::ConjugateGradients,
        };
        let settings = VariationalSettings {
            lag,
            transform: root(climate, materials.geometry, scale)?,
            outer_loops: OuterLoops {
                most: settings.outer_loops.unwrap_or(OUTER_LOOPS),
                change: CHANGE,
                inner: Ending::new(iterations, settings.gradient_reduction.unwrap_or(REDUCTION)),
                minimiser,
                norms: None,
            },
            budget: BUDGET,
            remembered: settings.remembered_pairs.unwrap_or(0),
        };
        Ok(Box::new(Variational::new(climate.mean(), network.clone(), settings)?))
    };
    match settings.kind {
        Kind::Climatology => Ok(Box::new(Unchanged { state: climate.mean(), runs: false })),
        Kind::FreeRun => Ok(Box::new(Unchanged { state: climate.last().to_vec(), runs: true })),
        Kind::OptimalInterpolation => {
            let (mean, covariance) = (climate.mean(), climate.covariance(scale)?);
            Ok(Box::new(Gain::new(mean.clone(), Some(mean), &covariance, network.clone())?))
        }
        Kind::ThreeDimensionalVariational => variational(0),
        Kind::FourDimensionalVariational => variational(settings.lag.expect("refused by the configuration")),
        Kind::IterativeSmoother => {
            let members = settings.members.expect("refused by the configuration");
            let ensemble = first_members(climate, members, seed)?;
            let smoother = Smoother { certainty: Some(CERTAINTY), ..Smoother::default() };
            let lag = settings.lag.expect("refused by the configuration");
            Ok(Box::new(IterativeSmoother::new(ensemble, network.clone(), lag, smoother)?))
        }
        Kind::Stochastic => filter(settings, materials, Scheme::Stochastic { seed, cycle: 0 }),
        Kind::Deterministic => filter(settings, materials, Scheme::Deterministic),
        Kind::SquareRoot | Kind::Serial => filter(settings, materials, Scheme::SquareRoot),
        Kind::FiniteSize => filter(settings, materials, Scheme::FiniteSize { certainty: CERTAINTY }),
    }
}

fn filter<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    scheme: Scheme,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, geometry, seed } = *materials;
    let number = C::Real::from_f64;
    let localisation = match settings.radius {
        None => None,
        Some(radius) => {
            let near = geometry.localisation(network.indices(), radius)?;
            Some(near.ok_or_else(|| Error::Unfit {
                method: settings.name.clone(),
                message: "the values of this model have no place; expected no 'radius'".to_owned(),
            })?)
        }
    };
    let update = match (settings.kind, localisation) {
        (Kind::Serial, near) => Update::Serial(near),
        (_, Some(near)) => Update::Local(scheme, near),
        (_, None) => Update::Global(scheme),
    };
    let inflation = match (settings.prior_spread, settings.prior_perturbations) {
        (Some(share), _) => Inflation::PriorSpread(number(share)),
        (_, Some(share)) => Inflation::PriorPerturbations(number(share)),
        _ => Inflation::Multiplied(number(settings.inflation.unwrap_or(1.0))),
    };
    let members = settings.members.expect("refused by the configuration");
    let settings = FilterSettings { update, inflation, rotates: settings.rotation.unwrap_or(false), seed };
    Ok(Box::new(Filter::new(first_members(climate, members, seed)?, network.clone(), settings)?))
}

/// States of the climate, chosen at random, each once.
fn first_members<R: Real>(climate: &Climate<R>, members: usize, seed: u64) -> Result<Ensemble<R>> {
    let samples = climate.samples();
    let chosen = random::permutation(seed, [0, FIRST, 0], samples.members());
    let rows = samples.values().chunks_exact(samples.members());
    let values = rows.flat_map(|row| chosen[..members].iter().map(|&sample| row[sample as usize])).collect();
    Ok(Ensemble::new(members, values)?)
}

/// A state that sees no observation.
struct Unchanged<R> {
    state: Vec<R>,
    /// Whether the model moves it.
    runs: bool,
}

impl<C: Linearised> Method<C> for Unchanged<C::Real> {
    fn forecast(&mut self, component: &mut C, steps: usize) -> terrella_coupling::Result<()> {
        if self.runs { component.advance(&mut self.state, steps) } else { Ok(()) }
    }

    fn analyse(
        &mut self,
        _component: &mut C,
        _observed: &terrella_coupling::cycle::Observed<C::Real>,
        _cycle: u32,
    ) -> terrella_coupling::Result<()> {
        Ok(())
    }

    fn estimate(&self, state: &mut [C::Real]) -> terrella_coupling::Result<()> {
        state.copy_from_slice(&self.state);
        Ok(())
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        None
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![&mut self.state]
    }
}
