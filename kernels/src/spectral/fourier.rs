//! Real Fourier transforms along rings, a line of latitude pairs at a time.
//!
//! Neighbouring pairs share the cache lines in which the Legendre sums leave them. If their rings have the same length,
//! without large prime factors, they are transformed side by side in SIMD lanes, north and south as real and imaginary part
//! of one complex sequence; otherwise ring by ring. A ring carries the wavenumbers that its points resolve,
//! m ≤ (points−1)/2; those above are 0 (the polar truncation of reduced grids).

use std::collections::HashMap;
use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::coefficients::{GROUP, Layout, PARTS, PIECE};
use super::lane_fourier::LaneFourier;
use super::lanes::{Lane, Line, get, per_line, put};
use super::partition::{Pool, for_each_mirrored_part, for_each_with_parts};
use super::transpose::transpose;
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

    fn synthesize_by_ring<'a, R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        hook: Option<RingHook<'_>>,
        groups: impl Fn(usize) -> &'a [Line],
        scratch: &mut Scratch<W>,
        parts: [&mut [R]; 2],
    ) {
        let Scratch { spectra, values, fft, row, .. } = scratch;
        let length = self.longest / 2 + 1;
        if hook.is_some() {
            spectra.resize(2 * W::LANES * length, Complex::new(W::ZERO, W::ZERO));
            row.resize(length, [0.0; 2]);
        }
        self.arch.dispatch(SpectraFromPieces { groups, wavenumbers, length, spectra: &mut *spectra });
        let first = [self.north[line], self.south[line + 1]];
        for lane in 0..W::LANES {
            for (which, ring) in self.pair(line, lane).into_iter().enumerate() {
                let Some(ring) = ring else { continue };
                let spectrum = &mut spectra[(which * W::LANES + lane) * length..][..ring.points / 2 + 1];
                let [zonal, other] = ring.factor(factor).map(W::of);
                let (carried, above) = spectrum.split_at_mut(ring.wavenumbers.min(wavenumbers));
                above.fill(Complex::new(W::ZERO, W::ZERO));
                let (zeroth, others) = carried.split_first_mut().expect("a ring carries m = 0");
                *zeroth = Complex::new(zeroth.re * zonal, W::ZERO);
                for value in others {
                    *value = Complex::new(value.re * other, value.im * other);
                }
                if let Some(turn) = &ring.turn {
                    for (value, turn) in carried.iter_mut().zip(turn.iter()) {
                        *value = *value * turn;
                    }
                }
                if let Some(hook) = hook {
                    let row = &mut row[..carried.len()];
                    for (row, value) in row.iter_mut().zip(&*carried) {
                        *row = [value.re.to_f64(), value.im.to_f64()];
                    }
                    hook(self.ring_number(line, lane, which), row);
                    for (row, value) in row.iter().zip(carried) {
                        *value = Complex::new(W::of(row[0]), W::of(row[1]));
                    }
                    spectrum[0].im = W::ZERO;
                }
                let values = &mut values[..ring.points];
                ring.inverse
                    .process_with_scratch(spectrum, values, &mut fft[..ring.inverse.get_scratch_len()])
                    .expect("lengths that were planned and a real zonal mean");
                let points = &mut parts[which][ring.offset - first[which]..][..ring.points];
                for (point, value) in points.iter_mut().zip(values) {
                    *point = R::from_f64(value.to_f64());
                }
            }
        }
    }

    fn analyze_by_ring<R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        input: &[R],
        scratch: &mut Scratch<W>,
        output: PiecesOfLine<'_>,
    ) {
        let Scratch { spectra, values, fft, .. } = scratch;
        let length = self.longest / 2 + 1;
        for lane in 0..W::LANES {
            for (which, ring) in self.pair(line, lane).into_iter().enumerate() {
                let spectrum = &mut spectra[(which * W::LANES + lane) * length..][..length];
                let Some(ring) = ring else {
                    spectrum.fill(Complex::new(W::ZERO, W::ZERO));
                    continue;
                };
                let values = &mut values[..ring.points];
                for (value, point) in values.iter_mut().zip(&input[ring.offset..]) {
                    *value = W::of(point.to_f64());
                }
                let (spectrum, behind) = spectrum.split_at_mut(ring.points / 2 + 1);
                behind.fill(Complex::new(W::ZERO, W::ZERO));
                ring.forward
                    .process_with_scratch(values, spectrum, &mut fft[..ring.forward.get_scratch_len()])
                    .expect("lengths that were planned");
                let [zonal, other] = ring.factor(factor).map(W::of);
                let (carried, above) = spectrum.split_at_mut(ring.wavenumbers);
                above.fill(Complex::new(W::ZERO, W::ZERO));
                for (m, value) in carried.iter_mut().enumerate() {
                    let factor = if m == 0 { zonal } else { other };
                    *value = Complex::new(value.re * factor, value.im * factor);
                }
                if let Some(turn) = &ring.turn {
                    for (value, turn) in carried.iter_mut().zip(turn.iter()) {
                        *value = *value * turn.conj();
                    }
                }
            }
        }
        self.arch.dispatch(PiecesFromSpectra { spectra: &*spectra, length, wavenumbers, output });
    }
}

/// Numbers in a group's real and imaginary parts.
const PARTS_OF_GROUP: usize = 2 * GROUP;

/// Puts the coefficients of a line of pairs in order ring by ring: `spectra` is [north, south][lane][`length`].
struct SpectraFromPieces<'s, W, G> {
    groups: G,
    wavenumbers: usize,
    length: usize,
    spectra: &'s mut [Complex<W>],
}

impl<'a, W: Lane, G: Fn(usize) -> &'a [Line]> WithSimd for SpectraFromPieces<'_, W, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match W::LANES {
            8 => self.run::<S, 8>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl<'a, W: Lane, G: Fn(usize) -> &'a [Line]> SpectraFromPieces<'_, W, G> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { groups, wavenumbers, length, spectra } = self;
        for group in 0..wavenumbers.div_ceil(GROUP) {
            let piece = groups(group);
            let first = group * GROUP;
            let count = GROUP.min(wavenumbers - first).min(length.saturating_sub(first));
            for which in 0..2 {
                let mut tile = [Line::default(); N];
                for i in 0..PARTS_OF_GROUP {
                    tile[i] = piece[i / 2 * PARTS + 2 * which + i % 2];
                }
                transpose::<S, W, N>(simd, &mut tile);
                for (lane, line) in tile.iter().enumerate() {
                    let target = &mut spectra[(which * N + lane) * length + first..][..count];
                    let parts = line.values::<W>();
                    for (j, target) in target.iter_mut().enumerate() {
                        *target = Complex::new(parts[2 * j], parts[2 * j + 1]);
                    }
                }
            }
        }
    }
}

/// The opposite; coefficients behind `wavenumbers` are 0.
struct PiecesFromSpectra<'a, W> {
    spectra: &'a [Complex<W>],
    length: usize,
    wavenumbers: usize,
    output: PiecesOfLine<'a>,
}

impl<W: Lane> WithSimd for PiecesFromSpectra<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match W::LANES {
            8 => self.run::<S, 8>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl<W: Lane> PiecesFromSpectra<'_, W> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { spectra, length, wavenumbers, output } = self;
        let PiecesOfLine { lines, columns, column } = output;
        for (group, pieces) in lines.chunks_exact_mut(columns * PIECE).enumerate() {
            let piece = &mut pieces[column * PIECE..(column + 1) * PIECE];
            let first = group * GROUP;
            let count = GROUP.min(wavenumbers.min(length).saturating_sub(first));
            for which in 0..2 {
                let mut tile = [Line::default(); N];
                for (lane, line) in tile.iter_mut().enumerate() {
                    let source = &spectra[(which * N + lane) * length + first.min(length - count)..][..count];
                    let parts = line.values_mut::<W>();
                    for (j, source) in source.iter().enumerate() {
                        (parts[2 * j], parts[2 * j + 1]) = (source.re, source.im);
                    }
                }
                transpose::<S, W, N>(simd, &mut tile);
                for i in 0..PARTS_OF_GROUP {
                    piece[i / 2 * PARTS + 2 * which + i % 2] = tile[i];
                }
            }
        }
    }
}

/// The Fourier coefficients of one column among those of a line of pairs.
struct PiecesOfLine<'a> {
    lines: &'a mut [Line],
    columns: usize,
    column: usize,
}

/// First points of the rings of a line of pairs, north and south.
type RingOffsets = [[Option<usize>; 16]; 2];

/// Transposes lanes into the points of rings, N = [`Lane::LANES`] at a time.
#[inline(always)]
fn store<S: Simd, W: Lane, R: Real, const N: usize>(
    simd: S,
    values: &[[Line; 2]],
    rings: &RingOffsets,
    outputs: [&mut [R]; 2],
) {
    let (tiles, rest) = values.as_chunks::<N>();
    for (which, (rings, output)) in rings.iter().zip(outputs).enumerate() {
        // Imaginary parts are the northern ones: see `SynthesizeLanes`.
        let part = 1 - which;
        for (t, values) in tiles.iter().enumerate() {
            let mut tile = [values[0][part]; N];
            for i in 1..N {
                tile[i] = values[i][part];
            }
            transpose::<S, W, N>(simd, &mut tile);
            for (line, offset) in tile.iter().zip(rings) {
                let target = offset.and_then(|offset| output[offset + t * N..].first_chunk_mut::<N>());
                let Some(target) = target else { continue };
                for i in 0..N {
                    target[i] = R::from_f64(line.values::<W>()[i].to_f64());
                }
            }
        }
        for (i, value) in rest.iter().enumerate() {
            for (lane, offset) in rings.iter().enumerate() {
                if let Some(offset) = offset {
                    output[offset + tiles.len() * N + i] =
                        R::from_f64(value[part].values::<W>()[lane].to_f64());
                }
            }
        }
    }
}

/// Transposes the points of northern and southern rings into real and imaginary parts.
#[inline(always)]
fn load<S: Simd, W: Lane, R: Real, const N: usize>(
    simd: S,
    input: &[R],
    rings: &RingOffsets,
    values: &mut [[Line; 2]],
) {
    let (tiles, rest) = values.as_chunks_mut::<N>();
    for (which, rings) in rings.iter().enumerate() {
        for (t, values) in tiles.iter_mut().enumerate() {
            let mut tile = [Line::default(); N];
            for (line, offset) in tile.iter_mut().zip(rings) {
                let source = offset.and_then(|offset| input[offset + t * N..].first_chunk::<N>());
                let Some(source) = source else { continue };
                for i in 0..N {
                    line.values_mut::<W>()[i] = W::of(source[i].to_f64());
                }
            }
            transpose::<S, W, N>(simd, &mut tile);
            for i in 0..N {
                values[i][which] = tile[i];
            }
        }
        for (i, value) in rest.iter_mut().enumerate() {
            for (lane, offset) in rings[..W::LANES].iter().enumerate() {
                let point =
                    offset.map_or(W::ZERO, |offset| W::of(input[offset + tiles.len() * N + i].to_f64()));
                value[which].values_mut::<W>()[lane] = point;
            }
        }
    }
}

/// Sums pairs of Fourier series. With Z_m = N_m + i S_m and Z_{−m} = N̄_m + i S̄_m the sum over e^{+imλ} is n + i s; as the
/// transform has e^{−imλ}, real and imaginary parts are exchanged on the way in and out: s comes out first, then n.
struct SynthesizeLanes<'p, 's, W, R, G> {
    plan: &'p LaneFourier<W>,
    points: usize,
    wavenumbers: usize,
    factors: [Line; 2],
    groups: G,
    lanes: &'s mut [Vec<[Line; 2]>; 2],
    rings: RingOffsets,
    output: [&'s mut [R]; 2],
}

impl<'a, W: Lane, R: Real, G: Fn(usize) -> &'a [Line]> WithSimd for SynthesizeLanes<'_, '_, W, R, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, wavenumbers, factors, groups, lanes, rings, output } = self;
        let [values, scratch] = lanes;
        let zero = Line::default();
        values[wavenumbers..points - wavenumbers + 1].fill([zero; 2]);
        for first in (0..wavenumbers).step_by(GROUP) {
            let piece = groups(first / GROUP);
            for (j, wave) in piece.chunks_exact(PARTS).enumerate().take(wavenumbers - first) {
                let m = first + j;
                let factor = &factors[usize::from(m > 0)];
                for vector in 0..per_line::<S, W>() {
                    let factor = get::<S, W>(factor, vector);
                    let north_re = W::product(simd, get::<S, W>(&wave[0], vector), factor);
                    let north_im = W::product(simd, get::<S, W>(&wave[1], vector), factor);
                    let south_re = W::product(simd, get::<S, W>(&wave[2], vector), factor);
                    let south_im = W::product(simd, get::<S, W>(&wave[3], vector), factor);
                    let [re, im] = &mut values[m];
                    if m == 0 {
                        put::<S, W>(re, vector, south_re);
                        put::<S, W>(im, vector, north_re);
                        continue;
                    }
                    put::<S, W>(re, vector, W::sum(simd, north_im, south_re));
                    put::<S, W>(im, vector, W::difference(simd, north_re, south_im));
                    let [re, im] = &mut values[points - m];
                    put::<S, W>(re, vector, W::difference(simd, south_re, north_im));
                    put::<S, W>(im, vector, W::sum(simd, north_re, south_im));
                }
            }
        }
        let values = plan.transform(simd, &mut values[..points], &mut scratch[..points]);
        match W::LANES {
            8 => store::<S, W, R, 8>(simd, values, &rings, output),
            _ => store::<S, W, R, 16>(simd, values, &rings, output),
        }
    }
}

/// The opposite: of n + i s, N_m = (Z_m + Z̄_{−m})/2 and S_m = (Z_m − Z̄_{−m})/2i.
struct AnalyzeLanes<'a, W, R> {
    plan: &'a LaneFourier<W>,
    points: usize,
    wavenumbers: usize,
    factors: [Line; 2],
    lanes: &'a mut [Vec<[Line; 2]>; 2],
    rings: RingOffsets,
    input: &'a [R],
    output: PiecesOfLine<'a>,
}

impl<W: Lane, R: Real> WithSimd for AnalyzeLanes<'_, W, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, wavenumbers, factors, lanes, rings, input, output } = self;
        let [values, scratch] = lanes;
        match W::LANES {
            8 => load::<S, W, R, 8>(simd, input, &rings, &mut values[..points]),
            _ => load::<S, W, R, 16>(simd, input, &rings, &mut values[..points]),
        }
        let values = plan.transform(simd, &mut values[..points], &mut scratch[..points]);
        let half = W::splat(simd, W::of(0.5));
        let PiecesOfLine { lines, columns, column } = output;
        for (group, piece) in lines.chunks_exact_mut(columns * PIECE).enumerate() {
            let piece = &mut piece[column * PIECE..(column + 1) * PIECE];
            for (j, output) in piece.as_chunks_mut::<PARTS>().0.iter_mut().enumerate() {
                let m = group * GROUP + j;
                if m >= wavenumbers {
                    *output = [Line::default(); PARTS];
                    continue;
                }
                let mirrored = if m == 0 { 0 } else { points - m };
                for vector in 0..per_line::<S, W>() {
                    let factor = W::product(simd, half, get::<S, W>(&factors[usize::from(m > 0)], vector));
                    let (a, b) = (get::<S, W>(&values[m][0], vector), get::<S, W>(&values[m][1], vector));
                    let (c, d) = (
                        get::<S, W>(&values[mirrored][0], vector),
                        get::<S, W>(&values[mirrored][1], vector),
                    );
                    let parts = [
                        W::sum(simd, a, c),
                        W::difference(simd, b, d),
                        W::sum(simd, b, d),
                        W::difference(simd, c, a),
                    ];
                    for (line, part) in output.iter_mut().zip(parts) {
                        put::<S, W>(line, vector, W::product(simd, part, factor));
                    }
                }
            }
        }
    }
}
