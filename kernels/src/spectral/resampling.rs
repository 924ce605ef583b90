//! Exact analysis on equidistant latitudes beyond the reach of their quadrature.
//!
//! The Fourier coefficient G_m(θ) of a band-limited field, continued over the poles along the meridian, is a trigonometric
//! polynomial in the colatitude θ of degree ≤ T: a cosine series if the continuation is even (scalars at even m, wind
//! components at odd m), else a sine series. As many equidistant latitudes as there are terms determine it, while their
//! quadrature weights (Clenshaw & Curtis, Fejér) only integrate products with P̄_n exactly up to half that degree. So the
//! series is evaluated at Gaussian latitudes and integrated there. Terms that are symmetric and antisymmetric about the
//! equator are kept apart, which leaves four small matrices for all m.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::coefficients::PARTS;
use super::lanes::{BLOCK, BLOCK_LINES, LANES, Line, get, per_line, put};
use crate::grid::{Grid, GridKind, gaussian_half};

/// From the latitude pairs of a grid to Gaussian latitude pairs.
pub(super) struct Resampling {
    sines: Vec<f64>,
    cosines: Vec<f64>,
    /// Quadrature weights without and with 1/cos φ.
    factors: [Vec<Line>; 2],
    /// [continuation even, odd][symmetric, antisymmetric] about the equator; [pair of the grid][line of Gaussian pairs].
    matrices: [[Vec<Line>; 2]; 2],
    pairs: usize,
}

impl Resampling {
    /// Whether the quadrature of the grid's own rings is not exact up to `total`.
    pub(super) fn is_needed(grid: &Grid, total: usize) -> bool {
        !grid.kind().is_gaussian() && 2 * total >= grid.rings().len()
    }

    /// `None` if it is not needed.
    pub(super) fn where_needed(grid: &Grid, total: usize) -> Option<Self> {
        let poles = grid.kind() == GridKind::LatLonWithPoles;
        Self::is_needed(grid, total).then(|| Self::new(grid, total, poles))
    }

    fn new(grid: &Grid, total: usize, poles: bool) -> Self {
        let count = grid.rings().len();
        let pairs = count.div_ceil(2);
        let gaussian = gaussian_half((total + 3) / 2);
        let lines = gaussian.sines.len().div_ceil(BLOCK) * BLOCK_LINES;
        let colatitudes: Vec<f64> =
            grid.rings()[..pairs].iter().map(|ring| ring.cosine_latitude.atan2(ring.sine_latitude)).collect();
        let targets: Vec<f64> =
            gaussian.cosines.iter().zip(&gaussian.sines).map(|(cosine, sine)| cosine.atan2(*sine)).collect();
        let intervals = if poles { count - 1 } else { count };
        let matrix = |odd: usize, antisymmetric: usize| {
            let basis = |k: usize, angle: f64| {
                let phase = k as f64 * angle;
                if odd == 1 { phase.sin() } else { phase.cos() }
            };
            // cos kθ is symmetric about the equator for even k, sin kθ for odd k.
            let terms: Vec<usize> = match (odd, poles) {
                (0, true) => 0..=intervals,
                (0, false) => 0..=intervals - 1,
                (_, true) => 1..=intervals - 1,
                (_, false) => 1..=intervals,
            }
            .filter(|k| k % 2 == odd ^ antisymmetric)
            .collect();
            // The first and, with the Nyquist term, the last term of the discrete series count half.
            let norm = |k: usize| {
                let terms = if k == 0 || k == intervals { 1.0 } else { 2.0 };
                terms / intervals as f64
            };
            let at_targets: Vec<Vec<f64>> =
                terms.par_iter().map(|&k| targets.iter().map(|&angle| basis(k, angle)).collect()).collect();
            let rows = (0..pairs).into_par_iter().map(|pair| {
                let mut row = vec![Line::default(); lines];
                let flat: &mut [f64] = bytemuck::cast_slice_mut(&mut row);
                // Both members of a pair enter with the same weight; a pole with half of one.
                let weight = if poles && pair == 0 { 0.5 } else { 1.0 };
                for (&k, at_targets) in terms.iter().zip(&at_targets) {
                    let factor = 2.0 * weight * norm(k) * basis(k, colatitudes[pair]);
                    for (value, target) in flat.iter_mut().zip(at_targets) {
                        *value += factor * target;
                    }
                }
                row
            });
            rows.flatten_iter().collect::<Vec<Line>>()
        };
        let matrices = [0, 1].map(|odd| [0, 1].map(|antisymmetric| matrix(odd, antisymmetric)));
        let factors = [0, 1].map(|power| {
            let mut factors = vec![Line::default(); lines];
            for (i, (weight, cosine)) in gaussian.weights.iter().zip(&gaussian.cosines).enumerate() {
                // Half, because symmetric and antisymmetric part go back to north and south.
                factors[i / LANES].0[i % LANES] = 0.5 * weight / cosine.powi(power);
            }
            factors
        });
        Self { sines: gaussian.sines, cosines: gaussian.cosines, factors, matrices, pairs }
    }

    /// Sines and cosines of the northern Gaussian latitudes.
    pub(super) fn latitudes(&self) -> (&[f64], &[f64]) {
        (&self.sines, &self.cosines)
    }

    /// Lines of Gaussian latitude pairs.
    pub(super) fn lines(&self) -> usize {
        self.factors[0].len()
    }

    /// Fourier coefficients of wavenumber m, weighted and divided by cos φ to a power, at the Gaussian pairs from plain ones
    /// at the grid's: both north re, im, south re, im by line of pairs; `input(line)` yields those of the grid.
    pub(super) fn apply<'a>(
        &self,
        arch: pulp::Arch,
        power: usize,
        m: usize,
        input: impl Fn(usize) -> &'a [Line],
        output: &mut [Line],
    ) {
        let matrices = &self.matrices[(m + power) % 2];
        arch.dispatch(Apply { resampling: self, matrices, factors: &self.factors[power], input, output });
    }

    /// The transpose of [`Resampling::apply`]: `input` at the Gaussian pairs, `output[place(line)]`... at the grid's.
    pub(super) fn apply_transposed(
        &self,
        arch: pulp::Arch,
        power: usize,
        m: usize,
        input: &[Line],
        place: impl Fn(usize) -> usize,
        output: &mut [Line],
    ) {
        let matrices = &self.matrices[(m + power) % 2];
        let factors = &self.factors[power];
        arch.dispatch(ApplyTransposed { resampling: self, matrices, factors, input, place, output });
    }
}

struct Apply<'r, I> {
    resampling: &'r Resampling,
    matrices: &'r [Vec<Line>; 2],
    factors: &'r [Line],
    input: I,
    output: &'r mut [Line],
}

impl<'a, I: Fn(usize) -> &'a [Line]> WithSimd for Apply<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { resampling, matrices, factors, input, output } = self;
        let lines = factors.len();
        let per_line = per_line::<S, f64>();
        for (line, output) in output.chunks_exact_mut(PARTS).enumerate() {
            for within in 0..per_line {
                let mut sums = [simd.splat_f64s(0.0); PARTS];
                for pair in 0..resampling.pairs {
                    let (values, lane) = (input(pair / LANES), pair % LANES);
                    for part in 0..2 {
                        let (north, south) = (values[part].0[lane], values[2 + part].0[lane]);
                        let both = [north + south, north - south];
                        for symmetry in 0..2 {
                            let factor = get::<S, f64>(&matrices[symmetry][pair * lines + line], within);
                            let sum = &mut sums[2 * symmetry + part];
                            *sum = simd.mul_add_e_f64s(simd.splat_f64s(both[symmetry]), factor, *sum);
                        }
                    }
                }
                let factor = get::<S, f64>(&factors[line], within);
                for part in 0..2 {
                    let north = simd.mul_f64s(factor, simd.add_f64s(sums[part], sums[2 + part]));
                    let south = simd.mul_f64s(factor, simd.sub_f64s(sums[part], sums[2 + part]));
                    put::<S, f64>(&mut output[part], within, north);
                    put::<S, f64>(&mut output[2 + part], within, south);
                }
            }
        }
    }
}

struct ApplyTransposed<'r, P> {
    resampling: &'r Resampling,
    matrices: &'r [Vec<Line>; 2],
    factors: &'r [Line],
    input: &'r [Line],
    place: P,
    output: &'r mut [Line],
}

impl<P: Fn(usize) -> usize> WithSimd for ApplyTransposed<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { resampling, matrices, factors, input, place, output } = self;
        let lines = factors.len();
        for first in (0..resampling.pairs).step_by(LANES) {
            let place = place(first / LANES);
            let output = &mut output[place..place + PARTS];
            output.fill(Line::default());
            for lane in 0..LANES.min(resampling.pairs - first) {
                let mut sums = [simd.splat_f64s(0.0); PARTS];
                for line in 0..lines {
                    for within in 0..per_line::<S, f64>() {
                        let factor = get::<S, f64>(&factors[line], within);
                        for part in 0..2 {
                            let north = get::<S, f64>(&input[line * PARTS + part], within);
                            let south = get::<S, f64>(&input[line * PARTS + 2 + part], within);
                            let both = [simd.add_f64s(north, south), simd.sub_f64s(north, south)];
                            for symmetry in 0..2 {
                                let row = &matrices[symmetry][(first + lane) * lines + line];
                                let factor = simd.mul_f64s(factor, get::<S, f64>(row, within));
                                let sum = &mut sums[2 * symmetry + part];
                                *sum = simd.mul_add_e_f64s(both[symmetry], factor, *sum);
                            }
                        }
                    }
                }
                for part in 0..2 {
                    let even = simd.reduce_sum_f64s(sums[part]);
                    let odd = simd.reduce_sum_f64s(sums[2 + part]);
                    output[part].0[lane] = even + odd;
                    output[2 + part].0[lane] = even - odd;
                }
            }
        }
    }
}
