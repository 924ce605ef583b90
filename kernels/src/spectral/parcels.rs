//! Fourier coefficients on their way between the owners of wavenumbers and the owners of rings.
//!
//! A rank's coefficients lie in memory of the exchange, in the order in which they are made ([`Layout`]): there it reads them itself, and so
//! do the ranks that are near it. For each other one it has a parcel:
//!
//! | to                    | order                                             |
//! |-----------------------|---------------------------------------------------|
//! | owners of rings       | [line of pairs][column][wavenumber][part][pair]   |
//! | owners of wavenumbers | [line of pairs][wavenumber][column][part][pair]   |
//!
//! with those pairs of a line that are the owner's and are sent ([`super::TransformShares::pairs_with`]); parts are north re, north im,
//! south re, south im. What came is never unpacked as a whole: a Fourier transform gathers the wavenumbers of its line, a Legendre
//! sum the lines of its wavenumber, into memory that stays in the cache, from parcels and from where ranks have them. Values are
//! moved, never computed with, so that results have the bits of a transform in one piece.
//!
//! In front of coefficients of wavenumbers stands where they are: the first line of each group, which depends on the wavenumbers.

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

/// What a rank reads.
#[derive(Clone, Copy)]
pub struct Came<'a, W> {
    /// The parcels of ranks that are not near, one after another by rank.
    pub parcels: &'a [W],
    /// What near ranks and this one have written.
    pub memory: &'a dyn NearMemory<W>,
}

/// Numbers where ranks have written them.
pub trait NearMemory<W>: Sync {
    /// Those of the near rank at a place of their list, and behind these this rank's own, aligned to 64 bytes.
    fn at(&self, place: usize) -> &[W];
}

/// Who delivers coefficients. Says whether that went well.
pub(super) trait Deliver {
    /// Whether numbers are rounded to f32 on their way.
    fn rounds(&self) -> bool;

    fn write_f32(&mut self, length: usize, sum: &mut dyn FnMut(&mut [f32])) -> bool;

    fn write_f64(&mut self, length: usize, sum: &mut dyn FnMut(&mut [f64])) -> bool;

    fn start_f32(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&[f32], &mut [f32])) -> bool;

    fn start_f64(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&[f64], &mut [f64])) -> bool;

    fn finish_f32(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, f32>)) -> bool;

    fn finish_f64(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, f64>)) -> bool;
}

/// Where there is one rank, and nothing to deliver.
pub(super) struct Nowhere;

impl Deliver for Nowhere {
    fn rounds(&self) -> bool {
        false
    }

    fn write_f32(&mut self, _: usize, _: &mut dyn FnMut(&mut [f32])) -> bool {
        true
    }

    fn write_f64(&mut self, _: usize, _: &mut dyn FnMut(&mut [f64])) -> bool {
        true
    }

    fn start_f32(&mut self, _: WaveSide, _: usize, _: &mut dyn FnMut(&[f32], &mut [f32])) -> bool {
        true
    }

    fn start_f64(&mut self, _: WaveSide, _: usize, _: &mut dyn FnMut(&[f64], &mut [f64])) -> bool {
        true
    }

    fn finish_f32(&mut self, _: WaveSide, _: &mut dyn FnMut(Came<'_, f32>)) -> bool {
        true
    }

    fn finish_f64(&mut self, _: WaveSide, _: &mut dyn FnMut(Came<'_, f64>)) -> bool {
        true
    }
}

/// The ways between the Fourier coefficients of a rank's wavenumbers on all rings and those of all wavenumbers on its rings.
///
pub(super) struct RingSide {
    rank: usize,
    /// Of the coefficients on own rings.
    pub(super) layout: Layout,
    /// By rank, its place among those whose memory is read, the near ones and this one.
    places: Vec<Option<usize>>,
    /// By place, where the coefficients of its wavenumbers are, as far as that is known.
    near_waves: Vec<Option<Layout>>,
    /// By place, those of its rings, with their first line.
    near_rings: Vec<(Layout, usize)>,
    /// The first line of own pairs, and how many there are.
    first_line: usize,
    lines: usize,
    /// By wavenumber, own pairs on which it is sent; fewer the higher it is.
    pairs: Vec<Range<usize>>,
    /// By own line, the number of wavenumbers that are sent on it: those up to some m.
    carried: Vec<usize>,
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
    /// Where its memory is, if it is near.
    place: Option<usize>,
    line: usize,
    /// By own wavenumber, those of its pairs that are sent.
    lanes: Vec<Range<usize>>,
    /// How many there are before each wavenumber, and altogether.
    before: Vec<usize>,
}

/// What ranks have for this one.
#[derive(Clone, Copy)]
pub(super) struct Arrived<'a, W> {
    side: &'a RingSide,
    /// Of own wavenumbers on all rings.
    waves: &'a Layout,
    columns: usize,
    rounds: bool,
    came: Came<'a, W>,
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

/// What is read in place, rounded as if it had been sent.
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

/// Where coefficients of all wavenumbers are on some lines, each wavenumber on those of its `pairs`.
fn layout_on_rings<W: Lane>(pairs: &[Range<usize>], first_line: usize, lines: usize) -> Layout {
    let first =
        |pairs: &Range<usize>| if pairs.is_empty() { lines } else { pairs.start / W::LANES - first_line };
    Layout::on_lines(lines, &pairs.iter().map(first).collect::<Vec<_>>())
}

/// Lines that hold the first line of each group.
fn table_lines(layout: &Layout) -> usize {
    (layout.group_count() * size_of::<u32>()).div_ceil(size_of::<Line>())
}

impl RingSide {
    /// For sums over `all_lines` lines of pairs, of which this rank has `lines` from `first_line` on.
    pub(super) fn new<W: Lane>(share: &Share, first_line: usize, lines: usize, all_lines: usize) -> Self {
        let (all, rank) = (&share.all, share.rank);
        let mut places = vec![None; all.ranks()];
        share.near.iter().chain([&rank]).enumerate().for_each(|(place, &other)| places[other] = Some(place));
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
                    elsewhere.push(Elsewhere { place: places[other], line, lanes, before });
                }
            }
        }
        // Near ranks have no parcels.
        let on_own = |(other, line): &(usize, usize)| -> usize {
            let of_set = || sets[*other].iter().map(|&m| lanes::<W>(&pairs[m], *line).len()).sum();
            if places[*other].is_some() { 0 } else { of_set() }
        };
        let here_starts = starts(here.iter().map(on_own));
        let of_parcel = |line: &Elsewhere| if line.place.is_some() { 0 } else { line.before[own.len()] };
        let elsewhere_starts = starts(elsewhere.iter().map(of_parcel));
        let near_rings = share.near.iter().map(|&other| {
            let pairs = (0..=all.truncation().total()).map(|m| all.pairs_with(m, other)).collect::<Vec<_>>();
            let lines = lines_of::<W>(&all.pairs(other));
            (layout_on_rings::<W>(&pairs, lines.start, lines.len()), lines.start)
        });
        let is_on = |pairs: &Range<usize>, line: usize| !lanes::<W>(pairs, line).is_empty();
        let carried =
            (first_line..first_line + lines).map(|line| pairs.partition_point(|of| is_on(of, line)));
        Self {
            rank,
            carried: carried.collect(),
            layout: layout_on_rings::<W>(&pairs, first_line, lines),
            near_rings: near_rings.collect(),
            near_waves: share.near.iter().map(|_| None).collect(),
            places,
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

    /// Has the coefficients of own wavenumbers on all rings, by wave, or of own rings, by line, written to where ranks read them. Whether
    /// there was room.
    pub(super) fn write<W: Lane>(
        &self,
        waves: &Layout,
        to: WaveSide,
        columns: usize,
        deliver: &mut dyn Deliver,
        sum: &mut dyn FnMut(&mut [Line]),
    ) -> bool {
        let (table, layout) = match to {
            WaveSide::Rings => (table_lines(waves), waves),
            WaveSide::Wavenumbers => (0, &self.layout),
        };
        let mut write = |memory: &mut [W]| {
            let (first_lines, coefficients) = bytemuck::cast_slice_mut::<_, Line>(memory).split_at_mut(table);
            let first_lines: &mut [u32] = bytemuck::cast_slice_mut(first_lines);
            if to == WaveSide::Rings {
                for (target, line) in first_lines.iter_mut().zip(waves.first_lines()) {
                    *target = *line as u32;
                }
            }
            sum(coefficients);
        };
        W::write(deliver, (table + layout.len(columns)) * W::LANES, &mut write)
    }

    /// Shows the coefficients of own wavenumbers to near owners of rings, and sends them to the others.
    pub(super) fn send_to_rings<W: Lane>(
        &mut self,
        waves: &Layout,
        columns: usize,
        deliver: &mut dyn Deliver,
    ) -> bool {
        let Self { elsewhere, elsewhere_starts, offsets, .. } = self;
        offsets.clear();
        offsets.extend(elsewhere_starts.iter().map(|start| start * columns * PARTS));
        let of_line = |item: usize, own: &[Line], parcel: &mut [W]| {
            let Elsewhere { line, lanes, .. } = &elsewhere[item];
            let mut rest = parcel;
            for column in 0..columns {
                for (group, lanes) in lanes.chunks(GROUP).enumerate() {
                    let first = group * GROUP;
                    let is_whole = lanes.len() == GROUP && lanes.iter().all(|lanes| lanes.len() == W::LANES);
                    if is_whole && waves.has(first, *line) {
                        let (target, behind) = rest.split_at_mut(PIECE * W::LANES);
                        let place = waves.by_wave(columns, group, column, *line);
                        target.copy_from_slice(bytemuck::cast_slice(&own[place..place + PIECE]));
                        rest = behind;
                        continue;
                    }
                    for (wave, lanes) in (first..).zip(lanes).filter(|(_, lanes)| !lanes.is_empty()) {
                        rest = pack(waves.of_wave(own, columns, wave, column, *line), lanes, rest);
                    }
                }
            }
        };
        let mut fill = |memory: &[W], parcels: &mut [W]| {
            let own = &bytemuck::cast_slice::<W, Line>(memory)[table_lines(waves)..];
            let of_line = |item: usize, [parcel]: [&mut [W]; 1]| {
                if !parcel.is_empty() {
                    of_line(item, own, parcel);
                }
            };
            Device::Cpu.within(|| for_each_with_parts(elsewhere.len(), [parcels], offsets, &of_line));
        };
        W::start(deliver, WaveSide::Rings, columns, &mut fill)
    }

    /// Shows the coefficients of own rings to near owners of wavenumbers, and sends them to the others.
    pub(super) fn send_to_wavenumbers<W: Lane>(&mut self, columns: usize, deliver: &mut dyn Deliver) -> bool {
        let Self { layout, first_line, pairs, sets, here, here_starts, offsets, .. } = self;
        offsets.clear();
        offsets.extend(here_starts.iter().map(|start| start * columns * PARTS));
        let of_line = |item: usize, own: &[Line], parcel: &mut [W]| {
            let (other, line) = here[item];
            let mut rest = parcel;
            for &m in &sets[other] {
                let lanes = lanes::<W>(&pairs[m], line);
                if lanes.is_empty() {
                    continue;
                }
                for column in 0..columns {
                    let place = layout.by_line(columns, line - *first_line, column, m);
                    rest = pack(&own[place..], &lanes, rest);
                }
            }
        };
        let mut fill = |memory: &[W], parcels: &mut [W]| {
            let own = bytemuck::cast_slice::<W, Line>(memory);
            let of_line = |item: usize, [parcel]: [&mut [W]; 1]| {
                if !parcel.is_empty() {
                    of_line(item, own, parcel);
                }
            };
            Device::Cpu.within(|| for_each_with_parts(here.len(), [parcels], offsets, &of_line));
        };
        W::start(deliver, WaveSide::Wavenumbers, columns, &mut fill)
    }

    /// Waits for what others sent or show to this side, and has `work` done with it.
    pub(super) fn receive<W: Lane>(
        &mut self,
        waves: &Layout,
        to: WaveSide,
        columns: usize,
        deliver: &mut dyn Deliver,
        work: &mut dyn FnMut(Arrived<'_, W>),
    ) -> bool {
        let rounds = deliver.rounds();
        let mut take = |came: Came<'_, W>| {
            if to == WaveSide::Rings {
                self.find_waves(waves, came);
            }
            work(Arrived { side: self, waves, columns, rounds, came });
        };
        W::finish(deliver, to, &mut take)
    }

    /// Learns where near ranks have the coefficients of their wavenumbers.
    fn find_waves<W: Lane>(&mut self, own: &Layout, came: Came<'_, W>) {
        let Self { places, near_waves, sets, .. } = self;
        for (set, place) in sets.iter().zip(places).filter_map(|(set, place)| Some((set, (*place)?))) {
            let Some(waves @ None) = near_waves.get_mut(place) else { continue };
            let first_lines: &[u32] = bytemuck::cast_slice(came.memory.at(place));
            let first: Vec<_> = (0..set.len()).map(|wave| first_lines[wave / GROUP] as usize).collect();
            *waves = Some(Layout::on_lines(own.lines(), &first));
        }
    }

    /// Where coefficients of the wavenumbers of a rank are whose memory is at a place.
    fn waves_at<'a>(&'a self, place: usize, own: &'a Layout) -> &'a Layout {
        self.near_waves.get(place).and_then(Option::as_ref).unwrap_or(own)
    }
}

impl<W: Lane> Arrived<'_, W> {
    /// Number of wavenumbers that have coefficients on a line of own pairs.
    pub(super) fn wavenumbers_on(&self, line: usize) -> usize {
        self.side.layout.wavenumbers_on(line)
    }

    /// The coefficients of a column on a line of own pairs, `[m][part]`; where its rings carry no m, what was there before.
    pub(super) fn gather_line(&self, line: usize, column: usize, target: &mut [Line]) {
        let Self { side, waves, columns, rounds, came } = *self;
        let (own_line, line) = (line, side.first_line + line);
        let carried = side.carried[own_line];
        for (rank, set) in side.sets.iter().enumerate() {
            let set = &set[..set.partition_point(|&m| m < carried)];
            if let Some(place) = side.places[rank] {
                let waves = side.waves_at(place, waves);
                let there = &bytemuck::cast_slice(came.memory.at(place))[table_lines(waves)..];
                for (wave, &m) in set.iter().enumerate() {
                    let source = waves.of_wave(there, columns, wave, column, line);
                    keep::<W>(source, &(0..W::LANES), rounds, &mut target[m * PARTS..]);
                }
                continue;
            }
            let item = (rank - usize::from(rank > side.rank)) * side.lines + own_line;
            let [start, end] = [side.here_starts[item], side.here_starts[item + 1]];
            let mut rest = &came.parcels[(start * columns + (end - start) * column) * PARTS..];
            for &m in set {
                rest = unpack(&mut target[m * PARTS..], &lanes::<W>(&side.pairs[m], line), rest);
            }
        }
    }

    /// The coefficients of an own wavenumber, `[column][line of all pairs][part]`.
    pub(super) fn gather_wave(&self, wave: usize, target: &mut [Line]) {
        let Self { side, waves, columns, came, .. } = *self;
        let own = &side.sets[side.rank];
        let (m, count) = (own[wave], side.on_line.len());
        for (line, others) in side.on_line.iter().enumerate().filter(|(line, _)| waves.has(wave, *line)) {
            let place = |column: usize| (column * count + line) * PARTS;
            if !side.is_whole[line * own.len() + wave] {
                (0..columns).for_each(|column| target[place(column)..][..PARTS].fill(Line::default()));
            }
            let here = lanes::<W>(&side.pairs[m], line);
            if !here.is_empty() {
                let rings = (&side.layout, side.first_line);
                self.keep_wave(side.near_rings.len(), rings, [m, line], &here, &mut target[place(0)..]);
            }
            for &item in others {
                let Elsewhere { place: near, lanes, before, .. } = &side.elsewhere[item];
                if lanes[wave].is_empty() {
                    continue;
                }
                if let Some(near) = *near {
                    let (layout, first_line) = &side.near_rings[near];
                    let rings = (layout, *first_line);
                    self.keep_wave(near, rings, [m, line], &lanes[wave], &mut target[place(0)..]);
                    continue;
                }
                let first = side.elsewhere_starts[item] + before[wave];
                let mut rest = &came.parcels[first * columns * PARTS..];
                for column in 0..columns {
                    rest = unpack(&mut target[place(column)..], &lanes[wave], rest);
                }
            }
        }
    }

    /// The coefficients of a wavenumber on a line of pairs from the memory at a place, which has them for its `rings`; `target` is that of
    /// the first column.
    #[inline(always)]
    fn keep_wave(
        &self,
        place: usize,
        (layout, first_line): (&Layout, usize),
        [m, line]: [usize; 2],
        lanes: &Range<usize>,
        target: &mut [Line],
    ) {
        let Self { side, columns, rounds, came, .. } = *self;
        let there: &[Line] = bytemuck::cast_slice(came.memory.at(place));
        let per_column = side.on_line.len() * PARTS;
        for column in 0..columns {
            let source = layout.by_line(columns, line - first_line, column, m);
            keep::<W>(&there[source..], lanes, rounds, &mut target[column * per_column..]);
        }
    }
}
