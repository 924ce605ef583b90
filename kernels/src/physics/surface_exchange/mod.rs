//! Fluxes of momentum, heat and water between the ground and the lowest layer, implicit in the lowest layer.
//!
//! With exchange velocities w_m = C_d·|V|, w_h = C_h·|V| and w_q = β·w_h \[m s⁻¹\], a depth z \[m\] and I the interval:
//!
//! - V⁺ = V/(1 + I·w_m/z)
//! - T⁺ = (T + (I·w_h/z)·(T_s − Γ·z_a))/(1 + I·w_h/z)
//! - q⁺ = (q + (I·w_q/z)·q_s(T_s, p_s))/(1 + I·w_q/z)
//!
//! which are the implicit steps of Reed & Jablonowski (2012, *J. Adv. Model. Earth Syst.* 4, M04001,
//! doi:10.1029/2011MS000099) for [`simple_exchange`] and Γ = 0. With Γ = g/c_p air at the height z_a exchanges no heat with
//! ground of the same potential temperature; that goes with [`bulk_exchange`] over land and sea. The fluxes that are returned are those that the layer received: its
//! change times its mass over I, so that the budgets of column and ground close. Means of positive numbers with positive
//! weights are positive: no humidity becomes negative.

mod bulk;
mod simple;
mod slab;

pub use bulk::bulk_exchange;
pub use simple::simple_exchange;
pub use slab::{slab_prediction, slab_temperature};

use terrella_kernels_macros::kernel;

use super::saturation::saturation_humidity;
use crate::Real;

/// u, v, T − T_r and q of a layer at the end of the interval; carried on, what the atmosphere receives from the ground:
/// momentum eastward and northward \[N m⁻²\], sensible heat \[W m⁻²\] and water \[kg m⁻² s⁻¹\].
///
/// Layers above the lowest stay as they are.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `levels`                     | number of layers           | –     |
/// | `interval`                   | I                          | s     |
/// | `vapour_ratio`, `steepness`  | ε, L/R_v                   | –, K  |
/// | `heat_capacity`, `gravity`   | c_p, g                     | J kg⁻¹ K⁻¹, m s⁻² |
/// | `lapse`                      | Γ                          | K m⁻¹ |
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `surface_temperature`        | [points], T_s              | K     |
/// | `wetness`                    | [points], β, 1 over water  | –     |
/// | `momentum_velocity`, `scalar_velocity` | [points], w_m, w_h | m s⁻¹ |
/// | `height`, `depth`            | [points], z_a and z        | m     |
/// | `u`, `v`                     | [levels, points]           | m s⁻¹ |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel(indices = 2, scan = down, carried = 4)]
pub fn surface_exchange<R: Real>(
    level: u32,
    point: u32,
    _eastward: R,
    _northward: R,
    _heat: R,
    _water: R,
    points: u32,
    levels: u32,
    interval: R,
    vapour_ratio: R,
    steepness: R,
    heat_capacity: R,
    gravity: R,
    lapse: R,
    a_thickness: &[R],
    b_thickness: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    surface_temperature: &[R],
    wetness: &[R],
    momentum_velocity: &[R],
    scalar_velocity: &[R],
    height: &[R],
    depth: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R, R, R, R, R, R) {
    let here = level * points + point;
    if level + 1 < levels {
        return (u[here], v[here], temperature[here], humidity[here], 0.0, 0.0, 0.0, 0.0);
    }
    let pressure = surface_pressure[point];
    let mass = (a_thickness[level] + b_thickness[level] * pressure) / gravity;
    let drag = interval * momentum_velocity[point] / depth[point];
    let warming = interval * scalar_velocity[point] / depth[point];
    let moistening = wetness[point] * warming;
    let drag = drag / (1.0 + drag);
    let warming = warming / (1.0 + warming);
    let ground = surface_temperature[point];
    let saturation = saturation_humidity(ground, pressure, vapour_ratio, steepness);
    let change_u = -(drag * u[here]);
    let change_v = -(drag * v[here]);
    let neutral = ground - lapse * height[point];
    let change_temperature = warming * ((neutral - reference_temperature[level]) - temperature[here]);
    // The mean itself, not the change, is surely positive.
    let moist = (humidity[here] + moistening * saturation) / (1.0 + moistening);
    (
        u[here] + change_u,
        v[here] + change_v,
        temperature[here] + change_temperature,
        moist,
        mass * change_u / interval,
        mass * change_v / interval,
        mass * heat_capacity * change_temperature / interval,
        mass * (moist - humidity[here]) / interval,
    )
}
