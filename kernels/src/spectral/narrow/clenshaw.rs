//! A recurrence that carries the sums of a synthesis: five multiply-adds and four additions a step.
//!
//! With (Clenshaw 1955, doi:10.1090/S0025-5718-1955-0071856-0) β_k = e_k + t_k β_{k+1} − β_{k+2} from the last step
//! down, t_k = a_k μ² + b_k, the sum Σ_{k≥j} e_k q_k is β_j q_j − β_{j+1} q_{j−1}, j the first step that matters.
//!
//! The transpose would go up with y_k = q_k g, g the values at a latitude, and add y_k to the sums; with the memory of those
//! sums it was found no faster than products of functions and values.

use pulp::Simd;

use super::super::coefficients::PARTS;
use super::super::lanes::{BLOCK, take, vectors};
use super::super::latitudes::Legendre;
use super::Target;

/// The sums of one block; `steps` are the same twice, unknown to the compiler.
#[inline(always)]
pub(super) fn synthesize_block<S: Simd>(
    simd: S,
    legendre: &Legendre,
    m: usize,
    index: usize,
    steps: [&[[f64; 4]]; 2],
    target: &mut Target<'_>,
) {
    let begin = legendre.first_step(m, index, steps[0].len());
    let [before, now] = legendre.march(m, index);
    let (before, now) = (vectors::<S, f64>(before), vectors::<S, f64>(now));
    let argument = vectors::<S, f64>(&legendre.blocks[index].argument);
    let factors = &legendre.factors(&legendre.blocks[index], m)[begin..steps[0].len()];
    for at in (0..BLOCK / S::F64_LANES).step_by(2) {
        let march = [take::<_, 2>(before, at), take::<_, 2>(now, at)];
        let steps = [&steps[0][begin..], &steps[1][begin..]];
        let sums = synthesize::<S, 2>(simd, factors, steps, take(argument, at), march);
        target.write(simd, index, at, &sums);
    }
}

/// Σ e_k q_k, re and im, and Σ o_k q_k over some steps, with q before the first and at it.
#[inline(always)]
fn synthesize<S: Simd, const WIDTH: usize>(
    simd: S,
    factors: &[[f64; 2]],
    [steps, again]: [&[[f64; 4]]; 2],
    argument: [S::f64s; WIDTH],
    [before, now]: [[S::f64s; WIDTH]; 2],
) -> [[S::f64s; WIDTH]; PARTS] {
    let zero = simd.splat_f64s(0.0);
    let mut sums = [[zero; WIDTH]; PARTS];
    let mut behind = [[zero; WIDTH]; PARTS];
    // An operand that an addition spreads over its lanes as it reads it costs nothing, one that is spread over a register first
    // the time of an operation. Numbers that seem others than those before are not kept in a register.
    let (first_factors, factors) = factors.as_rchunks::<2>();
    let ((first_step, steps), (_, again)) = (steps.as_rchunks::<2>(), again.as_rchunks::<2>());
    for ((factors, steps), again) in factors.iter().zip(steps).zip(again).rev() {
        descend::<S, WIDTH>(simd, factors[1], [&steps[1], &again[1]], &argument, &sums, &mut behind);
        descend::<S, WIDTH>(simd, factors[0], [&steps[0], &again[0]], &argument, &behind, &mut sums);
    }
    if let ([factors], [step]) = (first_factors, first_step) {
        descend::<S, WIDTH>(simd, *factors, [step; 2], &argument, &sums, &mut behind);
        std::mem::swap(&mut sums, &mut behind);
    }
    for i in 0..WIDTH {
        // Sums that never matter may have grown beyond all numbers.
        let vanishes = simd.equal_f64s(now[i], zero);
        for part in 0..PARTS {
            let product = simd.mul_f64s(behind[part][i], before[i]);
            let sum = simd.mul_add_e_f64s(sums[part][i], now[i], simd.neg_f64s(product));
            sums[part][i] = simd.select_f64s(vanishes, zero, sum);
        }
    }
    sums
}

/// From β_{k+1} and β_{k+2} to β_k, which takes the place of the latter; both `steps` are the same.
#[inline(always)]
fn descend<S: Simd, const WIDTH: usize>(
    simd: S,
    [a, b]: [f64; 2],
    steps: [&[f64; 4]; 2],
    argument: &[S::f64s; WIDTH],
    now: &[[S::f64s; WIDTH]; PARTS],
    behind: &mut [[S::f64s; WIDTH]; PARTS],
) {
    let factor = factors::<S, WIDTH>(simd, [a, b], argument);
    for part in 0..PARTS {
        for i in 0..WIDTH {
            let rest = simd.sub_f64s(behind[part][i], simd.splat_f64s(steps[i % 2][part]));
            behind[part][i] = simd.mul_add_e_f64s(factor[i], now[part][i], simd.neg_f64s(rest));
        }
    }
}

/// t_k = a_k μ² + b_k.
#[inline(always)]
fn factors<S: Simd, const WIDTH: usize>(
    simd: S,
    [a, b]: [f64; 2],
    argument: &[S::f64s; WIDTH],
) -> [S::f64s; WIDTH] {
    let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
    argument.map(
        #[inline(always)]
        |argument| simd.mul_add_e_f64s(a, argument, b),
    )
}
