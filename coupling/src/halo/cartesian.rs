//! Cells around a block of a plane.

use std::ops::Range;

use bytemuck::Pod;

use super::entities::Wanted;
use super::{Halo, Order};
use crate::Result;
use crate::communicator::Communicator;
use crate::decomposition::CartesianBlocks;

/// A frame of cells around a rank's block, with corners; a field is `[level][y][x]` with the frame, x fastest.
///
/// ```text
///  ┌──────────────┐ ─
///  │  frame       │ d     own cells of a block: [d, d + n_x) × [d, d + n_y)
///  │  ┌────────┐  │ ─
///  │  │ block  │  │ n_y   frame beyond the edge of a plane that is not periodic: the caller's
///  │  └────────┘  │ ─
///  │              │ d
///  └──────────────┘ ─
/// ```
///
/// The frame has the same depth d on all sides, also where a neighbour's block is thinner: cells come from whoever owns them. A rank without
/// cells has no frame.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::decomposition::CartesianBlocks;
/// use terrella_coupling::halo::CartesianHalo;
///
/// // A periodic row of four cells on two ranks.
/// let rows = Communicator::threads(2, |ranks| {
///     let blocks = CartesianBlocks::new([4, 1], 2);
///     let frame = CartesianHalo::new(&ranks, &blocks, [true, false], 1)?;
///     let [nx, _] = frame.extents();
///     let mut field = vec![-1.0; frame.halo().places()];
///     field[nx + 1..nx + 3].fill(ranks.rank() as f64);
///     frame.halo().exchange(&mut [&mut field])?;
///     Ok::<_, terrella_coupling::Error>(field[nx..2 * nx].to_vec())
/// });
/// let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(rows, [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct CartesianHalo<T: Pod> {
    halo: Halo<T>,
    depth: usize,
    extents: [usize; 2],
    own: [Range<usize>; 2],
    interior: [Range<usize>; 2],
}

impl<T: Pod> CartesianHalo<T> {
    /// A frame of `depth` cells for the blocks of as many ranks as there are; axes x and y are periodic or not.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch) where there are other blocks than ranks;
    /// [`InvalidValue`](crate::Error::InvalidValue) for blocks that differ between ranks.
    pub fn new(
        communicator: &Communicator,
        blocks: &CartesianBlocks,
        periodic: [bool; 2],
        depth: usize,
    ) -> Result<Self> {
        let [along_x, along_y] = blocks.ranks();
        crate::error::expect_len("blocks", communicator.size(), along_x * along_y)?;
        let cells = blocks.cells();
        let block = blocks.of(communicator.rank());
        let is_empty = block.iter().any(Range::is_empty);
        let frame = if is_empty { 0 } else { depth };
        let extents = [0, 1].map(|axis| if is_empty { 0 } else { block[axis].len() + 2 * frame });
        // The cell at a place of the frame, if there is one.
        let cell = |axis: usize, place: usize| {
            let count = cells[axis] as i64;
            let number = (block[axis].start + place) as i64 - frame as i64;
            let is_there = periodic[axis] || (0..count).contains(&number);
            is_there.then(|| number.rem_euclid(count) as usize)
        };
        let own = [0, 1].map(|axis| frame..extents[axis] - frame);
        let is_own = |[x, y]: [usize; 2]| own[0].contains(&x) && own[1].contains(&y);
        let mut wanted = Vec::new();
        for y in 0..extents[1] {
            for x in (0..extents[0]).filter(|&x| !is_own([x, y])) {
                if let (Some(i), Some(j)) = (cell(0, x), cell(1, y)) {
                    let (rank, number) = (blocks.owner([i, j]), (j * cells[0] + i) as u64);
                    wanted.push(Wanted { rank, number, place: (y * extents[0] + x) as u32 });
                }
            }
        }
        let place_of = |number: u64| {
            let cell = [number as usize % cells[0], number as usize / cells[0]];
            let [i, j] = [0, 1].map(|axis| {
                block[axis].contains(&cell[axis]).then(|| cell[axis] - block[axis].start + frame)
            });
            Some((j? * extents[0] + i?) as u32)
        };
        let interior = [0, 1].map(|axis| {
            // At the edge of a plane that is not periodic nothing is waited for.
            let waits = |place: Option<usize>| place.is_some_and(|place| cell(axis, place).is_some());
            let before = if waits(frame.checked_sub(1)) { depth } else { 0 };
            let after = if waits((frame > 0).then(|| own[axis].end)) { depth } else { 0 };
            let start = (own[axis].start + before).min(own[axis].end);
            start..own[axis].end.saturating_sub(after).max(start)
        });
        let places = extents[0] * extents[1];
        let halo = Halo::of_requests(communicator, Order::LevelsOutermost, places, wanted, place_of)?;
        Ok(Self { halo, depth: frame, extents, own, interior })
    }

    /// The plan.
    pub fn halo(&self) -> &Halo<T> {
        &self.halo
    }

    /// Width of the frame; 0 on a rank without cells.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Cells of a layer along x and y, with the frame.
    pub fn extents(&self) -> [usize; 2] {
        self.extents
    }

    /// Own cells along x and y, counted in the frame.
    pub fn own(&self) -> [Range<usize>; 2] {
        self.own.clone()
    }

    /// Own cells from which no cell that is waited for is within the depth, counted in the frame.
    pub fn interior(&self) -> [Range<usize>; 2] {
        self.interior.clone()
    }

    /// The other own cells: rows before and after the interior, then what is left of it and right of it. Some may be empty.
    pub fn border(&self) -> [[Range<usize>; 2]; 4] {
        let ([x, y], [inner_x, inner_y]) = (self.own(), self.interior());
        [
            [x.clone(), y.start..inner_y.start],
            [x.clone(), inner_y.end..y.end],
            [x.start..inner_x.start, inner_y.clone()],
            [inner_x.end..x.end, inner_y],
        ]
    }
}
