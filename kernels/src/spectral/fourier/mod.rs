//! Real Fourier transforms along rings, a line of latitude pairs at a time.
//!
//! Neighbouring pairs share the cache lines in which the Legendre sums leave them. If their rings have the same length,
//! without large prime factors, they are transformed side by side in SIMD lanes, north and south as real and imaginary part
//! of one complex sequence; otherwise ring by ring. A ring carries the wavenumbers that its points resolve,
//! m ≤ (points−1)/2; those above are 0 (the polar truncation of reduced grids).

mod by_ring;
mod in_lanes;
mod pieces;

use std::collections::HashMap;
use std::sync::Arc;

use pulp::Arch;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use self::in_lanes::{AnalyzeLanes, RingOffsets, SynthesizeLanes};
use self::pieces::PiecesOfLine;
use super::coefficients::{Layout, PIECE};
use super::lane_fourier::LaneFourier;
use super::lanes::{Lane, Line};
use super::partition::{Pool, for_each_mirrored_part, for_each_with_parts};
use crate::Real;
use crate::grid::{Grid, Ring};

/// Cosine of the latitude that stands for a pole: so small that only m = 1, whose wind is finite there, survives, and large
/// enough for P̄_1 to be summed.
pub(super) const POLE_COSINE: f64 = 1e-25;

/// What the Fourier coefficients of a ring are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factor {
    /// The same for every wavenumber.
    pub(super) ring: RingFactor,
    /// For m > 0 alone: a real field has their complex conjugates as well.
    pub(super) above_zero: f64,
    /// Power of 1/cos φ.
    pub(super) power: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RingFactor {
    One,
    /// The quadrature weight of one of the ring's points.
    Weight,
    /// One over the number of points.
    Mean,
}

/// One ring as the transform sees it.
struct RingPlan<W> {
    points: usize,
    offset: usize,
    /// Number of wavenumbers it carries.
    wavenumbers: usize,
    /// 1, 1/cos φ, 1/cos² φ, at m = 0 and at m > 0: on a pole 0 where the coefficient vanishes faster than cos φ, and
    /// where the quotient is infinite.
    inverse_cosine: [[f64; 2]; 3],
    /// Quadrature weight of one of its points.
    weight: f64,
    /// e^{imλ₀} of its first longitude λ₀ by m, unless that is 0.
    turn: Option<Arc<[Complex<W>]>>,
    forward: Arc<dyn RealToComplex<W>>,
    inverse: Arc<dyn ComplexToReal<W>>,
}

impl<W: Lane> RingPlan<W> {
    /// The factor at m = 0 and m > 0.
    fn factor(&self, factor: Factor) -> [f64; 2] {
        let ring = match factor.ring {
            RingFactor::One => 1.0,
            RingFactor::Weight => self.weight,
            RingFactor::Mean => 1.0 / self.points as f64,
        };
        let [zonal, other] = self.inverse_cosine[factor.power];
        [ring * zonal, ring * factor.above_zero * other]
    }
}

/// Changes the Fourier coefficients [re, im] by m of a ring, whose number from the north it is given.
pub(super) type RingHook<'a> = &'a (dyn Fn(usize, &mut [[f64; 2]]) + Sync);

/// Number of wavenumbers that a ring carries.
pub(super) fn carried(ring: &Ring, total: usize) -> usize {
    total.min((ring.points - 1) / 2) + 1
}

/// The rings of a grid with their Fourier transforms.
pub(super) struct RingTransforms<W: Lane> {
    arch: Arch,
    rings: Vec<RingPlan<W>>,
    /// By line of pairs: the transform in lanes, where it can be.
    lane_plans: Vec<Option<Arc<LaneFourier<W>>>>,
    /// First point of each line's northern rings, and of the southern hemisphere.
    north: Vec<usize>,
    /// End of each line's southern rings, and the first point of the southern hemisphere.
    south: Vec<usize>,
    pairs: usize,
    pool: Pool<Scratch<W>>,
    longest: usize,
    scratch_len: usize,
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
}

impl<W: Lane> RingTransforms<W> {
    pub(super) fn new(grid: &Grid, truncation: usize) -> Self {
        let mut planner = RealFftPlanner::<W>::new();
        let mut plans = HashMap::new();
        let mut turns = HashMap::new();
        let mut scratch_len = 0;
        let mut rings = Vec::new();
        for ring in grid.rings() {
            let (forward, inverse) = plans
                .entry(ring.points)
                .or_insert_with(|| {
                    (planner.plan_fft_forward(ring.points), planner.plan_fft_inverse(ring.points))
                })
                .clone();
            scratch_len = scratch_len.max(forward.get_scratch_len()).max(inverse.get_scratch_len());
            let turn = (ring.first_longitude != 0.0).then(|| {
                let key = (ring.first_longitude.to_bits(), carried(ring, truncation));
                let turn = turns.entry(key).or_insert_with(|| {
                    let angle = |m: usize| (m as f64 * ring.first_longitude % 360.0).to_radians();
                    let turn = |m: usize| Complex::new(W::of(angle(m).cos()), W::of(angle(m).sin()));
                    (0..key.1).map(turn).collect::<Arc<[_]>>()
                });
                turn.clone()
            });
            let pole = ring.cosine_latitude == 0.0;
            let inverse_cosine = if pole { 1.0 / POLE_COSINE } else { 1.0 / ring.cosine_latitude };
            let at_pole = |other: f64, pole_value: f64| if pole { pole_value } else { other };
            rings.push(RingPlan {
                points: ring.points,
                offset: ring.offset,
                wavenumbers: carried(ring, truncation),
                weight: ring.weight / ring.points as f64,
                turn,
                inverse_cosine: [
                    [1.0; 2],
                    [at_pole(inverse_cosine, 0.0), inverse_cosine],
                    [at_pole(inverse_cosine * inverse_cosine, 0.0); 2],
                ],
                forward,
                inverse,
            });
        }
        let count = rings.len();
        let pairs = count.div_ceil(2);
        let lines = pairs.div_ceil(W::LANES);
        let offset = |ring: usize| rings.get(ring).map_or(grid.points(), |ring: &RingPlan<W>| ring.offset);
        let north = (0..=lines).map(|line| offset(pairs.min(line * W::LANES))).collect();
        let south = (0..=lines).map(|line| offset(count - (count / 2).min(line * W::LANES))).collect();
        let mut lane_plans_by_length = HashMap::new();
        let lane_plans = (0..lines).map(|line| {
            let first = &rings[line * W::LANES];
            let alike = rings[line * W::LANES..pairs.min((line + 1) * W::LANES)]
                .iter()
                .all(|ring| ring.points == first.points && ring.turn.is_none());
            alike.then_some(())?;
            lane_plans_by_length
                .entry(first.points)
                .or_insert_with(|| LaneFourier::new(first.points).map(Arc::new))
                .clone()
        });
        let lane_plans = lane_plans.collect();
        let (arch, longest) = (Arch::new(), grid.longest_ring());
        Self { arch, rings, lane_plans, north, south, pairs, pool: Pool::default(), longest, scratch_len }
    }

    /// Number of points of the grid.
    pub(super) fn points(&self) -> usize {
        self.south[0]
    }

    /// The rings of pair `lane` of `line`, north and south; no south for the equator, none at all behind the last pair.
    fn pair(&self, line: usize, lane: usize) -> [Option<&RingPlan<W>>; 2] {
        let (pair, count) = (line * W::LANES + lane, self.rings.len());
        let north = (pair < self.pairs).then(|| &self.rings[pair]);
        let south = (pair < count / 2).then(|| &self.rings[count - 1 - pair]);
        [north, south]
    }

    /// The number of a ring, from the north.
    fn ring_number(&self, line: usize, lane: usize, which: usize) -> usize {
        let pair = line * W::LANES + lane;
        if which == 0 { pair } else { self.rings.len() - 1 - pair }
    }

    /// Lanes of factors at m = 0 and at m > 0.
    fn lane_factors(&self, line: usize, factor: Factor) -> [Line; 2] {
        let mut factors = [Line::default(); 2];
        for lane in 0..W::LANES {
            if let [Some(ring), _] = self.pair(line, lane) {
                for (factors, value) in factors.iter_mut().zip(ring.factor(factor)) {
                    factors.values_mut::<W>()[lane] = W::of(value);
                }
            }
        }
        factors
    }

    /// Synthesises a whole grid field from column `column` of `columns` in `coefficients`, by wave.
    pub(super) fn synthesize<R: Real>(
        &self,
        layout: &Layout,
        coefficients: &[Line],
        [columns, column]: [usize; 2],
        factor: Factor,
        hook: Option<RingHook<'_>>,
        output: &mut [R],
    ) {
        for_each_mirrored_part(output, &self.north, &self.south, &|line, north, south| {
            let groups = |group: usize| {
                let place = layout.by_wave(columns, group, column, line);
                &coefficients[place..place + PIECE]
            };
            let wavenumbers = layout.wavenumbers_on(line);
            self.pool.with(
                || self.scratch(),
                |scratch| match &self.lane_plans[line] {
                    Some(plan) if hook.is_none() => {
                        let RingPlan { points, wavenumbers: carried, .. } = self.rings[line * W::LANES];
                        let wavenumbers = wavenumbers.min(carried);
                        let factors = self.lane_factors(line, factor);
                        let lanes = &mut scratch.lanes;
                        let rings = self.ring_offsets(line, [self.north[line], self.south[line + 1]]);
                        let output = [north, south];
                        let work = SynthesizeLanes {
                            plan,
                            points,
                            wavenumbers,
                            factors,
                            groups,
                            lanes,
                            rings,
                            output,
                        };
                        self.arch.dispatch(work);
                    }
                    _ => {
                        let parts = [north, south];
                        self.synthesize_by_ring(line, wavenumbers, factor, hook, groups, scratch, parts);
                    }
                },
            );
        });
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
        let used = self.pairs.div_ceil(W::LANES);
        let (offsets, behind) = (&offsets[..=used], offsets[used]);
        let (coefficients, unused) = coefficients.split_at_mut(behind);
        unused.fill(Line::default());
        for_each_with_parts(used, [coefficients], offsets, &|line, [coefficients]| {
            for (column, input) in inputs.iter().enumerate() {
                let output = PiecesOfLine { lines: &mut *coefficients, columns: inputs.len(), column };
                self.analyze_line(line, layout.wavenumbers_on(line), factor, input, output);
            }
        });
    }

    /// Analyses a line of pairs: writes north re, north im, south re, south im of every wavenumber m.
    fn analyze_line<R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        input: &[R],
        output: PiecesOfLine<'_>,
    ) {
        self.pool.with(
            || self.scratch(),
            |scratch| match &self.lane_plans[line] {
                Some(plan) => {
                    let rings = self.ring_offsets(line, [0; 2]);
                    let factors = self.lane_factors(line, factor);
                    let RingPlan { points, wavenumbers: carried, .. } = self.rings[line * W::LANES];
                    let wavenumbers = wavenumbers.min(carried);
                    let lanes = &mut scratch.lanes;
                    let work =
                        AnalyzeLanes { plan, points, wavenumbers, factors, lanes, rings, input, output };
                    self.arch.dispatch(work);
                }
                None => self.analyze_by_ring(line, wavenumbers, factor, input, scratch, output),
            },
        );
    }

    fn scratch(&self) -> Scratch<W> {
        let lanes = if self.lane_plans.iter().any(Option::is_some) { self.longest } else { 0 };
        let rings = if self.lane_plans.iter().any(Option::is_none) { 2 * W::LANES } else { 0 };
        Scratch {
            lanes: [0; 2].map(|_| vec![[Line::default(); 2]; lanes]),
            spectra: vec![Complex::new(W::ZERO, W::ZERO); rings * (self.longest / 2 + 1)],
            values: vec![W::ZERO; self.longest],
            fft: vec![Complex::new(W::ZERO, W::ZERO); self.scratch_len],
            row: Vec::new(),
        }
    }

    /// First points of the rings of a line, north and south, counted from `first`.
    fn ring_offsets(&self, line: usize, first: [usize; 2]) -> RingOffsets {
        let mut offsets: RingOffsets = Default::default();
        for lane in 0..W::LANES {
            for (which, ring) in self.pair(line, lane).into_iter().enumerate() {
                offsets[which][lane] = ring.map(|ring| ring.offset - first[which]);
            }
        }
        offsets
    }
}
