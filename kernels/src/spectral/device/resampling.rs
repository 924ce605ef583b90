//! Resampling of Fourier coefficients to Gaussian latitudes on a device, see `spectral::resampling_matrices`.

use crate::device::{Buffer, Device};
use crate::spectral::resampling_matrices::ResamplingMatrices;
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
    pub(super) fn new(plain: &ResamplingMatrices, device: Device) -> Result<Self> {
        let (targets, pairs) = (plain.targets(), plain.pairs);
        let matrices = plain.matrices.iter().flatten().flat_map(|matrix| {
            let by_target = move |i: usize| R::from_f64(matrix[i % pairs * targets + i / pairs]);
            (0..targets * pairs).map(by_target)
        });
        // Even and odd are sums and differences of north and south on either side.
        let factors = |power| {
            let factors: Vec<R> = plain.weights(power).map(|weight| R::from_f64(2.0 * weight)).collect();
            Buffer::from_slice(device, &factors)
        };
        Ok(Self {
            targets,
            matrices: Buffer::from_slice(device, &matrices.collect::<Vec<R>>())?,
            factors: [factors(0)?, factors(1)?],
        })
    }
}
