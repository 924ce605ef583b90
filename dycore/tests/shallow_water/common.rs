//! What the tests share: analytic fields and a flow that exercises every term.
#![allow(dead_code, reason = "each test file uses its part")]

use std::f64::consts::TAU;

use terrella_dycore::shallow_water::{Configuration, ShallowWater};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;

/// Values `[points]` of a function of longitude and latitude \[radians\].
pub(crate) fn on_grid<R: Real>(grid: &Grid, function: impl Fn(f64, f64) -> f64) -> Vec<R> {
    let mut values = Vec::new();
    for ring in grid.rings() {
        let latitude = ring.latitude.to_radians();
        for point in 0..ring.points {
            values.push(R::from_f64(function(TAU * point as f64 / ring.points as f64, latitude)));
        }
    }
    values
}

/// A model with wind and depth (m) given as functions.
pub(crate) fn model<R: Real>(
    configuration: Configuration,
    wind: impl Fn(f64, f64) -> (f64, f64),
    depth: impl Fn(f64, f64) -> f64,
) -> ShallowWater<R> {
    model_on(Device::Cpu, configuration, wind, depth)
}

/// The same on any device.
pub(crate) fn model_on<R: Real>(
    device: Device,
    configuration: Configuration,
    wind: impl Fn(f64, f64) -> (f64, f64),
    depth: impl Fn(f64, f64) -> f64,
) -> ShallowWater<R> {
    let grid = configuration.grid.clone();
    let gravity = configuration.gravity;
    let mut model = ShallowWater::new(configuration, device).unwrap();
    let field =
        |function: &dyn Fn(f64, f64) -> f64| Buffer::from_slice(device, &on_grid(&grid, function)).unwrap();
    model
        .set_from_wind_and_geopotential(
            &field(&|longitude, latitude| wind(longitude, latitude).0),
            &field(&|longitude, latitude| wind(longitude, latitude).1),
            &field(&|longitude, latitude| gravity * depth(longitude, latitude)),
        )
        .unwrap();
    model
}

/// A westerly wind with a wave in it \[m s⁻¹\].
pub(crate) fn wavy_wind(longitude: f64, latitude: f64) -> (f64, f64) {
    let wave = 10.0 * latitude.cos().powi(3);
    (30.0 * latitude.cos() + wave * latitude.sin() * (4.0 * longitude).cos(), -wave * (4.0 * longitude).sin())
}

/// A depth roughly in balance with it \[m\].
pub(crate) fn wavy_depth(longitude: f64, latitude: f64) -> f64 {
    5_700.0 - 1_000.0 * latitude.sin().powi(2) + 50.0 * latitude.cos().powi(4) * (3.0 * longitude).sin()
}

/// A wavy westerly flow over a hill, roughly in balance, at T21 with defaults.
pub(crate) fn wavy<R: Real>() -> ShallowWater<R> {
    wavy_on(Device::Cpu)
}

/// The same on any device.
pub(crate) fn wavy_on<R: Real>(device: Device) -> ShallowWater<R> {
    let configuration = Configuration::new(21).unwrap();
    let grid = configuration.grid.clone();
    let gravity = configuration.gravity;
    let mut model = model_on::<R>(device, configuration, wavy_wind, wavy_depth);
    let hill = on_grid(&grid, |longitude, latitude| {
        gravity * 500.0 * (latitude.cos() * longitude.cos()).max(0.0).powi(4)
    });
    model.set_orography(&Buffer::from_slice(device, &hill).unwrap()).unwrap();
    model
}

/// Relative root-mean-square difference, unweighted.
pub(crate) fn relative_difference<R: Real>(values: &[R], reference: &[f64]) -> f64 {
    let (mut error, mut size) = (0.0, 0.0);
    for (value, expected) in values.iter().zip(reference) {
        error += (value.to_f64() - expected).powi(2);
        size += expected * expected;
    }
    (error / size).sqrt()
}
