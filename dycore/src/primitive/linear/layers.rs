//! What the linear columns need of each layer, found once per linearisation.

use terrella_kernels::vertical::{layer_slopes, thick_layer, thin_layer};
use terrella_kernels::{Real, kernel};

/// ℓ = ln(p_{k+½}/p_{k−½}), α \[–\] and their derivatives by p_s \[Pa⁻¹\], in one layer at a point.
///
/// With x = Δp/(p_{k+½} + p_{k−½}): dx/dp_s = (ΔB − x·(B_{k+½} + B_{k−½}))/(p_{k+½} + p_{k−½}).
///
/// | argument                         | shape                | unit  |
/// |----------------------------------|----------------------|-------|
/// | `a_thickness` … `alpha_table`    | \[levels\], of `LayerTables` | Pa, – |
/// | `surface_pressure`               | \[points\]             | Pa    |
#[kernel(indices = 2)]
pub fn layer_coefficients<R: Real>(
    level: u32,
    point: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    kind: &[u32],
    logarithm_table: &[R],
    alpha_table: &[R],
    surface_pressure: &[R],
) -> (R, R, R, R) {
    let pressure = surface_pressure[point];
    let sum = a_sum[level] + b_sum[level] * pressure;
    let ratio = (a_thickness[level] + b_thickness[level] * pressure) / sum;
    let change = (b_thickness[level] - ratio * b_sum[level]) / sum;
    let mut logarithm = logarithm_table[level];
    let mut alpha = alpha_table[level];
    let mut logarithm_slope = 0.0;
    let mut alpha_slope = 0.0;
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
    if kind[level] > 0 {
        let (by_ratio, alpha_by_ratio) = layer_slopes(ratio, alpha);
        logarithm_slope = by_ratio * change;
        alpha_slope = alpha_by_ratio * change;
    }
    (logarithm, alpha, logarithm_slope, alpha_slope)
}
