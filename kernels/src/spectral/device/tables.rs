//! Legendre functions as recurrences with new starting values every [`DEGREES`] degrees.
//!
//! Even and odd n − m run in chains of their own. With ε_n = √((n²−m²)/(4n²−1)), μP̄_n = ε_{n+1} P̄_{n+1} + ε_n P̄_{n−1} applied
//! twice, and P̄_{m+2k} = β_k p_k, P̄_{m+2k+1} = μ α_k q_k, both chains read (see `spectral::recurrence` for q)
//!
//! p_{k+1} = (a_k μ² + b_k) p_k − p_{k−1}.
//!
//! One chain for both, with P̄_{m+2k} from q_k and q_{k−1}, would cancel near the equator, which f32 cannot afford. Nor can it
//! afford that at the poles the factor of p_k comes close to 2 and at the equator to −2, where its rounding grows with k².
//! So the difference from there is what is kept, in the form that Reinsch gave Clenshaw's sums: with r_k = s^k p_k,
//! s = 1 poleward of 45° and −1 equatorward,
//!
//! e_{k+1} = e_k − δ_k r_k,  r_{k+1} = r_k + e_{k+1},  δ_k = a_k x + c_k,
//!
//! where x = cos²φ and c_k = 2 − a_k − b_k poleward, x = μ² and c_k = 2 + b_k equatorward.
//!
//! A *row* is one degree of one wavenumber; those of a wavenumber are filled up to whole chunks of [`DEGREES`] rows, whose
//! functions are of no use and whose coefficients are 0.

use rayon::prelude::*;

use crate::device::{Buffer, Device};
use crate::spectral::lanes::{BLOCK, BLOCK_LINES, LANES, Line};
use crate::spectral::latitudes::Legendre;
use crate::spectral::recurrence::{Recurrence, epsilon};
use crate::{Error, Real, Result};

/// Degrees between starting values: as many as f32 can march without losing digits, as few as memory allows.
pub(super) const DEGREES: usize = 32;
const STEPS: usize = DEGREES / 2;

/// The rows of a list of wavenumbers; a *wave* is a place in that list, which is m where all are here.
pub(super) struct Rows<R: Real> {
    /// Rows of all waves.
    pub(super) count: usize,
    /// First row, by wave, and their number.
    pub(super) first: Buffer<u32>,
    /// Wave of each row.
    pub(super) wave: Buffer<u32>,
    /// [wave][2]: m, and its first coefficient among those of all waves.
    pub(super) zonal: Buffer<u32>,
    /// Wave of each coefficient.
    pub(super) wave_of_coefficient: Buffer<u32>,
    /// From p and q to P̄ and P̄/μ.
    pub(super) amplitudes: Buffer<R>,
    /// [row][3]: a, c equatorward, c poleward.
    pub(super) factors: Buffer<R>,
}

/// The chains of one wavenumber in f64, by row.
struct Chains {
    /// β_k and α_k in turn.
    amplitudes: Vec<f64>,
    /// a, c equatorward, c poleward.
    factors: Vec<[f64; 3]>,
}

impl Chains {
    fn new(recurrence: &Recurrence, m: usize) -> Self {
        let count = recurrence.equatorial.len();
        let epsilon: Vec<f64> =
            (0..2 * count + 6).map(|j| if m + j == 0 { 0.0 } else { epsilon(m, m + j) }).collect();
        let product = |j: usize| epsilon[j] * epsilon[j + 1];
        let mut beta = vec![1.0; count + 1];
        // β_1 is free: half of the ratio that the rule for β_2 would give keeps the chain at one level.
        beta[1] = (product(1) / product(3)).sqrt();
        for k in 1..count {
            beta[k + 1] = beta[k - 1] * product(2 * k - 1) / product(2 * k + 1);
        }
        let mut chains = Self { amplitudes: Vec::new(), factors: Vec::new() };
        for k in 0..count {
            let a = beta[k] / (product(2 * k + 1) * beta[k + 1]);
            let sum = epsilon[2 * k].powi(2) + epsilon[2 * k + 1].powi(2);
            let ([a_odd, equatorial], [_, polar]) = (recurrence.equatorial[k], recurrence.polar[k]);
            chains.amplitudes.extend([beta[k], recurrence.amplitudes[k][2]]);
            chains
                .factors
                .extend([[a, 2.0 - a * sum, 2.0 - a * (1.0 - sum)], [a_odd, 2.0 + equatorial, 2.0 - polar]]);
        }
        chains
    }
}

impl<R: Real> Rows<R> {
    /// For the wavenumbers of `legendre`, up to degree `total`.
    pub(super) fn new(
        legendre: &Legendre,
        wavenumbers: &[usize],
        total: usize,
        device: Device,
    ) -> Result<Self> {
        let mut first = vec![0];
        let (mut wave_of_row, mut zonal, mut wave_of_coefficient) = (Vec::new(), Vec::new(), Vec::new());
        for (wave, &m) in wavenumbers.iter().enumerate() {
            zonal.extend([m as u32, wave_of_coefficient.len() as u32]);
            wave_of_coefficient.resize(wave_of_coefficient.len() + total - m + 1, wave as u32);
            wave_of_row.resize(wave_of_row.len() + chunks(total, m) * DEGREES, wave as u32);
            first.push(wave_of_row.len() as u32);
        }
        let (mut amplitudes, mut factors) = (Vec::new(), Vec::new());
        let chains: Vec<Chains> = legendre
            .recurrences
            .par_iter()
            .zip(wavenumbers)
            .map(|(recurrence, &m)| Chains::new(recurrence, m))
            .collect();
        for (chains, &end) in chains.iter().zip(&first[1..]) {
            let end = end as usize;
            amplitudes.extend(chains.amplitudes.iter().map(|&value| R::from_f64(value)));
            amplitudes.resize(end, R::ZERO);
            factors.extend(chains.factors.iter().flatten().map(|&value| R::from_f64(value)));
            factors.resize(3 * end, R::ZERO);
        }
        Ok(Self {
            count: wave_of_row.len(),
            first: Buffer::from_slice(device, &first)?,
            wave: Buffer::from_slice(device, &wave_of_row)?,
            zonal: Buffer::from_slice(device, &zonal)?,
            wave_of_coefficient: Buffer::from_slice(device, &wave_of_coefficient)?,
            amplitudes: Buffer::from_slice(device, &amplitudes)?,
            factors: Buffer::from_slice(device, &factors)?,
        })
    }
}

/// Chunks of rows of a wavenumber, whose degrees go to one beyond `total`.
fn chunks(total: usize, m: usize) -> usize {
    (total + 2 - m).div_ceil(DEGREES)
}

/// What the functions of a list of wavenumbers at some latitude pairs start from.
pub(super) struct Latitudes<R: Real> {
    pub(super) pairs: usize,
    /// [pair][3]: x, μ of the northern latitude, s.
    pub(super) arguments: Buffer<R>,
    /// First step k that matters, [wave][pair].
    pub(super) start: Buffer<u32>,
    /// First pair where a row of the chunk matters, by chunk; `pairs` where there is none.
    pub(super) first_pair: Buffer<u32>,
    /// [chunk][pair][4]: e_k, r_k of even and of odd degrees at the chunk's first step k or, where that is later, at `start`.
    pub(super) restarts: Buffer<R>,
}

impl<R: Real> Latitudes<R> {
    /// With the sines and cosines of the northern latitudes of `legendre`, and its wavenumbers.
    pub(super) fn new(
        legendre: &Legendre,
        wavenumbers: &[usize],
        total: usize,
        [sines, cosines]: [&[f64]; 2],
        device: Device,
    ) -> Result<Self> {
        let pairs = sines.len();
        let chunks: Vec<usize> = wavenumbers.iter().map(|&m| chunks(total, m)).collect();
        let all: usize = chunks.iter().sum();
        // Kernels index with 32 bits.
        if u32::try_from(all * pairs * 4).is_err() {
            let [requested, limit] =
                [all * pairs * 4, u32::MAX as usize].map(|values| (values * size_of::<R>()) as u64);
            return Err(Error::BufferTooLarge { device, requested, limit });
        }
        // Memory first, so that what does not fit is known before anything is computed.
        let mut restarts = Buffer::<R>::zeros(device, all * pairs * 4)?;
        let arguments: Vec<[f64; 3]> = sines
            .iter()
            .zip(cosines)
            .map(|(&sine, &cosine)| {
                let poleward = cosine < std::f64::consts::FRAC_1_SQRT_2;
                let (argument, sign) = if poleward { (cosine, 1.0) } else { (sine, -1.0) };
                [argument * argument, sine, sign]
            })
            .collect();
        let mut start = Vec::with_capacity(wavenumbers.len() * pairs);
        let mut first_pair = Vec::with_capacity(all);
        let mut first_chunk = 0;
        // A few wavenumbers at a time bound the memory on the host.
        for group in (0..wavenumbers.len()).collect::<Vec<_>>().chunks(64) {
            let march =
                |&wave: &usize| march::<R>(legendre, wave, wavenumbers[wave], chunks[wave], &arguments);
            let marched: Vec<_> = group.par_iter().map(march).collect();
            for (&wave, (values, starts)) in group.iter().zip(&marched) {
                restarts.copy_range_from_host(first_chunk * pairs * 4, values)?;
                first_chunk += chunks[wave];
                for chunk in 0..chunks[wave] {
                    let matters = |&first: &u32| (first as usize) < (chunk + 1) * STEPS;
                    first_pair.push(starts.iter().position(matters).unwrap_or(pairs) as u32);
                }
                start.extend_from_slice(starts);
            }
        }
        Ok(Self {
            pairs,
            arguments: Buffer::from_slice(
                device,
                &arguments.iter().flatten().map(|&value| R::from_f64(value)).collect::<Vec<R>>(),
            )?,
            start: Buffer::from_slice(device, &start)?,
            first_pair: Buffer::from_slice(device, &first_pair)?,
            restarts,
        })
    }
}

fn lane(lines: &[Line; BLOCK_LINES], lane: usize) -> f64 {
    lines[lane / LANES].0[lane % LANES]
}

/// Restarts `[chunk][pair][4]` and first steps `[pair]` of one wavenumber m, the list's number `wave`.
fn march<R: Real>(
    legendre: &Legendre,
    wave: usize,
    m: usize,
    chunks: usize,
    latitudes: &[[f64; 3]],
) -> (Vec<R>, Vec<u32>) {
    let pairs = latitudes.len();
    let (mut restarts, mut starts) = (vec![R::ZERO; chunks * pairs * 4], vec![u32::MAX; pairs]);
    let recurrence = &legendre.recurrences[wave];
    let Chains { amplitudes, factors } = Chains::new(recurrence, m);
    // p_k from q_k and q_{k−1}.
    let even = |k: usize, now: f64, before: f64| {
        let carried = if k == 0 { 0.0 } else { recurrence.amplitudes[k - 1][1] * before };
        (recurrence.amplitudes[k][0] * now + carried) / amplitudes[2 * k]
    };
    for (index, (block, latitudes)) in legendre.blocks.iter().zip(latitudes.chunks(BLOCK)).enumerate() {
        let Some(start) = block.start(wave) else { continue };
        let first = start.step;
        // x, s and c of each latitude of the block; e and r of even and of odd degrees.
        let (mut arguments, mut signs) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut differences = [[0.0; BLOCK]; 2];
        let mut functions = [[0.0; BLOCK]; 2];
        for (place, &[argument, _, sign]) in latitudes.iter().enumerate() {
            starts[index * BLOCK + place] = first as u32;
            let (before, now) = (lane(start.previous, place), lane(start.current, place));
            let even_before = if first == 0 {
                0.0
            } else {
                let [a, b] = legendre.factors(block, wave)[first - 1];
                even(first - 1, before, (a * lane(&block.argument, place) + b) * before - now)
            };
            let power = if first.is_multiple_of(2) { 1.0 } else { sign };
            let chains = [[even_before, even(first, now, before)], [before, now]];
            for (parity, [before, now]) in chains.into_iter().enumerate() {
                differences[parity][place] = power * (now - sign * before);
                functions[parity][place] = power * now;
            }
            (arguments[place], signs[place]) = (argument, sign);
        }
        for k in first..amplitudes.len() / 2 {
            if k == first || k.is_multiple_of(STEPS) {
                let at = (k / STEPS * pairs + index * BLOCK) * 4;
                for (place, restart) in restarts[at..].chunks_exact_mut(4).take(latitudes.len()).enumerate() {
                    let [[a, c], [b, d]] =
                        [&differences, &functions].map(|[even, odd]| [even[place], odd[place]]);
                    restart.copy_from_slice(&[a, b, c, d].map(R::from_f64));
                }
            }
            for parity in 0..2 {
                let [a, equatorial, polar] = factors[2 * k + parity];
                for place in 0..BLOCK {
                    let offset = if signs[place] > 0.0 { polar } else { equatorial };
                    let delta = a * arguments[place] + offset;
                    differences[parity][place] -= delta * functions[parity][place];
                    functions[parity][place] += differences[parity][place];
                }
            }
        }
    }
    (restarts, starts)
}
