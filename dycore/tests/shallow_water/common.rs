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
    filled(ShallowWater::new(configuration, device).unwrap(), wind, depth)
}

/// Values on the points of a model, which ranks may share.
fn on_points<R: Real>(model: &ShallowWater<R>, function: impl Fn(f64, f64) -> f64) -> Buffer<R> {
    let values = on_grid(&model.configuration().grid, function);
    Buffer::from_slice(model.device(), &model.part().own_fields(1, &values).unwrap()).unwrap()
}

/// The same of a model at rest, which ranks may share.
fn filled<R: Real>(
    mut model: ShallowWater<R>,
    wind: impl Fn(f64, f64) -> (f64, f64),
    depth: impl Fn(f64, f64) -> f64,
) -> ShallowWater<R> {
    let gravity = model.configuration().gravity;
    let u = on_points(&model, |longitude, latitude| wind(longitude, latitude).0);
    let v = on_points(&model, |longitude, latitude| wind(longitude, latitude).1);
    let geopotential = on_points(&model, |longitude, latitude| gravity * depth(longitude, latitude));
    model.set_from_wind_and_geopotential(&u, &v, &geopotential).unwrap();
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
    wavy_in(ShallowWater::new(Configuration::new(21).unwrap(), device).unwrap())
}

/// The same in a model at rest, which ranks may share.
pub(crate) fn wavy_in<R: Real>(model: ShallowWater<R>) -> ShallowWater<R> {
    let mut model = filled(model, wavy_wind, wavy_depth);
    let gravity = model.configuration().gravity;
    let hill = on_points(&model, |longitude, latitude| {
        gravity * 500.0 * (latitude.cos() * longitude.cos()).max(0.0).powi(4)
    });
    model.set_orography(&hill).unwrap();
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
