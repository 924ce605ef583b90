//! Exchange over land and sea by similarity theory with a critical Richardson number.

use terrella_kernels_macros::kernel;

use super::super::saturation::saturation_humidity;
use crate::Real;

/// Exchange velocity C·|V| of momentum, heat and water alike \[m s⁻¹\], given twice; the height z_a of the lowest layer \[m\], and
/// the depth of air that takes up the fluxes \[m\], at a point.
///
/// The drag law of Frierson, Held & Zurita-Gotor (2006, *J. Atmos. Sci.* 63, 2548–2566, doi:10.1175/JAS3753.1), a simple form
/// of Monin & Obukhov's theory: with C_N = (k/ln(z_a/z_0))², k = 0.4, and the bulk Richardson number
/// Ri = g·z_a·(θ_v − θ_v,s)/(θ_v,s·|V|²),
///
/// - C = C_N for Ri < 0 (neutral also where it is unstable), C_N·(1 − Ri/Ri_c)² to Ri_c, 0 beyond;
/// - |V|² = u² + v² + `gustiness`²; θ_v − θ_v,s = T_v + g·z_a/c_p − T_v,s with the humidity β·q_s(T_s) + (1 − β)·q at the ground.
///
/// The depth is the layer's mass over the density p_s/(R_d·T_v), so that fluxes are those of the bulk formula.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `lowest`                     | index of the lowest layer  | –     |
/// | `gas_constant`, `virtual_factor` | R_d, R_v/R_d − 1       | J kg⁻¹ K⁻¹, – |
/// | `vapour_ratio`, `steepness`  | ε, L/R_v                   | –, K  |
/// | `heat_capacity`, `gravity`   | c_p, g                     | J kg⁻¹ K⁻¹, m s⁻² |
/// | `gustiness`                  | smallest wind              | m s⁻¹ |
/// | `critical`                   | Ri_c, 1 in the paper       | –     |
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `roughness`                  | [points], z_0              | m     |
/// | `wetness`                    | [points], β                | –     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `surface_temperature`        | [points], T_s              | K     |
/// | `u`, `v`                     | [levels, points]           | m s⁻¹ |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel]
pub fn bulk_exchange<R: Real>(
    point: u32,
    points: u32,
    lowest: u32,
    gas_constant: R,
    virtual_factor: R,
    vapour_ratio: R,
    steepness: R,
    heat_capacity: R,
    gravity: R,
    gustiness: R,
    critical: R,
    a_thickness: &[R],
    b_thickness: &[R],
    reference_temperature: &[R],
    roughness: &[R],
    wetness: &[R],
    surface_pressure: &[R],
    surface_temperature: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R, R) {
    let here = lowest * points + point;
    let square = u[here] * u[here] + v[here] * v[here] + gustiness * gustiness;
    let wind = square.sqrt();
    let pressure = surface_pressure[point];
    let thickness = a_thickness[lowest] + b_thickness[lowest] * pressure;
    let virtual_temperature =
        (reference_temperature[lowest] + temperature[here]) * (1.0 + virtual_factor * humidity[here]);
    let scale = gas_constant / gravity * virtual_temperature;
    let height = scale * 0.5 * -(1.0 - thickness / pressure).log();
    let depth = scale * thickness / pressure;

    let ground = surface_temperature[point];
    let saturation = saturation_humidity(ground, pressure, vapour_ratio, steepness);
    let wet = wetness[point] * saturation + (1.0 - wetness[point]) * humidity[here];
    let virtual_ground = ground * (1.0 + virtual_factor * wet);
    let difference = virtual_temperature + gravity / heat_capacity * height - virtual_ground;
    let richardson = gravity * height * difference / (virtual_ground * square);

    // A layer below the roughness is as if it were just above it.
    let profile = 0.4 / (height / roughness[point]).max(2.0).log();
    let stable = (1.0 - richardson.max(0.0) / critical).max(0.0);
    let velocity = profile * profile * (stable * stable) * wind;
    (velocity, velocity, height, depth)
}
