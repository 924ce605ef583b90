//! Point formulas: against plain references, identities and published values.

use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, WATER_VAPOUR_GAS_CONSTANT};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::pointwise::{bernoulli_function, moist_air, saturation_vapour_pressure};
use terrella_kernels::{Real, Result};

/// Odd, so that the last pack is not full.
const POINTS: usize = 1003;

fn values<R: Real>(low: f64, high: f64, step: f64) -> Vec<R> {
    let share = |i: usize| (i as f64 * step).sin() * 0.5 + 0.5;
    (0..POINTS).map(|i| R::from_f64(low + (high - low) * share(i))).collect()
}

fn on_cpu<R: Real>(values: &[R]) -> Result<Buffer<R>> {
    Buffer::from_slice(Device::Cpu, values)
}

fn assert_close<R: Real>(got: R, expected: f64, roundings: f64, what: &str) {
    let tolerance = roundings * R::EPSILON.to_f64() * expected.abs();
    assert!((got.to_f64() - expected).abs() <= tolerance, "{what}: got {got}, expected {expected}");
}

fn bernoulli_equals_reference<R: Real>() -> Result<()> {
    let (u, v, geopotential) =
        (values::<R>(-80.0, 80.0, 0.7), values::<R>(-80.0, 80.0, 1.3), values::<R>(1e3, 3e5, 0.31));
    let mut result = Buffer::zeros(Device::Cpu, POINTS)?;
    bernoulli_function::launch(
        [POINTS as u32],
        &on_cpu(&u)?,
        &on_cpu(&v)?,
        &on_cpu(&geopotential)?,
        &mut result,
    )?;
    for (i, got) in result.to_vec()?.into_iter().enumerate() {
        let expected = geopotential[i].to_f64() + 0.5 * (u[i].to_f64().powi(2) + v[i].to_f64().powi(2));
        assert_close(got, expected, 3.0, "Bernoulli function");
    }
    Ok(())
}

#[test]
fn bernoulli_equals_reference_f32() -> Result<()> {
    bernoulli_equals_reference::<f32>()
}

#[test]
fn bernoulli_equals_reference_f64() -> Result<()> {
    bernoulli_equals_reference::<f64>()
}

fn moist_air_obeys_the_gas_laws<R: Real>() -> Result<()> {
    let (temperature, humidity, pressure) =
        (values::<R>(200.0, 310.0, 0.7), values::<R>(0.0, 0.03, 1.3), values::<R>(1e3, 1.05e5, 0.31));
    let [mut vapour_pressure, mut virtual_temperature, mut density] = [
        Buffer::zeros(Device::Cpu, POINTS)?,
        Buffer::zeros(Device::Cpu, POINTS)?,
        Buffer::zeros(Device::Cpu, POINTS)?,
    ];
    moist_air::launch(
        [POINTS as u32],
        R::from_f64(DRY_AIR_GAS_CONSTANT),
        R::from_f64(WATER_VAPOUR_GAS_CONSTANT),
        &on_cpu(&temperature)?,
        &on_cpu(&humidity)?,
        &on_cpu(&pressure)?,
        &mut vapour_pressure,
        &mut virtual_temperature,
        &mut density,
    )?;
    let (vapour_pressure, virtual_temperature, density) =
        (vapour_pressure.to_vec()?, virtual_temperature.to_vec()?, density.to_vec()?);
    for i in 0..POINTS {
        let [t, q, p] = [temperature[i], humidity[i], pressure[i]].map(R::to_f64);
        // Partial densities of dry air and vapour from their partial pressures.
        let vapour = vapour_pressure[i].to_f64() / (WATER_VAPOUR_GAS_CONSTANT * t);
        let dry = (p - vapour_pressure[i].to_f64()) / (DRY_AIR_GAS_CONSTANT * t);
        assert_close(density[i], dry + vapour, 12.0, "density");
        let humidity_error = (vapour / (dry + vapour) - q).abs();
        assert!(humidity_error <= 12.0 * R::EPSILON.to_f64() * q, "humidity off by {humidity_error} at {q}");
        assert_close(
            virtual_temperature[i],
            p / (DRY_AIR_GAS_CONSTANT * (dry + vapour)),
            12.0,
            "temperature",
        );
    }
    Ok(())
}

#[test]
fn moist_air_obeys_the_gas_laws_f32() -> Result<()> {
    moist_air_obeys_the_gas_laws::<f32>()
}

#[test]
fn moist_air_obeys_the_gas_laws_f64() -> Result<()> {
    moist_air_obeys_the_gas_laws::<f64>()
}

fn saturation_equals_reference<R: Real>() -> Result<()> {
    let temperature = values::<R>(233.15, 313.15, 0.7);
    let mut result = Buffer::zeros(Device::Cpu, POINTS)?;
    saturation_vapour_pressure::launch([POINTS as u32], &on_cpu(&temperature)?, &mut result)?;
    for (i, got) in result.to_vec()?.into_iter().enumerate() {
        let celsius = temperature[i].to_f64() - 273.15;
        let expected = 611.2 * (17.67 * celsius / (celsius + 243.5)).exp();
        // The rounding of 273.15 and of the difference grows by d ln e/dt · 273 K, at most 30 roundings.
        assert_close(got, expected, 40.0, "saturation vapour pressure");
    }
    Ok(())
}

#[test]
fn saturation_equals_reference_f32() -> Result<()> {
    saturation_equals_reference::<f32>()
}

#[test]
fn saturation_equals_reference_f64() -> Result<()> {
    saturation_equals_reference::<f64>()
}

#[test]
fn saturation_is_within_the_stated_accuracy_of_the_steam_tables() -> Result<()> {
    // IAPWS saturation pressures of water at 10, 20, 30 °C [Pa].
    let published = [(283.15, 1228.2), (293.15, 2339.3), (303.15, 4247.0)];
    let temperature = published.map(|(temperature, _)| temperature);
    let mut result = Buffer::zeros(Device::Cpu, 3)?;
    saturation_vapour_pressure::launch([3], &Buffer::from_slice(Device::Cpu, &temperature)?, &mut result)?;
    for (got, (_, expected)) in result.to_vec()?.into_iter().zip(published) {
        let difference: f64 = got / expected - 1.0;
        assert!(difference.abs() < 3e-3, "got {got} Pa, steam tables {expected} Pa");
    }
    Ok(())
}
