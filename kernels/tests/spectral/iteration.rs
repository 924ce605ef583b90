//! Iterative analysis: exact grids are done at once, HEALPix and coarse reduced grids converge, what cannot be says so.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::iterative_analysis::{Criteria, Stop, analysis, wind_analysis};
use terrella_kernels::spectral::{Transform, Truncation};

use crate::devices;

/// Random coefficients in [−1, 1) with the imaginary parts of m = 0 set to 0.
fn random_spectrum<R: Real>(truncation: Truncation, fields: usize, seed: u64) -> Vec<R> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    let mut spectrum: Vec<R> = (0..truncation.spectrum_len(fields)).map(|_| next()).collect();
    for n in 0..=truncation.total() {
        spectrum[(2 * n + 1) * fields..(2 * n + 2) * fields].fill(R::ZERO);
    }
    spectrum
}

fn largest_difference<R: Real>(a: &[R], b: &Buffer<R>) -> f64 {
    let b = b.to_vec().unwrap();
    a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).abs()).fold(0.0, f64::max)
}

/// Largest error of the coefficients after plain and after iterative analysis, and how the iteration went.
fn scalar<R: Real>(
    device: Device,
    grid: &Grid,
    total: usize,
    criteria: Criteria,
) -> (f64, f64, terrella_kernels::spectral::iterative_analysis::Convergence) {
    let (truncation, fields) = (Truncation::new(total), 2);
    let mut transform = Transform::<R>::new(grid, truncation, device).unwrap();
    let spectrum = random_spectrum::<R>(truncation, fields, 3);
    let source = Buffer::from_slice(device, &spectrum).unwrap();
    let mut values = Buffer::zeros(device, fields * grid.points()).unwrap();
    let [mut plain, mut iterated] = [0; 2].map(|_| Buffer::zeros(device, spectrum.len()).unwrap());
    transform.synthesis(fields, &source, &mut values).unwrap();
    transform.analysis(fields, &values, &mut plain).unwrap();
    let convergence = analysis(&mut transform, fields, &values, &mut iterated, criteria).unwrap();
    eprintln!("{device} {grid} T{total} {:?}: {convergence:?}", R::PRECISION);
    (largest_difference(&spectrum, &plain), largest_difference(&spectrum, &iterated), convergence)
}

#[test]
fn a_grid_with_exact_quadrature_is_done_at_once() {
    for (name, total) in [("r72x37", 35), ("r72x36", 35), ("F16", 31)] {
        let criteria = Criteria { iterations: 5, tolerance: 1e-12 };
        let (_, error, convergence) = scalar::<f64>(Device::Cpu, &name.parse().unwrap(), total, criteria);
        assert_eq!((convergence.stop, convergence.corrections.len()), (Stop::Converged, 1), "{name}");
        assert!(error < 1e-13, "{name}: {error:e}");
    }
}

#[test]
fn healpix_converges_to_the_coefficients() {
    for device in devices::devices() {
        for (name, total) in [("H8", 15), ("H16", 24), ("H7", 13)] {
            let criteria = Criteria { iterations: 100, tolerance: 1e-13 };
            let (plain, error, convergence) = scalar::<f64>(device, &name.parse().unwrap(), total, criteria);
            assert_eq!(convergence.stop, Stop::Converged, "{name}");
            assert!(plain > 1e-3, "{name}: the quadrature should not be exact: {plain:e}");
            assert!(error < 1e-12, "{name}: {error:e} after {plain:e}");
            // Each step gains, as does the residual.
            assert!(convergence.corrections.windows(2).all(|pair| pair[1] < pair[0]));
            assert!(*convergence.residuals.last().unwrap() < 1e-11);
        }
    }
}

#[test]
fn single_precision_stops_at_its_limit() {
    for device in devices::devices() {
        let criteria = Criteria { iterations: 100, tolerance: 0.0 };
        let (_, error, convergence) = scalar::<f32>(device, &"H8".parse().unwrap(), 12, criteria);
        assert_eq!(convergence.stop, Stop::NoProgress);
        assert!(error < 1e-5, "{error:e}");
    }
}

#[test]
fn winds_converge_on_healpix() {
    let (grid, truncation, fields): (Grid, _, _) = ("H16".parse().unwrap(), Truncation::new(20), 2);
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    transform.set_radius(2.0).unwrap();
    let sources = [1, 2].map(|seed| {
        let mut spectrum = random_spectrum::<f64>(truncation, fields, seed);
        spectrum[..fields].fill(0.0);
        spectrum
    });
    let [vorticity, divergence] =
        [0, 1].map(|index| Buffer::from_slice(Device::Cpu, &sources[index]).unwrap());
    let [mut u, mut v] = [0; 2].map(|_| Buffer::zeros(Device::Cpu, fields * grid.points()).unwrap());
    transform.wind_synthesis(fields, &vorticity, &divergence, &mut u, &mut v).unwrap();
    let [mut zeta, mut delta] = [0; 2].map(|_| Buffer::zeros(Device::Cpu, vorticity.len()).unwrap());
    let criteria = Criteria { iterations: 100, tolerance: 1e-13 };
    let convergence =
        wind_analysis(&mut transform, fields, [&u, &v], [&mut zeta, &mut delta], criteria).unwrap();
    eprintln!("{convergence:?}");
    assert_eq!(convergence.stop, Stop::Converged);
    let error = largest_difference(&sources[0], &zeta).max(largest_difference(&sources[1], &delta));
    assert!(error < 1e-11, "{error:e}");
}

#[test]
fn a_field_beyond_the_truncation_keeps_its_residual() {
    // T30 on a grid, analysed at T10: the part beyond stays on the grid, however long one iterates.
    let grid: Grid = "H16".parse().unwrap();
    let (large, small) = (Truncation::new(30), Truncation::new(10));
    let mut fine = Transform::<f64>::new(&grid, large, Device::Cpu).unwrap();
    let mut coarse = Transform::<f64>::new(&grid, small, Device::Cpu).unwrap();
    let source = Buffer::from_slice(Device::Cpu, &random_spectrum::<f64>(large, 1, 5)).unwrap();
    let mut values = Buffer::zeros(Device::Cpu, grid.points()).unwrap();
    fine.synthesis(1, &source, &mut values).unwrap();
    let mut spectrum = Buffer::zeros(Device::Cpu, small.spectrum_len(1)).unwrap();
    let criteria = Criteria { iterations: 100, tolerance: 1e-12 };
    let convergence = analysis(&mut coarse, 1, &values, &mut spectrum, criteria).unwrap();
    assert_eq!(convergence.stop, Stop::Converged);
    assert!(convergence.residuals.iter().all(|residual| *residual > 0.5), "{convergence:?}");
}

#[test]
fn odd_requests_have_plain_answers() {
    let (grid, truncation): (Grid, _) = ("r24x13".parse().unwrap(), Truncation::new(11));
    let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
    let len = truncation.spectrum_len(1);
    let mut run = |fields: usize, values: &[f64], len: usize, iterations: usize, tolerance: f64| {
        let values = Buffer::from_slice(Device::Cpu, values).unwrap();
        let mut spectrum = Buffer::zeros(Device::Cpu, len).unwrap();
        analysis(&mut transform, fields, &values, &mut spectrum, Criteria { iterations, tolerance })
    };
    let points = grid.points();
    // No iteration is the plain analysis; zero fields and fields of zeros are done; NaN stops.
    assert_eq!(run(1, &vec![1.0; points], len, 0, 1e-9).unwrap().stop, Stop::Iterations);
    assert_eq!(run(0, &[], 0, 9, 1e-9).unwrap().stop, Stop::Converged);
    let zeros = run(1, &vec![0.0; points], len, 9, 0.0).unwrap();
    assert_eq!((zeros.stop, zeros.corrections, zeros.residuals), (Stop::Converged, vec![0.0], vec![0.0]));
    let broken = run(1, &vec![f64::NAN; points], len, 9, 1e-9).unwrap();
    assert_eq!((broken.stop, broken.corrections.len()), (Stop::NoProgress, 1));
    let message = run(1, &vec![0.0; points], len, 9, -1.0).unwrap_err().to_string();
    assert_eq!(message, "'tolerance' is -1: expected 0 or a positive number.");
    assert!(run(1, &vec![0.0; points], len, 9, f64::NAN).is_err());
    assert!(run(2, &vec![0.0; points], len, 9, 1e-9).is_err());
    assert!(run(1, &vec![0.0; points], len + 1, 9, 1e-9).is_err());
}
