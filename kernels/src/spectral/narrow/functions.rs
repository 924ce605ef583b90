//! The recurrence of the functions in registers, and beside it sums that multiply by them: six multiply-adds a step.

use pulp::Simd;

use super::super::coefficients::PARTS;
use super::super::lanes::{BLOCK, Line, take, vectors, vectors_mut};
use super::super::latitudes::Legendre;
use super::{Begin, KEPT, Target};

/// The sums of one block.
#[inline(always)]
pub(super) fn synthesize_block<S: Simd>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    index: usize,
    steps: &[[f64; 4]],
    target: &mut Target<'_>,
) {
    let Begin { step, factors, argument, march: [before, now] } = legendre.begin::<S>(m, index, steps.len());
    for at in (0..BLOCK / S::F64_LANES).step_by(2) {
        let mut added = [[simd.splat_f64s(0.0); 2]; PARTS];
        let mut march = [take::<_, 2>(before, at), take::<_, 2>(now, at)];
        synthesize::<S, 2>(simd, factors, &steps[step..], take(argument, at), &mut march, &mut added);
        target.write(simd, index, at, &added);
    }
}

/// Two vectors of one block and two of another.
#[inline(always)]
fn join<V: Copy>(a: [V; 2], b: [V; 2]) -> [V; 4] {
    [a[0], a[1], b[0], b[1]]
}

/// The sums of block `first` and the next one.
#[inline(always)]
pub(super) fn synthesize_pair<S: Simd>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    first: usize,
    steps: &[[f64; 4]],
    target: &mut Target<'_>,
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
    for i in 0..2 {
        target.write(simd, first + i, 0, &sums.map(|sums| take(&sums, 2 * i)));
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

/// Adds what one block contributes to the sums of `steps`, which begin with `sums[0]`; the FIRST block overwrites them.
#[inline(always)]
pub(super) fn analyze_block<S: Simd, const FIRST: bool>(
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
pub(super) fn analyze_pair<S: Simd, const FIRST: bool>(
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
