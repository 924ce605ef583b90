//! Fourier coefficients on their way between the owners of wavenumbers and the owners of rings.
//!
//! Every rank has a parcel for each other one:
//!
//! | to                    | order                                             |
//! |-----------------------|---------------------------------------------------|
//! | owners of rings       | [line of pairs][column][wavenumber][part][pair]   |
//! | owners of wavenumbers | [line of pairs][wavenumber][column][part][pair]   |
//!
//! with those pairs of a line that are the owner's and are sent ([`super::TransformShares::pairs_with`]); parts are north re, north im,
//! south re, south im. What came is never unpacked as a whole: a Fourier transform gathers the wavenumbers of its line, a Legendre
//! sum the lines of its wavenumber, into memory that stays in the cache, from the parcels and from what its rank has kept. Values are
//! moved, never computed with, so that results have the bits of a transform in one piece.

use std::mem;
use std::ops::Range;

use super::coefficients::{GROUP, Layout, PARTS, PIECE};
use super::lanes::{Lane, Line};
use super::partition::for_each_with_parts;
use super::shares::Share;
use crate::device::Device;

/// Where Fourier coefficients are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaveSide {
    /// To the owners of the rings: a synthesis, or the adjoint of an analysis.
    Rings,
    /// To the owners of the wavenumbers.
    Wavenumbers,
}

/// Who delivers parcels, all of them one after another by rank. Says whether that went well.
pub(super) trait Deliver {
    /// Whether numbers are rounded to f32 on their way.
    fn rounds(&self) -> bool;

    fn start_f32(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&mut [f32])) -> bool;

    fn start_f64(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&mut [f64])) -> bool;

    fn finish_f32(&mut self, to: WaveSide, take: &mut dyn FnMut(&[f32])) -> bool;

    fn finish_f64(&mut self, to: WaveSide, take: &mut dyn FnMut(&[f64])) -> bool;
}

/// Where there is one rank, and nothing to deliver.
pub(super) struct Nowhere;

impl Deliver for Nowhere {
    fn rounds(&self) -> bool {
        false
    }

    fn start_f32(&mut self, _: WaveSide, _: usize, _: &mut dyn FnMut(&mut [f32])) -> bool {
        true
    }

    fn start_f64(&mut self, _: WaveSide, _: usize, _: &mut dyn FnMut(&mut [f64])) -> bool {
        true
    }

    fn finish_f32(&mut self, _: WaveSide, _: &mut dyn FnMut(&[f32])) -> bool {
        true
    }

    fn finish_f64(&mut self, _: WaveSide, _: &mut dyn FnMut(&[f64])) -> bool {
        true
    }
}

/// The ways between the Fourier coefficients of a rank's wavenumbers on all rings and those of all wavenumbers on its rings.
///
/// While coefficients are on their way, what the rank keeps of them is in `kept`, and the next ones are summed elsewhere.
pub(super) struct RingSide {
    rank: usize,
    /// Columns that are sent at a time.
    pub(super) columns_together: usize,
    /// Of the coefficients on own rings.
    pub(super) layout: Layout,
    pub(super) kept: Vec<Line>,
    /// The first line of own pairs, and how many there are.
    first_line: usize,
    lines: usize,
    /// By wavenumber, own pairs on which it is sent.
    pairs: Vec<Range<usize>>,
    /// By rank, its wavenumbers.
    sets: Vec<Vec<usize>>,
    /// Own lines by other rank, and where in the parcels of own pairs they begin.
    here: Vec<(usize, usize)>,
    here_starts: Vec<usize>,
    /// Other ranks' lines by rank, and where in the parcels of own wavenumbers they begin.
    elsewhere: Vec<Elsewhere>,
    elsewhere_starts: Vec<usize>,
    /// By line of all pairs, which of these are on it.
    on_line: Vec<Vec<usize>>,
    /// Whether a line has all its pairs, `[line][own wavenumber]`.
    is_whole: Vec<bool>,
    /// Starts in numbers, for some columns.
    offsets: Vec<usize>,
}

/// A line of another rank's pairs.
struct Elsewhere {
    line: usize,
    /// By own wavenumber, those of its pairs that are sent.
    lanes: Vec<Range<usize>>,
    /// How many there are before each wavenumber, and altogether.
    before: Vec<usize>,
}

/// What has come from other ranks, beside what this rank has kept.
#[derive(Clone, Copy)]
pub(super) struct Arrived<'a, W> {
    side: &'a RingSide,
    /// Of own wavenumbers on all rings.
    waves: &'a Layout,
    columns: usize,
    rounds: bool,
    parcels: &'a [W],
}

/// The lanes of a line that have one of some pairs.
fn lanes<W: Lane>(pairs: &Range<usize>, line: usize) -> Range<usize> {
    let first = line * W::LANES;
    pairs.start.clamp(first, first + W::LANES) - first..pairs.end.clamp(first, first + W::LANES) - first
}

/// The lines of some pairs.
fn lines_of<W: Lane>(pairs: &Range<usize>) -> Range<usize> {
    pairs.start / W::LANES..if pairs.is_empty() { 0 } else { pairs.end.div_ceil(W::LANES) }
}

/// From the parts of a line to a parcel, of which what is behind them is left.
#[inline(always)]
fn pack<'p, W: Lane>(lines: &[Line], lanes: &Range<usize>, parcel: &'p mut [W]) -> &'p mut [W] {
    if lanes.len() == W::LANES {
        let (target, rest) = parcel.split_at_mut(PARTS * W::LANES);
        let targets = bytemuck::cast_slice_mut::<W, u8>(target).as_chunks_mut().0;
        for (target, line) in targets.iter_mut().zip(&lines[..PARTS]) {
            *target = bytemuck::cast::<_, [u8; size_of::<Line>()]>(line.0);
        }
        return rest;
    }
    let mut rest = parcel;
    for line in &lines[..PARTS] {
        let (target, behind) = rest.split_at_mut(lanes.len());
        target.copy_from_slice(&line.values::<W>()[lanes.clone()]);
        rest = behind;
    }
    rest
}

/// The opposite.
#[inline(always)]
fn unpack<'p, W: Lane>(lines: &mut [Line], lanes: &Range<usize>, parcel: &'p [W]) -> &'p [W] {
    if lanes.len() == W::LANES {
        let (source, rest) = parcel.split_at(PARTS * W::LANES);
        let sources = bytemuck::cast_slice::<W, u8>(source).as_chunks().0;
        for (line, source) in lines[..PARTS].iter_mut().zip(sources) {
            line.0 = bytemuck::cast::<[u8; size_of::<Line>()], _>(*source);
        }
        return rest;
    }
    let mut rest = parcel;
    for line in &mut lines[..PARTS] {
        let (source, behind) = rest.split_at(lanes.len());
        line.values_mut::<W>()[lanes.clone()].copy_from_slice(source);
        rest = behind;
    }
    rest
}

/// What a rank has kept, rounded as if it had been sent.
#[inline(always)]
fn keep<W: Lane>(source: &[Line], lanes: &Range<usize>, rounds: bool, target: &mut [Line]) {
    if lanes.len() == W::LANES && !rounds {
        return target[..PARTS].copy_from_slice(&source[..PARTS]);
    }
    for (target, source) in target[..PARTS].iter_mut().zip(source) {
        let target = &mut target.values_mut::<W>()[lanes.clone()];
        for (target, value) in target.iter_mut().zip(&source.values::<W>()[lanes.clone()]) {
            *target = if rounds { W::of(f64::from(value.to_f64() as f32)) } else { *value };
        }
    }
}

/// Where things of some lengths begin that follow each other, and where the last one ends.
fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut starts = vec![0];
    for length in lengths {
        starts.push(starts[starts.len() - 1] + length);
    }
    starts
}

impl RingSide {
    /// For sums over `all_lines` lines of pairs, of which this rank has `lines` from `first_line` on.
    pub(super) fn new<W: Lane>(share: &Share, first_line: usize, lines: usize, all_lines: usize) -> Self {
        let (all, rank) = (&share.all, share.rank);
        let sets: Vec<Vec<usize>> = (0..all.ranks()).map(|other| all.wavenumbers(other).to_vec()).collect();
        let pairs: Vec<_> = (0..=all.truncation().total()).map(|m| all.pairs_with(m, rank)).collect();
        let own = &sets[rank];
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        let mut on_line = vec![Vec::new(); all_lines];
        let mut counts = vec![0; all_lines * own.len()];
        for other in 0..all.ranks() {
            if other != rank {
                here.extend(lines_of::<W>(&share.pairs()).map(|line| (other, line)));
            }
            let of_waves: Vec<_> = own.iter().map(|&m| all.pairs_with(m, other)).collect();
            for line in lines_of::<W>(&all.pairs(other)) {
                let lanes: Vec<_> = of_waves.iter().map(|pairs| lanes::<W>(pairs, line)).collect();
                for (count, lanes) in counts[line * own.len()..].iter_mut().zip(&lanes) {
                    *count += lanes.len();
                }
                if other != rank {
                    on_line[line].push(elsewhere.len());
                    let before = starts(lanes.iter().map(Range::len));
                    elsewhere.push(Elsewhere { line, lanes, before });
                }
            }
        }
        let on_own = |(other, line): &(usize, usize)| -> usize {
            sets[*other].iter().map(|&m| lanes::<W>(&pairs[m], *line).len()).sum()
        };
        let here_starts = starts(here.iter().map(on_own));
        let elsewhere_starts = starts(elsewhere.iter().map(|line| line.before[own.len()]));
        let first: Vec<usize> = pairs
            .iter()
            .map(|pairs| if pairs.is_empty() { lines } else { pairs.start / W::LANES - first_line })
            .collect();
        Self {
            rank,
            columns_together: all.columns_together(),
            layout: Layout::on_lines(lines, &first),
            kept: Vec::new(),
            first_line,
            lines,
            pairs,
            sets,
            here,
            here_starts,
            elsewhere,
            elsewhere_starts,
            on_line,
            is_whole: counts.into_iter().map(|count| count == W::LANES).collect(),
            offsets: Vec::new(),
        }
    }

    /// Sends the coefficients `store` of own wavenumbers, by wave, to the owners of rings.
    pub(super) fn send_to_rings<W: Lane>(
        &mut self,
        waves: &Layout,
        store: &mut Vec<Line>,
        columns: usize,
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { kept, elsewhere, elsewhere_starts, offsets, .. } = self;
        mem::swap(kept, store);
        offsets.clear();
        offsets.extend(elsewhere_starts.iter().map(|start| start * columns * PARTS));
        let of_line = |item: usize, [parcel]: [&mut [W]; 1]| {
            let Elsewhere { line, lanes, .. } = &elsewhere[item];
            let mut rest = parcel;
            for column in 0..columns {
                for (group, lanes) in lanes.chunks(GROUP).enumerate() {
                    let first = group * GROUP;
                    let is_whole = lanes.len() == GROUP && lanes.iter().all(|lanes| lanes.len() == W::LANES);
                    if is_whole && waves.has(first, *line) {
                        let (target, behind) = rest.split_at_mut(PIECE * W::LANES);
                        let place = waves.by_wave(columns, group, column, *line);
                        target.copy_from_slice(bytemuck::cast_slice(&kept[place..place + PIECE]));
                        rest = behind;
                        continue;
                    }
                    for (wave, lanes) in (first..).zip(lanes).filter(|(_, lanes)| !lanes.is_empty()) {
                        rest = pack(waves.of_wave(kept, columns, wave, column, *line), lanes, rest);
                    }
                }
            }
        };
        let mut fill = |parcels: &mut [W]| {
            Device::Cpu.within(|| for_each_with_parts(elsewhere.len(), [parcels], offsets, &of_line));
        };
        W::start(deliver, WaveSide::Rings, columns, &mut fill)
    }

    /// Sends the coefficients `store` of own rings, by line, to the owners of wavenumbers.
    pub(super) fn send_to_wavenumbers<W: Lane>(
        &mut self,
        store: &mut Vec<Line>,
        columns: usize,
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { layout, kept, first_line, pairs, sets, here, here_starts, offsets, .. } = self;
        mem::swap(kept, store);
        offsets.clear();
        offsets.extend(here_starts.iter().map(|start| start * columns * PARTS));
        let of_line = |item: usize, [parcel]: [&mut [W]; 1]| {
            let (other, line) = here[item];
            let mut rest = parcel;
            for &m in &sets[other] {
                let lanes = lanes::<W>(&pairs[m], line);
                if lanes.is_empty() {
                    continue;
                }
                for column in 0..columns {
                    let place = layout.by_line(columns, line - *first_line, column, m);
                    rest = pack(&kept[place..], &lanes, rest);
                }
            }
        };
        let mut fill = |parcels: &mut [W]| {
            Device::Cpu.within(|| for_each_with_parts(here.len(), [parcels], offsets, &of_line));
        };
        W::start(deliver, WaveSide::Wavenumbers, columns, &mut fill)
    }

    /// Waits for what others sent to this side, and has `work` done with it.
    pub(super) fn receive<W: Lane>(
        &self,
        waves: &Layout,
        to: WaveSide,
        columns: usize,
        deliver: &mut dyn Deliver,
        work: &mut dyn FnMut(Arrived<'_, W>),
    ) -> bool {
        let rounds = deliver.rounds();
        let mut take = |parcels: &[W]| work(Arrived { side: self, waves, columns, rounds, parcels });
        W::finish(deliver, to, &mut take)
    }
}

impl<W: Lane> Arrived<'_, W> {
    /// Number of wavenumbers that have coefficients on a line of own pairs.
    pub(super) fn wavenumbers_on(&self, line: usize) -> usize {
        self.side.layout.wavenumbers_on(line)
    }

    /// The coefficients of a column on a line of own pairs, `[m][part]`; where its rings carry no m, what was there before.
    pub(super) fn gather_line(&self, line: usize, column: usize, target: &mut [Line]) {
        let Self { side, waves, columns, rounds, parcels } = *self;
        let (own_line, line) = (line, side.first_line + line);
        let has = |m: usize| lanes::<W>(&side.pairs[m], line);
        for (rank, set) in side.sets.iter().enumerate() {
            if rank == side.rank {
                for (wave, &m) in set.iter().enumerate().filter(|(_, m)| !has(**m).is_empty()) {
                    let source = waves.of_wave(&side.kept, columns, wave, column, line);
                    keep::<W>(source, &(0..W::LANES), rounds, &mut target[m * PARTS..]);
                }
                continue;
            }
            let item = (rank - usize::from(rank > side.rank)) * side.lines + own_line;
            let [start, end] = [side.here_starts[item], side.here_starts[item + 1]];
            let mut rest = &parcels[(start * columns + (end - start) * column) * PARTS..];
            for &m in set {
                let lanes = has(m);
                if !lanes.is_empty() {
                    rest = unpack(&mut target[m * PARTS..], &lanes, rest);
                }
            }
        }
    }

    /// The coefficients of an own wavenumber, `[column][line of all pairs][part]`.
    pub(super) fn gather_wave(&self, wave: usize, target: &mut [Line]) {
        let Self { side, waves, columns, rounds, parcels } = *self;
        let own = &side.sets[side.rank];
        let (m, count) = (own[wave], side.on_line.len());
        for (line, others) in side.on_line.iter().enumerate().filter(|(line, _)| waves.has(wave, *line)) {
            let place = |column: usize| (column * count + line) * PARTS;
            if !side.is_whole[line * own.len() + wave] {
                (0..columns).for_each(|column| target[place(column)..][..PARTS].fill(Line::default()));
            }
            let here = lanes::<W>(&side.pairs[m], line);
            if !here.is_empty() {
                for column in 0..columns {
                    let source = side.layout.by_line(columns, line - side.first_line, column, m);
                    keep::<W>(&side.kept[source..], &here, rounds, &mut target[place(column)..]);
                }
            }
            for &item in others {
                let Elsewhere { lanes, before, .. } = &side.elsewhere[item];
                if !lanes[wave].is_empty() {
                    let first = side.elsewhere_starts[item] + before[wave];
                    let mut rest = &parcels[first * columns * PARTS..];
                    for column in 0..columns {
                        rest = unpack(&mut target[place(column)..], &lanes[wave], rest);
                    }
                }
            }
        }
    }
}
