//! Exchange over land and sea, and the slab.

use terrella_kernels::Real;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::surface_exchange::{
    bulk_exchange, slab_prediction, slab_temperature, surface_exchange,
};

use crate::columns::{Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, saturation};

const GUSTINESS: f64 = 1.0;
const CRITICAL: f64 = 1.0;
const TIME_STEP: f64 = 0.5 * INTERVAL;

fn roughness<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number([3.21e-5, 0.05, 1.5][point % 3])).collect()
}

fn wetness<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number([1.0, 0.3, 0.0][point % 3])).collect()
}

/// C \[J m⁻² K⁻¹\]: sea, thin and thick soil.
fn capacity<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number([0.0, 2e4, 2e6][point % 3])).collect()
}

fn radiation<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number(-150.0 + 5.0 * point as f64)).collect()
}

/// Velocity, velocity, height, depth.
fn bulk<R: Real>(columns: &Columns<R>) -> [Vec<R>; 4] {
    let air = MoistAir::default();
    let [mut momentum, mut scalar, mut height, mut depth] = [0; 4].map(|_| empty(POINTS));
    bulk_exchange::launch(
        [POINTS as u32],
        POINTS as u32,
        columns.levels as u32 - 1,
        number(air.gas_constant),
        number(air.virtual_factor()),
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heat_capacity),
        number(air.gravity),
        number(GUSTINESS),
        number(CRITICAL),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.reference_temperature),
        &buffer(&roughness()),
        &buffer(&wetness()),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.surface_temperature),
        &buffer(&columns.u),
        &buffer(&columns.v),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut momentum,
        &mut scalar,
        &mut height,
        &mut depth,
    )
    .unwrap();
    [momentum, scalar, height, depth].map(|buffer| buffer.to_vec().unwrap())
}

fn lapse() -> f64 {
    MoistAir::default().gravity / MoistAir::default().heat_capacity
}

fn predicted<R: Real>(columns: &Columns<R>, bulk: &[Vec<R>; 4], capacity: &[R]) -> Vec<R> {
    let air = MoistAir::default();
    let mut predicted = empty(POINTS);
    slab_prediction::launch(
        [POINTS as u32],
        POINTS as u32,
        columns.levels as u32 - 1,
        number(TIME_STEP),
        number(INTERVAL),
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heating()),
        number(air.heat_capacity),
        number(air.gravity),
        number(lapse()),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.reference_temperature),
        &buffer(capacity),
        &buffer(&radiation()),
        &buffer(&wetness()),
        &buffer(&bulk[1]),
        &buffer(&bulk[2]),
        &buffer(&bulk[3]),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.surface_temperature),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut predicted,
    )
    .unwrap();
    predicted.to_vec().unwrap()
}

/// Temperature and humidity after, sensible heat, evaporation, and the ground's temperature after.
fn stepped<R: Real>(columns: &Columns<R>, capacity: &[R]) -> [Vec<R>; 5] {
    let air = MoistAir::default();
    let bulk = bulk(columns);
    let predicted = predicted(columns, &bulk, capacity);
    let count = columns.levels * POINTS;
    let [mut u, mut v, mut temperature, mut humidity] = [0; 4].map(|_| empty(count));
    let [mut eastward, mut northward, mut heat, mut water, mut ground] = [0; 5].map(|_| empty(POINTS));
    surface_exchange::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        columns.levels as u32,
        number(INTERVAL),
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heat_capacity),
        number(air.gravity),
        number(lapse()),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
        &buffer(&predicted),
        &buffer(&wetness()),
        &buffer(&bulk[0]),
        &buffer(&bulk[1]),
        &buffer(&bulk[2]),
        &buffer(&bulk[3]),
        &buffer(&columns.u),
        &buffer(&columns.v),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut u,
        &mut v,
        &mut temperature,
        &mut humidity,
        &mut eastward,
        &mut northward,
        &mut heat,
        &mut water,
    )
    .unwrap();
    slab_temperature::launch(
        [POINTS as u32],
        number(TIME_STEP),
        number(air.latent_heat),
        &buffer(capacity),
        &buffer(&radiation()),
        &heat,
        &water,
        &buffer(&columns.surface_temperature),
        &mut ground,
    )
    .unwrap();
    [temperature, humidity, heat, water, ground].map(|buffer| buffer.to_vec().unwrap())
}

/// What the slab loses is what the radiation and the column take, as rates.
fn slab_and_column_close<R: Real>(tolerance: f64) {
    let air = MoistAir::default();
    let columns = Columns::<R>::new("L31");
    let [temperature, humidity, _, _, ground] = stepped(&columns, &capacity());
    for point in 0..POINTS {
        let at = |values: &[R]| values[point].to_f64();
        let column = (air.heat_capacity * columns.gain(&temperature, &columns.temperature, point)
            + air.latent_heat * columns.gain(&humidity, &columns.humidity, point))
            / INTERVAL;
        let capacity = at(&capacity::<R>());
        if capacity == 0.0 {
            assert!(ground[point] == columns.surface_temperature[point]);
            continue;
        }
        let slab = capacity * (at(&ground) - at(&columns.surface_temperature)) / TIME_STEP;
        let scale = 1000.0
            + column.abs()
            + capacity * 300.0 / TIME_STEP
            + (air.heat_capacity * columns.amount(&columns.temperature, point)
                + air.latent_heat * columns.amount(&columns.humidity, point))
                / INTERVAL;
        let given = at(&radiation::<R>());
        assert!(
            (slab + column - given).abs() <= tolerance * scale,
            "column {point}: {slab}, {column}, {given} W/m2"
        );
    }
    assert!(humidity.iter().all(|&humidity| humidity >= R::ZERO));
}

/// The drag law of the paper, one point after another in plain f64.
#[test]
fn exchange_follows_the_drag_law() {
    let air = MoistAir::default();
    let columns = Columns::<f64>::new("L31");
    let [momentum, scalar, height, depth] = bulk(&columns);
    assert!(momentum == scalar);
    let lowest = columns.levels - 1;
    let mut kinds = [0; 3];
    for point in 0..POINTS {
        let here = lowest * POINTS + point;
        let factor = air.vapour_gas_constant / air.gas_constant - 1.0;
        let (kelvin, vapour) = (columns.absolute(lowest, point), columns.humidity[here]);
        let (ground, surface) = (columns.surface_temperature[point], columns.surface_pressure[point]);
        let above = surface - columns.thickness(lowest, point);
        let warm = kelvin * (1.0 + factor * vapour);
        let z = 0.5 * air.gas_constant * warm / air.gravity * (surface / above).ln();
        let beta = wetness::<f64>()[point];
        let wet = beta * saturation(&air, ground, surface) + (1.0 - beta) * vapour;
        let warm_ground = ground * (1.0 + factor * wet);
        let square = columns.u[here].powi(2) + columns.v[here].powi(2) + GUSTINESS.powi(2);
        let richardson = air.gravity * z * (warm + lapse() * z - warm_ground) / (warm_ground * square);
        let neutral = (0.4 / (z / roughness::<f64>()[point]).ln()).powi(2);
        let expected = match richardson {
            ri if ri < 0.0 => neutral,
            ri if ri < CRITICAL => neutral * (1.0 - ri / CRITICAL).powi(2),
            _ => 0.0,
        };
        kinds[usize::from(richardson >= 0.0) + usize::from(richardson >= CRITICAL)] += 1;
        assert!((momentum[point] - expected * square.sqrt()).abs() < 1e-12, "column {point}");
        assert!((height[point] - z).abs() < 1e-9 * z);
        let density = surface / (air.gas_constant * warm);
        assert!((depth[point] * density * air.gravity - columns.thickness(lowest, point)).abs() < 1e-8);
    }
    assert!(kinds.iter().all(|&count| count > 5), "unstable, stable, beyond the critical number: {kinds:?}");
}

/// A thin slab under a long step, for which an explicit one would be unstable, goes to the balance of its fluxes and does not
/// swing about it.
#[test]
fn a_thin_slab_does_not_oscillate() {
    let mut columns = Columns::<f64>::new("L31");
    let air = MoistAir::default();
    for point in 0..POINTS {
        let here = (columns.levels - 1) * POINTS + point;
        (columns.u[here], columns.v[here]) = (15.0, 5.0);
        let warm = 275.0 + 25.0 * point as f64 / POINTS as f64;
        columns.temperature[here] = warm - 300.0;
        columns.surface_temperature[point] = warm;
        columns.humidity[here] = 0.5 * saturation(&air, warm, columns.surface_pressure[point]);
    }
    let capacity = vec![1e4; POINTS];
    let first = columns.surface_temperature.clone();
    let mut last = vec![f64::INFINITY; POINTS];
    for _ in 0..40 {
        let ground = stepped(&columns, &capacity)[4].clone();
        for point in 0..POINTS {
            let change = ground[point] - columns.surface_temperature[point];
            assert!(
                change.abs() <= last[point].abs() + 1e-6,
                "column {point}: {change} K after {} K",
                last[point]
            );
            last[point] = change;
        }
        columns.surface_temperature = ground;
    }
    assert!(last.iter().all(|change| change.abs() < 0.05));
    assert!(first.iter().zip(&columns.surface_temperature).any(|(first, last)| (first - last).abs() > 2.0));
}

both_precisions! { slab_and_column_close }

const LEVELS: usize = 19;

fn weather<R: Real>() -> Columns<R> {
    Columns::new("L19")
}

stamp! {
    bulk_exchange_on_devices: bulk_exchange<R>,
    extent [POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32 - 1), value(number::<R>(287.0)), value(number::<R>(0.61)),
        value(number::<R>(0.622)), value(number::<R>(5417.0)), value(number::<R>(1004.0)), value(number::<R>(9.8)),
        value(number::<R>(1.0)), value(number::<R>(1.0)), slice(weather::<R>().a_thickness),
        slice(weather::<R>().b_thickness), slice(weather::<R>().reference_temperature), slice(roughness::<R>()),
        slice(wetness::<R>()), slice(weather::<R>().surface_pressure), slice(weather::<R>().surface_temperature),
        slice(weather::<R>().u), slice(weather::<R>().v), slice(weather::<R>().temperature),
        slice(weather::<R>().humidity),
    },
    outputs { momentum: R, scalar: R, height: R, depth: R },
    reference {
        let (c, roughness, wetness) = (weather::<R>(), roughness::<R>(), wetness::<R>());
        move |[point]: [usize; 1]| bulk_exchange(
            point as u32, POINTS as u32, LEVELS as u32 - 1, number(287.0), number(0.61), number(0.622),
            number(5417.0), number(1004.0), number(9.8), number(1.0), number(1.0), &c.a_thickness, &c.b_thickness,
            &c.reference_temperature, &roughness, &wetness, &c.surface_pressure, &c.surface_temperature, &c.u, &c.v,
            &c.temperature, &c.humidity,
        )
    }
}

stamp! {
    prediction_on_devices: slab_prediction<R>,
    extent [POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32 - 1), value(number::<R>(TIME_STEP)), value(number::<R>(INTERVAL)),
        value(number::<R>(0.622)), value(number::<R>(5417.0)), value(number::<R>(2489.0)),
        value(number::<R>(1004.0)), value(number::<R>(9.8)), value(number::<R>(0.0098)),
        slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness),
        slice(weather::<R>().reference_temperature), slice(capacity::<R>()), slice(radiation::<R>()),
        slice(wetness::<R>()), slice(bulk(&weather::<R>())[1]), slice(bulk(&weather::<R>())[2]),
        slice(bulk(&weather::<R>())[3]), slice(weather::<R>().surface_pressure),
        slice(weather::<R>().surface_temperature), slice(weather::<R>().temperature),
        slice(weather::<R>().humidity),
    },
    outputs { ground: R },
    reference {
        let (c, capacity, radiation, wetness) = (weather::<R>(), capacity::<R>(), radiation::<R>(), wetness::<R>());
        let [_, scalar, height, depth] = bulk(&c);
        move |[point]: [usize; 1]| (slab_prediction(
            point as u32, POINTS as u32, LEVELS as u32 - 1, number(TIME_STEP), number(INTERVAL), number(0.622),
            number(5417.0), number(2489.0), number(1004.0), number(9.8), number(0.0098), &c.a_thickness,
            &c.b_thickness, &c.reference_temperature, &capacity, &radiation, &wetness, &scalar, &height, &depth,
            &c.surface_pressure, &c.surface_temperature, &c.temperature, &c.humidity,
        ),)
    }
}

stamp! {
    slab_on_devices: slab_temperature<R>,
    extent [POINTS as u32],
    arguments {
        value(number::<R>(TIME_STEP)), value(number::<R>(2.5e6)), slice(capacity::<R>()), slice(radiation::<R>()),
        slice(radiation::<R>()), slice(weather::<R>().humidity), slice(weather::<R>().surface_temperature),
    },
    outputs { ground: R },
    reference {
        let (c, capacity, radiation) = (weather::<R>(), capacity::<R>(), radiation::<R>());
        move |[point]: [usize; 1]| (slab_temperature(
            point as u32, number(TIME_STEP), number(2.5e6), &capacity, &radiation, &radiation, &c.humidity,
            &c.surface_temperature,
        ),)
    }
}
