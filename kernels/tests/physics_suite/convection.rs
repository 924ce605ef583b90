//! The simplified Betts-Miller scheme.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::physics::MoistAir;
use terrella_kernels::physics::convection::{
    convection_adjustment, convection_closure, convection_sums, parcel_ascent,
};

use crate::columns::{
    Columns, INTERVAL, POINTS, both_precisions, buffer, empty, number, saturation, scanned,
};

const RELAXATION: f64 = 7200.0;
const RELATIVE_HUMIDITY: f64 = 0.7;

/// What the ascent finds.
struct Ascent<R> {
    parcel: Vec<R>,
    reference: Vec<R>,
    top: Vec<u32>,
    cape: Vec<R>,
}

fn ascent<R: Real>(columns: &Columns<R>) -> Ascent<R> {
    let air = MoistAir::default();
    let count = columns.levels * POINTS;
    let (mut parcel, mut reference) = (empty(count), empty(count));
    let [mut last, mut vapour, mut cape] = [0; 3].map(|_| empty(POINTS));
    let whole = || Buffer::<u32>::zeros(terrella_kernels::device::Device::Cpu, POINTS).unwrap();
    let (mut stage, mut top) = (whole(), whole());
    parcel_ascent::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        columns.levels as u32,
        number(RELATIVE_HUMIDITY),
        number(air.vapour_ratio()),
        number(air.steepness()),
        number(air.heating()),
        number(air.gas_constant),
        number(air.kappa()),
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.a_sum),
        &buffer(&columns.b_sum),
        &buffer(&columns.reference_temperature),
        &buffer(&columns.surface_pressure),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut parcel,
        &mut reference,
        &mut last,
        &mut vapour,
        &mut stage,
        &mut top,
        &mut cape,
    )
    .unwrap();
    Ascent {
        parcel: parcel.to_vec().unwrap(),
        reference: reference.to_vec().unwrap(),
        top: top.to_vec().unwrap(),
        cape: cape.to_vec().unwrap(),
    }
}

/// ΣΔp(T_ref − T), ΣΔp(q_ref − q), ΣΔp·q_ref, ΣΔp.
fn sums<R: Real>(columns: &Columns<R>, ascent: &Ascent<R>) -> [Vec<R>; 4] {
    let [mut heat, mut deficit, mut vapour, mut thickness] = [0; 4].map(|_| empty(POINTS));
    convection_sums::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        &buffer(&columns.a_thickness),
        &buffer(&columns.b_thickness),
        &buffer(&columns.surface_pressure),
        &Buffer::from_slice(terrella_kernels::device::Device::Cpu, &ascent.top).unwrap(),
        &buffer(&ascent.parcel),
        &buffer(&ascent.reference),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut heat,
        &mut deficit,
        &mut vapour,
        &mut thickness,
    )
    .unwrap();
    [heat, deficit, vapour, thickness].map(|buffer| buffer.to_vec().unwrap())
}

/// Parts for heat and vapour, shift, factor, rain.
fn closed<R: Real>(sums: &[Vec<R>; 4]) -> [Vec<R>; 5] {
    let air = MoistAir::default();
    let [mut heat_part, mut vapour_part, mut shift, mut factor, mut rain] = [0; 5].map(|_| empty(POINTS));
    convection_closure::launch(
        [POINTS as u32],
        number(INTERVAL),
        number(RELAXATION),
        number(air.heating()),
        number(air.gravity),
        &buffer(&sums[0]),
        &buffer(&sums[1]),
        &buffer(&sums[2]),
        &buffer(&sums[3]),
        &mut heat_part,
        &mut vapour_part,
        &mut shift,
        &mut factor,
        &mut rain,
    )
    .unwrap();
    [heat_part, vapour_part, shift, factor, rain].map(|buffer| buffer.to_vec().unwrap())
}

/// Temperature and humidity after, the ascent, the closure.
fn convected<R: Real>(columns: &Columns<R>) -> ([Vec<R>; 2], Ascent<R>, [Vec<R>; 5]) {
    let ascent = ascent(columns);
    let closure = closed(&sums(columns, &ascent));
    let count = columns.levels * POINTS;
    let (mut temperature, mut humidity) = (empty(count), empty(count));
    convection_adjustment::launch(
        [columns.levels as u32, POINTS as u32],
        POINTS as u32,
        &Buffer::from_slice(terrella_kernels::device::Device::Cpu, &ascent.top).unwrap(),
        &buffer(&closure[0]),
        &buffer(&closure[1]),
        &buffer(&closure[2]),
        &buffer(&closure[3]),
        &buffer(&ascent.parcel),
        &buffer(&ascent.reference),
        &buffer(&columns.temperature),
        &buffer(&columns.humidity),
        &mut temperature,
        &mut humidity,
    )
    .unwrap();
    ([temperature.to_vec().unwrap(), humidity.to_vec().unwrap()], ascent, closure)
}

/// Columns of the tropics: moist and dry, over warm ground, unstable to various heights.
fn tropics<R: Real>() -> Columns<R> {
    let mut columns = Columns::<R>::new("L31");
    let air = MoistAir::default();
    for point in 0..POINTS {
        let (warm, moist) = ((point % 7) as f64, (point / 7) as f64 / 29.0);
        let surface = 100_500.0 + 10.0 * point as f64;
        columns.surface_pressure[point] = number(surface);
        for level in 0..columns.levels {
            let here = level * POINTS + point;
            let sigma = columns.pressure(level, point) / surface;
            let temperature = ((296.0 + warm) * sigma.powf(0.195)).max(200.0);
            let relative = 0.15 + 0.8 * moist * sigma + 0.3 * (sigma - 0.9).max(0.0);
            let humidity = relative * saturation(&air, temperature, sigma * surface);
            columns.temperature[here] = number(temperature - 300.0);
            columns.humidity[here] = number(humidity.min(0.04));
        }
    }
    columns
}

fn water_and_enthalpy_close<R: Real>(tolerance: f64) {
    let air = MoistAir::default();
    let mut cases = [0; 3];
    for columns in [Columns::<R>::new("L26"), tropics()] {
        let ([temperature, humidity], ascent, closure) = convected(&columns);
        for point in 0..POINTS {
            let rain = closure[4][point].to_f64() * INTERVAL;
            let water = columns.gain(&humidity, &columns.humidity, point);
            let heat = air.heat_capacity * columns.gain(&temperature, &columns.temperature, point);
            let amount = columns.amount(&columns.humidity, point) + columns.amount(&humidity, point);
            let scale = air.latent_heat * amount
                + air.heat_capacity * columns.amount(&vec![number(30.0); temperature.len()], point);
            assert!(rain >= 0.0, "column {point} rains {rain} kg/m2");
            assert!((water + rain).abs() <= 4.0 * tolerance * amount, "column {point}: {water}, rain {rain}");
            assert!(
                (heat + air.latent_heat * water).abs() <= 4.0 * tolerance * scale,
                "column {point}: {heat} J/m2 of heat, {water} kg/m2 of water"
            );
            let works = closure[0][point] > R::ZERO;
            assert!(
                !works || (ascent.cape[point] > R::ZERO && (ascent.top[point] as usize) < columns.levels - 1)
            );
            cases[if rain > 0.0 { 2 } else { usize::from(works) }] += 1;
        }
    }
    assert!(
        cases.iter().all(|&count| count > 10),
        "columns without, with shallow and with deep convection: {cases:?}"
    );
}

fn humidity_stays_positive<R: Real>(_tolerance: f64) {
    for columns in [Columns::<R>::new("L26"), tropics()] {
        let ([_, humidity], ..) = convected(&columns);
        assert!(humidity.iter().all(|&humidity| humidity >= R::ZERO));
        assert!(humidity != columns.humidity);
    }
}

/// An ascent in small steps with the saturated lapse rate, and the condensation level by bisection: plain f64.
fn fine_parcel(air: &MoistAir, start: (f64, f64, f64), pressure: f64) -> f64 {
    let (temperature, humidity, from) = start;
    let dry = |pressure: f64| temperature * (pressure / from).powf(air.kappa());
    let is_dry = |pressure: f64| saturation(air, dry(pressure), pressure) > humidity;
    if is_dry(pressure) {
        return dry(pressure);
    }
    let (mut low, mut high) = (pressure, from);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if is_dry(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    let (steps, mut parcel) = (4000, dry(low));
    let step = (pressure / low).ln() / f64::from(steps);
    for k in 0..steps {
        let here = low * (step * (f64::from(k) + 0.5)).exp();
        let lapse = |parcel: f64| {
            let q = saturation(air, parcel, here);
            (air.gas_constant * parcel + air.latent_heat * q)
                / (air.heat_capacity
                    + air.latent_heat.powi(2) * q / (air.vapour_gas_constant * parcel * parcel))
        };
        parcel += step * lapse(parcel + 0.5 * step * lapse(parcel));
    }
    parcel
}

#[test]
fn the_parcel_follows_the_moist_adiabat() {
    let air = MoistAir::default();
    let columns = tropics::<f64>();
    let ascent = ascent(&columns);
    let lowest = columns.levels - 1;
    let (mut worst, mut compared) = (0.0_f64, 0);
    for point in (0..POINTS).step_by(11) {
        let start = (
            columns.absolute(lowest, point),
            columns.humidity[lowest * POINTS + point],
            columns.pressure(lowest, point),
        );
        for level in (ascent.top[point] as usize)..lowest {
            let fine = fine_parcel(&air, start, columns.pressure(level, point));
            worst = worst.max((ascent.parcel[level * POINTS + point] + 300.0 - fine).abs());
            compared += 1;
        }
    }
    assert!(worst < 0.25 && compared > 100, "{worst} K in {compared} layers of 31");
}

/// The whole scheme for one column after another, in plain f64 and whole-column formulas.
#[test]
fn columns_follow_the_paper() {
    let air = MoistAir::default();
    let columns = tropics::<f64>();
    let ([temperature, humidity], ascent, closure) = convected(&columns);
    let part = INTERVAL / (RELAXATION + INTERVAL);
    for point in 0..POINTS {
        let top = ascent.top[point] as usize;
        let layers: Vec<usize> = (top..columns.levels).collect();
        let at = |values: &[f64], level: usize| values[level * POINTS + point];
        let mean = |value: &dyn Fn(usize) -> f64| -> f64 {
            layers.iter().map(|&level| columns.thickness(level, point) * value(level)).sum()
        };
        let reference_humidity = |level: usize| {
            RELATIVE_HUMIDITY
                * saturation(&air, at(&ascent.parcel, level) + 300.0, columns.pressure(level, point))
        };
        let heating = air.heat_capacity / air.latent_heat
            * mean(&|level| at(&ascent.parcel, level) - at(&columns.temperature, level));
        let drying = mean(&|level| at(&columns.humidity, level) - reference_humidity(level));
        let whole = mean(&|_| 1.0);
        let (mut parts, mut shift, mut factor, mut rain) = ([0.0; 2], 0.0, 1.0, 0.0);
        if heating > 0.0 && drying > 0.0 {
            parts = [part, part * (heating / drying).min(1.0)];
            shift = (drying - heating).min(0.0) * air.latent_heat / air.heat_capacity / whole;
            rain = part * drying.min(heating) / air.gravity / INTERVAL;
        } else if heating > 0.0 {
            parts = [part; 2];
            shift = -heating * air.latent_heat / air.heat_capacity / whole;
            factor = mean(&|level| at(&columns.humidity, level)) / mean(&reference_humidity);
        }
        for level in 0..columns.levels {
            let here = level * POINTS + point;
            let (mut warm, mut moist) = (columns.temperature[here], columns.humidity[here]);
            if level >= top {
                warm += parts[0] * (ascent.parcel[here] + shift - warm);
                moist += parts[1] * (factor * reference_humidity(level) - moist);
            }
            assert!((temperature[here] - warm).abs() < 1e-9, "column {point}, level {level}");
            assert!((humidity[here] - moist).abs() < 1e-13, "column {point}, level {level}");
        }
        assert!((closure[4][point] - rain).abs() < 1e-12, "column {point}: {}, {rain}", closure[4][point]);
    }
}

#[test]
fn stable_columns_stay() {
    let mut columns = Columns::<f32>::new("L31");
    columns.temperature.fill(-20.0);
    columns.humidity.fill(0.001);
    let ([temperature, humidity], ascent, closure) = convected(&columns);
    assert!(temperature == columns.temperature && humidity == columns.humidity);
    assert!(ascent.top.iter().all(|&top| top == 31) && closure[4].iter().all(|&rain| rain == 0.0));
}

#[test]
fn a_nan_stays_in_its_column() {
    let columns = tropics::<f32>();
    let mut broken = columns.clone();
    broken.temperature[30 * POINTS + 100] = f32::NAN;
    broken.humidity[25 * POINTS + 150] = f32::NAN;
    let (clean, marked) = (convected(&columns).0, convected(&broken).0);
    for (clean, marked) in clean.iter().zip(&marked) {
        for (here, (clean, marked)) in clean.iter().zip(marked).enumerate() {
            assert!(clean == marked || [100, 150].contains(&(here % POINTS)), "value {here}");
        }
    }
}

both_precisions! { water_and_enthalpy_close humidity_stays_positive }

const LEVELS: usize = 31;

stamp! {
    ascent_on_devices: parcel_ascent<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), value(LEVELS as u32), value(number::<R>(0.7)), value(number::<R>(0.622)),
        value(number::<R>(5417.0)), value(number::<R>(2489.0)), value(number::<R>(287.0)),
        value(number::<R>(0.286)), slice(tropics::<R>().a_thickness), slice(tropics::<R>().b_thickness),
        slice(tropics::<R>().a_sum), slice(tropics::<R>().b_sum), slice(tropics::<R>().reference_temperature),
        slice(tropics::<R>().surface_pressure), slice(tropics::<R>().temperature), slice(tropics::<R>().humidity),
    },
    outputs { parcel: R, reference: R },
    carried { last: R, vapour: R, stage: u32, top: u32, cape: R },
    reference || {
        let c = tropics::<R>();
        let count = LEVELS * POINTS;
        let (mut parcel, mut reference) = (vec![R::ZERO; count], vec![R::ZERO; count]);
        let mut carried = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for point in 0..POINTS {
            let mut last = (R::ZERO, R::ZERO, 0, 0, R::ZERO);
            for level in (0..LEVELS).rev() {
                let (warm, moist, a, b, d, e, f) = parcel_ascent(
                    level as u32, point as u32, last.0, last.1, last.2, last.3, last.4, POINTS as u32,
                    LEVELS as u32, number(0.7), number(0.622), number(5417.0), number(2489.0), number(287.0),
                    number(0.286), &c.a_thickness, &c.b_thickness, &c.a_sum, &c.b_sum, &c.reference_temperature,
                    &c.surface_pressure, &c.temperature, &c.humidity,
                );
                parcel[level * POINTS + point] = warm;
                reference[level * POINTS + point] = moist;
                last = (a, b, d, e, f);
            }
            carried.0.push(last.0);
            carried.1.push(last.1);
            carried.2.push(last.2);
            carried.3.push(last.3);
            carried.4.push(last.4);
        }
        (parcel, reference, carried.0, carried.1, carried.2, carried.3, carried.4)
    }
}

stamp! {
    sums_on_devices: convection_sums<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(tropics::<R>().a_thickness), slice(tropics::<R>().b_thickness),
        slice(tropics::<R>().surface_pressure), slice(ascent(&tropics::<R>()).top),
        slice(ascent(&tropics::<R>()).parcel), slice(ascent(&tropics::<R>()).reference),
        slice(tropics::<R>().temperature), slice(tropics::<R>().humidity),
    },
    outputs {},
    carried { heat: R, deficit: R, vapour: R, thickness: R },
    reference || {
        let c = tropics::<R>();
        let ascent = ascent(&c);
        let ([], [heat, deficit, vapour, thickness]) = scanned(LEVELS, false, |level, point, [a, b, d, e]: [R; 4]| {
            let (heat, deficit, vapour, thickness) = convection_sums(
                level, point, a, b, d, e, POINTS as u32, &c.a_thickness, &c.b_thickness, &c.surface_pressure,
                &ascent.top, &ascent.parcel, &ascent.reference, &c.temperature, &c.humidity,
            );
            ([], [heat, deficit, vapour, thickness])
        });
        (heat, deficit, vapour, thickness)
    }
}

stamp! {
    closure_on_devices: convection_closure<R>,
    extent [POINTS as u32],
    arguments {
        value(number::<R>(INTERVAL)), value(number::<R>(RELAXATION)), value(number::<R>(2489.0)),
        value(number::<R>(9.8)), slice(sums(&tropics::<R>(), &ascent(&tropics::<R>()))[0]),
        slice(sums(&tropics::<R>(), &ascent(&tropics::<R>()))[1]),
        slice(sums(&tropics::<R>(), &ascent(&tropics::<R>()))[2]),
        slice(sums(&tropics::<R>(), &ascent(&tropics::<R>()))[3]),
    },
    outputs { heat: R, vapour: R, shift: R, factor: R, rain: R },
    reference {
        let [heat, deficit, vapour, thickness] = sums(&tropics::<R>(), &ascent(&tropics::<R>()));
        move |[point]: [usize; 1]| convection_closure(
            point as u32, number(INTERVAL), number(RELAXATION), number(2489.0), number(9.8), &heat, &deficit,
            &vapour, &thickness,
        )
    }
}

stamp! {
    adjustment_on_devices: convection_adjustment<R>,
    extent [LEVELS as u32, POINTS as u32],
    arguments {
        value(POINTS as u32), slice(ascent(&tropics::<R>()).top), slice(convected(&tropics::<R>()).2[0]),
        slice(convected(&tropics::<R>()).2[1]), slice(convected(&tropics::<R>()).2[2]),
        slice(convected(&tropics::<R>()).2[3]), slice(ascent(&tropics::<R>()).parcel),
        slice(ascent(&tropics::<R>()).reference), slice(tropics::<R>().temperature),
        slice(tropics::<R>().humidity),
    },
    outputs { temperature: R, humidity: R },
    reference {
        let c = tropics::<R>();
        let (_, ascent, [heat, vapour, shift, factor, _]) = convected(&c);
        move |[level, point]: [usize; 2]| convection_adjustment(
            level as u32, point as u32, POINTS as u32, &ascent.top, &heat, &vapour, &shift, &factor,
            &ascent.parcel, &ascent.reference, &c.temperature, &c.humidity,
        )
    }
}
