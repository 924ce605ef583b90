//! From rows of spectra to Fourier coefficients.

use pulp::{Simd, WithSimd};

use super::super::coefficients::{PARTS, Places};
use super::super::lanes::{Lane, Line, per_line, take, vectors, vectors_mut};
use super::super::latitudes::Legendre;
use super::Workspace;
use super::panel::STEPS;

/// Fourier coefficients of all columns of one wavenumber.
pub(in crate::spectral) struct Synthesis<'a, W> {
    pub(in crate::spectral) legendre: &'a Legendre,
    pub(in crate::spectral) m: usize,
    /// [n − m][2][columns].
    pub(in crate::spectral) rows: &'a [W],
    pub(in crate::spectral) columns: usize,
    pub(in crate::spectral) workspace: &'a mut Workspace,
    /// In `output`.
    pub(in crate::spectral) places: Places,
    pub(in crate::spectral) output: &'a mut [Line],
}

impl<W: Lane> WithSimd for Synthesis<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, rows, columns, workspace, places, output } = self;
        let Workspace { panel, sums: [even_sums, odd_sums], .. } = workspace;
        let recurrence = &legendre.recurrences[m];
        let degrees = rows.len() / (2 * columns);
        let count = degrees.div_ceil(2);
        let sums = 2 * columns * W::BLOCK_LINES;
        let (even_sums, odd_sums) = (&mut even_sums[..sums], &mut odd_sums[..sums]);
        for index in places.first_line / W::BLOCK_LINES..legendre.blocks.len() {
            let block = &legendre.blocks[index];
            let start = block.start(m).filter(|start| start.step < count && index >= legendre.first_block[m]);
            even_sums.fill(Line::default());
            odd_sums.fill(Line::default());
            if let Some(start) = start {
                panel.begin(&start, recurrence);
                let factors = &legendre.factors(block, m)[..count];
                for first in (start.step..count).step_by(STEPS) {
                    let behind = count.min(first + STEPS);
                    let amplitudes = &recurrence.amplitudes[first..behind];
                    panel.next::<S, W>(simd, block, &factors[first..behind], amplitudes);
                    let rows = &rows[4 * columns * first..rows.len().min(4 * columns * behind)];
                    let odd_steps = degrees / 2 - first;
                    add_products::<S, W>(simd, &panel.even, rows, columns, 0, behind - first, even_sums);
                    add_products::<S, W>(simd, &panel.odd, rows, columns, 1, odd_steps, odd_sums);
                }
            }
            let even_sums = vectors::<S, W>(even_sums);
            let odd_sums = vectors::<S, W>(odd_sums);
            let per_line = per_line::<S, W>();
            for column in 0..columns {
                for within in 0..W::BLOCK_LINES {
                    let place = places.of(column, index * W::BLOCK_LINES + within);
                    let output = vectors_mut::<S, W>(&mut output[place..place + PARTS]);
                    for part in 0..2 {
                        let from = ((part * columns + column) * W::BLOCK_LINES + within) * per_line;
                        for vector in 0..per_line {
                            let (even, odd) = (even_sums[from + vector], odd_sums[from + vector]);
                            output[part * per_line + vector] = W::sum(simd, even, odd);
                            output[(2 + part) * per_line + vector] = W::difference(simd, even, odd);
                        }
                    }
                }
            }
        }
    }
}

/// sums[column][latitude] += Σ_k panel[k][latitude] rows[2k + odd][column] for the first `steps` steps.
#[inline(always)]
fn add_products<S: Simd, W: Lane>(
    simd: S,
    panel: &[Line],
    rows: &[W],
    columns: usize,
    odd: usize,
    steps: usize,
    sums: &mut [Line],
) {
    if steps == 0 {
        return;
    }
    let panel = &panel[..steps.min(STEPS) * W::BLOCK_LINES];
    let rows = &rows[odd * 2 * columns..];
    let (stride, width) = (4 * columns, 2 * columns);
    let mut first = 0;
    // 32 registers of 512 bits, else 16.
    let widest = if S::F64_LANES == 8 { 16 / (W::BLOCK_LINES * per_line::<S, W>()) } else { 4 };
    while first < width {
        let taken = if width - first >= widest { widest } else { 1 << (width - first).ilog2() };
        match taken {
            16 => add_column_products::<S, W, 16>(simd, panel, &rows[first..], stride, first, sums),
            8 => add_column_products::<S, W, 8>(simd, panel, &rows[first..], stride, first, sums),
            4 => add_column_products::<S, W, 4>(simd, panel, &rows[first..], stride, first, sums),
            2 => add_column_products::<S, W, 2>(simd, panel, &rows[first..], stride, first, sums),
            _ => add_column_products::<S, W, 1>(simd, panel, &rows[first..], stride, first, sums),
        }
        first += taken;
    }
}

/// The products of COLUMNS columns with the vectors of a block, at most two at a time.
#[inline(always)]
fn add_column_products<S: Simd, W: Lane, const COLUMNS: usize>(
    simd: S,
    panel: &[Line],
    rows: &[W],
    stride: usize,
    first: usize,
    sums: &mut [Line],
) {
    match W::BLOCK_LINES * per_line::<S, W>() {
        1 => add_block_products::<S, W, 1, COLUMNS, 1>(simd, panel, rows, stride, 0, first, sums),
        2 => add_block_products::<S, W, 2, COLUMNS, 2>(simd, panel, rows, stride, 0, first, sums),
        4 => {
            for vector in [0, 2] {
                add_block_products::<S, W, 2, COLUMNS, 4>(simd, panel, rows, stride, vector, first, sums);
            }
        }
        8 => {
            for vector in (0..8).step_by(2) {
                add_block_products::<S, W, 2, COLUMNS, 8>(simd, panel, rows, stride, vector, first, sums);
            }
        }
        _ => {
            for vector in (0..16).step_by(2) {
                add_block_products::<S, W, 2, COLUMNS, 16>(simd, panel, rows, stride, vector, first, sums);
            }
        }
    }
}

/// The products of VECTORS of the panel's PER_STEP vectors and the first COLUMNS of the rows, kept in registers.
#[inline(always)]
fn add_block_products<S: Simd, W: Lane, const VECTORS: usize, const COLUMNS: usize, const PER_STEP: usize>(
    simd: S,
    panel: &[Line],
    rows: &[W],
    stride: usize,
    first_vector: usize,
    first_column: usize,
    sums: &mut [Line],
) {
    let (panel, _) = vectors::<S, W>(panel).as_chunks::<PER_STEP>();
    let (sums, _) = vectors_mut::<S, W>(sums).as_chunks_mut::<PER_STEP>();
    let sums = &mut sums[first_column..first_column + COLUMNS];
    let mut added = [[W::splat(simd, W::ZERO); VECTORS]; COLUMNS];
    for (panel, row) in panel.iter().zip(rows.chunks(stride)) {
        let values = take::<W::Vector<S>, VECTORS>(panel, first_vector);
        let coefficients = &row[..COLUMNS];
        for column in 0..COLUMNS {
            let coefficient = W::splat(simd, coefficients[column]);
            for i in 0..VECTORS {
                added[column][i] = W::product_sum(simd, coefficient, values[i], added[column][i]);
            }
        }
    }
    for column in 0..COLUMNS {
        for i in 0..VECTORS {
            let sum = &mut sums[column][first_vector + i];
            *sum = W::sum(simd, *sum, added[column][i]);
        }
    }
}
