//! Transposes of the derivatives of column integrals and tendencies.
//!
//! What a layer receives is gathered from its neighbours, since a kernel writes at its own index alone. A first scan goes
//! down, as the transpose of the geopotential's, and sums up the sensitivity to the whole column's mass flux; a second one
//! goes up, as the transpose of the mass flux's.
//!
//! `*_sensitivity` are derivatives of a number by the field named; the others are the trajectory's. With the sensitivities
//! F*, H*, e* to the tendencies of wind and temperature and to E + φ′, and with r, ℓ, α, s, w as in
//! [`wind_and_temperature_tendencies`](super::super::wind_and_temperature_tendencies()):
//!
//! - w*_{k−½} = −½·Σ_X (X_k − X_{k−1})·(r_{k−1}X*_{k−1} + r_k·X*_k), X = u, v, T and tracers with tendency sensitivities X*;
//! - s*_{k−½} = −w*_{k−½} − κ·T_c·r_k·ℓ_k·H*_k, s*_L = (as given) + Σ_k B_{k−½}·w*_{k−½};
//! - c*_k = s*_L + Σ_{j>k} s*_{j−½}, of the layer's own ∇·(VΔp)/p_s.

use terrella_kernels::{Real, kernel};

/// Transpose of the derivative of [`vertical_advection`](super::super::vertical_advection()) by the quantity, in one layer.
///
/// `*_share` is the weight times the sensitivity to the tendency, in the layers above, here and below; a flux through the top
/// or the ground is 0.
#[kernel(function)]
pub fn vertical_advection_adjoint<R: Real>(
    flux_above: R,
    flux_below: R,
    above_share: R,
    here_share: R,
    below_share: R,
) -> R {
    0.5 * (flux_below * (here_share + below_share) - flux_above * (above_share + here_share))
}

/// Sensitivities to flux above layers, temperature, humidity, the temperature's gradient; carried on, the sum of
/// e* above, that to the whole column's flux, and that to p_s from the geopotential.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `gas_constant` … `moist`         | of the tendencies    |       |
/// | `tracers`                        | number of tracers in `tracer_values` | – |
/// | `a_thickness`, `b_thickness`, `b_above` | \[levels\]      | Pa, – |
/// | `reference_temperature`          | \[levels\]             | K     |
/// | `kind` … `alpha_table`           | \[levels\], of `LayerTables` | – |
/// | `logarithms` … `alpha_slopes`    | \[levels, points\], of [`layer_coefficients`](super::layer_coefficients()), not read where `kind` is 0 | –, Pa⁻¹ |
/// | `surface_pressure`, `eastward`, `northward`, `flux_total` | \[points\] | Pa, m⁻¹, s⁻¹ |
/// | `flux_above`, `u`, `v`, `divergence`, `temperature` | \[levels, points\] | s⁻¹, m s⁻¹, K |
/// | `tracer_values`                  | \[tracers, levels, points\], humidity first | any |
/// | `u_sensitivity`, `v_sensitivity`, `heating_sensitivity`, `energy_sensitivity` | \[levels, points\] | |
/// | `tracer_sensitivity`             | \[tracers, levels, points\] | |
#[kernel(indices = 2, scan = down, carried = 3)]
pub fn mass_and_temperature_adjoint<R: Real>(
    level: u32,
    point: u32,
    energy_above: R,
    column: R,
    pressure_sensitivity: R,
    points: u32,
    levels: u32,
    gas_constant: R,
    kappa: R,
    virtual_factor: R,
    heat_factor: R,
    moist: u32,
    tracers: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    b_above: &[R],
    reference_temperature: &[R],
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
    flux_total: &[R],
    flux_above: &[R],
    u: &[R],
    v: &[R],
    divergence: &[R],
    temperature: &[R],
    tracer_values: &[R],
    u_sensitivity: &[R],
    v_sensitivity: &[R],
    heating_sensitivity: &[R],
    energy_sensitivity: &[R],
    tracer_sensitivity: &[R],
) -> (R, R, R, R, R, R, R, R) {
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
    let pressure = surface_pressure[point];
    let weight = pressure / (a_thickness[level] + b_thickness[level] * pressure);
    let mut upper = level;
    let mut above_weight = weight;
    let mut down_above = 0.0;
    if level > 0 {
        upper = level - 1;
        above_weight = pressure / (a_thickness[upper] + b_thickness[upper] * pressure);
        down_above = b_above[level] * flux_total[point] - flux_above[here];
    }
    let mut lower = level;
    let mut below_weight = weight;
    let mut down_below = 0.0;
    let b_below = b_above[level] + b_thickness[level];
    if level + 1 < levels {
        lower = level + 1;
        below_weight = pressure / (a_thickness[lower] + b_thickness[lower] * pressure);
        down_below = b_below * flux_total[point] - flux_above[lower * points + point];
    }
    let above = upper * points + point;
    let below = lower * points + point;

    let heating = heating_sensitivity[here];
    let here_share = weight * heating;
    let above_share = above_weight * heating_sensitivity[above];
    let below_share = below_weight * heating_sensitivity[below];
    let mut flux_change = (temperature[here] - temperature[above]) * (above_share + here_share)
        + (u[here] - u[above]) * (above_weight * u_sensitivity[above] + weight * u_sensitivity[here])
        + (v[here] - v[above]) * (above_weight * v_sensitivity[above] + weight * v_sensitivity[here]);
    for tracer in 0..tracers {
        let first = tracer * levels * points;
        flux_change += (tracer_values[first + here] - tracer_values[first + above])
            * (above_weight * tracer_sensitivity[first + above] + weight * tracer_sensitivity[first + here]);
    }
    let flux_sensitivity = -(0.5 * flux_change);

    let absolute_temperature = reference_temperature[level] + temperature[here];
    let force = eastward[point] * u_sensitivity[here] + northward[point] * v_sensitivity[here];
    let energy = energy_sensitivity[here];
    let virtual_sensitivity = gas_constant
        * (alpha * energy + logarithm * energy_above
            - weight * (logarithm * b_above[level] + alpha * b_thickness[level]) * force);
    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    let lift = weight * logarithm;
    let conversion = lift * (b_above[level] * ascent - flux_above[here]) - alpha * divergence[here];
    let converted_sensitivity = kappa * conversion * heating;
    let mut virtual_temperature = absolute_temperature;
    let mut converted = absolute_temperature;
    let mut temperature_sensitivity = virtual_sensitivity + converted_sensitivity;
    let mut humidity_sensitivity = 0.0;
    if moist == 1 {
        let vapour = 1.0 + virtual_factor * tracer_values[here];
        let heat = 1.0 / (1.0 + heat_factor * tracer_values[here]);
        virtual_temperature *= vapour;
        converted = virtual_temperature * heat;
        let both = virtual_sensitivity + heat * converted_sensitivity;
        temperature_sensitivity = vapour * both;
        humidity_sensitivity = absolute_temperature * virtual_factor * both
            - converted * heat * heat_factor * converted_sensitivity;
    }
    temperature_sensitivity +=
        vertical_advection_adjoint(down_above, down_below, above_share, here_share, below_share);
    let by_geopotential =
        gas_constant * virtual_temperature * (logarithm_slope * energy_above + alpha_slope * energy);
    (
        -(flux_sensitivity + kappa * converted * lift * heating),
        temperature_sensitivity,
        humidity_sensitivity,
        -(u[here] * heating),
        -(v[here] * heating),
        energy_above + energy,
        column + b_above[level] * flux_sensitivity,
        pressure_sensitivity + by_geopotential,
    )
}

/// Sensitivities to u, v, divergence and vorticity; carried on, the sum of those to the flux above lower layers, and those to
/// p_s and ∇ln p_s.
///
/// `flux_sensitivity` \[levels, points\] and `column_sensitivity` \[points\] are those of [`mass_and_temperature_adjoint()`],
/// `total_sensitivity` \[points\] is what the tendency of surface pressure adds to the latter; the other arguments are as there.
#[kernel(indices = 2, scan = up, carried = 4)]
pub fn wind_and_divergence_adjoint<R: Real>(
    level: u32,
    point: u32,
    lower_flux: R,
    pressure_sensitivity: R,
    eastward_sensitivity: R,
    northward_sensitivity: R,
    points: u32,
    levels: u32,
    gas_constant: R,
    kappa: R,
    virtual_factor: R,
    heat_factor: R,
    moist: u32,
    tracers: u32,
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
    flux_total: &[R],
    flux_above: &[R],
    u: &[R],
    v: &[R],
    vorticity: &[R],
    divergence: &[R],
    temperature: &[R],
    temperature_eastward: &[R],
    temperature_northward: &[R],
    tracer_values: &[R],
    tracers_eastward: &[R],
    tracers_northward: &[R],
    u_sensitivity: &[R],
    v_sensitivity: &[R],
    heating_sensitivity: &[R],
    energy_sensitivity: &[R],
    tracer_sensitivity: &[R],
    flux_sensitivity: &[R],
    column_sensitivity: &[R],
    total_sensitivity: &[R],
) -> (R, R, R, R, R, R, R, R) {
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
    let pressure = surface_pressure[point];
    let inverse = 1.0 / (a_thickness[level] + b_thickness[level] * pressure);
    let weight = pressure * inverse;
    let mut above_weight = weight;
    let mut above = here;
    let mut down_above = 0.0;
    if level > 0 {
        above = here - points;
        above_weight = pressure / (a_thickness[level - 1] + b_thickness[level - 1] * pressure);
        down_above = b_above[level] * flux_total[point] - flux_above[here];
    }
    let b_below = b_above[level] + b_thickness[level];
    let mut below_weight = weight;
    let mut below = here;
    let mut down_below = 0.0;
    if level + 1 < levels {
        below = here + points;
        below_weight = pressure / (a_thickness[level + 1] + b_thickness[level + 1] * pressure);
        down_below = b_below * flux_total[point] - flux_above[below];
    }

    let by_u = u_sensitivity[here];
    let by_v = v_sensitivity[here];
    let heating = heating_sensitivity[here];
    let mut virtual_temperature = reference_temperature[level] + temperature[here];
    let mut converted = virtual_temperature;
    if moist == 1 {
        virtual_temperature *= 1.0 + virtual_factor * tracer_values[here];
        converted = virtual_temperature / (1.0 + heat_factor * tracer_values[here]);
    }
    let elasticity = gas_constant * virtual_temperature;
    let force = logarithm * b_above[level] + alpha * b_thickness[level];
    let slope = elasticity * weight * force;
    let work = kappa * converted * heating;

    // The layer's own part of the mass flux.
    let outflow = lower_flux + (column_sensitivity[point] + total_sensitivity[point]);
    let constant = a_thickness[level] / pressure;
    let lift = weight * logarithm;
    let by_ascent = lift * b_above[level] * work + b_thickness[level] * outflow;
    let by_divergence = (constant + b_thickness[level]) * outflow - alpha * work;

    let absolute_vorticity = vorticity[here] + coriolis[point];
    let mut u_total =
        energy_sensitivity[here] * u[here] - absolute_vorticity * by_v - temperature_eastward[here] * heating
            + eastward[point] * by_ascent
            + vertical_advection_adjoint(
                down_above,
                down_below,
                above_weight * u_sensitivity[above],
                weight * by_u,
                below_weight * u_sensitivity[below],
            );
    let mut v_total = energy_sensitivity[here] * v[here] + absolute_vorticity * by_u
        - temperature_northward[here] * heating
        + northward[point] * by_ascent
        + vertical_advection_adjoint(
            down_above,
            down_below,
            above_weight * v_sensitivity[above],
            weight * by_v,
            below_weight * v_sensitivity[below],
        );
    let mut advection = (down_below * (u[below] - u[here]) + down_above * (u[here] - u[above])) * by_u
        + (down_below * (v[below] - v[here]) + down_above * (v[here] - v[above])) * by_v
        + (down_below * (temperature[below] - temperature[here])
            + down_above * (temperature[here] - temperature[above]))
            * heating;
    for tracer in 0..tracers {
        let first = tracer * levels * points;
        let by_tracer = tracer_sensitivity[first + here];
        u_total -= tracers_eastward[first + here] * by_tracer;
        v_total -= tracers_northward[first + here] * by_tracer;
        advection += (down_below * (tracer_values[first + below] - tracer_values[first + here])
            + down_above * (tracer_values[first + here] - tracer_values[first + above]))
            * by_tracer;
    }

    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    let rise = (b_above[level] * ascent - flux_above[here]) * work;
    let push = -(elasticity * (eastward[point] * by_u + northward[point] * by_v));
    let by_weight = force * push + logarithm * rise - 0.5 * advection;
    let by_logarithm = weight * (b_above[level] * push + rise);
    let by_alpha = weight * b_thickness[level] * push - divergence[here] * work;
    let by_pressure = a_thickness[level] * inverse * inverse * by_weight
        + logarithm_slope * by_logarithm
        + alpha_slope * by_alpha
        - constant / pressure * (divergence[here] * outflow);
    (
        u_total,
        v_total,
        by_divergence,
        v[here] * by_u - u[here] * by_v,
        lower_flux + flux_sensitivity[here],
        pressure_sensitivity + by_pressure,
        eastward_sensitivity + (u[here] * by_ascent - slope * by_u),
        northward_sensitivity + (v[here] * by_ascent - slope * by_v),
    )
}

/// Sensitivities to transported quantities and their gradients; what humidity does besides is added to the first of them in a
/// moist model. Arguments are as in [`mass_and_temperature_adjoint()`], `row` runs over the levels of all tracers.
#[kernel(indices = 2)]
pub fn tracer_adjoint<R: Real>(
    row: u32,
    point: u32,
    points: u32,
    levels: u32,
    moist: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    b_above: &[R],
    surface_pressure: &[R],
    flux_total: &[R],
    flux_above: &[R],
    u: &[R],
    v: &[R],
    tracer_sensitivity: &[R],
    humidity_sensitivity: &[R],
) -> (R, R, R) {
    let level = row % levels;
    let here = level * points + point;
    let own = row * points + point;
    let pressure = surface_pressure[point];
    let share = pressure / (a_thickness[level] + b_thickness[level] * pressure) * tracer_sensitivity[own];
    let mut above_share = 0.0;
    let mut down_above = 0.0;
    if level > 0 {
        let weight = pressure / (a_thickness[level - 1] + b_thickness[level - 1] * pressure);
        above_share = weight * tracer_sensitivity[own - points];
        down_above = b_above[level] * flux_total[point] - flux_above[here];
    }
    let mut below_share = 0.0;
    let mut down_below = 0.0;
    if level + 1 < levels {
        let weight = pressure / (a_thickness[level + 1] + b_thickness[level + 1] * pressure);
        below_share = weight * tracer_sensitivity[own + points];
        down_below = (b_above[level] + b_thickness[level]) * flux_total[point] - flux_above[here + points];
    }
    let mut total = vertical_advection_adjoint(down_above, down_below, above_share, share, below_share);
    if moist == 1 && row < levels {
        total += humidity_sensitivity[here];
    }
    (total, -(u[here] * tracer_sensitivity[own]), -(v[here] * tracer_sensitivity[own]))
}
