//! Legendre sums of one column at a time: the recurrence runs beside the sums or through them, in registers.
//!
//! Synthesis: G(±μ) = E ± μ O with E = Σ_k e_k q_k(μ), O = Σ_k o_k q_k(μ).
//! Analysis: sums_k = Σ_pairs q_k · (G(μ) + G(−μ)) and Σ_pairs q_k · μ (G(μ) − G(−μ)), kept per lane.
//! For few columns this is faster than [`super::wide`], which makes the functions first; always in f64.

mod clenshaw;
mod functions;
mod steps;
#[cfg(test)]
mod tests;

use pulp::{Arch, Simd, WithSimd};

use super::coefficients::{PARTS, Places, Source};
use super::lanes::{BLOCK_LINES, Line, per_line, vectors, vectors_mut};
use super::latitudes::Legendre;
use super::prefetch::{prefetch, prefetch_far, prefetch_share};
use super::transpose::sum_lanes;

/// What the recurrence of a synthesis carries from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Carried {
    /// The functions, which sums beside it multiply: six multiply-adds a step. With 32 registers two neighbouring blocks of
    /// latitudes run side by side, from the step on which both matter.
    Functions,
    /// The sums themselves: five multiply-adds and four additions.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "chosen on such machines alone"))]
    Sums,
}

impl Carried {
    /// What takes less time on this machine: sums, where additions have units of their own and there are 32 registers. Such
    /// are AMD's cores with AVX-512; on Intel's, additions and multiply-adds share theirs.
    pub(super) fn fastest(arch: Arch) -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let maker = std::arch::x86_64::__cpuid(0);
            let letters = [maker.ebx, maker.edx, maker.ecx].map(u32::to_le_bytes);
            if matches!(arch, Arch::V4(_)) && letters.as_flattened() == b"AuthenticAMD" {
                return Self::Sums;
            }
        }
        let _ = arch;
        Self::Functions
    }
}

/// Steps whose sums stay in the first cache while an analysis goes through the latitudes.
const STEPS: usize = 64;

/// Lines of q_{k−1} and q_k of a block.
const MARCH: usize = 2 * BLOCK_LINES;
/// Lines of what an analysis keeps of a block: the march, then sums and differences of north and south, re and im.
const KEPT: usize = MARCH + PARTS * BLOCK_LINES;

/// Lines of workspace for `blocks` blocks of latitudes.
pub(super) fn workspace(blocks: usize) -> usize {
    blocks * KEPT + 4 * STEPS
}

/// Fourier coefficients of one column and wavenumber.
pub(super) struct Synthesis<'a> {
    pub(super) carried: Carried,
    /// Whether to ask the memory for what comes next.
    pub(super) asks: bool,
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// [n − m][2][columns].
    pub(super) rows: &'a [f64],
    pub(super) columns: usize,
    pub(super) column: usize,
    /// The next wavenumber's rows, if they are there.
    pub(super) next_rows: &'a [f64],
    pub(super) steps: &'a mut [[f64; 4]],
    /// In `output`.
    pub(super) places: Places,
    pub(super) output: &'a mut [Line],
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { carried, asks, legendre, m, rows, columns, column, next_rows, steps, places, output } =
            self;
        legendre.recurrences[m].to_steps(simd, rows, columns, column, steps);
        let steps = &*steps;
        let blocks = legendre.blocks.len();
        let begin = places.first_line / BLOCK_LINES;
        let mut first = begin;
        let again = std::hint::black_box(steps);
        while first < blocks {
            let pair = carried == Carried::Functions && legendre.runs_in_pairs::<S>(first);
            let taken = if pair { 2 } else { 1 };
            for block in (first..first + taken).filter(|_| asks) {
                legendre.prefetch_next(m, block, [block - begin, blocks - begin]);
                prefetch_share(next_rows, block - begin, blocks - begin);
                for line in block * BLOCK_LINES..(block + 1) * BLOCK_LINES {
                    let place = places.of(column, line);
                    prefetch(&output[place..place + PARTS]);
                }
            }
            let target = &mut Target { legendre, column, places, output: &mut *output };
            match (carried, pair) {
                (Carried::Sums, _) => {
                    clenshaw::synthesize_block(simd, legendre, m, first, [steps, again], target)
                }
                (_, true) => functions::synthesize_pair(simd, legendre, m, first, steps, target),
                (_, false) => functions::synthesize_block(simd, legendre, m, first, steps, target),
            }
            first += taken;
        }
    }
}

/// What the sums of a block begin with.
struct Begin<'a, V> {
    step: usize,
    /// Of the recurrence, from `step` on.
    factors: &'a [[f64; 2]],
    /// μ² of the block's latitudes, or cos²φ.
    argument: &'a [V],
    /// q_{k−1} and q_k at `step`.
    march: [&'a [V]; 2],
}

/// Where the sums of a synthesis go.
struct Target<'a> {
    legendre: &'a Legendre,
    column: usize,
    places: Places,
    output: &'a mut [Line],
}

impl Target<'_> {
    /// North and south from Σ e_k q_k, re and im, and Σ o_k q_k of a block's vectors `at` and `at + 1`.
    #[inline(always)]
    fn write<S: Simd>(&mut self, simd: S, block: usize, at: usize, sums: &[[S::f64s; 2]; PARTS]) {
        let per_line = per_line::<S, f64>();
        for i in 0..2 {
            let (line, vector) = ((at + i) / per_line, (at + i) % per_line);
            let place = self.places.of(self.column, block * BLOCK_LINES + line);
            let output = vectors_mut::<S, f64>(&mut self.output[place..place + PARTS]);
            let sine = vectors::<S, f64>(&self.legendre.blocks[block].sine)[at + i];
            for part in 0..2 {
                let (even, odd) = (sums[part][i], simd.mul_f64s(sums[2 + part][i], sine));
                output[part * per_line + vector] = simd.add_f64s(even, odd);
                output[(2 + part) * per_line + vector] = simd.sub_f64s(even, odd);
            }
        }
    }
}

impl Legendre {
    /// Whether a block and the next one have the same factors, and run side by side on this machine.
    #[inline(always)]
    fn runs_in_pairs<S: Simd>(&self, block: usize) -> bool {
        let blocks = &self.blocks;
        S::F64_LANES == 8 && block + 1 < blocks.len() && blocks[block].polar == blocks[block + 1].polar
    }

    /// The first step on which a block matters, at most `count`.
    #[inline(always)]
    fn first_step(&self, m: usize, block: usize, count: usize) -> usize {
        match self.blocks[block].start(m) {
            Some(start) if block >= self.first_block[m] => start.step.min(count),
            _ => count,
        }
    }

    /// Where the sums of a block over at most `count` steps begin, and with what.
    #[inline(always)]
    fn begin<S: Simd>(&self, m: usize, block: usize, count: usize) -> Begin<'_, S::f64s> {
        let step = self.first_step(m, block, count);
        Begin {
            step,
            factors: &self.factors(&self.blocks[block], m)[step..count],
            argument: vectors::<S, f64>(&self.blocks[block].argument),
            march: self.march(m, block).map(|lines| vectors::<S, f64>(lines)),
        }
    }

    /// q_{k−1} and q_k of a block at its first step.
    #[inline(always)]
    fn march(&self, m: usize, block: usize) -> [&[Line; BLOCK_LINES]; 2] {
        match self.blocks[block].start(m) {
            Some(start) => [start.previous, start.current],
            None => [&NOTHING; 2],
        }
    }
}

static NOTHING: [Line; BLOCK_LINES] = [Line([0.0; 8]); BLOCK_LINES];

/// Coefficients of one column and wavenumber.
pub(super) struct Analysis<'a> {
    /// Whether to ask the memory for what comes next.
    pub(super) asks: bool,
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    pub(super) source: Source<'a>,
    /// As long as [`workspace`] says.
    pub(super) workspace: &'a mut [Line],
    pub(super) steps: &'a mut [[f64; 4]],
    /// [n − m][2][columns].
    pub(super) rows: &'a mut [f64],
    pub(super) columns: usize,
    pub(super) column: usize,
}

impl WithSimd for Analysis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { asks, legendre, m, source, workspace, steps, rows, columns, column } = self;
        let (blocks, per_line) = (legendre.blocks.len(), per_line::<S, f64>());
        let first = legendre.first_block[m];
        let (kept, sums) = workspace.split_at_mut(blocks * KEPT);
        let sums = &mut vectors_mut::<S, f64>(sums)[..4 * STEPS];
        for index in first..blocks {
            let kept = &mut kept[index * KEPT..(index + 1) * KEPT];
            let [before, now] = legendre.march(m, index);
            kept[..BLOCK_LINES].copy_from_slice(before);
            kept[BLOCK_LINES..MARCH].copy_from_slice(now);
            let values = vectors_mut::<S, f64>(&mut kept[MARCH..]);
            for line in 0..BLOCK_LINES {
                let source = vectors::<S, f64>(source.of(m, column, index * BLOCK_LINES + line));
                for vector in 0..per_line {
                    let at = line * per_line + vector;
                    let sine = vectors::<S, f64>(&legendre.blocks[index].sine)[at];
                    for part in 0..2 {
                        let (north, south) =
                            (source[part * per_line + vector], source[(2 + part) * per_line + vector]);
                        let difference = simd.sub_f64s(north, south);
                        values[part * BLOCK_LINES * per_line + at] = simd.add_f64s(north, south);
                        values[(2 + part) * BLOCK_LINES * per_line + at] = simd.mul_f64s(difference, sine);
                    }
                }
            }
        }
        for chunk in (0..steps.len()).step_by(STEPS) {
            let behind = steps.len().min(chunk + STEPS);
            // Two steps are summed over their lanes at once.
            let sums = &mut sums[..4 * (behind - chunk).next_multiple_of(2)];
            let (by_step, _) = sums.as_chunks_mut::<4>();
            // From the equator, where the functions of every degree live and sums begin, to the poles.
            let mut end = blocks;
            while end > first {
                let pair = end - 1 > first && legendre.runs_in_pairs::<S>(end - 2);
                let taken = if pair { 2 } else { 1 };
                let kept = &mut kept[(end - taken) * KEPT..end * KEPT];
                let (index, steps) = (end - taken, chunk..behind);
                if asks && chunk == 0 {
                    for block in index..end {
                        legendre.prefetch_next(m, block, [block - first, blocks - first]);
                        for line in block * BLOCK_LINES..(block + 1) * BLOCK_LINES {
                            prefetch_far(source.of_next(m, column, line));
                        }
                    }
                }
                match (pair, end == blocks) {
                    (true, true) => {
                        functions::analyze_pair::<S, true>(simd, legendre, m, index, steps, kept, by_step)
                    }
                    (true, false) => {
                        functions::analyze_pair::<S, false>(simd, legendre, m, index, steps, kept, by_step)
                    }
                    (false, true) => {
                        functions::analyze_block::<S, true>(simd, legendre, m, index, steps, kept, by_step)
                    }
                    (false, false) => {
                        functions::analyze_block::<S, false>(simd, legendre, m, index, steps, kept, by_step)
                    }
                }
                end -= taken;
            }
            let (pairs, _) = sums.as_chunks::<8>();
            let (whole, last) = steps[chunk..behind].as_chunks_mut::<2>();
            for (steps, sums) in whole.iter_mut().zip(pairs) {
                *steps = bytemuck::cast(sum_lanes(simd, sums));
            }
            if let [step] = last {
                step.copy_from_slice(&sum_lanes(simd, &pairs[whole.len()])[..4]);
            }
        }
        if first == blocks {
            steps.fill([0.0; 4]);
        }
        legendre.recurrences[m].to_rows(simd, steps, columns, column, rows);
    }
}
