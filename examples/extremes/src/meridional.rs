//! Equidistant latitudes to Gaussian ones by trigonometric interpolation along great circles.
//!
//! A meridian and the one opposite to it form a circle through both poles, on which the 2J rows of a regular grid are
//! equidistant: a periodic sequence of M = 2J values with the interpolant Σ_k D(θ − θ_k) f_k,
//! D(x) = sin(Mx/2)/(M tan(x/2)). A spherical harmonic of degree n < J is a trigonometric polynomial of degree n on
//! each such circle, so that the interpolation is exact for all that the rows can tell apart; the quadrature with the
//! rows themselves would keep only half of that. A component of a wind continues across a pole with the other sign.

use std::f64::consts::PI;

use crate::interpolation::Kind;

/// Equidistant rows from north to south.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    /// How many.
    pub(crate) count: usize,
    /// Whether the first and the last are the poles; else they are half a spacing away from them.
    pub(crate) poles: bool,
}

impl Rows {
    /// What these latitudes \[degrees\] are, if they are equidistant from pole to pole.
    pub(crate) fn of(latitudes: &[f64]) -> Option<Self> {
        let count = latitudes.len();
        if count < 3 {
            return None;
        }
        // Files round latitudes to a thousandth (GRIB1) or millionth of a degree.
        let are = |first: f64, spacing: f64| {
            latitudes.iter().enumerate().all(|(row, latitude)| (first - spacing * row as f64 - latitude).abs() < 2e-3)
        };
        let (closed, open) = (180.0 / (count - 1) as f64, 180.0 / count as f64);
        if are(90.0, closed) {
            Some(Self { count, poles: true })
        } else if are(90.0 - 0.5 * open, open) {
            Some(Self { count, poles: false })
        } else {
            None
        }
    }

    /// J, the spacings from pole to pole: degrees below it are told apart.
    pub(crate) fn intervals(self) -> usize {
        if self.poles { self.count - 1 } else { self.count }
    }
}

/// `field` `[row][longitude]` at other latitudes \[degrees\], `[latitude][longitude]`; `longitudes` must be even.
pub(crate) fn interpolate(rows: Rows, longitudes: usize, field: &[f64], kind: Kind, latitudes: &[f64]) -> Vec<f64> {
    assert!(longitudes.is_multiple_of(2), "the meridian opposite to one of {longitudes} is needed");
    assert_eq!(field.len(), rows.count * longitudes, "a field of {} rows of {longitudes}", rows.count);
    let (intervals, half) = (rows.intervals(), longitudes / 2);
    let (circle, shift) = (2 * intervals, if rows.poles { 0.0 } else { 0.5 });
    let sign = if kind == Kind::Component { -1.0 } else { 1.0 };
    let mut result = vec![0.0; latitudes.len() * longitudes];
    for (target, latitude) in result.chunks_exact_mut(longitudes).zip(latitudes) {
        let colatitude = (90.0 - latitude).to_radians();
        for k in 0..circle {
            let weight = dirichlet(circle, colatitude - PI * (k as f64 + shift) / intervals as f64);
            if k < rows.count {
                let row = &field[k * longitudes..(k + 1) * longitudes];
                target.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
            } else {
                // Beyond the south pole: the opposite meridian, northward again.
                let mirrored = if rows.poles { circle - k } else { circle - 1 - k };
                let row = &field[mirrored * longitudes..(mirrored + 1) * longitudes];
                let (east, west) = row.split_at(half);
                let opposite = west.iter().chain(east);
                target.iter_mut().zip(opposite).for_each(|(sum, value)| *sum += sign * weight * value);
            }
        }
    }
    result
}

fn dirichlet(count: usize, angle: f64) -> f64 {
    let (sine, tangent) = ((0.5 * count as f64 * angle).sin(), (0.5 * angle).tan());
    if tangent.abs() < 1e-14 { 1.0 } else { sine / (count as f64 * tangent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latitudes(rows: Rows) -> Vec<f64> {
        let spacing = 180.0 / rows.intervals() as f64;
        let first = if rows.poles { 90.0 } else { 90.0 - 0.5 * spacing };
        (0..rows.count).map(|row| first - spacing * row as f64).collect()
    }

    fn fill(latitudes: &[f64], longitudes: usize, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        latitudes
            .iter()
            .flat_map(|latitude| (0..longitudes).map(move |i| (*latitude, 360.0 * i as f64 / longitudes as f64)))
            .map(|(latitude, longitude)| value(latitude.to_radians(), longitude.to_radians()))
            .collect()
    }

    #[test]
    fn harmonics_below_the_number_of_intervals_are_exact() {
        // Degree 7, order 3 (up to a factor), and the wind of a rotation about an axis in the equator's plane.
        let scalar = |latitude: f64, longitude: f64| {
            let mu = latitude.sin();
            latitude.cos().powi(3) * (143.0 * mu.powi(4) - 66.0 * mu * mu + 3.0) * (3.0 * longitude + 0.4).cos()
        };
        let component = |latitude: f64, longitude: f64| -latitude.sin() * (longitude - 0.7).cos();
        let targets = [89.0, 61.3, 12.5, 0.0, -33.3, -88.2];
        for rows in [Rows { count: 9, poles: true }, Rows { count: 8, poles: false }] {
            for (kind, value) in [(Kind::Scalar, &scalar as &dyn Fn(f64, f64) -> f64), (Kind::Component, &component)] {
                let field = fill(&latitudes(rows), 12, value);
                let expected = fill(&targets, 12, value);
                let got = interpolate(rows, 12, &field, kind, &targets);
                let error = got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(error < 2e-13, "{rows:?} {kind:?}: {error:e}");
            }
        }
    }

    #[test]
    fn equidistant_rows_are_recognised() {
        assert_eq!(Rows::of(&[90.0, 45.0, 0.0, -45.0, -90.0]), Some(Rows { count: 5, poles: true }));
        assert_eq!(Rows::of(&[67.5, 22.5, -22.5, -67.5]), Some(Rows { count: 4, poles: false }));
        assert_eq!(Rows::of(&[80.0, 40.0, 0.0, -40.0, -80.0]), None);
        assert_eq!(Rows::of(&[60.0, 50.0, 40.0]), None);
    }
}
