//! From `[[method]]` to what runs.

use terrella_coupling::component::Linearised;
use terrella_coupling::cycle::{
    Climate, Filter, FilterSettings, Gain, Inflation, IterativeSmoother, LocalParticleFilter,
    LocalParticleSettings, Localisation, Method, Network, Particles, Update,
};
use terrella_kernels::Real;
use terrella_kernels::assimilation::iterative::Smoother;
use terrella_kernels::assimilation::{Ensemble, Scheme};

use crate::coarse::Coarser;
use crate::configuration::{self, Kind};
use crate::error::{Error, Result};
use crate::first_members::first_members;
use crate::geometry::{Geometry, Widths};
use crate::variational::{ensemble_of_variational, hybrid, variational};

/// Of EnKF-N: how sure its prior is of the ensemble, for hyperprior N + 1 = 1 + certainty (Bocquet 2011).
const CERTAINTY: f64 = 2.0;
/// Share of what neighbours drew in a particle: as much as its own.
const SMOOTHING: f64 = 0.5;

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
    component: &mut C,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, seed, .. } = *materials;
    let first = match settings.is_ensemble() {
        true => Some(first_members(settings, materials, component)?),
        false => None,
    };
    let first = || first.expect("only ensembles have members");
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
            let smoother = Smoother { certainty: Some(CERTAINTY), ..Smoother::default() };
            let lag = settings.lag.expect("refused by the configuration");
            Ok(Box::new(IterativeSmoother::new(first(), network.clone(), lag, smoother)?))
        }
        Kind::Stochastic => filter(settings, materials, first(), Scheme::Stochastic { seed, cycle: 0 }),
        Kind::Deterministic => filter(settings, materials, first(), Scheme::Deterministic),
        Kind::ErrorSubspace => filter(settings, materials, first(), Scheme::ErrorSubspace),
        Kind::Particle => {
            Ok(Box::new(Particles::new(first(), network, settings.jitter.unwrap_or(1.0), seed)?))
        }
        Kind::LocalParticle => local_particles(settings, materials, first()),
        Kind::SquareRoot | Kind::Serial => filter(settings, materials, first(), Scheme::SquareRoot),
        Kind::FiniteSize => filter(settings, materials, first(), Scheme::FiniteSize { certainty: CERTAINTY }),
        Kind::HybridThreeDimensional | Kind::HybridFourDimensional | Kind::EnsembleVariational => {
            hybrid(settings, materials, ensemble_filter(settings, materials, first(), Scheme::SquareRoot)?)
        }
        Kind::EnsembleOfVariational => ensemble_of_variational(settings, materials, &first()),
    }
}

fn filter<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    first: Ensemble<C::Real>,
    scheme: Scheme,
) -> Result<Box<dyn Method<C>>> {
    Ok(Box::new(ensemble_filter(settings, materials, first, scheme)?))
}

fn ensemble_filter<R: Real>(
    settings: &configuration::Method,
    materials: &Materials<R>,
    first: Ensemble<R>,
    scheme: Scheme,
) -> Result<Filter<R>> {
    let Materials { climate, network, seed, .. } = *materials;
    let number = R::from_f64;
    let localisation = localisation(settings, materials)?;
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
        Inflation::Added(noise(climate, share))
    } else if settings.adaptive_inflation == Some(true) {
        Inflation::Adaptive
    } else {
        Inflation::Multiplied(number(settings.inflation.unwrap_or(1.0)))
    };
    let settings = FilterSettings { update, inflation, rotates: settings.rotation.unwrap_or(false), seed };
    Ok(Filter::new(first, network.clone(), settings)?)
}

/// The tapers that the description has, where it has a radius.
pub(crate) fn widths(settings: &configuration::Method) -> Option<Widths> {
    settings.radius.map(|horizontal| Widths { horizontal, vertical: settings.vertical_radius })
}

fn localisation<R: Real>(
    settings: &configuration::Method,
    materials: &Materials<R>,
) -> Result<Option<Localisation>> {
    let Some(widths) = widths(settings) else { return Ok(None) };
    let near = materials.geometry.localisation(&materials.network.all_indices(), widths)?;
    Ok(Some(near.ok_or_else(|| without_places(settings))?))
}

fn without_places(settings: &configuration::Method) -> Error {
    Error::Unfit {
        method: settings.name.clone(),
        message: "the values of this model have no place; expected no 'radius'".to_owned(),
    }
}

/// This share of the climate's variances.
fn noise<R: Real>(climate: &Climate<R>, share: f64) -> Vec<R> {
    climate.deviation().iter().map(|value| R::from_f64(share) * *value * *value).collect()
}

/// Particles that are drawn place by place.
fn local_particles<C: Linearised + 'static>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    first: Ensemble<C::Real>,
) -> Result<Box<dyn Method<C>>> {
    let Materials { climate, network, geometry, seed, .. } = *materials;
    let (Some(localisation), Some(widths)) = (localisation(settings, materials)?, widths(settings)) else {
        unreachable!("without a radius refused by the configuration")
    };
    let settings = LocalParticleSettings {
        localisation,
        domains_near: geometry.columns_near(widths)?,
        smoothing: settings.smoothing.unwrap_or(SMOOTHING),
        noise: settings.additive_inflation.map(|share| noise(climate, share)),
        seed,
    };
    Ok(Box::new(LocalParticleFilter::new(first, network, settings)?))
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

#[cfg(test)]
mod tests {
    use terrella_coupling::Component;
    use terrella_coupling::cycle::Twin;
    use terrella_kernels::device::Device;

    use super::*;
    use crate::spectral::{Spectral, primitive};

    #[test]
    fn with_a_vertical_radius_the_lowest_level_says_nothing_of_the_highest() {
        const LEVELS: usize = 5;
        let model =
            format!(r#"{{"name": "primitive", "truncation": 6, "levels": {LEVELS}, "time_step": 1800.0}}"#);
        let model = serde_json::from_str(&model).expect("a model");
        let Spectral { start, geometry, build, .. } =
            primitive::<f64>(&model, Device::Cpu, 1).expect("a model");
        let mut component = build().expect("a model");
        let climate = Climate::of_run(&mut component, &start, 60, 10, 6).expect("a run");
        // Temperatures of the lowest level.
        let points = geometry.layer_len(start.len());
        let first = (3 * LEVELS - 1) * points;
        let indices: Vec<u32> = (first as u32..(first + points) as u32).step_by(5).collect();
        let deviation = climate.deviation();
        let variances = indices.iter().map(|&index| 0.01 * deviation[index as usize].powi(2)).collect();
        let network = Network::new(start.len(), indices, variances, 2).expect("a network");
        let materials =
            Materials { climate: &climate, network: &network, geometry: &geometry, seed: 3, coarser: None };
        let mut truth = climate.last().to_vec();
        component.advance(&mut truth, 40).expect("a run");
        let twin = || Twin::new(build().expect("a model"), network.clone(), 3, &truth).expect("a truth");
        // Layers that an analysis changes by more than rounding.
        let mut changed = |kind: &str, vertical: &str| -> Vec<bool> {
            let settings =
                format!(r#"{{"name": "one", "kind": "{kind}", "members": 6, "radius": 3e6{vertical}}}"#);
            let settings = serde_json::from_str(&settings).expect("a description");
            let mut method = method(&settings, &materials, &mut component).expect("a method");
            let mut before = vec![0.0; start.len()];
            method.forecast(&mut component, &network).expect("a forecast");
            method.estimate(&mut before).expect("lengths");
            let observed = twin().observe(0).expect("observations");
            method.analyse(&mut component, &observed, 0).expect("an analysis");
            let mut after = before.clone();
            method.estimate(&mut after).expect("lengths");
            let layers = before.chunks(points).zip(after.chunks(points));
            layers
                .map(|(before, after)| {
                    let size = before.iter().fold(0.0_f64, |size, value| size.max(value.abs()));
                    before.iter().zip(after).any(|(before, after)| (after - before).abs() > 1e-9 * size)
                })
                .collect()
        };
        for (kind, rest) in [
            ("square-root", ""),
            ("square-root", r#", "adaptive_inflation": true"#),
            ("serial", ""),
            ("hybrid-3d-var", r#", "ensemble_weight": 1.0"#),
        ] {
            assert!(changed(kind, rest).iter().all(|changed| *changed), "{kind}");
            // ln σ of the layers is −2.30, −1.20, −0.69, −0.36 and −0.11: what lies within 1 of the last changes, and the ground.
            let near = [false, false, true, true, true];
            let expected = [&near[..], &near, &near, &[true]].concat();
            assert_eq!(changed(kind, &format!(r#"{rest}, "vertical_radius": 0.5"#)), expected, "{kind}");
        }
    }
}
