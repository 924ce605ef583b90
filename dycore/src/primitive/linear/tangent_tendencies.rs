//! Derivatives of the tendencies on the grid.
//!
//! Perturbations are the arguments in `*_perturbation`; the others are the trajectory's. Each product is expanded by its
//! factors; vertical advection is linear in weight, flux and quantity, and is called once for each.

use super::super::vertical_advection;
use terrella_kernels::{Real, kernel};

/// The derivative of [`wind_and_temperature_tendencies`](super::super::wind_and_temperature_tendencies()): δF \[m s⁻²\] and
/// δ(∂T/∂t) \[K s⁻¹\] in one layer at a point.
///
/// With r = p_s/Δp, dr/dp_s = ΔA/Δp². Arguments are those of the nonlinear kernel, `logarithms` … `alpha_slopes` the \[levels,
/// points\] of [`layer_coefficients`](super::layer_coefficients()), which are not read where `kind` is 0.
#[kernel(indices = 2)]
pub fn wind_and_temperature_tangent<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    levels: u32,
    gas_constant: R,
    kappa: R,
    virtual_factor: R,
    heat_factor: R,
    moist: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    b_above: &[R],
    reference_temperature: &[R],
    coriolis: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    logarithms: &[R],
    alphas: &[R],
    logarithm_slopes: &[R],
    alpha_slopes: &[R],
    surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    flux_above: &[R],
    flux_total: &[R],
    u: &[R],
    v: &[R],
    vorticity: &[R],
    divergence: &[R],
    temperature: &[R],
    temperature_eastward: &[R],
    temperature_northward: &[R],
    humidity: &[R],
    surface_pressure_perturbation: &[R],
    eastward_perturbation: &[R],
    northward_perturbation: &[R],
    flux_above_perturbation: &[R],
    flux_total_perturbation: &[R],
    u_perturbation: &[R],
    v_perturbation: &[R],
    vorticity_perturbation: &[R],
    divergence_perturbation: &[R],
    temperature_perturbation: &[R],
    temperature_eastward_perturbation: &[R],
    temperature_northward_perturbation: &[R],
    humidity_perturbation: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let mut logarithm = logarithm_table[level];
    let mut alpha = alpha_table[level];
    let mut logarithm_slope = 0.0;
    let mut alpha_slope = 0.0;
    if kind[level] > 0 {
        logarithm = logarithms[here];
        alpha = alphas[here];
        logarithm_slope = logarithm_slopes[here];
        alpha_slope = alpha_slopes[here];
    }
    let mut upper = level;
    if level > 0 {
        upper = level - 1;
    }
    let mut lower = level;
    if level + 1 < levels {
        lower = level + 1;
    }
    let above = upper * points + point;
    let below = lower * points + point;
    let b_below = b_above[level] + b_thickness[level];

    let pressure = surface_pressure[point];
    let pressure_change = surface_pressure_perturbation[point];
    let inverse = 1.0 / (a_thickness[level] + b_thickness[level] * pressure);
    let weight = pressure * inverse;
    let weight_change = a_thickness[level] * inverse * inverse * pressure_change;

    let down_above = b_above[level] * flux_total[point] - flux_above[here];
    let down_below = b_below * flux_total[point] - flux_above[below];
    let down_above_change = b_above[level] * flux_total_perturbation[point] - flux_above_perturbation[here];
    let down_below_change = b_below * flux_total_perturbation[point] - flux_above_perturbation[below];

    let absolute_temperature = reference_temperature[level] + temperature[here];
    let mut virtual_temperature = absolute_temperature;
    let mut virtual_change = temperature_perturbation[here];
    let mut converted = absolute_temperature;
    let mut converted_change = temperature_perturbation[here];
    if moist == 1 {
        let vapour = 1.0 + virtual_factor * humidity[here];
        let heat = 1.0 / (1.0 + heat_factor * humidity[here]);
        virtual_change =
            virtual_change * vapour + absolute_temperature * (virtual_factor * humidity_perturbation[here]);
        virtual_temperature *= vapour;
        converted = virtual_temperature * heat;
        converted_change = (virtual_change - converted * (heat_factor * humidity_perturbation[here])) * heat;
    }

    let force = logarithm * b_above[level] + alpha * b_thickness[level];
    let force_change =
        (logarithm_slope * b_above[level] + alpha_slope * b_thickness[level]) * pressure_change;
    let slope = gas_constant * virtual_temperature * weight * force;
    let slope_change = gas_constant
        * (virtual_change * weight * force
            + virtual_temperature * (weight_change * force + weight * force_change));

    let absolute_vorticity = vorticity[here] + coriolis[point];
    let force_u = absolute_vorticity * v_perturbation[here] + vorticity_perturbation[here] * v[here]
        - (slope * eastward_perturbation[point] + slope_change * eastward[point])
        + vertical_advection(weight_change, down_above, down_below, u[above], u[here], u[below])
        + vertical_advection(weight, down_above_change, down_below_change, u[above], u[here], u[below])
        + vertical_advection(
            weight,
            down_above,
            down_below,
            u_perturbation[above],
            u_perturbation[here],
            u_perturbation[below],
        );
    let force_v = vertical_advection(weight_change, down_above, down_below, v[above], v[here], v[below])
        + vertical_advection(weight, down_above_change, down_below_change, v[above], v[here], v[below])
        + vertical_advection(
            weight,
            down_above,
            down_below,
            v_perturbation[above],
            v_perturbation[here],
            v_perturbation[below],
        )
        - (absolute_vorticity * u_perturbation[here] + vorticity_perturbation[here] * u[here])
        - (slope * northward_perturbation[point] + slope_change * northward[point]);

    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    let ascent_change = u_perturbation[here] * eastward[point]
        + v_perturbation[here] * northward[point]
        + (u[here] * eastward_perturbation[point] + v[here] * northward_perturbation[point]);
    let rise = b_above[level] * ascent - flux_above[here];
    let rise_change = b_above[level] * ascent_change - flux_above_perturbation[here];
    let conversion = weight * logarithm * rise - alpha * divergence[here];
    let conversion_change = (weight_change * logarithm + weight * (logarithm_slope * pressure_change)) * rise
        + weight * logarithm * rise_change
        - alpha_slope * pressure_change * divergence[here]
        - alpha * divergence_perturbation[here];
    // The reference is isothermal: its differences vanish.
    let heating = kappa * (converted_change * conversion + converted * conversion_change)
        - (u_perturbation[here] * temperature_eastward[here]
            + v_perturbation[here] * temperature_northward[here])
        - (u[here] * temperature_eastward_perturbation[here]
            + v[here] * temperature_northward_perturbation[here])
        + vertical_advection(
            weight_change,
            down_above,
            down_below,
            temperature[above],
            temperature[here],
            temperature[below],
        )
        + vertical_advection(
            weight,
            down_above_change,
            down_below_change,
            temperature[above],
            temperature[here],
            temperature[below],
        )
        + vertical_advection(
            weight,
            down_above,
            down_below,
            temperature_perturbation[above],
            temperature_perturbation[here],
            temperature_perturbation[below],
        );
    (force_u, force_v, heating)
}

/// The derivative of [`tracer_tendency`](super::super::tracer_tendency()) \[unit of X · s⁻¹\]; arguments as there.
#[kernel(indices = 2)]
pub fn tracer_tangent<R: Real>(
    row: u32,
    point: u32,
    points: u32,
    levels: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    b_above: &[R],
    surface_pressure: &[R],
    flux_above: &[R],
    flux_total: &[R],
    u: &[R],
    v: &[R],
    tracers: &[R],
    tracers_eastward: &[R],
    tracers_northward: &[R],
    surface_pressure_perturbation: &[R],
    flux_above_perturbation: &[R],
    flux_total_perturbation: &[R],
    u_perturbation: &[R],
    v_perturbation: &[R],
    tracers_perturbation: &[R],
    tracers_eastward_perturbation: &[R],
    tracers_northward_perturbation: &[R],
) -> R {
    let level = row % levels;
    let here = level * points + point;
    let own = row * points + point;
    let mut above = own;
    if level > 0 {
        above = own - points;
    }
    let mut below = own;
    let mut there = here;
    if level + 1 < levels {
        below = own + points;
        there = here + points;
    }
    let b_below = b_above[level] + b_thickness[level];
    let inverse = 1.0 / (a_thickness[level] + b_thickness[level] * surface_pressure[point]);
    let weight = surface_pressure[point] * inverse;
    let weight_change = a_thickness[level] * inverse * inverse * surface_pressure_perturbation[point];
    // At the ground nothing is below, so that the flux through it meets a difference of 0.
    let down_above = b_above[level] * flux_total[point] - flux_above[here];
    let down_below = b_below * flux_total[point] - flux_above[there];
    let down_above_change = b_above[level] * flux_total_perturbation[point] - flux_above_perturbation[here];
    let down_below_change = b_below * flux_total_perturbation[point] - flux_above_perturbation[there];
    vertical_advection(weight_change, down_above, down_below, tracers[above], tracers[own], tracers[below])
        + vertical_advection(
            weight,
            down_above_change,
            down_below_change,
            tracers[above],
            tracers[own],
            tracers[below],
        )
        + vertical_advection(
            weight,
            down_above,
            down_below,
            tracers_perturbation[above],
            tracers_perturbation[own],
            tracers_perturbation[below],
        )
        - (u_perturbation[here] * tracers_eastward[own] + v_perturbation[here] * tracers_northward[own])
        - (u[here] * tracers_eastward_perturbation[own] + v[here] * tracers_northward_perturbation[own])
}
