//! Cubic interpolation from a global ring-ordered grid to any point of the sphere.
//!
//! Third-degree Lagrange polynomials in longitude on the four nearest rings, then in latitude. A ring beyond a pole is
//! the one on the other side of it, half a turn away; there both components of a wind point the other way.

use terrella_io::layout::Ring;

/// How a field continues across a pole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Unchanged.
    Scalar,
    /// A component of a vector: with the other sign.
    Component,
}

/// The value at a latitude and longitude \[degrees\] of a field on closed `rings` from pole to pole, north to south.
pub(crate) fn interpolate(rings: &[Ring], field: &[f64], kind: Kind, latitude: f64, longitude: f64) -> f64 {
    // Ring after which the target lies: -1 is north of the first one.
    let north = rings.partition_point(|ring| ring.latitude >= latitude) as isize - 1;
    let mut latitudes = [0.0; 4];
    let mut values = [0.0; 4];
    for (slot, index) in (north - 1..north + 3).enumerate() {
        let (ring, over_pole) = seen(rings, index);
        (latitudes[slot], values[slot]) = match over_pole {
            None => (ring.latitude, along_ring(&ring, field, longitude)),
            Some(pole) => {
                let value = along_ring(&ring, field, longitude + 180.0);
                (2.0 * pole - ring.latitude, if kind == Kind::Component { -value } else { value })
            }
        };
    }
    let mut sum = 0.0;
    for i in 0..4 {
        let mut weight = 1.0;
        for j in 0..4 {
            if j != i {
                weight *= (latitude - latitudes[j]) / (latitudes[i] - latitudes[j]);
            }
        }
        sum += weight * values[i];
    }
    sum
}

/// A ring by number, and the latitude of the pole behind which it is seen, if it is.
fn seen(rings: &[Ring], index: isize) -> (Ring, Option<f64>) {
    let count = rings.len() as isize;
    // A ring that is the pole itself is not repeated behind it.
    let at_pole = |ring: &Ring| isize::from(ring.latitude.abs() > 90.0 - 1e-9);
    if index < 0 {
        let mirrored = -1 - index + at_pole(&rings[0]);
        (rings[mirrored as usize], Some(90.0))
    } else if index >= count {
        let mirrored = 2 * count - 1 - index - at_pole(&rings[count as usize - 1]);
        (rings[mirrored as usize], Some(-90.0))
    } else {
        (rings[index as usize], None)
    }
}

fn along_ring(ring: &Ring, field: &[f64], longitude: f64) -> f64 {
    let position = (longitude - ring.west).rem_euclid(360.0) / 360.0 * ring.points as f64;
    let first = position.floor();
    let t = position - first;
    let at = |shift: isize| {
        field[ring.offset + (first as isize + shift).rem_euclid(ring.points as isize) as usize]
    };
    -t * (t - 1.0) * (t - 2.0) / 6.0 * at(-1) + (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0 * at(0)
        - (t + 1.0) * t * (t - 2.0) / 2.0 * at(1)
        + (t + 1.0) * t * (t - 1.0) / 6.0 * at(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_io::layout::Layout;

    fn regular(longitudes: usize, latitudes: usize, with_poles: bool) -> Layout {
        let latitude = |i: usize| {
            if with_poles {
                90.0 - 180.0 * i as f64 / (latitudes - 1) as f64
            } else {
                90.0 - 180.0 * (i as f64 + 0.5) / latitudes as f64
            }
        };
        let rows: Vec<f64> = (0..latitudes).map(latitude).collect();
        Layout::lat_lon(&rows, 0.0, 360.0 / longitudes as f64, longitudes)
    }

    fn fill(layout: &Layout, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        layout.coordinates().map(|(longitude, latitude)| value(latitude, longitude)).collect()
    }

    /// x + 2y + 3z on the unit sphere.
    fn linear(latitude: f64, longitude: f64) -> f64 {
        let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
        latitude.cos() * (longitude.cos() + 2.0 * longitude.sin()) + 3.0 * latitude.sin()
    }

    /// Eastward component of a rotation about the x axis, smooth as a vector field, not as a scalar.
    fn eastward(latitude: f64, longitude: f64) -> f64 {
        -latitude.to_radians().sin() * longitude.to_radians().cos()
    }

    fn largest_error(longitudes: usize, latitudes: usize, with_poles: bool, kind: Kind) -> f64 {
        let value = if kind == Kind::Scalar { linear } else { eastward };
        let layout = regular(longitudes, latitudes, with_poles);
        let field = fill(&layout, value);
        let mut largest: f64 = 0.0;
        for i in 0..=360 {
            for j in 0..97 {
                let (latitude, longitude) = (90.0 - 0.5 * i as f64, 3.7 * j as f64);
                let error = interpolate(layout.rings(), &field, kind, latitude, longitude)
                    - value(latitude, longitude);
                largest = largest.max(error.abs());
            }
        }
        largest
    }

    #[test]
    fn smooth_fields_are_met_to_fourth_order_poles_included() {
        for kind in [Kind::Scalar, Kind::Component] {
            for with_poles in [true, false] {
                let coarse = largest_error(36, if with_poles { 19 } else { 18 }, with_poles, kind);
                let fine = largest_error(72, if with_poles { 37 } else { 36 }, with_poles, kind);
                assert!(fine < 1e-4, "{kind:?} {with_poles}: {fine}");
                assert!(coarse / fine > 13.0, "{kind:?} {with_poles}: {coarse} to {fine}");
            }
        }
    }

    #[test]
    fn values_on_the_grid_are_kept() {
        let layout = regular(8, 5, true);
        let field: Vec<f64> = (0..40).map(|i| f64::from(i) * 1.5 - 3.0).collect();
        assert_eq!(interpolate(layout.rings(), &field, Kind::Scalar, 45.0, 90.0), field[8 + 2]);
        assert_eq!(interpolate(layout.rings(), &field, Kind::Scalar, -90.0, 45.0), field[32 + 1]);
    }
}
