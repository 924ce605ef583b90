//! Leapfrog step of a transported quantity in spectral space.

use super::filter::filter_displacement;
use terrella_kernels::{Real, kernel};

/// Next and filtered present value of X with ∂X/∂t = −∇·F + g − κX \[unit of X\].
///
/// X⁺ = (X⁻ + I·(g − ∇·F))/(1 + I·κ), then the filter of [`super`]. I is 2Δt, or Δt in a first step (where X⁻ = X⁰
/// and the filter is off).
///
/// | argument             | shape                      | unit       |
/// |----------------------|----------------------------|------------|
/// | `value`              | index: coefficient·2 + part | –         |
/// | `fields`             | how many `flux_divergence` holds; the first is used | – |
/// | `interval`           | I                          | s          |
/// | `strength`, `centring` | filter                   | –          |
/// | `previous`, `present` | \[coefficients, 2\]        | X          |
/// | `flux_divergence`    | \[coefficients, 2, fields\] | X s⁻¹     |
/// | `source`             | \[coefficients, 2\]        | X s⁻¹      |
/// | `damping`            | \[coefficients\]           | s⁻¹        |
#[kernel]
pub fn advance_transported<R: Real>(
    value: u32,
    fields: u32,
    interval: R,
    strength: R,
    centring: R,
    previous: &[R],
    present: &[R],
    flux_divergence: &[R],
    source: &[R],
    damping: &[R],
) -> (R, R) {
    let next = (previous[value] + interval * (source[value] - flux_divergence[value * fields]))
        / (1.0 + interval * damping[value / 2]);
    let displacement = filter_displacement(strength, previous[value], present[value], next);
    (next - (1.0 - centring) * displacement, present[value] + centring * displacement)
}
