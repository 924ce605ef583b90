//! Stages of primes that have no butterfly of their own.

use std::f64::consts::TAU;

use pulp::Simd;

use super::butterflies::{Complex, add, read, sub, turned, write};
use super::convolution::{Convolution, Convolve};
use super::{Stage, Write};
use crate::spectral::lanes::{Lane, Line, per_line};
use crate::spectral::prefetch::Ahead;

/// The largest prime p whose sums are formed as they stand, with p² products, whatever p − 1 is: above, two transforms take less.
pub(super) const LARGEST_DIRECT: usize = 37;
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
            Self::Convolution(convolution) => convolution.room(),
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
pub(super) struct Turned<'a, W> {
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

/// Whether a length has no prime factor above some number.
pub(super) fn is_smooth(length: usize, largest: usize) -> bool {
    let without = |mut rest: usize, factor: usize| {
        while rest.is_multiple_of(factor) {
            rest /= factor;
        }
        rest
    };
    (2..=largest).fold(length, without) == 1
}
