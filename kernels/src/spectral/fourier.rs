//! Real Fourier transforms along rings, eight rings at a time.
//!
//! Eight neighbouring rings of one hemisphere share the cache lines in which the Legendre sums leave them. A ring carries
//! the wavenumbers that its points resolve, m ≤ (points−1)/2; those above are 0 (the polar truncation of reduced grids).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::lanes::{LANES, Line};
use crate::grid::Grid;
use crate::{Precision, Real};

/// One ring as the transform sees it.
struct RingPlan {
    points: usize,
    offset: usize,
    /// Number of wavenumbers it carries.
    wavenumbers: usize,
    /// Quadrature weight of one of its points.
    weight: f64,
    /// 1/cos φ, for the wind at m > 0.
    inverse_cosine: f64,
    /// 1/cos φ, for the wind at m = 0: 0 on a pole, where the zonal mean of u cos φ vanishes faster than cos φ.
    zonal_inverse_cosine: f64,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
}

/// Neighbouring rings of one hemisphere that share cache lines.
pub(super) struct RingGroup {
    pub(super) rings: Range<usize>,
    /// Which eight latitude pairs.
    pub(super) line: usize,
    pub(super) southern: bool,
}

/// Whether a transform is of a scalar or of a wind component, which carries a factor 1/cos φ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Scalar,
    Wind,
}

/// The rings of a grid with their Fourier transforms.
pub(super) struct RingTransforms {
    rings: Vec<RingPlan>,
    groups: Vec<RingGroup>,
    /// First point of each group, and the number of points.
    offsets: Vec<usize>,
    pairs: usize,
    pool: Mutex<Vec<Scratch>>,
    longest: usize,
    scratch_len: usize,
}

/// What one thread needs for one group of rings.
struct Scratch {
    spectra: Vec<Complex<f64>>,
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
                inverse_cosine,
                zonal_inverse_cosine: if pole { 0.0 } else { inverse_cosine },
                forward,
                inverse,
            });
        }
        let count = rings.len();
        let pairs = count.div_ceil(2);
        let lines = pairs.div_ceil(LANES);
        let northern = (0..lines).map(|line| RingGroup {
            rings: line * LANES..pairs.min((line + 1) * LANES),
            line,
            southern: false,
        });
        let southern = (0..lines).rev().map(|line| RingGroup {
            rings: pairs.max(count.saturating_sub((line + 1) * LANES))..count - line * LANES,
            line,
            southern: true,
        });
        let groups: Vec<_> = northern.chain(southern).filter(|group| !group.rings.is_empty()).collect();
        let mut offsets: Vec<_> = groups.iter().map(|group| rings[group.rings.start].offset).collect();
        offsets.push(grid.points());
        let longest = grid.longest_ring();
        Self { rings, groups, offsets, pairs, pool: Mutex::default(), longest, scratch_len }
    }

    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// First point of each group of rings, and the number of points.
    pub(super) fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Number of wavenumbers carried by a ring.
    pub(super) fn wavenumbers(&self, ring: usize) -> usize {
        self.rings[ring].wavenumbers
    }

    /// Ring, lane within its group's line, for the rings of a group.
    fn lanes(&self, group: &RingGroup) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (count, line, southern) = (self.rings.len(), group.line, group.southern);
        group.rings.clone().map(move |ring| {
            let pair = if southern { count - 1 - ring } else { ring };
            (ring, pair - line * LANES)
        })
    }

    /// Synthesises the points of group `index` into `output`; `waves(m)` yields the two lines, re and im, of wavenumber m
    /// on the given line of the given hemisphere.
    pub(super) fn synthesize<'a, R: Real>(
        &self,
        index: usize,
        quantity: Quantity,
        waves: impl Fn(usize, usize, bool) -> [&'a Line; 2],
        output: &mut [R],
    ) {
        let group = &self.groups[index];
        let carried = group.rings.clone().map(|ring| self.rings[ring].wavenumbers).max().unwrap_or(0);
        let stride = self.longest / 2 + 1;
        self.with_scratch(|scratch| {
            for m in 0..carried {
                let [re, im] = waves(m, group.line, group.southern);
                for lane in 0..LANES {
                    scratch.spectra[lane * stride + m] = Complex::new(re.0[lane], im.0[lane]);
                }
            }
            let first = self.offsets[index];
            for (ring, lane) in self.lanes(group) {
                let ring = &self.rings[ring];
                let spectrum = &mut scratch.spectra[lane * stride..][..ring.points / 2 + 1];
                spectrum[ring.wavenumbers..].fill(Complex::new(0.0, 0.0));
                if quantity == Quantity::Wind {
                    spectrum[0] *= ring.zonal_inverse_cosine;
                    for value in &mut spectrum[1..ring.wavenumbers] {
                        *value *= ring.inverse_cosine;
                    }
                }
                spectrum[0].im = 0.0;
                let points = &mut output[ring.offset - first..][..ring.points];
                let fft = &mut scratch.fft[..ring.inverse.get_scratch_len()];
                let done = match R::PRECISION {
                    Precision::F64 => {
                        ring.inverse.process_with_scratch(spectrum, bytemuck::cast_slice_mut(points), fft)
                    }
                    Precision::F32 => {
                        let values = &mut scratch.values[..ring.points];
                        let done = ring.inverse.process_with_scratch(spectrum, values, fft);
                        for (point, value) in points.iter_mut().zip(values) {
                            *point = R::from_f64(*value);
                        }
                        done
                    }
                };
                done.expect("lengths that were planned and a real zonal mean");
            }
        });
    }

    /// Analyses the points of pair line `line`: writes, for every m < `wavenumbers`, north re, im, south re, im, each times
    /// the quadrature weight.
    pub(super) fn analyze<R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        quantity: Quantity,
        input: &[R],
        output: &mut [[Line; 4]],
    ) {
        let stride = self.longest / 2 + 1;
        let count = self.rings.len();
        self.with_scratch(|scratch| {
            for southern in [false, true] {
                for lane in 0..LANES {
                    let pair = line * LANES + lane;
                    let spectrum = &mut scratch.spectra[lane * stride..][..stride];
                    // The equator is its own mirror image: it counts as northern.
                    let absent = pair >= self.pairs || (southern && 2 * pair + 1 == count);
                    if absent {
                        spectrum[..wavenumbers].fill(Complex::new(0.0, 0.0));
                        continue;
                    }
                    let ring = &self.rings[if southern { count - 1 - pair } else { pair }];
                    let points = &input[ring.offset..][..ring.points];
                    let values = &mut scratch.values[..ring.points];
                    for (value, point) in values.iter_mut().zip(points) {
                        *value = point.to_f64();
                    }
                    let fft = &mut scratch.fft[..ring.forward.get_scratch_len()];
                    ring.forward
                        .process_with_scratch(values, &mut spectrum[..ring.points / 2 + 1], fft)
                        .expect("lengths that were planned");
                    let (zonal, other) = match quantity {
                        Quantity::Scalar => (ring.weight, ring.weight),
                        Quantity::Wind => {
                            (ring.weight * ring.zonal_inverse_cosine, ring.weight * ring.inverse_cosine)
                        }
                    };
                    spectrum[0] *= zonal;
                    for value in &mut spectrum[1..ring.wavenumbers] {
                        *value *= other;
                    }
                    if ring.wavenumbers < wavenumbers {
                        spectrum[ring.wavenumbers..wavenumbers].fill(Complex::new(0.0, 0.0));
                    }
                }
                let part = if southern { 2 } else { 0 };
                for m in 0..wavenumbers {
                    for lane in 0..LANES {
                        let value = scratch.spectra[lane * stride + m];
                        output[m][part].0[lane] = value.re;
                        output[m][part + 1].0[lane] = value.im;
                    }
                }
            }
        });
    }

    /// Lends a scratch; there are as many as threads ever worked at the same time.
    fn with_scratch(&self, work: impl FnOnce(&mut Scratch)) {
        let lent = self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        let mut scratch = lent.unwrap_or_else(|| Scratch {
            spectra: vec![Complex::new(0.0, 0.0); LANES * (self.longest / 2 + 1)],
            values: vec![0.0; self.longest],
            fft: vec![Complex::new(0.0, 0.0); self.scratch_len],
        });
        work(&mut scratch);
        self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(scratch);
    }
}
