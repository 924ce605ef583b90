//! The total-energy norm against sums over the grid, and the perturbations that grow most in it.

use terrella_coupling::trajectory::Propagator;
use terrella_dycore::primitive::linear::total_energy_norm;
use terrella_dycore::singular_vectors::{Accuracy, Settings, SingularVectors};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::{Transform, Truncation};
use terrella_kernels::vertical::Layer;

use super::runs::{Run, configuration, dense, dry, moist};

const TEMPERATURE: f64 = 270.0;
const LATENT_HEAT: f64 = 2.5e6;

#[test]
fn energy_is_the_mean_over_the_grid() {
    let configuration = configuration(10, "L19");
    let run = Run::<f64>::new(moist(configuration.clone()), false, 0);
    let configuration = { run.linear.model().configuration().clone() };
    let perturbation = dense::<f64>(&run.state_fields(), 1);
    let (levels, points) = (configuration.levels.count(), configuration.grid.points());
    let mut transform = Transform::<f64>::new(&configuration.grid, Truncation::new(10), Device::Cpu).unwrap();
    let fields = run.state_fields();
    let spectrum =
        |number: usize| Buffer::from_slice(Device::Cpu, &perturbation[fields[number].1.clone()]).unwrap();
    let zeros = |count: usize| Buffer::<f64>::zeros(Device::Cpu, count * points).unwrap();
    let (mut u, mut v, mut temperature) = (zeros(levels), zeros(levels), zeros(levels));
    let (mut pressure, mut tracers) = (zeros(1), zeros(2 * levels));
    transform.wind_synthesis(levels, &spectrum(0), &spectrum(1), &mut u, &mut v).unwrap();
    transform.synthesis(levels, &spectrum(2), &mut temperature).unwrap();
    transform.synthesis(1, &spectrum(3), &mut pressure).unwrap();
    // Spectra of tracers are by tracer and level, as are the fields.
    transform.synthesis(2 * levels, &spectrum(4), &mut tracers).unwrap();

    let values = [u, v, temperature, tracers].map(|field| field.to_vec().unwrap());
    let pressure = pressure.to_vec().unwrap();
    let layers = Layer::all(&configuration.levels, configuration.reference_surface_pressure);
    let heat = configuration.heat_capacity;
    let factors = [1.0, 1.0, heat / TEMPERATURE, 0.3 * LATENT_HEAT * LATENT_HEAT / (heat * TEMPERATURE)];
    let total: f64 = configuration.grid.rings().iter().map(|ring| ring.weight).sum();
    let mut expected = 0.0;
    for ring in configuration.grid.rings() {
        let weight = ring.weight / (total * ring.points as f64);
        for point in ring.offset..ring.offset + ring.points {
            let mut energy = configuration.gas_constant * TEMPERATURE * pressure[point].powi(2);
            for (level, layer) in layers.iter().enumerate() {
                let share = layer.thickness / configuration.reference_surface_pressure;
                for (field, factor) in values.iter().zip(factors) {
                    energy += share * factor * field[level * points + point].powi(2);
                }
            }
            expected += 0.5 * weight * energy;
        }
    }

    let norm = total_energy_norm(&configuration, TEMPERATURE, 0.3 * LATENT_HEAT * LATENT_HEAT).unwrap();
    assert_eq!(norm.len(), perturbation.len());
    let got: f64 = norm.iter().zip(&perturbation).map(|(weight, value)| weight * value * value).sum();
    assert!((got / expected - 1.0).abs() < 1e-12, "{got} and {expected}");
    assert!(total_energy_norm(&configuration, 0.0, 0.0).is_err());
    assert!(total_energy_norm(&configuration, TEMPERATURE, -1.0).is_err());
}

#[test]
fn singular_vectors_grow_most_and_stay_orthogonal() {
    let mut run = Run::<f64>::new(dry(configuration(10, "sigma5")), true, 0);
    let norm = total_energy_norm(run.linear.model().configuration(), TEMPERATURE, 0.0).unwrap();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).zip(&norm).map(|((a, b), e)| a * b * e).sum::<f64>();
    let other = dense::<f64>(&run.state_fields(), 9);
    let budget = 40 * run.memory.len() * size_of::<f64>();
    // Twelve hours.
    let mut propagator = Propagator::new(&mut run.linear, &run.state, 36, budget).unwrap();
    let accuracy = Accuracy { tolerance: 1e-3, products: 30 };
    let settings = Settings { count: 3, initial_norm: &norm, final_norm: &norm, accuracy, seed: 1 };
    let found = SingularVectors::of_run(&mut propagator, &settings).unwrap();
    println!("growth {:?} after {} products", found.growth, found.products);
    assert!(found.growth[0] > 1.0, "{:?}", found.growth);
    for a in 0..3 {
        for b in 0..=a {
            let expected = if a == b { 1.0 } else { 0.0 };
            let initial = product(&found.initial[a], &found.initial[b]);
            assert!((initial - expected).abs() < 1e-10, "{a} {b}: {initial}");
            let evolved = product(&found.evolved[a], &found.evolved[b]) / (found.growth[a] * found.growth[b]);
            assert!((evolved - expected).abs() < 1e-2, "{a} {b}: {evolved}");
        }
    }
    // Noise, most of which is gravity waves, grows less.
    let mut last = other.clone();
    propagator.tangent(&mut last).unwrap();
    assert!(product(&last, &last) < found.growth[2].powi(2) * product(&other, &other));
}
