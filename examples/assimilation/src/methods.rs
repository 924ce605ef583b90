//! From `[[method]]` to what runs.

use terrella_coupling::component::Linearised;
use terrella_coupling::cycle::{
    Climate, Filter, FilterSettings, Gain, Inflation, IterativeSmoother, Method, Network, Particles, Update,
};
use terrella_kernels::Real;
use terrella_kernels::assimilation::iterative::Smoother;
use terrella_kernels::assimilation::{Ensemble, Scheme};
use terrella_kernels::random;

use crate::coarse::Coarser;
use crate::configuration::{self, Kind};
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::variational::{ensemble_of_variational, hybrid, variational};

/// The place of the choice of first members among an experiment's random numbers.
const FIRST: u32 = 1;
/// Of EnKF-N: how sure its prior is of the ensemble, for hyperprior N + 1 = 1 + certainty (Bocquet 2011).
const CERTAINTY: f64 = 2.0;

/// What methods are made from.
pub(crate) struct Materials<'a, R> {
    pub(crate) climate: &'a Climate<R>,
    pub(crate) network: &'a Network<R>,
    pub(crate) geometry: &'a Geometry,
    pub(crate) seed: u64,
    /// Makes the model at a lower resolution, where it has one.
    pub(crate) coarser: Option<&'a Coarser<R>>,
}

/// A method of this description.
pub(crate) fn method<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, seed, .. } = *materials;
    let scale = C::Real::from_f64(settings.background.unwrap_or(1.0));
    match settings.kind {
        Kind::Climatology => Ok(Box::new(Unchanged { state: climate.mean(), runs: false })),
        Kind::FreeRun => Ok(Box::new(Unchanged { state: climate.last().to_vec(), runs: true })),
        Kind::OptimalInterpolation => {
            let (mean, covariance) = (climate.mean(), climate.covariance(scale)?);
            Ok(Box::new(Gain::new(mean.clone(), Some(mean), &covariance, network.clone())?))
        }
        Kind::ThreeDimensionalVariational => {
            Ok(Box::new(variational(settings, materials, 0, None, climate.mean())?))
        }
        Kind::FourDimensionalVariational => {
            let lag = settings.lag.expect("refused by the configuration");
            Ok(Box::new(variational(settings, materials, lag, None, climate.mean())?))
        }
        Kind::IterativeSmoother => {
            let members = settings.members.expect("refused by the configuration");
            let ensemble = first_members(climate, members, seed)?;
            let smoother = Smoother { certainty: Some(CERTAINTY), ..Smoother::default() };
            let lag = settings.lag.expect("refused by the configuration");
            Ok(Box::new(IterativeSmoother::new(ensemble, network.clone(), lag, smoother)?))
        }
        Kind::Stochastic => filter(settings, materials, Scheme::Stochastic { seed, cycle: 0 }),
        Kind::Deterministic => filter(settings, materials, Scheme::Deterministic),
        Kind::ErrorSubspace => filter(settings, materials, Scheme::ErrorSubspace),
        Kind::Particle => {
            let members = settings.members.expect("refused by the configuration");
            let first = first_members(climate, members, seed)?;
            Ok(Box::new(Particles::new(first, network, settings.jitter.unwrap_or(1.0), seed)?))
        }
        Kind::SquareRoot | Kind::Serial => filter(settings, materials, Scheme::SquareRoot),
        Kind::FiniteSize => filter(settings, materials, Scheme::FiniteSize { certainty: CERTAINTY }),
        Kind::HybridThreeDimensional | Kind::HybridFourDimensional | Kind::EnsembleVariational => {
            hybrid(settings, materials, ensemble_filter(settings, materials, Scheme::SquareRoot)?)
        }
        Kind::EnsembleOfVariational => {
            let members = settings.members.expect("refused by the configuration");
            ensemble_of_variational(settings, materials, &first_members(climate, members, seed)?)
        }
    }
}

fn filter<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    scheme: Scheme,
) -> Result<Box<dyn Method<C>>> {
    Ok(Box::new(ensemble_filter(settings, materials, scheme)?))
}

fn ensemble_filter<R: Real>(
    settings: &configuration::Method,
    materials: &Materials<R>,
    scheme: Scheme,
) -> Result<Filter<R>> {
    let Materials { climate, network, geometry, seed, .. } = *materials;
    let number = R::from_f64;
    let localisation = match settings.radius {
        None => None,
        Some(radius) => {
            let near = geometry.localisation(&network.all_indices(), radius)?;
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
    let inflation = if let Some(share) = settings.prior_spread {
        Inflation::PriorSpread(number(share))
    } else if let Some(share) = settings.prior_perturbations {
        Inflation::PriorPerturbations(number(share))
    } else if let Some(share) = settings.additive_inflation {
        let of_climate = climate.deviation();
        Inflation::Added(of_climate.iter().map(|value| number(share) * *value * *value).collect())
    } else if settings.adaptive_inflation == Some(true) {
        Inflation::Adaptive
    } else {
        Inflation::Multiplied(number(settings.inflation.unwrap_or(1.0)))
    };
    let members = settings.members.expect("refused by the configuration");
    let settings = FilterSettings { update, inflation, rotates: settings.rotation.unwrap_or(false), seed };
    Ok(Filter::new(first_members(climate, members, seed)?, network.clone(), settings)?)
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
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> terrella_coupling::Result<()> {
        if self.runs { component.advance(&mut self.state, network.interval()) } else { Ok(()) }
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
