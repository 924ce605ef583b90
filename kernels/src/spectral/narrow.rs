//! Legendre sums of one column at a time: the recurrence runs beside the sums, in registers.
//!
//! Synthesis: G(±μ) = E ± μ O with E = Σ_k e_k q_k(μ), O = Σ_k o_k q_k(μ).
//! Analysis: sums_k = Σ_pairs q_k · (G(μ) + G(−μ)) and Σ_pairs q_k · μ (G(μ) − G(−μ)), kept per lane.
//! For few columns this is faster than [`super::wide`], which makes the functions first; always in f64. With 32 registers
//! two neighbouring blocks of latitudes run side by side, from the step on which both matter.

use pulp::{Simd, WithSimd};

use super::coefficients::{PARTS, Places, Source};
use super::lanes::{BLOCK, BLOCK_LINES, Line, per_line, take, vectors, vectors_mut};
use super::latitudes::Legendre;
use super::transpose::sum_lanes;

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
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// [n − m][2][columns].
    pub(super) rows: &'a [f64],
    pub(super) columns: usize,
    pub(super) column: usize,
    pub(super) steps: &'a mut [[f64; 4]],
    /// In `output`.
    pub(super) places: Places,
    pub(super) output: &'a mut [Line],
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, rows, columns, column, steps, places, output } = self;
        legendre.recurrences[m].to_steps(rows, columns, column, steps);
        let blocks = legendre.blocks.len();
        let mut first = places.first_line / BLOCK_LINES;
        while first < blocks {
            let mut sums = [[Line::default(); 2 * BLOCK_LINES]; PARTS];
            let pair = legendre.runs_in_pairs(first) && S::F64_LANES == 8;
            if pair {
                synthesize_pair(simd, legendre, m, first, steps, &mut sums);
            } else {
                let begin = legendre.first_step(m, first, steps.len());
                let [before, now] = legendre.march(m, first);
                let (before, now) = (vectors::<S, f64>(before), vectors::<S, f64>(now));
                let argument = vectors::<S, f64>(&legendre.blocks[first].argument);
                let factors = legendre.factors(&legendre.blocks[first], m);
                for at in (0..BLOCK / S::F64_LANES).step_by(2) {
                    let mut added = [[simd.splat_f64s(0.0); 2]; PARTS];
                    let mut march = [take::<_, 2>(before, at), take::<_, 2>(now, at)];
                    let (factors, steps) = (&factors[begin..steps.len()], &steps[begin..]);
                    synthesize::<S, 2>(simd, factors, steps, take(argument, at), &mut march, &mut added);
                    for part in 0..PARTS {
                        vectors_mut::<S, f64>(&mut sums[part])[at..at + 2].copy_from_slice(&added[part]);
                    }
                }
            }
            let taken = if pair { 2 } else { 1 };
            for line in 0..taken * BLOCK_LINES {
                let block = &legendre.blocks[first + line / BLOCK_LINES];
                let place = places.of(column, first * BLOCK_LINES + line);
                let output = vectors_mut::<S, f64>(&mut output[place..place + PARTS]);
                let per_line = per_line::<S, f64>();
                for vector in 0..per_line {
                    let sine = vectors::<S, f64>(&block.sine)[line % BLOCK_LINES * per_line + vector];
                    for part in 0..2 {
                        let even = vectors::<S, f64>(&sums[part])[line * per_line + vector];
                        let odd = vectors::<S, f64>(&sums[2 + part])[line * per_line + vector];
                        let odd = simd.mul_f64s(odd, sine);
                        output[part * per_line + vector] = simd.add_f64s(even, odd);
                        output[(2 + part) * per_line + vector] = simd.sub_f64s(even, odd);
                    }
                }
            }
            first += taken;
        }
    }
}

impl Legendre {
    /// Whether a block and the next one have the same factors.
    #[inline(always)]
    fn runs_in_pairs(&self, block: usize) -> bool {
        block + 1 < self.blocks.len() && self.blocks[block].polar == self.blocks[block + 1].polar
    }

    /// The first step on which a block matters, at most `count`.
    #[inline(always)]
    fn first_step(&self, m: usize, block: usize, count: usize) -> usize {
        match self.blocks[block].start(m) {
            Some(start) if block >= self.first_block[m] => start.step.min(count),
            _ => count,
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

/// Two vectors of one block and two of another.
#[inline(always)]
fn join<V: Copy>(a: [V; 2], b: [V; 2]) -> [V; 4] {
    [a[0], a[1], b[0], b[1]]
}

/// The sums of block `first` and the next one, [part][line].
#[inline(always)]
fn synthesize_pair<S: Simd>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    first: usize,
    steps: &[[f64; 4]],
    output: &mut [[Line; 2 * BLOCK_LINES]; PARTS],
) {
    let count = steps.len();
    let begins = [legendre.first_step(m, first, count), legendre.first_step(m, first + 1, count)];
    let factors = &legendre.factors(&legendre.blocks[first], m)[..count];
    let both = begins[0].max(begins[1]);
    let mut marches = [[[simd.splat_f64s(0.0); 2]; 2]; 2];
    let mut arguments = [[simd.splat_f64s(0.0); 2]; 2];
    let mut added = [[[simd.splat_f64s(0.0); 2]; PARTS]; 2];
    for i in 0..2 {
        let [before, now] = legendre.march(m, first + i);
        marches[i] = [take(vectors::<S, f64>(before), 0), take(vectors::<S, f64>(now), 0)];
        arguments[i] = take(vectors::<S, f64>(&legendre.blocks[first + i].argument), 0);
        if begins[i] < both {
            let (factors, steps) = (&factors[begins[i]..both], &steps[begins[i]..both]);
            synthesize::<S, 2>(simd, factors, steps, arguments[i], &mut marches[i], &mut added[i]);
        }
    }
    let [[a_before, a_now], [b_before, b_now]] = marches;
    let mut march = [join(a_before, b_before), join(a_now, b_now)];
    let mut sums = [[simd.splat_f64s(0.0); 4]; PARTS];
    for part in 0..PARTS {
        sums[part] = join(added[0][part], added[1][part]);
    }
    let argument = join(arguments[0], arguments[1]);
    synthesize::<S, 4>(simd, &factors[both..], &steps[both..], argument, &mut march, &mut sums);
    for part in 0..PARTS {
        vectors_mut::<S, f64>(&mut output[part])[..4].copy_from_slice(&sums[part]);
    }
}

/// Runs through some steps: `march` is q_{k−1} and q_k, `sums` are Σ e_k q_k, re and im, and Σ o_k q_k.
#[inline(always)]
fn synthesize<S: Simd, const WIDTH: usize>(
    simd: S,
    factors: &[[f64; 2]],
    steps: &[[f64; 4]],
    argument: [S::f64s; WIDTH],
    march: &mut [[S::f64s; WIDTH]; 2],
    sums: &mut [[S::f64s; WIDTH]; PARTS],
) {
    let [mut before, mut now] = *march;
    let mut added = *sums;
    for (&[a, b], step) in factors.iter().zip(steps) {
        let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
        for part in 0..PARTS {
            let coefficient = simd.splat_f64s(step[part]);
            for i in 0..WIDTH {
                added[part][i] = simd.mul_add_e_f64s(coefficient, now[i], added[part][i]);
            }
        }
        advance::<S, WIDTH>(simd, a, b, &argument, &mut before, &mut now);
    }
    *march = [before, now];
    *sums = added;
}

/// One step of the recurrence.
#[inline(always)]
fn advance<S: Simd, const WIDTH: usize>(
    simd: S,
    a: S::f64s,
    b: S::f64s,
    argument: &[S::f64s; WIDTH],
    before: &mut [S::f64s; WIDTH],
    now: &mut [S::f64s; WIDTH],
) {
    for i in 0..WIDTH {
        let factor = simd.mul_add_e_f64s(a, argument[i], b);
        let next = simd.mul_add_e_f64s(factor, now[i], simd.neg_f64s(before[i]));
        before[i] = now[i];
        now[i] = next;
    }
}

/// Coefficients of one column and wavenumber.
pub(super) struct Analysis<'a> {
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
        let Self { legendre, m, source, workspace, steps, rows, columns, column } = self;
        let (blocks, per_line) = (legendre.blocks.len(), per_line::<S, f64>());
        let (kept, sums) = workspace.split_at_mut(blocks * KEPT);
        let sums = &mut vectors_mut::<S, f64>(sums)[..4 * STEPS];
        for index in legendre.first_block[m]..blocks {
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
            while end > legendre.first_block[m] {
                let pair = end - 1 > legendre.first_block[m] && legendre.runs_in_pairs(end - 2);
                let taken = if pair && S::F64_LANES == 8 { 2 } else { 1 };
                let kept = &mut kept[(end - taken) * KEPT..end * KEPT];
                let (index, steps) = (end - taken, chunk..behind);
                match (taken, end == blocks) {
                    (2, true) => analyze_pair::<S, true>(simd, legendre, m, index, steps, kept, by_step),
                    (2, false) => analyze_pair::<S, false>(simd, legendre, m, index, steps, kept, by_step),
                    (_, true) => analyze_block::<S, true>(simd, legendre, m, index, steps, kept, by_step),
                    (_, false) => analyze_block::<S, false>(simd, legendre, m, index, steps, kept, by_step),
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
        if legendre.first_block[m] == blocks {
            steps.fill([0.0; 4]);
        }
        legendre.recurrences[m].to_rows(steps, columns, column, rows);
    }
}

/// Adds what one block contributes to the sums of `steps`, which begin with `sums[0]`; the FIRST block overwrites them.
#[inline(always)]
fn analyze_block<S: Simd, const FIRST: bool>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    index: usize,
    steps: std::ops::Range<usize>,
    kept: &mut [Line],
    sums: &mut [[S::f64s; 4]],
) {
    let block = &legendre.blocks[index];
    let begin = legendre.first_step(m, index, steps.end).max(steps.start);
    let factors = &legendre.factors(block, m)[begin..steps.end];
    let (before_begin, sums) = sums.split_at_mut(begin - steps.start);
    if FIRST {
        before_begin.fill([simd.splat_f64s(0.0); 4]);
    }
    let argument = vectors::<S, f64>(&block.argument);
    let width = BLOCK / S::F64_LANES;
    let (march, values) = vectors_mut::<S, f64>(kept).split_at_mut(2 * width);
    for at in (0..width).step_by(2) {
        let mut both = [take::<_, 2>(march, at), take::<_, 2>(march, width + at)];
        let mut taken = [[simd.splat_f64s(0.0); 2]; PARTS];
        for part in 0..PARTS {
            taken[part] = take(values, part * width + at);
        }
        if FIRST && at == 0 {
            analyze::<S, 2, true>(simd, factors, take(argument, at), &mut both, &taken, sums);
        } else {
            analyze::<S, 2, false>(simd, factors, take(argument, at), &mut both, &taken, sums);
        }
        march[at..at + 2].copy_from_slice(&both[0]);
        march[width + at..width + at + 2].copy_from_slice(&both[1]);
    }
}

/// The same for a block and the next one.
#[inline(always)]
fn analyze_pair<S: Simd, const FIRST: bool>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    index: usize,
    steps: std::ops::Range<usize>,
    kept: &mut [Line],
    sums: &mut [[S::f64s; 4]],
) {
    let (first, second) = kept.split_at_mut(KEPT);
    let begins = [
        legendre.first_step(m, index, steps.end).max(steps.start),
        legendre.first_step(m, index + 1, steps.end).max(steps.start),
    ];
    let both = begins[0].max(begins[1]);
    // One of them alone has the steps before.
    let begun = &mut sums[..both - steps.start];
    if begins[0] < both {
        analyze_block::<S, FIRST>(simd, legendre, m, index, steps.start..both, first, begun);
    } else if begins[1] < both {
        analyze_block::<S, FIRST>(simd, legendre, m, index + 1, steps.start..both, second, begun);
    } else if FIRST {
        begun.fill([simd.splat_f64s(0.0); 4]);
    }
    if both == steps.end {
        return;
    }
    let factors = &legendre.factors(&legendre.blocks[index], m)[both..steps.end];
    let sums = &mut sums[both - steps.start..steps.end - steps.start];
    let (first, second) = (vectors_mut::<S, f64>(first), vectors_mut::<S, f64>(second));
    let mut march = [join(take(first, 0), take(second, 0)), join(take(first, 2), take(second, 2))];
    let mut values = [[simd.splat_f64s(0.0); 4]; PARTS];
    for part in 0..PARTS {
        values[part] = join(take(first, 4 + 2 * part), take(second, 4 + 2 * part));
    }
    let argument = join(
        take(vectors::<S, f64>(&legendre.blocks[index].argument), 0),
        take(vectors::<S, f64>(&legendre.blocks[index + 1].argument), 0),
    );
    analyze::<S, 4, FIRST>(simd, factors, argument, &mut march, &values, sums);
    for i in 0..2 {
        first[2 * i..2 * i + 2].copy_from_slice(&march[i][..2]);
        second[2 * i..2 * i + 2].copy_from_slice(&march[i][2..]);
    }
}

/// Runs through some steps: adds `values` q_k to the lanes of [step][even re, even im, odd re, odd im], or begins with them.
#[inline(always)]
fn analyze<S: Simd, const WIDTH: usize, const FIRST: bool>(
    simd: S,
    factors: &[[f64; 2]],
    argument: [S::f64s; WIDTH],
    march: &mut [[S::f64s; WIDTH]; 2],
    values: &[[S::f64s; WIDTH]; PARTS],
    sums: &mut [[S::f64s; 4]],
) {
    let values = *values;
    let [mut before, mut now] = *march;
    for (&[a, b], sum) in factors.iter().zip(sums) {
        let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
        for part in 0..PARTS {
            let mut total = if FIRST {
                simd.mul_f64s(values[part][0], now[0])
            } else {
                simd.mul_add_e_f64s(values[part][0], now[0], sum[part])
            };
            for i in 1..WIDTH {
                total = simd.mul_add_e_f64s(values[part][i], now[i], total);
            }
            sum[part] = total;
        }
        advance::<S, WIDTH>(simd, a, b, &argument, &mut before, &mut now);
    }
    *march = [before, now];
}
