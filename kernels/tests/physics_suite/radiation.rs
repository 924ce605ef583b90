//! Grey radiation.

use std::f64::consts::{PI, TAU};

use terrella_kernels::Real;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::radiation::{
    Sun, annual_insolation, daily_insolation, downward_streams, ground_radiation, insolation, upward_streams,
};

use crate::columns::{Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, scanned};

const STEFAN: f64 = 5.670374419e-8;

fn sines<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number(-1.0 + 2.0 * point as f64 / (POINTS - 1) as f64)).collect()
}

fn sunlight<R: Real>() -> Vec<R> {
    (0..POINTS).map(|point| number((7.0 * point as f64) % 1361.0)).collect()
}

/// What the streams leave.
struct Streams<R> {
    temperature: Vec<R>,
    absorbed: Vec<R>,
    long_wave_down: Vec<R>,
    short_wave_down: Vec<R>,
    long_wave_out: Vec<R>,
}

fn streams<R: Real>(columns: &Columns<R>, depths: [f64; 3], short_wave_depth: f64) -> Streams<R> {
    let air = MoistAir::default();
    let extent = [columns.levels as u32, POINTS as u32];
    let count = columns.levels * POINTS;
    let (mut absorbed, mut temperature) = (empty(count), empty(count));
    let [mut down, mut sun, mut out] = [0; 3].map(|_| empty(POINTS));
    let [equator, pole, linear] = depths.map(number::<R>);
    downward_streams::launch(
        extent,
        POINTS as u32,
        equator,
        pole,
        linear,
        number(short_wave_depth),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.a_sum),
        &buffer(&columns.b_sum),
        &buffer(&columns.reference_temperature),
        &buffer(&sines()),
        &buffer(&sunlight()),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.temperature),
        &mut absorbed,
        &mut down,
        &mut sun,
    )
    .unwrap();
    upward_streams::launch(
        extent,
        POINTS as u32,
        columns.levels as u32,
        number(INTERVAL),
        number(air.heat_capacity),
        number(air.gravity),
        equator,
        pole,
        linear,
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.a_sum),
        &buffer(&columns.b_sum),
        &buffer(&columns.reference_temperature),
        &buffer(&sines()),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.surface_temperature),
        &absorbed,
        &buffer(&columns.temperature),
        &mut temperature,
        &mut out,
    )
    .unwrap();
    Streams {
        temperature: temperature.to_vec().unwrap(),
        absorbed: absorbed.to_vec().unwrap(),
        long_wave_down: down.to_vec().unwrap(),
        short_wave_down: sun.to_vec().unwrap(),
        long_wave_out: out.to_vec().unwrap(),
    }
}

const PAPER: [f64; 3] = [6.0, 1.5, 0.1];

fn columns_gain_what_passes_their_ends<R: Real>(tolerance: f64) {
    let air = MoistAir::default();
    let columns = Columns::<R>::new("L60");
    for short_wave_depth in [0.0, 0.22] {
        let streams = streams(&columns, PAPER, short_wave_depth);
        let sun = sunlight::<R>();
        for point in 0..POINTS {
            let gain = air.heat_capacity * columns.gain(&streams.temperature, &columns.temperature, point)
                / INTERVAL;
            let at = |values: &[R]| values[point].to_f64();
            let ground = STEFAN * at(&columns.surface_temperature).powi(4);
            let given = at(&sun) - at(&streams.short_wave_down) - at(&streams.long_wave_down) + ground
                - at(&streams.long_wave_out);
            // What is kept of temperatures of tens of kelvins, over the interval, is round-off too.
            let scale = 2000.0 + air.heat_capacity * columns.amount(&columns.temperature, point) / INTERVAL;
            assert!((gain - given).abs() <= tolerance * scale, "column {point}: {gain}, given {given} W/m2");
            if short_wave_depth == 0.0 {
                assert!(at(&sun) == at(&streams.short_wave_down));
            }
        }
    }
}

/// Every layer against integrals of dU/dτ = U − B and dD/dτ = B − D in small steps, plain f64.
#[test]
fn fluxes_solve_the_equations_of_the_streams() {
    let columns = Columns::<f64>::new("L19");
    let streams = streams(&columns, PAPER, 0.0);
    for point in (0..POINTS).step_by(9) {
        let sine = sines::<f64>()[point];
        let column = 6.0 + (1.5 - 6.0) * sine * sine;
        let surface = columns.surface_pressure[point];
        let depth = |pressure: f64| column * (0.1 * pressure / surface + 0.9 * (pressure / surface).powi(4));
        let steps = 4000;
        let mut half = vec![columns.pressure(0, point) - 0.5 * columns.thickness(0, point)];
        for level in 0..columns.levels {
            half.push(half[level] + columns.thickness(level, point));
        }
        let integrate = |from: f64, emission: f64, thickness: f64| {
            // Fourth-order Taylor steps of dF/dτ = B − F.
            let step = thickness / f64::from(steps);
            let factor = 1.0 - step + step * step / 2.0 - step.powi(3) / 6.0 + step.powi(4) / 24.0;
            (0..steps).fold(from, |flux, _| emission + (flux - emission) * factor)
        };
        let layer = |level: usize| {
            (STEFAN * columns.absolute(level, point).powi(4), depth(half[level + 1]) - depth(half[level]))
        };
        let mut down = 0.0;
        for level in 0..columns.levels {
            let (emission, thickness) = layer(level);
            down = integrate(down, emission, thickness);
        }
        let mut up = STEFAN * columns.surface_temperature[point].powi(4);
        for level in (0..columns.levels).rev() {
            let (emission, thickness) = layer(level);
            up = integrate(up, emission, thickness);
        }
        assert!((streams.long_wave_down[point] - down).abs() < 1e-8, "{down}");
        assert!((streams.long_wave_out[point] - up).abs() < 1e-8, "{up}");
    }
}

/// An atmosphere in radiative equilibrium with many layers: 2·B = OLR·(1 + τ), the grey solution of textbooks.
#[test]
fn radiative_equilibrium_stays() {
    let mut columns = Columns::<f64>::new("sigma400");
    let leaving: f64 = 240.0;
    for point in 0..POINTS {
        let depth = 6.0 - 4.5 * sines::<f64>()[point].powi(2);
        columns.surface_pressure[point] = 1e5;
        columns.surface_temperature[point] = (leaving * (2.0 + depth) / (2.0 * STEFAN)).powf(0.25);
        for level in 0..columns.levels {
            // With f = 1 the optical depth is linear in pressure.
            let here = depth * columns.pressure(level, point) / 1e5;
            columns.temperature[level * POINTS + point] =
                (leaving * (1.0 + here) / (2.0 * STEFAN)).powf(0.25) - 300.0;
        }
    }
    let streams = streams(&columns, [6.0, 1.5, 1.0], 0.0);
    for point in 0..POINTS {
        assert!((streams.long_wave_out[point] - leaving).abs() < 0.01, "{}", streams.long_wave_out[point]);
        for level in 0..columns.levels {
            let here = level * POINTS + point;
            let per_day = (streams.temperature[here] - columns.temperature[here]) * 86_400.0 / INTERVAL;
            assert!(per_day.abs() < 0.01, "{per_day} K/day in layer {level}");
        }
    }
}

fn suns<R: Real>(day: f64, fraction: f64) -> Vec<R> {
    let sun = Sun::on_day(day);
    let (sine_hour, cosine_hour) = sun.hour_angle(fraction).sin_cos();
    let longitude = |point: usize| TAU * point as f64 / POINTS as f64;
    let [east, north] = [f64::sin, f64::cos]
        .map(|function| (0..POINTS).map(|point| number(function(longitude(point)))).collect::<Vec<R>>());
    let mut light = empty(POINTS);
    insolation::launch(
        [POINTS as u32],
        number(1361.0),
        number(sun.declination.sin()),
        number(sun.declination.cos()),
        number(sine_hour),
        number(cosine_hour),
        &buffer(&sines::<R>()),
        &buffer(&east),
        &buffer(&north),
        &mut light,
    )
    .unwrap();
    light.to_vec().unwrap()
}

#[test]
fn days_add_up_to_their_mean() {
    for day in [0.0, 80.0, 172.0, 355.0] {
        let sun = Sun::on_day(day);
        let mut daily = empty::<f64>(POINTS);
        daily_insolation::launch(
            [POINTS as u32],
            1361.0,
            sun.declination.sin(),
            sun.declination.cos(),
            &buffer(&sines()),
            &mut daily,
        )
        .unwrap();
        let daily = daily.to_vec().unwrap();
        let steps = 1440;
        let mut sum = vec![0.0; POINTS];
        for step in 0..steps {
            for (sum, light) in sum.iter_mut().zip(suns::<f64>(day, f64::from(step) / f64::from(steps))) {
                assert!((0.0..=1361.0).contains(&light));
                *sum += light / f64::from(steps);
            }
        }
        for (point, (sum, daily)) in sum.iter().zip(&daily).enumerate() {
            assert!((sum - daily).abs() < 0.01, "day {day}, point {point}: {sum}, {daily}");
        }
        // Polar night in winter.
        if day == 172.0 {
            assert!(daily[0] == 0.0 && daily[POINTS - 1] > 500.0);
        }
        // The mean over the sphere is a quarter; the trapezoids miss the edges of night and day a little.
        let mean = (1..POINTS).map(|point| 0.5 * (daily[point - 1] + daily[point])).sum::<f64>()
            / (POINTS - 1) as f64;
        assert!((mean - 1361.0 / 4.0).abs() < 0.2, "{mean}");
    }
}

#[test]
fn the_sun_is_over_the_right_place() {
    // Solstices, equinoxes and distances as almanacs have them.
    let june = Sun::on_day(171.9);
    let december = Sun::on_day(355.2);
    assert!((june.declination.to_degrees() - 23.44).abs() < 0.05, "{}", june.declination.to_degrees());
    assert!((december.declination.to_degrees() + 23.44).abs() < 0.05);
    assert!(Sun::on_day(79.3).declination.to_degrees().abs() < 0.5);
    assert!((Sun::on_day(3.0).distance_factor - 1.0 / 0.98329_f64.powi(2)).abs() < 0.002);
    assert!((Sun::on_day(185.0).distance_factor - 1.0 / 1.01671_f64.powi(2)).abs() < 0.002);
    // Early in November the sundial is 16.4 minutes fast, in mid-February 14.2 minutes slow.
    let minutes = |day: f64| Sun::on_day(day).equation_of_time / TAU * 1440.0;
    assert!((minutes(306.0) - 16.4).abs() < 0.5, "{}", minutes(306.0));
    assert!((minutes(41.0) + 14.2).abs() < 0.5, "{}", minutes(41.0));
    // At noon UTC the sun is near the prime meridian.
    assert!(Sun::on_day(100.0).hour_angle(0.5).abs() < 0.08);
    let light = suns::<f64>(80.0, 0.75);
    let brightest = (0..POINTS).max_by(|&a, &b| light[a].total_cmp(&light[b])).unwrap();
    // At 18 UTC it is over 90°W, on the equator.
    assert!((brightest as f64 / POINTS as f64 - 0.75).abs() < 0.3, "{brightest}");
}

#[test]
fn annual_mean_sunlight_is_that_of_the_paper() {
    let mut light = empty::<f64>(POINTS);
    annual_insolation::launch([POINTS as u32], 1360.0, 1.4, &buffer(&sines()), &mut light).unwrap();
    let light = light.to_vec().unwrap();
    assert!((light[POINTS / 2] - 340.0 * 1.35).abs() < 1e-9 && (light[0] - 340.0 * 0.3).abs() < 1e-9);
}

both_precisions! { columns_gain_what_passes_their_ends }

const LEVELS: usize = 19;

fn weather<R: Real>() -> Columns<R> {
    Columns::new("L19")
}

stamp! {
    downward_on_devices: downward_streams<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(number::<R>(6.0)), value(number::<R>(1.5)), value(number::<R>(0.1)),
        value(number::<R>(0.22)), slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness),
        slice(weather::<R>().a_sum), slice(weather::<R>().b_sum), slice(weather::<R>().reference_temperature),
        slice(sines::<R>()), slice(sunlight::<R>()), slice(weather::<R>().surface_pressure),
        slice(weather::<R>().temperature),
    },
    outputs { absorbed: R },
    carried { long_wave: R, short_wave: R },
    reference || {
        let (c, sines, light) = (weather::<R>(), sines(), sunlight());
        let ([absorbed], [long_wave, short_wave]) = scanned(LEVELS, false, |level, point, [a, b]: [R; 2]| {
            let (absorbed, long_wave, short_wave) = downward_streams(
                level, point, a, b, POINTS as u32, number(6.0), number(1.5), number(0.1), number(0.22),
                &c.a_thickness, &c.b_thickness, &c.a_sum, &c.b_sum, &c.reference_temperature, &sines, &light,
                &c.surface_pressure, &c.temperature,
            );
            ([absorbed], [long_wave, short_wave])
        });
        (absorbed, long_wave, short_wave)
    }
}

stamp! {
    upward_on_devices: upward_streams<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32), value(number::<R>(INTERVAL)), value(number::<R>(1004.0)),
        value(number::<R>(9.8)), value(number::<R>(6.0)), value(number::<R>(1.5)), value(number::<R>(0.1)),
        slice(weather::<R>().a_thickness), slice(weather::<R>().b_thickness), slice(weather::<R>().a_sum),
        slice(weather::<R>().b_sum), slice(weather::<R>().reference_temperature), slice(sines::<R>()),
        slice(weather::<R>().surface_pressure), slice(weather::<R>().surface_temperature),
        slice(streams(&weather::<R>(), PAPER, 0.2).absorbed), slice(weather::<R>().temperature),
    },
    outputs { temperature: R },
    carried { flux: R },
    reference || {
        let (c, sines) = (weather::<R>(), sines());
        let absorbed = streams(&c, PAPER, 0.2).absorbed;
        let ([temperature], [flux]) = scanned(LEVELS, true, |level, point, [a]: [R; 1]| {
            let (temperature, flux) = upward_streams(
                level, point, a, POINTS as u32, LEVELS as u32, number(INTERVAL), number(1004.0), number(9.8),
                number(6.0), number(1.5), number(0.1), &c.a_thickness, &c.b_thickness, &c.a_sum, &c.b_sum,
                &c.reference_temperature, &sines, &c.surface_pressure, &c.surface_temperature, &absorbed,
                &c.temperature,
            );
            ([temperature], [flux])
        });
        (temperature, flux)
    }
}

stamp! {
    ground_on_devices: ground_radiation<R>,
    extent [POINTS as u32],
    arguments {
        slice(sines::<R>()), slice(sunlight::<R>()), slice(sunlight::<R>()), slice(weather::<R>().surface_temperature),
    },
    outputs { net: R, reflected: R },
    reference {
        let (albedo, light, ground) = (sines::<R>(), sunlight::<R>(), weather::<R>().surface_temperature);
        move |[point]: [usize; 1]| ground_radiation(point as u32, &albedo, &light, &light, &ground)
    }
}

stamp! {
    sunlight_on_devices: insolation<R>,
    extent [POINTS as u32],
    arguments {
        value(number::<R>(1361.0)), value(number::<R>(0.3)), value(number::<R>(0.95)), value(number::<R>(0.6)),
        value(number::<R>(-0.8)), slice(sines::<R>()), slice(sines::<R>()), slice(sines::<R>()),
    },
    outputs { light: R },
    reference {
        let sines = sines::<R>();
        move |[point]: [usize; 1]| (insolation(
            point as u32, number(1361.0), number(0.3), number(0.95), number(0.6), number(-0.8), &sines, &sines,
            &sines,
        ),)
    }
}

stamp! {
    daily_sunlight_on_devices: daily_insolation<R>,
    extent [POINTS as u32],
    arguments { value(number::<R>(1361.0)), value(number::<R>(0.3)), value(number::<R>(0.95)), slice(sines::<R>()) },
    outputs { light: R },
    reference {
        let sines = sines::<R>();
        move |[point]: [usize; 1]| {
            (daily_insolation(point as u32, number(1361.0), number(0.3), number(0.95), &sines),)
        }
    }
}

stamp! {
    annual_sunlight_on_devices: annual_insolation<R>,
    extent [POINTS as u32],
    arguments { value(number::<R>(1361.0)), value(number::<R>(1.4)), slice(sines::<R>()) },
    outputs { light: R },
    reference {
        let sines = sines::<R>();
        move |[point]: [usize; 1]| (annual_insolation(point as u32, number(1361.0), number(1.4), &sines),)
    }
}

#[test]
fn half_a_day_is_light_on_the_equator() {
    let mut light = empty::<f64>(POINTS);
    daily_insolation::launch([POINTS as u32], 1361.0, 0.0, 1.0, &buffer(&sines()), &mut light).unwrap();
    assert!((light.to_vec().unwrap()[POINTS / 2] - 1361.0 / PI).abs() < 1e-9);
}
