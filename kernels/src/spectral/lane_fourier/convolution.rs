//! Transforms of large primes by a convolution.

use std::f64::consts::TAU;
use std::mem;

use pulp::{Simd, WithSimd};
use rustfft::{FftPlanner, num_complex};

use super::butterflies::{Complex, add, read, turned};
use super::prime::{LARGEST_DIRECT, Spare, Turned, is_smooth};
use super::{LaneFourier, Read, Stage, Write};
use crate::spectral::lanes::{Lane, Line, per_line};
use crate::spectral::prefetch::Ahead;

/// Rader's algorithm (1968, doi:10.1109/PROC.1968.6477): with g a generator of the numbers modulo p,
/// X_{g^{−q}} = x_0 + Σ_r x_{g^r} e^{−2πi g^{r−q}/p}, a cyclic convolution of length p − 1. If p − 1 has large factors itself, it is
/// part of a longer one.
#[derive(Debug)]
pub(super) struct Convolution<W> {
    /// g^r by r < p − 1, and g^{−r}.
    order: [Vec<usize>; 2],
    /// Of the convolution's length.
    plan: LaneFourier<W>,
    /// The transform of what is convolved with, over the length.
    spectrum: Vec<[W; 2]>,
}

impl<W: Lane> Convolution<W> {
    pub(super) fn new(prime: usize) -> Self {
        let order = powers_of_generator(prime);
        let count = order.len();
        let length = if is_smooth(count, LARGEST_DIRECT) {
            count
        } else {
            (2 * count - 1..).find(|&length| is_smooth(length, 7)).expect("a power of two")
        };
        let mut with = vec![num_complex::Complex::new(0.0, 0.0); length];
        for s in 0..count {
            let angle = -TAU * order[(count - s) % count] as f64 / prime as f64;
            let value = num_complex::Complex::new(angle.cos(), angle.sin()) / length as f64;
            with[s] = value;
            // Of a longer convolution: what r > q meets.
            if s > 0 {
                with[length - count + s] = value;
            }
        }
        FftPlanner::new().plan_fft_forward(length).process(&mut with);
        let spectrum = with.iter().map(|value| [W::of(value.re), W::of(value.im)]).collect();
        let inverse = (0..count).map(|r| order[(count - r) % count]).collect();
        Self { order: [order, inverse], plan: LaneFourier::new(length), spectrum }
    }

    /// Elements of each array of [`Spare`].
    pub(super) fn room(&self) -> usize {
        self.plan.room()
    }
}

/// g^r modulo a prime for r < p − 1, g its smallest generator.
fn powers_of_generator(prime: usize) -> Vec<usize> {
    let powers = |g: usize| std::iter::successors(Some(1), move |power| Some(power * g % prime));
    let generates = |&g: &usize| powers(g).skip(1).position(|power| power == 1) == Some(prime - 2);
    let generator = (2..prime).find(generates).unwrap_or(1);
    powers(generator).take(prime - 1).collect()
}

/// One butterfly: a function of its own, in which a transform may stand.
pub(super) struct Convolve<'a, 'b, W> {
    pub(super) convolution: &'a Convolution<W>,
    pub(super) stage: &'a Stage<W>,
    pub(super) from: &'a [[Line; 2]],
    pub(super) q: usize,
    pub(super) to: &'a mut Turned<'b, W>,
    pub(super) spare: &'a mut Spare,
}

impl<W: Lane> WithSimd for Convolve<'_, '_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution: Convolution { order: [order, inverse], plan, spectrum }, stage, .. } = self;
        let Self { from, q, to, spare: [values, scratch, sums, differences], .. } = self;
        let step = stage.count * stage.pitches[0];
        // A direct transform may be part of the convolution, another convolution may not.
        let mut spare = [Vec::new(), Vec::new(), mem::take(sums), mem::take(differences)];
        let nothing = &mut Ahead::default();
        let [_, middle @ .., last] = &plan.stages[..] else { unreachable!("a convolution of one stage") };
        plan.run_first(simd, &Gather { from: &from[q..], step, order }, values);
        let [transformed, free] =
            plan.run(simd, &plan.stages[1..], values, scratch, &mut spare, nothing, plan.length);
        // X_0 has the sum of all elements; the others have x_0.
        for vector in 0..per_line::<S, W>() {
            let first = read::<S, W>(&from[q], vector);
            let sum = add::<S, W>(simd, first, read::<S, W>(&transformed[0], vector));
            to.put(simd, 0, q, vector, sum);
        }
        plan.run_first(simd, &Product { values: transformed, spectrum, first: &from[q] }, free);
        let [values, _] = plan.run(simd, middle, free, transformed, &mut spare, nothing, plan.length);
        let mut scatter = Scatter { to, q, order: inverse, stride: last.stride };
        plan.run_last(simd, values, &mut scatter, &mut spare);
        let [.., kept_sums, kept_differences] = spare;
        (*sums, *differences) = (kept_sums, kept_differences);
    }
}

/// What a convolution begins with: elements in its order, 0 behind them.
struct Gather<'a> {
    from: &'a [[Line; 2]],
    step: usize,
    order: &'a [usize],
}

impl<W: Lane> Read<W> for Gather<'_> {
    #[inline(always)]
    fn get<S: Simd>(&self, simd: S, index: usize, vector: usize) -> Complex<S, W> {
        match self.order.get(index) {
            Some(k) => read::<S, W>(&self.from[k * self.step], vector),
            None => [W::splat(simd, W::ZERO); 2],
        }
    }
}

/// The product of two transforms, with real and imaginary parts exchanged for the way back; a number to be added to all results stands at 0.
struct Product<'a, W> {
    values: &'a [[Line; 2]],
    spectrum: &'a [[W; 2]],
    first: &'a [Line; 2],
}

impl<W: Lane> Read<W> for Product<'_, W> {
    #[inline(always)]
    fn get<S: Simd>(&self, simd: S, index: usize, vector: usize) -> Complex<S, W> {
        let value = read::<S, W>(&self.values[index], vector);
        let mut product = turned::<S, W>(simd, value, self.spectrum[index]);
        if index == 0 {
            product = add::<S, W>(simd, product, read::<S, W>(self.first, vector));
        }
        let [re, im] = product;
        [im, re]
    }
}

/// Where the results of a convolution belong, with parts exchanged; those behind the last one are not wanted.
struct Scatter<'a, 'b, W> {
    to: &'a mut Turned<'b, W>,
    q: usize,
    order: &'a [usize],
    stride: usize,
}

impl<W: Lane> Write<W> for Scatter<'_, '_, W> {
    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, k: usize, q: usize, vector: usize, [im, re]: Complex<S, W>) {
        if let Some(&k) = self.order.get(k * self.stride + q) {
            self.to.put(simd, k, self.q, vector, [re, im]);
        }
    }
}
