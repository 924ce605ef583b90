//! The implicit half of the step in spectral space.
//!
//! With * what the grid leaves, w = βΔt and λ = n(n+1)/a²: (1 + w²λ·(γτ + R·T_r·ν))·D⁺ = D* + wλ·(γT* + R·T_r·P*), T⁺ = T* −
//! w·τD⁺, P⁺ = P* − w·ν·D⁺. `row` is coefficient·2 + part.

use terrella_kernels::{Real, kernel};

/// X/(1 + Δt·κ) with the damping rate κ of the coefficient, and that of a sponge on the level from `eddies_from` on.
///
/// `damping` is \[coefficients\], `sponge` \[fields\] \[s⁻¹\], `values` \[coefficients, 2, fields\].
#[kernel(indices = 2)]
pub fn damped<R: Real>(
    row: u32,
    field: u32,
    fields: u32,
    eddies_from: u32,
    time_step: R,
    damping: &[R],
    sponge: &[R],
    values: &[R],
) -> R {
    let mut rate = damping[row / 2];
    if row / 2 >= eddies_from {
        rate += sponge[field];
    }
    values[row * fields + field] / (1.0 + time_step * rate)
}

/// D* + wλ·(γT* + R·T_r·P*) \[s⁻¹\].
///
/// | argument             | shape                        | unit   |
/// |----------------------|------------------------------|--------|
/// | `weight`             | w                            | s      |
/// | `eigenvalue`         | \[coefficients\], λ            | m⁻²    |
/// | `geopotential_matrix` | \[levels of T, levels\], γ transposed | m² s⁻² K⁻¹ |
/// | `pressure_force`     | \[levels\], R·T_r              | m² s⁻² |
/// | `divergence`, `temperature` | \[coefficients, 2, levels\] | s⁻¹, K |
/// | `log_surface_pressure` | \[coefficients, 2\]          | –      |
#[kernel(indices = 2)]
pub fn implicit_right_side<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    weight: R,
    eigenvalue: &[R],
    geopotential_matrix: &[R],
    pressure_force: &[R],
    divergence: &[R],
    temperature: &[R],
    log_surface_pressure: &[R],
) -> R {
    let mut geopotential = pressure_force[level] * log_surface_pressure[row];
    for layer in 0..levels {
        geopotential += geopotential_matrix[layer * levels + level] * temperature[row * levels + layer];
    }
    divergence[row * levels + level] + weight * eigenvalue[row / 2] * geopotential
}

/// D⁺ \[s⁻¹\], and the same damped.
///
/// `degree` is \[coefficients\], `inverse` \[T+1, levels of the right side, levels\], `damping` \[coefficients\] and `sponge` \[levels\]
/// \[s⁻¹\], `right_side` \[coefficients, 2, levels\].
#[kernel(indices = 2)]
pub fn implicit_divergence<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    time_step: R,
    degree: &[u32],
    inverse: &[R],
    damping: &[R],
    sponge: &[R],
    right_side: &[R],
) -> (R, R) {
    let coefficient = row / 2;
    let first = degree[coefficient] * levels * levels;
    let mut divergence = 0.0;
    for layer in 0..levels {
        divergence += inverse[first + layer * levels + level] * right_side[row * levels + layer];
    }
    (divergence, divergence / (1.0 + time_step * (damping[coefficient] + sponge[level])))
}

/// T⁺ = (T* − w·τD⁺)/(1 + Δt·κ) \[K\].
///
/// `conversion_matrix` is \[levels of D, levels\], τ transposed \[K\], the rest as above.
#[kernel(indices = 2)]
pub fn implicit_temperature<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    weight: R,
    time_step: R,
    conversion_matrix: &[R],
    damping: &[R],
    divergence: &[R],
    temperature: &[R],
) -> R {
    let mut cooling = 0.0;
    for layer in 0..levels {
        cooling += conversion_matrix[layer * levels + level] * divergence[row * levels + layer];
    }
    (temperature[row * levels + level] - weight * cooling) / (1.0 + time_step * damping[row / 2])
}

/// P⁺ = P* − w·ν·D⁺ \[–\], raised by `shift` \[1\], which restores the mean surface pressure.
#[kernel]
pub fn implicit_surface_pressure<R: Real>(
    row: u32,
    levels: u32,
    weight: R,
    mass_weight: &[R],
    shift: &[R],
    divergence: &[R],
    log_surface_pressure: &[R],
) -> R {
    let mut outflow = 0.0;
    for layer in 0..levels {
        outflow += mass_weight[layer] * divergence[row * levels + layer];
    }
    let mut next = log_surface_pressure[row] - weight * outflow;
    if row == 0 {
        next += shift[0];
    }
    next
}
