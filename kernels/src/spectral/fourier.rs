//! Real Fourier transforms along rings, eight latitude pairs at a time.
//!
//! Eight neighbouring pairs share the cache lines in which the Legendre sums leave them. If their rings have the same
//! length, without large prime factors, the eight are transformed side by side in SIMD lanes, north and south as real and
//! imaginary part of one complex sequence; otherwise ring by ring. A ring carries the wavenumbers that its points resolve,
//! m ≤ (points−1)/2; those above are 0 (the polar truncation of reduced grids).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pulp::{Arch, Simd, WithSimd};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::lane_fourier::LaneFourier;
use super::lanes::{LANES, Line, get, put};
use super::partition::for_each_mirrored_part;
use crate::Real;
use crate::grid::Grid;

/// One ring as the transform sees it.
struct RingPlan {
    points: usize,
    offset: usize,
    /// Number of wavenumbers it carries.
    wavenumbers: usize,
    /// 1/cos φ, at m = 0 and m > 0: 0 at m = 0 on a pole, where the zonal mean of u cos φ vanishes faster than cos φ.
    inverse_cosine: [f64; 2],
    /// Quadrature weight of one of its points.
    weight: f64,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

/// Whether a transform is of a scalar or of a wind component, which carries a factor 1/cos φ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Scalar,
    Wind,
}

/// What Fourier coefficients are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    /// In synthesis: 1, or 1/cos φ for a wind component.
    Synthesis(Quantity),
    /// In analysis: the quadrature weight of the ring, and 1/cos φ for a wind component.
    Weight(Quantity),
    /// In analysis: nothing, for plain coefficients of the Fourier series.
    Mean,
}

impl RingPlan {
    /// The factor at m = 0 and m > 0.
    fn factor(&self, factor: Factor) -> [f64; 2] {
        match factor {
            Factor::Synthesis(Quantity::Scalar) => [1.0; 2],
            Factor::Synthesis(Quantity::Wind) => self.inverse_cosine,
            Factor::Weight(Quantity::Scalar) => [self.weight; 2],
            Factor::Weight(Quantity::Wind) => self.inverse_cosine.map(|cosine| self.weight * cosine),
            Factor::Mean => [1.0 / self.points as f64; 2],
        }
    }
}

/// The rings of a grid with their Fourier transforms.
pub(super) struct RingTransforms {
    arch: Arch,
    rings: Vec<RingPlan>,
    /// By line of eight pairs: the transform in lanes, where it can be.
    lane_plans: Vec<Option<Arc<LaneFourier>>>,
    /// First point of each line's northern rings, and of the southern hemisphere.
    north: Vec<usize>,
    /// End of each line's southern rings, and the first point of the southern hemisphere.
    south: Vec<usize>,
    pairs: usize,
    pool: Mutex<Vec<Scratch>>,
    longest: usize,
    scratch_len: usize,
}

/// What one thread needs for one line.
struct Scratch {
    /// Eight spectra, or the two arrays of the transform in lanes.
    lanes: [Vec<[Line; 2]>; 2],
    spectrum: Vec<Complex<f64>>,
    values: Vec<f64>,
    fft: Vec<Complex<f64>>,
}

/// Cosine of the latitude that stands for a pole: so small that only m = 1, whose wind is finite there, survives, and large
/// enough for P̄_1 to be summed.
pub(super) const POLE_COSINE: f64 = 1e-25;

impl RingTransforms {
    pub(super) fn new(grid: &Grid, truncation: usize) -> Self {
        let mut planner = RealFftPlanner::<f64>::new();
        let mut plans = HashMap::new();
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
            let pole = ring.cosine_latitude == 0.0;
            let inverse_cosine = if pole { 1.0 / POLE_COSINE } else { 1.0 / ring.cosine_latitude };
            rings.push(RingPlan {
                points: ring.points,
                offset: ring.offset,
                wavenumbers: truncation.min((ring.points - 1) / 2) + 1,
                weight: ring.weight / ring.points as f64,
                inverse_cosine: [if pole { 0.0 } else { inverse_cosine }, inverse_cosine],
                forward,
                inverse,
            });
        }
        let count = rings.len();
        let pairs = count.div_ceil(2);
        let lines = pairs.div_ceil(LANES);
        let offset = |ring: usize| rings.get(ring).map_or(grid.points(), |ring: &RingPlan| ring.offset);
        let north = (0..=lines).map(|line| offset(pairs.min(line * LANES))).collect();
        let south = (0..=lines).map(|line| offset(count - (count / 2).min(line * LANES))).collect();
        let mut lane_plans_by_length = HashMap::new();
        let lane_plans = (0..lines).map(|line| {
            let first = &rings[line * LANES];
            let alike = rings[line * LANES..pairs.min((line + 1) * LANES)]
                .iter()
                .all(|ring| ring.points == first.points);
            alike.then_some(())?;
            lane_plans_by_length
                .entry(first.points)
                .or_insert_with(|| LaneFourier::new(first.points).map(Arc::new))
                .clone()
        });
        let lane_plans = lane_plans.collect();
        let (arch, longest) = (Arch::new(), grid.longest_ring());
        Self { arch, rings, lane_plans, north, south, pairs, pool: Mutex::default(), longest, scratch_len }
    }

    /// Number of points of the grid.
    pub(super) fn points(&self) -> usize {
        self.south[0]
    }

    /// Number of latitude pairs, the equator among them.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// Number of wavenumbers carried by a ring.
    pub(super) fn wavenumbers(&self, ring: usize) -> usize {
        self.rings[ring].wavenumbers
    }

    /// The rings of pair `lane` of `line`, north and south; no south for the equator, none at all behind the last pair.
    fn pair(&self, line: usize, lane: usize) -> [Option<&RingPlan>; 2] {
        let (pair, count) = (line * LANES + lane, self.rings.len());
        let north = (pair < self.pairs).then(|| &self.rings[pair]);
        let south = (pair < count / 2).then(|| &self.rings[count - 1 - pair]);
        [north, south]
    }

    /// Lanes of factors at m = 0 and at m > 0.
    fn lane_factors(&self, line: usize, factor: Factor) -> [Line; 2] {
        let mut factors = [Line::default(); 2];
        for lane in 0..LANES {
            if let [Some(ring), _] = self.pair(line, lane) {
                let values = ring.factor(factor);
                for which in 0..2 {
                    factors[which].0[lane] = values[which];
                }
            }
        }
        factors
    }

    /// Synthesises a whole grid field; `waves(m, line)` yields north re, north im, south re, south im of eight pairs.
    pub(super) fn synthesize<'a, R: Real>(
        &self,
        quantity: Quantity,
        waves: impl Fn(usize, usize) -> [&'a Line; 4] + Sync,
        output: &mut [R],
    ) {
        let factor = Factor::Synthesis(quantity);
        for_each_mirrored_part(output, &self.north, &self.south, &|line, north, south| {
            self.with_scratch(|scratch| match &self.lane_plans[line] {
                Some(plan) => {
                    let values = self.synthesize_in_lanes(plan, line, factor, &waves, scratch);
                    for (which, part) in [north, south].into_iter().enumerate() {
                        self.store(line, which, values, part);
                    }
                }
                None => self.synthesize_by_ring(line, factor, &waves, scratch, [north, south]),
            });
        });
    }

    /// Analyses eight pairs: writes north re, north im, south re, south im of every wavenumber m; `output` has one
    /// entry for each.
    pub(super) fn analyze<R: Real>(
        &self,
        line: usize,
        factor: Factor,
        input: &[R],
        output: &mut [[Line; 4]],
    ) {
        self.with_scratch(|scratch| match &self.lane_plans[line] {
            Some(plan) => {
                self.load(line, input, &mut scratch.lanes[0]);
                let factors = self.lane_factors(line, factor);
                let RingPlan { points, wavenumbers, .. } = self.rings[line * LANES];
                let (output, above) = output.split_at_mut(wavenumbers);
                above.fill([Line::default(); 4]);
                self.arch.dispatch(AnalyzeLanes { plan, points, factors, lanes: &mut scratch.lanes, output });
            }
            None => self.analyze_by_ring(line, factor, input, scratch, output),
        });
    }

    fn synthesize_in_lanes<'a, 's>(
        &self,
        plan: &LaneFourier,
        line: usize,
        factor: Factor,
        waves: &impl Fn(usize, usize) -> [&'a Line; 4],
        scratch: &'s mut Scratch,
    ) -> &'s [[Line; 2]] {
        let RingPlan { points, wavenumbers, .. } = self.rings[line * LANES];
        let factors = self.lane_factors(line, factor);
        let waves = |m: usize| waves(m, line);
        self.arch.dispatch(SynthesizeLanes {
            plan,
            points,
            wavenumbers,
            factors,
            waves,
            lanes: &mut scratch.lanes,
        })
    }

    /// Transposes lanes of northern (`which` = 0) or southern (1) rings into the points of `part`.
    fn store<R: Real>(&self, line: usize, which: usize, values: &[[Line; 2]], part: &mut [R]) {
        let first = if which == 0 { self.north[line] } else { self.south[line + 1] };
        // Imaginary parts are the northern ones: see `SynthesizeLanes`.
        let which_part = 1 - which;
        let points = values.len();
        let mut rings = [0; LANES];
        let mut lanes = 0;
        for lane in 0..LANES {
            if let Some(ring) = self.pair(line, lane)[which] {
                rings[lane] = ring.offset - first;
                lanes = lane + 1;
            }
        }
        const TILE: usize = 8;
        for start in (0..points).step_by(TILE) {
            let tile = &values[start..points.min(start + TILE)];
            for lane in 0..lanes {
                let target = &mut part[rings[lane] + start..][..tile.len()];
                for (target, value) in target.iter_mut().zip(tile) {
                    *target = R::from_f64(value[which_part].0[lane]);
                }
            }
        }
    }

    /// Transposes the points of northern and southern rings into real and imaginary parts.
    fn load<R: Real>(&self, line: usize, input: &[R], lanes: &mut [[Line; 2]]) {
        let points = self.rings[line * LANES].points;
        const TILE: usize = 8;
        for which in 0..2 {
            let rings: [Option<&[R]>; LANES] = std::array::from_fn(|lane| {
                self.pair(line, lane)[which].map(|ring| &input[ring.offset..][..points])
            });
            for start in (0..points).step_by(TILE) {
                let tile = &mut lanes[start..points.min(start + TILE)];
                for lane in 0..LANES {
                    match rings[lane] {
                        Some(ring) => {
                            for (value, point) in tile.iter_mut().zip(&ring[start..]) {
                                value[which].0[lane] = point.to_f64();
                            }
                        }
                        None => tile.iter_mut().for_each(|value| value[which].0[lane] = 0.0),
                    }
                }
            }
        }
    }

    fn synthesize_by_ring<'a, R: Real>(
        &self,
        line: usize,
        factor: Factor,
        waves: &impl Fn(usize, usize) -> [&'a Line; 4],
        scratch: &mut Scratch,
        parts: [&mut [R]; 2],
    ) {
        let first = [self.north[line], self.south[line + 1]];
        for lane in 0..LANES {
            for (which, ring) in self.pair(line, lane).into_iter().enumerate() {
                let Some(ring) = ring else { continue };
                let spectrum = &mut scratch.spectrum[..ring.points / 2 + 1];
                let [zonal, other] = ring.factor(factor);
                for m in 0..ring.wavenumbers {
                    let wave = waves(m, line);
                    let (re, im) = (wave[2 * which].0[lane], wave[2 * which + 1].0[lane]);
                    spectrum[m] = Complex::new(re, im) * if m == 0 { zonal } else { other };
                }
                spectrum[0].im = 0.0;
                spectrum[ring.wavenumbers..].fill(Complex::new(0.0, 0.0));
                let values = &mut scratch.values[..ring.points];
                ring.inverse
                    .process_with_scratch(
                        spectrum,
                        values,
                        &mut scratch.fft[..ring.inverse.get_scratch_len()],
                    )
                    .expect("lengths that were planned and a real zonal mean");
                let points = &mut parts[which][ring.offset - first[which]..][..ring.points];
                for (point, value) in points.iter_mut().zip(values) {
                    *point = R::from_f64(*value);
                }
            }
        }
    }

    fn analyze_by_ring<R: Real>(
        &self,
        line: usize,
        factor: Factor,
        input: &[R],
        scratch: &mut Scratch,
        output: &mut [[Line; 4]],
    ) {
        output.fill([Line::default(); 4]);
        for lane in 0..LANES {
            for (which, ring) in self.pair(line, lane).into_iter().enumerate() {
                let Some(ring) = ring else { continue };
                let values = &mut scratch.values[..ring.points];
                for (value, point) in values.iter_mut().zip(&input[ring.offset..]) {
                    *value = point.to_f64();
                }
                let spectrum = &mut scratch.spectrum[..ring.points / 2 + 1];
                ring.forward
                    .process_with_scratch(
                        values,
                        spectrum,
                        &mut scratch.fft[..ring.forward.get_scratch_len()],
                    )
                    .expect("lengths that were planned");
                let [zonal, other] = ring.factor(factor);
                for (m, (target, value)) in output.iter_mut().zip(&spectrum[..ring.wavenumbers]).enumerate() {
                    let value = value * if m == 0 { zonal } else { other };
                    target[2 * which].0[lane] = value.re;
                    target[2 * which + 1].0[lane] = value.im;
                }
            }
        }
    }

    /// Lends a scratch; there are as many as threads ever worked at the same time.
    fn with_scratch(&self, work: impl FnOnce(&mut Scratch)) {
        let lent = self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        let mut scratch = lent.unwrap_or_else(|| {
            let has_lanes = self.lane_plans.iter().any(Option::is_some);
            let lanes = if has_lanes { self.longest } else { 0 };
            Scratch {
                lanes: [0; 2].map(|_| vec![[Line::default(); 2]; lanes]),
                spectrum: vec![Complex::new(0.0, 0.0); self.longest / 2 + 1],
                values: vec![0.0; self.longest],
                fft: vec![Complex::new(0.0, 0.0); self.scratch_len],
            }
        });
        work(&mut scratch);
        self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(scratch);
    }
}

/// Sums eight pairs of Fourier series. With Z_m = N_m + i S_m and Z_{−m} = N̄_m + i S̄_m the sum over e^{+imλ} is n + i s; as
/// the transform has e^{−imλ}, real and imaginary parts are exchanged on the way in and out: s comes out first, then n.
struct SynthesizeLanes<'p, 's, W> {
    plan: &'p LaneFourier,
    points: usize,
    wavenumbers: usize,
    factors: [Line; 2],
    waves: W,
    lanes: &'s mut [Vec<[Line; 2]>; 2],
}

impl<'a, 's, W: Fn(usize) -> [&'a Line; 4]> WithSimd for SynthesizeLanes<'_, 's, W> {
    type Output = &'s [[Line; 2]];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { plan, points, wavenumbers, factors, waves, lanes } = self;
        let [values, scratch] = lanes;
        let zero = Line::default();
        values[wavenumbers..points - wavenumbers + 1].fill([zero; 2]);
        for m in 0..wavenumbers {
            let wave = waves(m);
            let factor = &factors[usize::from(m > 0)];
            for vector in 0..LANES / S::F64_LANES {
                let factor = get::<S>(factor, vector);
                let north_re = simd.mul_f64s(get::<S>(wave[0], vector), factor);
                let north_im = simd.mul_f64s(get::<S>(wave[1], vector), factor);
                let south_re = simd.mul_f64s(get::<S>(wave[2], vector), factor);
                let south_im = simd.mul_f64s(get::<S>(wave[3], vector), factor);
                let [re, im] = &mut values[m];
                if m == 0 {
                    put::<S>(re, vector, south_re);
                    put::<S>(im, vector, north_re);
                    continue;
                }
                put::<S>(re, vector, simd.add_f64s(north_im, south_re));
                put::<S>(im, vector, simd.sub_f64s(north_re, south_im));
                let [re, im] = &mut values[points - m];
                put::<S>(re, vector, simd.sub_f64s(south_re, north_im));
                put::<S>(im, vector, simd.add_f64s(north_re, south_im));
            }
        }
        plan.transform(simd, &mut values[..points], &mut scratch[..points])
    }
}

/// The opposite: of n + i s, N_m = (Z_m + Z̄_{−m})/2 and S_m = (Z_m − Z̄_{−m})/2i.
struct AnalyzeLanes<'a> {
    plan: &'a LaneFourier,
    points: usize,
    factors: [Line; 2],
    lanes: &'a mut [Vec<[Line; 2]>; 2],
    output: &'a mut [[Line; 4]],
}

impl WithSimd for AnalyzeLanes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, factors, lanes, output } = self;
        let [values, scratch] = lanes;
        let values = plan.transform(simd, &mut values[..points], &mut scratch[..points]);
        let half = simd.splat_f64s(0.5);
        for (m, output) in output.iter_mut().enumerate() {
            let mirrored = if m == 0 { 0 } else { points - m };
            for vector in 0..LANES / S::F64_LANES {
                let factor = simd.mul_f64s(half, get::<S>(&factors[usize::from(m > 0)], vector));
                let (a, b) = (get::<S>(&values[m][0], vector), get::<S>(&values[m][1], vector));
                let (c, d) = (get::<S>(&values[mirrored][0], vector), get::<S>(&values[mirrored][1], vector));
                let parts =
                    [simd.add_f64s(a, c), simd.sub_f64s(b, d), simd.add_f64s(b, d), simd.sub_f64s(c, a)];
                for (line, part) in output.iter_mut().zip(parts) {
                    put::<S>(line, vector, simd.mul_f64s(part, factor));
                }
            }
        }
    }
}
