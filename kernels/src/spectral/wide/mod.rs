//! Legendre sums of many columns at once: functions are made once per wavenumber and block, then applied to all columns.
//!
//! A panel holds P̄_nm of [`STEPS`] steps of the recurrence, two degrees each, at the latitudes of one block: it stays in
//! the first cache while register-blocked products apply it to a few columns after another. North and south of the equator
//! follow from even and odd n − m, G(±μ) = E ± O.

mod analysis;
mod panel;
mod synthesis;

pub(super) use self::analysis::{Analysis, Gather};
use self::panel::{Panel, STEPS};
pub(super) use self::synthesis::Synthesis;
use super::coefficients::GROUP;
use super::lanes::{BLOCK, Lane, Line};
use super::recurrence::steps;

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
        let sums = (2 * columns * W::BLOCK_LINES).max(steps * lines_of_columns);
        Self {
            panel: Panel::new::<W>(),
            sums: both(sums),
            values: both(GROUP * blocks * BLOCK * lines_of_columns),
        }
    }
}
