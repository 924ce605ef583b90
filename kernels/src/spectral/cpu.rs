//! The transform on the CPU: Legendre sums by wavenumber, Fourier transforms by groups of rings.
//!
//! Every wavenumber owns the Fourier coefficients it makes from a spectrum, every line of eight latitude pairs those it
//! makes from a grid, so that threads share nothing that is written; each sum is added up by one thread in a fixed order,
//! and results have the same bits for any number of threads.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::Truncation;
use super::fourier::{POLE_COSINE, Quantity, RingTransforms};
use super::lanes::{BLOCK, BLOCK_LINES, LANES, Line, vectors_mut};
use super::legendre;
use super::partition::{for_each_item, for_each_part};
use super::recurrence::{Recurrence, steps};
use super::start::LatitudeBlock;
use super::wind::{source_from_wind, wind_from_sources};
use crate::Real;
use crate::grid::Grid;

/// Everything that stays the same from call to call, and the workspace.
pub(super) struct CpuTransform {
    truncation: Truncation,
    arch: Arch,
    rings: RingTransforms,
    legendre: Legendre,
    waves: Vec<Wave>,
    lines: Vec<Vec<[Line; 4]>>,
    /// First value of each m in the spectrum of one field, and its length.
    offsets: Vec<usize>,
    scaled_offsets: Vec<usize>,
}

/// What the Legendre sums need, the same for every call.
struct Legendre {
    recurrences: Vec<Recurrence>,
    blocks: Vec<LatitudeBlock>,
    /// The first block with a ring that carries m, by m.
    first_block: Vec<usize>,
}

/// Workspace of one wavenumber.
struct Wave {
    /// [re, im] by degree: up to two sources and two results.
    degrees: [Vec<[f64; 2]>; 4],
    steps: Vec<[f64; 4]>,
    sums: Vec<Line>,
    /// [field][north re, north im, south re, south im][line].
    fourier: Vec<Line>,
}

impl CpuTransform {
    pub(super) fn new(grid: &Grid, truncation: Truncation) -> Self {
        let total = truncation.total();
        let rings = RingTransforms::new(grid, total);
        let legendre = Legendre::new(grid, total, &rings);
        let lines = legendre.blocks.len() * BLOCK_LINES;
        let waves = (0..=total).map(|m| {
            let count = steps(m, total + 1);
            Wave {
                degrees: std::array::from_fn(|_| vec![[0.0; 2]; 2 * count + 2]),
                steps: vec![[0.0; 4]; count],
                sums: vec![Line::default(); 4 * count],
                fourier: Vec::new(),
            }
        });
        let offsets: Vec<_> = (0..=total + 1).map(|m| 2 * truncation.first_index(m)).collect();
        Self {
            truncation,
            arch: Arch::new(),
            waves: waves.collect(),
            lines: vec![Vec::new(); lines],
            scaled_offsets: offsets.clone(),
            offsets,
            rings,
            legendre,
        }
    }

    fn reserve_fourier(&mut self, fields: usize) {
        let len = fields * 4 * self.lines.len();
        for wave in &mut self.waves {
            if wave.fourier.len() < len {
                wave.fourier.resize(len, Line::default());
            }
        }
    }

    fn reserve_lines(&mut self, fields: usize) {
        let len = fields * self.waves.len();
        for line in &mut self.lines {
            if line.len() < len {
                line.resize(len, [Line::default(); 4]);
            }
        }
    }

    pub(super) fn synthesis<R: Real>(&mut self, fields: usize, spectrum: &[R], grid: &mut [R]) {
        self.reserve_fourier(fields);
        let Self { truncation, arch, legendre, waves, lines, offsets, .. } = self;
        let (total, lines) = (truncation.total(), lines.len());
        for_each_item(waves, |m, wave| {
            let spectrum = &spectrum[fields * offsets[m]..fields * offsets[m + 1]];
            let Wave { degrees: [degrees, ..], steps: wave_steps, fourier, .. } = wave;
            for field in 0..fields {
                unpack(m, fields, field, spectrum, degrees);
                let wave_steps = &mut wave_steps[..steps(m, total)];
                legendre.recurrences[m].to_steps(degrees, wave_steps);
                let fourier = &mut fourier[field * 4 * lines..][..4 * lines];
                arch.dispatch(Synthesis { legendre, m, steps: wave_steps, fourier });
            }
        });
        self.grid_from_fourier(Quantity::Scalar, 0, fields, grid);
    }

    pub(super) fn analysis<R: Real>(&mut self, fields: usize, grid: &[R], spectrum: &mut [R]) {
        self.reserve_lines(fields);
        self.fourier_from_grid(Quantity::Scalar, 0, fields, grid);
        self.scale_offsets(fields);
        let Self { truncation, arch, legendre, waves, lines, scaled_offsets, .. } = self;
        let total = truncation.total();
        for_each_wave(waves, spectrum, scaled_offsets, |m, wave, spectrum| {
            let Wave { degrees: [degrees, ..], steps: wave_steps, sums, .. } = wave;
            for field in 0..fields {
                let count = steps(m, total);
                let at = field * (total + 1) + m;
                let wave_steps = &mut wave_steps[..count];
                arch.dispatch(Analysis {
                    legendre,
                    m,
                    lines,
                    at,
                    sums: &mut sums[..4 * count],
                    steps: wave_steps,
                });
                legendre.recurrences[m].to_degrees(wave_steps, degrees);
                for (j, value) in degrees[..=total - m].iter().enumerate() {
                    spectrum[2 * j * fields + field] = R::from_f64(value[0]);
                    spectrum[(2 * j + 1) * fields + field] = R::from_f64(value[1]);
                }
            }
        });
    }

    pub(super) fn wind_synthesis<R: Real>(
        &mut self,
        fields: usize,
        radius: f64,
        [vorticity, divergence]: [&[R]; 2],
        [u, v]: [&mut [R]; 2],
    ) {
        self.reserve_fourier(2 * fields);
        let Self { truncation, arch, legendre, waves, lines, offsets, .. } = self;
        let (total, lines) = (truncation.total(), lines.len());
        for_each_item(waves, |m, wave| {
            let range = fields * offsets[m]..fields * offsets[m + 1];
            let Wave { degrees: [zeta, delta, result, _], steps: wave_steps, fourier, .. } = wave;
            let recurrence = &legendre.recurrences[m];
            for field in 0..fields {
                unpack(m, fields, field, &vorticity[range.clone()], zeta);
                unpack(m, fields, field, &divergence[range.clone()], delta);
                for component in 0..2 {
                    let (sign, gradient, zonal) =
                        if component == 0 { (1.0, &*zeta, &*delta) } else { (-1.0, &*delta, &*zeta) };
                    wind_from_sources(m, total, radius, &recurrence.epsilon, sign, gradient, zonal, result);
                    recurrence.to_steps(result, wave_steps);
                    let fourier = &mut fourier[(component * fields + field) * 4 * lines..][..4 * lines];
                    arch.dispatch(Synthesis { legendre, m, steps: wave_steps, fourier });
                }
            }
        });
        self.grid_from_fourier(Quantity::Wind, 0, fields, u);
        self.grid_from_fourier(Quantity::Wind, fields, fields, v);
    }

    pub(super) fn wind_analysis<R: Real>(
        &mut self,
        fields: usize,
        radius: f64,
        [u, v]: [&[R]; 2],
        [vorticity, divergence]: [&mut [R]; 2],
    ) {
        self.reserve_lines(2 * fields);
        self.fourier_from_grid(Quantity::Wind, 0, fields, u);
        self.fourier_from_grid(Quantity::Wind, fields, fields, v);
        self.scale_offsets(fields);
        let Self { truncation, arch, legendre, waves, lines, scaled_offsets, .. } = self;
        let total = truncation.total();
        for (component, spectrum) in [vorticity, divergence].into_iter().enumerate() {
            for_each_wave(waves, spectrum, scaled_offsets, |m, wave, spectrum| {
                let Wave { degrees: [eastward, northward, ..], steps: wave_steps, sums, .. } = wave;
                let recurrence = &legendre.recurrences[m];
                for field in 0..fields {
                    for (which, degrees) in [&mut *eastward, &mut *northward].into_iter().enumerate() {
                        let at = (which * fields + field) * (total + 1) + m;
                        arch.dispatch(Analysis { legendre, m, lines, at, sums, steps: wave_steps });
                        recurrence.to_degrees(wave_steps, degrees);
                    }
                    let (sign, gradient, zonal) = if component == 0 {
                        (1.0, &*eastward, &*northward)
                    } else {
                        (-1.0, &*northward, &*eastward)
                    };
                    for n in m..=total {
                        let value = if n == 0 {
                            [0.0; 2]
                        } else {
                            source_from_wind(m, n, radius, &recurrence.epsilon, sign, gradient, zonal)
                        };
                        spectrum[2 * (n - m) * fields + field] = R::from_f64(value[0]);
                        spectrum[(2 * (n - m) + 1) * fields + field] = R::from_f64(value[1]);
                    }
                }
            });
        }
    }

    /// Synthesises `fields` grid fields from the waves' Fourier coefficients of fields `first`...
    fn grid_from_fourier<R: Real>(&self, quantity: Quantity, first: usize, fields: usize, grid: &mut [R]) {
        let lines = self.lines.len();
        let points = grid.len() / fields;
        for (field, grid) in grid.chunks_exact_mut(points).enumerate() {
            for_each_part(grid, self.rings.offsets(), &|group, output| {
                let waves = |m: usize, line: usize, southern: bool| {
                    let part = if southern { 2 } else { 0 };
                    let at = ((first + field) * 4 + part) * lines + line;
                    let fourier = &self.waves[m].fourier;
                    [&fourier[at], &fourier[at + lines]]
                };
                self.rings.synthesize(group, quantity, waves, output);
            });
        }
    }

    /// Fills the lines' Fourier coefficients of fields `first`... from `fields` grid fields.
    fn fourier_from_grid<R: Real>(&mut self, quantity: Quantity, first: usize, fields: usize, grid: &[R]) {
        let wavenumbers = self.waves.len();
        let points = grid.len() / fields;
        let rings = &self.rings;
        let used = rings.pairs().div_ceil(LANES);
        for_each_item(&mut self.lines[..used], |line, output| {
            for (field, grid) in grid.chunks_exact(points).enumerate() {
                let output = &mut output[(first + field) * wavenumbers..][..wavenumbers];
                rings.analyze(line, wavenumbers, quantity, grid, output);
            }
        });
    }

    fn scale_offsets(&mut self, fields: usize) {
        for (scaled, offset) in self.scaled_offsets.iter_mut().zip(&self.offsets) {
            *scaled = fields * offset;
        }
    }
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

/// Calls `work(m, workspace, part of the spectrum)` for every m; on many threads if there are.
fn for_each_wave<R: Real, F>(waves: &mut [Wave], spectrum: &mut [R], offsets: &[usize], work: F)
where
    F: Fn(usize, &mut Wave, &mut [R]) + Sync,
{
    fn halve<R: Real, F>(waves: &mut [Wave], spectrum: &mut [R], offsets: &[usize], first: usize, work: &F)
    where
        F: Fn(usize, &mut Wave, &mut [R]) + Sync,
    {
        if let [wave] = waves {
            return work(first, wave, spectrum);
        }
        let middle = waves.len() / 2;
        let (low, high) = waves.split_at_mut(middle);
        let (left, right) = spectrum.split_at_mut(offsets[middle] - offsets[0]);
        let (before, behind) = (&offsets[..=middle], &offsets[middle..]);
        if rayon::current_num_threads() == 1 {
            halve(low, left, before, first, work);
            halve(high, right, behind, first + middle, work);
        } else {
            rayon::join(
                || halve(low, left, before, first, work),
                || halve(high, right, behind, first + middle, work),
            );
        }
    }
    halve(waves, spectrum, offsets, 0, &work);
}

impl Legendre {
    fn new(grid: &Grid, total: usize, rings: &RingTransforms) -> Self {
        let northern = &grid.rings()[..rings.pairs()];
        let sines: Vec<f64> = northern.iter().map(|ring| ring.sine_latitude).collect();
        let cosines: Vec<f64> = northern
            .iter()
            .map(|ring| if ring.cosine_latitude == 0.0 { POLE_COSINE } else { ring.cosine_latitude })
            .collect();
        let recurrences: Vec<_> =
            (0..=total).into_par_iter().map(|m| Recurrence::new(m, total + 1)).collect();
        let blocks: Vec<_> = sines
            .par_chunks(BLOCK)
            .zip(cosines.par_chunks(BLOCK))
            .map(|(sines, cosines)| LatitudeBlock::new(sines, cosines, &recurrences, total + 1))
            .collect();
        let first_block = (0..=total).map(|m| {
            let ring = (0..rings.pairs()).find(|&ring| rings.wavenumbers(ring) > m).unwrap_or(0);
            ring / BLOCK
        });
        let first_block = first_block.collect();
        Self { recurrences, blocks, first_block }
    }

    #[inline(always)]
    fn factors(&self, block: &LatitudeBlock, m: usize) -> &[[f64; 2]] {
        if block.polar { &self.recurrences[m].polar } else { &self.recurrences[m].equatorial }
    }
}

/// Fourier coefficients of one field and wavenumber, [north re, north im, south re, south im][line].
struct Synthesis<'a> {
    legendre: &'a Legendre,
    m: usize,
    steps: &'a [[f64; 4]],
    fourier: &'a mut [Line],
}

impl WithSimd for Synthesis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, steps, fourier } = self;
        let lines = fourier.len() / 4;
        let mut parts = fourier.chunks_exact_mut(lines);
        let parts: [&mut [Line]; 4] = std::array::from_fn(|_| parts.next().expect("four parts"));
        let [mut a, mut b, mut c, mut d] = parts;
        let first = legendre.first_block[m];
        (a, b, c, d) = {
            let skip = first * BLOCK_LINES;
            (&mut a[skip..], &mut b[skip..], &mut c[skip..], &mut d[skip..])
        };
        for (i, block) in legendre.blocks[first..].iter().enumerate() {
            let lines = i * BLOCK_LINES..(i + 1) * BLOCK_LINES;
            let outputs =
                [&mut a[lines.clone()], &mut b[lines.clone()], &mut c[lines.clone()], &mut d[lines.clone()]];
            legendre::synthesize(simd, block, m, legendre.factors(block, m), steps, outputs);
        }
    }
}

/// Sums against q_k of one field and wavenumber.
struct Analysis<'a> {
    legendre: &'a Legendre,
    m: usize,
    lines: &'a [Vec<[Line; 4]>],
    /// Index of field and wavenumber in each line.
    at: usize,
    sums: &'a mut [Line],
    steps: &'a mut [[f64; 4]],
}

impl WithSimd for Analysis<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { legendre, m, lines, at, sums, steps } = self;
        let sums = &mut vectors_mut::<S>(sums)[..4 * steps.len()];
        sums.fill(simd.splat_f64s(0.0));
        for (index, block) in legendre.blocks.iter().enumerate().skip(legendre.first_block[m]) {
            let input = std::array::from_fn(|i| &lines[index * BLOCK_LINES + i][at]);
            legendre::analyze(simd, block, m, legendre.factors(block, m), input, sums);
        }
        let (sums, _) = sums.as_chunks::<4>();
        for (step, sum) in steps.iter_mut().zip(sums) {
            for part in 0..4 {
                step[part] = simd.reduce_sum_f64s(sum[part]);
            }
        }
    }
}
