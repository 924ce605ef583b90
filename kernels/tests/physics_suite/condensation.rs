//! Large-scale condensation.

use terrella_kernels::Real;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::large_scale_condensation::large_scale_condensation;

use crate::columns::{
    Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, saturation, scanned,
};

/// Temperature, humidity and rain after condensation.
fn condensed<R: Real>(columns: &Columns<R>, iterations: u32) -> [Vec<R>; 3] {
    let air = MoistAir::default();
    let count = columns.levels * POINTS;
    let (mut temperature, mut humidity, mut rain) = (empty(count), empty(count), empty(POINTS));
    large_scale_condensation::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        number(INTERVAL),
        iterations,
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heating()),
        number(air.gravity),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.a_sum),
        &buffer(&columns.b_sum),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut temperature,
        &mut humidity,
        &mut rain,
    )
    .unwrap();
    [temperature, humidity, rain].map(|buffer| buffer.to_vec().unwrap())
}

fn water_and_enthalpy_close<R: Real>(tolerance: f64) {
    let air = MoistAir::default();
    let columns = Columns::<R>::new("L26");
    for iterations in [1, 3] {
        let [temperature, humidity, rain] = condensed(&columns, iterations);
        let mut wet = 0;
        for point in 0..POINTS {
            let water = columns.gain(&humidity, &columns.humidity, point);
            let fallen = rain[point].to_f64() * INTERVAL;
            let amount = columns.amount(&columns.humidity, point);
            assert!(
                (water + fallen).abs() <= tolerance * amount,
                "column {point}: {water} and {fallen} kg/m2"
            );
            assert!(fallen >= 0.0);
            wet += usize::from(fallen > 0.0);
            let heat = air.heat_capacity * columns.gain(&temperature, &columns.temperature, point);
            // Temperature departs from the reference by tens of kelvins, whose rounding counts too.
            let scale =
                air.latent_heat * amount + air.heat_capacity * columns.amount(&columns.temperature, point);
            assert!(
                (heat + air.latent_heat * water).abs() <= tolerance * scale,
                "column {point}: {heat} J/m2 of heat, {water} kg/m2 of water"
            );
        }
        assert!(wet > POINTS / 2, "{wet} columns rain");
    }
}

fn humidity_stays_positive<R: Real>(_tolerance: f64) {
    let mut columns = Columns::<R>::new("L26");
    // Ringing of spectral transforms leaves negative values, which are left alone.
    columns.humidity[7] = number(-1e-5);
    for iterations in [1, 2, 5] {
        let [temperature, humidity, _] = condensed(&columns, iterations);
        for (here, (&after, &before)) in humidity.iter().zip(&columns.humidity).enumerate() {
            if before <= R::ZERO {
                assert!(after == before && temperature[here] == columns.temperature[here], "value {here}");
            } else {
                assert!(after >= before * number(1.0 / 33.0), "value {here}: {after} from {before}");
            }
        }
    }
}

#[test]
fn more_steps_of_newton_end_at_saturation() {
    let air = MoistAir::default();
    let columns = Columns::<f64>::new("L26");
    for (iterations, bound) in [(1, 0.2), (2, 0.02), (4, 1e-5), (6, 1e-10)] {
        let [temperature, humidity, _] = condensed(&columns, iterations);
        let mut worst = 0.0_f64;
        for point in (0..POINTS).filter(|point| point % 3 != 2) {
            for level in 0..columns.levels {
                let here = level * POINTS + point;
                if humidity[here] < columns.humidity[here] {
                    let saturated =
                        saturation(&air, 300.0 + temperature[here], columns.pressure(level, point));
                    worst = worst.max((humidity[here] / saturated - 1.0).abs());
                }
            }
        }
        assert!(worst < bound && worst > 0.0, "{iterations} steps: {worst}, bound {bound}");
    }
}

/// One step against the formula of the paper in plain f64.
#[test]
fn one_step_is_that_of_the_paper() {
    let air = MoistAir::default();
    let columns = Columns::<f64>::new("L26");
    let [temperature, humidity, rain] = condensed(&columns, 1);
    for point in (0..POINTS).filter(|point| point % 3 != 2) {
        let mut fallen = 0.0;
        for level in 0..columns.levels {
            let here = level * POINTS + point;
            let (kelvin, pressure) = (columns.absolute(level, point), columns.pressure(level, point));
            let saturated = saturation(&air, kelvin, pressure);
            let mut rate = 0.0;
            if columns.humidity[here] > saturated {
                let slope =
                    air.vapour_ratio() * air.latent_heat * saturated / (air.gas_constant * kelvin * kelvin);
                rate = (columns.humidity[here] - saturated)
                    / (1.0 + air.latent_heat / air.heat_capacity * slope)
                    / INTERVAL;
            }
            fallen += rate * columns.thickness(level, point) / air.gravity;
            assert!((columns.humidity[here] - humidity[here] - rate * INTERVAL).abs() < 1e-14);
            let warming = air.latent_heat / air.heat_capacity * rate * INTERVAL;
            assert!((temperature[here] - columns.temperature[here] - warming).abs() < 1e-11);
        }
        assert!((rain[point] - fallen).abs() <= 1e-12 * fallen);
    }
}

#[test]
fn a_nan_stays_in_its_column() {
    let columns = Columns::<f32>::new("L19");
    let mut broken = columns.clone();
    broken.temperature[3 * POINTS + 40] = f32::NAN;
    broken.humidity[5 * POINTS + 41] = f32::NAN;
    let (clean, marked) = (condensed(&columns, 1), condensed(&broken, 1));
    assert!(marked[2][40].is_nan() && marked[2][41].is_nan());
    for (clean, marked) in clean.iter().zip(&marked) {
        for (here, (clean, marked)) in clean.iter().zip(marked).enumerate() {
            assert!(clean == marked || [40, 41].contains(&(here % POINTS)), "value {here}");
        }
    }
}

both_precisions! { water_and_enthalpy_close humidity_stays_positive }

const LEVELS: usize = 19;

stamp! {
    condensation_on_devices: large_scale_condensation<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(number::<R>(INTERVAL)), value(2u32), value(number::<R>(0.622)),
        value(number::<R>(5417.0)), value(number::<R>(2489.0)), value(number::<R>(9.8)),
        slice(Columns::<R>::new("L19").a_thickness), slice(Columns::<R>::new("L19").b_thickness),
        slice(Columns::<R>::new("L19").a_sum), slice(Columns::<R>::new("L19").b_sum),
        slice(Columns::<R>::new("L19").reference_temperature), slice(Columns::<R>::new("L19").surface_pressure),
        slice(Columns::<R>::new("L19").temperature), slice(Columns::<R>::new("L19").humidity),
    },
    outputs { temperature: R, humidity: R },
    carried { rain: R },
    reference || {
        let c = Columns::<R>::new("L19");
        let ([temperature, humidity], [rain]) = scanned(LEVELS, false, |level, point, [above]: [R; 1]| {
            let (temperature, humidity, rain) = large_scale_condensation(
                level, point, above, POINTS as u32, number(INTERVAL), 2, number(0.622), number(5417.0),
                number(2489.0), number(9.8), &c.a_thickness, &c.b_thickness, &c.a_sum, &c.b_sum,
                &c.reference_temperature, &c.surface_pressure, &c.temperature, &c.humidity,
            );
            ([temperature, humidity], [rain])
        });
        (temperature, humidity, rain)
    }
}
