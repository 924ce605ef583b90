//! The plan of the Fourier transforms: which lines factor, how, and the tables of the kernels in [`super::fourier`].

use std::collections::HashMap;
use std::f64::consts::{PI, TAU};
use std::ops::Range;

use rayon::prelude::*;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::sublines::{LARGEST_FACTOR, Sublines};
use crate::device::{Buffer, Device};
use crate::grid::{Grid, Ring};
use crate::spectral::Truncation;
use crate::{Real, Result};

/// Passes over one line at most, where its cost is estimated.
const MOST_PASSES: usize = 5;
/// What reading and writing an element costs, in terms of a sum.
const PASS_COST: usize = 6;
/// Where there is no southern ring.
const NONE: u32 = u32::MAX;

/// The lines of the rings of some pairs.
pub(super) struct Rings<R: Real> {
    /// [pair][8], see [`super::fourier`].
    pub(super) pairs: Buffer<u32>,
    pub(super) pair_count: usize,
    /// Pair of each point.
    pub(super) pair_of_point: Buffer<u32>,
    /// Lines that factor, and lines that are convolved.
    pub(super) smooth: Set<R>,
    pub(super) convolved: Set<R>,
    /// By element of the convolved lines, [element][2].
    pub(super) chirps: Buffer<R>,
    pub(super) convolvers: Buffer<R>,
}

/// Lines that are transformed in the same passes.
pub(super) struct Set<R: Real> {
    /// Elements of all lines of one column.
    pub(super) elements: usize,
    /// Pair of each element.
    pub(super) pair_of: Buffer<u32>,
    pub(super) roots: Buffer<R>,
    pub(super) sublines: Sublines,
}

/// Factors of a length, as many as wanted (1 where there are not so many), with the least sum.
#[derive(Default)]
pub(super) struct Factors {
    known: HashMap<(usize, usize), (usize, Vec<usize>)>,
}

impl Factors {
    pub(super) fn best(&mut self, length: usize, count: usize) -> (usize, Vec<usize>) {
        if count == 1 {
            return (length, vec![length]);
        }
        if let Some(best) = self.known.get(&(length, count)) {
            return best.clone();
        }
        let mut best = (usize::MAX, Vec::new());
        for divisor in (1..=length).filter(|divisor| length.is_multiple_of(*divisor)) {
            if divisor >= best.0 {
                break;
            }
            let (sum, mut factors) = self.best(length / divisor, count - 1);
            if sum + divisor < best.0 {
                factors.push(divisor);
                best = (sum + divisor, factors);
            }
        }
        self.known.insert((length, count), best.clone());
        best
    }

    /// The number of passes, up to `most`, that costs the least for lines of these lengths with no factor above `largest`.
    pub(super) fn passes(&mut self, lengths: &[usize], most: usize, largest: usize) -> usize {
        let cost = |count: usize, factors: &mut Self| -> (bool, usize) {
            let mut too_large = false;
            let costs = lengths.iter().map(|&length| {
                let (sum, split) = factors.best(length, count);
                too_large |= split.iter().any(|&factor| factor > largest);
                length * (sum + PASS_COST * count)
            });
            let cost = costs.sum();
            (too_large, cost)
        };
        (1..=most).min_by_key(|&count| cost(count, self)).unwrap_or(1)
    }

    /// Work per transform of one length by itself.
    fn cost(&mut self, length: usize) -> usize {
        (1..=MOST_PASSES)
            .map(|count| length * (self.best(length, count).0 + PASS_COST * count))
            .min()
            .unwrap_or(0)
    }
}

fn largest_prime(mut length: usize) -> usize {
    let mut largest = 1;
    for prime in 2.. {
        if prime * prime > length {
            break;
        }
        while length.is_multiple_of(prime) {
            (largest, length) = (prime, length / prime);
        }
    }
    largest.max(length)
}

/// The length at which lines of `points` are convolved, and what it costs.
fn convolution(points: usize, factors: &mut Factors) -> (usize, usize) {
    let smooth = |mut length: usize| {
        for prime in [2, 3, 5, 7] {
            while length.is_multiple_of(prime) {
                length /= prime;
            }
        }
        length == 1
    };
    let least = 2 * points - 1;
    let lengths = (least..=2 * least).filter(|&length| smooth(length));
    let costs = lengths.map(|length| (2 * factors.cost(length) + 4 * length, length));
    let (cost, length) = costs.min().unwrap_or((usize::MAX, least));
    (length, cost)
}

impl<R: Real> Rings<R> {
    /// Rings of the pairs `own` of a grid with the wavenumbers that their points resolve; points are those of these rings, north to
    /// south. How lines are split depends on the grid alone, so that each is transformed as among all others.
    pub(super) fn new(
        grid: &Grid,
        truncation: Truncation,
        own: Range<usize>,
        device: Device,
    ) -> Result<Self> {
        let rings = grid.rings();
        let mut factors = Factors::default();
        // 0 where the line factors, else the length of the convolution.
        let mut convolved_length = HashMap::new();
        for ring in &rings[..rings.len().div_ceil(2)] {
            convolved_length.entry(ring.points).or_insert_with(|| {
                let (length, cost) = convolution(ring.points, &mut factors);
                let is_cheaper = cost < factors.cost(ring.points);
                if is_cheaper || largest_prime(ring.points) > LARGEST_FACTOR { length } else { 0 }
            });
        }
        let set_of = |ring: &Ring| usize::from(convolved_length[&ring.points] > 0);
        let length_of = |ring: &Ring| [ring.points, convolved_length[&ring.points]][set_of(ring)];
        let mut lengths = [Vec::new(), Vec::new()];
        rings[..rings.len().div_ceil(2)].iter().for_each(|ring| lengths[set_of(ring)].push(length_of(ring)));
        let southern = (rings.len() - own.end).max(own.end)..rings.len() - own.start;
        let mut points = 0;
        let mut place_of = HashMap::new();
        for ring in own.clone().chain(southern.clone()) {
            place_of.insert(ring, points as u32);
            points += rings[ring].points;
        }
        let mut lines = [Vec::new(), Vec::new()];
        let mut elements = [0, 0];
        let mut pairs = Vec::new();
        let mut roots = [Vec::new(), Vec::new()];
        let mut root_of_length = HashMap::new();
        for (pair, number) in own.clone().enumerate() {
            let ring = &rings[number];
            let (set, length) = (set_of(ring), length_of(ring));
            let root = *root_of_length.entry((set, length)).or_insert_with(|| {
                let first = roots[set].len() / 2;
                for j in 0..length {
                    let (sine, cosine) = (TAU * j as f64 / length as f64).sin_cos();
                    roots[set].extend([cosine, sine].map(R::from_f64));
                }
                first
            });
            let mirrored = rings.len() - 1 - number;
            let south = if mirrored == number { NONE } else { place_of[&mirrored] };
            let carried = truncation.largest_zonal_on(ring) + 1;
            let entry = [set, elements[set], length, root].map(|value| value as u32);
            pairs.extend([ring.points as u32, place_of[&number], south, carried as u32]);
            pairs.extend(entry);
            lines[set].push((pair, length));
            elements[set] += length;
        }
        let pair_of_point: Vec<u32> = own
            .clone()
            .chain(southern)
            .flat_map(|ring| {
                let pair = ring.min(rings.len() - 1 - ring) - own.start;
                std::iter::repeat_n(pair as u32, rings[ring].points)
            })
            .collect();
        let set = |index: usize, factors: &mut Factors| {
            let lines = &lines[index];
            let pair_of: Vec<u32> =
                lines.iter().flat_map(|&(pair, length)| std::iter::repeat_n(pair as u32, length)).collect();
            Ok(Set {
                elements: elements[index],
                sublines: Sublines::new(lines, &lengths[index], own.len(), factors, device)?,
                pair_of: Buffer::from_slice(device, &pair_of)?,
                roots: Buffer::from_slice(device, &roots[index])?,
            })
        };
        let (smooth, convolved) = (set(0, &mut factors)?, set(1, &mut factors)?);
        let tables: Vec<_> = lines[1]
            .par_iter()
            .map(|&(pair, length)| convolution_tables(rings[own.start + pair].points, length))
            .collect();
        let flat = |which: usize| -> Vec<R> {
            let values = tables.iter().flat_map(|tables| &tables[which]);
            values.flat_map(|value| [value.re, value.im]).map(R::from_f64).collect()
        };
        Ok(Self {
            pairs: Buffer::from_slice(device, &pairs)?,
            pair_count: own.len(),
            pair_of_point: Buffer::from_slice(device, &pair_of_point)?,
            smooth,
            convolved,
            chirps: Buffer::from_slice(device, &flat(0))?,
            convolvers: Buffer::from_slice(device, &flat(1))?,
        })
    }
}

/// Chirps e^{iπj²/N} filled up with 0 to `length`, and the transform of their conjugates, over `length`.
fn convolution_tables(points: usize, length: usize) -> [Vec<Complex<f64>>; 2] {
    let mut chirps = vec![Complex::default(); length];
    let mut convolver = vec![Complex::default(); length];
    for j in 0..points {
        // j² modulo 2N, since the angle would lose digits.
        let angle = PI * ((j * j) % (2 * points)) as f64 / points as f64;
        chirps[j] = Complex::from_polar(1.0, angle);
        convolver[j] = chirps[j].conj() / length as f64;
        convolver[(length - j) % length] = convolver[j];
    }
    FftPlanner::new().plan_fft_forward(length).process(&mut convolver);
    [chirps, convolver]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_split_into_near_equal_factors() {
        let mut factors = Factors::default();
        let (sum, split) = factors.best(5120, 3);
        assert_eq!((sum, split.iter().product::<usize>()), (52, 5120));
        assert_eq!(factors.best(17, 2).0, 18);
        assert_eq!(factors.passes(&[1], 4, 255), 1);
        // One pass would do for most, but not with this factor.
        let lengths = [vec![13; 1000], vec![300]].concat();
        assert_eq!([factors.passes(&lengths, 4, 300), factors.passes(&lengths, 4, 255)], [1, 2]);
        assert_eq!([1, 2, 97, 2 * 13 * 13, 4 * 1283].map(largest_prime), [1, 2, 97, 13, 1283]);
    }

    #[test]
    fn large_primes_are_convolved_and_small_ones_summed() {
        let mut factors = Factors::default();
        for (points, convolved) in [(17, false), (2 * 13 * 13, false), (1283, true), (4 * 1283, true)] {
            let (length, cost) = convolution(points, &mut factors);
            assert!(length >= 2 * points - 1, "{length}");
            assert_eq!(cost < factors.cost(points), convolved, "{points}");
        }
    }
}
