//! Fourier coefficients on their way between the owners of wavenumbers and the owners of rings.
//!
//! A parcel between the owner of wavenumbers and the owner of pairs is [wavenumber][column][line of pairs][part][pair]: those
//! pairs of a line that are the owner's and are sent ([`super::TransformShares::pairs_with`]); parts are north re, north im, south re,
//! south im. Values are moved, never computed with, so that results have the bits of a transform in one piece.

use std::ops::Range;

use super::coefficients::{GROUP, Layout, PARTS};
use super::lanes::{Lane, Line};
use super::shares::Share;

/// Where Fourier coefficients are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaveSide {
    /// To the owners of the rings: a synthesis, or the adjoint of an analysis.
    Rings,
    /// To the owners of the wavenumbers.
    Wavenumbers,
}

/// Who delivers parcels: calls `fill` with each rank and room for its parcel, then `take` with each rank and its parcel. Says whether all
/// came.
pub(super) trait Deliver {
    fn deliver_f32(
        &mut self,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(usize, &mut [f32]),
        take: &mut dyn FnMut(usize, &[f32]),
    ) -> bool;

    fn deliver_f64(
        &mut self,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(usize, &mut [f64]),
        take: &mut dyn FnMut(usize, &[f64]),
    ) -> bool;
}

/// Where there is one rank, and nothing to deliver.
pub(super) struct Nowhere;

impl Deliver for Nowhere {
    fn deliver_f32(
        &mut self,
        _: WaveSide,
        _: usize,
        _: &mut dyn FnMut(usize, &mut [f32]),
        _: &mut dyn FnMut(usize, &[f32]),
    ) -> bool {
        true
    }

    fn deliver_f64(
        &mut self,
        _: WaveSide,
        _: usize,
        _: &mut dyn FnMut(usize, &mut [f64]),
        _: &mut dyn FnMut(usize, &[f64]),
    ) -> bool {
        true
    }
}

/// The Fourier coefficients of all wavenumbers on one rank's rings.
pub(super) struct RingSide {
    share: Share,
    first_line: usize,
    pub(super) layout: Layout,
    pub(super) store: Vec<Line>,
}

/// Neighbouring pairs of one line in a parcel.
struct Run {
    /// The wavenumber's place among its owner's.
    wave: usize,
    m: usize,
    column: usize,
    line: usize,
    lanes: Range<usize>,
}

impl RingSide {
    /// On `lines` lines of pairs from `first_line` on.
    pub(super) fn new<W: Lane>(share: &Share, first_line: usize, lines: usize) -> Self {
        let first: Vec<usize> = (0..=share.all.truncation().total())
            .map(|m| {
                let pairs = share.all.pairs_with(m, share.rank);
                if pairs.is_empty() { lines } else { pairs.start / W::LANES - first_line }
            })
            .collect();
        Self { share: share.clone(), first_line, layout: Layout::on_lines(lines, &first), store: Vec::new() }
    }

    /// The runs of a parcel, in order.
    fn for_each_run<W: Lane>(
        share: &Share,
        [owner_of_wavenumbers, owner_of_pairs]: [usize; 2],
        columns: usize,
        mut visit: impl FnMut(Run),
    ) {
        for (wave, &m) in share.all.wavenumbers(owner_of_wavenumbers).iter().enumerate() {
            let pairs = share.all.pairs_with(m, owner_of_pairs);
            if pairs.is_empty() {
                continue;
            }
            for column in 0..columns {
                for line in pairs.start / W::LANES..pairs.end.div_ceil(W::LANES) {
                    let lane =
                        |pair: usize| pair.clamp(line * W::LANES, (line + 1) * W::LANES) - line * W::LANES;
                    visit(Run { wave, m, column, line, lanes: lane(pairs.start)..lane(pairs.end) });
                }
            }
        }
    }

    /// From the coefficients `store` of this rank's wavenumbers by wave to those of its rings by wave.
    pub(super) fn gather_rings<W: Lane>(
        &mut self,
        waves: &Layout,
        store: &[Line],
        columns: usize,
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { share, first_line, layout, store: on_rings } = self;
        on_rings.fill(Line::default());
        let mut fill = |rank: usize, parcel: &mut [W]| {
            let mut rest = parcel;
            Self::for_each_run::<W>(share, [share.rank, rank], columns, |run| {
                let place = waves.has(run.wave, run.line).then(|| {
                    waves.by_wave(columns, run.wave / GROUP, run.column, run.line) + run.wave % GROUP * PARTS
                });
                for part in 0..PARTS {
                    let target = rest.split_off_mut(..run.lanes.len()).expect("room for the parcel");
                    match place {
                        Some(place) => {
                            target.copy_from_slice(&store[place + part].values::<W>()[run.lanes.clone()])
                        }
                        // Functions that do not matter there.
                        None => target.fill(W::ZERO),
                    }
                }
            });
        };
        let mut take = |rank: usize, parcel: &[W]| {
            let mut rest = parcel;
            Self::for_each_run::<W>(share, [rank, share.rank], columns, |run| {
                let line = run.line - *first_line;
                let place = layout.by_wave(columns, run.m / GROUP, run.column, line) + run.m % GROUP * PARTS;
                for part in 0..PARTS {
                    let source = rest.split_off(..run.lanes.len()).expect("a whole parcel");
                    on_rings[place + part].values_mut::<W>()[run.lanes.clone()].copy_from_slice(source);
                }
            });
        };
        W::deliver(deliver, WaveSide::Rings, columns, &mut fill, &mut take)
    }

    /// From the coefficients of this rank's rings by line to those of its wavenumbers, `store`, by line.
    pub(super) fn scatter_rings<W: Lane>(
        &mut self,
        waves: &Layout,
        store: &mut [Line],
        columns: usize,
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { share, first_line, layout, store: on_rings } = self;
        store.fill(Line::default());
        let mut fill = |rank: usize, parcel: &mut [W]| {
            let mut rest = parcel;
            Self::for_each_run::<W>(share, [rank, share.rank], columns, |run| {
                let place = layout.by_line(columns, run.line - *first_line, run.column, run.m);
                for part in 0..PARTS {
                    let target = rest.split_off_mut(..run.lanes.len()).expect("room for the parcel");
                    target.copy_from_slice(&on_rings[place + part].values::<W>()[run.lanes.clone()]);
                }
            });
        };
        let mut take = |rank: usize, parcel: &[W]| {
            let mut rest = parcel;
            Self::for_each_run::<W>(share, [share.rank, rank], columns, |run| {
                let place = waves
                    .has(run.wave, run.line)
                    .then(|| waves.by_line(columns, run.line, run.column, run.wave));
                for part in 0..PARTS {
                    let source = rest.split_off(..run.lanes.len()).expect("a whole parcel");
                    if let Some(place) = place {
                        store[place + part].values_mut::<W>()[run.lanes.clone()].copy_from_slice(source);
                    }
                }
            });
        };
        W::deliver(deliver, WaveSide::Wavenumbers, columns, &mut fill, &mut take)
    }
}
