//! The sums over a block of points and one zonal wavenumber, in both directions.

use pulp::{Simd, WithSimd};

use super::functions::{BLOCK, BlockOfPoints, Lanes, Steps};

/// Adds weight · Re(Σ_n c_n P_n e^{imλ}) to the values at the points of one block.
pub(super) struct Synthesis<'a> {
    pub(super) block: &'a BlockOfPoints,
    pub(super) steps: &'a Steps,
    /// Zonal wavenumber of the phase and power of cos φ.
    pub(super) m: usize,
    pub(super) power: usize,
    /// Coefficients `[quantity][n][re, im]`.
    pub(super) coefficients: &'a [[f64; 2]],
    /// Room for the functions, one row for each n.
    pub(super) functions: &'a mut [Lanes],
    /// `[quantity]`.
    pub(super) values: &'a mut [Lanes],
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { block, steps, m, power, coefficients, functions, values } = self;
        block.functions(steps, power, functions);
        let [cosine, sine] = weighted_phases(block, m);
        for (value, coefficients) in values.iter_mut().zip(coefficients.chunks_exact(functions.len())) {
            let (mut re, mut im) = ([0.0; BLOCK], [0.0; BLOCK]);
            for (row, &[c_re, c_im]) in functions.iter().zip(coefficients) {
                for lane in 0..BLOCK {
                    re[lane] += row[lane] * c_re;
                    im[lane] += row[lane] * c_im;
                }
            }
            for lane in 0..BLOCK {
                value[lane] += re[lane] * cosine[lane] - im[lane] * sine[lane];
            }
        }
    }
}

/// Quantities whose real and imaginary parts are summed side by side.
pub(super) const GROUP: usize = 8;

/// The parts of one n of a group: re, im of the first quantity, of the second, ...
pub(super) type GroupOfParts = [f64; 2 * GROUP];

/// Adds the transpose of [`Synthesis`] to the coefficients.
pub(super) struct Adjoint<'a> {
    pub(super) block: &'a BlockOfPoints,
    pub(super) steps: &'a Steps,
    pub(super) m: usize,
    pub(super) power: usize,
    /// `[quantity]`, 0 beyond the last point.
    pub(super) values: &'a [Lanes],
    pub(super) functions: &'a mut [Lanes],
    /// Sums of whole groups of quantities, `[group][n]`.
    pub(super) groups: &'a mut [GroupOfParts],
    /// Of the quantities behind the last whole group, `[quantity][n][re, im]`.
    pub(super) rest: &'a mut [[f64; 2]],
}

impl WithSimd for Adjoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { block, steps, m, power, values, functions, groups, rest } = self;
        block.functions(steps, power, functions);
        let count = functions.len();
        let [cosine, sine] = weighted_phases(block, m);
        let (grouped, single) = values.split_at(values.len() / GROUP * GROUP);
        for (values, groups) in grouped.chunks_exact(GROUP).zip(groups.chunks_exact_mut(count)) {
            // By point, so that the sum over points runs in registers and is never folded.
            let mut parts: [GroupOfParts; BLOCK] = [[0.0; 2 * GROUP]; BLOCK];
            for (lane, parts) in parts.iter_mut().enumerate() {
                for (part, value) in parts.chunks_exact_mut(2).zip(values) {
                    part[0] = value[lane] * cosine[lane];
                    part[1] = -value[lane] * sine[lane];
                }
            }
            for (row, sums) in functions.iter().zip(groups) {
                let mut sum = *sums;
                for lane in 0..BLOCK {
                    for part in 0..2 * GROUP {
                        sum[part] += row[lane] * parts[lane][part];
                    }
                }
                *sums = sum;
            }
        }
        for (value, rest) in single.iter().zip(rest.chunks_exact_mut(count)) {
            let (mut re, mut im) = ([0.0; BLOCK], [0.0; BLOCK]);
            for lane in 0..BLOCK {
                re[lane] = value[lane] * cosine[lane];
                im[lane] = -value[lane] * sine[lane];
            }
            for (row, [c_re, c_im]) in functions.iter().zip(rest) {
                *c_re += dot(row, &re);
                *c_im += dot(row, &im);
            }
        }
    }
}

/// cos mλ and sin mλ, twice for m > 0, which stands for −m as well.
#[inline(always)]
fn weighted_phases(block: &BlockOfPoints, m: usize) -> [Lanes; 2] {
    let weight = if m == 0 { 1.0 } else { 2.0 };
    block.phases(m).map(|phases| phases.map(|phase| weight * phase))
}

/// The lanes folded in halves, always in the same order.
#[inline(always)]
fn dot(left: &Lanes, right: &Lanes) -> f64 {
    let mut sums = [0.0; BLOCK];
    for lane in 0..BLOCK {
        sums[lane] = left[lane] * right[lane];
    }
    let mut width = BLOCK / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}
