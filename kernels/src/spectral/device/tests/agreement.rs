//! Values against the transform on the CPU in f64, and derivatives against those of the fields.

use super::*;

pub(super) fn check_against_the_cpu<R: Real>(device: Device, grid: &Grid, total: usize, tolerance: f64) {
    let truncation = Truncation::new(total);
    let mut reference = Transform::<f64>::new(grid, truncation, Device::Cpu).unwrap();
    reference.set_radius(RADIUS).unwrap();
    let mut ours = transform::<R>(device, grid, total);
    let (spectrum_len, grid_len) = (truncation.spectrum_len(FIELDS), FIELDS * grid.points());
    let rounded = |len: usize, seed: usize| values(&upload::<R>(Device::Cpu, &noise(len, seed)));
    let name = format!("{device} {} T{total} {:?}", grid.name(), R::PRECISION);
    let host = |values: &[f64]| upload::<f64>(Device::Cpu, values);

    let x = [rounded(spectrum_len, 1), rounded(spectrum_len, 2)];
    let [mut u, mut v] = [0; 2].map(|_| host(&vec![0.0; grid_len]));
    let [mut vorticity, mut divergence] = [0; 2].map(|_| host(&vec![0.0; spectrum_len]));
    let operators = pairs_of_adjoints::<R>();
    reference.synthesis(FIELDS, &host(&x[0]), &mut u).unwrap();
    let got = apply(&mut ours, operators[0].2, &x[..1], 1, grid_len);
    expect_close(&format!("{name} synthesis"), tolerance, &values(&u), &got);

    // What an analysis is for: fields that the truncation holds.
    let field = values(&upload::<R>(Device::Cpu, &values(&u)));
    reference.analysis(FIELDS, &host(&field), &mut vorticity).unwrap();
    let got = apply(&mut ours, operators[1].3, &[field], 1, spectrum_len);
    expect_close(&format!("{name} analysis"), tolerance, &values(&vorticity), &got);

    reference.wind_synthesis(FIELDS, &host(&x[0]), &host(&x[1]), &mut u, &mut v).unwrap();
    let got = apply(&mut ours, operators[2].2, &x, 2, grid_len);
    expect_close(&format!("{name} wind_synthesis"), tolerance, &[values(&u), values(&v)].concat(), &got);

    let wind = [&u, &v].map(|wind| values(&upload::<R>(Device::Cpu, &values(wind))));
    let [u, v] = [0, 1].map(|i| host(&wind[i]));
    reference.wind_analysis(FIELDS, &u, &v, &mut vorticity, &mut divergence).unwrap();
    let got = apply(&mut ours, operators[3].3, &wind, 2, spectrum_len);
    let expected = [values(&vorticity), values(&divergence)].concat();
    expect_close(&format!("{name} wind_analysis"), tolerance, &expected, &got);
}

#[test]
fn transforms_agree_with_the_cpu() {
    for device in devices() {
        for (grid, total) in grids().into_iter().chain(long_grids()) {
            check_against_the_cpu::<f64>(device, &grid, total, 2e-14);
            check_against_the_cpu::<f32>(device, &grid, total, 20.0 * f64::from(f32::EPSILON));
        }
    }
}

/// More columns and pairs than one tile of any text holds.
pub(super) fn check_many_fields<R: Real>(device: Device, tolerance: f64) {
    let (grid, total, fields): (Grid, usize, usize) = ("F70".parse().unwrap(), 40, 70);
    let truncation = Truncation::new(total);
    let results = |device: Device| {
        let mut transform = transform::<R>(device, &grid, total);
        let spectrum = upload::<R>(device, &noise(truncation.spectrum_len(fields), 1));
        let mut grid_fields = upload::<R>(device, &vec![7.0; fields * grid.points()]);
        transform.synthesis(fields, &spectrum, &mut grid_fields).unwrap();
        let mut back = upload::<R>(device, &vec![7.0; spectrum.len()]);
        transform.analysis(fields, &grid_fields, &mut back).unwrap();
        [values(&grid_fields), values(&back)]
    };
    let ([fields, spectrum], [expected_fields, expected_spectrum]) = (results(device), results(Device::Cpu));
    expect_close(&format!("{device} fields"), tolerance, &expected_fields, &fields);
    expect_close(&format!("{device} spectrum"), tolerance, &expected_spectrum, &spectrum);
}

#[test]
fn many_fields_are_transformed_like_few() {
    for device in devices() {
        check_many_fields::<f64>(device, 1e-14);
        check_many_fields::<f32>(device, 20.0 * f64::from(f32::EPSILON));
    }
    // On the CPU itself, against the spectrum that came in.
    let (grid, fields): (Grid, usize) = ("F70".parse().unwrap(), 70);
    let mut transform = transform::<f64>(Device::Cpu, &grid, 40);
    let mut expected = noise(Truncation::new(40).spectrum_len(fields), 1);
    expected[..82 * fields].chunks_mut(fields).skip(1).step_by(2).for_each(|imaginary| imaginary.fill(0.0));
    let mut grid_fields = upload(Device::Cpu, &vec![0.0; fields * grid.points()]);
    transform.synthesis(fields, &upload(Device::Cpu, &expected), &mut grid_fields).unwrap();
    let mut back = upload(Device::Cpu, &expected);
    transform.analysis(fields, &grid_fields, &mut back).unwrap();
    expect_close("back", 1e-13, &expected, &values(&back));
}

/// (1/(a cos φ)) ∂/∂λ of a field, ring by ring; 0 on poles.
fn eastward_derivative(grid: &Grid, field: &[f64]) -> Vec<f64> {
    let mut derivative = vec![0.0; field.len()];
    for ring in grid.rings().iter().filter(|ring| ring.cosine_latitude > 0.0) {
        let n = ring.points;
        let values = &field[ring.offset..ring.offset + n];
        let angle = |m: usize, j: usize| std::f64::consts::TAU * ((m * j) % n) as f64 / n as f64;
        for m in 1..n.div_ceil(2) {
            let [cosine, sine] = [f64::cos, f64::sin]
                .map(|f| (0..n).map(|j| values[j] * f(angle(m, j))).sum::<f64>() * 2.0 / n as f64);
            let scale = m as f64 / (RADIUS * ring.cosine_latitude);
            for j in 0..n {
                derivative[ring.offset + j] +=
                    scale * (sine * angle(m, j).cos() - cosine * angle(m, j).sin());
            }
        }
    }
    derivative
}

#[test]
fn derivatives_are_those_of_the_fields() {
    for (grid, total) in grids() {
        let truncation = Truncation::new(total);
        let mut reference = Transform::<f64>::new(&grid, truncation, Device::Cpu).unwrap();
        reference.set_radius(RADIUS).unwrap();
        let mut ours = transform::<f64>(Device::Cpu, &grid, total);
        let (spectrum_len, points) = (truncation.spectrum_len(FIELDS), grid.points());
        let zeros = |len: usize| upload::<f64>(Device::Cpu, &vec![0.0; len]);
        let [mut u, mut v] = [0; 2].map(|_| zeros(FIELDS * points));
        let operators = pairs_of_adjoints::<f64>();

        // The wind of a velocity potential is its gradient.
        let potential = noise(spectrum_len, 1);
        let mut divergence = potential.clone();
        for (values, (_, n)) in divergence.chunks_mut(2 * FIELDS).zip(truncation.wavenumbers()) {
            let laplacian = -((n * (n + 1)) as f64) / (RADIUS * RADIUS);
            values.iter_mut().for_each(|value| *value *= laplacian);
        }
        let divergence = upload(Device::Cpu, &divergence);
        reference.wind_synthesis(FIELDS, &zeros(spectrum_len), &divergence, &mut u, &mut v).unwrap();
        let got = apply(&mut ours, operators[4].2, &[potential], 2, FIELDS * points);
        let expected = [values(&u), values(&v)].concat();
        expect_close(&format!("{} gradient", grid.name()), 2e-14, &expected, &got);

        let sources = [noise(spectrum_len, 1), noise(spectrum_len, 2)];
        let [first, second] = [0, 1].map(|i| upload(Device::Cpu, &sources[i]));
        reference.wind_synthesis(FIELDS, &first, &second, &mut u, &mut v).unwrap();
        let wind = [values(&u), values(&v)].concat();
        let expected: Vec<f64> =
            wind.chunks(points).flat_map(|field| eastward_derivative(&grid, field)).collect();
        let got = apply(&mut ours, operators[5].2, &sources, 2, FIELDS * points);
        expect_close(&format!("{} wind_zonal_derivative", grid.name()), 2e-14, &expected, &got);
    }
}
