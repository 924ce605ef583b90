//! The loop over all indices on the CPU: rayon over chunks, SIMD chosen at run time inside each.
//!
//! The generated `launch` functions of kernels call [`run_packs`] and [`run_points`], those of scans [`scan_packs`] and
//! [`scan_points`]. Each value depends on its own index alone, in a scan on its own column alone, so that neither the
//! number of threads nor the split into packs shows in the results.

mod columns;
mod outputs;
mod scan;

use std::ops::Range;

use pulp::Arch;

pub use columns::{ColumnOutputs, Columns};
pub use outputs::Outputs;
pub use scan::{scan_packs, scan_points};

/// Lanes of the packs that kernels are computed in.
pub const LANES: usize = 16;

/// Lanes of the packs of kernels whose outputs take four bytes each: the same bytes as [`LANES`] of f64, so that bounds
/// checks and addresses are paid for as seldom.
pub const WIDE_LANES: usize = 32;

/// No chunk below this number of points is split: starting a task costs about as much as computing it.
const SMALLEST_CHUNK: usize = 4096;

/// Computes the values at all indices below `extent`, one by one.
#[inline(always)]
pub fn run_points<O: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    outputs: O,
    point: impl Fn([u32; INDICES]) -> O::Point + Sync + Copy,
) {
    run(extent, outputs, &Points(point));
}

/// Computes the values at all indices below `extent`, [`WIDE_LANES`] or [`LANES`] of the last index at a time.
#[inline(always)]
pub fn run_packs<O: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    outputs: O,
    point: impl Fn([u32; INDICES]) -> O::Point + Sync + Copy,
    packs: impl Fn([u32; INDICES]) -> O::Packs + Sync + Copy,
    wide_packs: impl Fn([u32; INDICES]) -> O::WidePacks + Sync + Copy,
) {
    run(extent, outputs, &Packs(point, packs, wide_packs));
}

/// What computes a part of a row, that is of the values of the last index at fixed others.
trait Row<O: Outputs, const INDICES: usize>: Sync + Copy {
    /// Writes the values at the last indices `columns` to `outputs`, which begin at `offset`.
    fn compute(&self, indices: [u32; INDICES], columns: Range<u32>, outputs: &mut O, offset: usize);
}

#[derive(Clone, Copy)]
struct Points<F>(F);

impl<O: Outputs, F: Fn([u32; INDICES]) -> O::Point + Sync + Copy, const INDICES: usize> Row<O, INDICES>
    for Points<F>
{
    #[inline(always)]
    fn compute(&self, mut indices: [u32; INDICES], columns: Range<u32>, outputs: &mut O, offset: usize) {
        let first = columns.start;
        for column in columns {
            indices[INDICES - 1] = column;
            outputs.store(offset + (column - first) as usize, (self.0)(indices));
        }
    }
}

#[derive(Clone, Copy)]
struct Packs<F, P, W>(F, P, W);

impl<O, F, P, W, const INDICES: usize> Row<O, INDICES> for Packs<F, P, W>
where
    O: Outputs,
    F: Fn([u32; INDICES]) -> O::Point + Sync + Copy,
    P: Fn([u32; INDICES]) -> O::Packs + Sync + Copy,
    W: Fn([u32; INDICES]) -> O::WidePacks + Sync + Copy,
{
    #[inline(always)]
    fn compute(&self, mut indices: [u32; INDICES], columns: Range<u32>, outputs: &mut O, offset: usize) {
        let first = columns.start;
        let count = columns.end - first;
        if O::NARROW && count >= WIDE_LANES as u32 {
            for column in starts(count, WIDE_LANES as u32) {
                indices[INDICES - 1] = first + column;
                outputs.store_wide_packs(offset + column as usize, (self.2)(indices));
            }
        } else if count >= LANES as u32 {
            for column in starts(count, LANES as u32) {
                indices[INDICES - 1] = first + column;
                outputs.store_packs(offset + column as usize, (self.1)(indices));
            }
        } else {
            for column in columns {
                indices[INDICES - 1] = column;
                outputs.store(offset + (column - first) as usize, (self.0)(indices));
            }
        }
    }
}

/// Where packs begin in a row of `count`; the last one overlaps the one before where the row is no multiple of the lanes.
///
/// The minimum is taken in the loop on purpose: over plain multiples, LLVM vectorises across packs, with shuffles that
/// cost six times the kernel (pointwise f64, measured); lanes are what is to be vectorised.
#[inline(always)]
fn starts(count: u32, lanes: u32) -> impl Iterator<Item = u32> {
    (0..count.div_ceil(lanes)).map(move |pack| (pack * lanes).min(count - lanes))
}

fn run<O: Outputs, const INDICES: usize>(extent: [u32; INDICES], outputs: O, row: &impl Row<O, INDICES>) {
    let points = outputs.points();
    if points == 0 {
        return;
    }
    let threads = rayon::current_num_threads();
    let chunk = if threads == 1 { points } else { (points / (8 * threads)).max(SMALLEST_CHUNK) };
    split(extent, 0, outputs, chunk, row);
}

/// Halves the points until chunks are small enough, at whole rows where rows are short.
fn split<O: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    start: usize,
    outputs: O,
    chunk: usize,
    row: &impl Row<O, INDICES>,
) {
    let count = outputs.points();
    if count <= chunk {
        let arch = Arch::new();
        return arch.dispatch(
            #[inline(always)]
            || compute(extent, start, outputs, *row),
        );
    }
    let columns = extent[INDICES - 1] as usize;
    let unit = if columns <= chunk { columns } else { LANES };
    let half = (start + count / 2).div_ceil(unit) * unit - start;
    if half == 0 || half >= count {
        return split(extent, start, outputs, count, row);
    }
    let (left, right) = outputs.split_at(half);
    rayon::join(|| split(extent, start, left, chunk, row), || split(extent, start + half, right, chunk, row));
}

/// Computes the points from `start` on, counted over all indices, until `outputs` is full.
#[inline(always)]
fn compute<O: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    start: usize,
    mut outputs: O,
    row: impl Row<O, INDICES>,
) {
    let columns = extent[INDICES - 1] as usize;
    let mut indices = indices_of(extent, start);
    let count = outputs.points();
    let mut offset = 0;
    while offset < count {
        let first = indices[INDICES - 1] as usize;
        let end = columns.min(first + count - offset);
        row.compute(indices, first as u32..end as u32, &mut outputs, offset);
        offset += end - first;
        next_row(extent, &mut indices);
    }
}

/// The indices of a point counted over all indices.
#[inline(always)]
fn indices_of<const INDICES: usize>(extent: [u32; INDICES], point: usize) -> [u32; INDICES] {
    let mut indices = [0; INDICES];
    let mut rest = point;
    for position in (0..INDICES).rev() {
        indices[position] = (rest % extent[position] as usize) as u32;
        rest /= extent[position] as usize;
    }
    indices
}

/// To the beginning of the next row.
#[inline(always)]
fn next_row<const INDICES: usize>(extent: [u32; INDICES], indices: &mut [u32; INDICES]) {
    indices[INDICES - 1] = 0;
    for position in (0..INDICES - 1).rev() {
        indices[position] += 1;
        if indices[position] < extent[position] {
            break;
        }
        indices[position] = 0;
    }
}
