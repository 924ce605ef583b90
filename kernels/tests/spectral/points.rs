//! Evaluation at points: against the transforms on grids, against analytic winds, adjoints, threads, refusals.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::points::PointEvaluation;
use terrella_kernels::spectral::{Transform, Truncation};

/// Uniform numbers in [−1, 1), always the same (a 64-bit linear congruential generator).
fn random<R: Real>(len: usize, seed: u64) -> Vec<R> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..len).map(|_| next()).collect()
}

/// Scattered points with both poles, their neighbourhood and the equator among them.
fn scattered(count: usize) -> (Vec<f64>, Vec<f64>) {
    let special = [90.0, -90.0, 89.999_999, -89.99, 0.0, 45.0, -45.0];
    let mut latitudes: Vec<f64> =
        random::<f64>(count, 11).into_iter().map(|x| x.asin().to_degrees()).collect();
    latitudes[..special.len()].copy_from_slice(&special);
    // Any number of turns is as good as none.
    let longitudes = random::<f64>(count, 12).into_iter().map(|x| 720.0 * x).collect();
    (latitudes, longitudes)
}

fn largest_difference<R: Real>(a: &[R], b: &[R]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a.to_f64() - b.to_f64()).abs()).fold(0.0, f64::max)
}

fn largest<R: Real>(values: &[R]) -> f64 {
    values.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max)
}

/// Scalar, u, v at chosen points of a grid, by the transform and point by point, `fields` of each.
fn on_a_grid<R: Real>(
    name: &str,
    total: usize,
    fields: usize,
    chosen: impl Fn(usize) -> bool,
) -> [(Vec<R>, Vec<R>); 3] {
    let (grid, truncation): (Grid, _) = (name.parse().unwrap(), Truncation::new(total));
    let picked: Vec<usize> = (0..grid.points()).filter(|&point| chosen(point)).collect();
    let (latitudes, longitudes): (Vec<f64>, Vec<f64>) =
        picked.iter().map(|&point| grid.coordinates(point)).unzip();
    let mut points = PointEvaluation::new(&latitudes, &longitudes, truncation).unwrap();
    let mut transform = Transform::<R>::new(&grid, truncation, Device::Cpu).unwrap();
    points.set_radius(2.0).unwrap();
    transform.set_radius(2.0).unwrap();
    let [first, second] = [1, 2].map(|seed| random::<R>(truncation.spectrum_len(fields), seed));
    let buffer = |values: &[R]| Buffer::from_slice(Device::Cpu, values).unwrap();
    let [mut scalar, mut u, mut v] =
        [0; 3].map(|_| Buffer::<R>::zeros(Device::Cpu, fields * grid.points()).unwrap());
    transform.synthesis(fields, &buffer(&first), &mut scalar).unwrap();
    transform.wind_synthesis(fields, &buffer(&first), &buffer(&second), &mut u, &mut v).unwrap();
    let [mut scalar_at, mut u_at, mut v_at] = [0; 3].map(|_| vec![R::ZERO; fields * picked.len()]);
    points.synthesis(fields, &first, &mut scalar_at).unwrap();
    points.wind_synthesis(fields, &first, &second, &mut u_at, &mut v_at).unwrap();
    let pick = |values: Buffer<R>| -> Vec<R> {
        let values = values.to_vec().unwrap();
        values.chunks(grid.points()).flat_map(|field| picked.iter().map(|&point| field[point])).collect()
    };
    [(pick(scalar), scalar_at), (pick(u), u_at), (pick(v), v_at)]
}

fn assert_grid<R: Real>(
    name: &str,
    total: usize,
    fields: usize,
    tolerance: f64,
    chosen: impl Fn(usize) -> bool,
) {
    let results = on_a_grid::<R>(name, total, fields, chosen);
    for (what, (expected, got)) in ["scalar", "u", "v"].into_iter().zip(&results) {
        // The wind of T0 is 0.
        let relative = largest_difference(expected, got) / largest(expected).max(f64::MIN_POSITIVE);
        eprintln!("{name} T{total} {:?} {what}: {relative:.1e}", R::PRECISION);
        assert!(relative < tolerance, "{name} T{total} {what}: {relative:e}");
    }
}

#[test]
fn values_at_grid_points_are_those_of_the_transform() {
    // Full rings only: a reduced ring leaves out the wavenumbers that it cannot carry.
    for (name, total) in [("F16", 31), ("F32", 42), ("r72x37", 35), ("r72x36", 35), ("F1", 1), ("F1", 0)] {
        assert_grid::<f64>(name, total, 3, 2e-13, |_| true);
    }
    assert_grid::<f32>("F32", 63, 2, 4e-6, |_| true);
}

#[test]
fn rings_beside_the_pole_of_a_fine_grid_agree() {
    assert_grid::<f64>("F400", 799, 1, 1e-12, |point| point % 1600 < 2);
}

#[test]
fn a_flow_over_the_pole_is_a_flow_there() {
    // Solid rotation about an axis in the equatorial plane: ψ = −a u₀ cos φ cos λ, u = −u₀ sin φ cos λ, v = u₀ sin λ.
    // ζ = −2ψ/a², and cos φ = P̄_11 √(2/3), which cos λ halves into m = ±1.
    let (truncation, speed, radius) = (Truncation::new(20), 30.0, 6e6);
    let (latitudes, longitudes) = scattered(100);
    let mut points = PointEvaluation::new(&latitudes, &longitudes, truncation).unwrap();
    points.set_radius(radius).unwrap();
    let mut vorticity = vec![0.0; truncation.spectrum_len(1)];
    vorticity[2 * truncation.index(1, 1)] = 2.0 * speed / radius * (2f64 / 3.0).sqrt() / 2.0;
    let none = vec![0.0; vorticity.len()];
    let [mut u, mut v, mut east, mut north] = [0; 4].map(|_| vec![0.0; 100]);
    points.wind_synthesis(1, &vorticity, &none, &mut u, &mut v).unwrap();
    // The same as a potential: the gradient is −χ's, turned by a right angle.
    points.wind_synthesis(1, &none, &vorticity, &mut east, &mut north).unwrap();
    for (point, (latitude, longitude)) in latitudes.into_iter().zip(longitudes).enumerate() {
        let (sine, longitude) = (latitude.to_radians().sin(), longitude.to_radians());
        let expected = [-speed * sine * longitude.cos(), speed * longitude.sin()];
        assert!((u[point] - expected[0]).abs() < 1e-12, "{latitude}: {} and {}", u[point], expected[0]);
        assert!((v[point] - expected[1]).abs() < 1e-12, "{latitude}: {} and {}", v[point], expected[1]);
        assert!((east[point] - v[point]).abs() < 1e-12 && (north[point] + u[point]).abs() < 1e-12);
    }
}

fn adjoints_are_transposes<R: Real>() {
    let dot = |a: &[R], b: &[R]| a.iter().zip(b).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>();
    for (total, count, fields) in [(42, 100, 3), (21, 40, 9), (0, 7, 1), (1, 33, 2), (85, 16, 1)] {
        let truncation = Truncation::new(total);
        let (latitudes, longitudes) = scattered(count);
        let points = PointEvaluation::new(&latitudes, &longitudes, truncation).unwrap();
        let len = truncation.spectrum_len(fields);
        let [first, second] = [1, 2].map(|seed| random::<R>(len, seed));
        let [east, north] = [3, 4].map(|seed| random::<R>(count * fields, seed));
        let [mut u, mut v] = [0; 2].map(|_| vec![R::ZERO; count * fields]);
        let [mut back, mut other] = [0; 2].map(|_| random::<R>(len, 5));
        let check = |what: &str, left: f64, right: f64, scale: f64| {
            let error = (left - right).abs() / scale;
            assert!(error < 30.0 * R::EPSILON.to_f64(), "T{total} {what}: {error:e}");
        };

        points.synthesis(fields, &first, &mut u).unwrap();
        points.synthesis_adjoint(fields, &east, &mut back).unwrap();
        check("scalar", dot(&u, &east), dot(&first, &back), (dot(&u, &u) * dot(&east, &east)).sqrt());
        for n in 0..=total {
            assert_eq!(back[(2 * n + 1) * fields..(2 * n + 2) * fields], vec![R::ZERO; fields]);
        }

        points.wind_synthesis(fields, &first, &second, &mut u, &mut v).unwrap();
        points.wind_synthesis_adjoint(fields, &east, &north, &mut back, &mut other).unwrap();
        let left = dot(&u, &east) + dot(&v, &north);
        let right = dot(&first, &back) + dot(&second, &other);
        let size = (dot(&u, &u) + dot(&v, &v)) * (dot(&east, &east) + dot(&north, &north));
        check("wind", left, right, size.sqrt().max(f64::MIN_POSITIVE));
        for (n, rest) in (0..=total).zip(back.chunks(2 * fields).zip(other.chunks(2 * fields))) {
            assert_eq!(
                (&rest.0[fields..], &rest.1[fields..]),
                (&vec![R::ZERO; fields][..], &vec![R::ZERO; fields][..])
            );
            assert!(n > 0 || rest.0.iter().chain(rest.1).all(|value| *value == R::ZERO));
        }
    }
}

#[test]
fn adjoints_are_transposes_f32() {
    adjoints_are_transposes::<f32>();
}

#[test]
fn adjoints_are_transposes_f64() {
    adjoints_are_transposes::<f64>();
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (truncation, fields) = (Truncation::new(63), 2);
    let (latitudes, longitudes) = scattered(1234);
    let points = PointEvaluation::new(&latitudes, &longitudes, truncation).unwrap();
    let [first, second] = [1, 2].map(|seed| random::<f64>(truncation.spectrum_len(fields), seed));
    let all = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let [mut scalar, mut u, mut v] = [0; 3].map(|_| vec![0.0; 1234 * fields]);
            let [mut back, mut vorticity, mut divergence] = [0; 3].map(|_| vec![0.0; first.len()]);
            points.synthesis(fields, &first, &mut scalar).unwrap();
            points.wind_synthesis(fields, &first, &second, &mut u, &mut v).unwrap();
            points.synthesis_adjoint(fields, &scalar, &mut back).unwrap();
            points.wind_synthesis_adjoint(fields, &u, &v, &mut vorticity, &mut divergence).unwrap();
            [scalar, u, v, back, vorticity, divergence]
        })
    };
    let one = all(1);
    assert!(one == all(2) && one == all(7));
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_nothing() {
    let truncation = Truncation::new(5);
    let message = |latitudes: &[f64], longitudes: &[f64]| {
        PointEvaluation::new(latitudes, longitudes, truncation).unwrap_err().to_string()
    };
    assert_eq!(message(&[0.0; 2], &[0.0]), "'longitudes': expected 2 values, got 1.");
    assert_eq!(
        message(&[0.0, 90.1], &[0.0; 2]),
        "'latitudes' is 90.1 at point 1: expected degrees from -90 to 90."
    );
    assert!(message(&[f64::NAN], &[0.0]).starts_with("'latitudes' is NaN at point 0"));
    assert!(message(&[0.0], &[f64::INFINITY]).starts_with("'longitudes' is inf at point 0"));
    let mut points = PointEvaluation::new(&[1.0, 2.0], &[3.0, 4.0], truncation).unwrap();
    assert!(points.set_radius(-1.0).is_err());
    assert!(points.synthesis(1, &[0.0; 41], &mut [0.0; 2]).is_err());
    assert!(points.synthesis(1, &[0.0; 42], &mut [0.0; 3]).is_err());
    points.synthesis::<f64>(0, &[], &mut []).unwrap();
    let mut values = [0.0; 2];
    points.synthesis(1, &[f64::NAN; 42], &mut values).unwrap();
    assert!(values.iter().all(|value| value.is_nan()));
    let none = PointEvaluation::new(&[], &[], truncation).unwrap();
    none.synthesis(1, &[1.0; 42], &mut []).unwrap();
    let mut spectrum = [1.0; 42];
    none.synthesis_adjoint(1, &[], &mut spectrum).unwrap();
    assert_eq!(spectrum, [0.0; 42]);
}
