//! Surface pressure and the shift that restores its mean, linear and transposed.
//!
//! p_s = p_r·e^P·(1 + s·(1 + s/2)) with the shift s = m − m²/2, m = (target − mean)/mean, mean = Σ_points w·e^P. In the
//! derivative the target is an argument like any other: it belongs to the state.

use terrella_kernels::{Real, kernel};

/// e^P·x, `[points]`: the derivative of e^P, and of its sum, along x = δP.
#[kernel]
pub fn relative_pressure_tangent<R: Real>(point: u32, relative: &[R], perturbation: &[R]) -> R {
    relative[point] * perturbation[point]
}

/// The derivatives of the mean of e^P and of the shift.
///
/// `index` has one value; `ring_sums` is \[rings\], of e^P·δP; the others are \[1\].
#[kernel]
pub fn mean_and_shift_tangent<R: Real>(
    index: u32,
    rings: u32,
    active: R,
    mean: &[R],
    target: &[R],
    ring_sums: &[R],
    target_perturbation: &[R],
) -> (R, R) {
    let mut change = 0.0;
    for ring in 0..rings {
        change += ring_sums[ring];
    }
    let ratio = target[index] / mean[index];
    let missing = active * (ratio - 1.0);
    let missing_change = active * (target_perturbation[index] - ratio * change) / mean[index];
    (change, (1.0 - missing) * missing_change)
}

/// δp_s \[Pa\] from δP \[points\] and the derivative of the shift \[1\].
#[kernel]
pub fn surface_pressure_tangent<R: Real>(
    point: u32,
    reference: R,
    shift: &[R],
    relative: &[R],
    shift_perturbation: &[R],
    perturbation: &[R],
) -> R {
    reference
        * relative[point]
        * ((1.0 + shift[0] * (1.0 + 0.5 * shift[0])) * perturbation[point]
            + (1.0 + shift[0]) * shift_perturbation[0])
}

/// The transpose of [`surface_pressure_tangent()`] of the sum of two sensitivities to p_s \[per Pa\]: what each point adds to
/// that to the shift, and the sensitivity to P where it enters directly.
#[kernel]
pub fn surface_pressure_adjoint<R: Real>(
    point: u32,
    reference: R,
    shift: &[R],
    relative: &[R],
    upper: &[R],
    lower: &[R],
) -> (R, R) {
    let share = reference * relative[point] * (upper[point] + lower[point]);
    ((1.0 + shift[0]) * share, (1.0 + shift[0] * (1.0 + 0.5 * shift[0])) * share)
}

/// The sensitivities to the mean of e^P and to its target, of [`mean_and_shift_tangent()`] transposed.
///
/// `index` has one value; `ring_sums` \[rings\] adds up to the sensitivity to the shift on the grid, `spectral` \[1\] is that of
/// the update; `target_sensitivity` is what comes from the state after the step.
#[kernel]
pub fn mean_and_shift_adjoint<R: Real>(
    index: u32,
    rings: u32,
    active: R,
    mean: &[R],
    target: &[R],
    ring_sums: &[R],
    spectral: &[R],
    target_sensitivity: &[R],
) -> (R, R) {
    let mut sum = spectral[index];
    for ring in 0..rings {
        sum += ring_sums[ring];
    }
    let ratio = target[index] / mean[index];
    let missing = active * (ratio - 1.0);
    let change = active * (1.0 - missing) / mean[index] * sum;
    (-(ratio * change), target_sensitivity[index] + change)
}

/// The sensitivity to P on the grid: where it enters directly, and w·e^P times that to the mean.
#[kernel]
pub fn logarithm_adjoint<R: Real>(
    point: u32,
    weight: &[R],
    relative: &[R],
    mean_sensitivity: &[R],
    direct: &[R],
) -> R {
    direct[point] + weight[point] * relative[point] * mean_sensitivity[0]
}
