//! The temperature of a slab of ground.

use terrella_kernels_macros::kernel;

use super::super::saturation::saturation_humidity;
use crate::Real;

/// T_s at the end of the step as far as it can be known before the fluxes are \[K\], at a point.
///
/// C·(T_s⁺ − T_s)/Δt = Q − H − L·E with H and E linear in T_s about the present one, and implicit in the lowest layer:
/// a slab that is thin or a step that is long make no oscillation. With this T_s the fluxes are found, and from them
/// [`slab_temperature`], so that energy is conserved; what is not linear in the fluxes comes back divided by C, so that C
/// should be 10⁴ J m⁻² K⁻¹, half a centimetre of soil, or more. `capacity` 0 leaves T_s as it is.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `lowest`                     | index of the lowest layer  | –     |
/// | `time_step`, `interval`      | Δt, I                      | s     |
/// | `vapour_ratio`, `steepness`  | ε, L/R_v                   | –, K  |
/// | `heating`, `heat_capacity`, `gravity` | L/c_p, c_p, g     | K, J kg⁻¹ K⁻¹, m s⁻² |
/// | `lapse`                      | Γ                          | K m⁻¹ |
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `capacity`                   | [points], C                | J m⁻² K⁻¹ |
/// | `radiation`                  | [points], Q, downwards     | W m⁻² |
/// | `wetness`                    | [points], β                | –     |
/// | `scalar_velocity`            | [points], w_h              | m s⁻¹ |
/// | `height`, `depth`            | [points], z_a and z        | m     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `surface_temperature`        | [points], T_s              | K     |
/// | `temperature`, `humidity`    | [levels, points], T − T_r and q | K, kg kg⁻¹ |
#[kernel]
pub fn slab_prediction<R: Real>(
    point: u32,
    points: u32,
    lowest: u32,
    time_step: R,
    interval: R,
    vapour_ratio: R,
    steepness: R,
    heating: R,
    heat_capacity: R,
    gravity: R,
    lapse: R,
    a_thickness: &[R],
    b_thickness: &[R],
    reference_temperature: &[R],
    capacity: &[R],
    radiation: &[R],
    wetness: &[R],
    scalar_velocity: &[R],
    height: &[R],
    depth: &[R],
    surface_pressure: &[R],
    surface_temperature: &[R],
    temperature: &[R],
    humidity: &[R],
) -> R {
    let here = lowest * points + point;
    let pressure = surface_pressure[point];
    let ground = surface_temperature[point];
    let mass = (a_thickness[lowest] + b_thickness[lowest] * pressure) / gravity;
    let rate = interval * scalar_velocity[point] / depth[point];
    let wet = wetness[point] * rate;
    // Of both fluxes, by K and by kg kg⁻¹ of difference [W m⁻² K⁻¹].
    let heat = mass * heat_capacity / interval * (rate / (1.0 + rate));
    let vapour = mass * heat_capacity / interval * (wet / (1.0 + wet));
    let saturation = saturation_humidity(ground, pressure, vapour_ratio, steepness);
    let slope = saturation * steepness / (ground * ground);
    let air = reference_temperature[lowest] + temperature[here] + lapse * height[point];
    let given = heat * (ground - air) + vapour * heating * (saturation - humidity[here]);
    let stiffness = heat + vapour * heating * slope;
    let mut predicted = ground;
    if capacity[point] > 0.0 {
        predicted =
            ground + time_step * (radiation[point] - given) / (capacity[point] + time_step * stiffness);
    }
    predicted
}

/// T_s at the end of the step \[K\] from the fluxes that there were, at a point: T_s + (Δt/C)·(Q − H − L·E).
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `time_step`                  | Δt                         | s     |
/// | `latent_heat`                | L                          | J kg⁻¹ |
/// | `capacity`                   | [points], C; 0 leaves T_s as it is | J m⁻² K⁻¹ |
/// | `radiation`                  | [points], Q, downwards     | W m⁻² |
/// | `sensible_heat`              | [points], H, upwards       | W m⁻² |
/// | `evaporation`                | [points], E, upwards       | kg m⁻² s⁻¹ |
/// | `surface_temperature`        | [points], T_s              | K     |
#[kernel]
pub fn slab_temperature<R: Real>(
    point: u32,
    time_step: R,
    latent_heat: R,
    capacity: &[R],
    radiation: &[R],
    sensible_heat: &[R],
    evaporation: &[R],
    surface_temperature: &[R],
) -> R {
    let received = radiation[point] - sensible_heat[point] - latent_heat * evaporation[point];
    let mut ground = surface_temperature[point];
    if capacity[point] > 0.0 {
        ground += time_step * received / capacity[point];
    }
    ground
}
