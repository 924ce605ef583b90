//! The nearest point on the sphere.

use super::bilinear::stencil;
use crate::layout::{Layout, Ring};

/// Squares of distances that differ by less than this part, or by less than the square of 10⁻⁹°, are equal, so that
/// round-off does not choose.
const EQUAL: f64 = 1e-12;
const ON: f64 = 1e-22;

/// The point of the layout that is nearest to a place \[degrees\], of equally near ones the first; None outside the layout.
///
/// On each ring the nearest in longitude is the nearest, and at a pole it stands for all of the ring. Rings are looked at outwards from the place, until the distance
/// in latitude alone is too large.
pub(super) fn nearest(layout: &Layout, longitude: f64, latitude: f64) -> Option<usize> {
    stencil(layout, longitude, latitude)?;
    let rings = layout.rings();
    let below = rings.partition_point(|ring| ring.latitude > latitude);
    let mut best = Best { distance: f64::INFINITY, point: 0 };
    for outwards in [&mut (0..below).rev() as &mut dyn Iterator<Item = usize>, &mut (below..rings.len())] {
        for number in outwards {
            let ring = &rings[number];
            let across = half_sine((ring.latitude - latitude).to_radians());
            if across > furthest(best.distance) {
                break;
            }
            best.look_at(ring, across, longitude, latitude);
        }
    }
    Some(best.point)
}

/// sin²(x/2), the square of half the chord over an angle x.
fn half_sine(angle: f64) -> f64 {
    (0.5 * angle).sin().powi(2)
}

/// What is as near as `distance`.
fn furthest(distance: f64) -> f64 {
    distance * (1.0 + EQUAL) + ON
}

struct Best {
    /// sin² of half the angle.
    distance: f64,
    point: usize,
}

impl Best {
    /// The two neighbours on a ring. `across`: sin² of half the difference of latitudes.
    fn look_at(&mut self, ring: &Ring, across: f64, longitude: f64, latitude: f64) {
        let cosines = ring.latitude.to_radians().cos() * latitude.to_radians().cos();
        let position = (longitude - ring.west).rem_euclid(360.0) / ring.spacing;
        let west = (position as usize).min(if ring.is_closed() { usize::MAX } else { ring.points - 1 });
        for point in [west % ring.points, (west + 1) % ring.points] {
            let along = half_sine((ring.longitude(point) - longitude).to_radians());
            let distance = across + cosines * along;
            let point = ring.offset + point;
            let nearer = furthest(distance) < self.distance;
            let equal = distance <= furthest(self.distance);
            if nearer || equal && point < self.point {
                self.point = point;
            }
            self.distance = self.distance.min(distance);
        }
    }
}
