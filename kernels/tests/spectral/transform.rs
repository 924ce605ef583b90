//! Spherical-harmonic transforms: round trips, analytic harmonics and flows, refusals, threads.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

/// Uniform numbers in [−1, 1), always the same (a 64-bit linear congruential generator).
fn random(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// Random coefficients with the imaginary parts of m = 0 set to 0.
fn random_spectrum(truncation: Truncation, fields: usize, seed: u64) -> Vec<f64> {
    let mut spectrum = random(truncation.spectrum_len(fields), seed);
    for n in 0..=truncation.total() {
        spectrum[(2 * n + 1) * fields..(2 * n + 2) * fields].fill(0.0);
    }
    spectrum
}

fn buffer<R: Real>(values: &[f64]) -> Buffer<R> {
    let values: Vec<R> = values.iter().map(|&value| R::from_f64(value)).collect();
    Buffer::from_slice(Device::Cpu, &values).unwrap()
}

fn largest_difference<R: Real>(a: &[f64], b: &Buffer<R>) -> f64 {
    let b = b.to_vec().unwrap();
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b.to_f64()).abs()).fold(0.0, f64::max)
}

fn transform<R: Real>(grid: &Grid, total: usize) -> Transform<R> {
    Transform::new(grid, Truncation::new(total), Device::Cpu).unwrap()
}

fn grid(name: &str) -> Grid {
    name.parse().unwrap()
}

/// Largest error of coefficients of size 1 after synthesis and analysis.
fn scalar_round_trip<R: Real>(name: &str, total: usize, fields: usize) -> f64 {
    scalar_round_trip_on::<R>(&grid(name), total, fields)
}

fn scalar_round_trip_on<R: Real>(grid: &Grid, total: usize, fields: usize) -> f64 {
    let mut transform = transform::<R>(grid, total);
    let spectrum = random_spectrum(transform.truncation(), fields, 7);
    let mut values = Buffer::<R>::zeros(Device::Cpu, fields * transform.grid().points()).unwrap();
    let mut back = Buffer::<R>::zeros(Device::Cpu, spectrum.len()).unwrap();
    transform.synthesis(fields, &buffer(&spectrum), &mut values).unwrap();
    transform.analysis(fields, &values, &mut back).unwrap();
    largest_difference(&spectrum, &back)
}

/// Largest error of vorticity and divergence of size 1 after synthesis and analysis of the wind.
fn wind_round_trip<R: Real>(name: &str, total: usize, fields: usize) -> f64 {
    wind_round_trip_on::<R>(&grid(name), total, fields)
}

fn wind_round_trip_on<R: Real>(grid: &Grid, total: usize, fields: usize) -> f64 {
    let mut transform = transform::<R>(grid, total);
    let truncation = transform.truncation();
    let sources = [3, 4].map(|seed| {
        let mut spectrum = random_spectrum(truncation, fields, seed);
        spectrum[..fields].fill(0.0);
        spectrum
    });
    let points = fields * transform.grid().points();
    let [mut u, mut v] = [0; 2].map(|_| Buffer::<R>::zeros(Device::Cpu, points).unwrap());
    let [mut vorticity, mut divergence] =
        [0; 2].map(|_| Buffer::<R>::zeros(Device::Cpu, sources[0].len()).unwrap());
    transform.wind_synthesis(fields, &buffer(&sources[0]), &buffer(&sources[1]), &mut u, &mut v).unwrap();
    transform.wind_analysis(fields, &u, &v, &mut vorticity, &mut divergence).unwrap();
    largest_difference(&sources[0], &vorticity).max(largest_difference(&sources[1], &divergence))
}

#[test]
fn scalars_come_back_from_full_gaussian_grids() {
    // Measured: 6e-15, 4e-14, 2e-14, 7e-14, 3e-13.
    for (grid, total, tolerance) in [
        ("F16", 21, 5e-14),
        ("F32", 63, 2e-13),
        ("F64", 85, 2e-13),
        ("F128", 255, 3e-13),
        ("F320", 639, 2e-12),
    ] {
        let error = scalar_round_trip::<f64>(grid, total, 1);
        eprintln!("{grid} T{total}: {error:e}");
        assert!(error < tolerance, "{grid} T{total}: {error:e}");
    }
}

#[test]
fn winds_come_back_from_full_gaussian_grids() {
    for (grid, total, tolerance) in [
        ("F16", 21, 2e-13),
        ("F32", 63, 5e-13),
        ("F64", 85, 1e-12),
        ("F128", 255, 5e-12),
        ("F320", 639, 4e-11),
    ] {
        let error = wind_round_trip::<f64>(grid, total, 1);
        eprintln!("{grid} T{total}: {error:e}");
        assert!(error < tolerance, "{grid} T{total}: {error:e}");
    }
}

/// The CPU works on as many fields at a time as its cache holds, from 16 at low truncations down to one: every such
/// number, odd ones included, must do, with more fields than it.
#[test]
fn everything_comes_back_however_many_fields_the_cache_holds() {
    for total in (10..=170).step_by(5) {
        let grid = Grid::full((total + 2) / 2).unwrap();
        // Round-off of sums over up to 170 degrees of numbers of size one; measured below 1e-12.
        let scalar = scalar_round_trip_on::<f64>(&grid, total, 5);
        assert!(scalar < 1e-12, "T{total}: scalars {scalar:.2e}");
        let wind = wind_round_trip_on::<f64>(&grid, total, 5);
        assert!(wind < 1e-11, "T{total}: winds {wind:.2e}");
    }
}

#[test]
fn everything_comes_back_from_reduced_grids_whose_rings_resolve_it() {
    // A reduced grid's polar rings carry fewer wavenumbers, so that the round trip is exact only where no function lives
    // on wavenumbers dropped there: the error is that of IFS's own grids, largest at m near T.
    for (grid, total, tolerance) in [("O32", 31, 5e-13), ("N48", 47, 1e-13), ("O80", 79, 1e-11)] {
        let (scalar, wind) =
            (scalar_round_trip::<f64>(grid, total, 2), wind_round_trip::<f64>(grid, total, 2));
        eprintln!("{grid} T{total}: {scalar:e} {wind:e}");
        assert!(scalar < tolerance && wind < 10.0 * tolerance, "{grid} T{total}: {scalar:e} {wind:e}");
    }
}

#[test]
fn everything_comes_back_from_regular_grids() {
    // Below (rings−1)/2 by the grid's own quadrature, above through the Fourier series along meridians; with and without
    // poles and equator.
    for (longitudes, latitudes, poles, total) in [
        (144, 73, true, 36),
        (144, 73, true, 71),
        (144, 72, true, 70),
        (144, 72, false, 35),
        (144, 72, false, 71),
        (145, 73, false, 72),
        (360, 181, true, 179),
    ] {
        let grid = Grid::lat_lon(longitudes, latitudes, poles).unwrap();
        let (scalar, wind) =
            (scalar_round_trip_on::<f64>(&grid, total, 1), wind_round_trip_on::<f64>(&grid, total, 1));
        eprintln!("{grid} T{total}: {scalar:e} {wind:e}");
        assert!(scalar < 5e-13 && wind < 1e-11, "{grid} T{total}: {scalar:e} {wind:e}");
    }
}

#[test]
fn solid_body_rotation_has_the_vorticity_of_its_axis() {
    // u = u₀ cos φ: ζ = 2 u₀/a μ, and μ = P̄_01/√3.
    let mut transform = transform::<f64>(&grid("F32"), 42);
    let (speed, radius) = (40.0, transform.radius());
    let grid = transform.grid().clone();
    let mut u = vec![0.0; grid.points()];
    for ring in grid.rings() {
        u[ring.offset..ring.offset + ring.points].fill(speed * ring.cosine_latitude);
    }
    let len = transform.truncation().spectrum_len(1);
    let [mut vorticity, mut divergence] = [0; 2].map(|_| Buffer::zeros(Device::Cpu, len).unwrap());
    let v = Buffer::zeros(Device::Cpu, grid.points()).unwrap();
    transform.wind_analysis(1, &buffer(&u), &v, &mut vorticity, &mut divergence).unwrap();
    let mut expected = vec![0.0; len];
    expected[2] = 2.0 * speed / radius / 3f64.sqrt();
    assert!(largest_difference(&expected, &vorticity) < 3e-13 * expected[2]);
    assert!(largest_difference(&vec![0.0; len], &divergence) < 3e-13 * expected[2]);
}

#[test]
fn the_rossby_haurwitz_wave_has_its_analytic_wind() {
    // Williamson et al. (1992), case 6: ψ = −a²ω μ + a²K cos⁴φ μ cos 4λ, hence
    // u = aω cos φ + aK cos³φ (4 μ² − cos²φ) cos 4λ, v = −4 aK cos³φ μ sin 4λ, ζ = 2ω μ − 30 K μ cos⁴φ cos 4λ.
    let (omega, wave) = (7.848e-6, 7.848e-6);
    let mut transform = transform::<f64>(&grid("F32"), 42);
    let (radius, grid) = (transform.radius(), transform.grid().clone());
    let [mut u, mut v, mut zeta] = [0; 3].map(|_| vec![0.0; grid.points()]);
    for ring in grid.rings() {
        let (sine, cosine) = (ring.sine_latitude, ring.cosine_latitude);
        for j in 0..ring.points {
            let angle = (4.0 * ring.longitude(j)).to_radians();
            let cubed = radius * wave * cosine.powi(3);
            let at = ring.offset + j;
            u[at] = radius * omega * cosine + cubed * (4.0 * sine * sine - cosine * cosine) * angle.cos();
            v[at] = -4.0 * cubed * sine * angle.sin();
            zeta[at] = 2.0 * omega * sine - 30.0 * wave * sine * cosine.powi(4) * angle.cos();
        }
    }
    let len = transform.truncation().spectrum_len(1);
    let [mut vorticity, mut divergence] = [0; 2].map(|_| Buffer::<f64>::zeros(Device::Cpu, len).unwrap());
    transform.wind_analysis(1, &buffer(&u), &buffer(&v), &mut vorticity, &mut divergence).unwrap();
    let mut values = Buffer::zeros(Device::Cpu, grid.points()).unwrap();
    transform.synthesis(1, &vorticity, &mut values).unwrap();
    assert!(largest_difference(&zeta, &values) < 3e-17);
    assert!(largest_difference(&vec![0.0; len], &divergence) < 3e-17);
    let [mut u_back, mut v_back] = [0; 2].map(|_| Buffer::<f64>::zeros(Device::Cpu, grid.points()).unwrap());
    transform.wind_synthesis(1, &vorticity, &divergence, &mut u_back, &mut v_back).unwrap();
    assert!(largest_difference(&u, &u_back) < 1e-12, "{:e}", largest_difference(&u, &u_back));
    assert!(largest_difference(&v, &v_back) < 1e-12);
}

#[test]
fn single_precision_is_as_good_as_its_format() {
    // Relative norm against f64: the bound is 20 ε of f32; sums are f64 inside, so that rounding of input and output remains.
    for (name, total) in [("F32", 63), ("O80", 79), ("F128", 255), ("r144x73", 71)] {
        let grid = grid(name);
        let (mut single, mut double) = (transform::<f32>(&grid, total), transform::<f64>(&grid, total));
        let truncation = single.truncation();
        let sources: Vec<_> = [1, 2].map(|seed| random_spectrum(truncation, 1, seed)).into();
        let relative = |a: &Buffer<f64>, b: &Buffer<f32>| {
            let (a, b) = (a.to_vec().unwrap(), b.to_vec().unwrap());
            let difference: f64 = a.iter().zip(&b).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum();
            (difference / a.iter().map(|a| a * a).sum::<f64>()).sqrt()
        };
        macro_rules! run {
            ($real:ty, $transform:expr) => {{
                let inputs: Vec<_> = sources.iter().map(|source| buffer::<$real>(source)).collect();
                let zeros = |len| Buffer::<$real>::zeros(Device::Cpu, len).unwrap();
                let (mut scalar, mut u, mut v) =
                    (zeros(grid.points()), zeros(grid.points()), zeros(grid.points()));
                let [mut back, mut vorticity, mut divergence] = [0; 3].map(|_| zeros(sources[0].len()));
                $transform.synthesis(1, &inputs[0], &mut scalar).unwrap();
                $transform.analysis(1, &scalar, &mut back).unwrap();
                $transform.wind_synthesis(1, &inputs[0], &inputs[1], &mut u, &mut v).unwrap();
                $transform.wind_analysis(1, &u, &v, &mut vorticity, &mut divergence).unwrap();
                [scalar, back, u, v, vorticity, divergence]
            }};
        }
        let (single, double) = (run!(f32, single), run!(f64, double));
        for (i, (single, double)) in single.iter().zip(&double).enumerate() {
            let error = relative(double, single) / f64::from(f32::EPSILON);
            eprintln!("{name} T{total} result {i}: {error:.2} ε");
            assert!(error < 20.0, "{name} T{total} result {i}: {error} ε");
        }
    }
}

#[test]
fn results_have_the_same_bits_for_any_number_of_threads() {
    for (name, total) in [("F32", 63), ("O48", 47), ("r144x73", 71)] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut transform = transform::<f64>(&grid(name), total);
                let spectrum = random_spectrum(transform.truncation(), 1, 5);
                let zeros = |len| Buffer::<f64>::zeros(Device::Cpu, len).unwrap();
                let (mut values, mut back) = (zeros(transform.grid().points()), zeros(spectrum.len()));
                transform.synthesis(1, &buffer(&spectrum), &mut values).unwrap();
                transform.analysis(1, &values, &mut back).unwrap();
                let results = [values, back].map(|buffer| buffer.to_vec().unwrap());
                results.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>()
            })
        };
        let expected = run(1);
        for threads in [2, 3] {
            assert!(run(threads) == expected, "{name}: {threads} threads");
        }
    }
}

#[test]
fn wrong_arguments_are_refused_by_name() {
    let too_large = |name: &str, total: usize| {
        Transform::<f64>::new(&grid(name), Truncation::new(total), Device::Cpu).err().unwrap().to_string()
    };
    assert_eq!(
        too_large("F32", 64),
        "Truncation T64 is impossible on grid 'F32' (it has 64 rings): the largest possible is T63."
    );
    assert_eq!(
        too_large("r64x73", 32),
        "Truncation T32 is impossible on grid 'r64x73' (its longest ring has 64 points): the largest possible is T31."
    );
    let mut transform = transform::<f64>(&grid("F4"), 5);
    let spectrum = buffer::<f64>(&vec![0.0; 41]);
    let mut values = buffer::<f64>(&vec![0.0; 128]);
    let error = transform.synthesis(1, &spectrum, &mut values).unwrap_err();
    assert_eq!(error.to_string(), "'spectrum': expected 42 values, got 41.");
    assert!(transform.set_radius(0.0).is_err() && transform.set_radius(f64::NAN).is_err());
    transform.synthesis(0, &buffer(&[]), &mut buffer(&[])).unwrap();
}

#[test]
fn single_harmonics_are_the_analytic_functions() {
    // P̄_00 = 1, P̄_01 = √3 μ, P̄_11 = √(3/2) cos φ, P̄_22 = √(15/8) cos²φ, P̄_32 = √(105/8) cos²φ μ; ½∫P̄² dμ = 1.
    let mut transform = transform::<f64>(&grid("F8"), 15);
    let (truncation, grid) = (transform.truncation(), transform.grid().clone());
    type Function = fn(f64, f64) -> f64;
    let cases: [(usize, usize, Function); 5] = [
        (0, 0, |_, _| 1.0),
        (0, 1, |sine, _| 3f64.sqrt() * sine),
        (1, 1, |_, cosine| 1.5f64.sqrt() * cosine),
        (2, 2, |_, cosine| 1.875f64.sqrt() * cosine * cosine),
        (2, 3, |sine, cosine| 13.125f64.sqrt() * cosine * cosine * sine),
    ];
    for (m, n, function) in cases {
        let mut spectrum = vec![0.0; truncation.spectrum_len(1)];
        let (re, im) = (0.75, if m == 0 { 0.0 } else { -0.5 });
        spectrum[2 * truncation.index(m, n)] = re;
        spectrum[2 * truncation.index(m, n) + 1] = im;
        let mut values = Buffer::<f64>::zeros(Device::Cpu, grid.points()).unwrap();
        transform.synthesis(1, &buffer(&spectrum), &mut values).unwrap();
        let mut expected = vec![0.0; grid.points()];
        for ring in grid.rings() {
            for j in 0..ring.points {
                let angle = m as f64 * ring.longitude(j).to_radians();
                let twice = if m == 0 { 1.0 } else { 2.0 };
                let wave = twice * (re * angle.cos() - im * angle.sin());
                expected[ring.offset + j] = function(ring.sine_latitude, ring.cosine_latitude) * wave;
            }
        }
        assert!(largest_difference(&expected, &values) < 5e-15, "m {m}, n {n}");
    }
}

#[test]
fn winds_on_the_poles_are_one_vector() {
    // u = sin λ, v = cos λ sin φ and its like: a rotation about an axis in the equator has the same vector at every point of
    // a pole ring.
    let grid = grid("r72x37");
    let mut transform = transform::<f64>(&grid, 17);
    let truncation = transform.truncation();
    let mut spectrum = vec![0.0; truncation.spectrum_len(1)];
    spectrum[2 * truncation.index(1, 1)] = 1e-5;
    let divergence = vec![0.0; spectrum.len()];
    let [mut u, mut v] = [0; 2].map(|_| Buffer::<f64>::zeros(Device::Cpu, grid.points()).unwrap());
    transform.wind_synthesis(1, &buffer(&spectrum), &buffer(&divergence), &mut u, &mut v).unwrap();
    // ζ = 2·1e-5 √(3/2) cos φ cos λ, ψ = −a²/2 ζ: u = −(1/a) ∂ψ/∂φ, v = (1/(a cos φ)) ∂ψ/∂λ.
    let speed = transform.radius() * 1e-5 * 1.5f64.sqrt();
    let [mut expected_u, mut expected_v] = [0; 2].map(|_| vec![0.0; grid.points()]);
    for ring in grid.rings() {
        for j in 0..ring.points {
            let angle = ring.longitude(j).to_radians();
            expected_u[ring.offset + j] = -speed * ring.sine_latitude * angle.cos();
            expected_v[ring.offset + j] = speed * angle.sin();
        }
    }
    assert!(largest_difference(&expected_u, &u) < 1e-14 * speed);
    assert!(largest_difference(&expected_v, &v) < 1e-14 * speed);
    let [mut back, mut none] = [0; 2].map(|_| Buffer::<f64>::zeros(Device::Cpu, spectrum.len()).unwrap());
    transform.wind_analysis(1, &u, &v, &mut back, &mut none).unwrap();
    assert!(largest_difference(&spectrum, &back) < 1e-18 && largest_difference(&divergence, &none) < 1e-18);
}
