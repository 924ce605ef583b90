//! What Fourier coefficients are multiplied by between Legendre sums and Fourier transforms.

use super::transform::{DeviceTransform, Operation};
use crate::device::Buffer;
use crate::grid::Ring;
use crate::spectral::fourier::POLE_COSINE;
use crate::{Real, Result};

/// The same for all wavenumbers of a ring, but for m = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factor {
    ring: RingFactor,
    /// For m > 0 alone.
    above_zero: f64,
    /// Power of 1/cos φ.
    power: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RingFactor {
    One,
    /// The quadrature weight of one of the ring's points.
    Weight,
    /// One over the number of points.
    Mean,
}

impl Factor {
    /// On a ring, at m = 0 and m > 0.
    fn on(self, ring: &Ring) -> [f64; 2] {
        let of_ring = match self.ring {
            RingFactor::One => 1.0,
            RingFactor::Weight => ring.weight / ring.points as f64,
            RingFactor::Mean => 1.0 / ring.points as f64,
        };
        let [zonal, other] = inverse_cosine(ring, self.power);
        [zonal * of_ring, other * of_ring * self.above_zero]
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

impl<R: Real> DeviceTransform<R> {
    /// Place of an operation's factors with `above_zero` at m > 0; they are made at their first use.
    pub(super) fn factor(&mut self, operation: Operation, above_zero: f64) -> Result<usize> {
        // The resampling has the weights and the division itself.
        let (ring, power) = match (operation.weighted, self.resampled.is_some()) {
            (false, _) => (RingFactor::One, operation.form.power()),
            (true, false) => (RingFactor::Weight, operation.form.power()),
            (true, true) => (RingFactor::Mean, 0),
        };
        let factor = Factor { ring, above_zero, power };
        if let Some(place) = self.factors.iter().position(|(known, _)| *known == factor) {
            return Ok(place);
        }
        let rings = &self.grid.rings()[..self.latitudes.pairs];
        let values: Vec<R> = rings.iter().flat_map(|ring| factor.on(ring).map(R::from_f64)).collect();
        self.factors.push((factor, Buffer::from_slice(self.device, &values)?));
        Ok(self.factors.len() - 1)
    }
}
