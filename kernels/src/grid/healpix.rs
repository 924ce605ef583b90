//! HEALPix: 12 N² pixels of equal area on 4N−1 rings of equidistant centres, and its two numberings.
//!
//! Górski et al. (2005, doi:10.1086/427976). With N pixels along the side of each of the twelve base faces, ring
//! i = 1 ..= 4N−1 from the north has
//!
//! | rings             | z = sin φ          | pixels | first centre, east of 0°E               |
//! |-------------------|--------------------|--------|-----------------------------------------|
//! | i < N             | 1 − i²/(3N²)       | 4i     | 45°/i                                   |
//! | N ≤ i ≤ 3N        | 4/3 − 2i/(3N)      | 4N     | 45°/N where i−N is even, 0 where odd    |
//! | i > 3N            | minus z of 4N − i  |        | as 4N − i                               |
//!
//! The *ring* order counts pixels along the rings, as all fields here are stored. The *nested* order counts them face by
//! face, inside a face along a quadtree: bits of x (towards north-east) and y (towards north-west) interleaved, x lowest.

use std::f64::consts::FRAC_1_SQRT_2;

use super::Ring;
use crate::{Error, Result};

/// The largest N: pixel numbers then still fit into 62 bits, as in other software.
const LARGEST_SIDE: usize = 1 << 29;

/// The rings of the grid with `side` pixels along a face's side.
pub(super) fn rings(side: usize) -> Result<Vec<Ring>> {
    if side == 0 || side > LARGEST_SIDE {
        let reason = format!("expected 1 to {LARGEST_SIDE} pixels along a face, got {side}");
        return Err(Error::ImpossibleGrid { grid: format!("H{side}"), reason });
    }
    let n = side as f64;
    let weight = |points: usize| points as f64 / (12.0 * n * n);
    let mut rings: Vec<Ring> = Vec::with_capacity(4 * side - 1);
    let mut offset = 0;
    for i in 1..=2 * side {
        let (sine, cosine, points, first_longitude) = if i < side {
            // 1 − z, from which cos φ = √((1−z)(1+z)) keeps its digits beside the pole.
            let depth = (i as f64 / n).powi(2) / 3.0;
            (1.0 - depth, (depth * (2.0 - depth)).sqrt(), 4 * i, 45.0 / i as f64)
        } else {
            let sine = 2.0 * (2 * side - i) as f64 / (3.0 * n);
            let first = if (i - side).is_multiple_of(2) { 45.0 / n } else { 0.0 };
            (sine, ((1.0 - sine) * (1.0 + sine)).sqrt(), 4 * side, first)
        };
        // The arc sine is ill-conditioned near the pole, the arc cosine near the equator.
        let latitude =
            if cosine < FRAC_1_SQRT_2 { 90.0 - cosine.asin().to_degrees() } else { sine.asin().to_degrees() };
        rings.push(Ring {
            latitude,
            sine_latitude: sine,
            cosine_latitude: cosine,
            weight: weight(points),
            first_longitude,
            points,
            offset,
        });
        offset += points;
    }
    for i in (0..2 * side - 1).rev() {
        let north = &rings[i];
        rings.push(Ring {
            latitude: -north.latitude,
            sine_latitude: -north.sine_latitude,
            offset,
            ..north.clone()
        });
        offset += rings[rings.len() - 1].points;
    }
    Ok(rings)
}

/// The correspondence of HEALPix's ring and nested numbers, for a power of two of pixels along a face.
///
/// ```
/// use terrella_kernels::grid::HealpixOrder;
///
/// let order = HealpixOrder::new(16)?;
/// assert_eq!(order.ring_from_nested(1130), 1504);
/// assert_eq!(order.nested_from_ring(1504), 1130);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealpixOrder {
    side: usize,
}

impl HealpixOrder {
    /// For `side` pixels along a face; an error unless that is a power of two up to 2²⁹.
    pub fn new(side: usize) -> Result<Self> {
        if !side.is_power_of_two() || side > LARGEST_SIDE {
            let expected = format!("a power of two up to {LARGEST_SIDE} for the nested order of HEALPix");
            return Err(Error::InvalidValue { name: "side", got: side.to_string(), expected });
        }
        Ok(Self { side })
    }

    /// Number of pixels, 12 N².
    pub fn pixels(self) -> usize {
        12 * self.side * self.side
    }

    /// The ring number of a nested one.
    ///
    /// # Panics
    /// If there is no such pixel.
    pub fn ring_from_nested(self, pixel: usize) -> usize {
        self.expect(pixel);
        let n = self.side;
        let (face, inside) = (pixel / (n * n), pixel % (n * n));
        let (x, y) = (every_second_bit(inside), every_second_bit(inside >> 1));
        let ring = (face_row(face) * n - x - y) as i64 - 1;
        let circle = self.circle(ring);
        // Twice the number along the ring, counted from the face's own meridian.
        let twice = face_column(face) * circle.quarter + x as i64 - y as i64 + 1 + circle.shift;
        let along = (twice / 2 - 1).rem_euclid(4 * circle.quarter);
        (circle.first + along) as usize
    }

    /// The nested number of a ring one.
    ///
    /// # Panics
    /// If there is no such pixel.
    pub fn nested_from_ring(self, pixel: usize) -> usize {
        self.expect(pixel);
        let n = self.side as i64;
        let ring = self.ring_of(pixel);
        let circle = self.circle(ring);
        let twice = 2 * (pixel as i64 - circle.first + 1);
        for face in 0..12 {
            // x + y and x − y of the pixel if it lies on this face.
            let sum = face_row(face) as i64 * n - ring - 1;
            let difference = twice - face_column(face) * circle.quarter - 1 - circle.shift;
            let turn = 8 * circle.quarter;
            let difference = (difference + turn / 2).rem_euclid(turn) - turn / 2;
            let (x, y) = ((sum + difference) / 2, (sum - difference) / 2);
            let inside = (sum + difference) % 2 == 0 && (0..n).contains(&x) && (0..n).contains(&y);
            if inside {
                return face * self.side * self.side
                    + spread_bits(x as usize)
                    + (spread_bits(y as usize) << 1);
            }
        }
        unreachable!("the twelve faces cover the sphere, pixel {pixel} of {} included", self.pixels())
    }

    /// Values in ring order from values in nested order, of any number of fields `[field][pixel]`.
    ///
    /// An error unless there are whole fields.
    pub fn to_ring_order<T: Copy>(self, nested: &[T]) -> Result<Vec<T>> {
        self.reorder("nested", nested, Self::nested_from_ring)
    }

    /// Values in nested order from values in ring order, of any number of fields `[field][pixel]`.
    ///
    /// An error unless there are whole fields.
    pub fn to_nested_order<T: Copy>(self, ring: &[T]) -> Result<Vec<T>> {
        self.reorder("ring", ring, Self::ring_from_nested)
    }

    fn reorder<T: Copy>(
        self,
        name: &'static str,
        values: &[T],
        source: fn(Self, usize) -> usize,
    ) -> Result<Vec<T>> {
        let pixels = self.pixels();
        if !values.len().is_multiple_of(pixels) {
            let expected = values.len().next_multiple_of(pixels);
            return Err(Error::LengthMismatch { name, expected, got: values.len() });
        }
        let sources: Vec<usize> = (0..pixels).map(|pixel| source(self, pixel)).collect();
        let fields = values.chunks_exact(pixels);
        Ok(fields.flat_map(|field| sources.iter().map(|&source| field[source])).collect())
    }

    fn expect(self, pixel: usize) {
        assert!(pixel < self.pixels(), "pixel {pixel} of a HEALPix grid of {} pixels", self.pixels());
    }

    /// The ring (1 ..= 4N−1) of a pixel.
    fn ring_of(self, pixel: usize) -> i64 {
        let (n, pixels) = (self.side, self.pixels());
        let cap = 2 * n * (n - 1);
        // Rings 1 to i of a cap hold 2i(i+1) pixels.
        let in_cap = |number: usize| (2 * number + 1).isqrt().div_ceil(2) as i64;
        if pixel < cap {
            in_cap(pixel)
        } else if pixel < pixels - cap {
            ((pixel - cap) / (4 * n) + n) as i64
        } else {
            4 * n as i64 - in_cap(pixels - 1 - pixel)
        }
    }

    fn circle(self, ring: i64) -> Circle {
        let (n, pixels) = (self.side as i64, self.pixels() as i64);
        if ring < n {
            Circle { quarter: ring, first: 2 * ring * (ring - 1), shift: 0 }
        } else if ring > 3 * n {
            let ring = 4 * n - ring;
            Circle { quarter: ring, first: pixels - 2 * ring * (ring + 1), shift: 0 }
        } else {
            Circle { quarter: n, first: 2 * n * (n - 1) + (ring - n) * 4 * n, shift: (ring - n) % 2 }
        }
    }
}

/// A quarter of a ring's pixels, its first pixel, and 1 if that lies on 0°E.
struct Circle {
    quarter: i64,
    first: i64,
    shift: i64,
}

/// The row of a face's southern corner, in units of N rings.
fn face_row(face: usize) -> usize {
    face / 4 + 2
}

/// The meridian of a face's southern corner, in units of 45°.
fn face_column(face: usize) -> i64 {
    (2 * (face % 4) + usize::from(face / 4 != 1)) as i64
}

/// Bits 0, 2, 4, ... moved to 0, 1, 2, ...
fn every_second_bit(value: usize) -> usize {
    (0..usize::BITS / 2).fold(0, |bits, bit| bits | (value >> (2 * bit) & 1) << bit)
}

/// Bits 0, 1, 2, ... moved to 0, 2, 4, ...
fn spread_bits(value: usize) -> usize {
    (0..usize::BITS / 2).fold(0, |bits, bit| bits | (value >> bit & 1) << (2 * bit))
}
