//! Vapour pressure, virtual temperature and density of moist air.
//!
//! With ε = R_d/R_v, from the ideal-gas laws of dry air and vapour in one volume:
//!
//! e = q p / (ε + (1 − ε) q),   T_v = T (1 + (1/ε − 1) q),   ρ = p / (R_d T_v)
//!
//! No condensate: where there is any, q is the vapour's share and the density misses the condensate's loading.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Vapour pressure [Pa], virtual temperature [K] and density [kg m⁻³] at one point.
///
/// | argument                | shape    | location | unit       |
/// |-------------------------|----------|----------|------------|
/// | `dry_gas_constant`      | 1        | –        | J kg⁻¹ K⁻¹ |
/// | `vapour_gas_constant`   | 1        | –        | J kg⁻¹ K⁻¹ |
/// | `temperature`           | [points] | point    | K          |
/// | `specific_humidity`     | [points] | point    | kg kg⁻¹    |
/// | `pressure`              | [points] | point    | Pa         |
#[kernel]
pub fn moist_air<R: Real>(
    point: u32,
    dry_gas_constant: R,
    vapour_gas_constant: R,
    temperature: &[R],
    specific_humidity: &[R],
    pressure: &[R],
) -> (R, R, R) {
    let q = specific_humidity[point];
    let p = pressure[point];
    let ratio = dry_gas_constant / vapour_gas_constant;
    let vapour_pressure = q * p / (ratio + (1.0 - ratio) * q);
    let virtual_temperature = temperature[point] * (1.0 + (1.0 / ratio - 1.0) * q);
    (vapour_pressure, virtual_temperature, p / (dry_gas_constant * virtual_temperature))
}
