//! The kernels: power and energy of one degree, and the norm of one field.

use terrella_kernels_macros::kernel;

use crate::Real;

/// |f_n0|² + 2 Σ |f_nm|² of one field of `spectrum` [coefficient][2][fields] up to degree `total` [unit²].
///
/// The imaginary part of m = 0 counts as 0.
#[kernel(indices = 2)]
pub fn power_of_degree<R: Real>(n: u32, field: u32, fields: u32, total: u32, spectrum: &[R]) -> R {
    let zonal = spectrum[2 * n * fields + field];
    let mut sum = 0.0;
    for m in 1..n + 1 {
        let at = 2 * (m * (2 * total + 3 - m) / 2 + n - m) * fields + field;
        let re = spectrum[at];
        let im = spectrum[at + fields];
        sum += re * re + im * im;
    }
    zonal * zonal + 2.0 * sum
}

/// Rotational and divergent kinetic energy per mass of degree n of one field [m² s⁻²].
///
/// | argument                  | shape                    | unit |
/// |---------------------------|--------------------------|------|
/// | `factors`                 | [degree]                 | ½ a²/(n(n+1)), 0 for n = 0, m² |
/// | `vorticity`, `divergence` | [coefficient][2][fields] | s⁻¹  |
#[kernel(indices = 2)]
pub fn kinetic_energy_of_degree<R: Real>(
    n: u32,
    field: u32,
    fields: u32,
    total: u32,
    factors: &[R],
    vorticity: &[R],
    divergence: &[R],
) -> (R, R) {
    let zonal = 2 * n * fields + field;
    let mut rotational = 0.0;
    let mut divergent = 0.0;
    for m in 1..n + 1 {
        let at = 2 * (m * (2 * total + 3 - m) / 2 + n - m) * fields + field;
        rotational += vorticity[at] * vorticity[at] + vorticity[at + fields] * vorticity[at + fields];
        divergent += divergence[at] * divergence[at] + divergence[at + fields] * divergence[at + fields];
    }
    (
        factors[n] * (vorticity[zonal] * vorticity[zonal] + 2.0 * rotational),
        factors[n] * (divergence[zonal] * divergence[zonal] + 2.0 * divergent),
    )
}

/// √(Σ_n w_n P_n) of one field; `weights` [degree], `power` [degree][fields].
#[kernel]
pub fn root_of_weighted_sum<R: Real>(field: u32, fields: u32, degrees: u32, weights: &[R], power: &[R]) -> R {
    let mut sum = 0.0;
    for n in 0..degrees {
        sum += weights[n] * power[n * fields + field];
    }
    sum.sqrt()
}
