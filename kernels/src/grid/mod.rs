//! Global grids of rings: full, reduced and octahedral Gaussian, regular latitude-longitude, and HEALPix.
//!
//! A grid is a list of [`Ring`]s from north to south, symmetric about the equator; the points of a ring are equidistant
//! and run eastward from 0°E, or on HEALPix from the ring's [`Ring::first_longitude`]. A field on the grid stores ring after ring (`[point]`), as a GRIB message does.
//!
//! | name       | grid                                                                       |
//! |------------|----------------------------------------------------------------------------|
//! | `F128`     | full Gaussian: 128 rings in each hemisphere, 4·128 points on each           |
//! | `N320`     | classic reduced Gaussian, published numbers of points                       |
//! | `O640`     | octahedral reduced Gaussian: 4i+16 points on the i-th ring from a pole      |
//! | `r360x181` | regular: 360 longitudes, 181 latitudes; an odd number of latitudes includes poles and equator, an even number stays half a row away from them |
//!
//! ```
//! use terrella_kernels::grid::Grid;
//!
//! let grid: Grid = "O32".parse()?;
//! assert_eq!(grid.rings().len(), 64);
//! assert_eq!(grid.rings()[0].points, 20);
//! let area: f64 = grid.rings().iter().map(|ring| ring.weight).sum();
//! assert!((area - 1.0).abs() < 1e-14);
//! # Ok::<(), terrella_kernels::Error>(())
//! ```

mod bilinear;
mod double_double;
mod gaussian;
mod geodesic;
mod healpix;
mod lat_lon;
mod name;

use std::fmt;
use std::sync::Arc;

pub use bilinear::{Circle, Stencil, stencil};
pub(crate) use double_double::DoubleDouble;
pub(crate) use gaussian::{GaussianHalf, gaussian_half};
pub use geodesic::GeodesicMesh;
pub use healpix::HealpixOrder;

use crate::{Error, Result};

/// A circle of latitude with its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Latitude [°], north positive.
    pub latitude: f64,
    /// μ, the sine of the latitude.
    pub sine_latitude: f64,
    /// Cosine of the latitude, to full relative precision beside the poles.
    pub cosine_latitude: f64,
    /// Quadrature weight; the weights of all rings sum to 1, so that Σ weight · (mean over the ring) is the global mean.
    pub weight: f64,
    /// Longitude of the first point [°], 0 ≤ longitude < 360; 0 on all grids but HEALPix.
    pub first_longitude: f64,
    /// Number of points; point j lies 360° j / points east of the first.
    pub points: usize,
    /// Index of the first point in a field.
    pub offset: usize,
}

impl Ring {
    /// Longitude of a point [°], 0 ≤ longitude < 360.
    pub fn longitude(&self, point: usize) -> f64 {
        self.first_longitude + 360.0 * point as f64 / self.points as f64
    }
}

/// How the rings were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GridKind {
    /// Gaussian latitudes, the same number of points on each ring.
    FullGaussian,
    /// Gaussian latitudes, fewer points towards the poles.
    ReducedGaussian,
    /// Equidistant latitudes including the poles.
    LatLonWithPoles,
    /// Equidistant latitudes, the outermost half a row from the poles.
    LatLonShifted,
    /// HEALPix: pixels of equal area, whose quadrature is exact for no harmonic but the first.
    HealPix,
}

impl GridKind {
    /// Whether the rings are at Gaussian latitudes.
    pub fn is_gaussian(self) -> bool {
        matches!(self, Self::FullGaussian | Self::ReducedGaussian)
    }
}

/// A global grid of rings; cloning shares it.
#[derive(Clone, Debug)]
pub struct Grid {
    description: Arc<Description>,
}

#[derive(Debug, PartialEq)]
struct Description {
    name: String,
    kind: GridKind,
    rings: Vec<Ring>,
    points: usize,
}

impl Grid {
    /// Full Gaussian grid with `half` rings in each hemisphere and 4·half points on each.
    pub fn full(half: usize) -> Result<Self> {
        Self::full_with_longitudes(half, 4 * half)
    }

    /// Full Gaussian grid with `half` rings in each hemisphere and any number of points on each.
    pub fn full_with_longitudes(half: usize, longitudes: usize) -> Result<Self> {
        let name = if longitudes == 4 * half {
            format!("F{half}")
        } else {
            format!("gaussian {longitudes}x{}", 2 * half)
        };
        Self::gaussian(name, GridKind::FullGaussian, &vec![longitudes; 2 * half])
    }

    /// Octahedral reduced Gaussian grid with `half` rings in each hemisphere.
    pub fn octahedral(half: usize) -> Result<Self> {
        let northern = (1..=half).map(|i| 4 * i + 16);
        let points: Vec<_> = northern.clone().chain(northern.rev()).collect();
        Self::reduced_named(&points, format!("O{half}"))
    }

    /// Reduced Gaussian grid with the given numbers of points on its rings, north to south (GRIB's `pl`).
    ///
    /// The list must be symmetric about the equator and have an even, non-zero number of non-zero entries.
    pub fn reduced(points: &[usize]) -> Result<Self> {
        Self::reduced_named(points, format!("reduced gaussian N{}", points.len() / 2))
    }

    fn reduced_named(points: &[usize], name: String) -> Result<Self> {
        Self::gaussian(name, GridKind::ReducedGaussian, points)
    }

    /// Regular grid of `longitudes` × `latitudes` points, with or without rings on the poles.
    pub fn lat_lon(longitudes: usize, latitudes: usize, poles: bool) -> Result<Self> {
        let usual = poles == (latitudes % 2 == 1);
        let name = match (usual, poles) {
            (true, _) => format!("r{longitudes}x{latitudes}"),
            (false, true) => format!("r{longitudes}x{latitudes} with poles"),
            (false, false) => format!("r{longitudes}x{latitudes} without poles"),
        };
        let least = if poles { 2 } else { 1 };
        if longitudes == 0 || latitudes < least {
            let reason = format!(
                "expected at least 1 longitude and {least} latitudes, got {longitudes} and {latitudes}"
            );
            return Err(Error::ImpossibleGrid { grid: name, reason });
        }
        let kind = if poles { GridKind::LatLonWithPoles } else { GridKind::LatLonShifted };
        let rows = lat_lon::rows(latitudes, poles);
        let rings = rows.into_iter().enumerate().map(|(j, row)| Ring {
            latitude: row.latitude,
            sine_latitude: row.sine,
            cosine_latitude: row.cosine,
            weight: row.weight,
            first_longitude: 0.0,
            points: longitudes,
            offset: j * longitudes,
        });
        Ok(Self::from_rings(name, kind, rings.collect()))
    }

    /// HEALPix grid with `side` pixels along each side of the twelve base faces, in ring order.
    pub fn healpix(side: usize) -> Result<Self> {
        Ok(Self::from_rings(format!("H{side}"), GridKind::HealPix, healpix::rings(side)?))
    }

    fn gaussian(name: String, kind: GridKind, points: &[usize]) -> Result<Self> {
        let count = points.len();
        let impossible = |reason: String| Err(Error::ImpossibleGrid { grid: name.clone(), reason });
        if count == 0 || count % 2 == 1 {
            return impossible(format!("expected an even, non-zero number of rings, got {count}"));
        }
        if let Some(ring) = points.iter().position(|&points| points == 0) {
            return impossible(format!("ring {ring} has no points, expected at least 1"));
        }
        if let Some(ring) = (0..count / 2).find(|&ring| points[ring] != points[count - 1 - ring]) {
            let (north, south) = (points[ring], points[count - 1 - ring]);
            return impossible(format!(
                "expected rings symmetric about the equator, got {north} points on ring {ring} and {south} on ring {}",
                count - 1 - ring
            ));
        }
        let nodes = gaussian::gaussian_half(count / 2);
        let mut rings: Vec<Ring> = Vec::with_capacity(count);
        let mut offset = 0;
        for ring in 0..count {
            let (pair, sign) = if ring < count / 2 { (ring, 1.0) } else { (count - 1 - ring, -1.0) };
            let (sine, cosine) = (sign * nodes.sines[pair], nodes.cosines[pair]);
            rings.push(Ring {
                latitude: sine.atan2(cosine).to_degrees(),
                sine_latitude: sine,
                cosine_latitude: cosine,
                weight: nodes.weights[pair],
                first_longitude: 0.0,
                points: points[ring],
                offset,
            });
            offset += points[ring];
        }
        Ok(Self::from_rings(name, kind, rings))
    }

    fn from_rings(name: String, kind: GridKind, rings: Vec<Ring>) -> Self {
        let points = rings.iter().map(|ring| ring.points).sum();
        Self { description: Arc::new(Description { name, kind, rings, points }) }
    }

    /// The usual name, or a description where there is none.
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// How the rings were chosen.
    pub fn kind(&self) -> GridKind {
        self.description.kind
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.description.points
    }

    /// The rings from north to south.
    pub fn rings(&self) -> &[Ring] {
        &self.description.rings
    }

    /// The rings as circles of latitude, for interpolation.
    pub fn circles(&self) -> Vec<Circle> {
        let circle = |ring: &Ring| Circle {
            latitude: ring.latitude,
            west: ring.first_longitude,
            spacing: 360.0 / ring.points as f64,
            points: ring.points,
            offset: ring.offset,
        };
        self.rings().iter().map(circle).collect()
    }

    /// Points on the ring that has most of them.
    pub fn longest_ring(&self) -> usize {
        self.rings().iter().map(|ring| ring.points).max().unwrap_or(0)
    }

    /// Latitude and longitude of a point [°].
    ///
    /// # Panics
    /// If the grid has no such point.
    pub fn coordinates(&self, point: usize) -> (f64, f64) {
        assert!(point < self.points(), "point {point} of a grid of {} points", self.points());
        let ring = &self.rings()[self.rings().partition_point(|ring| ring.offset <= point) - 1];
        (ring.latitude, ring.longitude(point - ring.offset))
    }
}

impl PartialEq for Grid {
    /// Whether the rings are the same, whatever the name.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.description, &other.description) || self.rings() == other.rings()
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
