//! Legendre functions of all wavenumbers at all latitudes of a transform.

use rayon::prelude::*;

use super::fourier::POLE_COSINE;
use super::lanes::BLOCK;
use super::recurrence::Recurrence;
use super::start::LatitudeBlock;
use crate::grid::Grid;

/// What the Legendre sums need, the same for every call.
pub(super) struct Legendre {
    pub(super) recurrences: Vec<Recurrence>,
    pub(super) blocks: Vec<LatitudeBlock>,
    /// The first block with a ring that carries m and with functions that matter, by m.
    pub(super) first_block: Vec<usize>,
}

impl Legendre {
    /// At the latitudes of a grid; `wavenumbers(ring)` is how many a ring carries, and functions below 2^`matters` are not
    /// summed.
    pub(super) fn of_grid(
        grid: &Grid,
        total: usize,
        matters: i32,
        wavenumbers: impl Fn(usize) -> usize,
    ) -> Self {
        let northern = &grid.rings()[..grid.rings().len().div_ceil(2)];
        let sines: Vec<f64> = northern.iter().map(|ring| ring.sine_latitude).collect();
        let cosines: Vec<f64> = northern
            .iter()
            .map(|ring| if ring.cosine_latitude == 0.0 { POLE_COSINE } else { ring.cosine_latitude })
            .collect();
        let first_block = (0..=total).map(|m| {
            let ring = (0..northern.len()).find(|&ring| wavenumbers(ring) > m).unwrap_or(0);
            ring / BLOCK
        });
        Self::new(&sines, &cosines, total, matters, first_block.collect())
    }

    /// At the given northern latitudes and their mirror images.
    pub(super) fn new(
        sines: &[f64],
        cosines: &[f64],
        total: usize,
        matters: i32,
        mut first_block: Vec<usize>,
    ) -> Self {
        let recurrences: Vec<_> =
            (0..=total).into_par_iter().map(|m| Recurrence::new(m, total + 1)).collect();
        let blocks: Vec<_> = sines
            .par_chunks(BLOCK)
            .zip(cosines.par_chunks(BLOCK))
            .map(|(sines, cosines)| LatitudeBlock::new(sines, cosines, &recurrences, total + 1, matters))
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
        if block.polar { &self.recurrences[m].polar } else { &self.recurrences[m].equatorial }
    }
}
