//! Gravity waves of the semi-implicit scheme against the eigenvalues of its matrices.

use crate::common::{Fields, model};
use terrella_dycore::primitive::{Configuration, Matrix, Primitive, SpectralState};
use terrella_dycore::time_stepping::Filter;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::Truncation;

/// Largest eigenvalue and its vector, by powers of the matrix.
fn fastest(matrix: &Matrix) -> (f64, Vec<f64>) {
    let mut vector = vec![1.0; matrix.size()];
    let mut eigenvalue = 0.0;
    for _ in 0..2_000 {
        let product = matrix.apply(&vector);
        let size = product.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let at = product.iter().position(|value| value.abs() == size).unwrap();
        eigenvalue = product[at] / vector[at];
        vector = product.iter().map(|value| value / size).collect();
    }
    (eigenvalue, vector)
}

/// The eigenvalue nearest to `shift`, by powers of (M − shift)⁻¹.
fn nearest(matrix: &Matrix, shift: f64) -> (f64, Vec<f64>) {
    let shifted = Matrix::from_function(matrix.size(), |row, column| {
        matrix[(row, column)] - if row == column { shift } else { 0.0 }
    });
    let (inverse, vector) = fastest(&shifted.inverse());
    (shift + 1.0 / inverse, vector)
}

fn resting(levels: &str) -> Primitive<f64> {
    let mut configuration = Configuration::new(10, levels.parse().unwrap()).unwrap();
    configuration.rotation = 0.0;
    configuration.diffusion = None;
    configuration.filter = Filter::NONE;
    configuration.conserve_mass = false;
    configuration.time_step = 900.0;
    configuration.reference_temperature = 280.0;
    let fields = Fields {
        u: &|_, _, _| 0.0,
        v: &|_, _, _| 0.0,
        temperature: &|_, _, _| 280.0,
        surface_pressure: &|_, _| 100_000.0,
        ground: &|_, _| 0.0,
        tracers: &[],
    };
    model(Device::Cpu, configuration, &fields)
}

/// The external wave of an isothermal atmosphere is Lamb's, c² = c_p/c_v·R·T.
#[test]
fn the_fastest_wave_is_lambs() {
    for (levels, tolerance) in [("L60", 2e-3), ("L31", 0.015), ("sigma20", 0.03)] {
        let model = resting(levels);
        let configuration = model.configuration();
        let kappa = configuration.kappa();
        let lamb = (configuration.gas_constant * 280.0 / (1.0 - kappa)).sqrt();
        let speed = fastest(&model.reference().wave_matrix()).0.sqrt();
        println!("{levels}: {speed:.2} m/s, Lamb {lamb:.2} m/s");
        assert!((speed / lamb - 1.0).abs() < tolerance, "{levels}: {speed} m/s, Lamb's is {lamb} m/s");
    }
}

/// A standing wave of divergence, one spherical harmonic times one eigenvector of γτ + R·T_r·ν with eigenvalue c²: with
/// ω² = c²·n(n+1)/a² and trapezoidal terms over 2Δt the numerical frequency is θ/Δt, tan θ = ωΔt, and physical and
/// computational mode alike obey D(t + 2Δt) + D(t − 2Δt) = 2 cos 2θ·D(t).
#[test]
fn waves_oscillate_with_the_frequency_of_their_eigenvalue() {
    for (levels, which) in [("L19", None), ("L19", Some(1_500.0)), ("sigma8", Some(600.0))] {
        let mut model = resting(levels);
        let waves = model.reference().wave_matrix();
        let (eigenvalue, vector) = which.map_or_else(|| fastest(&waves), |shift| nearest(&waves, shift));
        let count = vector.len();
        let (n, m) = (5, 3);
        let truncation = Truncation::new(10);
        let row = 2 * truncation.index(m, n);
        let rows = truncation.spectrum_len(1);
        let mut divergence = vec![0.0; rows * count];
        for (level, value) in vector.iter().enumerate() {
            divergence[row * count + level] = 1e-12 * value;
        }
        let mut state = SpectralState::zeros(Device::Cpu, rows, count, 0).unwrap();
        state.divergence = Buffer::from_slice(Device::Cpu, &divergence).unwrap();
        model.set_state(&state).unwrap();

        let configuration = model.configuration().clone();
        let omega = (eigenvalue * (n * (n + 1)) as f64).sqrt() / configuration.radius;
        let expected = 2.0 * (2.0 * (omega * configuration.time_step).atan()).cos();
        let mut series = Vec::new();
        for _ in 0..12 {
            model.step().unwrap();
            let spectrum = model.spectral_state().divergence.to_vec().unwrap();
            series.push(spectrum[row * count..][..count].to_vec());
        }
        let mut largest: f64 = 0.0;
        for at in 2..series.len() - 2 {
            for level in 0..count {
                let sum = series[at + 2][level] + series[at - 2][level];
                let error = (sum - expected * series[at][level]).abs() / 1e-12;
                largest = largest.max(error);
            }
        }
        println!(
            "{levels}: c = {:.2} m/s, ωΔt = {:.3}, error {largest:.1e}",
            eigenvalue.sqrt(),
            omega * 900.0
        );
        assert!(
            largest < 1e-6,
            "{levels}: c = {} m/s: error {largest:e} of the amplitude",
            eigenvalue.sqrt()
        );
    }
}

/// γ is the linearisation of the model's own pressure force: a first step from D = 0 over a small temperature must give
/// D⁺ = (1 + (Δt/2)²·λ·W)⁻¹·Δt·λ·γ·T, W = γτ + R·T_r·ν, where the explicit terms alone hold γ.
#[test]
fn the_matrix_of_geopotential_is_the_linearised_pressure_force() {
    let mut model = resting("L19");
    let count = 19;
    let truncation = Truncation::new(10);
    let row = 2 * truncation.index(2, 4);
    let rows = truncation.spectrum_len(1);
    let mut temperature = vec![0.0; rows * count];
    for level in 0..count {
        temperature[row * count + level] = 1e-9 * ((level * 5) % 7) as f64;
    }
    let mut state = SpectralState::zeros(Device::Cpu, rows, count, 0).unwrap();
    state.temperature = Buffer::from_slice(Device::Cpu, &temperature).unwrap();
    model.set_state(&state).unwrap();
    model.step().unwrap();
    let divergence = model.spectral_state().divergence.to_vec().unwrap();
    let configuration = model.configuration();
    let reference = model.reference();
    let laplacian = 20.0 / (configuration.radius * configuration.radius);
    let step = configuration.time_step;
    let waves = reference.wave_matrix();
    let left = Matrix::from_function(count, |k, j| {
        (0.5 * step).powi(2) * laplacian * waves[(k, j)] + if k == j { 1.0 } else { 0.0 }
    });
    let given = &divergence[row * count..][..count];
    let got = left.apply(given);
    let expected = reference.geopotential.apply(&temperature[row * count..][..count]);
    let size = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs())) * step * laplacian;
    for level in 0..count {
        let difference = (got[level] - step * laplacian * expected[level]).abs();
        assert!(difference < 1e-6 * size, "level {level}: {difference:e} of {size:e}");
    }
}
