//! Saturation over liquid water with a constant latent heat, the form of simple moist models.
//!
//! q_s = (ε/p)·e_0·exp((L/R_v)·(1/T_0 − 1/T)), e_0 = 610.78 Pa, T_0 = 273.16 K; dq_s/dT = q_s·(L/R_v)/T².
//!
//! It solves the equation of Clausius and Clapeyron for a constant L, for which c_p·T + L·q is conserved, and is what
//! Reed & Jablonowski (2012, *J. Adv. Model. Earth Syst.* 4, M04001, doi:10.1029/2011MS000099) and Frierson, Held &
//! Zurita-Gotor (2006, *J. Atmos. Sci.* 63, 2548–2566, doi:10.1175/JAS3753.1) use. For diagnostics
//! [`saturation_pressure_over_water`](crate::operators::pointwise::saturation_pressure_over_water) is closer to nature:
//! from −20 to 20 °C the two differ by up to 1.3%, from −35 to 35 °C by up to 5.2%.

use terrella_kernels_macros::kernel;

use crate::Real;

/// q_s \[kg kg⁻¹\] at `temperature` \[K\] and `pressure` \[Pa\]; `vapour_ratio` is ε, `steepness` L/R_v \[K\].
///
/// Where p is below the saturation pressure this is above 1: nothing condenses there.
#[kernel(function)]
pub fn saturation_humidity<R: Real>(temperature: R, pressure: R, vapour_ratio: R, steepness: R) -> R {
    // The difference of temperatures, since that of their reciprocals cancels in single precision.
    let exponent = steepness * ((temperature - 273.16) / (temperature * 273.16));
    vapour_ratio * 610.78 / pressure * exponent.exp()
}

/// The part of vapour \[kg kg⁻¹\] whose condensation, by one step of Newton's method, leaves air saturated; negative in air
/// that is not.
///
/// (q − q_s(T))/(1 + (L/c_p)·dq_s/dT). `heating` is L/c_p \[K\].
#[kernel(function)]
pub fn excess_humidity<R: Real>(
    temperature: R,
    pressure: R,
    humidity: R,
    vapour_ratio: R,
    steepness: R,
    heating: R,
) -> R {
    let saturation = saturation_humidity(temperature, pressure, vapour_ratio, steepness);
    let slope = saturation * steepness / (temperature * temperature);
    (humidity - saturation) / (1.0 + heating * slope)
}
