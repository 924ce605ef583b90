//! Exact analysis of regular grids beyond the reach of their quadrature, see `spectral::resampling`.
//!
//! The Fourier coefficients, continued over the poles, are series of cosines or sines of the colatitude. As matrices, one
//! for each kind of series and parity about the equator, they take the latitude pairs of the grid to Gaussian pairs, where the
//! quadrature is exact.

use rayon::prelude::*;

use crate::device::{Buffer, Device};
use crate::grid::{Grid, GridKind, gaussian_half};
use crate::{Real, Result, kernel};

/// One part of one wavenumber and column at a Gaussian pair, from all pairs of the grid.
///
/// `matrices` [kind][parity][Gaussian pair][pair], of kind (m + `power`) mod 2; `factor` [Gaussian pair].
#[kernel(indices = 4)]
pub fn resample<R: Real>(
    m: u32,
    column: u32,
    target: u32,
    part: u32,
    columns: u32,
    targets: u32,
    pairs: u32,
    power: u32,
    matrices: &[R],
    factor: &[R],
    waves: &[R],
) -> R {
    let matrix = ((m + power) % 2 * 2 + part / 2) * targets * pairs + target * pairs;
    let from = (m * columns + column) * pairs * 4 + part;
    let mut sum = 0.0;
    for pair in 0..pairs {
        sum += matrices[matrix + pair] * waves[from + 4 * pair];
    }
    factor[target] * sum
}

/// The transpose of [`resample`].
#[kernel(indices = 4)]
pub fn resample_transposed<R: Real>(
    m: u32,
    column: u32,
    pair: u32,
    part: u32,
    columns: u32,
    targets: u32,
    pairs: u32,
    power: u32,
    matrices: &[R],
    factor: &[R],
    waves: &[R],
) -> R {
    let matrix = ((m + power) % 2 * 2 + part / 2) * targets * pairs + pair;
    let from = (m * columns + column) * targets * 4 + part;
    let mut sum = 0.0;
    for target in 0..targets {
        sum += matrices[matrix + target * pairs] * factor[target] * waves[from + 4 * target];
    }
    sum
}

/// What takes waves to Gaussian latitudes.
pub(super) struct Resampling<R: Real> {
    pub(super) targets: usize,
    pub(super) matrices: Buffer<R>,
    /// Quadrature weights, without and with 1/cos φ.
    pub(super) factors: [Buffer<R>; 2],
}

impl<R: Real> Resampling<R> {
    /// For the pairs of a regular grid; with it the sines and cosines of the northern Gaussian latitudes.
    pub(super) fn new(grid: &Grid, total: usize, device: Device) -> Result<(Self, Vec<f64>, Vec<f64>)> {
        let gaussian = gaussian_half((total + 3) / 2);
        let targets = gaussian.sines.len();
        let count = grid.rings().len();
        let pairs = count.div_ceil(2);
        let poles = grid.kind() == GridKind::LatLonWithPoles;
        let intervals = if poles { count - 1 } else { count };
        let from: Vec<f64> =
            grid.rings()[..pairs].iter().map(|ring| ring.cosine_latitude.atan2(ring.sine_latitude)).collect();
        let to: Vec<f64> =
            gaussian.cosines.iter().zip(&gaussian.sines).map(|(cosine, sine)| cosine.atan2(*sine)).collect();
        let mut matrices = Vec::with_capacity(4 * targets * pairs);
        for (kind, parity) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let basis = |k: usize, angle: f64| {
                let phase = k as f64 * angle;
                if kind == 1 { phase.sin() } else { phase.cos() }
            };
            let (first, last) = match (kind, poles) {
                (0, true) => (0, intervals),
                (0, false) => (0, intervals - 1),
                (_, true) => (1, intervals - 1),
                (_, false) => (1, intervals),
            };
            // cos kθ is symmetric about the equator for even k, sin kθ for odd k.
            let terms: Vec<usize> = (first..=last).filter(|k| k % 2 == kind ^ parity).collect();
            // The first and, with the Nyquist term, the last term of the discrete series count half.
            let norm = |k: usize| if k == 0 || k == intervals { 1.0 } else { 2.0 } / intervals as f64;
            // A pole is half a row.
            let weight = |pair: usize| if poles && pair == 0 { 0.5 } else { 1.0 };
            let at_pairs: Vec<Vec<f64>> = terms
                .iter()
                .map(|&k| (0..pairs).map(|pair| norm(k) * weight(pair) * basis(k, from[pair])).collect())
                .collect();
            let rows = to.par_iter().flat_map_iter(|&angle| {
                let mut row = vec![0.0; pairs];
                for (&k, at_pairs) in terms.iter().zip(&at_pairs) {
                    let value = basis(k, angle);
                    for (sum, at_pair) in row.iter_mut().zip(at_pairs) {
                        *sum += value * at_pair;
                    }
                }
                row.into_iter().map(R::from_f64)
            });
            matrices.extend(rows.collect::<Vec<R>>());
        }
        let factors = [0, 1].map(|power| {
            let factor = |(weight, cosine): (&f64, &f64)| R::from_f64(2.0 * weight / cosine.powi(power));
            gaussian.weights.iter().zip(&gaussian.cosines).map(factor).collect::<Vec<R>>()
        });
        let [plain, divided] = &factors;
        let resampling = Self {
            targets,
            matrices: Buffer::from_slice(device, &matrices)?,
            factors: [Buffer::from_slice(device, plain)?, Buffer::from_slice(device, divided)?],
        };
        Ok((resampling, gaussian.sines, gaussian.cosines))
    }
}
