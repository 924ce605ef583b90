//! The forcing's derivative and its transpose.
//!
//! Friction and relaxation are linear in wind and temperature; their rates and the equilibrium temperature depend on the
//! surface pressure through σ and p, which is linearised too. At the kinks (σ = σ_b, the coldest T_eq) the derivative is that of
//! the side on which the trajectory is.

use terrella_kernels_macros::kernel;

use crate::Real;

/// The rates of drag and relaxation after I·k [s⁻¹] and the equilibrium temperature [K], then their derivatives by p_s [per Pa].
///
/// Arguments are those of [`held_suarez_forcing`](super::held_suarez_forcing()), at one level and point.
#[kernel(function)]
pub fn held_suarez_coefficients<R: Real>(
    interval: R,
    boundary_layer: R,
    friction: R,
    relaxation: R,
    surface_relaxation: R,
    meridional_difference: R,
    vertical_difference: R,
    warmest: R,
    coldest: R,
    reference_pressure: R,
    kappa: R,
    a_sum: R,
    b_sum: R,
    sine_latitude: R,
    surface_pressure: R,
) -> (R, R, R, R, R, R) {
    let pressure = 0.5 * (a_sum + b_sum * surface_pressure);
    let sigma = pressure / surface_pressure;
    let depth = (sigma - boundary_layer) / (1.0 - boundary_layer);
    let height = depth.max(0.0);
    let mut height_slope = (0.5 * b_sum - sigma) / surface_pressure / (1.0 - boundary_layer);
    if depth < 0.0 {
        height_slope = 0.0;
    }
    let drag = friction * height;
    let drag_damping = 1.0 / (1.0 + interval * drag);

    let sine_squared = sine_latitude * sine_latitude;
    let cosine_squared = 1.0 - sine_squared;
    let logarithm = (pressure / reference_pressure).log();
    let logarithm_slope = 0.5 * b_sum / pressure;
    let potential =
        warmest - meridional_difference * sine_squared - vertical_difference * logarithm * cosine_squared;
    let exner = (kappa * logarithm).exp();
    let mut equilibrium = potential * exner;
    let mut equilibrium_slope =
        (kappa * potential - vertical_difference * cosine_squared) * logarithm_slope * exner;
    if equilibrium < coldest {
        equilibrium = coldest;
        equilibrium_slope = 0.0;
    }
    let low = (surface_relaxation - relaxation) * cosine_squared * cosine_squared;
    let rate = relaxation + low * height;
    let rate_damping = 1.0 / (1.0 + interval * rate);
    (
        drag * drag_damping,
        rate * rate_damping,
        equilibrium,
        friction * height_slope * drag_damping * drag_damping,
        low * height_slope * rate_damping * rate_damping,
        equilibrium_slope,
    )
}

/// Derivatives of the tendencies of u, v [m s⁻²] and T [K s⁻¹] with the forcing's added, in one layer at a point.
///
/// Arguments as of [`held_suarez_forcing`](super::held_suarez_forcing()); `*_perturbation` are those of the fields that the
/// forcing sees, `*_tendency` the perturbations of the tendencies so far.
#[kernel(indices = 2)]
pub fn held_suarez_tangent<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    interval: R,
    boundary_layer: R,
    friction: R,
    relaxation: R,
    surface_relaxation: R,
    meridional_difference: R,
    vertical_difference: R,
    warmest: R,
    coldest: R,
    reference_pressure: R,
    kappa: R,
    a_sum: &[R],
    b_sum: &[R],
    sine_latitude: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    surface_pressure_perturbation: &[R],
    u_perturbation: &[R],
    v_perturbation: &[R],
    temperature_perturbation: &[R],
    u_tendency: &[R],
    v_tendency: &[R],
    temperature_tendency: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let (drag, rate, equilibrium, drag_slope, rate_slope, equilibrium_slope) = held_suarez_coefficients(
        interval,
        boundary_layer,
        friction,
        relaxation,
        surface_relaxation,
        meridional_difference,
        vertical_difference,
        warmest,
        coldest,
        reference_pressure,
        kappa,
        a_sum[level],
        b_sum[level],
        sine_latitude[point],
        surface_pressure[point],
    );
    let pressure = surface_pressure_perturbation[point];
    let excess = reference_temperature[level] + temperature[here] - equilibrium;
    (
        u_tendency[here] - (drag * u_perturbation[here] + drag_slope * pressure * u[here]),
        v_tendency[here] - (drag * v_perturbation[here] + drag_slope * pressure * v[here]),
        temperature_tendency[here]
            - (rate * (temperature_perturbation[here] - equilibrium_slope * pressure)
                + rate_slope * pressure * excess),
    )
}

/// The transpose of [`held_suarez_tangent()`]: sensitivities to u, v and T that the forcing sees; carried on, that to p_s.
///
/// `*_sensitivity` are those to the tendencies, which the forcing leaves as they are.
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn held_suarez_adjoint<R: Real>(
    level: u32,
    point: u32,
    pressure_sensitivity: R,
    points: u32,
    interval: R,
    boundary_layer: R,
    friction: R,
    relaxation: R,
    surface_relaxation: R,
    meridional_difference: R,
    vertical_difference: R,
    warmest: R,
    coldest: R,
    reference_pressure: R,
    kappa: R,
    a_sum: &[R],
    b_sum: &[R],
    sine_latitude: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    u_sensitivity: &[R],
    v_sensitivity: &[R],
    temperature_sensitivity: &[R],
) -> (R, R, R, R) {
    let here = level * points + point;
    let (drag, rate, equilibrium, drag_slope, rate_slope, equilibrium_slope) = held_suarez_coefficients(
        interval,
        boundary_layer,
        friction,
        relaxation,
        surface_relaxation,
        meridional_difference,
        vertical_difference,
        warmest,
        coldest,
        reference_pressure,
        kappa,
        a_sum[level],
        b_sum[level],
        sine_latitude[point],
        surface_pressure[point],
    );
    let excess = reference_temperature[level] + temperature[here] - equilibrium;
    let by_drag = u[here] * u_sensitivity[here] + v[here] * v_sensitivity[here];
    let by_rate = excess * temperature_sensitivity[here];
    (
        -(drag * u_sensitivity[here]),
        -(drag * v_sensitivity[here]),
        -(rate * temperature_sensitivity[here]),
        pressure_sensitivity
            - (drag_slope * by_drag + rate_slope * by_rate
                - rate * equilibrium_slope * temperature_sensitivity[here]),
    )
}
