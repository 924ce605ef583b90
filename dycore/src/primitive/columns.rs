//! Vertical integrals: mass flux from above, geopotential from below, and the vertical velocity.

use terrella_kernels::vertical::{thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

/// s_{k−½} = Σ_{j<k} ∇·(V_j Δp_j)/p_s, the divergence of the mass flux above a layer over p_s; carried on, the whole
/// column's s_L = −∂ln p_s/∂t \[s⁻¹\].
///
/// ∇·(VΔp)/p_s = D·Δp/p_s + ΔB·V·∇ln p_s.
///
/// | argument                   | shape                    | unit  |
/// |----------------------------|--------------------------|-------|
/// | `a_thickness`, `b_thickness` | \[levels\], of `LayerTables` | Pa, – |
/// | `surface_pressure`         | \[points\]                 | Pa    |
/// | `eastward`, `northward`    | \[points\], ∇ln p_s        | m⁻¹   |
/// | `divergence`, `u`, `v`     | \[levels, points\]         | s⁻¹, m s⁻¹ |
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn mass_flux<R: Real>(
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
) -> (R, R) {
    let here = level * points + point;
    let thickness = a_thickness[level] / surface_pressure[point] + b_thickness[level];
    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    (above, above + divergence[here] * thickness + b_thickness[level] * ascent)
}

/// E + φ′ in a layer \[m² s⁻²\]; carried on, φ′_{k−½}, from below.
///
/// E = (u² + v²)/2. φ′ is the geopotential above the ground less that of the reference: φ′_{k−½} = φ′_{k+½} + R·T_v·ℓ −
/// (R·T_v·ℓ)_r, φ′_k = φ′_{k+½} + R·T_v·α − (R·T_v·α)_r. The difference is formed layer by layer, so that single precision
/// does not lose it to the height of the layer. `kinetic` is 1, or 0 for φ′ alone.
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `gas_constant`, `virtual_factor` | R_d, R_v/R_d − 1     | J kg⁻¹ K⁻¹, – |
/// | `moist`                          | 1: `humidity` is used | –    |
/// | `a_thickness` … `alpha_table`    | \[levels\], of `LayerTables` | Pa, – |
/// | `reference_temperature`          | \[levels\]             | K     |
/// | `reference_rise`, `reference_middle` | \[levels\], (R·T·ℓ)_r, (R·T·α)_r | m² s⁻² |
/// | `surface_pressure`               | \[points\]             | Pa    |
/// | `temperature`                    | \[levels, points\], departure from the reference | K |
/// | `humidity`                       | \[levels, points\] or more | kg kg⁻¹ |
/// | `u`, `v`                         | \[levels, points\]     | m s⁻¹ |
#[kernel(indices = 2, scan = up, carried = 1)]
pub fn energy<R: Real>(
    level: u32,
    point: u32,
    below: R,
    points: u32,
    kinetic: R,
    gas_constant: R,
    virtual_factor: R,
    moist: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    reference_temperature: &[R],
    reference_rise: &[R],
    reference_middle: &[R],
    surface_pressure: &[R],
    temperature: &[R],
    humidity: &[R],
    u: &[R],
    v: &[R],
) -> (R, R) {
    let here = level * points + point;
    let pressure = surface_pressure[point];
    let ratio =
        (a_thickness[level] + b_thickness[level] * pressure) / (a_sum[level] + b_sum[level] * pressure);
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
    let mut elasticity = gas_constant * (reference_temperature[level] + temperature[here]);
    if moist == 1 {
        elasticity *= 1.0 + virtual_factor * humidity[here];
    }
    let motion = 0.5 * kinetic * (u[here] * u[here] + v[here] * v[here]);
    (
        motion + below + (elasticity * alpha - reference_middle[level]),
        below + (elasticity * logarithm - reference_rise[level]),
    )
}

/// ω = Dp/Dt in a layer \[Pa s⁻¹\], consistent with the conversion of energy: p·(r·ℓ·(B_{k−½}·V·∇ln p_s − s_{k−½}) − α·D).
///
/// p is the mean of the half levels; the arguments are those of `wind_and_temperature_tendencies`.
#[kernel(indices = 2)]
pub fn vertical_velocity<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    b_above: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    surface_pressure: &[R],
    eastward: &[R],
    northward: &[R],
    flux_above: &[R],
    u: &[R],
    v: &[R],
    divergence: &[R],
) -> R {
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
    let ascent = u[here] * eastward[point] + v[here] * northward[point];
    0.5 * sum
        * (pressure / thickness * logarithm * (b_above[level] * ascent - flux_above[here])
            - alpha * divergence[here])
}
