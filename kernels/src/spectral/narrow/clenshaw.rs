//! A recurrence that carries the sums of a synthesis: five multiply-adds and four additions a step.
//!
//! With (Clenshaw 1955, doi:10.1090/S0025-5718-1955-0071856-0) β_k = e_k + t_k β_{k+1} − β_{k+2} from the last step
//! down, t_k = a_k μ² + b_k, the sum Σ_{k≥j} e_k q_k is β_j q_j − β_{j+1} q_{j−1}, j the first step that matters.
//!
//! The transpose would go up with y_k = q_k g, g the values at a latitude, and add y_k to the sums; with the memory of those
//! sums it was found no faster than products of functions and values.

use pulp::Simd;

use super::super::coefficients::PARTS;
use super::super::lanes::{BLOCK, take};
use super::super::latitudes::Legendre;
use super::{Begin, Target};

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
    let Begin { step, factors, argument, march: [before, now] } =
        legendre.begin::<S>(m, index, steps[0].len());
    for at in (0..BLOCK / S::F64_LANES).step_by(2) {
        let march = [take(before, at), take(now, at)];
        let steps = [&steps[0][step..], &steps[1][step..]];
        let sums = synthesize(simd, factors, steps, take(argument, at), march);
        target.write(simd, index, at, &sums);
    }
}

/// Σ e_k q_k, re and im, and Σ o_k q_k over some steps at two vectors of latitudes, with q before the first and at it.
#[inline(always)]
fn synthesize<S: Simd>(
    simd: S,
    factors: &[[f64; 2]],
    [steps, again]: [&[[f64; 4]]; 2],
    argument: [S::f64s; 2],
    [before, now]: [[S::f64s; 2]; 2],
) -> [[S::f64s; 2]; PARTS] {
    let zero = simd.splat_f64s(0.0);
    let mut sums = [[zero; 2]; PARTS];
    let mut behind = [[zero; 2]; PARTS];
    // An operand that an addition spreads over its lanes as it reads it costs nothing, one that is spread over a register first
    // the time of an operation. Numbers that seem others than those before are not kept in a register.
    let (first_factors, factors) = factors.as_rchunks::<2>();
    let ((first_step, steps), (_, again)) = (steps.as_rchunks::<2>(), again.as_rchunks::<2>());
    for ((factors, steps), again) in factors.iter().zip(steps).zip(again).rev() {
        descend::<S>(simd, factors[1], [&steps[1], &again[1]], &argument, &sums, &mut behind);
        descend::<S>(simd, factors[0], [&steps[0], &again[0]], &argument, &behind, &mut sums);
    }
    if let ([factors], [step]) = (first_factors, first_step) {
        descend::<S>(simd, *factors, [step; 2], &argument, &sums, &mut behind);
        std::mem::swap(&mut sums, &mut behind);
    }
    for i in 0..2 {
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

/// From β_{k+1} and β_{k+2} to β_k, which takes the place of the latter; both `steps` are the same, one for each vector.
#[inline(always)]
fn descend<S: Simd>(
    simd: S,
    [a, b]: [f64; 2],
    steps: [&[f64; 4]; 2],
    argument: &[S::f64s; 2],
    now: &[[S::f64s; 2]; PARTS],
    behind: &mut [[S::f64s; 2]; PARTS],
) {
    let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
    let factor = [simd.mul_add_e_f64s(a, argument[0], b), simd.mul_add_e_f64s(a, argument[1], b)];
    for part in 0..PARTS {
        for i in 0..2 {
            let rest = simd.sub_f64s(behind[part][i], simd.splat_f64s(steps[i][part]));
            behind[part][i] = simd.mul_add_e_f64s(factor[i], now[part][i], simd.neg_f64s(rest));
        }
    }
}
