//! Condensation of what is beyond saturation, and its fall to the ground at once: the large-scale precipitation of Reed &
//! Jablonowski (2012, *J. Adv. Model. Earth Syst.* 4, M04001, doi:10.1029/2011MS000099).
//!
//! In a layer with q > q_s
//!
//! - C = (q − q_s)/(1 + (L/c_p)·dq_s/dT) becomes rain, q − C and T + (L/c_p)·C remain;
//! - the rain of a column is Σ C·Δp/(g·I); nothing evaporates on the way.
//!
//! This is one step of Newton's method, the paper's; more steps bring a layer as close to saturation as one likes. Moist
//! enthalpy c_p·T + L·q is conserved in each layer. Of a layer's vapour at most 31/32 condense in an interval, so that
//! humidity stays positive also after rounding; air 32 times saturated is needed for that.

use terrella_kernels_macros::kernel;

use super::saturation::excess_humidity;
use crate::Real;

/// T − T_r \[K\] and q of a layer at the end of the interval; carried on, the rain of the column \[kg m⁻² s⁻¹\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `interval`                   | I                          | s     |
/// | `iterations`                 | steps of Newton's method, 1 in the paper | – |
/// | `vapour_ratio`, `steepness`  | ε, L/R_v                   | –, K  |
/// | `heating`                    | L/c_p                      | K     |
/// | `gravity`                    | g                          | m s⁻² |
/// | `a_thickness` … `b_sum`      | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn large_scale_condensation<R: Real>(
    level: u32,
    point: u32,
    rain_above: R,
    points: u32,
    interval: R,
    iterations: u32,
    vapour_ratio: R,
    steepness: R,
    heating: R,
    gravity: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let pressure = 0.5 * (a_sum[level] + b_sum[level] * surface_pressure[point]);
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    let before = humidity[here];
    let absolute = reference_temperature[level] + temperature[here];
    let mut condensed = 0.0;
    for _ in 0..iterations {
        let excess = excess_humidity(
            absolute + heating * condensed,
            pressure,
            before - condensed,
            vapour_ratio,
            steepness,
            heating,
        );
        // Newton's steps overshoot, and from there come back: the sum never falls below zero.
        condensed = (condensed + excess).max(0.0).min(0.96875 * before.max(0.0));
    }
    let rain = condensed * thickness / (gravity * interval);
    (temperature[here] + heating * condensed, before - condensed, rain_above + rain)
}
