//! Resampling of Fourier coefficients to Gaussian latitudes on the CPU.

use pulp::{Simd, WithSimd};

use super::coefficients::{PARTS, Places, Source};
use super::lanes::{BLOCK, BLOCK_LINES, LANES, Line, get, per_line, put};
use super::resampling_matrices::ResamplingMatrices;
use crate::grid::{GaussianHalf, Grid};

/// From the latitude pairs of a grid to Gaussian latitude pairs.
pub(super) struct Resampling {
    gaussian: GaussianHalf,
    /// Quadrature weights without and with 1/cos φ.
    factors: [Vec<Line>; 2],
    /// [continuation even, odd][symmetric, antisymmetric] about the equator; [pair of the grid][line of Gaussian pairs].
    matrices: [[Vec<Line>; 2]; 2],
    pairs: usize,
}

impl Resampling {
    /// `None` if it is not needed.
    pub(super) fn where_needed(grid: &Grid, total: usize) -> Option<Self> {
        ResamplingMatrices::where_needed(grid, total).map(Self::new)
    }

    fn new(plain: ResamplingMatrices) -> Self {
        let lines = plain.targets().div_ceil(BLOCK) * BLOCK_LINES;
        let in_lines = |row: &mut dyn Iterator<Item = f64>| {
            let mut in_lines = vec![Line::default(); lines];
            for (i, value) in row.enumerate() {
                in_lines[i / LANES].0[i % LANES] = value;
            }
            in_lines
        };
        // The two halves that symmetric and antisymmetric part are made with, and go back to north and south with, cancel.
        let factors = [0, 1].map(|power| in_lines(&mut plain.weights(power)));
        let targets = plain.targets();
        let matrices = plain.matrices.map(|parities| {
            parities.map(|matrix| {
                matrix.chunks_exact(targets).flat_map(|row| in_lines(&mut row.iter().copied())).collect()
            })
        });
        Self { gaussian: plain.gaussian, factors, matrices, pairs: plain.pairs }
    }

    /// Sines and cosines of the northern Gaussian latitudes.
    pub(super) fn latitudes(&self) -> (&[f64], &[f64]) {
        (&self.gaussian.sines, &self.gaussian.cosines)
    }

    /// Lines of Gaussian latitude pairs.
    pub(super) fn lines(&self) -> usize {
        self.factors[0].len()
    }

    /// Fourier coefficients of wavenumber m, weighted and divided by cos φ to a power, at the Gaussian pairs, [line of
    /// pairs][part], from plain ones of a column at the grid's.
    pub(super) fn apply(
        &self,
        arch: pulp::Arch,
        power: usize,
        m: usize,
        source: Source<'_>,
        column: usize,
        output: &mut [Line],
    ) {
        let matrices = &self.matrices[(m + power) % 2];
        let factors = &self.factors[power];
        arch.dispatch(Apply { resampling: self, matrices, factors, source, m, column, output });
    }

    /// The transpose of [`Resampling::apply`]: `input` at the Gaussian pairs, those of a column in `output` at the grid's.
    pub(super) fn apply_transposed(
        &self,
        arch: pulp::Arch,
        power: usize,
        m: usize,
        input: &[Line],
        places: Places,
        column: usize,
        output: &mut [Line],
    ) {
        let matrices = &self.matrices[(m + power) % 2];
        let factors = &self.factors[power];
        arch.dispatch(ApplyTransposed { resampling: self, matrices, factors, input, places, column, output });
    }
}

struct Apply<'r> {
    resampling: &'r Resampling,
    matrices: &'r [Vec<Line>; 2],
    factors: &'r [Line],
    source: Source<'r>,
    m: usize,
    column: usize,
    output: &'r mut [Line],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { resampling, matrices, factors, source, m, column, output } = self;
        let lines = factors.len();
        let per_line = per_line::<S, f64>();
        for (line, output) in output.chunks_exact_mut(PARTS).enumerate() {
            for within in 0..per_line {
                let mut sums = [simd.splat_f64s(0.0); PARTS];
                for pair in 0..resampling.pairs {
                    let (values, lane) = (source.of(m, column, pair / LANES), pair % LANES);
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

struct ApplyTransposed<'r> {
    resampling: &'r Resampling,
    matrices: &'r [Vec<Line>; 2],
    factors: &'r [Line],
    input: &'r [Line],
    places: Places,
    column: usize,
    output: &'r mut [Line],
}

impl WithSimd for ApplyTransposed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { resampling, matrices, factors, input, places, column, output } = self;
        let lines = factors.len();
        for first in (0..resampling.pairs).step_by(LANES) {
            let place = places.of(column, first / LANES);
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
