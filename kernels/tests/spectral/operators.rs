//! Operators on spectra: Laplacian, filters, changes of truncation, power, energy and norms.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::degree_factors::{DegreeFactors, factors};
use terrella_kernels::spectral::power::SpectralPower;
use terrella_kernels::spectral::truncation_change::TruncationChange;
use terrella_kernels::spectral::{Transform, Truncation};
use terrella_kernels::{Element, Real};

use crate::devices;

const RADIUS: f64 = 6_371_229.0;

/// Uniform numbers in [−1, 1), always the same (a 64-bit linear congruential generator).
fn random<R: Real>(len: usize, seed: u64) -> Vec<R> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

/// Random coefficients with the imaginary parts of m = 0 set to 0.
fn random_spectrum<R: Real>(truncation: Truncation, fields: usize, seed: u64) -> Vec<R> {
    let mut spectrum = random(truncation.spectrum_len(fields), seed);
    for n in 0..=truncation.total() {
        spectrum[(2 * n + 1) * fields..(2 * n + 2) * fields].fill(R::ZERO);
    }
    spectrum
}

fn on<T: Element>(device: Device, values: &[T]) -> Buffer<T> {
    Buffer::from_slice(device, values).unwrap()
}

fn zeros<T: Element>(device: Device, len: usize) -> Buffer<T> {
    Buffer::zeros(device, len).unwrap()
}

fn dot<R: Real>(left: &[R], right: &[R]) -> f64 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(a, b)| a.to_f64() * b.to_f64()).sum()
}

/// ⟨A x, y⟩ = ⟨x, A* y⟩ up to the rounding of the sums.
fn assert_adjoint<R: Real>(what: &str, x: &[R], forward: &[R], y: &[R], backward: &[R]) {
    let (left, right) = (dot(forward, y), dot(x, backward));
    let scale = (dot(forward, forward) * dot(y, y)).sqrt();
    assert!(
        scale > 0.0 && (left - right).abs() <= 2.0 * R::EPSILON.to_f64() * scale,
        "{what}: {left} and {right}"
    );
}

fn factors_multiply_and_are_symmetric<R: Real>() {
    let truncation = Truncation::new(21);
    for device in devices::devices() {
        for fields in [1, 3] {
            let by_degree: Vec<f64> = random(22, 5);
            let operator = DegreeFactors::<R>::new(device, truncation, &by_degree).unwrap();
            let apply = |values: &[R]| {
                let mut result = zeros(device, values.len());
                operator.apply(fields, &on(device, values), &mut result).unwrap();
                result.to_vec().unwrap()
            };
            let [x, y] = [1, 2].map(|seed| random::<R>(truncation.spectrum_len(fields), seed));
            let forward = apply(&x);
            let degrees = truncation.wavenumbers().map(|(_, n)| n);
            for ((n, x), got) in degrees.zip(x.chunks(2 * fields)).zip(forward.chunks(2 * fields)) {
                for (x, got) in x.iter().zip(got) {
                    assert_eq!(*got, R::from_f64(by_degree[n]) * *x);
                }
            }
            assert_adjoint("factors", &x, &forward, &y, &apply(&y));
        }
    }
}

#[test]
fn factors_multiply_and_are_symmetric_f32() {
    factors_multiply_and_are_symmetric::<f32>();
}

#[test]
fn factors_multiply_and_are_symmetric_f64() {
    factors_multiply_and_are_symmetric::<f64>();
}

#[test]
fn the_laplacian_of_a_square_is_the_analytic_one() {
    // ∇² μ² = 2 (1 − 3μ²)/a².
    let truncation = Truncation::new(21);
    let laplacian = factors::laplacian(truncation, RADIUS).unwrap();
    let operator = DegreeFactors::<f64>::new(Device::Cpu, truncation, &laplacian).unwrap();
    let grid: Grid = "F16".parse().unwrap();
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    let squares: Vec<f64> = grid
        .rings()
        .iter()
        .flat_map(|ring| std::iter::repeat_n(ring.sine_latitude.powi(2), ring.points))
        .collect();
    let len = truncation.spectrum_len(1);
    let (mut spectrum, mut result) = (zeros(Device::Cpu, len), zeros(Device::Cpu, len));
    transform.analysis(1, &on(Device::Cpu, &squares), &mut spectrum).unwrap();
    operator.apply(1, &spectrum, &mut result).unwrap();
    let mut values = zeros(Device::Cpu, grid.points());
    transform.synthesis(1, &result, &mut values).unwrap();
    for (value, square) in values.to_vec().unwrap().into_iter().zip(squares) {
        let expected = 2.0 * (1.0 - 3.0 * square);
        assert!((value * RADIUS * RADIUS - expected).abs() < 1e-11, "{value} for μ² = {square}");
    }
}

#[test]
fn powers_of_the_laplacian_follow_the_laws_of_powers() {
    let truncation = Truncation::new(100);
    let power = |power: f64| factors::laplacian_power(truncation, RADIUS, power).unwrap();
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-14 * b.abs();
    let (laplacian, inverse) = (
        factors::laplacian(truncation, RADIUS).unwrap(),
        factors::inverse_laplacian(truncation, RADIUS).unwrap(),
    );
    assert_eq!(
        (laplacian[0], inverse[0], power(0.5)[0], power(-1.0)[0], power(0.0)[0]),
        (0.0, 0.0, 0.0, 0.0, 1.0)
    );
    for n in 1..=100 {
        assert!(close(laplacian[n] * inverse[n], 1.0));
        assert!(close(power(1.0)[n], -laplacian[n]) && close(power(-1.0)[n], -inverse[n]));
        assert!(close(power(0.5)[n].powi(2), -laplacian[n]));
        assert!(close(power(1.3)[n] * power(0.7)[n], laplacian[n].powi(2)));
        assert_eq!(power(0.0)[n], 1.0);
    }
}

#[test]
fn filters_keep_the_mean_and_damp_the_rest_as_written() {
    let truncation = Truncation::new(42);
    let exponential = factors::exponential(truncation, 36.0, 36.0).unwrap();
    let hyperdiffusion = factors::hyperdiffusion(truncation, 600.0, 7200.0, 4.0).unwrap();
    let gaussian = factors::gaussian(truncation, RADIUS, 500e3).unwrap();
    let sharp = factors::sharp(truncation, 21);
    let lanczos = factors::lanczos(truncation, 21);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a}, expected {b}");
    for filter in [&exponential, &hyperdiffusion, &gaussian, &sharp, &lanczos] {
        assert_eq!((filter.len(), filter[0]), (43, 1.0));
        assert!(filter.windows(2).all(|pair| pair[0] >= pair[1] && pair[1] >= 0.0), "{filter:?}");
    }
    near(exponential[42], (-36f64).exp());
    near(exponential[21], (-36.0 * 0.5f64.powi(36)).exp());
    near(hyperdiffusion[42], (-1f64 / 12.0).exp());
    near(hyperdiffusion[20], (-(420f64 / 1806.0).powi(4) / 12.0).exp());
    near(gaussian[10], (-0.5 * (500e3f64 / RADIUS).powi(2) * 110.0).exp());
    assert_eq!((sharp[21], sharp[22]), (1.0, 0.0));
    // Lanczos: sin(π/2)/(π/2) half-way to N + 1, and 0 from there on.
    near(lanczos[11], 2.0 / std::f64::consts::PI);
    assert_eq!(lanczos[22], 0.0);
    assert_eq!(factors::exponential(Truncation::new(0), 36.0, 36.0).unwrap(), [1.0]);
}

#[test]
fn gaussian_filters_add_their_variances() {
    // Smoothing twice with L is smoothing once with √2 L.
    let truncation = Truncation::new(30);
    let [once, wider] =
        [300e3, 300e3 * 2f64.sqrt()].map(|length| factors::gaussian(truncation, RADIUS, length).unwrap());
    for (once, wider) in once.iter().zip(&wider) {
        assert!((once * once - wider).abs() < 1e-15);
    }
}

fn changes_of_truncation_are_each_others_adjoints<R: Real>() {
    for device in devices::devices() {
        for (from, to) in [(21, 42), (42, 21), (13, 13), (0, 5)] {
            let (from, to, fields) = (Truncation::new(from), Truncation::new(to), 2);
            let change = TruncationChange::new(device, from, to).unwrap();
            let x = random::<R>(from.spectrum_len(fields), 1);
            let y = random::<R>(to.spectrum_len(fields), 2);
            let (mut forward, mut backward) = (zeros(device, y.len()), zeros(device, x.len()));
            change.apply(fields, &on(device, &x), &mut forward).unwrap();
            change.apply_adjoint(fields, &on(device, &y), &mut backward).unwrap();
            let (forward, backward) = (forward.to_vec().unwrap(), backward.to_vec().unwrap());
            for (m, n) in to.wavenumbers() {
                for lane in 0..2 * fields {
                    let kept = n <= from.total();
                    let expected = if kept { x[from.index(m, n) * 2 * fields + lane] } else { R::ZERO };
                    assert_eq!(forward[to.index(m, n) * 2 * fields + lane], expected, "({m}, {n})");
                }
            }
            assert_adjoint("change of truncation", &x, &forward, &y, &backward);
        }
    }
}

#[test]
fn changes_of_truncation_are_each_others_adjoints_f32() {
    changes_of_truncation_are_each_others_adjoints::<f32>();
}

#[test]
fn changes_of_truncation_are_each_others_adjoints_f64() {
    changes_of_truncation_are_each_others_adjoints::<f64>();
}

fn single_harmonics_have_the_power_of_their_degree<R: Real>() {
    let (truncation, fields) = (Truncation::new(15), 2);
    for device in devices::devices() {
        let mut plan = SpectralPower::<R>::new(device, truncation).unwrap();
        for (m, n, re, im) in
            [(0, 0, 3.0, 7.0), (0, 15, -2.0, 5.0), (1, 1, 0.5, -1.5), (15, 15, 2.0, 0.0), (7, 12, 0.0, 4.0)]
        {
            let mut spectrum = vec![R::ZERO; truncation.spectrum_len(fields)];
            let at = 2 * fields * truncation.index(m, n) + 1;
            spectrum[at] = R::from_f64(re);
            spectrum[at + fields] = R::from_f64(im);
            // An imaginary part of m = 0 has no meaning and counts as 0.
            let expected = if m == 0 { re * re } else { 2.0 * (re * re + im * im) };
            let spectrum = on(device, &spectrum);
            let mut power = zeros(device, 16 * fields);
            plan.power(fields, &spectrum, &mut power).unwrap();
            for (index, power) in power.to_vec().unwrap().into_iter().enumerate() {
                let (degree, field) = (index / fields, index % fields);
                let expected = if (degree, field) == (n, 1) { expected } else { 0.0 };
                assert_eq!(power.to_f64(), expected, "({m}, {n}) at n = {degree}, field {field}");
            }
            let norm = R::from_f64(expected.sqrt());
            assert_eq!(plan.norms(fields, &spectrum).unwrap(), [R::ZERO, norm]);
        }
    }
}

#[test]
fn single_harmonics_have_the_power_of_their_degree_f32() {
    single_harmonics_have_the_power_of_their_degree::<f32>();
}

#[test]
fn single_harmonics_have_the_power_of_their_degree_f64() {
    single_harmonics_have_the_power_of_their_degree::<f64>();
}

/// Global means of a product by the quadrature of a grid.
fn mean_product(grid: &Grid, left: &[f64], right: &[f64]) -> f64 {
    grid.rings()
        .iter()
        .map(|ring| {
            let points = ring.offset..ring.offset + ring.points;
            dot(&left[points.clone()], &right[points]) * ring.weight / ring.points as f64
        })
        .sum()
}

#[test]
fn parseval_holds_against_the_quadrature_of_the_grid() {
    let (truncation, fields) = (Truncation::new(31), 3);
    let grid: Grid = "F32".parse().unwrap();
    let spectrum = on(Device::Cpu, &random_spectrum::<f64>(truncation, fields, 9));
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    let mut values = zeros(Device::Cpu, fields * grid.points());
    transform.synthesis(fields, &spectrum, &mut values).unwrap();
    let mut plan = SpectralPower::new(Device::Cpu, truncation).unwrap();
    let norms = plan.norms(fields, &spectrum).unwrap();
    for (field, norm) in values.to_vec().unwrap().chunks(grid.points()).zip(norms) {
        let mean = mean_product(&grid, field, field);
        assert!((norm * norm / mean - 1.0).abs() < 1e-13, "{norm}² against {mean}");
    }
    // Weights by degree: those of the Laplacian's square root give the norm of the gradient, of size √(n(n+1)).
    let weights: Vec<f64> = (0..=31).map(|n| f64::from(n * (n + 1))).collect();
    plan.set_weights(&weights).unwrap();
    let mut power = zeros(Device::Cpu, 32 * fields);
    plan.power(fields, &spectrum, &mut power).unwrap();
    let power = power.to_vec().unwrap();
    for (field, norm) in plan.norms(fields, &spectrum).unwrap().into_iter().enumerate() {
        let expected: f64 = (0..32).map(|n| weights[n] * power[n * fields + field]).sum();
        assert!((norm * norm / expected - 1.0).abs() < 1e-14);
    }
}

#[test]
fn the_kinetic_energy_of_the_degrees_is_that_of_the_wind() {
    let (truncation, fields, radius) = (Truncation::new(31), 2, 3.0);
    let grid: Grid = "F48".parse().unwrap();
    let [vorticity, divergence] = [3, 4].map(|seed| {
        let mut spectrum = random_spectrum::<f64>(truncation, fields, seed);
        spectrum[..fields].fill(0.0);
        on(Device::Cpu, &spectrum)
    });
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    transform.set_radius(radius).unwrap();
    let mut plan = SpectralPower::new(Device::Cpu, truncation).unwrap();
    plan.set_radius(radius).unwrap();
    let [mut rotational, mut divergent] = [0; 2].map(|_| zeros::<f64>(Device::Cpu, 32 * fields));
    plan.kinetic_energy(fields, &vorticity, &divergence, &mut rotational, &mut divergent).unwrap();
    let none = zeros(Device::Cpu, vorticity.len());
    for (vorticity, divergence, energy) in [(&vorticity, &none, rotational), (&none, &divergence, divergent)]
    {
        let [mut u, mut v] = [0; 2].map(|_| zeros(Device::Cpu, fields * grid.points()));
        transform.wind_synthesis(fields, vorticity, divergence, &mut u, &mut v).unwrap();
        let (u, v, energy) = (u.to_vec().unwrap(), v.to_vec().unwrap(), energy.to_vec().unwrap());
        for field in 0..fields {
            let points = field * grid.points()..(field + 1) * grid.points();
            let [u, v] = [&u[points.clone()], &v[points]];
            let mean = 0.5 * (mean_product(&grid, u, u) + mean_product(&grid, v, v));
            let sum: f64 = energy.iter().skip(field).step_by(fields).sum();
            assert!((sum / mean - 1.0).abs() < 1e-13, "{sum} against {mean}");
        }
        assert_eq!(energy[..fields], [0.0, 0.0]);
    }
}

#[test]
fn solid_body_rotation_has_its_energy_in_the_first_degree() {
    // u = u₀ cos φ: mean of ½u² is u₀²/3, ζ = 2 u₀/a μ.
    let (truncation, speed) = (Truncation::new(5), 40.0);
    let mut vorticity = vec![0.0; truncation.spectrum_len(1)];
    vorticity[2] = 2.0 * speed / RADIUS / 3f64.sqrt();
    let plan = SpectralPower::new(Device::Cpu, truncation).unwrap();
    let [mut rotational, mut divergent] = [0; 2].map(|_| zeros::<f64>(Device::Cpu, 6));
    let none = zeros(Device::Cpu, vorticity.len());
    plan.kinetic_energy(1, &on(Device::Cpu, &vorticity), &none, &mut rotational, &mut divergent).unwrap();
    let energy = rotational.to_vec().unwrap();
    assert!((energy[1] - speed * speed / 3.0).abs() < 1e-12 * speed * speed, "{energy:?}");
    assert_eq!(energy[2..], [0.0; 4]);
    assert_eq!(divergent.to_vec().unwrap(), [0.0; 6]);
}

#[test]
fn what_cannot_be_is_refused_with_the_value() {
    let truncation = Truncation::new(5);
    let message = |factors: &[f64]| {
        DegreeFactors::<f32>::new(Device::Cpu, truncation, factors).unwrap_err().to_string()
    };
    assert_eq!(message(&[1.0; 5]), "'by_degree': expected 6 values, got 5.");
    let message = message(&[1.0, 1.0, 1e39, 1.0, 1.0, 1.0]);
    assert!(message.starts_with("'by_degree' is 1") && message.contains("for n = 2"), "{message}");
    for message in [
        factors::laplacian(truncation, 0.0).unwrap_err(),
        factors::inverse_laplacian(truncation, f64::NAN).unwrap_err(),
        factors::laplacian_power(truncation, -1.0, 2.0).unwrap_err(),
        factors::gaussian(truncation, f64::INFINITY, 1.0).unwrap_err(),
    ] {
        assert!(message.to_string().starts_with("'radius' is "), "{message}");
    }
    assert!(factors::laplacian_power(truncation, 1.0, f64::NAN).is_err());
    assert!(factors::exponential(truncation, -1.0, 4.0).is_err());
    assert!(factors::exponential(truncation, 1.0, 0.0).is_err());
    assert!(factors::hyperdiffusion(truncation, 1.0, 0.0, 2.0).is_err());
    let operator = DegreeFactors::<f64>::new(Device::Cpu, truncation, &[1.0; 6]).unwrap();
    let error = operator.apply(1, &zeros(Device::Cpu, 41), &mut zeros(Device::Cpu, 42)).unwrap_err();
    assert_eq!(error.to_string(), "'spectrum': expected 42 values, got 41.");
    let mut plan = SpectralPower::<f64>::new(Device::Cpu, truncation).unwrap();
    assert!(plan.set_weights(&[1.0; 5]).is_err());
    assert!(plan.set_weights(&[1.0, 1.0, -1.0, 1.0, 1.0, 1.0]).is_err());
    assert!(plan.norms(2, &zeros(Device::Cpu, 42)).is_err());
    assert!(plan.norms(0, &zeros(Device::Cpu, 0)).unwrap().is_empty());
    let change = TruncationChange::new(Device::Cpu, truncation, Truncation::new(7)).unwrap();
    assert!(change.apply::<f64>(1, &zeros(Device::Cpu, 72), &mut zeros(Device::Cpu, 42)).is_err());
}
