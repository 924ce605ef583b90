//! Waves on their way between the owners of wavenumbers and the owners of rings.
//!
//! A *run* is what goes of one wavenumber from the owner of it to the owner of some pairs, or back: the pairs on which it is sent
//! ([`TransformShares::pairs_with`](crate::spectral::TransformShares::pairs_with)), in a parcel as [column][pair][4]. A parcel has one run for each wavenumber of its owner, in ascending
//! order, so that both ends find the same place without a word; a *unit*, a pair of a run, is 4 numbers of each column.
//!
//! | table     | shape            | holds                                                                                     |
//! |-----------|------------------|-------------------------------------------------------------------------------------------|
//! | `run_of`  | [unit]           | run of each unit that is sent                                                              |
//! | `runs`    | [run][4]         | first unit, number of pairs, and where the run is in the waves: place of m, first pair     |
//! | `block_of`| [pair]           | block of pairs, which are one rank's, of each pair that is here                            |
//! | `sources` | [block][m][4]    | first unit of what comes, or first pair of what stays; first pair here; number of pairs; 1 and the place of m among what stays, or 0   |

use std::iter::repeat_n;
use std::ops::Range;

use crate::device::{Buffer, Device};
use crate::spectral::WaveSide;
use crate::spectral::shares::Share;
use crate::{Real, Result, kernel};

/// Number `place` of the 4 · columns that a unit has room for: what is there belongs to the unit's run, not to the unit.
#[kernel(indices = 2)]
pub fn parcels_from_waves<R: Real>(
    unit: u32,
    place: u32,
    columns: u32,
    pairs: u32,
    run_of: &[u32],
    runs: &[u32],
    waves: &[R],
) -> R {
    let run = 4 * run_of[unit];
    let numbers = 4 * runs[run + 1];
    let at = (unit - runs[run]) * 4 * columns + place;
    let column = at / numbers;
    waves[((runs[run + 2] * columns + column) * pairs + runs[run + 3]) * 4 + at % numbers]
}

/// One part of one wavenumber, column and pair, out of what has come or of what has stayed, `kept` [m][column][`kept_pairs`][4]; 0
/// where it is not sent.
#[kernel(indices = 4)]
pub fn waves_from_parcels<R: Real>(
    m: u32,
    column: u32,
    pair: u32,
    part: u32,
    wavenumbers: u32,
    columns: u32,
    kept_pairs: u32,
    block_of: &[u32],
    sources: &[u32],
    parcels: &[R],
    kept: &[R],
) -> R {
    let source = 4 * (block_of[pair] * wavenumbers + m);
    let first = sources[source + 1];
    let count = sources[source + 2];
    let stays = sources[source + 3];
    let mut value = 0.0;
    if pair >= first && pair < first + count {
        if stays == 0 {
            value += parcels[(sources[source] * columns + column * count + pair - first) * 4 + part];
        } else {
            value += kept
                [(((stays - 1) * columns + column) * kept_pairs + sources[source] + pair - first) * 4 + part];
        }
    }
    value
}

/// The waves on one side: own wavenumbers on all pairs, or all wavenumbers on own pairs. What leaves it and what comes are the same runs.
struct Side {
    wavenumbers: usize,
    pairs: usize,
    /// Of what leaves.
    units: usize,
    run_of: Buffer<u32>,
    runs: Buffer<u32>,
    block_of: Buffer<u32>,
    sources: Buffer<u32>,
}

/// A run by its places on this side and on the other: of m, and of its first pair.
struct Run {
    here: [usize; 2],
    there: [usize; 2],
    pairs: usize,
}

impl Side {
    /// With the runs between this rank `own` and each rank, itself too, and the block of each pair. By block and m, one run is there.
    fn new(
        own: usize,
        by_rank: &[Vec<Run>],
        wavenumbers: usize,
        block_of: &[u32],
        device: Device,
    ) -> Result<Self> {
        let blocks = block_of.iter().max().map_or(0, |&last| last as usize + 1);
        let (mut run_of, mut runs) = (Vec::new(), Vec::new());
        let mut sources = vec![[0; 4]; blocks * wavenumbers];
        for (rank, of_rank) in by_rank.iter().enumerate() {
            for &Run { here: [m, first], there, pairs } in of_rank {
                let units = run_of.len();
                let source = if rank == own {
                    [there[1], first, pairs, there[0] + 1]
                } else {
                    [units, first, pairs, 0]
                };
                // Where a block is one rank's, it has all wavenumbers; else there is one block.
                let block = if blocks > 1 { rank } else { 0 };
                if pairs > 0 {
                    sources[block * wavenumbers + m] = source.map(|value| value as u32);
                }
                if rank != own {
                    run_of.extend(repeat_n(runs.len() as u32 / 4, pairs));
                    runs.extend([units, pairs, m, first].map(|value| value as u32));
                }
            }
        }
        Ok(Self {
            wavenumbers,
            pairs: block_of.len(),
            units: run_of.len(),
            run_of: Buffer::from_slice(device, &run_of)?,
            runs: Buffer::from_slice(device, &runs)?,
            block_of: Buffer::from_slice(device, block_of)?,
            sources: Buffer::from_slice(device, sources.as_flattened())?,
        })
    }
}

/// The ways between the waves of own wavenumbers on all pairs and those of all wavenumbers on own pairs.
pub(super) struct Ways {
    of_wavenumbers: Side,
    of_rings: Side,
}

impl Ways {
    pub(super) fn new(share: &Share, device: Device) -> Result<Self> {
        let Share { all, rank: own, .. } = share;
        let own_pairs = share.pairs();
        let ranks = 0..all.ranks();
        let run = |m: usize, wave: usize, pairs: Range<usize>, is_ring: bool| {
            let of_wavenumber = [wave, pairs.start];
            // Used where the pairs are own ones.
            let of_ring = [m, pairs.start.saturating_sub(own_pairs.start)];
            let [here, there] = if is_ring { [of_ring, of_wavenumber] } else { [of_wavenumber, of_ring] };
            Run { here, there, pairs: pairs.len() }
        };
        let runs = |waves_of: usize, rings_of: usize, is_ring: bool| -> Vec<Run> {
            let waves = all.wavenumbers(waves_of).iter().enumerate();
            waves.map(|(wave, &m)| run(m, wave, all.pairs_with(m, rings_of), is_ring)).collect()
        };
        let on_wavenumbers: Vec<_> = ranks.clone().map(|rank| runs(*own, rank, false)).collect();
        let on_rings: Vec<_> = ranks.clone().map(|rank| runs(rank, *own, true)).collect();
        let mut rank_of = vec![0; all.grid().rings().len() / 2];
        ranks.for_each(|rank| rank_of[all.pairs(rank)].fill(rank as u32));
        let all_wavenumbers = all.truncation().total() + 1;
        Ok(Self {
            of_wavenumbers: Side::new(*own, &on_wavenumbers, share.wavenumbers().len(), &rank_of, device)?,
            of_rings: Side::new(*own, &on_rings, all_wavenumbers, &vec![0; own_pairs.len()], device)?,
        })
    }

    /// From where, and where.
    fn ends(&self, to: WaveSide) -> [&Side; 2] {
        match to {
            WaveSide::Rings => [&self.of_wavenumbers, &self.of_rings],
            WaveSide::Wavenumbers => [&self.of_rings, &self.of_wavenumbers],
        }
    }

    /// Room for the parcels of some columns that leave, and for those that come, on the way to a side.
    pub(super) fn room<R: Real>(
        &self,
        to: WaveSide,
        columns: usize,
        device: Device,
    ) -> Result<[Buffer<R>; 2]> {
        let [from, to] = self.ends(to).map(|side| Buffer::zeros(device, 4 * columns * side.units));
        Ok([from?, to?])
    }

    /// Room for the waves of all wavenumbers on own pairs.
    pub(super) fn room_on_rings<R: Real>(&self, columns: usize, device: Device) -> Result<Buffer<R>> {
        Buffer::zeros(device, self.of_rings.wavenumbers * columns * self.of_rings.pairs * 4)
    }

    /// Fills the parcels for the other ranks.
    pub(super) fn pack<R: Real>(
        &self,
        to: WaveSide,
        columns: usize,
        waves: &Buffer<R>,
        parcels: &mut Buffer<R>,
    ) -> Result<()> {
        let [Side { units, pairs, run_of, runs, .. }, _] = self.ends(to);
        let extent = [*units as u32, 4 * columns as u32];
        parcels_from_waves::launch(extent, columns as u32, *pairs as u32, run_of, runs, waves, parcels)
    }

    /// Puts waves together from the parcels of other ranks and from what has stayed.
    pub(super) fn unpack<R: Real>(
        &self,
        to: WaveSide,
        columns: usize,
        parcels: &Buffer<R>,
        kept: &Buffer<R>,
        waves: &mut Buffer<R>,
    ) -> Result<()> {
        let [from, Side { wavenumbers, pairs, block_of, sources, .. }] = self.ends(to);
        waves_from_parcels::launch(
            [*wavenumbers as u32, columns as u32, *pairs as u32, 4],
            *wavenumbers as u32,
            columns as u32,
            from.pairs as u32,
            block_of,
            sources,
            parcels,
            kept,
            waves,
        )
    }
}
