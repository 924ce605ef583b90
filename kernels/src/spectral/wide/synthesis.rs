//! From rows of spectra to Fourier coefficients.

use pulp::{Simd, WithSimd};

use super::super::coefficients::{PARTS, Places};
use super::super::lanes::{Lane, Line, per_line, take, vectors, vectors_mut};
use super::super::latitudes::Legendre;
use super::super::prefetch::{prefetch, prefetch_share};
use super::panel::STEPS;
use super::{WIDEST_GROUP, Workspace, sines};

/// Fourier coefficients of all columns of one wavenumber.
pub(in crate::spectral) struct Synthesis<'a, W> {
    pub(in crate::spectral) legendre: &'a Legendre,
    pub(in crate::spectral) m: usize,
    /// [n − m][2][columns].
    pub(in crate::spectral) rows: &'a [W],
    pub(in crate::spectral) columns: usize,
    /// Rows of the wavenumber that comes next, if they are there already.
    pub(in crate::spectral) next_rows: &'a [W],
    pub(in crate::spectral) workspace: &'a mut Workspace,
    /// In `output`.
    pub(in crate::spectral) places: Places,
    pub(in crate::spectral) output: &'a mut [Line],
}

impl<W: Lane> WithSimd for Synthesis<'_, W> {
    type Output = ();

    /// By the vectors of a block and the columns whose sums stay in registers: of 32 with 512 bits, else of 16.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (S::F64_LANES, W::BLOCK_LINES * per_line::<S, W>()) {
            (8, 1) => self.sum::<S, 1, 1, 16>(simd),
            (8, _) => self.sum::<S, 2, 2, 8>(simd),
            (_, 2) => self.sum::<S, 2, 2, 6>(simd),
            (_, 4) => self.sum::<S, 4, 2, 6>(simd),
            (_, 8) => self.sum::<S, 8, 2, 6>(simd),
            _ => self.sum::<S, 16, 2, 6>(simd),
        }
    }
}

impl<W: Lane> Synthesis<'_, W> {
    /// With groups of GROUP columns, TAKEN of the PER_STEP vectors of a block at a time.
    #[inline(always)]
    pub(super) fn sum<S: Simd, const PER_STEP: usize, const TAKEN: usize, const GROUP: usize>(self, simd: S) {
        const { assert!(GROUP <= WIDEST_GROUP) };
        let Self { legendre, m, rows, columns, next_rows, workspace, places, output } = self;
        let Workspace { panel, sums, row, coefficients, sine, .. } = workspace;
        let recurrence = &legendre.recurrences[m];
        // Even and odd degrees share a group only if they share what they are multiplied with.
        let first_odd = if W::SUMS_STEPS { 2 * columns } else { (2 * columns).next_multiple_of(GROUP) };
        let width = (first_odd + 2 * columns).next_multiple_of(GROUP);
        let row = &mut bytemuck::cast_slice_mut(row)[..width];
        let coefficients = bytemuck::cast_slice_mut(coefficients);
        recurrence.to_groups::<W, GROUP>(rows, columns, first_odd, row, coefficients);
        let count = rows.len().div_ceil(4 * columns);
        let (coefficients, _) = coefficients[..width * count].as_chunks::<GROUP>();
        let sums = &mut sums[..width * W::BLOCK_LINES];
        let first_block = places.first_line / W::BLOCK_LINES;
        let blocks = legendre.blocks.len();
        for index in first_block..blocks {
            // The next wavenumber's rows, bit by bit.
            prefetch_share(next_rows, index - first_block, blocks - first_block);
            let block = &legendre.blocks[index];
            let start = block.start(m).filter(|start| start.step < count && index >= legendre.first_block[m]);
            sums.fill(Line::default());
            if let Some(start) = start {
                let mut march = [*start.previous, *start.current];
                for first in (start.step..count).step_by(STEPS) {
                    let behind = count.min(first + STEPS);
                    panel.make::<S, W>(simd, block, recurrence, first..behind, &mut march);
                    let groups = coefficients.chunks_exact(count);
                    let group_sums = sums.chunks_exact_mut(GROUP * W::BLOCK_LINES);
                    for (group, (coefficients, sums)) in groups.zip(group_sums).enumerate() {
                        // Where the sums of the block will be written.
                        if first == start.step {
                            let share = columns.div_ceil(width / GROUP);
                            for column in (group * share..columns).take(share) {
                                for within in 0..W::BLOCK_LINES {
                                    let place = places.of(column, index * W::BLOCK_LINES + within);
                                    prefetch(&output[place..place + PARTS]);
                                }
                            }
                        }
                        let panel = if group * GROUP < first_odd { panel.even::<W>() } else { panel.odd() };
                        let coefficients = &coefficients[first..behind];
                        for vector in (0..PER_STEP).step_by(TAKEN) {
                            add_products::<S, W, PER_STEP, TAKEN, GROUP>(
                                simd,
                                panel,
                                coefficients,
                                vector,
                                sums,
                            );
                        }
                    }
                }
            }
            let sums = vectors::<S, W>(sums);
            let per_line = per_line::<S, W>();
            let sine = sines::<S, W>(simd, block, sine);
            for column in 0..columns {
                for within in 0..W::BLOCK_LINES {
                    let place = places.of(column, index * W::BLOCK_LINES + within);
                    let output = vectors_mut::<S, W>(&mut output[place..place + PARTS]);
                    for part in 0..2 {
                        let from = (part * columns + column) * PER_STEP + within * per_line;
                        for vector in 0..per_line {
                            let even = sums[from + vector];
                            let odd = W::product(
                                simd,
                                sine[within * per_line + vector],
                                sums[first_odd * PER_STEP + from + vector],
                            );
                            output[part * per_line + vector] = W::sum(simd, even, odd);
                            output[(2 + part) * per_line + vector] = W::difference(simd, even, odd);
                        }
                    }
                }
            }
        }
    }
}

/// sums[column][latitude] += Σ_k panel[k][latitude] coefficients[k][column] for a group of columns and TAKEN of the panel's PER_STEP
/// vectors, kept in registers.
#[inline(always)]
fn add_products<S: Simd, W: Lane, const PER_STEP: usize, const TAKEN: usize, const GROUP: usize>(
    simd: S,
    panel: &[Line],
    coefficients: &[[W; GROUP]],
    first: usize,
    sums: &mut [Line],
) {
    let (panel, _) = vectors::<S, W>(panel).as_chunks::<PER_STEP>();
    let (sums, _) = vectors_mut::<S, W>(sums).as_chunks_mut::<PER_STEP>();
    let mut added = [[W::splat(simd, W::ZERO); TAKEN]; GROUP];
    for (panel, coefficients) in panel.iter().zip(coefficients) {
        let values = take::<W::Vector<S>, TAKEN>(panel, first);
        for column in 0..GROUP {
            let coefficient = W::splat(simd, coefficients[column]);
            for i in 0..TAKEN {
                added[column][i] = W::product_sum(simd, coefficient, values[i], added[column][i]);
            }
        }
    }
    for (sums, added) in sums.iter_mut().zip(added) {
        for i in 0..TAKEN {
            sums[first + i] = W::sum(simd, sums[first + i], added[i]);
        }
    }
}
