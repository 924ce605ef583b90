//! Legendre sums of one column at a time: the recurrence runs beside the sums, in registers.
//!
//! Synthesis: G(±μ) = E ± μ O with E = Σ_k e_k q_k(μ), O = Σ_k o_k q_k(μ).
//! Analysis: sums_k = Σ_pairs q_k · (G(μ) + G(−μ)) and Σ_pairs q_k · μ (G(μ) − G(−μ)), kept per lane.
//! For few columns this is faster than [`super::wide`], which makes the functions first; always in f64.

use pulp::{Simd, WithSimd};

use super::coefficients::PARTS;
use super::lanes::{BLOCK_LINES, LANES, Line, take, vectors, vectors_mut};
use super::latitudes::Legendre;
use super::start::LatitudeBlock;

/// North re, north im, south re, south im of one wavenumber on one block.
type Hemispheres = [[Line; BLOCK_LINES]; PARTS];

/// Fourier coefficients of one column and wavenumber.
pub(super) struct Synthesis<'a, F> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// [n − m][2][columns].
    pub(super) rows: &'a [f64],
    pub(super) columns: usize,
    pub(super) column: usize,
    pub(super) steps: &'a mut [[f64; 4]],
    /// First line to be written.
    pub(super) first_line: usize,
    /// Place of the coefficients of a line of pairs in `output`.
    pub(super) place: F,
    pub(super) output: &'a mut [Line],
}

impl<F: Fn(usize) -> usize> WithSimd for Synthesis<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, rows, columns, column, steps, first_line, place, output } = self;
        legendre.recurrences[m].to_steps(rows, columns, column, steps);
        let mut sums: Hemispheres = Default::default();
        for index in first_line / BLOCK_LINES..legendre.blocks.len() {
            if index < legendre.first_block[m] {
                sums = Default::default();
            } else {
                let block = &legendre.blocks[index];
                let factors = legendre.factors(block, m);
                match S::F64_LANES {
                    8 => synthesize::<S, 2>(simd, block, m, factors, steps, &mut sums),
                    _ => synthesize::<S, 2>(simd, block, m, factors, steps, &mut sums),
                }
            }
            for within in 0..BLOCK_LINES {
                let place = place(index * BLOCK_LINES + within);
                for (target, part) in output[place..place + PARTS].iter_mut().zip(&sums) {
                    *target = part[within];
                }
            }
        }
    }
}

#[inline(always)]
fn synthesize<S: Simd, const WIDTH: usize>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    steps: &[[f64; 4]],
    outputs: &mut Hemispheres,
) {
    let start = block.start(m).filter(|start| start.step < steps.len());
    let Some(start) = start else {
        *outputs = Default::default();
        return;
    };
    let argument = vectors::<S, f64>(&block.argument);
    let sine = vectors::<S, f64>(&block.sine);
    let (previous, current) = (vectors::<S, f64>(start.previous), vectors::<S, f64>(start.current));
    let (factors, steps) = (&factors[start.step..steps.len()], &steps[start.step..]);
    for first in (0..BLOCK_LINES * LANES / S::F64_LANES).step_by(WIDTH) {
        let y = take::<S::f64s, WIDTH>(argument, first);
        let mut before = take::<S::f64s, WIDTH>(previous, first);
        let mut now = take::<S::f64s, WIDTH>(current, first);
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
        let mu = take::<S::f64s, WIDTH>(sine, first);
        for i in 0..WIDTH {
            for part in 0..2 {
                let (even, odd) = (sums[part][i], simd.mul_f64s(sums[2 + part][i], mu[i]));
                vectors_mut::<S, f64>(&mut outputs[part])[first + i] = simd.add_f64s(even, odd);
                vectors_mut::<S, f64>(&mut outputs[2 + part])[first + i] = simd.sub_f64s(even, odd);
            }
        }
    }
}

/// Coefficients of one column and wavenumber; `input(line)` yields the Fourier coefficients of a line of pairs.
pub(super) struct Analysis<'a, I> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    pub(super) input: I,
    pub(super) sums: &'a mut [Line],
    pub(super) steps: &'a mut [[f64; 4]],
    /// [n − m][2][columns].
    pub(super) rows: &'a mut [f64],
    pub(super) columns: usize,
    pub(super) column: usize,
}

impl<'i, I: Fn(usize) -> &'i [Line]> WithSimd for Analysis<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, input, sums, steps, rows, columns, column } = self;
        let sums = &mut vectors_mut::<S, f64>(sums)[..4 * steps.len()];
        // From the equator, where the functions of every degree live, to the poles.
        let blocks = legendre.blocks.len();
        if legendre.first_block[m] == blocks {
            sums.fill(simd.splat_f64s(0.0));
        }
        for index in (legendre.first_block[m]..blocks).rev() {
            let block = &legendre.blocks[index];
            let mut lines = [input(index * BLOCK_LINES); BLOCK_LINES];
            for within in 1..BLOCK_LINES {
                lines[within] = input(index * BLOCK_LINES + within);
            }
            let factors = legendre.factors(block, m);
            if index + 1 == blocks {
                analyze::<S, 2, true>(simd, block, m, factors, lines, sums);
            } else {
                analyze::<S, 2, false>(simd, block, m, factors, lines, sums);
            }
        }
        let (sums, _) = sums.as_chunks::<4>();
        for (step, sum) in steps.iter_mut().zip(sums) {
            for part in 0..4 {
                step[part] = simd.reduce_sum_f64s(sum[part]);
            }
        }
        legendre.recurrences[m].to_rows(steps, columns, column, rows);
    }
}

/// Adds the contribution of one block to `sums`, the lanes of [step][even re, even im, odd re, odd im]; the first block
/// overwrites them. `input` are the lines of the block: north re, north im, south re, south im.
#[inline(always)]
fn analyze<S: Simd, const WIDTH: usize, const FIRST: bool>(
    simd: S,
    block: &LatitudeBlock,
    m: usize,
    factors: &[[f64; 2]],
    input: [&[Line]; BLOCK_LINES],
    sums: &mut [S::f64s],
) {
    let count = sums.len() / 4;
    let start = block.start(m).filter(|start| start.step < count);
    if FIRST {
        let unreached = start.as_ref().map_or(count, |start| start.step);
        sums[..4 * unreached].fill(simd.splat_f64s(0.0));
    }
    let Some(start) = start else { return };
    let argument = vectors::<S, f64>(&block.argument);
    let sine = vectors::<S, f64>(&block.sine);
    let (previous, current) = (vectors::<S, f64>(start.previous), vectors::<S, f64>(start.current));
    let per_line = LANES / S::F64_LANES;
    for first in (0..BLOCK_LINES * per_line).step_by(WIDTH) {
        let y = take::<S::f64s, WIDTH>(argument, first);
        let mut before = take::<S::f64s, WIDTH>(previous, first);
        let mut now = take::<S::f64s, WIDTH>(current, first);
        let mut values = [[simd.splat_f64s(0.0); WIDTH]; 4];
        for i in 0..WIDTH {
            let (line, within) = ((first + i) / per_line, (first + i) % per_line);
            for p in 0..2 {
                let north = vectors::<S, f64>(&input[line][p..p + 1])[within];
                let south = vectors::<S, f64>(&input[line][2 + p..3 + p])[within];
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
