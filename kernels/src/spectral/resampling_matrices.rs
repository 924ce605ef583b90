//! Exact analysis on equidistant latitudes beyond the reach of their quadrature.
//!
//! The Fourier coefficient G_m(θ) of a band-limited field, continued over the poles along the meridian, is a trigonometric
//! polynomial in the colatitude θ of degree ≤ T: a cosine series if the continuation is even (scalars at even m, wind
//! components at odd m), else a sine series. As many equidistant latitudes as there are terms determine it, while their
//! quadrature weights (Clenshaw & Curtis, Fejér) only integrate products with P̄_n exactly up to half that degree. So the
//! series is evaluated at Gaussian latitudes and integrated there. Terms that are symmetric and antisymmetric about the
//! equator are kept apart, which leaves four small matrices for all m.

use rayon::prelude::*;

use crate::grid::{GaussianHalf, Grid, GridKind, gaussian_half};

/// From the latitude pairs of a regular grid to Gaussian latitude pairs.
pub(super) struct ResamplingMatrices {
    /// The northern Gaussian latitudes.
    pub(super) gaussian: GaussianHalf,
    /// Latitude pairs of the grid.
    pub(super) pairs: usize,
    /// [continuation even, odd][symmetric, antisymmetric about the equator], each [pair of the grid][Gaussian pair].
    pub(super) matrices: [[Vec<f64>; 2]; 2],
}

impl ResamplingMatrices {
    /// `None` if the quadrature of the grid's own rings is exact up to `total`.
    pub(super) fn where_needed(grid: &Grid, total: usize) -> Option<Self> {
        let is_needed = !grid.kind().is_gaussian() && 2 * total >= grid.rings().len();
        is_needed.then(|| Self::new(grid, total))
    }

    fn new(grid: &Grid, total: usize) -> Self {
        let poles = grid.kind() == GridKind::LatLonWithPoles;
        let count = grid.rings().len();
        let pairs = count.div_ceil(2);
        let gaussian = gaussian_half((total + 3) / 2);
        let colatitudes: Vec<f64> =
            grid.rings()[..pairs].iter().map(|ring| ring.cosine_latitude.atan2(ring.sine_latitude)).collect();
        let targets: Vec<f64> =
            gaussian.cosines.iter().zip(&gaussian.sines).map(|(cosine, sine)| cosine.atan2(*sine)).collect();
        let intervals = if poles { count - 1 } else { count };
        let matrix = |odd: usize, antisymmetric: usize| {
            let basis = |k: usize, angle: f64| {
                let phase = k as f64 * angle;
                if odd == 1 { phase.sin() } else { phase.cos() }
            };
            // cos kθ is symmetric about the equator for even k, sin kθ for odd k.
            let terms: Vec<usize> = match (odd, poles) {
                (0, true) => 0..=intervals,
                (0, false) => 0..=intervals - 1,
                (_, true) => 1..=intervals - 1,
                (_, false) => 1..=intervals,
            }
            .filter(|k| k % 2 == odd ^ antisymmetric)
            .collect();
            // The first and, with the Nyquist term, the last term of the discrete series count half.
            let norm = |k: usize| {
                let terms = if k == 0 || k == intervals { 1.0 } else { 2.0 };
                terms / intervals as f64
            };
            let at_targets: Vec<Vec<f64>> =
                terms.par_iter().map(|&k| targets.iter().map(|&angle| basis(k, angle)).collect()).collect();
            let rows = (0..pairs).into_par_iter().map(|pair| {
                let mut row = vec![0.0; targets.len()];
                // Both members of a pair enter with the same weight; a pole with half of one.
                let weight = if poles && pair == 0 { 0.5 } else { 1.0 };
                for (&k, at_targets) in terms.iter().zip(&at_targets) {
                    let factor = weight * norm(k) * basis(k, colatitudes[pair]);
                    for (value, target) in row.iter_mut().zip(at_targets) {
                        *value += factor * target;
                    }
                }
                row
            });
            rows.flatten_iter().collect::<Vec<f64>>()
        };
        let matrices = [0, 1].map(|odd| [0, 1].map(|antisymmetric| matrix(odd, antisymmetric)));
        Self { gaussian, pairs, matrices }
    }

    /// Number of Gaussian pairs.
    pub(super) fn targets(&self) -> usize {
        self.gaussian.sines.len()
    }

    /// Weights of the Gaussian latitudes, divided by cos φ to a power.
    pub(super) fn weights(&self, power: i32) -> impl Iterator<Item = f64> {
        let weights = self.gaussian.weights.iter().zip(&self.gaussian.cosines);
        weights.map(move |(weight, cosine)| weight / cosine.powi(power))
    }
}
