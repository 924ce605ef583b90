//! Where the points of a horizontal field lie: rings of latitude, north to south, each eastward.
//!
//! The description that readers produce and writers take. It also covers parts of the globe, which no model grid
//! does; a layout that covers the globe has a [`Layout::name`] by which a model grid is made.

use std::sync::Arc;

/// One circle of latitude, or a piece of it.
pub use terrella_kernels::grid::Circle as Ring;
use terrella_kernels::grid::{Grid, GridKind};

/// The family of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Equal distances in latitude and longitude.
    LatLon,
    /// Gaussian latitudes, the same number of points on each; with 4N of them `F`.
    FullGaussian,
    /// Gaussian latitudes, fewer points towards the poles: `N` and others given by their numbers of points.
    ReducedGaussian,
    /// Gaussian latitudes, 20 points on the first and 4 more on each next: `O`.
    Octahedral,
    /// HEALPix in ring order: `H`.
    HealPix,
}

/// The points of a horizontal field, in memory order. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    family: Family,
    rings: Arc<[Ring]>,
}

impl Layout {
    /// Regular lat-lon points: `latitudes` from north to south, `longitudes` points from `west` by `spacing`.
    ///
    /// # Panics
    /// If `latitudes` do not decrease or there are no points: readers and model grids never have such.
    pub fn lat_lon(latitudes: &[f64], west: f64, spacing: f64, longitudes: usize) -> Self {
        Self::new(Family::LatLon, latitudes, &vec![longitudes; latitudes.len()], west, spacing)
    }

    /// The whole globe: `longitudes` × `latitudes` points including both poles, from 0°E. Name `r360x181`.
    ///
    /// # Panics
    /// If there are fewer than 2 latitudes or no longitudes.
    pub fn global_lat_lon(longitudes: usize, latitudes: usize) -> Self {
        let step = 180.0 / (latitudes - 1) as f64;
        let rows: Vec<f64> = (0..latitudes).map(|row| 90.0 - step * row as f64).collect();
        Self::lat_lon(&rows, 0.0, 360.0 / longitudes as f64, longitudes)
    }

    /// Gaussian latitudes [degrees, north to south] with `points` on each, from 0°E.
    ///
    /// # Panics
    /// If the lengths differ, `latitudes` do not decrease or there are no points.
    pub fn gaussian(latitudes: &[f64], points: &[usize]) -> Self {
        let full = points.iter().all(|&count| count == points[0]);
        let octahedral = points.iter().enumerate().all(|(ring, &count)| {
            let from_pole = ring.min(points.len() - 1 - ring);
            count == 20 + 4 * from_pole
        });
        let family = match (full, octahedral) {
            (true, _) => Family::FullGaussian,
            (false, true) => Family::Octahedral,
            (false, false) => Family::ReducedGaussian,
        };
        Self::new(family, latitudes, points, 0.0, f64::NAN)
    }

    /// `spacing` not finite: each ring closes around the globe.
    fn new(family: Family, latitudes: &[f64], points: &[usize], west: f64, spacing: f64) -> Self {
        assert_eq!(latitudes.len(), points.len(), "one number of points per latitude");
        assert!(!points.is_empty() && points.iter().all(|&count| count > 0), "no points");
        assert!(latitudes.windows(2).all(|pair| pair[0] > pair[1]), "latitudes from north to south");
        let mut offset = 0;
        let rings = latitudes
            .iter()
            .zip(points)
            .map(|(&latitude, &points)| {
                let spacing = if spacing.is_finite() { spacing } else { 360.0 / points as f64 };
                let ring = Ring { latitude, west, spacing, points, offset };
                offset += points;
                ring
            })
            .collect();
        Self { family, rings }
    }

    /// Rings as they were, each behind the one before it in memory.
    pub(crate) fn of_rings(family: Family, rings: Vec<Ring>) -> Self {
        Self { family, rings: rings.into() }
    }

    /// The family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The rings, north to south.
    pub fn rings(&self) -> &[Ring] {
        &self.rings
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.rings.last().map_or(0, |ring| ring.offset + ring.points)
    }

    /// Whether all rings have the same number of points, so that the field is a rectangle.
    pub fn is_rectangular(&self) -> bool {
        self.rings.iter().all(|ring| ring.points == self.rings[0].points)
    }

    /// Whether the rings close and reach both poles (nearer than one ring).
    pub fn is_global(&self) -> bool {
        let count = self.rings.len() as f64;
        let reach = 90.0 - 180.0 / count;
        self.rings.iter().all(Ring::is_closed)
            && self.rings[0].latitude >= reach
            && self.rings[self.rings.len() - 1].latitude <= -reach
    }

    /// The name by which Terrella's grids are made: `F128`, `O640`, `H64`, `r360x181`.
    ///
    /// Lat-lon points are named where an odd number of rows includes the poles, or an even number lies half a row from
    /// them. None for a part of the globe, for rows from another meridian than 0°E, and for rings whose numbers of points
    /// no name tells.
    pub fn name(&self) -> Option<String> {
        let rings = self.rings.len();
        let first = &self.rings[0];
        let half_row = 90.0 / rings as f64;
        match self.family {
            Family::HealPix => Some(format!("H{}", (rings + 1) / 4)),
            _ if !self.is_global() || first.west != 0.0 => None,
            Family::FullGaussian if first.points == 2 * rings => Some(format!("F{}", rings / 2)),
            Family::Octahedral => Some(format!("O{}", rings / 2)),
            Family::LatLon
                if rings % 2 == 1 && (first.latitude - 90.0).abs() < 1e-9
                    || rings.is_multiple_of(2) && (first.latitude - 90.0 + half_row).abs() < 1e-6 =>
            {
                Some(format!("r{}x{rings}", first.points))
            }
            _ => None,
        }
    }

    /// Longitude and latitude of every point (degrees), in memory order.
    pub fn coordinates(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.rings
            .iter()
            .flat_map(|ring| (0..ring.points).map(|point| (ring.longitude(point), ring.latitude)))
    }
}

/// The points of a model grid.
impl From<&Grid> for Layout {
    fn from(grid: &Grid) -> Self {
        let latitudes: Vec<f64> = grid.rings().iter().map(|ring| ring.latitude).collect();
        let points: Vec<usize> = grid.rings().iter().map(|ring| ring.points).collect();
        match grid.kind() {
            GridKind::FullGaussian | GridKind::ReducedGaussian => Self::gaussian(&latitudes, &points),
            GridKind::LatLonWithPoles | GridKind::LatLonShifted => {
                Self::lat_lon(&latitudes, 0.0, 360.0 / points[0] as f64, points[0])
            }
            GridKind::HealPix => Self { family: Family::HealPix, rings: grid.circles().into() },
        }
    }
}

/// The 2N Gaussian latitudes, north to south (degrees).
///
/// # Panics
/// If `half` is 0.
pub fn gaussian_latitudes(half: usize) -> Vec<f64> {
    let grid = Grid::full_with_longitudes(half, 1).expect("a positive number of rings makes a grid");
    grid.rings().iter().map(|ring| ring.latitude).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_global_grids_only() {
        assert_eq!(Layout::global_lat_lon(144, 73).name().as_deref(), Some("r144x73"));
        assert_eq!(Layout::lat_lon(&[40.0, 30.0], -10.0, 5.0, 7).name(), None);
        let latitudes = [70.0, 30.0, -30.0, -70.0];
        assert_eq!(Layout::gaussian(&latitudes, &[8; 4]).name().as_deref(), Some("F2"));
        assert_eq!(Layout::gaussian(&latitudes, &[20, 24, 24, 20]).name().as_deref(), Some("O2"));
        assert_eq!(Layout::gaussian(&latitudes, &[6, 8, 8, 6]).name(), None);
        assert_eq!(Layout::gaussian(&latitudes, &[12; 4]).name(), None);
        assert_eq!(Layout::gaussian(&latitudes, &[12; 4]).family(), Family::FullGaussian);
    }

    #[test]
    fn model_grids_keep_their_names() {
        for name in ["F16", "O32", "r90x45", "r90x46", "H4"] {
            let grid: Grid = name.parse().unwrap();
            let layout = Layout::from(&grid);
            assert_eq!(layout.name().as_deref(), Some(name));
            assert_eq!(layout.points(), grid.points());
            for (point, (longitude, latitude)) in layout.coordinates().enumerate() {
                let (expected_latitude, expected_longitude) = grid.coordinates(point);
                assert!((longitude - expected_longitude).abs() < 1e-12 && latitude == expected_latitude);
            }
        }
        let reduced = Layout::from(&"N32".parse::<Grid>().unwrap());
        assert_eq!((reduced.family(), reduced.name()), (Family::ReducedGaussian, None));
    }

    #[test]
    fn coordinates_follow_memory_order() {
        let layout = Layout::gaussian(&[60.0, 0.0, -60.0], &[2, 4, 2]);
        let coordinates: Vec<_> = layout.coordinates().collect();
        assert_eq!(layout.points(), coordinates.len());
        assert_eq!(coordinates[1], (180.0, 60.0));
        assert_eq!(coordinates[3], (90.0, 0.0));
        assert_eq!(coordinates[6], (0.0, -60.0));
        assert!(!layout.is_rectangular());
        assert!(layout.is_global());
    }
}
