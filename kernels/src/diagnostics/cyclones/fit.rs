//! The minimum of a quadratic through the points around a grid point.

use super::neighbourhood::{for_points_within, unit_vector};
use crate::grid::Grid;

/// Place (latitude, longitude [°]) and value of the minimum near a grid point: that of p₀ + a x + b y + c x² + d x y + e y²
/// fitted to the points at most 1.6 rows away, if it is one and less than a row away; else the grid point's own.
pub(super) fn minimum(grid: &Grid, point: usize, values: &[f64]) -> ((f64, f64), f64) {
    let centre = grid.coordinates(point);
    let row = 180.0 / grid.rings().len() as f64;
    let mut normal = [[0.0; 6]; 5];
    for_points_within(grid, centre, 1.6 * row, |other, _| {
        if other == point {
            return;
        }
        let (x, y) = plane(centre, grid.coordinates(other), row);
        let terms = [x, y, x * x, x * y, y * y];
        for (i, term) in terms.iter().enumerate() {
            for (j, other) in terms.iter().enumerate() {
                normal[i][j] += term * other;
            }
            normal[i][5] += term * (values[other] - values[point]);
        }
    });
    refined(&mut normal).map_or((centre, values[point]), |(x, y, change)| {
        (place(centre, x * row, y * row), values[point] + change)
    })
}

/// x, y and change of value at the minimum.
fn refined(normal: &mut [[f64; 6]; 5]) -> Option<(f64, f64, f64)> {
    let [a, b, c, d, e] = solve(normal)?;
    let determinant = 4.0 * c * e - d * d;
    if !(c > 0.0 && determinant > 1e-6 * (c + e).powi(2)) {
        return None;
    }
    let (x, y) = ((d * b - 2.0 * e * a) / determinant, (d * a - 2.0 * c * b) / determinant);
    (x.hypot(y) < 1.0).then_some((x, y, 0.5 * (a * x + b * y)))
}

/// Gaussian elimination with pivots; None where the points do not determine the quadratic.
fn solve(system: &mut [[f64; 6]; 5]) -> Option<[f64; 5]> {
    let largest = system.iter().enumerate().map(|(i, row)| row[i]).fold(0.0, f64::max);
    for column in 0..5 {
        let pivot =
            (column..5).max_by(|&i, &j| system[i][column].abs().total_cmp(&system[j][column].abs()))?;
        system.swap(column, pivot);
        if system[column][column].abs() <= 1e-9 * largest {
            return None;
        }
        for row in column + 1..5 {
            let factor = system[row][column] / system[column][column];
            for entry in column..6 {
                system[row][entry] -= factor * system[column][entry];
            }
        }
    }
    let mut solution = [0.0; 5];
    for row in (0..5).rev() {
        let known: f64 = (row + 1..5).map(|column| system[row][column] * solution[column]).sum();
        solution[row] = (system[row][5] - known) / system[row][row];
    }
    Some(solution)
}

/// East and north of `centre` in its tangent plane, along great circles, in units of `scale` degrees.
fn plane(centre: (f64, f64), other: (f64, f64), scale: f64) -> (f64, f64) {
    let (east, north, up) = axes(centre);
    let vector = unit_vector(other);
    let [x, y, z] = [east, north, up].map(|axis: [f64; 3]| dot(axis, vector));
    let sine = x.hypot(y);
    let stretch = if sine > 0.0 { sine.atan2(z).to_degrees() / (sine * scale) } else { 0.0 };
    (x * stretch, y * stretch)
}

/// Latitude and longitude of a place given by its distances east and north [°].
fn place(centre: (f64, f64), x: f64, y: f64) -> (f64, f64) {
    let (east, north, up) = axes(centre);
    let angle = x.hypot(y);
    let (sine, cosine) = angle.to_radians().sin_cos();
    let share = |part: f64| if angle > 0.0 { part / angle * sine } else { 0.0 };
    let vector: [f64; 3] = std::array::from_fn(|i| cosine * up[i] + share(x) * east[i] + share(y) * north[i]);
    let latitude = vector[2].atan2(vector[0].hypot(vector[1])).to_degrees();
    (latitude, vector[1].atan2(vector[0]).to_degrees().rem_euclid(360.0))
}

type Axes = ([f64; 3], [f64; 3], [f64; 3]);

fn axes((latitude, longitude): (f64, f64)) -> Axes {
    let (sine, cosine) = latitude.to_radians().sin_cos();
    let (sine_longitude, cosine_longitude) = longitude.to_radians().sin_cos();
    (
        [-sine_longitude, cosine_longitude, 0.0],
        [-sine * cosine_longitude, -sine * sine_longitude, cosine],
        [cosine * cosine_longitude, cosine * sine_longitude, sine],
    )
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::super::neighbourhood::great_circle_angle;
    use super::*;

    #[test]
    fn a_paraboloid_is_found_to_rounding_wherever_it_lies() {
        let grid: Grid = "O48".parse().unwrap();
        for hidden in [(0.3, 10.2), (57.7, 359.6), (-71.0, 180.4)] {
            let values: Vec<f64> = (0..grid.points())
                .map(|point| great_circle_angle(hidden, grid.coordinates(point)).powi(2))
                .collect();
            let lowest = (0..grid.points()).min_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap();
            let (found, value) = minimum(&grid, lowest, &values);
            // Distances in the plane differ from those on the sphere by a few parts in a thousand.
            assert!(great_circle_angle(found, hidden) < 0.01, "{found:?} {hidden:?}");
            assert!(value.abs() < 0.01, "{value}");
        }
    }

    #[test]
    fn a_plane_leaves_the_point_where_it_is() {
        let grid: Grid = "r72x37".parse().unwrap();
        let values: Vec<f64> = (0..grid.points()).map(|point| grid.coordinates(point).0).collect();
        let point = 10 * 72 + 7;
        assert_eq!(minimum(&grid, point, &values), (grid.coordinates(point), values[point]));
    }
}
