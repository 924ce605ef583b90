//! Specific and relative humidity.
//!
//! With ε = R_d/R_v and the saturation pressure e_s over water of Bolton (1980, *Mon. Wea. Rev.* 108, 1046–1053, equation 10),
//!
//! e = q p/(ε + (1 − ε) q), RH = e/e_s(T), q = ε e/(p − (1 − ε) e).
//!
//! All arrays are \[observation]: q \[kg kg⁻¹], RH \[1], T \[K], p \[Pa]. Pressures do not vary: they are the observations' own.

use crate::constants::{DRY_AIR_GAS_CONSTANT, WATER_VAPOUR_GAS_CONSTANT};
use crate::error::expect_len;
use crate::operators::pointwise::saturation_pressure_over_water;
use crate::{Real, Result};

const RATIO: f64 = DRY_AIR_GAS_CONSTANT / WATER_VAPOUR_GAS_CONSTANT;

/// A value with its derivatives by humidity and by temperature.
type Derived<R> = (R, R, R);

/// Relative humidity from specific humidity.
///
/// # Errors
/// [`LengthMismatch`](crate::Error::LengthMismatch), as of all functions here.
pub fn relative<R: Real>(specific: &[R], temperature: &[R], pressure: &[R], result: &mut [R]) -> Result<()> {
    forward(relative_at, specific, temperature, pressure, result)
}

/// The tangent linear of [`relative`].
pub fn relative_tangent<R: Real>(
    state: [&[R]; 3],
    specific_changes: &[R],
    temperature_changes: &[R],
    result: &mut [R],
) -> Result<()> {
    tangent(relative_at, state, specific_changes, temperature_changes, result)
}

/// The adjoint of [`relative`], which adds to the sensitivities of specific humidity and temperature.
pub fn relative_adjoint<R: Real>(
    state: [&[R]; 3],
    sensitivities: &[R],
    specific: &mut [R],
    temperature: &mut [R],
) -> Result<()> {
    adjoint(relative_at, state, sensitivities, specific, temperature)
}

/// Specific humidity from relative humidity; of a relative humidity of 1 at the dew point, that of the dew point.
pub fn specific<R: Real>(relative: &[R], temperature: &[R], pressure: &[R], result: &mut [R]) -> Result<()> {
    forward(specific_at, relative, temperature, pressure, result)
}

/// The tangent linear of [`specific`](fn@specific).
pub fn specific_tangent<R: Real>(
    state: [&[R]; 3],
    relative_changes: &[R],
    temperature_changes: &[R],
    result: &mut [R],
) -> Result<()> {
    tangent(specific_at, state, relative_changes, temperature_changes, result)
}

/// The adjoint of [`specific`](fn@specific), which adds to the sensitivities of relative humidity and temperature.
pub fn specific_adjoint<R: Real>(
    state: [&[R]; 3],
    sensitivities: &[R],
    relative: &mut [R],
    temperature: &mut [R],
) -> Result<()> {
    adjoint(specific_at, state, sensitivities, relative, temperature)
}

/// e_s and de_s/dT.
#[inline(always)]
fn saturation<R: Real>(temperature: R) -> (R, R) {
    let pressure = saturation_pressure_over_water(temperature);
    let above = temperature - R::from_f64(273.15 - 243.5);
    (pressure, pressure * R::from_f64(17.67 * 243.5) / (above * above))
}

#[inline(always)]
fn relative_at<R: Real>(q: R, temperature: R, pressure: R) -> Derived<R> {
    let ratio = R::from_f64(RATIO);
    let (saturated, slope) = saturation(temperature);
    let divisor = ratio + (R::ONE - ratio) * q;
    let relative = q * pressure / (divisor * saturated);
    (relative, pressure * ratio / (divisor * divisor * saturated), -relative * slope / saturated)
}

#[inline(always)]
fn specific_at<R: Real>(relative: R, temperature: R, pressure: R) -> Derived<R> {
    let ratio = R::from_f64(RATIO);
    let (saturated, slope) = saturation(temperature);
    let vapour = relative * saturated;
    let divisor = pressure - (R::ONE - ratio) * vapour;
    let by_vapour = ratio * pressure / (divisor * divisor);
    (ratio * vapour / divisor, by_vapour * saturated, by_vapour * relative * slope)
}

fn forward<R: Real>(
    at: impl Fn(R, R, R) -> Derived<R>,
    humidity: &[R],
    temperature: &[R],
    pressure: &[R],
    result: &mut [R],
) -> Result<()> {
    expect(&[humidity.len(), temperature.len(), pressure.len()], result.len())?;
    for (number, value) in result.iter_mut().enumerate() {
        (*value, ..) = at(humidity[number], temperature[number], pressure[number]);
    }
    Ok(())
}

fn tangent<R: Real>(
    at: impl Fn(R, R, R) -> Derived<R>,
    [humidity, temperature, pressure]: [&[R]; 3],
    humidity_changes: &[R],
    temperature_changes: &[R],
    result: &mut [R],
) -> Result<()> {
    let lengths = [humidity.len(), temperature.len(), pressure.len()];
    expect(&lengths, result.len())?;
    expect(&[humidity_changes.len(), temperature_changes.len()], result.len())?;
    for (number, value) in result.iter_mut().enumerate() {
        let (_, by_humidity, by_temperature) = at(humidity[number], temperature[number], pressure[number]);
        *value = by_humidity * humidity_changes[number] + by_temperature * temperature_changes[number];
    }
    Ok(())
}

fn adjoint<R: Real>(
    at: impl Fn(R, R, R) -> Derived<R>,
    [humidity, temperature, pressure]: [&[R]; 3],
    sensitivities: &[R],
    humidity_sensitivities: &mut [R],
    temperature_sensitivities: &mut [R],
) -> Result<()> {
    let lengths = [humidity.len(), temperature.len(), pressure.len()];
    expect(&lengths, sensitivities.len())?;
    expect(&[humidity_sensitivities.len(), temperature_sensitivities.len()], sensitivities.len())?;
    for (number, sensitivity) in sensitivities.iter().enumerate() {
        let (_, by_humidity, by_temperature) = at(humidity[number], temperature[number], pressure[number]);
        humidity_sensitivities[number] += by_humidity * *sensitivity;
        temperature_sensitivities[number] += by_temperature * *sensitivity;
    }
    Ok(())
}

fn expect(lengths: &[usize], expected: usize) -> Result<()> {
    lengths.iter().try_for_each(|length| expect_len("observations", expected, *length))
}
