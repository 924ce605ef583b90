//! Spectral covariances against the theory of isotropic fields, their adjoints, and what samples tell of them.

use super::*;
use crate::assimilation::{Composition, Ensemble, adjoint_error};
use crate::constants::{EARTH_RADIUS, EARTH_ROTATION};
use crate::grid::Grid;
use crate::random;
use crate::spectral::HostTransform;

const TOTAL: usize = 15;

/// Positive definite matrices of levels that get narrower with n.
fn block(name: &str, levels: usize, variance: f64) -> SpectralBlock {
    let mut covariances = Vec::new();
    for n in 0..=TOTAL {
        let weight = variance * (-(n as f64 / 6.0).powi(2)).exp() + 1e-3 * variance;
        for l in 0..levels {
            for k in 0..levels {
                let width = 2.0 / (1.0 + 0.1 * n as f64);
                let distance = (l as f64 - k as f64) / width;
                covariances.push(
                    weight
                        * (1.0 + 0.2 * l as f64)
                        * (1.0 + 0.2 * k as f64)
                        * (-0.5 * distance * distance).exp(),
                );
            }
        }
    }
    SpectralBlock::new(name, levels, covariances).expect("covariances")
}

/// Vorticity, a mass with two levels more in linear balance with it, and a third variable by itself.
fn balanced() -> Vec<SpectralBlock> {
    let regression: Vec<f64> = (0..(TOTAL + 1) * 4 * 2).map(|i| 1e-3 * ((i % 7) as f64 - 3.0)).collect();
    let mut vorticity = block("vorticity", 2, 1e-11).covariances().to_vec();
    vorticity[..4].fill(0.0);
    vec![
        SpectralBlock::new("vorticity", 2, vorticity).expect("covariances"),
        block("temperature", 4, 0.5).with_balance(Balance::new(0, Predictor::LinearBalance, regression)),
        block("humidity", 3, 2.0).with_balance(Balance::new(
            0,
            Predictor::Identity,
            vec![50.0; (TOTAL + 1) * 6],
        )),
    ]
}

fn covariance<R: Real>(blocks: Vec<SpectralBlock>) -> SpectralCovariance<R> {
    SpectralCovariance::new(Truncation::new(TOTAL), blocks, EARTH_RADIUS, EARTH_ROTATION).expect("blocks")
}

fn grid() -> Grid {
    "F12".parse().expect("a grid")
}

/// P_n(x), n = 0 to `TOTAL`.
fn legendre(x: f64) -> Vec<f64> {
    let mut values = vec![1.0, x];
    for n in 1..TOTAL {
        let next = ((2 * n + 1) as f64 * x * values[n] - n as f64 * values[n - 1]) / (n + 1) as f64;
        values.push(next);
    }
    values
}

#[test]
fn covariances_of_points_are_sums_of_legendre_polynomials() {
    let levels = 3;
    let definition = block("temperature", levels, 1.0);
    let transform = HostTransform::<f64>::new(&grid(), Truncation::new(TOTAL)).expect("a transform");
    let points = grid().points();
    let mut root =
        Composition::new(covariance(vec![definition.clone()]), GridFields::new(transform, vec![levels]))
            .expect("lengths");
    let coordinates: Vec<[f64; 3]> = grid()
        .rings()
        .iter()
        .flat_map(|ring| {
            (0..ring.points).map(move |point| {
                let (sine, turn) =
                    (ring.sine_latitude, std::f64::consts::TAU * point as f64 / ring.points as f64);
                let cosine = (1.0 - sine * sine).sqrt();
                [cosine * turn.cos(), cosine * turn.sin(), sine]
            })
        })
        .collect();
    for (level, point) in [(1, 5 * 48 + 7), (2, 47)] {
        let (mut column, mut control) = (vec![0.0; levels * points], vec![0.0; root.input_len()]);
        column[level * points + point] = 1.0;
        root.apply_adjoint(&column, &mut control).expect("lengths");
        root.apply(&control, &mut column).expect("lengths");
        for (place, ours) in column.iter().enumerate() {
            let (other, there) = (place / points, place % points);
            let angle: f64 = coordinates[point].iter().zip(&coordinates[there]).map(|(a, b)| a * b).sum();
            let expected: f64 = legendre(angle)
                .iter()
                .enumerate()
                .map(|(n, p)| {
                    (2 * n + 1) as f64 * definition.covariances()[(n * levels + level) * levels + other] * p
                })
                .sum();
            assert!((ours - expected).abs() < 1e-11, "{place}: {ours}, expected {expected}");
        }
        // The variance is the same everywhere.
        let variance = definition.deviations()[level].powi(2);
        assert!((column[level * points + point] - variance).abs() < 1e-11);
    }
}

#[test]
fn all_factors_have_their_adjoints() {
    let points = grid().points();
    let mut plain = covariance::<f64>(balanced());
    assert!(adjoint_error(&mut plain, 1).expect("lengths") < 1e-12);
    let deviations: Vec<f64> = (0..4 * points).map(|i| 1.0 + 0.5 * (i as f64 * 0.37).sin()).collect();
    plain.set_deviations(1, &grid(), deviations.clone()).expect("deviations");
    assert!(adjoint_error(&mut plain, 2).expect("lengths") < 1e-12);
    let transform = HostTransform::new(&grid(), Truncation::new(TOTAL)).expect("a transform");
    let mut all = Composition::new(plain, GridFields::new(transform, vec![2, 4, 3])).expect("lengths");
    assert!(adjoint_error(&mut all, 3).expect("lengths") < 1e-12);
    let mut single = covariance::<f32>(balanced());
    let deviations: Vec<f32> = deviations.iter().map(|value| *value as f32).collect();
    single.set_deviations(1, &grid(), deviations).expect("deviations");
    assert!(adjoint_error(&mut single, 4).expect("lengths") < 1e-5);
}

#[test]
fn deviations_on_a_grid_are_those_of_increments() {
    // σ that changes slowly: local variances of increments are σ², up to how much σ changes within a correlation length.
    let (levels, points) = (2, grid().points());
    let mut root = covariance::<f64>(vec![block("temperature", levels, 7.0)]);
    let rings = grid();
    let of_ring = |sine: f64| 2.0 + sine;
    let values: Vec<f64> = (0..levels)
        .flat_map(|_| rings.rings().iter().flat_map(|ring| vec![of_ring(ring.sine_latitude); ring.points]))
        .collect();
    root.set_deviations(0, &rings, values.clone()).expect("deviations");
    let transform = HostTransform::new(&rings, Truncation::new(TOTAL)).expect("a transform");
    let mut all = Composition::new(root, GridFields::new(transform, vec![levels])).expect("lengths");
    for point in [24, 5 * 48 + 7, 12 * 48, 20 * 48 + 30] {
        let (mut column, mut control) = (vec![0.0; levels * points], vec![0.0; all.input_len()]);
        column[points + point] = 1.0;
        all.apply_adjoint(&column, &mut control).expect("lengths");
        all.apply(&control, &mut column).expect("lengths");
        let ratio = column[points + point] / values[point].powi(2);
        assert!((ratio - 1.0).abs() < 0.03, "{point}: {ratio}");
    }
    // Samples tell them: zonal means of the noisy estimate.
    let members = 40;
    let mut root = covariance::<f64>(vec![block("temperature", levels, 7.0)]);
    root.set_deviations(0, &rings, values.clone()).expect("deviations");
    let (mut control, mut samples) =
        (vec![0.0; root.input_len()], vec![vec![0.0; root.output_len()]; members]);
    for (member, sample) in samples.iter_mut().enumerate() {
        random::normals(3, [member as u32, 0, 0], &mut control);
        root.apply(&control, sample).expect("lengths");
    }
    let slices: Vec<&[f64]> = samples.iter().map(Vec::as_slice).collect();
    let ensemble = Ensemble::of_states(&slices).expect("states");
    let found = root.estimate_deviations(0, &rings, &ensemble).expect("deviations");
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    // A hemisphere has some 30 independent places, and each an error of 1/√(2·39).
    for half in [0..points / 2, points / 2..points] {
        let ratio = mean(&found[half.clone()]) / mean(&values[half]);
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    }
    let mut root = covariance::<f64>(vec![block("temperature", levels, 7.0)]);
    assert!(root.estimate_deviations(1, &rings, &ensemble).is_err());
    assert!(root.set_deviations(0, &rings, vec![-1.0; levels * points]).is_err());
    assert!(root.set_deviations(1, &rings, values.clone()).is_err());
    assert!(root.set_deviations(0, &rings, values[1..].to_vec()).is_err());
}

#[test]
fn linear_balance_is_that_of_solid_body_rotation_and_symmetric() {
    // u = U cos φ: ζ = 2U μ/a, Φ = const − a Ω U μ², and P̄_1 = √3 μ, P̄_2 = √5 (3μ² − 1)/2.
    let truncation = Truncation::new(4);
    let balance = LinearBalance::new(truncation, EARTH_RADIUS, EARTH_ROTATION).expect("a balance");
    let (mut vorticity, mut geopotential) =
        (vec![0.0; truncation.spectrum_len(1)], vec![0.0; truncation.spectrum_len(1)]);
    let wind = 20.0;
    vorticity[2 * truncation.index(0, 1)] = 2.0 * wind / EARTH_RADIUS / 3f64.sqrt();
    balance.geopotential(1, &vorticity, &mut geopotential);
    let expected = -EARTH_RADIUS * EARTH_ROTATION * wind * (2.0 / 3.0) / 5f64.sqrt();
    for (place, value) in geopotential.iter().enumerate() {
        let expected = if place == 2 * truncation.index(0, 2) { expected } else { 0.0 };
        assert!((value - expected).abs() < 1e-9, "{place}: {value}, expected {expected}");
    }
    assert!(LinearBalance::new(truncation, 0.0, EARTH_ROTATION).is_err());
}

#[test]
fn linear_balance_is_the_divergence_of_the_coriolis_force() {
    // ∇²Φ = ∇·(f ∇ψ) of a random streamfunction, by transforms on a grid that has room for the product.
    let truncation = Truncation::new(TOTAL);
    let grid: Grid = "F24".parse().expect("a grid");
    let mut stream = vec![0.0_f64; truncation.spectrum_len(1)];
    random::normals(6, [0; 3], &mut stream);
    for (place, (m, n)) in truncation.wavenumbers().enumerate() {
        if n == 0 || n == TOTAL {
            stream[2 * place..2 * place + 2].fill(0.0);
        }
        if m == 0 {
            stream[2 * place + 1] = 0.0;
        }
    }
    let mut transform = HostTransform::<f64>::new(&grid, truncation).expect("a transform");
    let points = grid.points();
    let (mut east, mut north) = (vec![0.0; points], vec![0.0; points]);
    transform.gradient_synthesis(1, &stream, &mut east, &mut north).expect("lengths");
    let sines = grid.rings().iter().flat_map(|ring| vec![ring.sine_latitude; ring.points]);
    for (point, sine) in sines.enumerate() {
        let f = 2.0 * EARTH_ROTATION * sine;
        east[point] *= f;
        north[point] *= f;
    }
    let (mut curl, mut divergence) = (stream.clone(), stream.clone());
    transform.wind_analysis(1, &east, &north, &mut curl, &mut divergence).expect("lengths");
    let factor = |n: usize| -((n * (n + 1)) as f64) / EARTH_RADIUS.powi(2);
    let mut vorticity = stream.clone();
    for (place, (_, n)) in truncation.wavenumbers().enumerate() {
        vorticity[2 * place] *= factor(n);
        vorticity[2 * place + 1] *= factor(n);
    }
    let balance = LinearBalance::new(truncation, EARTH_RADIUS, EARTH_ROTATION).expect("a balance");
    let mut geopotential = stream.clone();
    balance.geopotential(1, &vorticity, &mut geopotential);
    let largest = divergence.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (place, (m, n)) in truncation.wavenumbers().enumerate() {
        for part in 0..2 {
            let ours = factor(n) * geopotential[2 * place + part];
            let expected = divergence[2 * place + part];
            assert!(
                (ours - expected).abs() < 1e-11 * largest,
                "m = {m}, n = {n}: {ours}, expected {expected}"
            );
        }
    }
}

#[test]
fn samples_tell_the_covariance_that_made_them() {
    let members = 60;
    let mut generator = covariance::<f64>(balanced());
    let len = generator.output_len();
    let mut states = vec![vec![0.0; len]; members];
    let mut control = vec![0.0; len];
    for (member, state) in states.iter_mut().enumerate() {
        random::normals(12, [member as u32, 0, 0], &mut control);
        generator.apply(&control, state).expect("lengths");
    }
    let shape = [
        ("vorticity", 2, None),
        ("temperature", 4, Some((0, Predictor::LinearBalance))),
        ("humidity", 3, Some((0, Predictor::Identity))),
    ];
    let new = || {
        SpectralEstimate::new(Truncation::new(TOTAL), &shape, EARTH_RADIUS, EARTH_ROTATION).expect("blocks")
    };
    let mut of_ensemble = new();
    let slices: Vec<&[f64]> = states.iter().map(Vec::as_slice).collect();
    of_ensemble.add_ensemble(&Ensemble::of_states(&slices).expect("states")).expect("lengths");
    let mut of_lags = new();
    for pair in states.chunks(2) {
        of_lags.add_lagged(&pair[0], &pair[1]).expect("lengths");
    }
    for (estimate, degrees) in [(of_ensemble, 59.0), (of_lags, 30.0)] {
        let blocks = estimate.blocks(1e-10).expect("samples");
        for (ours, expected) in blocks.iter().zip(balanced()) {
            let levels = ours.levels();
            for n in 1..=TOTAL {
                // Five standard errors of a variance.
                let tolerance = 5.0 * (2.0 / (degrees * (2 * n + 1) as f64)).sqrt();
                for l in 0..levels {
                    for k in 0..levels {
                        let at = |l: usize, k: usize| (n * levels + l) * levels + k;
                        let [ours, true_value] = [ours, &expected].map(|block| block.covariances()[at(l, k)]);
                        let size =
                            (expected.covariances()[at(l, l)] * expected.covariances()[at(k, k)]).sqrt();
                        assert!(
                            (ours - true_value).abs() < tolerance * size,
                            "{}, n = {n}: {ours}, expected {true_value}",
                            expected.name()
                        );
                    }
                }
            }
            // What is explained has large variance beside what is not for the mass; its regression is found closely.
            if let (Some(ours), Some(expected)) = (ours.balance(), expected.balance()) {
                assert_eq!((ours.with(), ours.predictor()), (expected.with(), expected.predictor()));
            }
        }
        // The estimate is a covariance, and taking the balance out leaves what has none.
        let mut estimated = covariance::<f64>(blocks);
        assert!(adjoint_error(&mut estimated, 1).expect("lengths") < 1e-12);
    }
    let mut state = states[0].clone();
    generator.remove_balance(&mut state).expect("lengths");
    random::normals(12, [0, 0, 0], &mut control);
    let mut unbalanced = vec![0.0; len];
    let mut without: Vec<SpectralBlock> = balanced();
    for block in &mut without {
        *block = SpectralBlock::new(block.name(), block.levels(), block.covariances().to_vec())
            .expect("covariances");
    }
    covariance::<f64>(without).apply(&control, &mut unbalanced).expect("lengths");
    for (ours, expected) in state.iter().zip(&unbalanced) {
        assert!((ours - expected).abs() < 1e-9);
    }
}

#[test]
fn regressions_are_exact_where_nothing_else_varies() {
    let mut blocks = balanced();
    let silent = SpectralBlock::new("temperature", 4, vec![0.0; (TOTAL + 1) * 16]).expect("covariances");
    blocks[1] = silent.with_balance(blocks[1].balance().expect("a balance").clone());
    let mut generator = covariance::<f64>(blocks.clone());
    let len = generator.output_len();
    let shape = [
        ("vorticity", 2, None),
        ("temperature", 4, Some((0, Predictor::LinearBalance))),
        ("humidity", 3, None),
    ];
    let mut estimate =
        SpectralEstimate::new(Truncation::new(TOTAL), &shape, EARTH_RADIUS, EARTH_ROTATION).expect("blocks");
    let (mut control, mut state) = (vec![0.0; len], vec![0.0; len]);
    for sample in 0..6 {
        random::normals(13, [sample, 0, 0], &mut control);
        generator.apply(&control, &mut state).expect("lengths");
        estimate.add_lagged(&state, &vec![0.0; len]).expect("lengths");
    }
    let found = estimate.blocks(1e-12).expect("samples");
    let [ours, expected] =
        [&found[1], &blocks[1]].map(|block| block.balance().expect("a balance").regression());
    // The mean has no predictor.
    for (place, (ours, expected)) in ours.iter().zip(expected).enumerate().skip(8) {
        assert!((ours - expected).abs() < 1e-9, "{place}: {ours}, expected {expected}");
    }
    assert!(found[1].covariances().iter().all(|value| value.abs() < 1e-9));
}

#[test]
fn impossible_blocks_are_refused() {
    let make = |blocks| {
        let made =
            SpectralCovariance::<f64>::new(Truncation::new(TOTAL), blocks, EARTH_RADIUS, EARTH_ROTATION);
        made.map(|_| ()).expect_err("refused")
    };
    let mut indefinite = block("temperature", 2, 1.0).covariances().to_vec();
    indefinite[0] = -1.0;
    let error = make(vec![SpectralBlock::new("temperature", 2, indefinite).expect("numbers")]);
    assert!(
        matches!(&error, Error::ImpossibleCovariance { name, .. } if name == "temperature, n = 0"),
        "{error}"
    );
    assert!(matches!(
        make(vec![SpectralBlock::new("short", 2, vec![1.0; 4]).expect("numbers")]),
        Error::LengthMismatch { .. }
    ));
    let with_itself = Balance::new(0, Predictor::Identity, vec![0.0; (TOTAL + 1) * 4]);
    let error = make(vec![block("vorticity", 2, 1.0).with_balance(with_itself)]);
    assert!(error.to_string().contains("another block, without a balance of its own"), "{error}");
    assert!(SpectralBlock::new("none", 0, Vec::new()).is_err());
    assert!(SpectralBlock::new("nan", 1, vec![f64::NAN]).is_err());
    assert!(SpectralBlock::separable("zero", &[1.0], &[1.0], &[0.0; 4]).is_err());
    let separable = SpectralBlock::separable("mass", &[2.0, 3.0], &[1.0, 0.5, 0.5, 1.0], &[0.0, 1.0, 0.5])
        .expect("numbers");
    let deviations = separable.deviations();
    assert!((deviations[0] - 2.0).abs() < 1e-14 && (deviations[1] - 3.0).abs() < 1e-14);
    let sum: f64 =
        separable.correlation_spectrum(1).iter().enumerate().map(|(n, c)| (2 * n + 1) as f64 * c).sum();
    assert!((sum - 1.0).abs() < 1e-14);
    let shape = [("vorticity", 1, None)];
    let estimate =
        SpectralEstimate::new(Truncation::new(1), &shape, EARTH_RADIUS, EARTH_ROTATION).expect("blocks");
    assert!(estimate.blocks(1e-6).is_err());
    let shape = [("vorticity", 1, Some((0, Predictor::Identity)))];
    assert!(SpectralEstimate::new(Truncation::new(1), &shape, EARTH_RADIUS, EARTH_ROTATION).is_err());
}
