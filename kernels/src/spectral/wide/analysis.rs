//! From Fourier coefficients to rows of spectra.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::coefficients::Source;
use super::super::lanes::{BLOCK, Lane, Line, get, per_line, put, take, vectors, vectors_mut};
use super::super::latitudes::Legendre;
use super::super::transpose::transpose;
use super::Workspace;
use super::panel::STEPS;

/// Sums and differences of north and south of some wavenumbers, kept in the workspace with columns fastest.
///
/// The coefficients of a group of wavenumbers stand side by side: each is read from memory once.
pub(in crate::spectral) struct Gather<'a, W> {
    pub(in crate::spectral) legendre: &'a Legendre,
    /// At most as many as stand side by side.
    pub(in crate::spectral) wavenumbers: Range<usize>,
    pub(in crate::spectral) source: Source<'a>,
    pub(in crate::spectral) columns: usize,
    pub(in crate::spectral) workspace: &'a mut Workspace,
    pub(in crate::spectral) precision: PhantomData<W>,
}

impl<W: Lane> WithSimd for Gather<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, wavenumbers, source, columns, workspace, .. } = self;
        let blocks = legendre.blocks.len();
        for line in 0..blocks * W::BLOCK_LINES {
            for m in wavenumbers.clone() {
                if line / W::BLOCK_LINES < legendre.first_block[m] {
                    continue;
                }
                let target = (m - wavenumbers.start) * blocks * BLOCK + line * W::LANES;
                let (from, values) = ([m, line], &mut workspace.values);
                match W::LANES {
                    8 => gather::<S, W, 8>(simd, source, from, columns, target, values),
                    _ => gather::<S, W, 16>(simd, source, from, columns, target, values),
                }
            }
        }
    }
}

/// Those of one wavenumber and line of pairs, to the latitudes from `target` on.
#[inline(always)]
fn gather<S: Simd, W: Lane, const N: usize>(
    simd: S,
    source: Source<'_>,
    [m, pair_line]: [usize; 2],
    columns: usize,
    target: usize,
    values: &mut [Vec<Line>; 2],
) {
    let lines = (2 * columns).div_ceil(W::LANES);
    let [sums, differences] = values;
    for line in 0..lines {
        let mut tiles = [[Line::default(); N]; 2];
        let first = line * W::LANES;
        for i in 0..W::LANES.min(2 * columns - first) {
            let (part, column) = if first + i < columns { (0, first + i) } else { (1, first + i - columns) };
            let source = source.of(m, column, pair_line);
            for vector in 0..per_line::<S, W>() {
                let north = get::<S, W>(&source[part], vector);
                let south = get::<S, W>(&source[2 + part], vector);
                put::<S, W>(&mut tiles[0][i], vector, W::sum(simd, north, south));
                put::<S, W>(&mut tiles[1][i], vector, W::difference(simd, north, south));
            }
        }
        for (tile, values) in tiles.iter_mut().zip([&mut *sums, &mut *differences]) {
            transpose::<S, W, N>(simd, tile);
            let values = &mut values[target * lines..(target + W::LANES) * lines];
            for (latitude, value) in tile.iter().enumerate() {
                values[latitude * lines + line] = *value;
            }
        }
    }
}

/// Coefficients of all columns of one wavenumber from what was gathered.
pub(in crate::spectral) struct Analysis<'a, W> {
    pub(in crate::spectral) legendre: &'a Legendre,
    pub(in crate::spectral) m: usize,
    /// Which of the gathered wavenumbers m is.
    pub(in crate::spectral) wave: usize,
    pub(in crate::spectral) workspace: &'a mut Workspace,
    /// [n − m][2][columns].
    pub(in crate::spectral) rows: &'a mut [W],
    pub(in crate::spectral) columns: usize,
}

impl<W: Lane> WithSimd for Analysis<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, wave, workspace, rows, columns } = self;
        let Workspace { panel, sums: [even_sums, odd_sums], values: [sums_of_values, differences] } =
            workspace;
        let recurrence = &legendre.recurrences[m];
        let count = (rows.len() / (2 * columns)).div_ceil(2);
        let lines = (2 * columns).div_ceil(W::LANES);
        let even_sums = &mut even_sums[..(count + STEPS) * lines];
        let odd_sums = &mut odd_sums[..(count + STEPS) * lines];
        even_sums.fill(Line::default());
        odd_sums.fill(Line::default());
        let blocks = legendre.blocks.len();
        for index in (legendre.first_block[m]..blocks).rev() {
            let block = &legendre.blocks[index];
            let Some(start) = block.start(m).filter(|start| start.step < count) else { continue };
            panel.begin(&start, recurrence);
            let latitudes =
                (wave * blocks + index) * BLOCK * lines..(wave * blocks + index + 1) * BLOCK * lines;
            let sums_of_values = &sums_of_values[latitudes.clone()];
            let differences = &differences[latitudes];
            let factors = &legendre.factors(block, m)[..count];
            for first in (start.step..count).step_by(STEPS) {
                let behind = count.min(first + STEPS);
                let amplitudes = &recurrence.amplitudes[first..behind];
                panel.next::<S, W>(simd, block, &factors[first..behind], amplitudes);
                let steps = first * lines..(first + STEPS) * lines;
                let rows = (behind - first).next_multiple_of(8);
                add_projections::<S, W>(
                    simd,
                    &panel.even,
                    rows,
                    sums_of_values,
                    lines,
                    &mut even_sums[steps.clone()],
                );
                add_projections::<S, W>(simd, &panel.odd, rows, differences, lines, &mut odd_sums[steps]);
            }
        }
        unpack(even_sums, odd_sums, lines, columns, rows);
    }
}

/// sums[k][column] += Σ_latitude panel[k][latitude] values[latitude][column] for `rows` steps.
#[inline(always)]
fn add_projections<S: Simd, W: Lane>(
    simd: S,
    panel: &[Line],
    rows: usize,
    values: &[Line],
    lines: usize,
    sums: &mut [Line],
) {
    let per_line = per_line::<S, W>();
    let width = lines * per_line;
    let panel = bytemuck::cast_slice::<Line, W>(panel);
    let values = &vectors::<S, W>(values)[..BLOCK * width];
    let sums = vectors_mut::<S, W>(sums);
    let wide = if S::F64_LANES == 8 { 4 } else { 2 };
    let mut first = 0;
    while first < width {
        if wide == 4 && first + 4 <= width {
            for step in (0..rows).step_by(4) {
                add_block_projections::<S, W, 4, 4>(simd, panel, step, values, width, first, sums);
            }
            first += 4;
        } else if first + 2 <= width {
            if wide == 4 {
                for step in (0..rows).step_by(8) {
                    add_block_projections::<S, W, 8, 2>(simd, panel, step, values, width, first, sums);
                }
            } else {
                for step in (0..rows).step_by(4) {
                    add_block_projections::<S, W, 4, 2>(simd, panel, step, values, width, first, sums);
                }
            }
            first += 2;
        } else {
            for step in (0..rows).step_by(8) {
                add_block_projections::<S, W, 8, 1>(simd, panel, step, values, width, first, sums);
            }
            first += 1;
        }
    }
}

/// The projections on TAKEN steps of VECTORS vectors of columns, kept in registers.
#[inline(always)]
fn add_block_projections<S: Simd, W: Lane, const TAKEN: usize, const VECTORS: usize>(
    simd: S,
    panel: &[W],
    first_step: usize,
    values: &[W::Vector<S>],
    width: usize,
    first: usize,
    sums: &mut [W::Vector<S>],
) {
    let (panel, _) = panel[first_step * BLOCK..(first_step + TAKEN) * BLOCK].as_chunks::<BLOCK>();
    let mut added = [[W::splat(simd, W::ZERO); VECTORS]; TAKEN];
    for latitude in 0..BLOCK {
        let values = take::<W::Vector<S>, VECTORS>(values, latitude * width + first);
        for step in 0..TAKEN {
            let function = W::splat(simd, panel[step][latitude]);
            for i in 0..VECTORS {
                added[step][i] = W::product_sum(simd, function, values[i], added[step][i]);
            }
        }
    }
    for step in 0..TAKEN {
        let sums = &mut sums[(first_step + step) * width + first..][..VECTORS];
        for i in 0..VECTORS {
            sums[i] = W::sum(simd, sums[i], added[step][i]);
        }
    }
}

/// Sums by step to rows by degree.
#[inline(always)]
fn unpack<W: Lane>(even_sums: &[Line], odd_sums: &[Line], lines: usize, columns: usize, rows: &mut [W]) {
    let (even_sums, odd_sums) =
        (bytemuck::cast_slice::<Line, W>(even_sums), bytemuck::cast_slice::<Line, W>(odd_sums));
    let width = lines * W::LANES;
    let sums = even_sums.chunks_exact(width).zip(odd_sums.chunks_exact(width));
    for (pair, (even_sums, odd_sums)) in rows.chunks_mut(4 * columns).zip(sums) {
        let (even_row, odd_row) = pair.split_at_mut(2 * columns);
        even_row.copy_from_slice(&even_sums[..2 * columns]);
        let len = odd_row.len();
        odd_row.copy_from_slice(&odd_sums[..len]);
    }
}
