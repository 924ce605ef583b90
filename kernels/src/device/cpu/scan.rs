//! The loop over all indices of a scan: rayon over chunks of columns, levels in order inside each.
//!
//! A *level* is a value of the first index, a *column* one of all the others together. What a column carries lies in
//! the carried outputs, so that nothing is allocated: they are read and replaced at each level.

use std::ops::Range;

use pulp::Arch;

use super::columns::{ColumnOutputs, columns_of};
use super::{LANES, Outputs, SMALLEST_CHUNK, WIDE_LANES, indices_of, next_row, starts};

/// No chunk below this number of columns is split once each thread has one.
///
/// Memory is fastest where each level is a long piece: pieces of 1,024 columns that keep what they carry in the nearest
/// cache take up to twice as long (cumulative sum on 26 levels of 32,768 and 40,320 points, f64, measured), of 16,384
/// a tenth longer.
const LONG_CHUNK: usize = 16384;

/// Computes the values at all indices below `extent`, one by one.
///
/// The first index runs from 0 on, or downwards from the last one where `up`; what the function returns second is what
/// it gets at the next one. At the first, that is zero.
#[inline(always)]
pub fn scan_points<O: ColumnOutputs, C: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    up: bool,
    outputs: O,
    carried: C,
    point: impl Fn([u32; INDICES], C::Point) -> (O::Point, C::Point) + Sync + Copy,
) {
    scan(extent, up, outputs, carried, &Points(point));
}

/// [`scan_points`] with [`WIDE_LANES`] or [`LANES`] columns at a time.
#[inline(always)]
pub fn scan_packs<O: ColumnOutputs, C: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    up: bool,
    outputs: O,
    carried: C,
    point: impl Fn([u32; INDICES], C::Point) -> (O::Point, C::Point) + Sync + Copy,
    packs: impl Fn([u32; INDICES], C::Packs) -> (O::Packs, C::Packs) + Sync + Copy,
    wide_packs: impl Fn([u32; INDICES], C::WidePacks) -> (O::WidePacks, C::WidePacks) + Sync + Copy,
) {
    scan(extent, up, outputs, carried, &Packs(point, packs, wide_packs));
}

/// What computes a part of a row at one level.
trait Row<O: ColumnOutputs, C: Outputs, const INDICES: usize>: Sync + Copy {
    /// Advances the columns from `offset` on, whose last indices are `columns`, by one level.
    fn advance(
        &self,
        indices: [u32; INDICES],
        columns: Range<u32>,
        outputs: &mut O,
        carried: &mut C,
        offset: usize,
    );
}

#[derive(Clone, Copy)]
struct Points<F>(F);

impl<O, C, F, const INDICES: usize> Row<O, C, INDICES> for Points<F>
where
    O: ColumnOutputs,
    C: Outputs,
    F: Fn([u32; INDICES], C::Point) -> (O::Point, C::Point) + Sync + Copy,
{
    #[inline(always)]
    fn advance(
        &self,
        mut indices: [u32; INDICES],
        columns: Range<u32>,
        outputs: &mut O,
        carried: &mut C,
        offset: usize,
    ) {
        let first = columns.start;
        for column in columns {
            indices[INDICES - 1] = column;
            let at = offset + (column - first) as usize;
            let (values, handed_on) = (self.0)(indices, carried.load(at));
            outputs.store(indices[0] as usize, at, values);
            carried.store(at, handed_on);
        }
    }
}

#[derive(Clone, Copy)]
struct Packs<F, P, W>(F, P, W);

impl<O, C, F, P, W, const INDICES: usize> Row<O, C, INDICES> for Packs<F, P, W>
where
    O: ColumnOutputs,
    C: Outputs,
    F: Fn([u32; INDICES], C::Point) -> (O::Point, C::Point) + Sync + Copy,
    P: Fn([u32; INDICES], C::Packs) -> (O::Packs, C::Packs) + Sync + Copy,
    W: Fn([u32; INDICES], C::WidePacks) -> (O::WidePacks, C::WidePacks) + Sync + Copy,
{
    #[inline(always)]
    fn advance(
        &self,
        mut indices: [u32; INDICES],
        columns: Range<u32>,
        outputs: &mut O,
        carried: &mut C,
        offset: usize,
    ) {
        let first = columns.start;
        let count = columns.end - first;
        let level = indices[0] as usize;
        // The last pack may overlap the one before, which replaces what both were handed: it is kept from before.
        if O::NARROW && C::NARROW && count >= WIDE_LANES as u32 {
            let last = count - WIDE_LANES as u32;
            let last_handed = carried.load_wide_packs(offset + last as usize);
            for column in starts(count, WIDE_LANES as u32) {
                indices[INDICES - 1] = first + column;
                let at = offset + column as usize;
                let handed = if column == last { last_handed } else { carried.load_wide_packs(at) };
                let (values, handed_on) = (self.2)(indices, handed);
                outputs.store_wide_packs(level, at, values);
                carried.store_wide_packs(at, handed_on);
            }
        } else if count >= LANES as u32 {
            let last = count - LANES as u32;
            let last_handed = carried.load_packs(offset + last as usize);
            for column in starts(count, LANES as u32) {
                indices[INDICES - 1] = first + column;
                let at = offset + column as usize;
                let handed = if column == last { last_handed } else { carried.load_packs(at) };
                let (values, handed_on) = (self.1)(indices, handed);
                outputs.store_packs(level, at, values);
                carried.store_packs(at, handed_on);
            }
        } else {
            for column in columns {
                indices[INDICES - 1] = column;
                let at = offset + (column - first) as usize;
                let (values, handed_on) = (self.0)(indices, carried.load(at));
                outputs.store(level, at, values);
                carried.store(at, handed_on);
            }
        }
    }
}

fn scan<O: ColumnOutputs, C: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    up: bool,
    outputs: O,
    mut carried: C,
    row: &impl Row<O, C, INDICES>,
) {
    let columns = carried.points();
    assert_eq!(columns, columns_of(extent), "a carried output of extent {extent:?}");
    if columns == 0 || extent[0] == 0 {
        return carried.clear(0..columns);
    }
    let threads = rayon::current_num_threads();
    let smallest = (SMALLEST_CHUNK / extent[0] as usize).max(WIDE_LANES);
    let long = LONG_CHUNK.min(columns.div_ceil(threads).next_multiple_of(WIDE_LANES));
    let chunk = if threads == 1 { columns } else { (columns / (8 * threads)).max(long).max(smallest) };
    split(extent, up, 0, outputs, carried, chunk, row);
}

/// Halves the columns until chunks are small enough.
fn split<O: ColumnOutputs, C: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    up: bool,
    start: usize,
    outputs: O,
    carried: C,
    chunk: usize,
    row: &impl Row<O, C, INDICES>,
) {
    let count = carried.points();
    let half = (count / 2).next_multiple_of(WIDE_LANES);
    if count <= chunk || half >= count {
        let arch = Arch::new();
        return arch.dispatch(
            #[inline(always)]
            || compute(extent, up, start, outputs, carried, *row),
        );
    }
    let (left, right) = outputs.split_at(half);
    let (carried_left, carried_right) = carried.split_at(half);
    rayon::join(
        || split(extent, up, start, left, carried_left, chunk, row),
        || split(extent, up, start + half, right, carried_right, chunk, row),
    );
}

/// Computes the columns from `start` on, counted over all indices but the first.
#[inline(always)]
fn compute<O: ColumnOutputs, C: Outputs, const INDICES: usize>(
    extent: [u32; INDICES],
    up: bool,
    start: usize,
    mut outputs: O,
    mut carried: C,
    row: impl Row<O, C, INDICES>,
) {
    let columns = extent[INDICES - 1] as usize;
    let (levels, count) = (extent[0], carried.points());
    carried.clear(0..count);
    let mut first_row = indices_of(extent, start);
    for passed in 0..levels {
        first_row[0] = if up { levels - 1 - passed } else { passed };
        let (mut indices, mut offset) = (first_row, 0);
        while offset < count {
            let first = indices[INDICES - 1] as usize;
            let last = columns.min(first + count - offset);
            row.advance(indices, first as u32..last as u32, &mut outputs, &mut carried, offset);
            offset += last - first;
            next_row(extent, &mut indices);
        }
    }
}
