//! Tangent linear models are the limit of differences, adjoints their transposes, and singular vectors what grows most.

use crate::common;
use crate::devices;
use std::f64::consts::PI;

use terrella_coupling::trajectory::Propagator;
use terrella_coupling::{Component, Linearised};
use terrella_dycore::kuramoto_sivashinsky::KuramotoSivashinsky;
use terrella_dycore::low_order::{Lorenz63, Lorenz96, LowOrderModel};
use terrella_dycore::quasi_geostrophic::{self, QuasiGeostrophic};
use terrella_dycore::shallow_water::linear::{LinearisedShallowWater, TwoLevels, total_energy_norm};
use terrella_dycore::shallow_water::{Configuration, RelaxationTimes, ShallowWater, SpectralState};
use terrella_dycore::singular_vectors::{Accuracy, Settings, SingularVectors, perturb};
use terrella_kernels::Real;
use terrella_kernels::assimilation::{Ensemble, symmetric};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::random::normals;

/// Bytes for so many memories of a model.
fn room<M: Component>(model: &M, memories: usize) -> usize {
    memories * model.memory_len() * size_of::<M::Real>()
}

/// Normal deviates over the root of the weights: all parts of a state count the same.
fn random<R: Real>(number: u32, weights: &[f64]) -> Vec<R> {
    let mut values = vec![0.0; weights.len()];
    normals(5, [number, 0, 0], &mut values);
    let scaled = |(value, weight): (&f64, &f64)| if *weight == 0.0 { 0.0 } else { value / weight.sqrt() };
    values.iter().zip(weights).map(|pair| R::from_f64(scaled(pair))).collect()
}

fn product<R: Real>(a: &[R], b: &[R], weights: &[f64]) -> f64 {
    a.iter().zip(b).zip(weights).map(|((a, b), weight)| a.to_f64() * b.to_f64() * weight).sum()
}

fn sum<R: Real>(a: &[R], factor: f64, b: &[R]) -> Vec<R> {
    a.iter().zip(b).map(|(a, b)| *a + R::from_f64(factor) * *b).collect()
}

/// Σ w·M′dx = Σ dx·M′ᵀw, for a w that is like the image of dx and for a random one.
fn adjoint_is_transpose<M: Linearised>(
    model: &mut M,
    first: &[M::Real],
    steps: usize,
    weights: &[f64],
    tolerance: f64,
) {
    // Less room than steps, so that states are computed again.
    let budget = room(model, 5);
    let mut run = Propagator::new(model, first, steps, budget).expect("a run");
    let ones = vec![1.0; weights.len()];
    let perturbation = random::<M::Real>(1, weights);
    let mut image = perturbation.clone();
    run.tangent(&mut image).expect("a tangent run");
    let like_image: Vec<M::Real> =
        image.iter().zip(weights).map(|(value, weight)| *value * M::Real::from_f64(*weight)).collect();
    let inverse: Vec<f64> =
        weights.iter().map(|weight| if *weight == 0.0 { 0.0 } else { 1.0 / weight }).collect();
    let size = |values: &[M::Real], weights: &[f64]| product(values, values, weights).sqrt();
    for sensitivity in [like_image, random(2, &inverse)] {
        let mut back = sensitivity.clone();
        run.adjoint(&mut back).expect("an adjoint run");
        let (left, right) = (product(&sensitivity, &image, &ones), product(&perturbation, &back, &ones));
        let scale = size(&sensitivity, &inverse) * size(&image, weights);
        assert!((left - right).abs() <= tolerance * scale, "{left:e} {right:e} of {scale:e}");
        assert!(scale > 0.0);
    }
}

/// |M(x + ε dx) − M(x) − ε M′dx| / |ε M′dx| falls with ε over six decades.
fn tangent_is_limit<M: Linearised<Real = f64>>(
    model: &mut M,
    first: &[f64],
    steps: usize,
    weights: &[f64],
    amplitude: f64,
) {
    let perturbation: Vec<f64> = random(3, weights).iter().map(|value: &f64| amplitude * value).collect();
    let mut image = perturbation.clone();
    let last = {
        let budget = room(model, steps + 1);
        let mut run = Propagator::new(model, first, steps, budget).expect("a run");
        run.tangent(&mut image).expect("a tangent run");
        run.last_state().to_vec()
    };
    let size = |values: &[f64]| product(values, values, weights).sqrt();
    let errors: Vec<f64> = (0..7)
        .map(|decade| {
            let factor = 0.1_f64.powi(decade);
            let mut state = sum(first, factor, &perturbation);
            model.advance(&mut state, steps).expect("a run");
            let change = sum(&state, -1.0, &last);
            size(&sum(&change, -factor, &image)) / (factor * size(&image))
        })
        .collect();
    assert!(errors[0] < 0.5, "{errors:?}");
    for pair in errors.windows(2) {
        let fall = pair[0] / pair[1];
        assert!((8.0..12.5).contains(&fall), "{errors:?}");
    }
}

/// The tangent linear and adjoint runs of f32 are those of f64 up to rounding.
fn single_precision_agrees<S: Linearised<Real = f32>, D: Linearised<Real = f64>>(
    single: &mut S,
    double: &mut D,
    first: &[f64],
    steps: usize,
    weights: &[f64],
    tolerance: f64,
) {
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
    let (budget, start) = (room(single, steps + 1), narrow(first));
    let mut in_single = Propagator::new(single, &start, steps, budget).expect("a run");
    let budget = room(double, steps + 1);
    let mut in_double = Propagator::new(double, first, steps, budget).expect("a run");
    let inverse: Vec<f64> =
        weights.iter().map(|weight| if *weight == 0.0 { 0.0 } else { 1.0 / weight }).collect();
    for adjoint in [false, true] {
        let norm = if adjoint { &inverse } else { weights };
        let mut expected: Vec<f64> = random(4, norm);
        let mut got = narrow(&expected);
        if adjoint {
            in_double.adjoint(&mut expected).expect("an adjoint run");
            in_single.adjoint(&mut got).expect("an adjoint run");
        } else {
            in_double.tangent(&mut expected).expect("a tangent run");
            in_single.tangent(&mut got).expect("a tangent run");
        }
        let error = sum(&wide(&got), -1.0, &expected);
        let error = (product(&error, &error, norm) / product(&expected, &expected, norm)).sqrt();
        assert!(error < tolerance, "adjoint {adjoint}: {error:e}");
        eprintln!("{} adjoint {adjoint}: {error:.1e}", std::any::type_name::<S>());
    }
}

fn lorenz_96<R: Real>(variables: usize) -> (LowOrderModel<Lorenz96<R>, R>, Vec<R>) {
    let equations = Lorenz96::new(variables, R::from_f64(8.0)).expect("variables");
    let mut model = LowOrderModel::new(equations, R::from_f64(0.05)).expect("a model");
    let mut state: Vec<R> = (0..variables).map(|i| R::from_f64(8.0 + 0.1 * ((i * i) as f64).sin())).collect();
    model.advance(&mut state, 200).expect("a run");
    (model, state)
}

#[test]
fn low_order_models() {
    let mut model = LowOrderModel::new(Lorenz63::default(), 0.01).expect("a model");
    let mut state = vec![1.0, 2.0, 20.0];
    model.advance(&mut state, 500).expect("a run");
    adjoint_is_transpose(&mut model, &state, 20, &[1.0; 3], 1e-12);
    tangent_is_limit(&mut model, &state, 20, &[1.0; 3], 1.0);
    for variables in [4, 5, 40] {
        let (mut model, state) = lorenz_96::<f64>(variables);
        let weights = vec![1.0; variables];
        adjoint_is_transpose(&mut model, &state, 12, &weights, 1e-12);
        tangent_is_limit(&mut model, &state, 8, &weights, 0.1);
    }
    // Roundings of f32 (6e-8) grow as perturbations do, tenfold in twenty steps.
    let ((mut single, _), (mut double, state)) = (lorenz_96::<f32>(40), lorenz_96::<f64>(40));
    single_precision_agrees(&mut single, &mut double, &state, 20, &[1.0; 40], 5e-6);
    let state: Vec<f32> = state.iter().map(|&value| value as f32).collect();
    adjoint_is_transpose(&mut single, &state, 12, &[1.0; 40], 1e-5);
}

#[test]
fn ensembles_go_side_by_side_as_alone() {
    let (mut model, state) = lorenz_96::<f64>(12);
    let states: Vec<Vec<f64>> = (0..3).map(|member| sum(&state, 0.1, &random(member, &[1.0; 12]))).collect();
    let mut ensemble =
        Ensemble::of_states(&states.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("states");
    model.advance_ensemble(&mut ensemble, 7).expect("a run");
    for (member, mut state) in states.into_iter().enumerate() {
        model.advance(&mut state, 7).expect("a run");
        let mut together = vec![0.0; 12];
        ensemble.read_member(member, &mut together).expect("a member");
        assert_eq!(state, together);
    }
}

#[test]
fn the_equation_of_kuramoto_and_sivashinsky() {
    let mut model = KuramotoSivashinsky::<f64>::published();
    let mut state: Vec<f64> =
        (0..128).map(|point| (f64::from(point) * PI / 64.0).cos() + 0.1 * f64::from(point % 7)).collect();
    model.advance(&mut state, 400).expect("a run");
    let weights = vec![1.0; 128];
    adjoint_is_transpose(&mut model, &state, 12, &weights, 1e-12);
    tangent_is_limit(&mut model, &state, 8, &weights, 0.1);
    let mut single = KuramotoSivashinsky::<f32>::published();
    // Errors of rounding in the quadratic term, over two units of time in which little grows.
    single_precision_agrees(&mut single, &mut model, &state, 8, &weights, 5e-6);
}

#[test]
fn the_quasi_geostrophic_model() {
    let configuration = quasi_geostrophic::Configuration { points: 65, ..Default::default() };
    let mut model = QuasiGeostrophic::<f64>::new(configuration).expect("a model");
    let place = |index: usize| index as f64 / 64.0;
    let mut state: Vec<f64> = (0..65 * 65)
        .map(|index| {
            let (x, y) = (place(index % 65), place(index / 65));
            20.0 * (PI * x).sin() * ((2.0 * PI * y).sin() + 0.5 * (3.0 * PI * x).sin() * (PI * y).sin())
        })
        .collect();
    model.advance(&mut state, 100).expect("a run");
    let weights = vec![1.0; 65 * 65];
    adjoint_is_transpose(&mut model, &state, 9, &weights, 1e-12);
    tangent_is_limit(&mut model, &state, 6, &weights, 2.0);
    let mut single = QuasiGeostrophic::<f32>::new(configuration).expect("a model");
    // What differences over 1/64 lose the solver gives back; the change in a step is small.
    single_precision_agrees(&mut single, &mut model, &state, 6, &weights, 2e-6);
}

/// A wavy flow over a hill, relaxed, with everything in it that a step has.
fn flow<R: Real>(device: Device, truncation: usize) -> (LinearisedShallowWater<R>, Vec<R>) {
    let configuration = Configuration::new(truncation).expect("settings");
    let gravity = configuration.gravity;
    let grid = configuration.grid.clone();
    let mut model = common::model_on::<R>(device, configuration, common::wavy_wind, common::wavy_depth);
    let hill = common::on_grid(&grid, |longitude, latitude| {
        gravity * 500.0 * (latitude.cos() * longitude.cos()).max(0.0).powi(4)
    });
    model.set_orography(&Buffer::from_slice(device, &hill).expect("memory")).expect("a hill");
    let values = 2 * model.coefficients();
    let reference = SpectralState::zeros(device, values).expect("memory");
    let times = RelaxationTimes { vorticity: Some(2e6), divergence: None, geopotential: Some(3e6) };
    model.set_relaxation(reference, times).expect("relaxation");
    // A little of everything, so that no coefficient is 0.
    let norm = total_energy_norm(model.configuration());
    let mut state = vec![R::ZERO; 3 * values];
    model.spectral_state().copy_to_host(&mut state).expect("a state");
    let noise = random::<f64>(9, &norm);
    for (value, noise) in state.iter_mut().zip(noise) {
        *value += R::from_f64(0.02 * noise);
    }
    model.advance(&mut state, 3).expect("a run");
    (LinearisedShallowWater::new(model).expect("memory"), state)
}

#[test]
fn shallow_water() {
    for (truncation, day) in [(21, 36), (42, 71)] {
        let (mut model, state) = flow::<f64>(Device::Cpu, truncation);
        let weights = total_energy_norm(model.model().configuration());
        // The first step alone, the second, and a day.
        for steps in [1, 2, day] {
            adjoint_is_transpose(&mut model, &state, steps, &weights, 1e-12);
            tangent_is_limit(&mut model, &state, steps, &weights, 0.05);
        }
    }
}

#[test]
fn shallow_water_in_single_precision() {
    let ((mut single, _), (mut double, state)) = (flow::<f32>(Device::Cpu, 21), flow::<f64>(Device::Cpu, 21));
    let weights = total_energy_norm(double.model().configuration());
    // A few roundings a step, half a day long.
    single_precision_agrees(&mut single, &mut double, &state, 18, &weights, 5e-6);
    let state: Vec<f32> = state.iter().map(|&value| value as f32).collect();
    adjoint_is_transpose(&mut single, &state, 1, &weights, 1e-5);
}

#[test]
fn shallow_water_on_gpus() {
    let (mut on_cpu, state) = flow::<f64>(Device::Cpu, 21);
    let weights = total_energy_norm(on_cpu.model().configuration());
    for device in devices::gpus() {
        let (mut model, _) = flow::<f32>(device, 21);
        single_precision_agrees(&mut model, &mut on_cpu, &state, 6, &weights, 5e-6);
    }
}

#[test]
fn levels_of_another_length_are_refused() {
    let model =
        ShallowWater::<f64>::new(Configuration::new(10).expect("settings"), Device::Cpu).expect("a model");
    let mut model = LinearisedShallowWater::new(model).expect("memory");
    let mut levels = TwoLevels::zeros(Device::Cpu, 7).expect("memory");
    assert!(model.tangent_step(&mut levels).expect_err("refused").to_string().contains("vorticity"));
    assert!(model.adjoint_step(&mut levels).is_err());
    let (mut memory, state) = (vec![0.0; model.memory_len()], vec![0.0; 3]);
    assert!(model.begin(&state, &mut memory).is_err());
    assert!(Linearised::tangent_step(&mut model, &state, 0, &mut memory).is_err());
}

#[test]
fn singular_vectors_of_lorenz_96_are_those_of_the_dense_matrix() {
    const SIZE: usize = 40;
    let (mut model, state) = lorenz_96::<f64>(SIZE);
    let budget = room(&model, 9);
    let mut run = Propagator::new(&mut model, &state, 8, budget).expect("a run");
    let columns: Vec<Vec<f64>> = (0..SIZE)
        .map(|column| {
            let mut unit = vec![0.0; SIZE];
            unit[column] = 1.0;
            run.tangent(&mut unit).expect("a tangent run");
            unit
        })
        .collect();
    let ones = [1.0; SIZE];
    let mut square: Vec<f64> =
        columns.iter().flat_map(|a| columns.iter().map(|b| product(a, b, &ones))).collect();
    let mut values = vec![0.0; SIZE];
    symmetric::eigen(SIZE, &mut square, &mut values).expect("eigenvalues");
    let settings = Settings {
        count: 10,
        initial_norm: &ones,
        final_norm: &ones,
        accuracy: Accuracy { tolerance: 1e-9, products: SIZE },
        seed: 1,
    };
    let found = SingularVectors::of_run(&mut run, &settings).expect("singular vectors");
    assert!(found.converged);
    for (growth, exact) in found.growth.iter().zip(values.iter().rev()) {
        assert!((growth - exact.sqrt()).abs() < 1e-8 * growth, "{growth} {}", exact.sqrt());
    }
    let along = product(&found.initial[0], &square[(SIZE - 1) * SIZE..], &ones);
    assert!((along.abs() - 1.0).abs() < 1e-8, "{along}");
    let with = |norm: &[f64]| {
        SingularVectors::of_run(&mut run, &Settings { initial_norm: norm, ..settings }).map(|_| ())
    };
    let mut with = with;
    assert!(with(&[0.0; SIZE]).expect_err("refused").to_string().contains("initial_norm"));
    assert!(with(&[1.0; 3]).is_err());
}

#[test]
fn singular_vectors_of_shallow_water_are_orthogonal_and_grow_most() {
    let (mut model, state) = flow::<f64>(Device::Cpu, 21);
    let norm = total_energy_norm(model.model().configuration());
    let budget = room(&model, 20);
    let mut run = Propagator::new(&mut model, &state, 18, budget).expect("a run");
    let accuracy = Accuracy { tolerance: 1e-4, products: 40 };
    let settings = Settings { count: 4, initial_norm: &norm, final_norm: &norm, accuracy, seed: 2 };
    let found = SingularVectors::of_run(&mut run, &settings).expect("singular vectors");
    eprintln!("growth {:?} after {} products", found.growth, found.products);
    assert!(found.growth.is_sorted_by(|a, b| a >= b) && found.growth[0] > 1.0, "{:?}", found.growth);
    for number in 0..4 {
        for other in 0..=number {
            let expected = if number == other { 1.0 } else { 0.0 };
            let initial = product(&found.initial[number], &found.initial[other], &norm);
            assert!((initial - expected).abs() < 1e-10, "{number} {other}: {initial}");
            let evolved = product(&found.evolved[number], &found.evolved[other], &norm)
                / (found.growth[number] * found.growth[other]);
            assert!((evolved - expected).abs() < 1e-3, "{number} {other}: {evolved}");
        }
    }
    for number in 20..25 {
        let first = random::<f64>(number, &norm);
        let mut last = first.clone();
        run.tangent(&mut last).expect("a tangent run");
        let growth = (product(&last, &last, &norm) / product(&first, &first, &norm)).sqrt();
        assert!(growth < found.growth[3], "{growth}");
    }
}

#[test]
fn ensembles_of_singular_vectors_have_their_amplitude() {
    const MEMBERS: usize = 400;
    let ones = [1.0; 12];
    let (mut model, state) = lorenz_96::<f64>(12);
    let budget = room(&model, 9);
    let mut run = Propagator::new(&mut model, &state, 8, budget).expect("a run");
    let accuracy = Accuracy { tolerance: 1e-6, products: 12 };
    let settings = Settings { count: 3, initial_norm: &ones, final_norm: &ones, accuracy, seed: 1 };
    let vectors = SingularVectors::of_run(&mut run, &settings).expect("singular vectors");
    let mut ensemble = Ensemble::of_states(&[&state[..]; MEMBERS]).expect("states");
    perturb(&mut ensemble, &vectors, 0.5, 3).expect("perturbations");
    let mut mean = vec![0.0; 12];
    ensemble.mean(&mut mean).expect("a mean");
    assert!(sum(&mean, -1.0, &state).iter().all(|difference| difference.abs() < 1e-12));
    let (mut squares, mut member_state) = (0.0, vec![0.0; 12]);
    for member in 0..MEMBERS {
        ensemble.read_member(member, &mut member_state).expect("a member");
        let change = sum(&member_state, -1.0, &state);
        squares += product(&change, &change, &ones) / MEMBERS as f64;
    }
    // Five standard errors of the mean of 200 draws of 3 squares.
    assert!((squares / 0.25 - 1.0).abs() < 0.29, "{squares}");
    assert!(perturb(&mut ensemble, &vectors, -1.0, 3).is_err());
}
