//! Columns at t: what is interpolated at departure points, and what is left to add where parcels arrive.
//!
//! In all of these N⁰ and N⁻ are the nonlinear terms at t and t − Δt, and 2N⁰ − N⁻ is e·N⁰ + f·N⁻ with e and f given, so
//! that a first step can have N⁰ alone.

use terrella_kernels::semi_lagrangian::displacement_rotation;
use terrella_kernels::vertical::{thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

/// From the top: s of the layers above \[s⁻¹\]; T to be interpolated \[K\] and N of T \[K s⁻¹\]; carried on, the whole column's s_L and
/// ν·D \[s⁻¹\].
///
/// - T + Δt/2·(2N⁰ − N⁻) + (1 − β)Δt·L
/// - N = κ·T_v/(1 + (δ − 1)q)·(r·ℓ·(B_{k−½}·V·∇ln p_s − s_{k−½}) − α·D) − L, with the symbols of
///   [`wind_and_temperature_tendencies`](super::super::wind_and_temperature_tendencies())
/// - L = −τD = −(1/c_p)·((R·T·α)_r·D_k + (R·T·ℓ)_r/ν_k·Σ_{j<k} ν_j·D_j)
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `kappa`, `inverse_heat_capacity` | κ, 1/c_p             | –, kg K J⁻¹ |
/// | `virtual_factor`, `heat_factor`  | R_v/R_d − 1, δ − 1   | –     |
/// | `moist`                          | 1: `humidity` is used | –    |
/// | `half_step`, `explicit_step`     | Δt/2, (1 − β)Δt      | s     |
/// | `present_weight`, `previous_weight` | e, f              | –     |
/// | `a_thickness` … `alpha_table`    | \[levels\], of `LayerTables` | Pa, – |
/// | `reference_temperature`, `reference_rise`, `reference_middle` | \[levels\], T_r, (R·T·ℓ)_r, (R·T·α)_r | K, m² s⁻² |
/// | `mass_weight`                    | \[levels\], ν          | –     |
/// | `surface_pressure`               | \[points\]             | Pa    |
/// | `eastward`, `northward`          | \[points\], ∇ln p_s    | m⁻¹   |
/// | `divergence`, `u`, `v`, `temperature`, `humidity`, `previous` | \[levels, points\] | s⁻¹, m s⁻¹, K, kg kg⁻¹, K s⁻¹ |
#[kernel(indices = 2, scan = down, carried = 2)]
pub fn heating<R: Real>(
    level: u32,
    point: u32,
    flux: R,
    linear_flux: R,
    points: u32,
    kappa: R,
    inverse_heat_capacity: R,
    virtual_factor: R,
    heat_factor: R,
    moist: u32,
    half_step: R,
    explicit_step: R,
    present_weight: R,
    previous_weight: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    b_above: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    reference_temperature: &[R],
    reference_rise: &[R],
    reference_middle: &[R],
    mass_weight: &[R],
    surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    divergence: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    humidity: &[R],
    previous: &[R],
) -> (R, R, R, R, R) {
    let here = level * points + point;
    let pressure = surface_pressure[point];
    let thickness = a_thickness[level] + b_thickness[level] * pressure;
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
    let mut converted = reference_temperature[level] + temperature[here];
    if moist == 1 {
        converted *= (1.0 + virtual_factor * humidity[here]) / (1.0 + heat_factor * humidity[here]);
    }
    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    let conversion =
        pressure / thickness * logarithm * (b_above[level] * ascent - flux) - alpha * divergence[here];
    let linear = -(inverse_heat_capacity
        * (reference_middle[level] * divergence[here]
            + reference_rise[level] / mass_weight[level] * linear_flux));
    let nonlinear = kappa * converted * conversion - linear;
    let leaving = temperature[here]
        + half_step * (present_weight * nonlinear + previous_weight * previous[here])
        + explicit_step * linear;
    (
        flux,
        leaving,
        nonlinear,
        flux + divergence[here] * (thickness / pressure) + b_thickness[level] * ascent,
        linear_flux + mass_weight[level] * divergence[here],
    )
}

/// From the ground: u and v to be interpolated \[m s⁻¹\] and N of both \[m s⁻²\]; carried on, the forces of the layers below.
///
/// With b_{k+½} = B_{k+½}·p_s/p_{k+½}, T_v′ = T_v − T_r and sums over the layers j below,
///
/// - L = −R·T_r·∇ln p_s − Σ_j (R·ℓ_j)_r·∇T_j − (R·α_k)_r·∇T_k
/// - N = −∇φ_s − Σ_j (R·ℓ_j·∇T_vj − (R·ℓ_j)_r·∇T_j + R·T_vj′·(b_{j+½} − b_{j−½})·∇ln p_s) − (R·α_k·∇T_vk − (R·α_k)_r·∇T_k +
///   R·T_vk′·b_{k+½}·∇ln p_s)
///
/// L + N is −∇φ − R·T_v·∇ln p of Simmons & Burridge's scheme: their force and the gradient of their α add up to b_{k+½}.
/// What is interpolated is V + Δt/2·(2N⁰ − N⁻) + (1 − β)Δt·L.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `gas_constant`                   | R_d                  | J kg⁻¹ K⁻¹ |
/// | `reference_temperature`          | T_r                  | K     |
/// | `reference_layers`               | \[levels, 2\], (R·ℓ)_r and (R·α)_r | J kg⁻¹ K⁻¹ |
/// | `ground_eastward`, `ground_northward` | \[points\], ∇φ_s  | m s⁻² |
/// | `temperature_eastward` … `humidity_northward` | \[levels, points\] | K m⁻¹, m⁻¹ |
/// | `previous_u`, `previous_v` | \[levels, points\] | m s⁻² |
///
/// The rest is as in [`heating()`].
#[kernel(indices = 2, scan = up, carried = 4)]
pub fn pressure_force<R: Real>(
    level: u32,
    point: u32,
    nonlinear_eastward: R,
    nonlinear_northward: R,
    linear_eastward: R,
    linear_northward: R,
    points: u32,
    gas_constant: R,
    reference_temperature: R,
    virtual_factor: R,
    moist: u32,
    half_step: R,
    explicit_step: R,
    present_weight: R,
    previous_weight: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    reference_layers: &[R],
    surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    ground_eastward: &[R],
    ground_northward: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    temperature_eastward: &[R],
    temperature_northward: &[R],
    humidity: &[R],
    humidity_eastward: &[R],
    humidity_northward: &[R],
    previous_u: &[R],
    previous_v: &[R],
) -> (R, R, R, R, R, R, R, R) {
    let here = level * points + point;
    let pressure = surface_pressure[point];
    let thickness = a_thickness[level] + b_thickness[level] * pressure;
    let sum = a_sum[level] + b_sum[level] * pressure;
    let ratio = thickness / sum;
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
    // The pressures of the half levels are half of these sums.
    let slope_below = (b_sum[level] + b_thickness[level]) * pressure / (sum + thickness);
    let mut slope_above = 0.0;
    if level > 0 {
        slope_above = (b_sum[level] - b_thickness[level]) * pressure / (sum - thickness);
    }

    let own_eastward = temperature_eastward[here];
    let own_northward = temperature_northward[here];
    let mut departure = temperature[here];
    let mut virtual_eastward = own_eastward;
    let mut virtual_northward = own_northward;
    if moist == 1 {
        let factor = 1.0 + virtual_factor * humidity[here];
        let absolute = virtual_factor * (reference_temperature + temperature[here]);
        departure += absolute * humidity[here];
        virtual_eastward = factor * own_eastward + absolute * humidity_eastward[here];
        virtual_northward = factor * own_northward + absolute * humidity_northward[here];
    }
    let elasticity = gas_constant * departure;
    let rise = gas_constant * logarithm;
    let middle = gas_constant * alpha;
    let linear_rise = reference_layers[2 * level];
    let linear_middle = reference_layers[2 * level + 1];
    let reference_force = gas_constant * reference_temperature;

    let linear_u = -(linear_eastward + linear_middle * own_eastward + reference_force * eastward[point]);
    let linear_v = -(linear_northward + linear_middle * own_northward + reference_force * northward[point]);
    let force_u = -(ground_eastward[point]
        + nonlinear_eastward
        + (middle * virtual_eastward - linear_middle * own_eastward)
        + elasticity * slope_below * eastward[point]);
    let force_v = -(ground_northward[point]
        + nonlinear_northward
        + (middle * virtual_northward - linear_middle * own_northward)
        + elasticity * slope_below * northward[point]);
    let leaving_u = u[here]
        + half_step * (present_weight * force_u + previous_weight * previous_u[here])
        + explicit_step * linear_u;
    let leaving_v = v[here]
        + half_step * (present_weight * force_v + previous_weight * previous_v[here])
        + explicit_step * linear_v;
    let slope = elasticity * (slope_below - slope_above);
    (
        leaving_u,
        leaving_v,
        force_u,
        force_v,
        nonlinear_eastward + (rise * virtual_eastward - linear_rise * own_eastward) + slope * eastward[point],
        nonlinear_northward
            + (rise * virtual_northward - linear_rise * own_northward)
            + slope * northward[point],
        linear_eastward + linear_rise * own_eastward,
        linear_northward + linear_rise * own_northward,
    )
}

/// η̇ of a layer \[s⁻¹\], ln p_s + φ_s/(R_d·T̄) to be interpolated \[–\], and N of it \[s⁻¹\].
///
/// η̇ = Δη/Δp·(w_{k−½} + w_{k+½})/2 with w_{k+½} = p_s·(B_{k+½}·s_L − s_{k+½}), downwards positive.
/// N = −s_L + ν·D + V·∇(ln p_s + φ_s/(R_d·T̄)), L = −ν·D.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `ground_factor`                  | 1/(R_d·T̄)            | s² m⁻² |
/// | `eta_thickness`                  | \[levels\], Δη         | –     |
/// | `log_surface_pressure`           | \[points\], ln(p_s/p_r) | –    |
/// | `ground`                         | \[points\], φ_s        | m² s⁻² |
/// | `flux_above`                     | \[levels, points\], s  | s⁻¹   |
/// | `flux_total`, `linear_flux`      | \[points\], s_L, ν·D   | s⁻¹   |
/// | `previous`                       | \[levels, points\], N⁻ | s⁻¹   |
///
/// The rest is as in [`pressure_force()`].
#[kernel(indices = 2)]
pub fn continuity<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    levels: u32,
    ground_factor: R,
    half_step: R,
    explicit_step: R,
    present_weight: R,
    previous_weight: R,
    a_thickness: &[R],
    b_thickness: &[R],
    b_above: &[R],
    eta_thickness: &[R],
    surface_pressure: &[R],
    log_surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    ground: &[R],
    ground_eastward: &[R],
    ground_northward: &[R],
    flux_above: &[R],
    flux_total: &[R],
    linear_flux: &[R],
    u: &[R],
    v: &[R],
    previous: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let pressure = surface_pressure[point];
    let thickness = a_thickness[level] + b_thickness[level] * pressure;
    let mut flux_below = flux_total[point];
    if level + 1 < levels {
        flux_below = flux_above[here + points];
    }
    let down_above = b_above[level] * flux_total[point] - flux_above[here];
    let down_below = (b_above[level] + b_thickness[level]) * flux_total[point] - flux_below;
    let vertical = 0.5 * eta_thickness[level] * pressure / thickness * (down_above + down_below);
    let advection = u[here] * (eastward[point] + ground_factor * ground_eastward[point])
        + v[here] * (northward[point] + ground_factor * ground_northward[point]);
    let nonlinear = linear_flux[point] - flux_total[point] + advection;
    let leaving = log_surface_pressure[point]
        + ground_factor * ground[point]
        + half_step * (present_weight * nonlinear + previous_weight * previous[here])
        - explicit_step * linear_flux[point];
    (vertical, leaving, nonlinear)
}

/// u, v and T where parcels arrive, but for the implicit terms \[m s⁻¹, K\]: the interpolated wind in the directions there, turned by
/// the Coriolis force, and Δt/2·N⁰ of all three.
///
/// With γ = fΔt/2, f = 2Ω·(sin φ + y·cos φ/(1 + z)) the mean of D's and A's, the wind turns by the angle whose half has the
/// tangent γ, clockwise for f > 0.
///
/// | argument                      | shape                | unit            |
/// |-------------------------------|----------------------|-----------------|
/// | `rotation`                    | ΩΔt                  | –               |
/// | `half_step`                   | Δt/2                 | s               |
/// | `sine`, `cosine`              | \[points\], of φ       | –               |
/// | `eastward`, `northward`       | \[levels, points\], the departure point on the tangent plane | – |
/// | `u`, `v`, `temperature`       | \[levels, points\], at departure points | m s⁻¹, K |
/// | `force_u`, `force_v`, `heating` | \[levels, points\], N⁰ | m s⁻², K s⁻¹ |
#[kernel(indices = 2)]
pub fn arrive<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    rotation: R,
    half_step: R,
    sine: &[R],
    cosine: &[R],
    eastward: &[R],
    northward: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    force_u: &[R],
    force_v: &[R],
    heating: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let x = eastward[here];
    let y = northward[here];
    let (turn_cosine, turn_sine) = displacement_rotation(x, y, sine[point], cosine[point]);
    let height = (1.0 - (x * x + y * y)).max(0.0).sqrt();
    let half_turn = rotation * (sine[point] + cosine[point] * y / (1.0 + height));
    let square = half_turn * half_turn;
    let inertial_cosine = (1.0 - square) / (1.0 + square);
    let inertial_sine = 2.0 * half_turn / (1.0 + square);
    let wind_u = turn_cosine * u[here] - turn_sine * v[here];
    let wind_v = turn_sine * u[here] + turn_cosine * v[here];
    (
        (inertial_cosine * wind_u + inertial_sine * wind_v) + half_step * force_u[here],
        (inertial_cosine * wind_v - inertial_sine * wind_u) + half_step * force_v[here],
        temperature[here] + half_step * heating[here],
    )
}
