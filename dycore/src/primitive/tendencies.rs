//! Tendencies on the grid: vorticity flux, pressure gradient, vertical advection, conversion of energy.

use terrella_kernels::vertical::{thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

/// Vertical advection of X in layer k times −1 \[unit of X · s⁻¹\], Simmons & Burridge's form.
///
/// −(p_s/2Δp_k)·(w_{k+½}·(X_{k+1} − X_k) + w_{k−½}·(X_k − X_{k−1})), w = (η̇ ∂p/∂η)/p_s downwards positive \[s⁻¹\]. At top
/// and ground w is 0 and X beyond them is whatever the caller passes.
#[kernel(function)]
pub fn vertical_advection<R: Real>(
    weight: R,
    flux_above: R,
    flux_below: R,
    above: R,
    here: R,
    below: R,
) -> R {
    -(0.5 * weight) * (flux_below * (below - here) + flux_above * (here - above))
}

/// The part of ∂(u, v)/∂t whose curl and divergence are taken \[m s⁻²\], and ∂T/∂t \[K s⁻¹\], in one layer at a point.
///
/// With r = p_s/Δp, ℓ = ln(p_{k+½}/p_{k−½}), s the mass flux divergence in the layers above over p_s, w_{k+½} =
/// B_{k+½}·s_L − s_{k+½} and g = ∇ln p_s:
///
/// - F_u = (ζ + f)·v − w·∂u/∂p − R·T_v·r·(ℓ·B_{k−½} + α·ΔB)·g_λ, F_v likewise with −(ζ + f)·u;
/// - ∂T/∂t = −V·∇T − w·∂T/∂p + κ·T_v/(1 + (δ−1)q)·(r·ℓ·(B_{k−½}·V·g − s_{k−½}) − α·D), δ = c_pv/c_pd.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `gas_constant`, `kappa`          | R_d, R_d/c_p         | J kg⁻¹ K⁻¹, – |
/// | `virtual_factor`, `heat_factor`  | R_v/R_d − 1, δ − 1   | –     |
/// | `moist`                          | 1: `humidity` is used | –    |
/// | `a_thickness` … `alpha_table`    | \[levels\], of `LayerTables` | Pa, – |
/// | `reference_temperature`          | \[levels\]             | K     |
/// | `coriolis`, `surface_pressure`   | \[points\]             | s⁻¹, Pa |
/// | `eastward`, `northward`          | \[points\], ∇ln p_s    | m⁻¹   |
/// | `flux_above`                     | \[levels, points\], s  | s⁻¹   |
/// | `flux_total`                     | \[points\], s_L        | s⁻¹   |
/// | `u`, `v`, `vorticity`, `divergence` | \[levels, points\]  | m s⁻¹, s⁻¹ |
/// | `temperature`                    | \[levels, points\], departure from the reference | K |
/// | `temperature_eastward`, `temperature_northward` | \[levels, points\] | K m⁻¹ |
/// | `humidity`                       | \[levels, points\] or more | kg kg⁻¹ |
#[kernel(indices = 2)]
pub fn wind_and_temperature_tendencies<R: Real>(
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
    a_sum: &[R],
    b_sum: &[R],
    b_above: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    reference_temperature: &[R],
    coriolis: &[R],
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
) -> (R, R, R) {
    let here = level * points + point;
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

    let pressure = surface_pressure[point];
    let thickness = a_thickness[level] + b_thickness[level] * pressure;
    let weight = pressure / thickness;
    let ratio = thickness / (a_sum[level] + b_sum[level] * pressure);
    let mut logarithm = logarithm_table[level];
    let mut alpha = alpha_table[level];
    if kind[level] == 1 {
        let (thin_logarithm, thin_alpha) = thin_layer(ratio);
        logarithm = thin_logarithm;
        alpha = thin_alpha;
    }
    if kind[level] == 2 {
        let (thick_logarithm, thick_alpha) = thick_layer(ratio);
        logarithm = thick_logarithm;
        alpha = thick_alpha;
    }

    // At the ground both terms are the total: no flux goes through it, and `below` is `here` besides.
    let down_above = b_above[level] * flux_total[point] - flux_above[here];
    let down_below = (b_above[level] + b_thickness[level]) * flux_total[point] - flux_above[below];

    let absolute_temperature = reference_temperature[level] + temperature[here];
    let mut virtual_temperature = absolute_temperature;
    let mut converted = absolute_temperature;
    if moist == 1 {
        virtual_temperature *= 1.0 + virtual_factor * humidity[here];
        converted = virtual_temperature / (1.0 + heat_factor * humidity[here]);
    }

    let slope = gas_constant
        * virtual_temperature
        * weight
        * (logarithm * b_above[level] + alpha * b_thickness[level]);
    let absolute_vorticity = vorticity[here] + coriolis[point];
    let force_u = absolute_vorticity * v[here] - slope * eastward[point]
        + vertical_advection(weight, down_above, down_below, u[above], u[here], u[below]);
    let force_v = -(absolute_vorticity * u[here]) - slope * northward[point]
        + vertical_advection(weight, down_above, down_below, v[above], v[here], v[below]);

    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    let conversion =
        weight * logarithm * (b_above[level] * ascent - flux_above[here]) - alpha * divergence[here];
    let heating = kappa * converted * conversion
        - (u[here] * temperature_eastward[here] + v[here] * temperature_northward[here])
        + vertical_advection(
            weight,
            down_above,
            down_below,
            reference_temperature[upper] + temperature[above],
            absolute_temperature,
            reference_temperature[lower] + temperature[below],
        );
    (force_u, force_v, heating)
}

/// ∂X/∂t = −V·∇X − w·∂X/∂p of transported quantities in one layer at a point \[unit of X · s⁻¹\].
///
/// `row` runs over the levels of the first tracer, then of the second, …; `tracers` and its gradient are \[tracers · levels,
/// points\], the rest as in [`wind_and_temperature_tendencies()`].
#[kernel(indices = 2)]
pub fn tracer_tendency<R: Real>(
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
) -> R {
    let level = row % levels;
    let here = level * points + point;
    let own = row * points + point;
    let mut above = own;
    if level > 0 {
        above = own - points;
    }
    let mut below = own;
    let mut flux_here_below = flux_total[point];
    if level + 1 < levels {
        below = own + points;
        flux_here_below = flux_above[here + points];
    }
    let pressure = surface_pressure[point];
    let weight = pressure / (a_thickness[level] + b_thickness[level] * pressure);
    let down_above = b_above[level] * flux_total[point] - flux_above[here];
    let down_below = (b_above[level] + b_thickness[level]) * flux_total[point] - flux_here_below;
    vertical_advection(weight, down_above, down_below, tracers[above], tracers[own], tracers[below])
        - (u[here] * tracers_eastward[own] + v[here] * tracers_northward[own])
}
