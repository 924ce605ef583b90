//! What the columns of one block of latitudes are multiplied with, a few steps of the recurrence at a time.

use std::ops::Range;

use pulp::Simd;

use super::super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, take, vectors, vectors_mut};
use super::super::recurrence::Recurrence;
use super::super::start::LatitudeBlock;

/// Steps of a panel: a multiple of the steps that products take at a time.
pub(super) const STEPS: usize = 48;

/// q_{k−1} and q_k of a block at some step.
type March = [[Line; BLOCK_LINES]; 2];

/// [step][latitude of the block] in the precision of the sums.
pub(super) struct Panel {
    /// Functions of even n − m, where sums are not formed against q_k ([`Lane::SUMS_STEPS`]).
    even: Vec<Line>,
    /// q_k.
    steps: Vec<Line>,
}

impl Panel {
    pub(super) fn new<W: Lane>() -> Self {
        let steps = vec![Line::default(); STEPS * W::BLOCK_LINES];
        let even = if W::SUMS_STEPS { Vec::new() } else { steps.clone() };
        Self { even, steps }
    }

    /// What the columns of even degrees are multiplied with.
    #[inline(always)]
    pub(super) fn even<W: Lane>(&self) -> &[Line] {
        if W::SUMS_STEPS { &self.steps } else { &self.even }
    }

    /// What those of odd degrees are multiplied with.
    #[inline(always)]
    pub(super) fn odd(&self) -> &[Line] {
        &self.steps
    }

    /// The steps `taken` of a block, at most [`STEPS`]; the rest of the panel is 0. Where the march stands at the first of them, it
    /// stands behind the last one afterwards.
    #[inline(always)]
    pub(super) fn make<S: Simd, W: Lane>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        recurrence: &Recurrence,
        taken: Range<usize>,
        march: &mut March,
    ) {
        // Functions grow from their first step on, until they are of order 1.
        let now = bytemuck::cast_slice::<Line, f64>(&march[1]);
        let small = W::SLOW > 0.0 && now.iter().any(|now| *now != 0.0 && now.abs() < W::SLOW);
        match (S::F64_LANES, small) {
            (8, false) => self.make_by::<S, W, 2, false>(simd, block, recurrence, taken, march),
            (8, true) => self.make_by::<S, W, 2, true>(simd, block, recurrence, taken, march),
            (_, false) => self.make_by::<S, W, 4, false>(simd, block, recurrence, taken, march),
            (_, true) => self.make_by::<S, W, 4, true>(simd, block, recurrence, taken, march),
        }
    }

    #[inline(always)]
    fn make_by<S: Simd, W: Lane, const WIDTH: usize, const SMALL: bool>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        recurrence: &Recurrence,
        taken: Range<usize>,
        march: &mut March,
    ) {
        let factors = &recurrence.factors(block.polar)[taken.clone()];
        let amplitudes = &recurrence.amplitudes[taken.clone()];
        // α_{k−1} ε_{m+2k}, with which q_{k−1} enters the function of degree m+2k.
        let second = if taken.start == 0 { 0.0 } else { recurrence.amplitudes[taken.start - 1][1] };
        let count = factors.len();
        let argument = vectors::<S, f64>(&block.argument);
        let [previous, current] = march;
        let (previous, current) = (vectors_mut::<S, f64>(previous), vectors_mut::<S, f64>(current));
        for first in (0..BLOCK / S::F64_LANES).step_by(WIDTH) {
            let argument = take::<S::f64s, WIDTH>(argument, first);
            let mut before = take::<S::f64s, WIDTH>(previous, first);
            let mut now = take::<S::f64s, WIDTH>(current, first);
            let mut even = self.even.chunks_exact_mut(W::BLOCK_LINES);
            let mut below = simd.splat_f64s(second);
            let steps = self.steps.chunks_exact_mut(W::BLOCK_LINES);
            for ((&[a, b], amplitudes), row) in factors.iter().zip(amplitudes).zip(steps) {
                let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
                if let Some(row) = even.next() {
                    let above = simd.splat_f64s(amplitudes[0]);
                    for i in 0..WIDTH {
                        let function = simd.mul_add_e_f64s(above, now[i], simd.mul_f64s(below, before[i]));
                        W::store::<S, SMALL>(simd, row, (first + i) * S::F64_LANES, function);
                    }
                    below = simd.splat_f64s(amplitudes[1]);
                }
                for i in 0..WIDTH {
                    W::store::<S, SMALL>(simd, row, (first + i) * S::F64_LANES, now[i]);
                    let factor = simd.mul_add_e_f64s(a, argument[i], b);
                    let next = simd.mul_add_e_f64s(factor, now[i], simd.neg_f64s(before[i]));
                    before[i] = now[i];
                    now[i] = next;
                }
            }
            previous[first..first + WIDTH].copy_from_slice(&before);
            current[first..first + WIDTH].copy_from_slice(&now);
        }
        for lines in [&mut self.even, &mut self.steps] {
            if let Some(rest) = lines.get_mut(count * W::BLOCK_LINES..) {
                rest.fill(Line::default());
            }
        }
    }
}
