//! Saturation vapour pressure over liquid water.
//!
//! e_s = 611.2 Pa · exp(17.67 t / (t + 243.5)), t in °C: Bolton 1980, Mon. Wea. Rev. 108, 1046–1053, eq. (10),
//! doi:10.1175/1520-0493(1980)108<1046:TCOEPT>2.0.CO;2. Within 0.3% from −35 to 35 °C; not for saturation over ice.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Saturation vapour pressure over liquid water [Pa] at `temperature` [K].
#[kernel(function)]
pub fn saturation_pressure_over_water<R: Real>(temperature: R) -> R {
    let celsius = temperature - 273.15;
    611.2 * (17.67 * celsius / (celsius + 243.5)).exp()
}

/// Saturation vapour pressure over liquid water at one point [Pa].
///
/// | argument      | shape    | location | unit |
/// |---------------|----------|----------|------|
/// | `temperature` | [points] | point    | K    |
#[kernel]
pub fn saturation_vapour_pressure<R: Real>(point: u32, temperature: &[R]) -> R {
    saturation_pressure_over_water(temperature[point])
}
