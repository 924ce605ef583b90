//! What ensembles begin with: states of the climate, or its mean and the perturbations that grow most from there.

use terrella_coupling::component::Linearised;
use terrella_coupling::cycle::Climate;
use terrella_coupling::trajectory::Propagator;
use terrella_driver::progress::say;
use terrella_dycore::singular_vectors::{Accuracy, Settings, SingularVectors, perturb};
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::{Real, random};

use crate::configuration;
use crate::error::Result;
use crate::geometry::size;
use crate::methods::Materials;
use crate::variational::BUDGET;

/// The place of the choice of first members among an experiment's random numbers.
const FIRST: u32 = 1;
/// Makes another seed for what names its random numbers itself.
const OF_VECTORS: u64 = 0x5eed_0f51_2657_ec70;
/// Over which singular vectors grow most \[s]: two days, in which small errors of forecasts still grow about linearly.
const OPTIMISATION: f64 = 2.0 * 86_400.0;
/// Spread of first members, over that of the climate.
const SPREAD: f64 = 0.3;
/// Of squares of growth: perturbations are combined at random, so that it is their space that counts.
const TOLERANCE: f64 = 0.01;

/// As the description has them.
pub(crate) fn first_members<C: Linearised>(
    settings: &configuration::Method,
    materials: &Materials<C::Real>,
    component: &mut C,
) -> Result<Ensemble<C::Real>> {
    let members = settings.members.expect("refused by the configuration");
    if settings.has_singular_vectors() {
        return of_singular_vectors(settings, members, materials, component);
    }
    of_climate(materials.climate, members, materials.seed)
}

/// States of the climate, chosen at random, each once.
fn of_climate<R: Real>(climate: &Climate<R>, members: usize, seed: u64) -> Result<Ensemble<R>> {
    let samples = climate.samples();
    let chosen = random::permutation(seed, [0, FIRST, 0], samples.members());
    let rows = samples.values().chunks_exact(samples.members());
    let values = rows.flat_map(|row| chosen[..members].iter().map(|&sample| row[sample as usize])).collect();
    Ok(Ensemble::new(members, values)?)
}

/// The climate's mean, which is nearest to an unknown truth, and random combinations of the singular vectors of the run that begins there, in the norm
/// in which errors are measured. Their mean is none, and their spread in that norm is the given share of the climate's.
fn of_singular_vectors<C: Linearised>(
    settings: &configuration::Method,
    members: usize,
    materials: &Materials<C::Real>,
    component: &mut C,
) -> Result<Ensemble<C::Real>> {
    let Materials { climate, geometry, seed, .. } = *materials;
    let estimate = climate.mean();
    let weights = geometry.weights(estimate.len());
    let usual = (OPTIMISATION / component.time_step()).round().max(1.0) as usize;
    let steps = settings.optimisation_steps.unwrap_or(usual);
    let count = settings.singular_vectors.unwrap_or(members / 2);
    let mut run = Propagator::new(component, &estimate, steps, BUDGET)?;
    let asked = Settings {
        count,
        initial_norm: &weights,
        final_norm: &weights,
        accuracy: Accuracy { tolerance: TOLERANCE, products: 4 * count + 20 },
        seed: seed ^ OF_VECTORS,
    };
    let vectors = SingularVectors::of_run(&mut run, &asked)?;
    let ends = [vectors.growth.first(), vectors.growth.last()].map(|growth| *growth.expect("at least one"));
    say(&format!(
        "{}: first members of {} singular vectors that grow by {:.2} to {:.2} in {steps} steps, after {} products{}",
        settings.name,
        vectors.growth.len(),
        ends[0],
        ends[1],
        vectors.products,
        if vectors.converged { "" } else { ", not all as accurate as asked for" }
    ));
    let mut ensemble = Ensemble::new(members, vec![C::Real::ZERO; estimate.len() * members])?;
    perturb(&mut ensemble, &vectors, 1.0, seed ^ OF_VECTORS)?;
    // What the model's truncation holds of them, before it counts as spread.
    component.advance_ensemble(&mut ensemble, 0)?;
    let mut mean = vec![C::Real::ZERO; estimate.len()];
    ensemble.mean(&mut mean)?;
    for (row, mean) in ensemble.values_mut().chunks_exact_mut(members).zip(&mean) {
        row.iter_mut().for_each(|value| *value -= *mean);
    }
    let spread = size(&deviations(&ensemble)?, &weights);
    let wanted = settings.first_spread.unwrap_or(SPREAD) * size(&climate.deviation(), &weights);
    let scale = C::Real::from_f64(wanted / spread);
    for (row, estimate) in ensemble.values_mut().chunks_exact_mut(members).zip(&estimate) {
        row.iter_mut().for_each(|value| *value = *estimate + scale * *value);
    }
    Ok(ensemble)
}

/// Standard deviations of members, \[value].
fn deviations<R: Real>(ensemble: &Ensemble<R>) -> Result<Vec<R>> {
    let mut variance = vec![R::ZERO; ensemble.variables()];
    ensemble.variance(&mut variance)?;
    Ok(variance.into_iter().map(Real::sqrt).collect())
}

#[cfg(test)]
mod tests {
    use terrella_coupling::Component;
    use terrella_coupling::cycle::Network;
    use terrella_kernels::device::Device;

    use super::*;
    use crate::configuration::Model;
    use crate::spectral::{Spectral, shallow_water};

    fn described<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).expect("a description")
    }

    #[test]
    fn members_of_singular_vectors_have_their_mean_and_spread_and_grow_more_than_others() {
        const STEPS: usize = 72;
        let model: Model = described(r#"{"name": "shallow-water", "truncation": 15, "time_step": 1200.0}"#);
        let Spectral { start, geometry, build, .. } =
            shallow_water::<f64>(&model, Device::Cpu, 1).expect("a model");
        let mut component = build().expect("a model");
        let climate = Climate::of_run(&mut component, &start, 2_000, 30, 36).expect("a run");
        let network = Network::regular(start.len(), 7, 1.0, 8).expect("a network");
        let materials =
            Materials { climate: &climate, network: &network, geometry: &geometry, seed: 3, coarser: None };
        let weights = geometry.weights(start.len());
        let spread = |ensemble: &Ensemble<f64>| size(&deviations(ensemble).expect("members"), &weights);
        // Small, so that growth is that of the derivative; odd and even numbers of members.
        for members in [7, 8] {
            let settings = described(&format!(
                r#"{{"name": "few", "kind": "square-root", "members": {members}, "first_members": "singular-vectors",
                    "singular_vectors": 4, "optimisation_steps": {STEPS}, "first_spread": 0.02}}"#
            ));
            let first = first_members(&settings, &materials, &mut component).expect("members");
            let mut mean = climate.mean();
            first.mean(&mut mean).expect("lengths");
            let wanted = 0.02 * size(&climate.deviation(), &weights);
            assert!((spread(&first) / wanted - 1.0).abs() < 1e-9, "{} {wanted}", spread(&first));
            let away: Vec<f64> = mean.iter().zip(climate.mean()).map(|(a, b)| a - b).collect();
            assert!(size(&away, &weights) < 1e-9 * wanted);
            let scaled = |values: &dyn Fn(usize, usize) -> f64| {
                let mut others = first.clone();
                for (value, row) in others.values_mut().chunks_exact_mut(members).enumerate() {
                    row.iter_mut().enumerate().for_each(|(member, other)| *other = values(value, member));
                }
                component_of(&build).advance_ensemble(&mut others, 0).expect("a truncation");
                let share = wanted / spread(&others);
                let mut mean = climate.mean();
                others.mean(&mut mean).expect("lengths");
                for ((row, mean), centre) in
                    others.values_mut().chunks_exact_mut(members).zip(&mean).zip(climate.mean())
                {
                    row.iter_mut().for_each(|value| *value = centre + share * (*value - mean));
                }
                others
            };
            let mut noise = vec![0.0; start.len() * members];
            random::normals(11, [0; 3], &mut noise);
            // Noise of the climate's deviation in each value, and states of the climate.
            let deviation = climate.deviation();
            let noise = scaled(&|value, member| deviation[value] * noise[value * members + member]);
            let states = of_climate(&climate, members, 3).expect("members");
            let states = scaled(&|value, member| states.values()[value * members + member]);
            let mut growth = |mut ensemble: Ensemble<f64>| {
                let before = spread(&ensemble);
                component.advance_ensemble(&mut ensemble, STEPS).expect("a run");
                spread(&ensemble) / before
            };
            let [ours, noise, states] = [first, noise, states].map(&mut growth);
            assert!(ours > 1.5 * noise && ours > 1.5 * states, "{ours} {noise} {states}");
        }
    }

    fn component_of<C: Component>(build: &dyn Fn() -> Result<C>) -> C {
        build().expect("a model")
    }
}
