//! What the tests of the primitive equations share: set-ups and a flow that exercises every term.
#![allow(dead_code, reason = "each test file uses its part")]

use std::f64::consts::TAU;

use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::physics::held_suarez::Forcing;

/// A function of longitude and latitude \[radians\].
pub(crate) type Surface<'a> = &'a dyn Fn(f64, f64) -> f64;
/// A function of pressure over surface pressure, longitude and latitude.
pub(crate) type Column<'a> = &'a dyn Fn(f64, f64, f64) -> f64;

/// Values `[points]`.
pub(crate) fn on_grid<R: Real>(grid: &Grid, function: Surface) -> Vec<R> {
    let mut values = Vec::new();
    for ring in grid.rings() {
        let latitude = ring.latitude.to_radians();
        for point in 0..ring.points {
            values.push(R::from_f64(function(TAU * point as f64 / ring.points as f64, latitude)));
        }
    }
    values
}

/// Values `[levels, points]`; σ is that of layers over the mean surface pressure of the reference.
pub(crate) fn in_columns<R: Real>(configuration: &Configuration, function: Column) -> Vec<R> {
    let surface = configuration.reference_surface_pressure;
    let pressures = configuration.levels.full_level_pressure(surface);
    pressures
        .iter()
        .flat_map(|pressure| {
            on_grid(&configuration.grid, &|longitude, latitude| {
                function(pressure / surface, longitude, latitude)
            })
        })
        .collect()
}

/// Initial fields as functions.
pub(crate) struct Fields<'a> {
    pub(crate) u: Column<'a>,
    pub(crate) v: Column<'a>,
    pub(crate) temperature: Column<'a>,
    pub(crate) surface_pressure: Surface<'a>,
    /// φ_s \[m² s⁻²\].
    pub(crate) ground: Surface<'a>,
    pub(crate) tracers: &'a [Column<'a>],
}

/// A model with these fields.
pub(crate) fn model<R: Real>(device: Device, configuration: Configuration, fields: &Fields) -> Primitive<R> {
    filled(Primitive::<R>::new(configuration, device).unwrap(), fields)
}

/// The same of a model at rest, which ranks may share.
pub(crate) fn filled<R: Real>(mut model: Primitive<R>, fields: &Fields) -> Primitive<R> {
    let (configuration, part) = (model.configuration().clone(), model.part().clone());
    let grid = configuration.grid.clone();
    let column = |function: Column| in_columns::<R>(&configuration, function);
    let (u, v, temperature) = (column(fields.u), column(fields.v), column(fields.temperature));
    let tracers: Vec<R> = fields.tracers.iter().flat_map(|tracer| column(*tracer)).collect();
    let buffer = |values: &[R]| {
        let own = part.own_fields(values.len() / grid.points(), values).unwrap();
        Buffer::from_slice(model.device(), &own).unwrap()
    };
    let buffers = [&u, &v, &temperature, &on_grid(&grid, fields.surface_pressure), &tracers]
        .map(|values| buffer(values));
    let ground = buffer(&on_grid(&grid, fields.ground));
    model.set_orography(&ground).unwrap();
    let [u, v, temperature, surface_pressure, tracers] = &buffers;
    model.set_from_grid(u, v, temperature, surface_pressure, tracers).unwrap();
    model
}

/// Two hills \[m² s⁻²\], the higher of about 2,000 m.
pub(crate) fn hills(longitude: f64, latitude: f64) -> f64 {
    let bump = |centre: f64, height: f64| {
        height * 9.8 * (latitude.cos() * (longitude - centre).cos()).max(0.0).powi(6)
    };
    bump(1.0, 2000.0) + bump(4.0, 800.0)
}

/// A moist westerly flow with waves and a passive tracer over hills, at T21 on the 19 levels, with defaults.
pub(crate) fn wavy<R: Real>() -> Primitive<R> {
    wavy_on(Device::Cpu, true)
}

/// The same on any device, with or without the forcing of Held and Suarez.
pub(crate) fn wavy_on<R: Real>(device: Device, forced: bool) -> Primitive<R> {
    wavy_at(21, device, forced)
}

/// The same at any truncation.
pub(crate) fn wavy_at<R: Real>(truncation: usize, device: Device, forced: bool) -> Primitive<R> {
    let mut configuration = Configuration::new(truncation, "L19".parse().unwrap()).unwrap();
    configuration.time_step = 1_200.0;
    wavy_from(configuration, device, forced)
}

/// The same with any other settings.
pub(crate) fn wavy_from<R: Real>(
    mut configuration: Configuration,
    device: Device,
    forced: bool,
) -> Primitive<R> {
    configuration.moist = true;
    configuration.passive_tracers = 1;
    wavy_in(Primitive::new(configuration, device).unwrap(), forced)
}

/// The same in a model at rest with humidity and another tracer.
pub(crate) fn wavy_in<R: Real>(model: Primitive<R>, forced: bool) -> Primitive<R> {
    let fields = Fields {
        u: &|sigma, longitude, latitude| {
            25.0 * latitude.cos()
                + 10.0 * sigma * latitude.cos().powi(3) * latitude.sin() * (4.0 * longitude).cos()
        },
        v: &|sigma, longitude, latitude| -10.0 * sigma * latitude.cos().powi(3) * (4.0 * longitude).sin(),
        temperature: &|sigma, longitude, latitude| {
            (300.0 * sigma.powf(0.15) - 20.0 * sigma * latitude.sin().powi(2)
                + 2.0 * latitude.cos() * longitude.cos())
            .max(205.0)
        },
        surface_pressure: &|longitude, latitude| {
            100_000.0 * (-hills(longitude, latitude) / (287.0 * 280.0)).exp() - 800.0 * latitude.sin().powi(2)
        },
        ground: &hills,
        tracers: &[
            &|sigma, _, latitude| 0.015 * sigma.powi(3) * latitude.cos().powi(2),
            &|sigma, longitude, _| 1.0 + sigma * longitude.sin(),
        ],
    };
    let mut model = filled(model, &fields);
    if forced {
        let scheme = HeldSuarez::<R>::new(Forcing::default(), model.configuration(), model.device()).unwrap();
        model.add_physics(Box::new(scheme)).unwrap();
    }
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
