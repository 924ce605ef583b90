//! Stages of primes that have no butterfly of their own.

use std::f64::consts::TAU;
use std::mem;

use pulp::{Simd, WithSimd};
use rustfft::FftPlanner;
use rustfft::num_complex;

use super::{Complex, LaneFourier, Read, Stage, Write, add, read, sub, turned, write};
use crate::spectral::lanes::{Lane, Line, per_line};
use crate::spectral::prefetch::Ahead;

/// The largest prime p whose sums are formed as they stand, with p² products, whatever p − 1 is: above, two transforms take less.
const LARGEST_DIRECT: usize = 37;
/// The same where p − 1 is twice a prime, whose sums would take as much.
const LARGEST_TWICE_A_PRIME: usize = 83;

/// Room for one butterfly: two arrays of a convolution, sums and differences of a direct transform.
pub(in crate::spectral) type Spare = [Vec<[Line; 2]>; 4];

/// How p elements are transformed.
#[derive(Debug)]
pub(super) enum Prime<W> {
    /// By the definition; cos and sin of 2πk/p.
    Direct(Vec<[W; 2]>),
    /// By a convolution.
    Convolution(Box<Convolution<W>>),
}

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

impl<W: Lane> Stage<W> {
    /// Twiddle factors of the butterflies number `p`, none where all are 1.
    #[inline(always)]
    fn turns(&self, p: usize) -> Option<&[[W; 2]]> {
        (self.count > 1).then(|| &self.twiddles[p * (self.radix - 1)..(p + 1) * (self.radix - 1)])
    }
}

impl<W: Lane> Prime<W> {
    pub(super) fn new(prime: usize) -> Self {
        let largest = match is_smooth(prime - 1, prime / 2 - 1) {
            true => LARGEST_DIRECT,
            false => LARGEST_TWICE_A_PRIME,
        };
        if prime > largest {
            return Self::Convolution(Box::new(Convolution::new(prime)));
        }
        let angle = |k: usize| TAU * k as f64 / prime as f64;
        Self::Direct((0..prime).map(|k| [angle(k).cos(), angle(k).sin()].map(W::of)).collect())
    }

    /// Elements of each array of [`Spare`].
    pub(super) fn spare(&self) -> usize {
        match self {
            Self::Direct(roots) => roots.len() / 2,
            Self::Convolution(convolution) => convolution.plan.room(),
        }
    }

    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &self,
        simd: S,
        stage: &Stage<W>,
        from: &[[Line; 2]],
        to: &mut [[Line; 2]],
        spare: &mut Spare,
        ahead: &mut Ahead,
        wanted: usize,
    ) {
        // Of the last stage, results that nobody reads are not formed.
        let wanted = if stage.count == 1 { wanted } else { stage.radix * stage.stride };
        for p in 0..stage.count {
            let from = &from[p * stage.pitches[0]..];
            let twiddles = stage.turns(p);
            let mut to = Turned { to: &mut to[p * stage.pitches[1]..], stride: stage.stride, twiddles };
            for q in 0..stage.stride {
                ahead.ask();
                match self {
                    Self::Direct(roots) => direct(simd, stage, roots, from, q, &mut to, spare, wanted),
                    Self::Convolution(convolution) => {
                        simd.vectorize(Convolve { convolution, stage, from, q, to: &mut to, spare });
                    }
                }
            }
        }
    }

    /// As the last stage of a convolution's transform, which is not a convolution itself.
    #[inline(always)]
    pub(super) fn run_last<S: Simd>(
        &self,
        simd: S,
        stage: &Stage<W>,
        from: &[[Line; 2]],
        to: &mut impl Write<W>,
        spare: &mut Spare,
    ) {
        let Self::Direct(roots) = self else { unreachable!("a convolution in a convolution") };
        for q in 0..stage.stride {
            direct(simd, stage, roots, from, q, to, spare, stage.radix * stage.stride);
        }
    }
}

/// An array in order, with twiddle factors.
struct Turned<'a, W> {
    to: &'a mut [[Line; 2]],
    stride: usize,
    twiddles: Option<&'a [[W; 2]]>,
}

impl<W: Lane> Write<W> for Turned<'_, W> {
    #[inline(always)]
    fn put<S: Simd>(&mut self, simd: S, k: usize, q: usize, vector: usize, value: Complex<S, W>) {
        let value = match self.twiddles {
            Some(twiddles) if k > 0 => turned::<S, W>(simd, value, twiddles[k - 1]),
            _ => value,
        };
        write::<S, W>(&mut self.to[k * self.stride + q], vector, value);
    }
}

/// x_0 + Σ_j cos(2πjk/p) (x_j + x_{p−j}) − i Σ_j sin(2πjk/p) (x_j − x_{p−j}), j = 1..(p−1)/2.
#[inline(always)]
fn direct<S: Simd, W: Lane>(
    simd: S,
    stage: &Stage<W>,
    roots: &[[W; 2]],
    from: &[[Line; 2]],
    q: usize,
    to: &mut impl Write<W>,
    [.., sums, differences]: &mut Spare,
    wanted: usize,
) {
    let (prime, half, step) = (stage.radix, stage.radix / 2, stage.count * stage.pitches[0]);
    // Up to the largest k with k s + q < `wanted` or −k s + q > −`wanted`.
    let last = half.min((wanted + q).div_ceil(stage.stride));
    // A product spreads a factor over its lanes as it reads it, at no cost, unless it is known to be used twice.
    let roots = [roots, std::hint::black_box(roots)];
    for vector in 0..per_line::<S, W>() {
        let first = read::<S, W>(&from[q], vector);
        let mut total = first;
        for j in 1..=half {
            let a = read::<S, W>(&from[j * step + q], vector);
            let b = read::<S, W>(&from[(prime - j) * step + q], vector);
            let sum = add::<S, W>(simd, a, b);
            total = add::<S, W>(simd, total, sum);
            write::<S, W>(&mut sums[j - 1], vector, sum);
            write::<S, W>(&mut differences[j - 1], vector, sub::<S, W>(simd, a, b));
        }
        to.put(simd, 0, q, vector, total);
        // Two at a time, the last one perhaps twice: what is read serves both.
        for first_k in (1..=last).step_by(2) {
            let ks = [first_k, half.min(first_k + 1)];
            let mut even = [first; 2];
            let mut odd = [[W::splat(simd, W::ZERO); 2]; 2];
            let mut at = [0; 2];
            for (sum, difference) in sums[..half].iter().zip(&differences[..half]) {
                let (sum, difference) = (read::<S, W>(sum, vector), read::<S, W>(difference, vector));
                for i in 0..2 {
                    at[i] += ks[i];
                    if at[i] >= prime {
                        at[i] -= prime;
                    }
                    for part in 0..2 {
                        let [cosine, sine] = roots[part][at[i]];
                        let (cosine, sine) = (W::splat(simd, cosine), W::splat(simd, sine));
                        even[i][part] = W::product_sum(simd, cosine, sum[part], even[i][part]);
                        odd[i][part] = W::product_sum(simd, sine, difference[part], odd[i][part]);
                    }
                }
            }
            for i in 0..2 {
                let ([a, b], [c, d]) = (even[i], odd[i]);
                let low = [W::sum(simd, a, d), W::difference(simd, b, c)];
                let high = [W::difference(simd, a, d), W::sum(simd, b, c)];
                to.put(simd, ks[i], q, vector, low);
                to.put(simd, prime - ks[i], q, vector, high);
            }
        }
    }
}

impl<W: Lane> Convolution<W> {
    fn new(prime: usize) -> Self {
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
}

/// Whether a length has no prime factor above some number.
fn is_smooth(length: usize, largest: usize) -> bool {
    let without = |mut rest: usize, factor: usize| {
        while rest.is_multiple_of(factor) {
            rest /= factor;
        }
        rest
    };
    (2..=largest).fold(length, without) == 1
}

/// g^r modulo a prime for r < p − 1, g its smallest generator.
fn powers_of_generator(prime: usize) -> Vec<usize> {
    let powers = |g: usize| std::iter::successors(Some(1), move |power| Some(power * g % prime));
    let generates = |&g: &usize| powers(g).skip(1).position(|power| power == 1) == Some(prime - 2);
    let generator = (2..prime).find(generates).unwrap_or(1);
    powers(generator).take(prime - 1).collect()
}

/// One butterfly: a function of its own, in which a transform may stand.
struct Convolve<'a, 'b, W> {
    convolution: &'a Convolution<W>,
    stage: &'a Stage<W>,
    from: &'a [[Line; 2]],
    q: usize,
    to: &'a mut Turned<'b, W>,
    spare: &'a mut Spare,
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
