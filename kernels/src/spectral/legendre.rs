//! Legendre sums of one wavenumber over one block of latitudes, in SIMD.
//!
//! Synthesis: G(±μ) = E ± μ O with E = Σ_k e_k q_k(μ), O = Σ_k o_k q_k(μ).
//! Analysis: sums_k = Σ_pairs q_k · (G(μ) + G(−μ)) and Σ_pairs q_k · μ (G(μ) − G(−μ)), kept per lane.
//! The recurrence runs beside the sums, in registers.

use pulp::Simd;

use super::lanes::{BLOCK_LINES, LANES, Line, vectors, vectors_mut};
use super::start::LatitudeBlock;

/// Real and imaginary part north, then south, of one wavenumber on the latitudes of one block.
pub(super) type Hemispheres<'a> = [&'a mut [Line]; 4];

/// Adds up the steps of one field on one block; `outputs` have [`BLOCK_LINES`] lines each.
#[inline(always)]
pub(super) fn synthesize<S: Simd>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    steps: &[[f64; 4]],
    outputs: Hemispheres<'_>,
) {
    match S::F64_LANES {
        8 => synthesize_by::<S, 4>(simd, block, m, factors, steps, outputs),
        _ => synthesize_by::<S, 2>(simd, block, m, factors, steps, outputs),
    }
}

#[inline(always)]
fn synthesize_by<S: Simd, const WIDTH: usize>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    steps: &[[f64; 4]],
    outputs: Hemispheres<'_>,
) {
    let outputs = outputs.map(|lines| vectors_mut::<S>(lines));
    let start = block.start(m).filter(|start| start.step < steps.len());
    let Some(start) = start else {
        for output in outputs {
            output.fill(simd.splat_f64s(0.0));
        }
        return;
    };
    let argument = vectors::<S>(&block.argument);
    let sine = vectors::<S>(&block.sine);
    let (previous, current) = (vectors::<S>(start.previous), vectors::<S>(start.current));
    let (factors, steps) = (&factors[start.step..steps.len()], &steps[start.step..]);
    for first in (0..BLOCK_LINES * LANES / S::F64_LANES).step_by(WIDTH) {
        let y = take::<S, WIDTH>(argument, first);
        let mut before = take::<S, WIDTH>(previous, first);
        let mut now = take::<S, WIDTH>(current, first);
        let mut sums = [[simd.splat_f64s(0.0); WIDTH]; 4];
        for (&[a, b], step) in factors.iter().zip(steps) {
            let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
            for part in 0..4 {
                let coefficient = simd.splat_f64s(step[part]);
                for i in 0..WIDTH {
                    sums[part][i] = simd.mul_add_e_f64s(coefficient, now[i], sums[part][i]);
                }
            }
            for i in 0..WIDTH {
                let next =
                    simd.mul_add_e_f64s(simd.mul_add_e_f64s(a, y[i], b), now[i], simd.neg_f64s(before[i]));
                before[i] = now[i];
                now[i] = next;
            }
        }
        let mu = take::<S, WIDTH>(sine, first);
        for i in 0..WIDTH {
            for part in 0..2 {
                let (even, odd) = (sums[part][i], simd.mul_f64s(sums[2 + part][i], mu[i]));
                outputs[part][first + i] = simd.add_f64s(even, odd);
                outputs[2 + part][first + i] = simd.sub_f64s(even, odd);
            }
        }
    }
}

/// Adds the contribution of one block to `sums`, the lanes of [step][even re, even im, odd re, odd im]; the first block
/// overwrites them.
///
/// `input` yields the lines of the block: for each of [`BLOCK_LINES`], north re, north im, south re, south im.
#[inline(always)]
pub(super) fn analyze<S: Simd>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    input: [&[Line; 4]; BLOCK_LINES],
    first: bool,
    sums: &mut [S::f64s],
) {
    match (S::F64_LANES, first) {
        (8, true) => analyze_by::<S, 4, true>(simd, block, m, factors, input, sums),
        (8, false) => analyze_by::<S, 4, false>(simd, block, m, factors, input, sums),
        (_, true) => analyze_by::<S, 2, true>(simd, block, m, factors, input, sums),
        (_, false) => analyze_by::<S, 2, false>(simd, block, m, factors, input, sums),
    }
}

#[inline(always)]
fn analyze_by<S: Simd, const WIDTH: usize, const FIRST: bool>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    input: [&[Line; 4]; BLOCK_LINES],
    sums: &mut [S::f64s],
) {
    let count = sums.len() / 4;
    let start = block.start(m).filter(|start| start.step < count);
    if FIRST {
        let unreached = start.as_ref().map_or(count, |start| start.step);
        sums[..4 * unreached].fill(simd.splat_f64s(0.0));
    }
    let Some(start) = start else { return };
    let argument = vectors::<S>(&block.argument);
    let sine = vectors::<S>(&block.sine);
    let (previous, current) = (vectors::<S>(start.previous), vectors::<S>(start.current));
    let per_line = LANES / S::F64_LANES;
    for first in (0..BLOCK_LINES * per_line).step_by(WIDTH) {
        let y = take::<S, WIDTH>(argument, first);
        let mut before = take::<S, WIDTH>(previous, first);
        let mut now = take::<S, WIDTH>(current, first);
        let mut values = [[simd.splat_f64s(0.0); WIDTH]; 4];
        for i in 0..WIDTH {
            let (line, within) = ((first + i) / per_line, (first + i) % per_line);
            for p in 0..2 {
                let north = vectors::<S>(&input[line][p..p + 1])[within];
                let south = vectors::<S>(&input[line][2 + p..3 + p])[within];
                values[p][i] = simd.add_f64s(north, south);
                values[2 + p][i] = simd.mul_f64s(simd.sub_f64s(north, south), sine[first + i]);
            }
        }
        let (sums, _) = sums[4 * start.step..].as_chunks_mut::<4>();
        for (&[a, b], sum) in factors[start.step..count].iter().zip(sums) {
            let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
            for part in 0..4 {
                if FIRST && first == 0 {
                    sum[part] = simd.splat_f64s(0.0);
                }
                for i in 0..WIDTH {
                    sum[part] = simd.mul_add_e_f64s(values[part][i], now[i], sum[part]);
                }
            }
            for i in 0..WIDTH {
                let next =
                    simd.mul_add_e_f64s(simd.mul_add_e_f64s(a, y[i], b), now[i], simd.neg_f64s(before[i]));
                before[i] = now[i];
                now[i] = next;
            }
        }
    }
}

#[inline(always)]
fn take<S: Simd, const WIDTH: usize>(values: &[S::f64s], first: usize) -> [S::f64s; WIDTH] {
    let mut taken = [values[first]; WIDTH];
    taken.copy_from_slice(&values[first..first + WIDTH]);
    taken
}
