//! Derivatives of the vertical integrals: mass flux from above, energy from below.
//!
//! Perturbations are the arguments in `*_perturbation`; the others are the trajectory's.

use terrella_kernels::{Real, kernel};

/// δs_{k−½}, and carried on δs of the whole column \[s⁻¹\]: the derivative of [`mass_flux`](super::super::mass_flux()).
///
/// δ(∇·(VΔp)/p_s) = δD·Δp/p_s − D·ΔA/p_s²·δp_s + ΔB·(δV·∇ln p_s + V·∇δln p_s).
///
/// Shapes and units are those of the nonlinear kernel.
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn mass_flux_tangent<R: Real>(
    level: u32,
    point: u32,
    above: R,
    points: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    divergence: &[R],
    u: &[R],
    v: &[R],
    surface_pressure_perturbation: &[R],
    eastward_perturbation: &[R],
    northward_perturbation: &[R],
    divergence_perturbation: &[R],
    u_perturbation: &[R],
    v_perturbation: &[R],
) -> (R, R) {
    let here = level * points + point;
    let constant = a_thickness[level] / surface_pressure[point];
    let thinning = constant / surface_pressure[point] * surface_pressure_perturbation[point];
    let ascent = u_perturbation[here] * eastward[point]
        + v_perturbation[here] * northward[point]
        + (u[here] * eastward_perturbation[point] + v[here] * northward_perturbation[point]);
    let outflow =
        divergence_perturbation[here] * (constant + b_thickness[level]) - divergence[here] * thinning;
    (above, above + outflow + b_thickness[level] * ascent)
}

/// δ(E + φ′) in a layer, and carried on δφ′_{k−½} \[m² s⁻²\]: the derivative of [`energy`](super::super::energy()).
///
/// δφ′_{k−½} = δφ′_{k+½} + R·(δT_v·ℓ + T_v·dℓ/dp_s·δp_s), and so with α in the layer.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `gas_constant`, `virtual_factor` | R_d, R_v/R_d − 1     | J kg⁻¹ K⁻¹, – |
/// | `moist`                          | 1: `humidity` is used | –    |
/// | `reference_temperature`          | \[levels\]             | K     |
/// | `kind` … `alpha_table`           | \[levels\], of `LayerTables` | – |
/// | `logarithms` … `alpha_slopes`    | \[levels, points\], of [`layer_coefficients`](super::layer_coefficients()), not read where `kind` is 0 | –, Pa⁻¹ |
/// | `temperature`, `u`, `v` and their perturbations | \[levels, points\] | K, m s⁻¹ |
/// | `humidity`, `humidity_perturbation` | \[levels, points\] or more | kg kg⁻¹ |
/// | `surface_pressure_perturbation`  | \[points\]             | Pa    |
#[kernel(indices = 2, scan = up, carried = 1)]
pub fn energy_tangent<R: Real>(
    level: u32,
    point: u32,
    below: R,
    points: u32,
    gas_constant: R,
    virtual_factor: R,
    moist: u32,
    reference_temperature: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    logarithms: &[R],
    alphas: &[R],
    logarithm_slopes: &[R],
    alpha_slopes: &[R],
    temperature: &[R],
    humidity: &[R],
    u: &[R],
    v: &[R],
    surface_pressure_perturbation: &[R],
    temperature_perturbation: &[R],
    humidity_perturbation: &[R],
    u_perturbation: &[R],
    v_perturbation: &[R],
) -> (R, R) {
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
    let mut elasticity = gas_constant * (reference_temperature[level] + temperature[here]);
    let mut change = gas_constant * temperature_perturbation[here];
    if moist == 1 {
        let factor = 1.0 + virtual_factor * humidity[here];
        change = change * factor + elasticity * (virtual_factor * humidity_perturbation[here]);
        elasticity *= factor;
    }
    let pressure = surface_pressure_perturbation[point];
    let motion = u[here] * u_perturbation[here] + v[here] * v_perturbation[here];
    (
        motion + below + (change * alpha + elasticity * (alpha_slope * pressure)),
        below + (change * logarithm + elasticity * (logarithm_slope * pressure)),
    )
}
