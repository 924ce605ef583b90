//! Legendre sums of many columns at once: functions are made once per wavenumber and block, then applied to all columns.
//!
//! A panel holds P̄_nm/A of [`STEPS`] steps of the recurrence, two degrees each, at the latitudes of one block: it stays in
//! the first cache while register-blocked products apply it to one tile of columns after another. With
//! P̄_{m+2k} = A_k (q_k + r_k q_{k−1}) and P̄_{m+2k+1} = α_k μ q_k the panels are q_k + r_k q_{k−1} and μ q_k; A_k and α_k go to
//! the coefficients. North and south of the equator follow from even and odd degrees, G(±μ) = E ± O.

use pulp::{Simd, WithSimd};

use super::coefficients::PARTS;
use super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, per_line, take, vectors, vectors_mut};
use super::latitudes::Legendre;
use super::recurrence::{Recurrence, steps};
use super::start::{LatitudeBlock, Start};

/// Steps of a panel.
const STEPS: usize = 32;

/// Legendre functions of even and of odd n − m, [step][latitude of the block] in the precision of the sums.
struct Panel {
    even: Vec<Line>,
    odd: Vec<Line>,
    /// q_{k−1} and q_k at the next step.
    march: [[Line; BLOCK_LINES]; 2],
}

/// What one thread needs.
pub(super) struct Workspace {
    panel: Panel,
    /// Synthesis: coefficients of even and of odd degrees, [tile of columns][step].
    tiles: [Vec<Line>; 2],
    /// Synthesis: sums of even and of odd degrees, [column][line of the block]. Analysis: [step][line of columns].
    sums: [Vec<Line>; 2],
    /// Analysis: sums and differences of north and south, [latitude of the block][line of columns].
    values: [Vec<Line>; 2],
}

impl Workspace {
    /// For degrees up to `last` and `columns` columns.
    pub(super) fn new<W: Lane>(last: usize, columns: usize) -> Self {
        let lines = |count: usize| vec![Line::default(); count];
        let both = |count: usize| [lines(count), lines(count)];
        let tiles = (2 * columns).div_ceil(W::LANES);
        // A panel may begin at any step.
        let steps = steps(0, last) + STEPS;
        let panel = Panel {
            even: lines(STEPS * W::BLOCK_LINES),
            odd: lines(STEPS * W::BLOCK_LINES),
            march: Default::default(),
        };
        let sums = (tiles * W::LANES * W::BLOCK_LINES).max(steps * tiles);
        Self { panel, tiles: both(tiles * steps), sums: both(sums), values: both(BLOCK * tiles) }
    }
}

impl Panel {
    fn begin(&mut self, start: &Start<'_>) {
        self.march = [*start.previous, *start.current];
    }

    /// The functions of the next steps, at most [`STEPS`]; the rest of the panel is 0.
    #[inline(always)]
    fn next<S: Simd, W: Lane>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        ratios: &[f64],
    ) {
        match S::F64_LANES {
            8 => self.next_by::<S, W, 2>(simd, block, factors, ratios),
            _ => self.next_by::<S, W, 4>(simd, block, factors, ratios),
        }
    }

    #[inline(always)]
    fn next_by<S: Simd, W: Lane, const WIDTH: usize>(
        &mut self,
        simd: S,
        block: &LatitudeBlock,
        factors: &[[f64; 2]],
        ratios: &[f64],
    ) {
        let count = factors.len();
        let argument = vectors::<S, f64>(&block.argument);
        let sine = vectors::<S, f64>(&block.sine);
        let [previous, current] = &mut self.march;
        let (previous, current) = (vectors_mut::<S, f64>(previous), vectors_mut::<S, f64>(current));
        for first in (0..BLOCK / S::F64_LANES).step_by(WIDTH) {
            let y = take::<S::f64s, WIDTH>(argument, first);
            let mu = take::<S::f64s, WIDTH>(sine, first);
            let mut before = take::<S::f64s, WIDTH>(previous, first);
            let mut now = take::<S::f64s, WIDTH>(current, first);
            let even = self.even.chunks_exact_mut(W::BLOCK_LINES);
            let odd = self.odd.chunks_exact_mut(W::BLOCK_LINES);
            for (((&[a, b], &ratio), even), odd) in factors.iter().zip(ratios).zip(even).zip(odd) {
                let (a, b) = (simd.splat_f64s(a), simd.splat_f64s(b));
                let ratio = simd.splat_f64s(ratio);
                for i in 0..WIDTH {
                    let at = (first + i) * S::F64_LANES;
                    W::store::<S>(simd, even, at, simd.mul_add_e_f64s(ratio, before[i], now[i]));
                    W::store::<S>(simd, odd, at, simd.mul_f64s(mu[i], now[i]));
                    let next = simd.mul_add_e_f64s(
                        simd.mul_add_e_f64s(a, y[i], b),
                        now[i],
                        simd.neg_f64s(before[i]),
                    );
                    before[i] = now[i];
                    now[i] = next;
                }
            }
            previous[first..first + WIDTH].copy_from_slice(&before);
            current[first..first + WIDTH].copy_from_slice(&now);
        }
        self.even[count * W::BLOCK_LINES..].fill(Line::default());
        self.odd[count * W::BLOCK_LINES..].fill(Line::default());
    }
}

/// Fourier coefficients of all columns of one wavenumber.
pub(super) struct Synthesis<'a, W, F> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    /// [n − m][2][columns].
    pub(super) rows: &'a [W],
    pub(super) columns: usize,
    pub(super) workspace: &'a mut Workspace,
    /// First line to be written.
    pub(super) first_line: usize,
    /// Place of the coefficients of a column and line of pairs in `output`.
    pub(super) place: F,
    pub(super) output: &'a mut [Line],
}

impl<W: Lane, F: Fn(usize, usize) -> usize> WithSimd for Synthesis<'_, W, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, rows, columns, workspace, first_line, place, output } = self;
        let Workspace { panel, tiles: [even_tiles, odd_tiles], sums: [even_sums, odd_sums], .. } = workspace;
        let recurrence = &legendre.recurrences[m];
        let count = (rows.len() / (2 * columns)).div_ceil(2);
        let tiles = (2 * columns).div_ceil(W::LANES);
        pack(recurrence, m, rows, columns, count, even_tiles, odd_tiles);
        for index in first_line / W::BLOCK_LINES..legendre.blocks.len() {
            let block = &legendre.blocks[index];
            let start = block.start(m).filter(|start| start.step < count && index >= legendre.first_block[m]);
            let even_sums = &mut even_sums[..tiles * W::LANES * W::BLOCK_LINES];
            let odd_sums = &mut odd_sums[..tiles * W::LANES * W::BLOCK_LINES];
            even_sums.fill(Line::default());
            odd_sums.fill(Line::default());
            if let Some(start) = start {
                panel.begin(&start);
                let factors = &legendre.factors(block, m)[..count];
                for first in (start.step..count).step_by(STEPS) {
                    let behind = count.min(first + STEPS);
                    let ratios = &recurrence.ratios[first..behind];
                    panel.next::<S, W>(simd, block, &factors[first..behind], ratios);
                    for tile in 0..tiles {
                        let steps = tile * count + first..tile * count + behind;
                        let columns =
                            tile * W::LANES * W::BLOCK_LINES..(tile + 1) * W::LANES * W::BLOCK_LINES;
                        add_products::<S, W>(
                            simd,
                            &panel.even,
                            &even_tiles[steps.clone()],
                            &mut even_sums[columns.clone()],
                        );
                        add_products::<S, W>(simd, &panel.odd, &odd_tiles[steps], &mut odd_sums[columns]);
                    }
                }
            }
            let even_sums = vectors::<S, W>(even_sums);
            let odd_sums = vectors::<S, W>(odd_sums);
            let per_line = per_line::<S, W>();
            for column in 0..columns {
                for within in 0..W::BLOCK_LINES {
                    let place = place(column, index * W::BLOCK_LINES + within);
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

/// Coefficients times A_k or α_k, [tile of columns][step]; imaginary parts of m = 0 count as 0.
#[inline(always)]
fn pack<W: Lane>(
    recurrence: &Recurrence,
    m: usize,
    rows: &[W],
    columns: usize,
    count: usize,
    even_tiles: &mut [Line],
    odd_tiles: &mut [Line],
) {
    let used = if m == 0 { columns } else { 2 * columns };
    for (k, (pair, &[even, _, odd])) in rows.chunks(4 * columns).zip(&recurrence.amplitudes).enumerate() {
        let (even_row, odd_row) = pair.split_at(2 * columns);
        pack_row(W::of(even), &even_row[..used], count, &mut even_tiles[k..]);
        let odd_row = if odd_row.is_empty() { odd_row } else { &odd_row[..used] };
        pack_row(W::of(odd), odd_row, count, &mut odd_tiles[k..]);
    }
}

/// One row into the tiles, each `count` lines behind the one before.
#[inline(always)]
fn pack_row<W: Lane>(factor: W, row: &[W], count: usize, tiles: &mut [Line]) {
    for (tile, line) in tiles.iter_mut().step_by(count).enumerate() {
        let line: &mut [W] = line.values_mut();
        let from = row.get(tile * W::LANES..).unwrap_or_default();
        if from.len() >= W::LANES {
            for (target, &value) in line.iter_mut().zip(&from[..W::LANES]) {
                *target = factor * value;
            }
        } else {
            line.fill(W::ZERO);
            for (target, &value) in line.iter_mut().zip(from) {
                *target = factor * value;
            }
        }
    }
}

/// sums[column][latitude] += Σ_k panel[k][latitude] tile[k][column] for the columns of one tile.
#[inline(always)]
fn add_products<S: Simd, W: Lane>(simd: S, panel: &[Line], tile: &[Line], sums: &mut [Line]) {
    let per_step = W::BLOCK_LINES * per_line::<S, W>();
    match (per_step, W::LANES) {
        // 32 registers of 512 bits.
        (2, 8) if S::F64_LANES == 8 => add_block_products::<S, W, 2, 8, 2>(simd, panel, tile, 0, 0, sums),
        (1, 16) if S::F64_LANES == 8 => add_block_products::<S, W, 1, 16, 1>(simd, panel, tile, 0, 0, sums),
        (2, _) => {
            for column in (0..W::LANES).step_by(4) {
                add_block_products::<S, W, 2, 4, 2>(simd, panel, tile, 0, column, sums);
            }
        }
        (4, _) => {
            for vector in [0, 2] {
                for column in (0..W::LANES).step_by(4) {
                    add_block_products::<S, W, 2, 4, 4>(simd, panel, tile, vector, column, sums);
                }
            }
        }
        (8, _) => {
            for vector in (0..8).step_by(2) {
                for column in (0..W::LANES).step_by(4) {
                    add_block_products::<S, W, 2, 4, 8>(simd, panel, tile, vector, column, sums);
                }
            }
        }
        _ => {
            for vector in (0..16).step_by(2) {
                for column in (0..W::LANES).step_by(4) {
                    add_block_products::<S, W, 2, 4, 16>(simd, panel, tile, vector, column, sums);
                }
            }
        }
    }
}

/// The products of VECTORS of the panel's PER_STEP vectors and COLUMNS of the tile's columns, kept in registers.
#[inline(always)]
fn add_block_products<S: Simd, W: Lane, const VECTORS: usize, const COLUMNS: usize, const PER_STEP: usize>(
    simd: S,
    panel: &[Line],
    tile: &[Line],
    first_vector: usize,
    first_column: usize,
    sums: &mut [Line],
) {
    let (panel, _) = vectors::<S, W>(panel).as_chunks::<PER_STEP>();
    let (sums, _) = vectors_mut::<S, W>(sums).as_chunks_mut::<PER_STEP>();
    let sums = &mut sums[first_column..first_column + COLUMNS];
    let mut added = [[W::splat(simd, W::ZERO); VECTORS]; COLUMNS];
    for (panel, line) in panel.iter().zip(tile) {
        let values = take::<W::Vector<S>, VECTORS>(panel, first_vector);
        let coefficients = &line.values::<W>()[first_column..first_column + COLUMNS];
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

/// Coefficients of all columns of one wavenumber; `input(column, line)` yields the Fourier coefficients of a line of pairs.
pub(super) struct Analysis<'a, W, I> {
    pub(super) legendre: &'a Legendre,
    pub(super) m: usize,
    pub(super) input: I,
    pub(super) workspace: &'a mut Workspace,
    /// [n − m][2][columns].
    pub(super) rows: &'a mut [W],
    pub(super) columns: usize,
}

impl<'i, W: Lane, I: Fn(usize, usize) -> &'i [Line]> WithSimd for Analysis<'_, W, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, input, workspace, rows, columns } = self;
        let Workspace { panel, sums: [even_sums, odd_sums], values, .. } = workspace;
        let recurrence = &legendre.recurrences[m];
        let count = (rows.len() / (2 * columns)).div_ceil(2);
        let lines = (2 * columns).div_ceil(W::LANES);
        let even_sums = &mut even_sums[..(count + STEPS) * lines];
        let odd_sums = &mut odd_sums[..(count + STEPS) * lines];
        even_sums.fill(Line::default());
        odd_sums.fill(Line::default());
        for index in (legendre.first_block[m]..legendre.blocks.len()).rev() {
            let block = &legendre.blocks[index];
            let Some(start) = block.start(m).filter(|start| start.step < count) else { continue };
            for within in 0..W::BLOCK_LINES {
                gather::<S, W, _>(
                    simd,
                    within,
                    |column| input(column, index * W::BLOCK_LINES + within),
                    columns,
                    values,
                );
            }
            let [sums_of_values, differences] = &*values;
            panel.begin(&start);
            let factors = &legendre.factors(block, m)[..count];
            for first in (start.step..count).step_by(STEPS) {
                let behind = count.min(first + STEPS);
                let ratios = &recurrence.ratios[first..behind];
                panel.next::<S, W>(simd, block, &factors[first..behind], ratios);
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
        unpack(recurrence, even_sums, odd_sums, lines, columns, rows);
    }
}

/// Sums and differences of north and south, with columns fastest.
#[inline(always)]
fn gather<'i, S: Simd, W: Lane, I: Fn(usize) -> &'i [Line]>(
    simd: S,
    within: usize,
    input: I,
    columns: usize,
    values: &mut [Vec<Line>; 2],
) {
    let width = (2 * columns).next_multiple_of(W::LANES);
    let [sums, differences] = values;
    let sums =
        &mut bytemuck::cast_slice_mut::<Line, W>(sums)[within * W::LANES * width..][..W::LANES * width];
    let differences = &mut bytemuck::cast_slice_mut::<Line, W>(differences)[within * W::LANES * width..]
        [..W::LANES * width];
    for column in 0..columns {
        let line = input(column);
        for part in 0..2 {
            let mut both = [Line::default(); 2];
            for vector in 0..per_line::<S, W>() {
                let north = vectors::<S, W>(&line[part..part + 1])[vector];
                let south = vectors::<S, W>(&line[2 + part..3 + part])[vector];
                vectors_mut::<S, W>(&mut both[..1])[vector] = W::sum(simd, north, south);
                vectors_mut::<S, W>(&mut both[1..])[vector] = W::difference(simd, north, south);
            }
            let at = part * columns + column;
            let [sum, difference] = &both;
            for (lane, (&sum, &difference)) in
                sum.values::<W>().iter().zip(difference.values::<W>()).enumerate()
            {
                sums[lane * width + at] = sum;
                differences[lane * width + at] = difference;
            }
        }
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

/// The transpose of [`pack`].
#[inline(always)]
fn unpack<W: Lane>(
    recurrence: &Recurrence,
    even_sums: &[Line],
    odd_sums: &[Line],
    lines: usize,
    columns: usize,
    rows: &mut [W],
) {
    let (even_sums, odd_sums) =
        (bytemuck::cast_slice::<Line, W>(even_sums), bytemuck::cast_slice::<Line, W>(odd_sums));
    let width = lines * W::LANES;
    let sums = even_sums.chunks_exact(width).zip(odd_sums.chunks_exact(width));
    for ((pair, &[even, _, odd]), (even_sums, odd_sums)) in
        rows.chunks_mut(4 * columns).zip(&recurrence.amplitudes).zip(sums)
    {
        let (even, odd) = (W::of(even), W::of(odd));
        let (even_row, odd_row) = pair.split_at_mut(2 * columns);
        for (target, &sum) in even_row.iter_mut().zip(even_sums) {
            *target = even * sum;
        }
        for (target, &sum) in odd_row.iter_mut().zip(odd_sums) {
            *target = odd * sum;
        }
    }
}
