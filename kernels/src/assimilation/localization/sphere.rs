//! [`SphereCells`]: points on the sphere, with a vertical coordinate, by cells.

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::ops::Range;

use super::cells::sort_by_cell;
use super::{Near, Taper, not_finite};
use crate::Result;

/// A place on the sphere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east, in any turn.
    pub longitude: f64,
    /// A vertical coordinate in any unit, such as ln p; the same everywhere where there is none.
    pub height: f64,
}

/// Points on the sphere sorted for searches within a taper's reach along great circles.
///
/// The taper is the product of a horizontal and a vertical one, as usual for R-localisation.
#[derive(Clone, Debug)]
pub struct SphereCells {
    horizontal: Taper,
    vertical: Option<Taper>,
    radius: f64,
    /// Bands of latitude from south to north, with their cells eastward from −180°.
    bands: Vec<Band>,
    begins: Vec<u32>,
    /// Those of a cell in the order of heights, where these count.
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug)]
struct Band {
    cells: usize,
    /// The number of its first cell.
    first: usize,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    direction: [f64; 3],
    height: f64,
    index: u32,
}

impl Place {
    fn radians(&self) -> (f64, f64) {
        (self.latitude.to_radians(), self.longitude.to_radians())
    }

    fn direction(&self) -> [f64; 3] {
        let (latitude, longitude) = self.radians();
        let (sine, cosine) = latitude.sin_cos();
        [cosine * longitude.cos(), cosine * longitude.sin(), sine]
    }
}

impl SphereCells {
    /// Sorts places into cells. The unit of the horizontal taper is that of `radius`, the sphere's; `vertical` is in the unit of heights, or absent
    /// where heights do not count.
    ///
    /// # Errors
    /// [`crate::Error::InvalidValue`] for coordinates that are not finite, latitudes beyond the poles, a radius that is not positive and impossible tapers.
    pub fn new(places: &[Place], radius: f64, horizontal: Taper, vertical: Option<Taper>) -> Result<Self> {
        let horizontal = horizontal.validate()?;
        let vertical = vertical.map(Taper::validate).transpose()?;
        let coordinates: Vec<[f64; 3]> =
            places.iter().map(|place| [place.latitude, place.longitude, place.height]).collect();
        not_finite(coordinates.iter().map(<[f64; 3]>::as_slice))?;
        let refuse = |name, got: f64, expected: &str| {
            Err(crate::Error::InvalidValue { name, got: got.to_string(), expected: expected.to_owned() })
        };
        if !(radius > 0.0 && radius.is_finite()) {
            return refuse("radius", radius, "a finite radius above 0");
        }
        if let Some(place) = places.iter().find(|place| place.latitude.abs() > 90.0) {
            return refuse("latitude", place.latitude, "−90 to 90 degrees");
        }
        // Some two cells for each point at the most, whatever the reach.
        let smallest = (2.0 * PI / places.len().max(1) as f64).sqrt().min(PI);
        let width = (0.5 * horizontal.reach() / radius).max(smallest);
        let count = ((PI / width) as usize).max(1);
        let mut bands = Vec::with_capacity(count);
        let mut first = 0;
        for band in 0..count {
            let middle = (band as f64 + 0.5) / count as f64 * PI - FRAC_PI_2;
            let cells = ((TAU * middle.cos() / width) as usize).max(1);
            bands.push(Band { cells, first });
            first += cells;
        }
        let cell_of = |place: &Place| {
            let (latitude, longitude) = place.radians();
            let band = bands[band_of(latitude, count)];
            let turn = (longitude + PI).rem_euclid(TAU) / TAU;
            band.first + ((turn * band.cells as f64) as usize).min(band.cells - 1)
        };
        let cells: Vec<usize> = places.iter().map(cell_of).collect();
        let (begins, order) = sort_by_cell(&cells, first);
        let points = order.into_iter().map(|index| {
            let place = &places[index as usize];
            Point { direction: place.direction(), height: place.height, index }
        });
        let mut points: Vec<Point> = points.collect();
        if vertical.is_some() {
            for ends in begins.windows(2) {
                points[ends[0] as usize..ends[1] as usize].sort_by(|a, b| a.height.total_cmp(&b.height));
            }
        }
        Ok(Self { horizontal, vertical, radius, bands, begins, points })
    }

    /// Appends the points near a place.
    pub fn near(&self, place: &Place, found: &mut Vec<Near>) {
        let (latitude, longitude) = place.radians();
        // A hair more, so that rounding excludes nothing.
        let reach = (self.horizontal.reach() / self.radius).min(PI) * (1.0 + 1e-12);
        let half_turn = if latitude.abs() + reach >= FRAC_PI_2 {
            PI
        } else {
            (reach.sin() / latitude.cos()).min(1.0).asin() * (1.0 + 1e-12)
        };
        let direction = place.direction();
        let count = self.bands.len();
        for band in band_of(latitude - reach, count)..band_of(latitude + reach, count) + 1 {
            let Band { cells, first } = self.bands[band];
            for range in cells_within(longitude + PI, half_turn, cells) {
                let Some(vertical) = self.vertical else {
                    if !range.is_empty() {
                        for point in self.points_of(first + range.start..first + range.end) {
                            self.take(point, &direction, place.height, found);
                        }
                    }
                    continue;
                };
                let reach = vertical.reach() * (1.0 + 1e-12) + place.height.abs() * 1e-12;
                let (lowest, highest) = (place.height - reach, place.height + reach);
                for cell in first + range.start..first + range.end {
                    let points = self.points_of(cell..cell + 1);
                    let below = points.partition_point(|point| point.height < lowest);
                    for point in points[below..].iter().take_while(|point| point.height <= highest) {
                        self.take(point, &direction, place.height, found);
                    }
                }
            }
        }
    }

    /// The points of neighbouring cells.
    fn points_of(&self, cells: Range<usize>) -> &[Point] {
        &self.points[self.begins[cells.start] as usize..self.begins[cells.end] as usize]
    }

    #[inline]
    fn take(&self, point: &Point, direction: &[f64; 3], height: f64, found: &mut Vec<Near>) {
        let squared: f64 = (0..3).map(|axis| (point.direction[axis] - direction[axis]).powi(2)).sum();
        // The chord 2 sin(angle/2), so that small angles keep their digits.
        let angle = 2.0 * (0.5 * squared.sqrt()).min(1.0).asin();
        let mut taper = self.horizontal.at(self.radius * angle);
        if let Some(vertical) = self.vertical.filter(|_| taper > 0.0) {
            taper *= vertical.at((point.height - height).abs());
        }
        if taper > 0.0 {
            found.push(Near { index: point.index, taper });
        }
    }
}

/// The band of a latitude \[rad], or the nearest.
fn band_of(latitude: f64, count: usize) -> usize {
    // Negative numbers become 0.
    (((latitude + FRAC_PI_2) / PI * count as f64) as usize).min(count - 1)
}

/// The cells within half a turn around an angle \[rad], each once, as two ranges.
fn cells_within(angle: f64, half_turn: f64, cells: usize) -> [Range<usize>; 2] {
    let cell = |angle: f64| (angle / TAU * cells as f64).floor() as i64;
    let (first, last) = (cell(angle - half_turn), cell(angle + half_turn));
    if last - first + 1 >= cells as i64 {
        return [0..cells, 0..0];
    }
    let begin = first.rem_euclid(cells as i64) as usize;
    let end = begin + (last - first + 1) as usize;
    [begin..end.min(cells), 0..end.saturating_sub(cells)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn a_search_finds_what_a_comparison_with_all_finds() {
        let mut numbers = vec![0.0_f64; 3 * 2000];
        random::normals(5, [0; 3], &mut numbers);
        let places: Vec<Place> = numbers
            .chunks_exact(3)
            .map(|x| Place {
                latitude: (60.0 * x[0]).clamp(-90.0, 90.0),
                longitude: 200.0 * x[1],
                height: x[2],
            })
            .collect();
        for reach in [300e3, 2000e3, 30_000e3] {
            for vertical in [None, Some(Taper::GaspariCohn(0.4))] {
                let horizontal = Taper::GaspariCohn(0.5 * reach);
                let cells = SphereCells::new(&places, 6_371e3, horizontal, vertical).expect("cells");
                for place in places.iter().step_by(7) {
                    let mut found = Vec::new();
                    cells.near(place, &mut found);
                    found.sort_by_key(|near| near.index);
                    let mut expected = Vec::new();
                    for (index, other) in (0..).zip(&places) {
                        // Spherical law of cosines, in another form than the search has.
                        let [a, b] = [place, other].map(Place::radians);
                        let haversine = ((a.0 - b.0) / 2.0).sin().powi(2)
                            + a.0.cos() * b.0.cos() * ((a.1 - b.1) / 2.0).sin().powi(2);
                        let distance = 6_371e3 * 2.0 * haversine.sqrt().min(1.0).asin();
                        let high =
                            vertical.map_or(1.0, |taper| taper.at((place.height - other.height).abs()));
                        let taper = horizontal.at(distance) * high;
                        if taper > 1e-9 {
                            expected.push(Near { index, taper });
                        }
                    }
                    found.retain(|near| near.taper > 1e-9);
                    // Two formulas for one angle agree to a few 1e-9 of it beside the antipode.
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(&expected) {
                        assert_eq!(found.index, expected.index);
                        assert!((found.taper - expected.taper).abs() < 1e-7, "{found:?} {expected:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn impossible_places_are_refused() {
        let refused = |latitude: f64, radius: f64| {
            let place = Place { latitude, ..Place::default() };
            SphereCells::new(&[place], radius, Taper::Step(1.0), None).expect_err("refused").to_string()
        };
        assert_eq!(refused(91.0, 1.0), "'latitude' is 91: expected −90 to 90 degrees.");
        assert_eq!(refused(0.0, 0.0), "'radius' is 0: expected a finite radius above 0.");
        assert!(refused(f64::NAN, 1.0).contains("at point 0: expected finite coordinates."));
    }
}
