//! Legendre sums of many columns at once: functions are made once per wavenumber and block, then applied to all columns.
//!
//! A panel holds q_k of [`STEPS`] steps of the recurrence, two degrees each, at the latitudes of one block: it stays in the
//! first cache while register-blocked products apply it to a few columns after another, those of even and of odd n − m alike.
//! Coefficients are combined for that once per wavenumber. North and south of the equator follow, G(±μ) = E ± μ O.
//! Sums in f32 over even degrees take P̄_nm itself.

mod analysis;
mod panel;
mod synthesis;
#[cfg(test)]
mod tests;

use pulp::Simd;

pub(super) use self::analysis::{Analysis, Gather};
use self::panel::{Panel, STEPS};
pub(super) use self::synthesis::Synthesis;
use super::coefficients::GROUP;
use super::lanes::{BLOCK, BLOCK_LINES, Lane, Line, per_line, vectors};
use super::recurrence::steps;
use super::start::LatitudeBlock;

/// Most columns that a synthesis takes at a time.
const WIDEST_GROUP: usize = 16;

/// What one thread needs.
pub(super) struct Workspace {
    panel: Panel,
    /// μ of a block in the precision of the sums.
    sine: [Line; BLOCK_LINES],
    /// Synthesis: [column][line of the block]. Analysis: [step][even or odd][line of columns].
    sums: Vec<Line>,
    /// Synthesis: what q_k is multiplied with, [group of columns][step][column], and room for one step of it.
    coefficients: Vec<Line>,
    row: Vec<Line>,
    /// Analysis: sums of north and south and differences times μ, [wavenumber][latitude][even or odd][line of columns].
    values: Vec<Line>,
}

impl Workspace {
    /// For degrees up to `last`, `columns` columns and `blocks` blocks of latitudes.
    pub(super) fn new<W: Lane>(last: usize, columns: usize, blocks: usize) -> Self {
        let lines = |count: usize| vec![Line::default(); count];
        let lines_of_columns = 2 * (2 * columns).div_ceil(W::LANES);
        // Behind even and behind odd degrees a group may be filled up.
        let width = 4 * columns + 2 * WIDEST_GROUP;
        let steps = steps(0, last);
        // A panel may begin at any step.
        let sums = (width * W::BLOCK_LINES).max((steps + STEPS) * lines_of_columns);
        Self {
            panel: Panel::new::<W>(),
            sine: Default::default(),
            sums: lines(sums),
            coefficients: lines((width * steps).div_ceil(W::LANES)),
            row: lines(width.div_ceil(W::LANES)),
            values: lines(GROUP * blocks * BLOCK * lines_of_columns),
        }
    }
}

/// μ of a block in precision W, written to `room`.
#[inline(always)]
fn sines<'a, S: Simd, W: Lane>(
    simd: S,
    block: &LatitudeBlock,
    room: &'a mut [Line; BLOCK_LINES],
) -> &'a [W::Vector<S>] {
    for (vector, &sine) in vectors::<S, f64>(&block.sine).iter().enumerate() {
        W::store::<S, true>(simd, &mut room[..], vector * S::F64_LANES, sine);
    }
    &vectors::<S, W>(room)[..W::BLOCK_LINES * per_line::<S, W>()]
}
