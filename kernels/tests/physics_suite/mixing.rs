//! Mixing of the boundary layer.

use terrella_kernels::Real;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::boundary_layer::{
    heat_elimination, heat_substitution, humidity_elimination, humidity_substitution, mixing_strength,
    wind_elimination, wind_substitution,
};

use crate::columns::{Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, scanned};
use crate::surface_exchange::simple;

fn strength<R: Real>(columns: &Columns<R>) -> [Vec<R>; 2] {
    let air = MoistAir::default();
    let count = columns.levels * POINTS;
    let (mut strength, mut exner) = (empty(count), empty(count));
    mixing_strength::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        columns.levels as u32,
        number(INTERVAL),
        number(85_000.0),
        number(10_000.0),
        number(air.gas_constant),
        number(air.virtual_factor()),
        number(air.gravity),
        number(air.kappa()),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.a_sum),
        &buffer(&columns.b_sum),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut strength,
        &mut exner,
    )
    .unwrap();
    [strength, exner].map(|buffer| buffer.to_vec().unwrap())
}

/// u, v, temperature and humidity after mixing.
fn mixed<R: Real>(columns: &Columns<R>, conserving: u32) -> [Vec<R>; 4] {
    let [strength, exner] = strength(columns).map(|values| buffer(&values));
    let [momentum, scalar, height, _] = simple(columns).map(|values| buffer(&values));
    let count = columns.levels * POINTS;
    let extent = [columns.levels as u32, POINTS as u32];
    let points = POINTS as u32;
    let [mut factor, mut first, mut second, mut u, mut v, mut temperature, mut humidity] =
        [0; 7].map(|_| empty(count));
    let [mut one, mut two, mut three] = [0; 3].map(|_| empty(POINTS));
    let (a, b) = (buffer(&columns.a_thickness), buffer(&columns.b_thickness));
    let reference = buffer(&columns.reference_temperature);
    let pressure = buffer(&columns.surface_pressure);
    let before = buffer(&columns.temperature);
    wind_elimination::launch(
        extent,
        points,
        &a,
        &b,
        &pressure,
        &momentum,
        &height,
        &strength,
        &buffer(&columns.u),
        &buffer(&columns.v),
        &mut factor,
        &mut first,
        &mut second,
        &mut one,
        &mut two,
        &mut three,
    )
    .unwrap();
    wind_substitution::launch(extent, points, &factor, &first, &second, &mut u, &mut v, &mut one, &mut two)
        .unwrap();
    humidity_elimination::launch(
        extent,
        points,
        &a,
        &b,
        &pressure,
        &scalar,
        &height,
        &strength,
        &buffer(&columns.humidity),
        &mut factor,
        &mut first,
        &mut one,
        &mut two,
    )
    .unwrap();
    humidity_substitution::launch(extent, points, &factor, &first, &mut humidity, &mut one).unwrap();
    heat_elimination::launch(
        extent,
        points,
        columns.levels as u32,
        conserving,
        &a,
        &b,
        &reference,
        &pressure,
        &scalar,
        &height,
        &strength,
        &exner,
        &before,
        &mut factor,
        &mut first,
        &mut one,
        &mut two,
    )
    .unwrap();
    heat_substitution::launch(
        extent,
        points,
        &reference,
        &exner,
        &factor,
        &first,
        &before,
        &mut temperature,
        &mut one,
    )
    .unwrap();
    [u, v, temperature, humidity].map(|buffer| buffer.to_vec().unwrap())
}

fn nothing_is_lost_between_layers<R: Real>(tolerance: f64) {
    let columns = Columns::<R>::new("L60");
    let [u, v, temperature, humidity] = mixed(&columns, 1);
    let theta_mixed = &mixed(&columns, 0)[2];
    let [_, exner] = strength(&columns);
    for point in 0..POINTS {
        for (name, after, before) in [
            ("eastward momentum", &u, &columns.u),
            ("northward momentum", &v, &columns.v),
            ("water", &humidity, &columns.humidity),
        ] {
            let (gain, scale) = (columns.gain(after, before, point), columns.amount(before, point));
            assert!(gain.abs() <= 10.0 * tolerance * scale, "{name}, column {point}: {gain} of {scale}");
        }
        let mass = columns.amount(&vec![R::ONE; columns.levels * POINTS], point);
        let gain = columns.gain(&temperature, &columns.temperature, point);
        assert!(
            gain.abs() <= tolerance * 300.0 * mass,
            "heat, column {point}: {gain} K kg/m2 of {mass} kg/m2"
        );
        // As in the paper it is potential temperature that stays, and enthalpy that does not.
        let change = |factor: &dyn Fn(usize) -> f64| -> f64 {
            (0..columns.levels)
                .map(|level| {
                    let here = level * POINTS + point;
                    let warming = theta_mixed[here].to_f64() - columns.temperature[here].to_f64();
                    columns.thickness(level, point) / 9.80665 * warming * factor(here)
                })
                .sum()
        };
        let theta = change(&|here| 1.0 / exner[here].to_f64());
        assert!(theta.abs() <= tolerance * 600.0 * mass, "theta, column {point}: {theta}");
    }
    let changes = (0..POINTS).map(|point| columns.gain(theta_mixed, &columns.temperature, point).abs());
    let largest = changes.fold(0.0, f64::max);
    assert!(largest > 1.0, "mixing of potential temperature changes enthalpy: {largest} K kg/m2");
}

fn humidity_stays_positive_and_within_its_bounds<R: Real>(tolerance: f64) {
    let columns = Columns::<R>::new("L60");
    let humidity = &mixed(&columns, 1)[3];
    let mut changed = 0;
    for point in 0..POINTS {
        let column = |values: &[R]| -> Vec<f64> {
            (0..columns.levels).map(|level| values[level * POINTS + point].to_f64()).collect()
        };
        let (before, after) = (column(&columns.humidity), column(humidity));
        let largest = before.iter().copied().fold(0.0, f64::max);
        assert!(after.iter().all(|&value| value >= 0.0 && value <= largest * (1.0 + 10.0 * tolerance)));
        changed += usize::from(before != after);
    }
    assert!(changed > POINTS / 2);
}

/// The solution put back into the equations of the paper, in plain f64.
#[test]
fn the_backward_euler_equations_are_solved() {
    let air = MoistAir::default();
    let columns = Columns::<f64>::new("L60");
    let [u, v, temperature, humidity] = mixed(&columns, 0);
    let [momentum, scalar, height, _] = simple(&columns);
    let levels = columns.levels;
    for point in 0..POINTS {
        let at = |values: &[f64]| -> Vec<f64> {
            (0..levels).map(|level| values[level * POINTS + point]).collect()
        };
        let pressure: Vec<f64> = (0..levels).map(|level| columns.pressure(level, point)).collect();
        let thickness: Vec<f64> = (0..levels).map(|level| columns.thickness(level, point)).collect();
        let kelvin: Vec<f64> = (0..levels).map(|level| columns.absolute(level, point)).collect();
        let vapour = at(&columns.humidity);
        let factor = air.vapour_gas_constant / air.gas_constant - 1.0;
        let diffusive = |velocity: f64| -> Vec<f64> {
            let mut half = columns.surface_pressure[point];
            let mut result = vec![0.0; levels];
            for k in (0..levels - 1).rev() {
                half -= thickness[k + 1];
                let warm = |k: usize| kelvin[k] * (1.0 + factor * vapour[k]);
                let density = half / (air.gas_constant * 0.5 * (warm(k) + warm(k + 1)));
                let decay =
                    if half >= 85_000.0 { 1.0 } else { (-((85_000.0 - half) / 10_000.0).powi(2)).exp() };
                result[k] = INTERVAL * (air.gravity * density).powi(2) * velocity * height[point] * decay
                    / (pressure[k + 1] - pressure[k]);
            }
            result
        };
        let theta = |kelvin: &[f64]| -> Vec<f64> {
            kelvin.iter().zip(&pressure).map(|(t, p)| t * (100_000.0 / p).powf(air.kappa())).collect()
        };
        let warm: Vec<f64> = at(&temperature).iter().map(|t| t + 300.0).collect();
        for (name, velocity, before, after) in [
            ("u", momentum[point], at(&columns.u), at(&u)),
            ("v", momentum[point], at(&columns.v), at(&v)),
            ("humidity", scalar[point], vapour.clone(), at(&humidity)),
            ("theta", scalar[point], theta(&kelvin), theta(&warm)),
        ] {
            let d = diffusive(velocity);
            let largest = before.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            for k in 0..levels {
                let down = if k + 1 < levels { d[k] * (after[k + 1] - after[k]) } else { 0.0 };
                let up = if k > 0 { d[k - 1] * (after[k] - after[k - 1]) } else { 0.0 };
                let residual = after[k] - before[k] - (down - up) / thickness[k];
                assert!(residual.abs() <= 1e-11 * largest, "{name}, column {point}, level {k}: {residual}");
            }
        }
    }
}

#[test]
fn what_is_uniform_in_potential_temperature_stays() {
    let mut columns = Columns::<f64>::new("L60");
    for point in 0..POINTS {
        for level in 0..columns.levels {
            let here = level * POINTS + point;
            columns.temperature[here] =
                290.0 * (columns.pressure(level, point) / 1e5).powf(MoistAir::default().kappa()) - 300.0;
        }
    }
    for conserving in [0, 1] {
        let temperature = &mixed(&columns, conserving)[2];
        for (after, before) in temperature.iter().zip(&columns.temperature) {
            assert!((after - before).abs() < 1e-10, "{after} from {before}");
        }
    }
}

both_precisions! { nothing_is_lost_between_layers humidity_stays_positive_and_within_its_bounds }

const LEVELS: usize = 26;

fn weather<R: Real>() -> Columns<R> {
    Columns::new("L26")
}

fn exchange<R: Real>(part: usize) -> Vec<R> {
    simple(&weather::<R>()).into_iter().nth(part).unwrap()
}

fn strengths<R: Real>(part: usize) -> Vec<R> {
    strength(&weather::<R>()).into_iter().nth(part).unwrap()
}

stamp! {
    strength_on_devices: mixing_strength<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32), value(number::<R>(INTERVAL)), value(number::<R>(85_000.0)),
        value(number::<R>(10_000.0)), value(number::<R>(287.0)), value(number::<R>(0.61)), value(number::<R>(9.8)),
        value(number::<R>(0.286)), slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness),
        slice(weather::<R>().a_sum), slice(weather::<R>().b_sum), slice(weather::<R>().reference_temperature),
        slice(weather::<R>().surface_pressure), slice(weather::<R>().temperature), slice(weather::<R>().humidity),
    },
    outputs { strength: R, exner: R },
    reference {
        let c = weather::<R>();
        move |[level, point]: [usize; 2]| mixing_strength(
            level as u32, point as u32, POINTS as u32, LEVELS as u32, number(INTERVAL), number(85_000.0),
            number(10_000.0), number(287.0), number(0.61), number(9.8), number(0.286), &c.a_thickness,
            &c.b_thickness, &c.a_sum, &c.b_sum, &c.reference_temperature, &c.surface_pressure, &c.temperature,
            &c.humidity,
        )
    }
}

stamp! {
    wind_elimination_on_devices: wind_elimination<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness),
        slice(weather::<R>().surface_pressure), slice(exchange::<R>(0)), slice(exchange::<R>(2)),
        slice(strengths::<R>(0)), slice(weather::<R>().u), slice(weather::<R>().v),
    },
    outputs { factor: R, u: R, v: R },
    carried { last: R, last_u: R, last_v: R },
    reference || {
        let (c, velocity, height, strength) = (weather::<R>(), exchange(0), exchange(2), strengths(0));
        let ([factor, u, v], [last, last_u, last_v]) = scanned(LEVELS, true, |level, point, [a, b, d]: [R; 3]| {
            let (factor, u, v, next, next_u, next_v) = wind_elimination(
                level, point, a, b, d, POINTS as u32, &c.a_thickness, &c.b_thickness, &c.surface_pressure,
                &velocity, &height, &strength, &c.u, &c.v,
            );
            ([factor, u, v], [next, next_u, next_v])
        });
        (factor, u, v, last, last_u, last_v)
    }
}

stamp! {
    wind_substitution_on_devices: wind_substitution<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments { value(POINTS as u32), slice(strengths::<R>(1)), slice(weather::<R>().u), slice(weather::<R>().v) },
    outputs { u: R, v: R },
    carried { last_u: R, last_v: R },
    reference || {
        let (c, factor) = (weather::<R>(), strengths(1));
        let ([u, v], [last_u, last_v]) = scanned(LEVELS, false, |level, point, [a, b]: [R; 2]| {
            let (u, v, next_u, next_v) = wind_substitution(level, point, a, b, POINTS as u32, &factor, &c.u, &c.v);
            ([u, v], [next_u, next_v])
        });
        (u, v, last_u, last_v)
    }
}

stamp! {
    humidity_elimination_on_devices: humidity_elimination<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness),
        slice(weather::<R>().surface_pressure), slice(exchange::<R>(1)), slice(exchange::<R>(2)),
        slice(strengths::<R>(0)), slice(weather::<R>().humidity),
    },
    outputs { factor: R, humidity: R },
    carried { last: R, last_humidity: R },
    reference || {
        let (c, velocity, height, strength) = (weather::<R>(), exchange(1), exchange(2), strengths(0));
        let ([factor, humidity], [last, last_humidity]) = scanned(LEVELS, true, |level, point, [a, b]: [R; 2]| {
            let (factor, humidity, next, next_humidity) = humidity_elimination(
                level, point, a, b, POINTS as u32, &c.a_thickness, &c.b_thickness, &c.surface_pressure, &velocity,
                &height, &strength, &c.humidity,
            );
            ([factor, humidity], [next, next_humidity])
        });
        (factor, humidity, last, last_humidity)
    }
}

stamp! {
    humidity_substitution_on_devices: humidity_substitution<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments { value(POINTS as u32), slice(strengths::<R>(1)), slice(weather::<R>().humidity) },
    outputs { humidity: R },
    carried { last: R },
    reference || {
        let (c, factor) = (weather::<R>(), strengths(1));
        let ([humidity], [last]) = scanned(LEVELS, false, |level, point, [a]: [R; 1]| {
            let (humidity, next) = humidity_substitution(level, point, a, POINTS as u32, &factor, &c.humidity);
            ([humidity], [next])
        });
        (humidity, last)
    }
}

stamp! {
    heat_elimination_on_devices: heat_elimination<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32), value(1u32), slice(weather::<R>().a_thickness),
        slice(weather::<R>().b_thickness), slice(weather::<R>().reference_temperature),
        slice(weather::<R>().surface_pressure), slice(exchange::<R>(1)), slice(exchange::<R>(2)),
        slice(strengths::<R>(0)), slice(strengths::<R>(1)), slice(weather::<R>().temperature),
    },
    outputs { factor: R, theta: R },
    carried { last: R, last_theta: R },
    reference || {
        let (c, velocity, height) = (weather::<R>(), exchange(1), exchange(2));
        let [strength, exner] = strength(&c);
        let ([factor, theta], [last, last_theta]) = scanned(LEVELS, true, |level, point, [a, b]: [R; 2]| {
            let (factor, theta, next, next_theta) = heat_elimination(
                level, point, a, b, POINTS as u32, LEVELS as u32, 1, &c.a_thickness, &c.b_thickness,
                &c.reference_temperature, &c.surface_pressure, &velocity, &height, &strength, &exner,
                &c.temperature,
            );
            ([factor, theta], [next, next_theta])
        });
        (factor, theta, last, last_theta)
    }
}

stamp! {
    heat_substitution_on_devices: heat_substitution<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(weather::<R>().reference_temperature), slice(strengths::<R>(1)),
        slice(weather::<R>().humidity), slice(weather::<R>().v), slice(weather::<R>().temperature),
    },
    outputs { temperature: R },
    carried { last: R },
    reference || {
        let (c, exner) = (weather::<R>(), strengths(1));
        let ([temperature], [last]) = scanned(LEVELS, false, |level, point, [a]: [R; 1]| {
            let (temperature, next) = heat_substitution(
                level, point, a, POINTS as u32, &c.reference_temperature, &exner, &c.humidity, &c.v,
                &c.temperature,
            );
            ([temperature], [next])
        });
        (temperature, last)
    }
}
