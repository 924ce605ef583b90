//! The Legendre functions of one block of latitudes, a few steps of the recurrence at a time.

use pulp::Simd;

use super::super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, take, vectors, vectors_mut};
use super::super::recurrence::Recurrence;
use super::super::start::{LatitudeBlock, Start};

/// Steps of a panel.
pub(super) const STEPS: usize = 32;

/// Legendre functions of even and of odd n − m, [step][latitude of the block] in the precision of the sums.
pub(super) struct Panel {
    pub(super) even: Vec<Line>,
    pub(super) odd: Vec<Line>,
    /// q_{k−1} and q_k at the next step.
    march: [[Line; BLOCK_LINES]; 2],
    /// α_{k−1} ε_{m+2k}, with which q_{k−1} enters the function of degree m+2k.
    second: f64,
}

impl Panel {
    pub(super) fn new<W: Lane>() -> Self {
        let lines = || vec![Line::default(); STEPS * W::BLOCK_LINES];
        Self { even: lines(), odd: lines(), march: Default::default(), second: 0.0 }
    }

    pub(super) fn begin(&mut self, start: &Start<'_>, recurrence: &Recurrence) {
        self.march = [*start.previous, *start.current];
        self.second = if start.step == 0 { 0.0 } else { recurrence.amplitudes[start.step - 1][1] };
    }

    /// The functions of the next steps, at most [`STEPS`]; the rest of the panel is 0.
    #[inline(always)]
    pub(super) fn next<S: Simd, W: Lane>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        amplitudes: &[[f64; 3]],
    ) {
        match S::F64_LANES {
            8 => self.next_by::<S, W, 2>(simd, block, factors, amplitudes),
            _ => self.next_by::<S, W, 4>(simd, block, factors, amplitudes),
        }
    }

    #[inline(always)]
    fn next_by<S: Simd, W: Lane, const WIDTH: usize>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        amplitudes: &[[f64; 3]],
    ) {
        let count = factors.len();
        let argument = vectors::<S, f64>(&block.argument);
        let sine = vectors::<S, f64>(&block.sine);
        let [previous, current] = &mut self.march;
        let mut last_second = self.second;
        let (previous, current) = (vectors_mut::<S, f64>(previous), vectors_mut::<S, f64>(current));
        for first in (0..BLOCK / S::F64_LANES).step_by(WIDTH) {
            let y = take::<S::f64s, WIDTH>(argument, first);
            let mu = take::<S::f64s, WIDTH>(sine, first);
            let mut before = take::<S::f64s, WIDTH>(previous, first);
            let mut now = take::<S::f64s, WIDTH>(current, first);
            let even = self.even.chunks_exact_mut(W::BLOCK_LINES);
            let odd = self.odd.chunks_exact_mut(W::BLOCK_LINES);
            let mut below = simd.splat_f64s(self.second);
            for (((&[a, b], amplitudes), even), odd) in factors.iter().zip(amplitudes).zip(even).zip(odd) {
                let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
                let [above, second, alpha] = *amplitudes;
                let (above, alpha) = (simd.splat_f64s(above), simd.splat_f64s(alpha));
                for i in 0..WIDTH {
                    let at = (first + i) * S::F64_LANES;
                    let even_function = simd.mul_add_e_f64s(above, now[i], simd.mul_f64s(below, before[i]));
                    let odd_function = simd.mul_f64s(mu[i], simd.mul_f64s(alpha, now[i]));
                    W::store::<S>(simd, even, at, even_function);
                    W::store::<S>(simd, odd, at, odd_function);
                    let next = simd.mul_add_e_f64s(
                        simd.mul_add_e_f64s(a, y[i], b),
                        now[i],
                        simd.neg_f64s(before[i]),
                    );
                    before[i] = now[i];
                    now[i] = next;
                }
                below = simd.splat_f64s(second);
                last_second = second;
            }
            previous[first..first + WIDTH].copy_from_slice(&before);
            current[first..first + WIDTH].copy_from_slice(&now);
        }
        self.second = last_second;
        self.even[count * W::BLOCK_LINES..].fill(Line::default());
        self.odd[count * W::BLOCK_LINES..].fill(Line::default());
    }
}
