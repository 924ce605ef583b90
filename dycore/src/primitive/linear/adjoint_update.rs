//! Transpose of the semi-implicit step in spectral space, level fastest; the step is in [`super::super::update`].
//!
//! `row` is coefficient·2 + part throughout. `next` and `filtered` are sensitivities to the state after the step at t + Δt
//! and at t. With d = ν/2·(X⁻ − 2X⁰ + X⁺) they give d* = α·filtered − (1 − α)·next and X⁺* = next + ν/2·d*; then X⁻* begins
//! with ν/2·d*, X⁰* with filtered − ν·d*.

use terrella_kernels::{Real, kernel};

/// d*.
#[kernel(function)]
pub fn displacement_adjoint<R: Real>(centring: R, next: R, filtered: R) -> R {
    centring * filtered - (1.0 - centring) * next
}

/// Transpose of [`advance_explicit`](super::super::advance_explicit()): sensitivities to X⁻, X⁰ and ∂X/∂t; arguments as there.
#[kernel(indices = 2)]
pub fn explicit_adjoint<R: Real>(
    row: u32,
    field: u32,
    fields: u32,
    eddies_from: u32,
    interval: R,
    strength: R,
    centring: R,
    damping: &[R],
    sponge: &[R],
    next: &[R],
    filtered: &[R],
) -> (R, R, R) {
    let here = row * fields + field;
    let mut rate = damping[row / 2];
    if row / 2 >= eddies_from {
        rate += sponge[field];
    }
    let displacement = displacement_adjoint(centring, next[here], filtered[here]);
    let undamped = next[here] + 0.5 * strength * displacement;
    let explicit = undamped / (1.0 + interval * rate);
    (0.5 * strength * displacement + explicit, filtered[here] - strength * displacement, interval * explicit)
}

/// Sensitivity to the departure D′ of the Helmholtz equation, by divergence, temperature and surface pressure.
///
/// | argument     | shape                          | meaning |
/// |--------------|--------------------------------|---------|
/// | `conversion_matrix` | \[levels of T, levels\], τ  | K       |
/// | `mass_weight` | \[levels\]                      | ν       |
/// | `next`, `filtered` | \[coefficients, 2, levels\] | of divergence |
/// | `temperature_tendency` | \[coefficients, 2, levels\] | I·T⁺*/(1 + I·κ) |
/// | `pressure_tendency` | \[coefficients, 2\]        | I·P⁺*   |
#[kernel(indices = 2)]
pub fn departure_adjoint<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    interval: R,
    implicit: R,
    strength: R,
    centring: R,
    damping: &[R],
    sponge: &[R],
    conversion_matrix: &[R],
    mass_weight: &[R],
    next: &[R],
    filtered: &[R],
    temperature_tendency: &[R],
    pressure_tendency: &[R],
) -> R {
    let here = row * levels + level;
    let displacement = displacement_adjoint(centring, next[here], filtered[here]);
    let undamped = next[here] + 0.5 * strength * displacement;
    let mut sum = undamped / (1.0 + interval * (damping[row / 2] + sponge[level])) / implicit
        - mass_weight[level] * pressure_tendency[row];
    for layer in 0..levels {
        sum -= conversion_matrix[layer * levels + level] * temperature_tendency[row * levels + layer];
    }
    sum
}

/// Sensitivity to the right side of the Helmholtz equation: its inverse, transposed, times that to D′.
///
/// `inverse` is \[T+1, levels of D′, levels\], `departure` \[coefficients, 2, levels\].
#[kernel(indices = 2)]
pub fn right_side_adjoint<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    degree: &[u32],
    inverse: &[R],
    departure: &[R],
) -> R {
    let first = degree[row / 2] * levels * levels;
    let mut sum = 0.0;
    for layer in 0..levels {
        sum += inverse[first + layer * levels + level] * departure[row * levels + layer];
    }
    sum
}

/// Sensitivities to D⁻, D⁰, ∇·F and E + φ′; `weight` is βI, the other arguments as of
/// [`advance_divergence`](super::super::advance_divergence()).
#[kernel(indices = 2)]
pub fn divergence_adjoint<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    interval: R,
    implicit: R,
    strength: R,
    centring: R,
    weight: R,
    eigenvalue: &[R],
    damping: &[R],
    sponge: &[R],
    right_side: &[R],
    next: &[R],
    filtered: &[R],
) -> (R, R, R, R) {
    let here = row * levels + level;
    let displacement = displacement_adjoint(centring, next[here], filtered[here]);
    let undamped = next[here] + 0.5 * strength * displacement;
    let explicit = undamped / (1.0 + interval * (damping[row / 2] + sponge[level])) / implicit;
    let force = weight * right_side[here];
    (
        0.5 * strength * displacement - (1.0 - implicit) * explicit + right_side[here],
        filtered[here] - strength * displacement + explicit - right_side[here],
        force,
        eigenvalue[row / 2] * force,
    )
}

/// Sensitivities to T⁻, T⁰ and ∂T/∂t: what [`explicit_adjoint()`] finds, and through the geopotential of the implicit terms.
///
/// `geopotential_matrix` is \[levels of φ, levels\], γ; `energy` the sensitivity to E + φ′.
#[kernel(indices = 2)]
pub fn temperature_adjoint<R: Real>(
    row: u32,
    level: u32,
    levels: u32,
    interval: R,
    strength: R,
    centring: R,
    weight: R,
    damping: &[R],
    geopotential_matrix: &[R],
    energy: &[R],
    next: &[R],
    filtered: &[R],
) -> (R, R, R) {
    let here = row * levels + level;
    let displacement = displacement_adjoint(centring, next[here], filtered[here]);
    let undamped = next[here] + 0.5 * strength * displacement;
    let explicit = undamped / (1.0 + interval * damping[row / 2]);
    let mut warming = 0.0;
    for layer in 0..levels {
        warming += geopotential_matrix[layer * levels + level] * energy[row * levels + layer];
    }
    (
        0.5 * strength * displacement + explicit + warming,
        filtered[here] - strength * displacement - warming,
        interval * explicit + weight * warming,
    )
}

/// Sensitivities to P⁻, P⁰ and the mass flux; `pressure_force` is \[levels\], the other arguments as above.
#[kernel]
pub fn pressure_adjoint<R: Real>(
    row: u32,
    levels: u32,
    interval: R,
    strength: R,
    centring: R,
    weight: R,
    pressure_force: &[R],
    energy: &[R],
    next: &[R],
    filtered: &[R],
) -> (R, R, R) {
    let displacement = displacement_adjoint(centring, next[row], filtered[row]);
    let undamped = next[row] + 0.5 * strength * displacement;
    let mut rise = 0.0;
    for layer in 0..levels {
        rise += pressure_force[layer] * energy[row * levels + layer];
    }
    (
        0.5 * strength * displacement + undamped + rise,
        filtered[row] - strength * displacement - rise,
        -(interval * undamped + weight * rise),
    )
}

/// a + b + c, of arrays of any shape.
#[kernel]
pub fn sum_of_three<R: Real>(index: u32, a: &[R], b: &[R], c: &[R]) -> R {
    a[index] + b[index] + c[index]
}

/// a + b, of arrays of any shape.
#[kernel]
pub fn sum_of_two<R: Real>(index: u32, a: &[R], b: &[R]) -> R {
    a[index] + b[index]
}
