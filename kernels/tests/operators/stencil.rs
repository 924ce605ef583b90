//! Five-point stencils: against plain references, order of accuracy, conservation, boundedness.

use std::f64::consts::PI;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::stencil::{LatLonPanel, advection_upwind, laplacian, with_halo};
use terrella_kernels::{Real, Result};

const RADIUS: f64 = 6_371_229.0;

/// A field on a panel from a function of latitude and longitude, one level.
fn sample<R: Real>(panel: &LatLonPanel, function: impl Fn(f64, f64) -> f64) -> Vec<R> {
    let points = (0..panel.rows()).flat_map(|row| (0..panel.columns()).map(move |column| (row, column)));
    points.map(|(row, column)| R::from_f64(function(panel.latitude(row), panel.longitude(column)))).collect()
}

fn extended<R: Real>(panel: &LatLonPanel, levels: usize, field: &[R]) -> Result<Buffer<R>> {
    let [levels, rows, columns] = [levels, panel.rows(), panel.columns()].map(|extent| extent as u32);
    let field = Buffer::from_slice(Device::Cpu, field)?;
    let mut result = Buffer::zeros(Device::Cpu, (levels * (rows + 2) * (columns + 2)) as usize)?;
    with_halo::launch([levels, rows + 2, columns + 2], rows, columns, &field, &mut result)?;
    Ok(result)
}

fn laplacian_on<R: Real>(panel: &LatLonPanel, levels: usize, field: &[R]) -> Result<Vec<R>> {
    let [level_count, rows, columns] = [levels, panel.rows(), panel.columns()].map(|extent| extent as u32);
    let on_cpu = |values: &[R]| Buffer::from_slice(Device::Cpu, values);
    let (west_east, north, south) =
        (on_cpu(&panel.west_east())?, on_cpu(&panel.north())?, on_cpu(&panel.south())?);
    let mut result = Buffer::zeros(Device::Cpu, field.len())?;
    laplacian::launch(
        [level_count, rows, columns],
        rows,
        columns,
        &west_east,
        &north,
        &south,
        &extended(panel, levels, field)?,
        &mut result,
    )?;
    result.to_vec()
}

fn advection_on<R: Real>(panel: &LatLonPanel, wind: [&[R]; 2], field: &[R]) -> Result<Vec<R>> {
    let [rows, columns] = [panel.rows(), panel.columns()].map(|extent| extent as u32);
    let on_cpu = |values: &[R]| Buffer::from_slice(Device::Cpu, values);
    let mut result = Buffer::zeros(Device::Cpu, field.len())?;
    advection_upwind::launch(
        [1, rows, columns],
        rows,
        columns,
        panel.inverse_row_distance(),
        &on_cpu(&panel.inverse_column_distance())?,
        &on_cpu(wind[0])?,
        &on_cpu(wind[1])?,
        &extended(panel, 1, field)?,
        &mut result,
    )?;
    result.to_vec()
}

/// Area-weighted root mean square of a difference, relative to that of the expected field.
fn relative_l2(panel: &LatLonPanel, got: &[f64], expected: &[f64]) -> f64 {
    let (mut difference, mut magnitude) = (0.0, 0.0);
    for index in 0..got.len() {
        let weight = panel.latitude(index / panel.columns()).cos();
        difference += weight * (got[index] - expected[index]).powi(2);
        magnitude += weight * expected[index].powi(2);
    }
    (difference / magnitude).sqrt()
}

/// An odd field with structure in both directions: the spherical harmonic n = 3, m = 2.
fn harmonic(latitude: f64, longitude: f64) -> f64 {
    latitude.sin() * latitude.cos().powi(2) * (2.0 * longitude).cos()
}

#[test]
fn halo_wraps_around_and_crosses_the_poles() -> Result<()> {
    let panel = LatLonPanel::global(3, 4, RADIUS)?;
    let field: Vec<f64> = (0..24).map(f64::from).collect();
    let extended = extended(&panel, 2, &field)?.to_vec()?;
    let row = |level: usize, row: usize| &extended[(level * 5 + row) * 6..][..6];
    assert_eq!(row(0, 0), [1.0, 2.0, 3.0, 0.0, 1.0, 2.0]);
    assert_eq!(row(0, 1), [3.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
    assert_eq!(row(0, 3), [11.0, 8.0, 9.0, 10.0, 11.0, 8.0]);
    assert_eq!(row(0, 4), [9.0, 10.0, 11.0, 8.0, 9.0, 10.0]);
    assert_eq!(row(1, 0), [13.0, 14.0, 15.0, 12.0, 13.0, 14.0]);
    Ok(())
}

fn laplacian_equals_reference<R: Real>() -> Result<()> {
    let panel = LatLonPanel::global(9, 22, RADIUS)?;
    let (levels, rows, columns) = (3, 9, 22);
    let field: Vec<R> =
        (0..levels * rows * columns).map(|i| R::from_f64(250.0 + (i as f64 * 0.7).sin())).collect();
    let got = laplacian_on(&panel, levels, &field)?;
    let value = |level: usize, row: isize, column: isize| {
        let beyond = row < 0 || row >= rows as isize;
        let row = row.clamp(0, rows as isize - 1) as usize;
        let shift = if beyond { columns / 2 } else { 0 };
        let column = (column + columns as isize) as usize + shift;
        field[(level * rows + row) * columns + column % columns].to_f64()
    };
    let spacing = PI / rows as f64;
    for (index, got) in got.iter().enumerate() {
        let (level, row, column) =
            (index / columns / rows, (index / columns % rows) as isize, (index % columns) as isize);
        let latitude = PI / 2.0 - (row as f64 + 0.5) * spacing;
        let centre = value(level, row, column);
        let zonal = (value(level, row, column - 1) - 2.0 * centre + value(level, row, column + 1))
            / (latitude.cos() * 2.0 * PI / columns as f64).powi(2);
        let face = |side: f64, neighbour: f64| {
            (latitude + side * spacing / 2.0).cos() * (neighbour - centre)
                / (latitude.cos() * spacing.powi(2))
        };
        let meridional = face(1.0, value(level, row - 1, column)) + face(-1.0, value(level, row + 1, column));
        let expected = (zonal + meridional) / RADIUS.powi(2);
        // Differences of values near 250 lose what their magnitude over the smallest spacing squared allows.
        let scale = 250.0 / (RADIUS * latitude.cos() * 2.0 * PI / columns as f64).powi(2);
        let error = (got.to_f64() - expected).abs();
        assert!(error <= 8.0 * R::EPSILON.to_f64() * scale, "at {index}: got {got}, expected {expected}");
    }
    Ok(())
}

#[test]
fn laplacian_equals_reference_f32() -> Result<()> {
    laplacian_equals_reference::<f32>()
}

#[test]
fn laplacian_equals_reference_f64() -> Result<()> {
    laplacian_equals_reference::<f64>()
}

#[test]
fn laplacian_is_second_order() -> Result<()> {
    let error = |rows: usize| -> Result<f64> {
        let panel = LatLonPanel::global(rows, 2 * rows, RADIUS)?;
        let field = sample(&panel, harmonic);
        // ∇²Y = −n (n + 1)/a² Y
        let expected: Vec<f64> = field.iter().map(|y| -12.0 / RADIUS.powi(2) * y).collect();
        Ok(relative_l2(&panel, &laplacian_on(&panel, 1, &field)?, &expected))
    };
    let (coarse, fine) = (error(32)?, error(64)?);
    let order = (coarse / fine).log2();
    assert!(order > 1.9, "order {order}: errors {coarse}, {fine}");
    Ok(())
}

#[test]
fn laplacian_conserves_the_integral() -> Result<()> {
    let panel = LatLonPanel::global(24, 48, RADIUS)?;
    let field =
        sample::<f64>(&panel, |latitude, longitude| (3.0 * latitude).sin() + (latitude * longitude).cos());
    let result = laplacian_on(&panel, 1, &field)?;
    let terms = result.iter().enumerate().map(|(index, value)| panel.latitude(index / 48).cos() * value);
    let (sum, magnitude) =
        terms.fold((0.0, 0.0), |(sum, magnitude), term| (sum + term, magnitude + term.abs()));
    assert!(sum.abs() < 1e-13 * magnitude, "integral {sum} of terms that add up to {magnitude}");
    Ok(())
}

#[test]
fn advection_is_first_order() -> Result<()> {
    // Solid-body rotation over the poles; f depends on x = cos φ cos λ alone: v·∇f = f'(x) v·∇x.
    let speed = 40.0;
    let error = |rows: usize| -> Result<f64> {
        let panel = LatLonPanel::global(rows, 2 * rows, RADIUS)?;
        let eastward: Vec<f64> =
            sample(&panel, |latitude, longitude| speed * latitude.sin() * longitude.cos());
        let northward: Vec<f64> = sample(&panel, |_, longitude| -speed * longitude.sin());
        let field: Vec<f64> = sample(&panel, |latitude, longitude| latitude.cos() * longitude.cos());
        let expected: Vec<f64> = sample(&panel, |latitude, longitude| {
            let (u, v) = (speed * latitude.sin() * longitude.cos(), -speed * longitude.sin());
            (u * longitude.sin() + v * latitude.sin() * longitude.cos()) / RADIUS
        });
        Ok(relative_l2(&panel, &advection_on(&panel, [&eastward, &northward], &field)?, &expected))
    };
    let (coarse, fine) = (error(64)?, error(128)?);
    let order = (coarse / fine).log2();
    assert!(order > 0.9, "order {order}: errors {coarse}, {fine}");
    Ok(())
}

fn advection_creates_no_extremes<R: Real>() -> Result<()> {
    let panel = LatLonPanel::limited(20, 30, [0.2, 0.9], 1.0, RADIUS)?;
    let field: Vec<R> =
        sample(
            &panel,
            |latitude, longitude| {
                if (latitude - 0.5).abs() < 0.1 && (longitude - 0.5).abs() < 0.1 { 1.0 } else { 0.0 }
            },
        );
    let eastward: Vec<R> = sample(&panel, |latitude, longitude| 30.0 * (9.0 * latitude + longitude).sin());
    let northward: Vec<R> = sample(&panel, |latitude, longitude| 30.0 * (7.0 * longitude - latitude).cos());
    let tendency = advection_on(&panel, [&eastward, &northward], &field)?;
    let columns: f64 = panel.inverse_column_distance::<f64>().into_iter().fold(0.0, f64::max);
    let time_step = 1.0 / (30.0 * (columns + panel.inverse_row_distance::<f64>()));
    let mut moved = 0;
    for (value, tendency) in field.iter().zip(&tendency) {
        let next = value.to_f64() + time_step * tendency.to_f64();
        let rounding = 4.0 * R::EPSILON.to_f64();
        assert!((-rounding..=1.0 + rounding).contains(&next), "{value} becomes {next}");
        moved += usize::from(tendency.to_f64() != 0.0);
    }
    assert!(moved > 20, "only {moved} points moved");
    Ok(())
}

#[test]
fn advection_creates_no_extremes_f32() -> Result<()> {
    advection_creates_no_extremes::<f32>()
}

#[test]
fn advection_creates_no_extremes_f64() -> Result<()> {
    advection_creates_no_extremes::<f64>()
}

#[test]
fn impossible_panels_are_refused_by_name() {
    let text = |panel: Result<LatLonPanel>| panel.map(|_| ()).unwrap_err().to_string();
    assert!(text(LatLonPanel::global(8, 7, RADIUS)).starts_with("'columns' is 7"));
    assert!(text(LatLonPanel::global(0, 8, RADIUS)).starts_with("'rows × columns' is 0 × 8"));
    assert!(
        text(LatLonPanel::limited(4, 8, [0.5, 0.2], 1.0, RADIUS)).starts_with("'latitudes' is [0.5, 0.2]")
    );
    assert!(text(LatLonPanel::limited(4, 8, [0.1, 0.2], 7.0, RADIUS)).starts_with("'width' is 7"));
    assert!(text(LatLonPanel::limited(4, 8, [0.1, 0.2], 1.0, -1.0)).starts_with("'radius' is -1"));
}
