//! The mass of tracers, and how it is restored.
//!
//! Interpolation does not conserve mass. With M⁰ = ΣΔp·X before tracers are moved, M⁺ after it and A⁺ = ΣΔp·|X|, every value
//! becomes X + |X|·(M⁰ − M⁺)/A⁺: a factor where X has one sign, which neither changes it nor makes new zeros.

use terrella_kernels::{Real, kernel};

/// Column sums of Δp·X and Δp·|X| \[Pa · unit of X\], each \[tracers, points\].
///
/// `a_thickness` and `b_thickness` are \[levels\] of `LayerTables`, `surface_pressure` is \[points\], `tracers` \[tracers, levels, points\].
#[kernel(indices = 3, scan = down, carried = 2)]
pub fn tracer_column<R: Real>(
    level: u32,
    tracer: u32,
    point: u32,
    mass: R,
    magnitude: R,
    points: u32,
    levels: u32,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    tracers: &[R],
) -> (R, R) {
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    let share = thickness * tracers[(tracer * levels + level) * points + point];
    (mass + share, magnitude + share.abs())
}

/// Sums over one ring times its weight per point, each \[tracers, rings\]; `first`, `count` and `weight` are as in
/// [`ring_sum`](super::super::ring_sum()).
#[kernel(indices = 2)]
pub fn ring_mass<R: Real>(
    tracer: u32,
    ring: u32,
    points: u32,
    first: &[u32],
    count: &[u32],
    weight: &[R],
    mass: &[R],
    magnitude: &[R],
) -> (R, R) {
    let start = tracer * points + first[ring];
    let mut mass_sum = 0.0;
    let mut magnitude_sum = 0.0;
    for point in 0..count[ring] {
        mass_sum += mass[start + point];
        magnitude_sum += magnitude[start + point];
    }
    (mass_sum * weight[ring], magnitude_sum * weight[ring])
}

/// Sums over all rings, each \[tracers\].
#[kernel]
pub fn global_mass<R: Real>(tracer: u32, rings: u32, mass: &[R], magnitude: &[R]) -> (R, R) {
    let mut mass_sum = 0.0;
    let mut magnitude_sum = 0.0;
    for ring in 0..rings {
        mass_sum += mass[tracer * rings + ring];
        magnitude_sum += magnitude[tracer * rings + ring];
    }
    (mass_sum, magnitude_sum)
}

/// X + |X|·(M⁰ − M⁺)/A⁺; `row` runs over the levels of the first tracer, then of the second, …
///
/// `before`, `after` and `magnitude` are \[tracers\], M⁰, M⁺ and A⁺.
#[kernel(indices = 2)]
pub fn restore_mass<R: Real>(
    row: u32,
    point: u32,
    points: u32,
    levels: u32,
    before: &[R],
    after: &[R],
    magnitude: &[R],
    tracers: &[R],
) -> R {
    let tracer = row / levels;
    let here = row * points + point;
    let mut missing = 0.0;
    if magnitude[tracer] > 0.0 {
        missing = (before[tracer] - after[tracer]) / magnitude[tracer];
    }
    tracers[here] + missing * tracers[here].abs()
}
