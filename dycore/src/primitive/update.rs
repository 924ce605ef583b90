//! Semi-implicit step in spectral space, level fastest; the formulas are in [`super`].
//!
//! `row` is coefficient·2 + part throughout, I is 2Δt (Δt in a first step), β the weight of the next level.

use crate::time_stepping::filter_displacement;
use terrella_kernels::{Real, kernel};

/// Next and filtered present value of a quantity without fast terms: X⁺ = (X⁻ + I·∂X/∂t)/(1 + I·κ) \[unit of X\].
///
/// | argument            | shape                     | unit  |
/// |---------------------|---------------------------|-------|
/// | `fields`            | 1                         | –     |
/// | `eddies_from`       | 1, the first coefficient that `sponge` damps | – |
/// | `strength`, `centring` | filter                 | –     |
/// | `damping`           | \[coefficients\]            | s⁻¹   |
/// | `sponge`            | \[fields\]                  | s⁻¹   |
/// | `previous`, `present`, `tendency` | \[coefficients, 2, fields\] | X, X s⁻¹ |
#[kernel(indices = 2)]
pub fn advance_explicit<R: Real>(
    row: u32,
    field: u32,
    fields: u32,
    eddies_from: u32,
    interval: R,
    strength: R,
    centring: R,
    damping: &[R],
    sponge: &[R],
    previous: &[R],
    present: &[R],
    tendency: &[R],
) -> (R, R) {
    let here = row * fields + field;
    let mut rate = damping[row / 2];
    if row / 2 >= eddies_from {
        rate += sponge[field];
    }
    let next = (previous[here] + interval * tendency[here]) / (1.0 + interval * rate);
    let displacement = filter_displacement(strength, previous[here], present[here], next);
    (next - (1.0 - centring) * displacement, present[here] + centring * displacement)
}

/// The right side of the Helmholtz equation, D⁻ − D⁰ + βI·(∂D/∂t + λ·(γŤ + R·T_r·P̌)) \[s⁻¹\].
///
/// Ť = T⁻ + βI·∂T/∂t − T⁰ and P̌ likewise of ln p_s. ∂D/∂t = div F + λ·(E + φ′ + φ_s).
///
/// | argument             | shape                        | unit   |
/// |----------------------|------------------------------|--------|
/// | `weight`             | βI                           | s      |
/// | `eigenvalue`         | \[coefficients\], λ = n(n+1)/a² | m⁻²   |
/// | `geopotential_matrix` | \[levels of T, levels\], γ transposed | m² s⁻² K⁻¹ |
/// | `pressure_force`     | \[levels\], R·T_r              | m² s⁻² |
/// | `*_divergence`, `force_divergence`, `energy`, `*_temperature`, `temperature_tendency` | \[coefficients, 2, levels\] | s⁻¹, s⁻², m² s⁻², K, K s⁻¹ |
/// | `orography`, `*_pressure`, `flux_total` | \[coefficients, 2\] | m² s⁻², –, s⁻¹ |
#[kernel(indices = 2)]
pub fn divergence_right_side<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    weight: R,
    eigenvalue: &[R],
    geopotential_matrix: &[R],
    pressure_force: &[R],
    orography: &[R],
    previous_divergence: &[R],
    present_divergence: &[R],
    force_divergence: &[R],
    energy: &[R],
    previous_temperature: &[R],
    present_temperature: &[R],
    temperature_tendency: &[R],
    previous_pressure: &[R],
    present_pressure: &[R],
    flux_total: &[R],
) -> R {
    let here = row * levels + level;
    let pressure = previous_pressure[row] - weight * flux_total[row] - present_pressure[row];
    let mut geopotential = pressure_force[level] * pressure;
    for layer in 0..levels {
        let there = row * levels + layer;
        let warming =
            previous_temperature[there] + weight * temperature_tendency[there] - present_temperature[there];
        geopotential += geopotential_matrix[layer * levels + level] * warming;
    }
    let laplacian = eigenvalue[row / 2];
    previous_divergence[here] - present_divergence[here]
        + weight * (force_divergence[here] + laplacian * (energy[here] + orography[row] + geopotential))
}

/// The departure D′ = βD⁺ + (1 − β)D⁻ − D⁰ from the Helmholtz equation, next and filtered present divergence \[s⁻¹\].
///
/// | argument     | shape                              | unit |
/// |--------------|------------------------------------|------|
/// | `implicit`   | β                                  | –    |
/// | `degree`     | \[coefficients\], n                  | –    |
/// | `inverse`    | \[T+1, levels of the right side, levels\] | – |
/// | `damping`    | \[coefficients\]                     | s⁻¹  |
/// | `sponge`     | \[levels\]                           | s⁻¹  |
/// | `right_side`, `previous`, `present` | \[coefficients, 2, levels\] | s⁻¹ |
#[kernel(indices = 2)]
pub fn advance_divergence<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    interval: R,
    implicit: R,
    strength: R,
    centring: R,
    degree: &[u32],
    inverse: &[R],
    damping: &[R],
    sponge: &[R],
    right_side: &[R],
    previous: &[R],
    present: &[R],
) -> (R, R, R) {
    let here = row * levels + level;
    let coefficient = row / 2;
    let first = degree[coefficient] * levels * levels;
    let mut departure = 0.0;
    for layer in 0..levels {
        departure += inverse[first + layer * levels + level] * right_side[row * levels + layer];
    }
    let undamped = (departure - (1.0 - implicit) * previous[here] + present[here]) / implicit;
    let next = undamped / (1.0 + interval * (damping[coefficient] + sponge[level]));
    let displacement = filter_displacement(strength, previous[here], present[here], next);
    (departure, next - (1.0 - centring) * displacement, present[here] + centring * displacement)
}

/// Next and filtered present temperature, T⁺ = (T⁻ + I·(∂T/∂t − τD′))/(1 + I·κ) \[K\].
///
/// | argument            | shape                             | unit |
/// |---------------------|-----------------------------------|------|
/// | `conversion_matrix` | \[levels of D, levels\], τ transposed | K  |
/// | `departure`         | \[coefficients, 2, levels\], D′     | s⁻¹  |
/// | `previous`, `present`, `tendency` | \[coefficients, 2, levels\] | K, K s⁻¹ |
#[kernel(indices = 2)]
pub fn advance_temperature<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    interval: R,
    strength: R,
    centring: R,
    conversion_matrix: &[R],
    damping: &[R],
    departure: &[R],
    previous: &[R],
    present: &[R],
    tendency: &[R],
) -> (R, R) {
    let here = row * levels + level;
    let mut cooling = 0.0;
    for layer in 0..levels {
        cooling += conversion_matrix[layer * levels + level] * departure[row * levels + layer];
    }
    let next = (previous[here] + interval * (tendency[here] - cooling)) / (1.0 + interval * damping[row / 2]);
    let displacement = filter_displacement(strength, previous[here], present[here], next);
    (next - (1.0 - centring) * displacement, present[here] + centring * displacement)
}

/// Next and filtered present ln(p_s/p_r), P⁺ = P⁻ − I·(s_L + νD′) \[–\]; the present one first moves by `shift`, which
/// restores the mean surface pressure.
///
/// | argument     | shape                              | unit |
/// |--------------|------------------------------------|------|
/// | `mass_weight` | \[levels\], ν = Δp_r/p_r            | –    |
/// | `shift`      | \[1\]                                | –    |
/// | `departure`  | \[coefficients, 2, levels\], D′      | s⁻¹  |
/// | `previous`, `present`, `flux_total` | \[coefficients, 2\] | –, s⁻¹ |
#[kernel]
pub fn advance_surface_pressure<R: Real>(
    row: u32,
    levels: u32,
    interval: R,
    strength: R,
    centring: R,
    mass_weight: &[R],
    shift: &[R],
    departure: &[R],
    previous: &[R],
    present: &[R],
    flux_total: &[R],
) -> (R, R) {
    let mut outflow = flux_total[row];
    for layer in 0..levels {
        outflow += mass_weight[layer] * departure[row * levels + layer];
    }
    let mut here = present[row];
    if row == 0 {
        here += shift[0];
    }
    let next = previous[row] - interval * outflow;
    let displacement = filter_displacement(strength, previous[row], here, next);
    (next - (1.0 - centring) * displacement, here + centring * displacement)
}
