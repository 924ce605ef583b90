//! Complex Fourier transforms of sequences side by side, one per value of a line.
//!
//! Stockham's self-sorting algorithm, decimation in frequency, radices 8, 4, 2 and odd primes (van Loan 1992,
//! Computational Frameworks for the Fast Fourier Transform). Elements are [re, im] lines, so that no shuffle is needed
//! anywhere.

mod butterflies;
mod convolution;
mod prime;

use std::f64::consts::TAU;

use pulp::Simd;

use self::butterflies::{Butterfly, Complex, Eight, Four, Odd, Two, read, turned, write};
use self::prime::Prime;
pub(super) use self::prime::Spare;
use super::lanes::{Lane, Line, per_line};
use super::prefetch::Ahead;

/// Elements that a transform begins with, wherever they stand.
trait Read<W: Lane> {
    fn get<S: Simd>(&self, simd: S, index: usize, vector: usize) -> Complex<S, W>;
}

/// Where a stage puts element `k` of its butterfly `q`.
trait Write<W: Lane> {
    fn put<S: Simd>(&mut self, simd: S, k: usize, q: usize, vector: usize, value: Complex<S, W>);
}

/// Code for each of a plan's butterflies.
macro_rules! with_butterfly {
    ($plan:expr, $radix:expr, $butterfly:ident => $code:expr) => {
        match $radix {
            8 => with_butterfly!(&Eight, $butterfly => $code),
            4 => with_butterfly!(&Four, $butterfly => $code),
            2 => with_butterfly!(&Two, $butterfly => $code),
            3 => with_butterfly!(&$plan.three, $butterfly => $code),
            5 => with_butterfly!(&$plan.five, $butterfly => $code),
            _ => with_butterfly!(&$plan.seven, $butterfly => $code),
        }
    };
    ($one:expr, $butterfly:ident => $code:expr) => {{
        let $butterfly = $one;
        $code
    }};
}

/// A plan for one length.
#[derive(Debug)]
pub(super) struct LaneFourier<W> {
    length: usize,
    stages: Vec<Stage<W>>,
    three: Odd<3, W>,
    five: Odd<5, W>,
    seven: Odd<7, W>,
}

#[derive(Debug)]
struct Stage<W> {
    radix: usize,
    /// Number of butterflies with different twiddle factors.
    count: usize,
    /// Number of butterflies with the same.
    stride: usize,
    /// From one run of `stride` elements to the next, in the input and of those of the next stage in the output: a power of two would
    /// put all elements of a butterfly on the same places of the first cache.
    pitches: [usize; 2],
    /// e^{−2πi pj/n} by [p][j−1].
    twiddles: Vec<[W; 2]>,
    /// If the radix has no butterfly.
    prime: Option<Prime<W>>,
}

impl<W: Lane> LaneFourier<W> {
    pub(super) fn new(length: usize) -> Self {
        let (mut rest, mut stride) = (length, 1);
        let mut stages = Vec::new();
        while rest > 1 {
            let radix = radix(rest);
            let count = rest / radix;
            let twiddle = |p: usize, j: usize| {
                let angle = -TAU * (p * j % rest) as f64 / rest as f64;
                [angle.cos(), angle.sin()].map(W::of)
            };
            let twiddles = (0..count).flat_map(|p| (1..radix).map(move |j| twiddle(p, j))).collect();
            let pitches = [stride, stride * radix].map(|stride| pitch(stride, length));
            let prime = (radix > LARGEST_BUTTERFLY).then(|| Prime::new(radix));
            stages.push(Stage { radix, count, stride, pitches, twiddles, prime });
            (rest, stride) = (count, stride * radix);
        }
        Self { length, stages, three: Odd::new(), five: Odd::new(), seven: Odd::new() }
    }

    /// Whether all prime factors have butterflies.
    pub(super) fn is_smooth(&self) -> bool {
        self.stages.iter().all(|stage| stage.prime.is_none())
    }

    /// Elements that the arrays of a transform need.
    pub(super) fn room(&self) -> usize {
        let rooms = self.stages.iter().map(|stage| stage.count * stage.pitches[1]);
        rooms.max().unwrap_or(0).max(self.length)
    }

    /// Elements of each array of the spare room.
    pub(super) fn spare(&self) -> usize {
        self.stages.iter().flat_map(|stage| &stage.prime).map(Prime::spare).max().unwrap_or(0)
    }

    /// y_k = Σ_j x_j e^{−2πi jk/n}, unnormalised; returns the one of the two arrays that holds the result.
    ///
    /// Only those with |k| < `wanted` are sure to be there, k counted around 0. Exchanging real and imaginary parts before and after
    /// yields the transform with +2πi.
    #[inline(always)]
    pub(super) fn transform<'a, S: Simd>(
        &self,
        simd: S,
        values: &'a mut [[Line; 2]],
        scratch: &'a mut [[Line; 2]],
        spare: &mut Spare,
        ahead: &mut Ahead,
        wanted: usize,
    ) -> &'a mut [[Line; 2]] {
        ahead.spread(self.stages.iter().map(|stage| stage.count * stage.stride).sum());
        let [result, _] = self.run(simd, &self.stages, values, scratch, spare, ahead, wanted);
        &mut result[..self.length]
    }

    /// Some stages one after another, the first one from `values`; returns the array with the result and the other one.
    #[inline(always)]
    fn run<'a, S: Simd>(
        &self,
        simd: S,
        stages: &[Stage<W>],
        values: &'a mut [[Line; 2]],
        scratch: &'a mut [[Line; 2]],
        spare: &mut Spare,
        ahead: &mut Ahead,
        wanted: usize,
    ) -> [&'a mut [[Line; 2]]; 2] {
        let (mut from, mut to) = (values, scratch);
        for stage in stages {
            match &stage.prime {
                Some(prime) => prime.run(simd, stage, from, to, spare, ahead, wanted),
                None => {
                    with_butterfly!(self, stage.radix, butterfly => stage.run(simd, from, to, butterfly, ahead));
                }
            }
            std::mem::swap(&mut from, &mut to);
        }
        [from, to]
    }

    /// The first stage, from elements wherever they stand; it has a butterfly, and another stage behind it.
    #[inline(always)]
    fn run_first<S: Simd>(&self, simd: S, from: &impl Read<W>, to: &mut [[Line; 2]]) {
        let stage = &self.stages[0];
        with_butterfly!(self, stage.radix, butterfly => stage.run_first(simd, from, to, butterfly));
    }

    /// The last stage, which is no convolution, to wherever its elements belong.
    #[inline(always)]
    fn run_last<S: Simd>(&self, simd: S, from: &[[Line; 2]], to: &mut impl Write<W>, spare: &mut Spare) {
        let stage = &self.stages[self.stages.len() - 1];
        match &stage.prime {
            Some(prime) => prime.run_last(simd, stage, from, to, spare),
            None => {
                with_butterfly!(self, stage.radix, butterfly => stage.run_last(simd, from, to, butterfly));
            }
        }
    }
}

/// The largest prime with a butterfly.
const LARGEST_BUTTERFLY: usize = 8;

/// The radix of the first stage of a length.
fn radix(length: usize) -> usize {
    let butterflies = [8, 4, 2, 3, 5, 7].into_iter();
    butterflies.chain((11..).step_by(2)).find(|&radix| length.is_multiple_of(radix)).unwrap_or(length)
}

/// From one run of elements to the next.
fn pitch(stride: usize, length: usize) -> usize {
    if stride < 32 || stride == length { stride } else { stride + 1 }
}

impl<W: Lane> Stage<W> {
    #[inline(always)]
    fn run<S: Simd, const RADIX: usize>(
        &self,
        simd: S,
        from: &[[Line; 2]],
        to: &mut [[Line; 2]],
        butterfly: &impl Butterfly<RADIX, W>,
        ahead: &mut Ahead,
    ) {
        match self.count {
            1 => self.run_turned::<S, RADIX, false>(simd, from, to, butterfly, ahead),
            _ => self.run_turned::<S, RADIX, true>(simd, from, to, butterfly, ahead),
        }
    }

    /// Unless TURNED, all twiddle factors are 1.
    #[inline(always)]
    fn run_turned<S: Simd, const RADIX: usize, const TURNED: bool>(
        &self,
        simd: S,
        from: &[[Line; 2]],
        to: &mut [[Line; 2]],
        butterfly: &impl Butterfly<RADIX, W>,
        ahead: &mut Ahead,
    ) {
        let stride = self.stride;
        let [pitch, pitch_behind] = self.pitches;
        for (p, to) in to.chunks_mut(pitch_behind).take(self.count).enumerate() {
            let twiddles = &self.twiddles[p * (RADIX - 1)..(p + 1) * (RADIX - 1)];
            let mut inputs: [&[[Line; 2]]; RADIX] = [from; RADIX];
            for i in 0..RADIX {
                inputs[i] = &from[(i * self.count + p) * pitch..][..stride];
            }
            for q in 0..stride {
                ahead.ask();
                for vector in 0..per_line::<S, W>() {
                    let mut values = [[W::splat(simd, W::ZERO); 2]; RADIX];
                    for i in 0..RADIX {
                        values[i] = read::<S, W>(&inputs[i][q], vector);
                    }
                    let outputs = butterfly.apply(simd, values);
                    for j in 0..RADIX {
                        let mut value = outputs[j];
                        if TURNED && j > 0 {
                            value = turned::<S, W>(simd, value, twiddles[j - 1]);
                        }
                        write::<S, W>(&mut to[j * stride + q], vector, value);
                    }
                }
            }
        }
    }
}

impl<W: Lane> Stage<W> {
    /// As a transform's first stage.
    #[inline(always)]
    fn run_first<S: Simd, const RADIX: usize>(
        &self,
        simd: S,
        from: &impl Read<W>,
        to: &mut [[Line; 2]],
        butterfly: &impl Butterfly<RADIX, W>,
    ) {
        for (p, to) in to.chunks_mut(self.pitches[1]).take(self.count).enumerate() {
            let twiddles = &self.twiddles[p * (RADIX - 1)..(p + 1) * (RADIX - 1)];
            for vector in 0..per_line::<S, W>() {
                let mut values = [[W::splat(simd, W::ZERO); 2]; RADIX];
                for i in 0..RADIX {
                    values[i] = from.get(simd, i * self.count + p, vector);
                }
                let outputs = butterfly.apply(simd, values);
                for j in 0..RADIX {
                    let mut value = outputs[j];
                    if j > 0 {
                        value = turned::<S, W>(simd, value, twiddles[j - 1]);
                    }
                    write::<S, W>(&mut to[j], vector, value);
                }
            }
        }
    }

    /// As a transform's last stage.
    #[inline(always)]
    fn run_last<S: Simd, const RADIX: usize>(
        &self,
        simd: S,
        from: &[[Line; 2]],
        to: &mut impl Write<W>,
        butterfly: &impl Butterfly<RADIX, W>,
    ) {
        let mut inputs: [&[[Line; 2]]; RADIX] = [from; RADIX];
        for i in 0..RADIX {
            inputs[i] = &from[i * self.pitches[0]..][..self.stride];
        }
        for q in 0..self.stride {
            for vector in 0..per_line::<S, W>() {
                let mut values = [[W::splat(simd, W::ZERO); 2]; RADIX];
                for i in 0..RADIX {
                    values[i] = read::<S, W>(&inputs[i][q], vector);
                }
                let outputs = butterfly.apply(simd, values);
                for k in 0..RADIX {
                    to.put(simd, k, q, vector, outputs[k]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lanes::LANES;
    use super::*;
    use pulp::WithSimd;

    struct Transform<'a>(&'a LaneFourier<f64>, &'a mut [[Line; 2]], &'a mut [[Line; 2]], usize);

    impl WithSimd for Transform<'_> {
        type Output = Vec<[Line; 2]>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            {
                let mut spare = [0; 4].map(|_| vec![[Line::default(); 2]; self.0.spare()]);
                self.0.transform(simd, self.1, self.2, &mut spare, &mut Ahead::default(), self.3)
            }
            .to_vec()
        }
    }

    #[test]
    fn every_radix_agrees_with_the_definition() {
        let lengths = [
            1usize,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            12,
            16,
            40,
            42,
            64,
            105,
            210,
            11,
            22,
            26,
            121,
            93,
            31,
            37,
            41,
            76,
            83,
            4 * 167,
            332,
            257,
            2 * 37 * 3,
            47 * 4,
            59 * 3,
            83 * 2,
            43,
            37 * 41,
        ];
        let wanted = |length: usize| [length, length / 4 + 1, 1].map(|wanted| (length, wanted));
        for (length, wanted) in lengths.into_iter().flat_map(wanted) {
            let plan = LaneFourier::new(length);
            let value = |j: usize, part: usize, lane: usize| ((3 * j + 5 * part + 7 * lane) as f64).sin();
            let mut values: Vec<[Line; 2]> = (0..length)
                .map(|j| [0, 1].map(|part| Line(std::array::from_fn(|lane| value(j, part, lane)))))
                .collect();
            let mut scratch = vec![[Line::default(); 2]; plan.room()];
            values.resize(plan.room(), [Line::default(); 2]);
            let result = pulp::Arch::new().dispatch(Transform(&plan, &mut values, &mut scratch, wanted));
            for k in (0..length).filter(|&k| k.min(length - k) < wanted).step_by(1 + length / 400) {
                for lane in 0..LANES {
                    let mut expected = [0.0; 2];
                    for j in 0..length {
                        let (sine, cosine) = (-TAU * (j * k % length) as f64 / length as f64).sin_cos();
                        let (re, im) = (value(j, 0, lane), value(j, 1, lane));
                        expected =
                            [expected[0] + re * cosine - im * sine, expected[1] + re * sine + im * cosine];
                    }
                    for part in 0..2 {
                        let difference = (result[k][part].0[lane] - expected[part]).abs();
                        // The definition adds up to `length` numbers in phase, one after another: roundings of numbers as large as
                        // their sum, which go on like steps at random.
                        let allowed = 1e-13 + (length as f64).powf(1.5) * f64::EPSILON;
                        assert!(difference < allowed, "length {length}, k {k}: {difference:e}");
                    }
                }
            }
        }
    }
}
