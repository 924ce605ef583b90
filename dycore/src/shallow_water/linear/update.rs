//! Adjoints of the steps in spectral space. Their tangents are the steps themselves, which are linear but for their sources.

use terrella_kernels::{Real, kernel};

/// Adjoint of [`advance_transported`](crate::time_stepping::advance_transported()): sensitivities to the previous and the present value and to
/// the flux's divergence, from those to the next and the filtered present value.
///
/// | argument                | shape                        |
/// |-------------------------|------------------------------|
/// | `value`                 | index: coefficient·2 + part  |
/// | `interval`, `strength`, `centring` | of the step       |
/// | `next`, `filtered`      | \[coefficients, 2\]          |
/// | `damping`               | \[coefficients\]             |
#[kernel]
pub fn advance_transported_adjoint<R: Real>(
    value: u32,
    interval: R,
    strength: R,
    centring: R,
    next: &[R],
    filtered: &[R],
    damping: &[R],
) -> (R, R, R) {
    let half = 0.5 * strength * (centring * filtered[value] - (1.0 - centring) * next[value]);
    let share = (next[value] + half) / (1.0 + interval * damping[value / 2]);
    (half + share, filtered[value] - 2.0 * half, -(interval * share))
}

/// Adjoint of [`advance_gravity_waves`](crate::shallow_water::advance_gravity_waves()): sensitivities to the previous and the present
/// divergence, to the previous and the present geopotential departure, to the curl of the flux of vorticity, to the divergence of the flux of
/// geopotential and to the kinetic energy.
///
/// | argument                | shape                      |
/// |-------------------------|----------------------------|
/// | `value`                 | index: coefficient·2 + part |
/// | `interval`, `implicit`, `mean_geopotential`, `strength`, `centring` | of the step |
/// | `next_*`, `filtered_*`  | \[coefficients, 2\], sensitivities |
/// | `eigenvalue`, `*_damping` | \[coefficients\]         |
#[kernel]
pub fn advance_gravity_waves_adjoint<R: Real>(
    value: u32,
    interval: R,
    implicit: R,
    mean_geopotential: R,
    strength: R,
    centring: R,
    next_divergence: &[R],
    filtered_divergence: &[R],
    next_geopotential: &[R],
    filtered_geopotential: &[R],
    eigenvalue: &[R],
    divergence_damping: &[R],
    geopotential_damping: &[R],
) -> (R, R, R, R, R, R, R) {
    let coefficient = value / 2;
    let laplacian = eigenvalue[coefficient];
    let explicit = 1.0 - implicit;
    let divergence_factor = 1.0 + interval * divergence_damping[coefficient];
    let geopotential_factor = 1.0 + interval * geopotential_damping[coefficient];
    let weight = interval * implicit * mean_geopotential / geopotential_factor;

    let divergence_half =
        0.5 * strength * (centring * filtered_divergence[value] - (1.0 - centring) * next_divergence[value]);
    let geopotential_half = 0.5
        * strength
        * (centring * filtered_geopotential[value] - (1.0 - centring) * next_geopotential[value]);

    let to_geopotential = next_geopotential[value] + geopotential_half;
    let to_divergence = (next_divergence[value] + divergence_half - weight * to_geopotential)
        / (divergence_factor + interval * implicit * laplacian * weight);
    let to_provisional =
        (to_geopotential + interval * laplacian * implicit * to_divergence) / geopotential_factor;
    (
        divergence_half + to_divergence - interval * explicit * mean_geopotential * to_provisional,
        filtered_divergence[value] - 2.0 * divergence_half,
        geopotential_half + to_provisional + interval * laplacian * explicit * to_divergence,
        filtered_geopotential[value] - 2.0 * geopotential_half,
        interval * to_divergence,
        -(interval * to_provisional),
        interval * laplacian * to_divergence,
    )
}

/// Sensitivity to a present spectrum: what it had, what comes by the wind, and, unless `scalars` is 0, what comes by a scalar on the grid.
///
/// | argument    | shape                  |
/// |-------------|------------------------|
/// | `field`     | which of `by_scalars`  |
/// | `direct`, `by_wind` | \[coefficients, 2\] |
/// | `by_scalars` | \[coefficients, 2, 2\] |
#[kernel]
pub fn gather<R: Real>(
    value: u32,
    scalars: u32,
    field: u32,
    direct: &[R],
    by_scalars: &[R],
    by_wind: &[R],
) -> R {
    let sum = direct[value] + by_wind[value];
    if scalars == 0 { sum } else { sum + by_scalars[value * 2 + field] }
}
