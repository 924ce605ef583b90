//! What Fourier coefficients are multiplied by between Legendre sums and Fourier transforms.

use super::operation::{Operation, Quadrature};
use crate::grid::Ring;

/// Cosine of the latitude that stands for a pole: so small that only m = 1, whose wind is finite there, survives, and large
/// enough for P̄_1 to be summed.
pub(super) const POLE_COSINE: f64 = 1e-25;

/// Sines and cosines of the latitudes of some rings, with [`POLE_COSINE`] on a pole.
pub(super) fn sines_and_cosines(rings: &[Ring]) -> (Vec<f64>, Vec<f64>) {
    let cosine = |ring: &Ring| if ring.cosine_latitude == 0.0 { POLE_COSINE } else { ring.cosine_latitude };
    rings.iter().map(|ring| (ring.sine_latitude, cosine(ring))).unzip()
}

/// The same for all wavenumbers of a ring, but for m = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factor {
    points: PointFactor,
    /// For m > 0 alone.
    above_zero: f64,
    /// Power of 1/cos φ.
    power: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PointFactor {
    One,
    /// The quadrature weight of one of the ring's points.
    Weight,
    /// One over the number of points.
    Mean,
}

impl Factor {
    /// From spectra to grid fields: a real field has the complex conjugates of m > 0 as well, an adjoint of an analysis does
    /// without.
    pub(super) fn of_synthesis(operation: Operation, is_resampled: bool) -> Self {
        let above_zero = if operation.quadrature == Quadrature::Weighted { 0.5 } else { 1.0 };
        Self::new(operation, is_resampled, above_zero)
    }

    /// From grid fields to spectra.
    pub(super) fn of_analysis(operation: Operation, is_resampled: bool) -> Self {
        let above_zero = if operation.quadrature == Quadrature::Weighted { 1.0 } else { 2.0 };
        Self::new(operation, is_resampled, above_zero)
    }

    fn new(operation: Operation, is_resampled: bool, above_zero: f64) -> Self {
        // The resampling has the weights and the division itself.
        let (points, power) = match (operation.quadrature, is_resampled) {
            (Quadrature::Plain, _) => (PointFactor::One, operation.form.power()),
            (Quadrature::Weighted, false) => (PointFactor::Weight, operation.form.power()),
            (Quadrature::Weighted, true) => (PointFactor::Mean, 0),
        };
        Self { points, above_zero, power }
    }

    /// On a ring, at m = 0 and m > 0.
    pub(super) fn on(self, ring: &Ring) -> [f64; 2] {
        let of_points = match self.points {
            PointFactor::One => 1.0,
            PointFactor::Weight => ring.weight / ring.points as f64,
            PointFactor::Mean => 1.0 / ring.points as f64,
        };
        let [zonal, other] = inverse_cosine(ring, self.power);
        [zonal * of_points, other * of_points * self.above_zero]
    }
}

/// 1/cos φ to a power, at m = 0 and m > 0: on a pole 0 where the coefficient vanishes faster than cos φ, and where the
/// quotient is infinite.
fn inverse_cosine(ring: &Ring, power: usize) -> [f64; 2] {
    match (power, ring.cosine_latitude == 0.0) {
        (0, _) => [1.0; 2],
        (_, false) => [ring.cosine_latitude.powi(-(power as i32)); 2],
        (1, true) => [0.0, 1.0 / POLE_COSINE],
        (_, true) => [0.0; 2],
    }
}
