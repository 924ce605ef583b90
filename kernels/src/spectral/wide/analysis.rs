//! From Fourier coefficients to rows of spectra.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::coefficients::Source;
use super::super::lanes::{BLOCK, Lane, Line, get, per_line, put, take, vectors, vectors_mut};
use super::super::latitudes::Legendre;
use super::super::prefetch::prefetch_far;
use super::super::transpose::transpose;
use super::panel::STEPS;
use super::{Workspace, sines};

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
        let Workspace { values, sine, .. } = workspace;
        let blocks = legendre.blocks.len();
        for (index, block) in legendre.blocks.iter().enumerate() {
            let sine = sines::<S, W>(simd, block, sine);
            for within in 0..W::BLOCK_LINES {
                let line = index * W::BLOCK_LINES + within;
                let sine = &sine[within * per_line::<S, W>()..][..per_line::<S, W>()];
                for m in wavenumbers.clone().filter(|&m| index >= legendre.first_block[m]) {
                    if line + 1 < blocks * W::BLOCK_LINES {
                        // What the next line needs, bit by bit.
                        let (wave, count) = (m - wavenumbers.start, wavenumbers.len());
                        for column in wave * columns / count..(wave + 1) * columns / count {
                            for m in wavenumbers.clone() {
                                prefetch_far(source.of(m, column, line + 1));
                            }
                        }
                    }
                    let target = (m - wavenumbers.start) * blocks * BLOCK + line * W::LANES;
                    let from = [m, line];
                    match W::LANES {
                        8 => gather::<S, W, 8>(simd, source, from, columns, sine, target, values),
                        _ => gather::<S, W, 16>(simd, source, from, columns, sine, target, values),
                    }
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
    sine: &[W::Vector<S>],
    target: usize,
    values: &mut [Line],
) {
    let lines = (2 * columns).div_ceil(W::LANES);
    let values = &mut values[target * 2 * lines..(target + W::LANES) * 2 * lines];
    for line in 0..lines {
        let mut tiles = [[Line::default(); N]; 2];
        let first = line * W::LANES;
        for i in 0..W::LANES.min(2 * columns - first) {
            let (part, column) = if first + i < columns { (0, first + i) } else { (1, first + i - columns) };
            let source = source.of(m, column, pair_line);
            for vector in 0..per_line::<S, W>() {
                let north = get::<S, W>(&source[part], vector);
                let south = get::<S, W>(&source[2 + part], vector);
                let difference = W::difference(simd, north, south);
                put::<S, W>(&mut tiles[0][i], vector, W::sum(simd, north, south));
                put::<S, W>(&mut tiles[1][i], vector, W::product(simd, difference, sine[vector]));
            }
        }
        for (parity, tile) in tiles.iter_mut().enumerate() {
            transpose::<S, W, N>(simd, tile);
            for (latitude, value) in tile.iter().enumerate() {
                values[(2 * latitude + parity) * lines + line] = *value;
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
        let Workspace { panel, sums, values, .. } = workspace;
        let recurrence = &legendre.recurrences[m];
        let count = (rows.len() / (2 * columns)).div_ceil(2);
        // Of even degrees, then of odd ones.
        let lines = 2 * (2 * columns).div_ceil(W::LANES);
        let sums = &mut sums[..(count + STEPS) * lines];
        sums.fill(Line::default());
        let blocks = legendre.blocks.len();
        for index in (legendre.first_block[m]..blocks).rev() {
            let block = &legendre.blocks[index];
            let Some(start) = block.start(m).filter(|start| start.step < count) else { continue };
            let mut march = [*start.previous, *start.current];
            let latitudes = (wave * blocks + index) * BLOCK;
            let values = &values[latitudes * lines..(latitudes + BLOCK) * lines];
            for first in (start.step..count).step_by(STEPS) {
                let behind = count.min(first + STEPS);
                panel.make::<S, W>(simd, block, recurrence, first..behind, &mut march);
                let panels = [panel.even::<W>(), panel.odd()];
                let sums = &mut sums[first * lines..(first + STEPS) * lines];
                add_projections::<S, W>(simd, panels, behind - first, values, lines, sums);
            }
        }
        let width = lines / 2 * W::LANES;
        recurrence.to_all_rows(bytemuck::cast_slice(sums), width, columns, rows);
    }
}

/// sums[k][column] += Σ_latitude panel[k][latitude] values[latitude][column] for `steps` steps, or some more.
///
/// The panels are those of even and of odd degrees, to which the first and the other half of the `lines` lines of columns belong.
#[inline(always)]
fn add_projections<S: Simd, W: Lane>(
    simd: S,
    panels: [&[Line]; 2],
    steps: usize,
    values: &[Line],
    lines: usize,
    sums: &mut [Line],
) {
    let width = lines * per_line::<S, W>();
    let panels = panels.map(|panel| bytemuck::cast_slice::<Line, W>(panel));
    let values = &vectors::<S, W>(values)[..BLOCK * width];
    let sums = vectors_mut::<S, W>(sums);
    let mut first = 0;
    while first < width {
        // A few columns of even degrees may stand beside some of odd ones if both take the same.
        let panel = panels[usize::from(2 * first >= width)];
        let behind = if W::SUMS_STEPS || 2 * first >= width { width } else { width / 2 };
        // Sums that stay in registers: of 32 with 512 bits, else of 16.
        if S::F64_LANES < 8 {
            for step in (0..steps).step_by(6) {
                add_block_projections::<S, W, 6, 2>(simd, panel, step, values, width, first, sums);
            }
            first += 2;
        } else if first + 4 <= behind {
            for step in (0..steps).step_by(4) {
                add_block_projections::<S, W, 4, 4>(simd, panel, step, values, width, first, sums);
            }
            first += 4;
        } else if first + 2 <= behind {
            for step in (0..steps).step_by(8) {
                add_block_projections::<S, W, 8, 2>(simd, panel, step, values, width, first, sums);
            }
            first += 2;
        } else {
            for step in (0..steps).step_by(8) {
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
    const { assert!(STEPS.is_multiple_of(TAKEN)) };
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
