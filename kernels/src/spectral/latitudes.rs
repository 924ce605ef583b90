//! Legendre functions of some or all wavenumbers at all latitudes of a transform.

use rayon::prelude::*;

use super::Truncation;
use super::lanes::BLOCK;
use super::prefetch::{prefetch, prefetch_share};
use super::recurrence::Recurrence;
use super::ring_factor::sines_and_cosines;
use super::start::LatitudeBlock;
use crate::grid::{Grid, Ring};

/// What the Legendre sums of a list of wavenumbers need, the same for every call; indices m are places in the list.
pub(super) struct Legendre {
    pub(super) recurrences: Vec<Recurrence>,
    pub(super) blocks: Vec<LatitudeBlock>,
    /// The first block with a ring that carries m and with functions that matter, by m.
    pub(super) first_block: Vec<usize>,
}

impl Legendre {
    /// At the latitudes of a grid; functions below 2^`matters` are not summed.
    pub(super) fn of_grid(grid: &Grid, truncation: Truncation, wavenumbers: &[usize], matters: i32) -> Self {
        let northern = &grid.rings()[..grid.rings().len().div_ceil(2)];
        let (sines, cosines) = sines_and_cosines(northern);
        let first_block = wavenumbers.iter().map(|&m| {
            let carries = |ring: &Ring| truncation.largest_zonal_on(ring) >= m;
            northern.iter().position(carries).unwrap_or(0) / BLOCK
        });
        Self::new(&sines, &cosines, wavenumbers, truncation.total(), matters, first_block.collect())
    }

    /// At the given northern latitudes and their mirror images.
    pub(super) fn new(
        sines: &[f64],
        cosines: &[f64],
        wavenumbers: &[usize],
        total: usize,
        matters: i32,
        mut first_block: Vec<usize>,
    ) -> Self {
        let recurrences: Vec<_> = wavenumbers.par_iter().map(|&m| Recurrence::new(m, total + 1)).collect();
        let blocks: Vec<_> = sines
            .par_chunks(BLOCK)
            .zip(cosines.par_chunks(BLOCK))
            .map(|(sines, cosines)| {
                LatitudeBlock::new(sines, cosines, wavenumbers, &recurrences, total + 1, matters)
            })
            .collect();
        for (m, first) in first_block.iter_mut().enumerate() {
            while *first < blocks.len() && blocks[*first].start(m).is_none() {
                *first += 1;
            }
        }
        Self { recurrences, blocks, first_block }
    }

    #[inline(always)]
    pub(super) fn factors(&self, block: &LatitudeBlock, m: usize) -> &[[f64; 2]] {
        self.recurrences[m].factors(block.polar)
    }

    /// Asks for what a block needs of the wavenumber behind m, and for one of so many shares of what all of them do.
    #[inline(always)]
    pub(super) fn prefetch_next(&self, m: usize, block: usize, [share, shares]: [usize; 2]) {
        if let Some(start) = self.blocks[block].start(m + 1) {
            prefetch(start.previous);
            prefetch(start.current);
        }
        if let Some(next) = self.recurrences.get(m + 1) {
            prefetch_share(&next.amplitudes, share, shares);
            prefetch_share(&next.equatorial, share, shares);
            prefetch_share(&next.polar, share, shares);
        }
    }
}
