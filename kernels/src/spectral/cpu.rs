//! The transform on the CPU: Legendre sums by wavenumber, Fourier transforms by groups of rings.
//!
//! Every wavenumber owns the Fourier coefficients it makes from a spectrum, every line of eight latitude pairs those it
//! makes from a grid, so that threads share nothing that is written; each sum is added up by one thread in a fixed order,
//! and results have the same bits for any number of threads.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::Truncation;
use super::fourier::{Factor, Quantity, RingTransforms};
use super::lanes::{BLOCK_LINES, LANES, Line, vectors_mut};
use super::latitudes::Legendre;
use super::legendre;
use super::partition::{for_each_item, for_each_with_parts};
use super::recurrence::steps;
use super::resampling::Resampling;
use super::wind::{source_from_wind, wind_from_sources};
use crate::Real;
use crate::grid::Grid;

/// Fourier coefficients of the fields in work should stay in a core's cache.
const CACHE_BYTES: usize = 1 << 20;

/// Everything that stays the same from call to call, and the workspace.
pub(super) struct CpuTransform {
    truncation: Truncation,
    arch: Arch,
    rings: RingTransforms,
    legendre: Legendre,
    /// Where the quadrature of the rings themselves does not suffice: the latitudes at which analysis integrates.
    resampled: Option<(Resampling, Legendre)>,
    waves: Vec<Wave>,
    /// [line][slot][wavenumber][north re, north im, south re, south im].
    lines: Vec<Vec<[Line; 4]>>,
    /// Number of fields that are transformed before the next ones are touched.
    slots: usize,
    /// First value of each m in the spectrum of one field, and its length.
    offsets: Vec<usize>,
    scaled_offsets: Vec<usize>,
}

/// Workspace of one wavenumber.
struct Wave {
    /// [re, im] by degree: up to two sources and two results.
    degrees: [Vec<[f64; 2]>; 4],
    steps: Vec<[f64; 4]>,
    sums: Vec<Line>,
    /// Fourier coefficients at the latitudes of the resampling, if there is one.
    resampled: Vec<[Line; 4]>,
    /// [slot][north re, north im, south re, south im][line].
    fourier: Vec<Line>,
}

impl CpuTransform {
    pub(super) fn new(grid: &Grid, truncation: Truncation) -> Self {
        let total = truncation.total();
        let rings = RingTransforms::new(grid, total);
        let legendre = Legendre::of_grid(grid, total, |ring| rings.wavenumbers(ring));
        let lines = legendre.blocks.len() * BLOCK_LINES;
        let resampled = Resampling::where_needed(grid, total).map(|resampling| {
            let (sines, cosines) = resampling.latitudes();
            let legendre = Legendre::new(sines, cosines, total, vec![0; total + 1]);
            (resampling, legendre)
        });
        let resampled_lines =
            resampled.as_ref().map_or(0, |(_, legendre)| legendre.blocks.len() * BLOCK_LINES);
        let slots = (CACHE_BYTES / ((total + 1) * lines * size_of::<[Line; 4]>())).clamp(1, 16);
        // A wind has two components.
        let reserved = slots.max(2);
        let waves = (0..=total).map(|m| {
            let count = steps(m, total + 1);
            Wave {
                degrees: std::array::from_fn(|_| vec![[0.0; 2]; 2 * count + 2]),
                steps: vec![[0.0; 4]; count],
                sums: vec![Line::default(); 4 * count],
                resampled: vec![[Line::default(); 4]; resampled_lines],
                fourier: vec![Line::default(); reserved * 4 * lines],
            }
        });
        let offsets: Vec<_> = (0..=total + 1).map(|m| 2 * truncation.first_index(m)).collect();
        Self {
            truncation,
            arch: Arch::new(),
            waves: waves.collect(),
            lines: vec![vec![[Line::default(); 4]; reserved * (total + 1)]; lines],
            slots,
            scaled_offsets: offsets.clone(),
            offsets,
            rings,
            legendre,
            resampled,
        }
    }

    /// The fields in portions of at most `slots`.
    fn portions(fields: usize, slots: usize) -> impl Iterator<Item = Range<usize>> {
        (0..fields).step_by(slots).map(move |first| first..fields.min(first + slots))
    }

    pub(super) fn synthesis<R: Real>(&mut self, fields: usize, spectrum: &[R], grid: &mut [R]) {
        for portion in Self::portions(fields, self.slots) {
            let Self { truncation, arch, legendre, waves, lines, offsets, .. } = self;
            let (total, lines) = (truncation.total(), lines.len());
            for_each_item(waves, |m, wave| {
                let spectrum = &spectrum[fields * offsets[m]..fields * offsets[m + 1]];
                let Wave { degrees: [degrees, ..], steps: wave_steps, fourier, .. } = wave;
                for (slot, field) in portion.clone().enumerate() {
                    unpack(m, fields, field, spectrum, degrees);
                    let steps = &mut wave_steps[..steps(m, total)];
                    let fourier = &mut fourier[slot * 4 * lines..][..4 * lines];
                    arch.dispatch(Synthesis { legendre, m, degrees, steps, fourier });
                }
            });
            self.grid_from_fourier(Quantity::Scalar, 0, portion_of(grid, fields, &portion));
        }
    }

    pub(super) fn analysis<R: Real>(&mut self, fields: usize, grid: &[R], spectrum: &mut [R]) {
        self.scale_offsets(fields);
        let total = self.truncation.total();
        let points = grid.len() / fields;
        for portion in Self::portions(fields, self.slots) {
            let grid = &grid[portion.start * points..portion.end * points];
            self.fourier_from_grid(Quantity::Scalar, 0, grid);
            let (latitudes, waves, offsets) = self.latitudes_of_analysis();
            for_each_with_parts(waves, [&mut *spectrum], offsets, &|m, wave, [spectrum]| {
                for (slot, field) in portion.clone().enumerate() {
                    latitudes.sums(Quantity::Scalar, m, slot, steps(m, total), wave, 0);
                    pack(fields, field, &wave.degrees[0][..=total - m], spectrum);
                }
            });
        }
    }

    pub(super) fn wind_synthesis<R: Real>(
        &mut self,
        fields: usize,
        radius: f64,
        [vorticity, divergence]: [&[R]; 2],
        [u, v]: [&mut [R]; 2],
    ) {
        for portion in Self::portions(fields, (self.slots / 2).max(1)) {
            let Self { truncation, arch, legendre, waves, lines, offsets, .. } = self;
            let (total, lines) = (truncation.total(), lines.len());
            for_each_item(waves, |m, wave| {
                let range = fields * offsets[m]..fields * offsets[m + 1];
                let Wave { degrees: [zeta, delta, result, _], steps, fourier, .. } = wave;
                let epsilon = &legendre.recurrences[m].epsilon;
                for (slot, field) in portion.clone().enumerate() {
                    unpack(m, fields, field, &vorticity[range.clone()], zeta);
                    unpack(m, fields, field, &divergence[range.clone()], delta);
                    for component in 0..2 {
                        let (sign, gradient, zonal) =
                            if component == 0 { (1.0, &*zeta, &*delta) } else { (-1.0, &*delta, &*zeta) };
                        wind_from_sources(m, total, radius, epsilon, sign, gradient, zonal, result);
                        let slot = component * portion.len() + slot;
                        let fourier = &mut fourier[slot * 4 * lines..][..4 * lines];
                        arch.dispatch(Synthesis { legendre, m, degrees: result, steps, fourier });
                    }
                }
            });
            self.grid_from_fourier(Quantity::Wind, 0, portion_of(u, fields, &portion));
            self.grid_from_fourier(Quantity::Wind, portion.len(), portion_of(v, fields, &portion));
        }
    }

    pub(super) fn wind_analysis<R: Real>(
        &mut self,
        fields: usize,
        radius: f64,
        [u, v]: [&[R]; 2],
        [vorticity, divergence]: [&mut [R]; 2],
    ) {
        self.scale_offsets(fields);
        let total = self.truncation.total();
        let points = u.len() / fields;
        for portion in Self::portions(fields, (self.slots / 2).max(1)) {
            let range = portion.start * points..portion.end * points;
            self.fourier_from_grid(Quantity::Wind, 0, &u[range.clone()]);
            self.fourier_from_grid(Quantity::Wind, portion.len(), &v[range]);
            let (latitudes, waves, offsets) = self.latitudes_of_analysis();
            let spectra = [&mut *vorticity, &mut *divergence];
            for_each_with_parts(waves, spectra, offsets, &|m, wave, [vorticity, divergence]| {
                let recurrence = &latitudes.legendre.recurrences[m];
                for (slot, field) in portion.clone().enumerate() {
                    for component in 0..2 {
                        let slot = component * portion.len() + slot;
                        latitudes.sums(Quantity::Wind, m, slot, steps(m, total + 1), wave, component);
                    }
                    let [eastward, northward, zeta, delta] = &mut wave.degrees;
                    for n in m..=total {
                        let source = |sign, gradient: &[[f64; 2]], zonal: &[[f64; 2]]| match n {
                            0 => [0.0; 2],
                            _ => source_from_wind(m, n, radius, &recurrence.epsilon, sign, gradient, zonal),
                        };
                        zeta[n - m] = source(1.0, eastward, northward);
                        delta[n - m] = source(-1.0, northward, eastward);
                    }
                    pack(fields, field, &zeta[..=total - m], vorticity);
                    pack(fields, field, &delta[..=total - m], divergence);
                }
            });
        }
    }

    /// What the Legendre sums of an analysis read, and what they write to.
    fn latitudes_of_analysis(&mut self) -> (AnalysisLatitudes<'_>, &mut [Wave], &[usize]) {
        let (resampling, legendre) = match &self.resampled {
            Some((resampling, legendre)) => (Some(resampling), legendre),
            None => (None, &self.legendre),
        };
        let wavenumbers = self.waves.len();
        let latitudes =
            AnalysisLatitudes { arch: self.arch, legendre, resampling, lines: &self.lines, wavenumbers };
        (latitudes, &mut self.waves, &self.scaled_offsets)
    }

    /// Synthesises grid fields from the waves' Fourier coefficients of slots `first`...
    fn grid_from_fourier<R: Real>(&self, quantity: Quantity, first: usize, grid: &mut [R]) {
        let lines = self.lines.len();
        for (field, grid) in grid.chunks_exact_mut(self.rings.points()).enumerate() {
            let waves = |m: usize, line: usize| {
                let fourier = &self.waves[m].fourier[(first + field) * 4 * lines..][..4 * lines];
                std::array::from_fn(|part| &fourier[part * lines + line])
            };
            self.rings.synthesize(quantity, waves, grid);
        }
    }

    /// Fills the lines' Fourier coefficients of slots `first`... from grid fields.
    fn fourier_from_grid<R: Real>(&mut self, quantity: Quantity, first: usize, grid: &[R]) {
        let wavenumbers = self.waves.len();
        let rings = &self.rings;
        let factor = if self.resampled.is_some() { Factor::Mean } else { Factor::Weight(quantity) };
        let used = rings.pairs().div_ceil(LANES);
        for_each_item(&mut self.lines[..used], |line, output| {
            for (field, grid) in grid.chunks_exact(rings.points()).enumerate() {
                let output = &mut output[(first + field) * wavenumbers..][..wavenumbers];
                rings.analyze(line, factor, grid, output);
            }
        });
    }

    fn scale_offsets(&mut self, fields: usize) {
        for (scaled, offset) in self.scaled_offsets.iter_mut().zip(&self.offsets) {
            *scaled = fields * offset;
        }
    }
}

/// The part of some grid fields that a portion of them is.
fn portion_of<'a, R: Real>(grid: &'a mut [R], fields: usize, portion: &Range<usize>) -> &'a mut [R] {
    let points = grid.len() / fields;
    &mut grid[portion.start * points..portion.end * points]
}

/// [re, im] by degree of one field and wavenumber; the imaginary part of m = 0 counts as 0.
fn unpack<R: Real>(m: usize, fields: usize, field: usize, spectrum: &[R], degrees: &mut [[f64; 2]]) {
    let count = spectrum.len() / (2 * fields);
    for (j, degree) in degrees[..count].iter_mut().enumerate() {
        let re = spectrum[2 * j * fields + field].to_f64();
        let im = spectrum[(2 * j + 1) * fields + field].to_f64();
        *degree = [re, if m == 0 { 0.0 } else { im }];
    }
    degrees[count..].fill([0.0; 2]);
}

/// The opposite of [`unpack`].
fn pack<R: Real>(fields: usize, field: usize, degrees: &[[f64; 2]], spectrum: &mut [R]) {
    for (j, degree) in degrees.iter().enumerate() {
        spectrum[2 * j * fields + field] = R::from_f64(degree[0]);
        spectrum[(2 * j + 1) * fields + field] = R::from_f64(degree[1]);
    }
}

/// Fourier coefficients of one field and wavenumber, [north re, north im, south re, south im][line].
struct Synthesis<'a> {
    legendre: &'a Legendre,
    m: usize,
    degrees: &'a [[f64; 2]],
    steps: &'a mut [[f64; 4]],
    fourier: &'a mut [Line],
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, degrees, steps, fourier } = self;
        legendre.recurrences[m].to_steps(degrees, steps);
        let lines = fourier.len() / 4;
        let mut parts = fourier.chunks_exact_mut(lines);
        let parts: [&mut [Line]; 4] = std::array::from_fn(|_| parts.next().expect("four parts"));
        let [a, b, c, d] = parts;
        for (i, block) in legendre.blocks.iter().enumerate().skip(legendre.first_block[m]) {
            let lines = i * BLOCK_LINES..(i + 1) * BLOCK_LINES;
            let outputs =
                [&mut a[lines.clone()], &mut b[lines.clone()], &mut c[lines.clone()], &mut d[lines.clone()]];
            legendre::synthesize(simd, block, m, legendre.factors(block, m), steps, outputs);
        }
    }
}

/// The latitudes at which analysis integrates, and the Fourier coefficients there.
struct AnalysisLatitudes<'a> {
    arch: Arch,
    legendre: &'a Legendre,
    resampling: Option<&'a Resampling>,
    lines: &'a [Vec<[Line; 4]>],
    wavenumbers: usize,
}

impl AnalysisLatitudes<'_> {
    /// Analyses one slot and wavenumber by its first `count` q_k into `wave.degrees[result]`.
    fn sums(&self, quantity: Quantity, m: usize, slot: usize, count: usize, wave: &mut Wave, result: usize) {
        let at = slot * self.wavenumbers + m;
        let on_grid = |line: usize| &self.lines[line][at];
        let Wave { degrees, steps, sums, resampled, .. } = wave;
        let (degrees, steps, sums) = (&mut degrees[result], &mut steps[..count], &mut sums[..4 * count]);
        let legendre = self.legendre;
        match self.resampling {
            None => self.arch.dispatch(Analysis { legendre, m, input: on_grid, sums, steps, degrees }),
            Some(resampling) => {
                resampling.apply(self.arch, quantity, m, on_grid, resampled);
                let input = |line: usize| &resampled[line];
                self.arch.dispatch(Analysis { legendre, m, input, sums, steps, degrees });
            }
        }
    }
}

/// Coefficients of one field and wavenumber; `input(line)` yields the Fourier coefficients of eight latitude pairs.
struct Analysis<'a, I> {
    legendre: &'a Legendre,
    m: usize,
    input: I,
    sums: &'a mut [Line],
    steps: &'a mut [[f64; 4]],
    degrees: &'a mut [[f64; 2]],
}

impl<'i, I: Fn(usize) -> &'i [Line; 4]> WithSimd for Analysis<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, input, sums, steps, degrees } = self;
        let sums = &mut vectors_mut::<S>(sums)[..4 * steps.len()];
        // From the equator, where the functions of every degree live, to the poles.
        let range = legendre.first_block[m]..legendre.blocks.len();
        for index in range.rev() {
            let block = &legendre.blocks[index];
            let lines = std::array::from_fn(|i| input(index * BLOCK_LINES + i));
            let first = index + 1 == legendre.blocks.len();
            legendre::analyze(simd, block, m, legendre.factors(block, m), lines, first, sums);
        }
        let (sums, _) = sums.as_chunks::<4>();
        for (step, sum) in steps.iter_mut().zip(sums) {
            for part in 0..4 {
                step[part] = simd.reduce_sum_f64s(sum[part]);
            }
        }
        legendre.recurrences[m].to_degrees(steps, degrees);
    }
}
