//! Fields at the places of observations.

use crate::error::expect_len;
use crate::grid::{Circle, stencil};
use crate::{Error, Real, Result};

/// Bilinear interpolation from circles of latitude to places, as a sparse matrix.
///
/// Linear in longitude along the circle north and the circle south of a place, then in latitude between them; between the outermost circle of a
/// global grid and its pole, the pole's value is that circle's mean. Components of a wind are taken as scalars, which is wrong within a ring
/// of the poles.
///
/// ```
/// use terrella_kernels::assimilation::operators::Horizontal;
/// use terrella_kernels::grid::Grid;
///
/// let grid: Grid = "r36x19".parse()?;
/// let latitudes: Vec<f64> = (0..grid.points()).map(|point| grid.coordinates(point).0).collect();
/// let places = Horizontal::<f64>::new(&grid.circles(), true, &[51.3, -89.0], &[7.5, 200.0])?;
/// let mut columns = [0.0; 2];
/// places.interpolate(1, &latitudes, &mut columns)?;
/// assert!((columns[0] - 51.3).abs() < 1e-12 && (columns[1] + 89.0).abs() < 1e-12);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Horizontal<R> {
    points: usize,
    /// Where each place's sources begin; one more than places.
    begins: Vec<u32>,
    sources: Vec<u32>,
    weights: Vec<R>,
}

impl<R: Real> Horizontal<R> {
    /// From circles, north to south, to places \[degrees]. `is_global`: whether the circles close and reach both poles.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for lists of different lengths, [`Error::InvalidValue`] for a coordinate that is not finite, no circle, and 2³² points or more.
    pub fn new(circles: &[Circle], is_global: bool, latitudes: &[f64], longitudes: &[f64]) -> Result<Self> {
        expect_len("longitudes", latitudes.len(), longitudes.len())?;
        let invalid = |name, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        let points = circles.last().map_or(0, |circle| circle.offset + circle.points);
        if points == 0 || u32::try_from(points).is_err() {
            return invalid("circles", format!("of {points} points"), "1 to 2^32 − 1 points");
        }
        for (name, angles) in [("latitudes", latitudes), ("longitudes", longitudes)] {
            if let Some(place) = angles.iter().position(|angle| !angle.is_finite()) {
                return invalid(name, format!("{} at place {place}", angles[place]), "finite numbers");
            }
        }
        let (mut begins, mut sources, mut weights) = (vec![0], Vec::new(), Vec::new());
        for (latitude, longitude) in latitudes.iter().zip(longitudes) {
            let found = stencil(circles, is_global, *longitude, *latitude);
            for (source, weight) in found.into_iter().flat_map(|s| s.sources.into_iter().zip(s.weights)) {
                // Beyond the points: the mean of the first circle, then of the last.
                let pole = [circles[0], circles[circles.len() - 1]].get(source.wrapping_sub(points)).copied();
                match pole {
                    _ if weight == 0.0 => {}
                    None => {
                        sources.push(source as u32);
                        weights.push(R::from_f64(weight));
                    }
                    Some(circle) => {
                        sources.extend((circle.offset..circle.offset + circle.points).map(|n| n as u32));
                        let share = R::from_f64(weight / circle.points as f64);
                        weights.extend(std::iter::repeat_n(share, circle.points));
                    }
                }
            }
            begins.push(sources.len() as u32);
        }
        Ok(Self { points, begins, sources, weights })
    }

    /// Number of places.
    pub fn places(&self) -> usize {
        self.begins.len() - 1
    }

    /// Number of points that a field has.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Whether a place is inside the grid's area. Outside, columns are 0.
    ///
    /// # Panics
    /// If there is no place of that number.
    pub fn is_inside(&self, place: usize) -> bool {
        self.begins[place] < self.begins[place + 1]
    }

    /// Fields at the places.
    ///
    /// | argument  | shape            | unit |
    /// |-----------|------------------|------|
    /// | `fields`  | [levels][points] | any  |
    /// | `columns` | [levels][places] | any  |
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn interpolate(&self, levels: usize, fields: &[R], columns: &mut [R]) -> Result<()> {
        self.expect(levels, fields.len(), columns.len())?;
        if self.places() == 0 {
            return Ok(());
        }
        for (field, row) in fields.chunks_exact(self.points).zip(columns.chunks_exact_mut(self.places())) {
            for (place, value) in row.iter_mut().enumerate() {
                let mut sum = R::ZERO;
                for (source, weight) in self.row(place) {
                    sum += weight * field[source];
                }
                *value = sum;
            }
        }
        Ok(())
    }

    /// The adjoint: adds to `fields` what `columns` are sensitive to. Shapes as of [`Self::interpolate`].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn interpolate_adjoint(&self, levels: usize, columns: &[R], fields: &mut [R]) -> Result<()> {
        self.expect(levels, fields.len(), columns.len())?;
        if self.places() == 0 {
            return Ok(());
        }
        for (field, row) in fields.chunks_exact_mut(self.points).zip(columns.chunks_exact(self.places())) {
            for (place, value) in row.iter().enumerate() {
                for (source, weight) in self.row(place) {
                    field[source] += weight * *value;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn row(&self, place: usize) -> impl Iterator<Item = (usize, R)> + '_ {
        let range = self.begins[place] as usize..self.begins[place + 1] as usize;
        let weights = self.weights[range.clone()].iter().copied();
        self.sources[range].iter().map(|source| *source as usize).zip(weights)
    }

    fn expect(&self, levels: usize, fields: usize, columns: usize) -> Result<()> {
        expect_len("fields", levels * self.points, fields)?;
        expect_len("columns", levels * self.places(), columns)
    }
}
