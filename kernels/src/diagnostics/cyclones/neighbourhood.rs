//! Which points of a grid of rings are near a place.

use crate::grid::{Grid, Ring};

/// Angle between two places on the sphere [°], each latitude and longitude [°].
pub fn great_circle_angle(one: (f64, f64), other: (f64, f64)) -> f64 {
    let (a, b) = (unit_vector(one), unit_vector(other));
    let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    cross[0].hypot(cross[1]).hypot(cross[2]).atan2(dot).to_degrees()
}

pub(super) fn unit_vector((latitude, longitude): (f64, f64)) -> [f64; 3] {
    let (sine, cosine) = latitude.to_radians().sin_cos();
    let (sine_longitude, cosine_longitude) = longitude.to_radians().sin_cos();
    [cosine * cosine_longitude, cosine * sine_longitude, sine]
}

/// All points of a ring on a pole are one place, which its first point stands for.
pub(super) fn is_pole(ring: &Ring) -> bool {
    ring.cosine_latitude < 1e-9
}

/// The points beside each point: on its own ring, and on the rings beside within one spacing of longitude.
#[derive(Debug)]
pub(super) struct Neighbours {
    /// Where each point's neighbours start, `[points + 1]`.
    starts: Vec<usize>,
    neighbours: Vec<u32>,
}

impl Neighbours {
    pub(super) fn new(grid: &Grid) -> Self {
        let rings = grid.rings();
        let (mut starts, mut neighbours) = (vec![0], Vec::new());
        for (number, ring) in rings.iter().enumerate() {
            for point in 0..ring.points {
                if !is_pole(ring) {
                    let count = ring.points;
                    let mut beside = vec![(point + 1) % count, (point + count - 1) % count];
                    beside.dedup();
                    neighbours.extend(
                        beside
                            .into_iter()
                            .filter(|&other| other != point)
                            .map(|other| (ring.offset + other) as u32),
                    );
                }
                if !is_pole(ring) || point == 0 {
                    let above = number.checked_sub(1).map(|above| &rings[above]);
                    for other in above.into_iter().chain(rings.get(number + 1)) {
                        across(ring, point, other, &mut neighbours);
                    }
                }
                starts.push(neighbours.len());
            }
        }
        Self { starts, neighbours }
    }

    pub(super) fn of(&self, point: usize) -> &[u32] {
        &self.neighbours[self.starts[point]..self.starts[point + 1]]
    }
}

fn across(ring: &Ring, point: usize, other: &Ring, neighbours: &mut Vec<u32>) {
    if is_pole(other) {
        return neighbours.push(other.offset as u32);
    }
    let reach = match is_pole(ring) {
        true => 180.0,
        false => 360.0 / ring.points.min(other.points) as f64,
    };
    for_longitudes(other, ring.longitude(point), reach * (1.0 + 1e-9), |found| neighbours.push(found as u32));
}

/// Calls `visit` for each point of a ring at most `reach` degrees of longitude away.
fn for_longitudes(ring: &Ring, longitude: f64, reach: f64, mut visit: impl FnMut(usize)) {
    let spacing = 360.0 / ring.points as f64;
    let nearest = (longitude - ring.first_longitude) / spacing;
    let (first, last) =
        ((nearest - reach / spacing).ceil() as i64, (nearest + reach / spacing).floor() as i64);
    let count = (last - first + 1).min(ring.points as i64);
    for step in first..first + count {
        visit(ring.offset + step.rem_euclid(ring.points as i64) as usize);
    }
}

/// Calls `visit` with each point of the grid at most `angle` degrees of great circle from a place, and its angle.
pub(super) fn for_points_within(
    grid: &Grid,
    place: (f64, f64),
    angle: f64,
    mut visit: impl FnMut(usize, f64),
) {
    let rings = grid.rings();
    let first = rings.partition_point(|ring| ring.latitude > place.0 + angle);
    for ring in rings[first..].iter().take_while(|ring| ring.latitude >= place.0 - angle) {
        if is_pole(ring) {
            visit(ring.offset, great_circle_angle(place, (ring.latitude, 0.0)));
            continue;
        }
        // sin²(Δ/2) = sin²(Δφ/2) + cos φ₁ cos φ₂ sin²(Δλ/2)
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let product = ring.cosine_latitude * place.0.to_radians().cos();
        let square = (half(angle) - half(ring.latitude - place.0)) / product;
        let reach = if square >= 1.0 { 180.0 } else { 2.0 * square.max(0.0).sqrt().asin().to_degrees() };
        for_longitudes(ring, place.1, reach + 1e-9, |point| {
            let longitude = ring.longitude(point - ring.offset);
            visit(point, great_circle_angle(place, (ring.latitude, longitude)));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_mutual_and_a_pole_touches_its_whole_ring() {
        for name in ["r12x7", "O8", "F4", "N32"] {
            let grid: Grid = name.parse().unwrap();
            let neighbours = Neighbours::new(&grid);
            for point in 0..grid.points() {
                for &other in neighbours.of(point) {
                    assert!(
                        neighbours.of(other as usize).contains(&(point as u32)),
                        "{name}: {point} {other}"
                    );
                    assert_ne!(other as usize, point);
                }
            }
        }
        let grid: Grid = "r12x7".parse().unwrap();
        let neighbours = Neighbours::new(&grid);
        assert_eq!(neighbours.of(0).len(), 12);
        assert!(neighbours.of(1).is_empty());
        assert_eq!(neighbours.of(3 * 12 + 5).len(), 8);
    }

    #[test]
    fn points_within_a_distance_are_those_of_a_full_search() {
        for name in ["r36x19", "O16"] {
            let grid: Grid = name.parse().unwrap();
            for place in [(0.0, 0.0), (88.0, 100.0), (-45.3, 359.0), (90.0, 0.0)] {
                let mut found = Vec::new();
                for_points_within(&grid, place, 15.0, |point, _| found.push(point));
                found.sort_unstable();
                let pole = |point: usize| {
                    let ring = grid.rings().iter().rev().find(|ring| ring.offset <= point).unwrap();
                    is_pole(ring) && point != ring.offset
                };
                let expected: Vec<usize> = (0..grid.points())
                    .filter(|&point| {
                        great_circle_angle(place, grid.coordinates(point)) <= 15.0 && !pole(point)
                    })
                    .collect();
                assert_eq!(found, expected, "{name} {place:?}");
            }
        }
    }
}
