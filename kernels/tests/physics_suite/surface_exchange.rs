//! Exchange with the ground.

use terrella_kernels::Real;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::surface_exchange::{simple_exchange, surface_exchange};

use crate::columns::{
    Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, saturation, scanned,
};

/// Γ \[K m⁻¹\].
const LAPSE: f64 = 0.0098;

/// Momentum and scalar velocity, height and depth.
pub(crate) fn simple<R: Real>(columns: &Columns<R>) -> [Vec<R>; 4] {
    let air = MoistAir::default();
    let [mut momentum, mut scalar, mut height, mut depth] = [0; 4].map(|_| empty(POINTS));
    simple_exchange::launch(
        [POINTS as u32],
        POINTS as u32,
        columns.levels as u32 - 1,
        number(1.0),
        number(air.gas_constant),
        number(air.virtual_factor()),
        number(air.gravity),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
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

/// How wet the ground is: the sea, dry land, and between.
fn wetness<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number([1.0, 0.0, 0.3][point % 3])).collect()
}

/// u, v, temperature and humidity, then momentum, heat and water received.
fn exchanged<R: Real>(columns: &Columns<R>, lapse: f64) -> [Vec<R>; 8] {
    let air = MoistAir::default();
    let [momentum, scalar, height, depth] = simple(columns);
    let count = columns.levels * POINTS;
    let [mut u, mut v, mut temperature, mut humidity] = [0; 4].map(|_| empty(count));
    let [mut eastward, mut northward, mut heat, mut water] = [0; 4].map(|_| empty(POINTS));
    surface_exchange::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        columns.levels as u32,
        number(INTERVAL),
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heat_capacity),
        number(air.gravity),
        number(lapse),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.surface_temperature),
        &buffer(&wetness()),
        &buffer(&momentum),
        &buffer(&scalar),
        &buffer(&height),
        &buffer(&depth),
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
    [u, v, temperature, humidity, eastward, northward, heat, water].map(|buffer| buffer.to_vec().unwrap())
}

fn columns_gain_what_the_ground_gives<R: Real>(tolerance: f64) {
    let air = MoistAir::default();
    let columns = Columns::<R>::new("L26");
    let [u, v, temperature, humidity, eastward, northward, heat, water] = exchanged(&columns, LAPSE);
    for point in 0..POINTS {
        for (name, after, before, factor, flux) in [
            ("eastward momentum", &u, &columns.u, 1.0, &eastward),
            ("northward momentum", &v, &columns.v, 1.0, &northward),
            ("heat", &temperature, &columns.temperature, air.heat_capacity, &heat),
            ("water", &humidity, &columns.humidity, 1.0, &water),
        ] {
            let gain = factor * columns.gain(after, before, point);
            let given = flux[point].to_f64() * INTERVAL;
            let scale = factor * columns.amount(before, point) + given.abs();
            assert!(
                (gain - given).abs() <= tolerance * scale,
                "{name}, column {point}: {gain}, given {given}"
            );
        }
    }
    assert!(water.iter().any(|&flux| flux > R::ZERO) && water.iter().any(|&flux| flux < R::ZERO));
}

fn humidity_stays_positive<R: Real>(_tolerance: f64) {
    let columns = Columns::<R>::new("L26");
    let after = exchanged(&columns, LAPSE);
    assert!(after[3].iter().all(|&humidity| humidity >= R::ZERO));
    assert!(after[3].iter().zip(&columns.humidity).any(|(after, before)| after != before));
}

/// The lowest layer against the formulas of the paper in plain f64.
#[test]
fn the_lowest_layer_follows_the_paper() {
    let air = MoistAir::default();
    let columns = Columns::<f64>::new("L26");
    let [momentum, scalar, height, depth] = simple(&columns);
    let [u, v, temperature, humidity, ..] = exchanged(&columns, 0.0);
    let lowest = columns.levels - 1;
    let mut strong = 0;
    for point in 0..POINTS {
        let here = lowest * POINTS + point;
        let wind = columns.u[here].hypot(columns.v[here]);
        let drag = if wind < 20.0 { 7e-4 + 6.5e-5 * wind } else { 0.002 };
        strong += usize::from(wind >= 20.0);
        let surface = columns.surface_pressure[point];
        let above = surface - columns.thickness(lowest, point);
        let moist = 1.0 + (air.vapour_gas_constant / air.gas_constant - 1.0) * columns.humidity[here];
        let middle = air.gas_constant / air.gravity
            * columns.absolute(lowest, point)
            * moist
            * 0.5
            * (surface / above).ln();
        let near = |got: f64, expected: f64| (got - expected).abs() <= 1e-12 * expected.abs();
        assert!(near(momentum[point], drag * wind) && near(scalar[point], 0.0011 * wind), "column {point}");
        assert!(near(height[point], middle) && height[point] == depth[point], "column {point}");
        let rate = 0.0011 * wind * INTERVAL / middle;
        let wet = [1.0, 0.0, 0.3][point % 3] * rate;
        let ground = columns.surface_temperature[point];
        assert!(near(u[here], columns.u[here] / (1.0 + drag * wind * INTERVAL / middle)));
        assert!(near(v[here], columns.v[here] / (1.0 + drag * wind * INTERVAL / middle)));
        let expected = (columns.absolute(lowest, point) + rate * ground) / (1.0 + rate);
        assert!((temperature[here] + 300.0 - expected).abs() < 1e-11, "column {point}");
        let expected = (columns.humidity[here] + wet * saturation(&air, ground, surface)) / (1.0 + wet);
        assert!((humidity[here] - expected).abs() < 1e-15, "column {point}");
    }
    assert!(strong > 10);
}

both_precisions! { columns_gain_what_the_ground_gives humidity_stays_positive }

const LEVELS: usize = 19;

fn weather<R: Real>() -> Columns<R> {
    Columns::new("L19")
}

stamp! {
    simple_exchange_on_devices: simple_exchange<R>,
    extent [POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32 - 1), value(number::<R>(2.0)), value(number::<R>(287.0)),
        value(number::<R>(0.61)), value(number::<R>(9.8)),
        slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness), slice(weather::<R>().reference_temperature),
        slice(weather::<R>().surface_pressure), slice(weather::<R>().u), slice(weather::<R>().v),
        slice(weather::<R>().temperature), slice(weather::<R>().humidity),
    },
    outputs { momentum: R, scalar: R, height: R, depth: R },
    reference {
        let c = weather::<R>();
        move |[point]: [usize; 1]| simple_exchange(
            point as u32, POINTS as u32, LEVELS as u32 - 1, number(2.0), number(287.0), number(0.61), number(9.8),
            &c.a_thickness, &c.b_thickness, &c.reference_temperature, &c.surface_pressure, &c.u, &c.v,
            &c.temperature, &c.humidity,
        )
    }
}

stamp! {
    surface_exchange_on_devices: surface_exchange<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32), value(number::<R>(INTERVAL)), value(number::<R>(0.622)),
        value(number::<R>(5417.0)), value(number::<R>(1004.0)), value(number::<R>(9.8)), value(number::<R>(LAPSE)),
        slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness), slice(weather::<R>().reference_temperature),
        slice(weather::<R>().surface_pressure), slice(weather::<R>().surface_temperature), slice(wetness::<R>()),
        slice(simple(&weather::<R>())[0]), slice(simple(&weather::<R>())[1]), slice(simple(&weather::<R>())[2]), slice(simple(&weather::<R>())[3]),
        slice(weather::<R>().u), slice(weather::<R>().v), slice(weather::<R>().temperature), slice(weather::<R>().humidity),
    },
    outputs { u: R, v: R, temperature: R, humidity: R },
    carried { eastward: R, northward: R, heat: R, water: R },
    reference || {
        let (c, wetness) = (weather::<R>(), wetness::<R>());
        let [momentum, scalar, height, depth] = simple(&c);
        let ([u, v, temperature, humidity], [eastward, northward, heat, water]) =
            scanned(LEVELS, false, |level, point, [a, b, d, e]: [R; 4]| {
                let (u, v, temperature, humidity, eastward, northward, heat, water) = surface_exchange(
                    level, point, a, b, d, e, POINTS as u32, LEVELS as u32, number(INTERVAL), number(0.622),
                    number(5417.0), number(1004.0), number(9.8), number(LAPSE), &c.a_thickness, &c.b_thickness,
                    &c.reference_temperature, &c.surface_pressure, &c.surface_temperature, &wetness, &momentum,
                    &scalar, &height, &depth, &c.u, &c.v, &c.temperature, &c.humidity,
                );
                ([u, v, temperature, humidity], [eastward, northward, heat, water])
            });
        (u, v, temperature, humidity, eastward, northward, heat, water)
    }
}
