//! Stages of primes that have no butterfly of their own.

use std::f64::consts::TAU;
use std::mem;

use pulp::{Simd, WithSimd};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::{LaneFourier, Stage, add, sub, turned};
use crate::spectral::lanes::{Lane, Line, get, per_line, put};
use crate::spectral::prefetch::Ahead;

/// The largest prime p whose sums are formed as they stand, with p² products: above, two transforms take less.
const LARGEST_DIRECT: usize = 47;

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
    /// g^r by r < p − 1.
    order: Vec<usize>,
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
        if prime > LARGEST_DIRECT {
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
    ) {
        for p in 0..stage.count {
            for q in 0..stage.stride {
                ahead.ask();
                let from = &from[p * stage.pitches[0] + q..];
                let to = &mut to[p * stage.pitches[1] + q..];
                let twiddles = stage.turns(p);
                match self {
                    Self::Direct(roots) => direct(simd, stage, roots, twiddles, from, to, spare),
                    Self::Convolution(convolution) => {
                        simd.vectorize(Convolve { convolution, stage, twiddles, from, to, spare });
                    }
                }
            }
        }
    }
}

/// x_0 + Σ_j cos(2πjk/p) (x_j + x_{p−j}) − i Σ_j sin(2πjk/p) (x_j − x_{p−j}), j = 1..(p−1)/2.
#[inline(always)]
fn direct<S: Simd, W: Lane>(
    simd: S,
    stage: &Stage<W>,
    roots: &[[W; 2]],
    twiddles: Option<&[[W; 2]]>,
    from: &[[Line; 2]],
    to: &mut [[Line; 2]],
    [.., sums, differences]: &mut Spare,
) {
    let (prime, half, step) = (stage.radix, stage.radix / 2, stage.count * stage.pitches[0]);
    // A product spreads a factor over its lanes as it reads it, at no cost, unless it is known to be used twice.
    let roots = [roots, std::hint::black_box(roots)];
    for vector in 0..per_line::<S, W>() {
        let [re, im] = &from[0];
        let first = [get::<S, W>(re, vector), get::<S, W>(im, vector)];
        let mut total = first;
        for j in 1..=half {
            let ([a_re, a_im], [b_re, b_im]) = (&from[j * step], &from[(prime - j) * step]);
            let a = [get::<S, W>(a_re, vector), get::<S, W>(a_im, vector)];
            let b = [get::<S, W>(b_re, vector), get::<S, W>(b_im, vector)];
            let sum = add::<S, W>(simd, a, b);
            total = add::<S, W>(simd, total, sum);
            write::<S, W>(&mut sums[j - 1], vector, sum);
            write::<S, W>(&mut differences[j - 1], vector, sub::<S, W>(simd, a, b));
        }
        write::<S, W>(&mut to[0], vector, total);
        // Two at a time, the last one perhaps twice: what is read serves both.
        for first_k in (1..=half).step_by(2) {
            let ks = [first_k, half.min(first_k + 1)];
            let mut even = [first; 2];
            let mut odd = [[W::splat(simd, W::ZERO); 2]; 2];
            let mut at = [0; 2];
            for ([sum_re, sum_im], [re, im]) in sums[..half].iter().zip(&differences[..half]) {
                let sum = [get::<S, W>(sum_re, vector), get::<S, W>(sum_im, vector)];
                let difference = [get::<S, W>(re, vector), get::<S, W>(im, vector)];
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
                for (k, mut value) in [(ks[i], low), (prime - ks[i], high)] {
                    if let Some(twiddles) = twiddles {
                        value = turned::<S, W>(simd, value, twiddles[k - 1]);
                    }
                    write::<S, W>(&mut to[k * stage.stride], vector, value);
                }
            }
        }
    }
}

#[inline(always)]
fn write<S: Simd, W: Lane>([re, im]: &mut [Line; 2], vector: usize, value: [W::Vector<S>; 2]) {
    put::<S, W>(re, vector, value[0]);
    put::<S, W>(im, vector, value[1]);
}

impl<W: Lane> Convolution<W> {
    fn new(prime: usize) -> Self {
        let order = powers_of_generator(prime);
        let count = order.len();
        let is_smooth = |length: usize, largest: usize| {
            (2..=largest).fold(length, |mut rest, factor| {
                while rest.is_multiple_of(factor) {
                    rest /= factor;
                }
                rest
            }) == 1
        };
        let length = if is_smooth(count, LARGEST_DIRECT) {
            count
        } else {
            (2 * count - 1..).find(|&length| is_smooth(length, 7)).expect("a power of two")
        };
        let mut with = vec![Complex::new(0.0, 0.0); length];
        for s in 0..count {
            let angle = -TAU * order[(count - s) % count] as f64 / prime as f64;
            let value = Complex::new(angle.cos(), angle.sin()) / length as f64;
            with[s] = value;
            // Of a longer convolution: what r > q meets.
            if s > 0 {
                with[length - count + s] = value;
            }
        }
        FftPlanner::new().plan_fft_forward(length).process(&mut with);
        let spectrum = with.iter().map(|value| [W::of(value.re), W::of(value.im)]).collect();
        Self { order, plan: LaneFourier::new(length), spectrum }
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
struct Convolve<'a, W> {
    convolution: &'a Convolution<W>,
    stage: &'a Stage<W>,
    twiddles: Option<&'a [[W; 2]]>,
    from: &'a [[Line; 2]],
    to: &'a mut [[Line; 2]],
    spare: &'a mut Spare,
}

impl<W: Lane> WithSimd for Convolve<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { convolution: Convolution { order, plan, spectrum }, stage, twiddles, from, to, spare } =
            self;
        let step = stage.count * stage.pitches[0];
        let [values, scratch, sums, differences] = spare;
        let (mut values, mut scratch) = (&mut values[..], &mut scratch[..]);
        for (value, k) in values.iter_mut().zip(order) {
            *value = from[k * step];
        }
        values[order.len()..spectrum.len()].fill([Line::default(); 2]);
        // A direct transform may be part of the convolution, another convolution may not.
        let mut spare = [Vec::new(), Vec::new(), mem::take(sums), mem::take(differences)];
        let nothing = &mut Ahead::default();
        plan.transform(simd, values, scratch, &mut spare, nothing);
        if !plan.ends_where_it_begins() {
            std::mem::swap(&mut values, &mut scratch);
        }
        // Backwards with real and imaginary parts exchanged. All results have x_0, X_0 has the sum of the others.
        let [first_re, first_im] = &from[0];
        for (k, factor) in spectrum.iter().enumerate() {
            for vector in 0..per_line::<S, W>() {
                let [re, im] = &values[k];
                let value = [get::<S, W>(re, vector), get::<S, W>(im, vector)];
                let [mut re, mut im] = turned::<S, W>(simd, value, *factor);
                if k == 0 {
                    let first = [get::<S, W>(first_re, vector), get::<S, W>(first_im, vector)];
                    write::<S, W>(&mut to[0], vector, add::<S, W>(simd, first, value));
                    [re, im] = add::<S, W>(simd, first, [re, im]);
                }
                write::<S, W>(&mut scratch[k], vector, [im, re]);
            }
        }
        plan.transform(simd, scratch, values, &mut spare, nothing);
        let [.., kept_sums, kept_differences] = spare;
        (*sums, *differences) = (kept_sums, kept_differences);
        let results = if plan.ends_where_it_begins() { scratch } else { values };
        for (q, [im, re]) in results[..order.len()].iter().enumerate() {
            let k = order[(order.len() - q) % order.len()];
            for vector in 0..per_line::<S, W>() {
                let mut value = [get::<S, W>(re, vector), get::<S, W>(im, vector)];
                if let Some(twiddles) = twiddles {
                    value = turned::<S, W>(simd, value, twiddles[k - 1]);
                }
                write::<S, W>(&mut to[k * stage.stride], vector, value);
            }
        }
    }
}
