//! Complex numbers, one per lane, and transforms of as many as registers hold.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use pulp::Simd;

use crate::spectral::lanes::{Lane, Line, get, put};

/// Complex numbers, one per lane of a vector.
pub(super) type Complex<S, W> = [<W as Lane>::Vector<S>; 2];

#[inline(always)]
pub(super) fn read<S: Simd, W: Lane>([re, im]: &[Line; 2], vector: usize) -> Complex<S, W> {
    [get::<S, W>(re, vector), get::<S, W>(im, vector)]
}

#[inline(always)]
pub(super) fn write<S: Simd, W: Lane>([re, im]: &mut [Line; 2], vector: usize, value: Complex<S, W>) {
    put::<S, W>(re, vector, value[0]);
    put::<S, W>(im, vector, value[1]);
}

/// A number times one that is the same for all lanes.
#[inline(always)]
pub(super) fn turned<S: Simd, W: Lane>(simd: S, value: Complex<S, W>, [re, im]: [W; 2]) -> Complex<S, W> {
    let (re, im) = (W::splat(simd, re), W::splat(simd, im));
    [
        W::product_sum(simd, value[0], re, W::negative(simd, W::product(simd, value[1], im))),
        W::product_sum(simd, value[0], im, W::product(simd, value[1], re)),
    ]
}

#[inline(always)]
pub(super) fn add<S: Simd, W: Lane>(simd: S, a: Complex<S, W>, b: Complex<S, W>) -> Complex<S, W> {
    [W::sum(simd, a[0], b[0]), W::sum(simd, a[1], b[1])]
}

#[inline(always)]
pub(super) fn sub<S: Simd, W: Lane>(simd: S, a: Complex<S, W>, b: Complex<S, W>) -> Complex<S, W> {
    [W::difference(simd, a[0], b[0]), W::difference(simd, a[1], b[1])]
}

/// The transform of RADIX numbers. Functions rather than closures, which would not be inlined into the vectorised code.
pub(super) trait Butterfly<const RADIX: usize, W: Lane> {
    fn apply<S: Simd>(&self, simd: S, values: [Complex<S, W>; RADIX]) -> [Complex<S, W>; RADIX];
}

pub(super) struct Two;
pub(super) struct Four;
pub(super) struct Eight;
/// cos and sin of 2πk/n.
#[derive(Debug)]
pub(super) struct Odd<const RADIX: usize, W>([[W; 2]; RADIX]);

impl<const RADIX: usize, W: Lane> Odd<RADIX, W> {
    pub(super) fn new() -> Self {
        let mut values = [[W::ONE, W::ZERO]; RADIX];
        for (k, value) in values.iter_mut().enumerate() {
            let (sine, cosine) = (TAU * k as f64 / RADIX as f64).sin_cos();
            *value = [W::of(cosine), W::of(sine)];
        }
        Self(values)
    }
}

impl<W: Lane> Butterfly<2, W> for Two {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, [a, b]: [Complex<S, W>; 2]) -> [Complex<S, W>; 2] {
        [add::<S, W>(simd, a, b), sub::<S, W>(simd, a, b)]
    }
}

impl<W: Lane> Butterfly<4, W> for Four {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, [a, b, c, d]: [Complex<S, W>; 4]) -> [Complex<S, W>; 4] {
        let (even, odd) = (add::<S, W>(simd, a, c), sub::<S, W>(simd, a, c));
        let (sum, [re, im]) = (add::<S, W>(simd, b, d), sub::<S, W>(simd, b, d));
        // −i (b − d) = (im, −re)
        let first = [W::sum(simd, odd[0], im), W::difference(simd, odd[1], re)];
        let third = [W::difference(simd, odd[0], im), W::sum(simd, odd[1], re)];
        [add::<S, W>(simd, even, sum), first, sub::<S, W>(simd, even, sum), third]
    }
}

impl<W: Lane> Butterfly<8, W> for Eight {
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, x: [Complex<S, W>; 8]) -> [Complex<S, W>; 8] {
        let half = W::splat(simd, W::of(FRAC_1_SQRT_2));
        let even = Butterfly::<4, W>::apply(&Four, simd, [x[0], x[2], x[4], x[6]]);
        let [first, second, third, fourth] = Butterfly::<4, W>::apply(&Four, simd, [x[1], x[3], x[5], x[7]]);
        // Times e^{−iπk/4}: (1−i)/√2, −i, (−1−i)/√2. The last is kept with the opposite sign.
        let second = [
            W::product(simd, W::sum(simd, second[0], second[1]), half),
            W::product(simd, W::difference(simd, second[1], second[0]), half),
        ];
        let minus_fourth = [
            W::product(simd, W::difference(simd, fourth[0], fourth[1]), half),
            W::product(simd, W::sum(simd, fourth[0], fourth[1]), half),
        ];
        let [re, im] = third;
        [
            add::<S, W>(simd, even[0], first),
            add::<S, W>(simd, even[1], second),
            [W::sum(simd, even[2][0], im), W::difference(simd, even[2][1], re)],
            sub::<S, W>(simd, even[3], minus_fourth),
            sub::<S, W>(simd, even[0], first),
            sub::<S, W>(simd, even[1], second),
            [W::difference(simd, even[2][0], im), W::sum(simd, even[2][1], re)],
            add::<S, W>(simd, even[3], minus_fourth),
        ]
    }
}

impl<const RADIX: usize, W: Lane> Butterfly<RADIX, W> for Odd<RADIX, W> {
    /// x_0 + Σ_j cos(2πjk/n) (x_j + x_{n−j}) − i Σ_j sin(2πjk/n) (x_j − x_{n−j}), j = 1..(n−1)/2.
    #[inline(always)]
    fn apply<S: Simd>(&self, simd: S, x: [Complex<S, W>; RADIX]) -> [Complex<S, W>; RADIX] {
        let mut outputs = [x[0]; RADIX];
        let half = RADIX / 2;
        for j in 1..=half {
            outputs[0] = add::<S, W>(simd, outputs[0], add::<S, W>(simd, x[j], x[RADIX - j]));
        }
        for k in 1..=half {
            let mut sum = x[0];
            let mut turned = [W::splat(simd, W::ZERO); 2];
            for j in 1..=half {
                let [cosine, sine] = self.0[j * k % RADIX];
                let (cosine, sine) = (W::splat(simd, cosine), W::splat(simd, sine));
                let (plus, minus) =
                    (add::<S, W>(simd, x[j], x[RADIX - j]), sub::<S, W>(simd, x[j], x[RADIX - j]));
                for part in 0..2 {
                    sum[part] = W::product_sum(simd, cosine, plus[part], sum[part]);
                    turned[part] = W::product_sum(simd, sine, minus[part], turned[part]);
                }
            }
            outputs[k] = [W::sum(simd, sum[0], turned[1]), W::difference(simd, sum[1], turned[0])];
            outputs[RADIX - k] = [W::difference(simd, sum[0], turned[1]), W::sum(simd, sum[1], turned[0])];
        }
        outputs
    }
}
