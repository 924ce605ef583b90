//! Legendre sums of many columns at once: functions are made once per wavenumber and block, then applied to all columns.
//!
//! A panel holds P̄_nm of [`STEPS`] steps of the recurrence, two degrees each, at the latitudes of one block: it stays in
//! the first cache while register-blocked products apply it to a few columns after another. North and south of the equator
//! follow from even and odd n − m, G(±μ) = E ± O.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::coefficients::{GROUP, PARTS, Places, Source};
use super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, get, per_line, put, take, vectors, vectors_mut};
use super::latitudes::Legendre;
use super::recurrence::{Recurrence, steps};
use super::start::{LatitudeBlock, Start};
use super::transpose::transpose;

/// Steps of a panel.
const STEPS: usize = 32;

/// Legendre functions of even and of odd n − m, [step][latitude of the block] in the precision of the sums.
struct Panel {
    even: Vec<Line>,
    odd: Vec<Line>,
    /// q_{k−1} and q_k at the next step.
    march: [[Line; BLOCK_LINES]; 2],
    /// α_{k−1} ε_{m+2k}, with which q_{k−1} enters the function of degree m+2k.
    second: f64,
}

/// What one thread needs.
pub(super) struct Workspace {
    panel: Panel,
    /// Synthesis: sums of even and of odd degrees, [column][line of the block]. Analysis: [step][line of columns].
    sums: [Vec<Line>; 2],
    /// Analysis: sums and differences of north and south, [wavenumber][latitude][line of columns].
    values: [Vec<Line>; 2],
}

impl Workspace {
    /// For degrees up to `last`, `columns` columns and `blocks` blocks of latitudes.
    pub(super) fn new<W: Lane>(last: usize, columns: usize, blocks: usize) -> Self {
        let lines = |count: usize| vec![Line::default(); count];
        let both = |count: usize| [lines(count), lines(count)];
        let lines_of_columns = (2 * columns).div_ceil(W::LANES);
        // A panel may begin at any step.
        let steps = steps(0, last) + STEPS;
        let panel = Panel {
            even: lines(STEPS * W::BLOCK_LINES),
            odd: lines(STEPS * W::BLOCK_LINES),
            march: Default::default(),
            second: 0.0,
        };
        let sums = (2 * columns * W::BLOCK_LINES).max(steps * lines_of_columns);
        Self { panel, sums: both(sums), values: both(GROUP * blocks * BLOCK * lines_of_columns) }
    }
}

impl Panel {
    fn begin(&mut self, start: &Start<'_>, recurrence: &Recurrence) {
        self.march = [*start.previous, *start.current];
        self.second = if start.step == 0 { 0.0 } else { recurrence.amplitudes[start.step - 1][1] };
    }

    /// The functions of the next steps, at most [`STEPS`]; the rest of the panel is 0.
    #[inline(always)]
    fn next<S: Simd, W: Lane>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        amplitudes: &[[f64; 3]],
    ) {
        match S::F64_LANES {
            8 => self.next_by::<S, W, 2>(simd, block, factors, amplitudes),
            _ => self.next_by::<S, W, 4>(simd, block, factors, amplitudes),
        }
    }

    #[inline(always)]
    fn next_by<S: Simd, W: Lane, const WIDTH: usize>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        amplitudes: &[[f64; 3]],
    ) {
        let count = factors.len();
        let argument = vectors::<S, f64>(&block.argument);
        let sine = vectors::<S, f64>(&block.sine);
        let [previous, current] = &mut self.march;
        let mut last_second = self.second;
        let (previous, current) = (vectors_mut::<S, f64>(previous), vectors_mut::<S, f64>(current));
        for first in (0..BLOCK / S::F64_LANES).step_by(WIDTH) {
            let y = take::<S::f64s, WIDTH>(argument, first);
            let mu = take::<S::f64s, WIDTH>(sine, first);
            let mut before = take::<S::f64s, WIDTH>(previous, first);
            let mut now = take::<S::f64s, WIDTH>(current, first);
            let even = self.even.chunks_exact_mut(W::BLOCK_LINES);
            let odd = self.odd.chunks_exact_mut(W::BLOCK_LINES);
            let mut below = simd.splat_f64s(self.second);
            for (((&[a, b], amplitudes), even), odd) in factors.iter().zip(amplitudes).zip(even).zip(odd) {
                let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
                let [above, second, alpha] = *amplitudes;
                let (above, alpha) = (simd.splat_f64s(above), simd.splat_f64s(alpha));
                for i in 0..WIDTH {
                    let at = (first + i) * S::F64_LANES;
                    let even_function = simd.mul_add_e_f64s(above, now[i], simd.mul_f64s(below, before[i]));
                    let odd_function = simd.mul_f64s(mu[i], simd.mul_f64s(alpha, now[i]));
                    W::store::<S>(simd, even, at, even_function);
                    W::store::<S>(simd, odd, at, odd_function);
                    let next = simd.mul_add_e_f64s(
                        simd.mul_add_e_f64s(a, y[i], b),
                        now[i],
                        simd.neg_f64s(before[i]),
                    );
                    before[i] = now[i];
                    now[i] = next;
                }
                below = simd.splat_f64s(second);
                last_second = second;
            }
            previous[first..first + WIDTH].copy_from_slice(&before);
            current[first..first + WIDTH].copy_from_slice(&now);
        }
        self.second = last_second;
        self.even[count * W::BLOCK_LINES..].fill(Line::default());
        self.odd[count * W::BLOCK_LINES..].fill(Line::default());
    }
}

/// Fourier coefficients of all columns of one wavenumber.
pub(super) struct Synthesis<'a, W> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// [n − m][2][columns].
    pub(super) rows: &'a [W],
    pub(super) columns: usize,
    pub(super) workspace: &'a mut Workspace,
    /// In `output`.
    pub(super) places: Places,
    pub(super) output: &'a mut [Line],
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

/// Sums and differences of north and south of some wavenumbers, kept in the workspace with columns fastest.
///
/// The coefficients of a group of wavenumbers stand side by side: each is read from memory once.
pub(super) struct Gather<'a, W> {
    pub(super) legendre: &'a Legendre,
    /// As many as [`GROUP`].
    pub(super) wavenumbers: Range<usize>,
    pub(super) source: Source<'a>,
    pub(super) columns: usize,
    pub(super) workspace: &'a mut Workspace,
    pub(super) precision: PhantomData<W>,
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
pub(super) struct Analysis<'a, W> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// Which of the gathered wavenumbers m is.
    pub(super) wave: usize,
    pub(super) workspace: &'a mut Workspace,
    /// [n − m][2][columns].
    pub(super) rows: &'a mut [W],
    pub(super) columns: usize,
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
