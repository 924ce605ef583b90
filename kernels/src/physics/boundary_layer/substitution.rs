//! Substitution from the top down: X_k = E_k·X_{k−1} + F_k.

use terrella_kernels_macros::kernel;

use crate::Real;

/// u and v \[m s⁻¹\] of a layer after mixing, carried on downwards as well; `factor`, `u`, `v` are what
/// [`wind_elimination`](super::wind_elimination) left, \[levels, points\].
#[kernel(indices = 2, scan = down, carried = 2)]
pub fn wind_substitution<R: Real>(
    level: u32,
    point: u32,
    u_above: R,
    v_above: R,
    points: u32,
    factor: &[R],
    u: &[R],
    v: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let u_here = u[here] + factor[here] * u_above;
    let v_here = v[here] + factor[here] * v_above;
    (u_here, v_here, u_here, v_here)
}

/// q of a layer after mixing, carried on downwards as well; `factor` and `humidity` are what
/// [`humidity_elimination`](super::humidity_elimination) left, \[levels, points\].
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn humidity_substitution<R: Real>(
    level: u32,
    point: u32,
    humidity_above: R,
    points: u32,
    factor: &[R],
    humidity: &[R],
) -> (R, R) {
    let here = level * points + point;
    let humidity_here = humidity[here] + factor[here] * humidity_above;
    (humidity_here, humidity_here)
}

/// T − T_r \[K\] of a layer after mixing; carried on downwards, θ.
///
/// `factor` and `theta` are what [`heat_elimination`](super::heat_elimination) left, `temperature` is T − T_r before, all
/// \[levels, points\]. Where nothing is mixed, temperature keeps its bits.
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn heat_substitution<R: Real>(
    level: u32,
    point: u32,
    theta_above: R,
    points: u32,
    reference_temperature: &[R],
    exner: &[R],
    factor: &[R],
    theta: &[R],
    temperature: &[R],
) -> (R, R) {
    let here = level * points + point;
    let before = (reference_temperature[level] + temperature[here]) / exner[here];
    let theta_here = theta[here] + factor[here] * theta_above;
    (temperature[here] + exner[here] * (theta_here - before), theta_here)
}
