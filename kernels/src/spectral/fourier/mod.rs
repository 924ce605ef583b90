//! Real Fourier transforms along rings, a line of latitude pairs at a time.
//!
//! Neighbouring pairs share the cache lines in which the Legendre sums leave them. If their rings have the same length,
//! without large prime factors, they are transformed side by side in SIMD lanes, north and south as real and imaginary part
//! of one complex sequence. Otherwise one pair of rings of several columns goes that way, which are brought side by side
//! first; few columns go ring by ring. A ring carries the wavenumbers that its points resolve,
//! m ≤ (points−1)/2; those above are 0 (the polar truncation of reduced grids).

mod by_column;
mod by_ring;
mod in_lanes;
mod pieces;

use std::collections::HashMap;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pulp::Arch;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use self::by_column::ColumnScratch;
use self::in_lanes::{AnalyzeLanes, RingOffsets, SynthesizeLanes};
use self::pieces::PiecesOfLine;
use super::Truncation;
use super::coefficients::{GROUP, Layout, PARTS, PIECE};
use super::lane_fourier::LaneFourier;
use super::lanes::{LANES, Lane, Line};
use super::parcels::Arrived;
use super::partition::{Pool, for_each_mirrored_part, for_each_with_parts};
use super::prefetch::Ahead;
use super::ring_factor::Factor;
use crate::Real;
use crate::grid::{Grid, Ring};

/// One ring as the transform sees it.
struct RingPlan<W> {
    ring: Ring,
    /// Number of wavenumbers it carries.
    wavenumbers: usize,
    /// e^{imλ₀} of its first longitude λ₀ by m, unless that is 0.
    turn: Option<Arc<[Complex<W>]>>,
    plans: Arc<PlansOfLength<W>>,
}

/// Transforms of rings of one length, each made when it is first used.
struct PlansOfLength<W> {
    forward: OnceLock<Arc<dyn RealToComplex<W>>>,
    inverse: OnceLock<Arc<dyn ComplexToReal<W>>>,
    /// Of a ring and its mirror image in several columns.
    by_column: OnceLock<LaneFourier<W>>,
}

impl<W> Default for PlansOfLength<W> {
    fn default() -> Self {
        Self { forward: OnceLock::new(), inverse: OnceLock::new(), by_column: OnceLock::new() }
    }
}

impl<W: Lane> RingPlan<W> {
    fn by_column(&self) -> &LaneFourier<W> {
        self.plans.by_column.get_or_init(|| LaneFourier::new(self.ring.points))
    }
}

/// Changes the Fourier coefficients [re, im] by m of a ring, whose number from the north it is given.
pub(super) type RingHook<'a> = &'a (dyn Fn(usize, &mut [[f64; 2]]) + Sync);

/// Fourier coefficients of some columns on the rings.
#[derive(Clone, Copy)]
pub(super) enum Waves<'a, W> {
    /// Of all wavenumbers, by wave.
    Here { layout: &'a Layout, columns: usize, lines: &'a [Line] },
    /// Of own wavenumbers and of those of other ranks.
    Shared(Arrived<'a, W>),
}

/// Rings of a grid with their Fourier transforms.
pub(super) struct RingTransforms<W: Lane> {
    arch: Arch,
    /// From the north.
    rings: Vec<RingPlan<W>>,
    /// The pairs of these rings.
    pairs: Range<usize>,
    /// Those of them that have a southern ring too: not the equator.
    southern: Range<usize>,
    /// The first line of pairs; lines are counted from it.
    first_line: usize,
    /// Number of rings of the grid.
    count: usize,
    /// By line of pairs: the transform in lanes, where it can be.
    lane_plans: Vec<Option<Arc<LaneFourier<W>>>>,
    /// First point of each line's northern rings, and of the southern hemisphere.
    north: Vec<usize>,
    /// End of each line's southern rings, and the first point of the southern hemisphere.
    south: Vec<usize>,
    pool: Pool<Scratch<W>>,
    longest: usize,
    /// Of single rings.
    planner: Mutex<RealFftPlanner<W>>,
}

/// The coefficients of a column that is not there.
static NOTHING: [Line; PIECE] = [Line([0.0; LANES]); PIECE];

/// What a thread analyses after a line of pairs.
struct Next<'a, R> {
    input: &'a [R],
    line: usize,
}

/// What one thread needs for one line of pairs.
struct Scratch<W> {
    /// The two arrays of the transform in lanes.
    lanes: [Vec<[Line; 2]>; 2],
    /// Of each ring of the line, north then south.
    spectra: Vec<Complex<W>>,
    values: Vec<W>,
    fft: Vec<Complex<W>>,
    /// What a hook sees of a ring.
    row: Vec<[f64; 2]>,
    /// Coefficients that were gathered for a line, `[m][part]`.
    gathered: Vec<Line>,
    /// What the next transforms need.
    ahead: Ahead,
    columns: ColumnScratch,
}

impl<W: Lane> RingTransforms<W> {
    /// Of the rings of some pairs; their fields are ring after ring, from the north.
    pub(super) fn new(grid: &Grid, truncation: Truncation, pairs: Range<usize>) -> Self {
        let mut plans = HashMap::new();
        let mut turns = HashMap::new();
        let count = grid.rings().len();
        let southern = pairs.start.min(count / 2)..pairs.end.min(count / 2);
        let mut rings = Vec::new();
        let mut starts = vec![0];
        for number in pairs.clone().chain(count - southern.end..count - southern.start) {
            let ring = Ring { offset: starts[starts.len() - 1], ..grid.rings()[number].clone() };
            starts.push(ring.offset + ring.points);
            let plans = plans.entry(ring.points).or_insert_with(Arc::<PlansOfLength<W>>::default).clone();
            let wavenumbers = truncation.largest_zonal_on(&ring) + 1;
            let turn = (ring.first_longitude != 0.0).then(|| {
                let key = (ring.first_longitude.to_bits(), wavenumbers);
                let turn = turns.entry(key).or_insert_with(|| {
                    let angle = |m: usize| (m as f64 * ring.first_longitude % 360.0).to_radians();
                    let turn = |m: usize| Complex::new(W::of(angle(m).cos()), W::of(angle(m).sin()));
                    (0..wavenumbers).map(turn).collect::<Arc<[_]>>()
                });
                turn.clone()
            });
            rings.push(RingPlan { ring, wavenumbers, turn, plans });
        }
        let first_line = pairs.start / W::LANES;
        let lines = if pairs.is_empty() { 0 } else { pairs.end.div_ceil(W::LANES) - first_line };
        let begin = |line: usize| ((first_line + line) * W::LANES).clamp(pairs.start, pairs.end);
        let north = (0..=lines).map(|line| starts[begin(line) - pairs.start]).collect();
        // Southern rings run the other way.
        let south = (0..=lines)
            .map(|line| starts[pairs.len() + southern.end - begin(line).clamp(southern.start, southern.end)])
            .collect();
        let mut lane_plans_by_length = HashMap::new();
        // A ring is transformed as it is in the whole grid, whichever rings are here.
        let all = &grid.rings()[..count.div_ceil(2)];
        let lane_plans = (first_line..first_line + lines).map(|line| {
            let points = all[line * W::LANES].points;
            let alike = all[line * W::LANES..all.len().min((line + 1) * W::LANES)]
                .iter()
                .all(|ring| ring.points == points && ring.first_longitude == 0.0);
            alike.then_some(())?;
            lane_plans_by_length
                .entry(points)
                .or_insert_with(|| {
                    Some(LaneFourier::new(points)).filter(LaneFourier::is_smooth).map(Arc::new)
                })
                .clone()
        });
        let lane_plans = lane_plans.collect();
        let (arch, longest) = (Arch::new(), grid.longest_ring());
        let pool = Pool::default();
        Self {
            arch,
            rings,
            pairs,
            southern,
            first_line,
            count,
            lane_plans,
            north,
            south,
            pool,
            longest,
            planner: Mutex::new(RealFftPlanner::new()),
        }
    }

    fn planner(&self) -> MutexGuard<'_, RealFftPlanner<W>> {
        self.planner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of points of the grid.
    pub(super) fn points(&self) -> usize {
        self.south[0]
    }

    /// The rings of pair `lane` of `line`, north and south; no south for the equator, none at all for pairs of others and
    /// behind the last pair.
    fn pair(&self, line: usize, lane: usize) -> [Option<&RingPlan<W>>; 2] {
        let pair = (self.first_line + line) * W::LANES + lane;
        let north = self.pairs.contains(&pair).then(|| &self.rings[pair - self.pairs.start]);
        let south = self
            .southern
            .contains(&pair)
            .then(|| &self.rings[self.pairs.len() + self.southern.end - 1 - pair]);
        [north, south]
    }

    /// The northernmost ring of a line.
    fn first_of(&self, line: usize) -> &RingPlan<W> {
        &self.rings[((self.first_line + line) * W::LANES).max(self.pairs.start) - self.pairs.start]
    }

    /// The number of a ring, from the north.
    fn ring_number(&self, line: usize, lane: usize, which: usize) -> usize {
        let pair = (self.first_line + line) * W::LANES + lane;
        if which == 0 { pair } else { self.count - 1 - pair }
    }

    /// The first line of pairs.
    pub(super) fn first_line(&self) -> usize {
        self.first_line
    }

    /// Number of lines.
    pub(super) fn lines(&self) -> usize {
        self.lane_plans.len()
    }

    /// Lanes of factors at m = 0 and at m > 0.
    fn lane_factors(&self, line: usize, factor: Factor) -> [Line; 2] {
        let mut factors = [Line::default(); 2];
        for lane in 0..W::LANES {
            if let [Some(plan), _] = self.pair(line, lane) {
                for (factors, value) in factors.iter_mut().zip(factor.on(&plan.ring)) {
                    factors.values_mut::<W>()[lane] = W::of(value);
                }
            }
        }
        factors
    }

    /// The first columns of the groups of at most [`Lane::LANES`] in which some columns are transformed side by side where rings have
    /// different lengths; `None` if none are. The last of several groups has columns of the one before as well.
    ///
    /// It is all or none, so that a column has the same bits among any others.
    pub(super) fn together(&self, columns: usize) -> Option<impl Iterator<Item = usize> + use<W>> {
        let is_worth_it = 2 * columns >= W::LANES && self.lane_plans.iter().any(Option::is_none);
        let last = columns.saturating_sub(W::LANES);
        is_worth_it.then(|| (0..columns).step_by(W::LANES).map(move |first| first.min(last)))
    }

    /// Synthesises a whole grid field from a column of coefficients.
    pub(super) fn synthesize<R: Real>(
        &self,
        waves: Waves<'_, W>,
        column: usize,
        factor: Factor,
        hook: Option<RingHook<'_>>,
        output: &mut [R],
    ) {
        for_each_mirrored_part([output], &self.north, &self.south, &|line, [north], [south]| {
            let work = |scratch: &mut Scratch<W>| {
                self.synthesize_line_of(&waves, column, line, factor, hook, scratch, [north, south]);
            };
            self.pool.with(|| self.scratch(), work);
        });
    }

    /// Synthesises whole grid fields, at most N = [`Lane::LANES`] one after another in `output`, from neighbouring columns.
    pub(super) fn synthesize_together<R: Real, const N: usize>(
        &self,
        waves: Waves<'_, W>,
        first: usize,
        factor: Factor,
        output: &mut [R],
    ) {
        let count = output.len() / self.points().max(1);
        let mut fields = output.chunks_exact_mut(self.points().max(1));
        let outputs: [&mut [R]; N] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        for_each_mirrored_part(outputs, &self.north, &self.south, &|line, mut north, mut south| {
            let work = |scratch: &mut Scratch<W>| {
                if self.lane_plans[line].is_some() {
                    for (i, output) in north.into_iter().zip(south).enumerate().take(count) {
                        self.synthesize_line_of(
                            &waves,
                            first + i,
                            line,
                            factor,
                            None,
                            scratch,
                            output.into(),
                        );
                    }
                    return;
                }
                let (wavenumbers, length) = self.gather(&waves, first..first + count, line, scratch);
                let Scratch { gathered, columns, .. } = scratch;
                let groups = |group: usize, i: usize| match &waves {
                    _ if i >= count => &NOTHING[..],
                    Waves::Here { layout, columns, lines } => {
                        &lines[layout.by_wave(*columns, group, first + i, line)..][..PIECE]
                    }
                    Waves::Shared(_) => &gathered[i * length + group * PIECE..][..PIECE],
                };
                let outputs = [&mut north, &mut south];
                self.synthesize_by_column(line, wavenumbers, factor, groups, columns, outputs);
            };
            self.pool.with(|| self.scratch(), work);
        });
    }

    /// Number of wavenumbers on a line. Where other ranks have sent them, coefficients of some columns go to the workspace, one column
    /// after another, as many lines as it returns for each.
    fn gather(
        &self,
        waves: &Waves<'_, W>,
        columns: Range<usize>,
        line: usize,
        scratch: &mut Scratch<W>,
    ) -> (usize, usize) {
        let arrived = match waves {
            Waves::Here { layout, .. } => return (layout.wavenumbers_on(line), 0),
            Waves::Shared(arrived) => arrived,
        };
        let gathered = &mut scratch.gathered;
        let wavenumbers = arrived.wavenumbers_on(line);
        let length = wavenumbers.next_multiple_of(GROUP) * PARTS;
        if gathered.len() < columns.len() * length {
            gathered.resize(columns.len() * length, Line::default());
        }
        for (i, column) in columns.enumerate() {
            arrived.gather_line(line, column, &mut gathered[i * length..(i + 1) * length]);
        }
        (wavenumbers, length)
    }

    /// Synthesises the rings of a line of pairs of one column.
    fn synthesize_line_of<R: Real>(
        &self,
        waves: &Waves<'_, W>,
        column: usize,
        line: usize,
        factor: Factor,
        hook: Option<RingHook<'_>>,
        scratch: &mut Scratch<W>,
        output: [&mut [R]; 2],
    ) {
        let (wavenumbers, _) = self.gather(waves, column..column + 1, line, scratch);
        let gathered = mem::take(&mut scratch.gathered);
        scratch.ahead.clear();
        if let Waves::Here { layout, columns, lines } = waves {
            // As a thread goes on: to the next line, then to the next column.
            let (column, line) = if line + 1 < self.lines() { (column, line + 1) } else { (column + 1, 0) };
            if layout.are_many(*columns) && column < *columns {
                for group in 0..layout.wavenumbers_on(line).div_ceil(GROUP) {
                    let place = layout.by_wave(*columns, group, column, line);
                    scratch.ahead.add(&lines[place..place + PIECE]);
                }
            }
        }
        let groups = |group: usize| match waves {
            Waves::Here { layout, columns, lines } => {
                &lines[layout.by_wave(*columns, group, column, line)..][..PIECE]
            }
            Waves::Shared(_) => &gathered[group * PIECE..][..PIECE],
        };
        self.synthesize_line(line, wavenumbers, factor, hook, groups, scratch, output);
        scratch.gathered = gathered;
    }

    /// Synthesises the northern and southern rings of a line of pairs.
    fn synthesize_line<'a, R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        hook: Option<RingHook<'_>>,
        groups: impl Fn(usize) -> &'a [Line],
        scratch: &mut Scratch<W>,
        output: [&mut [R]; 2],
    ) {
        let Some(plan) = self.lane_plans[line].as_deref().filter(|_| hook.is_none()) else {
            return self.synthesize_by_ring(line, wavenumbers, factor, hook, groups, scratch, output);
        };
        let first = self.first_of(line);
        let (points, wavenumbers) = (first.ring.points, wavenumbers.min(first.wavenumbers));
        let factors = self.lane_factors(line, factor);
        let rings = self.ring_offsets(line, [self.north[line], self.south[line + 1]]);
        let Scratch { lanes, ahead, .. } = scratch;
        if !ahead.is_empty() {
            for (offsets, output) in rings.iter().zip(&output) {
                for offset in offsets.iter().flatten() {
                    ahead.add(&output[*offset..offset + points]);
                }
            }
        }
        let work =
            SynthesizeLanes { plan, points, wavenumbers, factors, groups, lanes, rings, ahead, output };
        self.arch.dispatch(work);
    }

    /// Analyses grid fields one after another into the columns of `coefficients`, by line; `offsets` are the layout's.
    pub(super) fn analyze<R: Real>(
        &self,
        layout: &Layout,
        coefficients: &mut [Line],
        offsets: &[usize],
        factor: Factor,
        inputs: &[&[R]],
    ) {
        // Blocks may reach a line behind the last pair.
        let used = self.lines();
        let (offsets, behind) = (&offsets[..=used], offsets[used]);
        let many = layout.are_many(inputs.len());
        let (coefficients, unused) = coefficients.split_at_mut(behind);
        unused.fill(Line::default());
        for_each_with_parts(used, [coefficients], offsets, &|line, [coefficients]| {
            let wavenumbers = layout.wavenumbers_on(line);
            let together = self.together(inputs.len()).filter(|_| self.lane_plans[line].is_none());
            if let Some(firsts) = together {
                for column in firsts {
                    let output = PiecesOfLine { lines: &mut *coefficients, columns: inputs.len(), column };
                    match W::LANES {
                        8 => self.analyze_together::<R, 8>(line, wavenumbers, factor, inputs, many, output),
                        _ => self.analyze_together::<R, 16>(line, wavenumbers, factor, inputs, many, output),
                    }
                }
                return;
            }
            for (column, input) in inputs.iter().enumerate() {
                let output = PiecesOfLine { lines: &mut *coefficients, columns: inputs.len(), column };
                // As a thread goes on: to the next column, then to the next line.
                let next = match inputs.get(column + 1) {
                    Some(input) => Next { input, line },
                    None => Next { input: inputs[0], line: line + 1 },
                };
                self.analyze_line(line, wavenumbers, factor, input, many.then_some(next), output);
            }
        });
    }

    /// Analyses a line of pairs in at most N = [`Lane::LANES`] columns from that of the output on.
    fn analyze_together<R: Real, const N: usize>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        inputs: &[&[R]],
        is_much: bool,
        output: PiecesOfLine<'_>,
    ) {
        let inputs: [&[R]; N] =
            std::array::from_fn(|i| inputs.get(output.column + i).copied().unwrap_or_default());
        self.pool.with(
            || self.scratch(),
            |scratch| {
                let columns = &mut scratch.columns;
                self.analyze_by_column(line, wavenumbers, factor, &inputs, is_much, columns, output);
            },
        );
    }

    /// Analyses a line of pairs: writes north re, north im, south re, south im of every wavenumber m.
    fn analyze_line<R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        input: &[R],
        next: Option<Next<'_, R>>,
        output: PiecesOfLine<'_>,
    ) {
        self.pool.with(
            || self.scratch(),
            |scratch| match &self.lane_plans[line] {
                Some(plan) => {
                    let rings = self.ring_offsets(line, [0; 2]);
                    let factors = self.lane_factors(line, factor);
                    let first = self.first_of(line);
                    let (points, wavenumbers) = (first.ring.points, wavenumbers.min(first.wavenumbers));
                    let Scratch { lanes, ahead, .. } = scratch;
                    ahead.clear();
                    if let Some(next) = next {
                        let lanes = if next.line < self.lines() { W::LANES } else { 0 };
                        for plan in (0..lanes).flat_map(|lane| self.pair(next.line, lane)).flatten() {
                            ahead.add(&next.input[plan.ring.offset..][..plan.ring.points]);
                        }
                        for group in 0..wavenumbers.div_ceil(GROUP) {
                            let place = (group * output.columns + output.column) * PIECE;
                            ahead.add(&output.lines[place..place + PIECE]);
                        }
                    }
                    let work = AnalyzeLanes {
                        plan,
                        points,
                        wavenumbers,
                        factors,
                        lanes,
                        rings,
                        ahead,
                        input,
                        output,
                    };
                    self.arch.dispatch(work);
                }
                None => self.analyze_by_ring(line, wavenumbers, factor, input, scratch, output),
            },
        );
    }

    fn scratch(&self) -> Scratch<W> {
        let lanes = self.lane_plans.iter().flatten().map(|plan| plan.room()).max().unwrap_or(0);
        let rings = if self.lane_plans.iter().any(Option::is_none) { 2 * W::LANES } else { 0 };
        Scratch {
            lanes: [0; 2].map(|_| vec![[Line::default(); 2]; lanes]),
            spectra: vec![Complex::new(W::ZERO, W::ZERO); rings * (self.longest / 2 + 1)],
            values: vec![W::ZERO; self.longest],
            fft: Vec::new(),
            row: Vec::new(),
            gathered: Vec::new(),
            ahead: Ahead::default(),
            columns: ColumnScratch::default(),
        }
    }

    /// First points of the rings of a line, north and south, counted from `first`.
    fn ring_offsets(&self, line: usize, first: [usize; 2]) -> RingOffsets {
        let mut offsets: RingOffsets = Default::default();
        for lane in 0..W::LANES {
            for (which, plan) in self.pair(line, lane).into_iter().enumerate() {
                offsets[which][lane] = plan.map(|plan| plan.ring.offset - first[which]);
            }
        }
        offsets
    }
}
