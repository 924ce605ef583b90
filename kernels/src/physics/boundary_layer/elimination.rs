//! Elimination from the ground up: X_k = E_k·X_{k−1} + F_k.

use terrella_kernels_macros::kernel;

use crate::Real;

/// E, F_u and F_v of a layer, carried on upwards as well.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `velocity`, `height`         | [points], w_m and z_a      | m s⁻¹, m |
/// | `strength`                   | [levels, points], of [`mixing_strength`](super::mixing_strength) | Pa s m⁻² |
/// | `u`, `v`                     | [levels, points]           | m s⁻¹ |
#[kernel(indices = 2, scan = up, carried = 3)]
pub fn wind_elimination<R: Real>(
    level: u32,
    point: u32,
    factor_below: R,
    u_below: R,
    v_below: R,
    points: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    velocity: &[R],
    height: &[R],
    strength: &[R],
    u: &[R],
    v: &[R],
) -> (R, R, R, R, R, R) {
    let here = level * points + point;
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    let diffusivity = velocity[point] * height[point] / thickness;
    let down = diffusivity * strength[here];
    let mut up = 0.0;
    if level > 0 {
        up = diffusivity * strength[here - points];
    }
    let pivot = 1.0 + up + down * (1.0 - factor_below);
    let factor = up / pivot;
    let u_here = (u[here] + down * u_below) / pivot;
    let v_here = (v[here] + down * v_below) / pivot;
    (factor, u_here, v_here, factor, u_here, v_here)
}

/// E and F_q of a layer, carried on upwards as well; arguments as of [`wind_elimination`] with w_h.
#[kernel(indices = 2, scan = up, carried = 2)]
pub fn humidity_elimination<R: Real>(
    level: u32,
    point: u32,
    factor_below: R,
    humidity_below: R,
    points: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    velocity: &[R],
    height: &[R],
    strength: &[R],
    humidity: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    let diffusivity = velocity[point] * height[point] / thickness;
    let down = diffusivity * strength[here];
    let mut up = 0.0;
    if level > 0 {
        up = diffusivity * strength[here - points];
    }
    let pivot = 1.0 + up + down * (1.0 - factor_below);
    let factor = up / pivot;
    let humidity_here = (humidity[here] + down * humidity_below) / pivot;
    (factor, humidity_here, factor, humidity_here)
}

/// E and F_θ \[K\] of a layer, carried on upwards as well.
///
/// Arguments as of [`wind_elimination`] with w_h, and
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `levels`                     | number of layers           | –     |
/// | `conserving`                 | 1: ΣΔp·T is conserved; 0: ΣΔp·θ | – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `exner`                      | [levels, points], of [`mixing_strength`](super::mixing_strength) | – |
/// | `temperature`                | [levels, points], T − T_r  | K     |
#[kernel(indices = 2, scan = up, carried = 2)]
pub fn heat_elimination<R: Real>(
    level: u32,
    point: u32,
    factor_below: R,
    theta_below: R,
    points: u32,
    levels: u32,
    conserving: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    velocity: &[R],
    height: &[R],
    strength: &[R],
    exner: &[R],
    temperature: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    let diffusivity = velocity[point] * height[point] / thickness;
    let exner_here = exner[here];
    let mut down = diffusivity * strength[here];
    if conserving == 1 && level + 1 < levels {
        down *= 0.5 * (exner_here + exner[here + points]) / exner_here;
    }
    let mut up = 0.0;
    if level > 0 {
        up = diffusivity * strength[here - points];
        if conserving == 1 {
            up *= 0.5 * (exner_here + exner[here - points]) / exner_here;
        }
    }
    let theta = (reference_temperature[level] + temperature[here]) / exner_here;
    let pivot = 1.0 + up + down * (1.0 - factor_below);
    let factor = up / pivot;
    let theta_here = (theta + down * theta_below) / pivot;
    (factor, theta_here, factor, theta_here)
}
