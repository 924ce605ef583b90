//! Cyclones: centres of low pressure, refined between grid points, with a test for a warm core, and their tracks.
//!
//! **Centres** ([`Detector`]). A candidate is a point whose mean sea-level pressure is below that of all its neighbours. It
//! is a cyclone if its pressure rises by 2 hPa within 5.5° of great circle on every path outwards (a closed contour); of
//! cyclones nearer to each other than a distance the deepest stays. Its core is warm if the thickness of the
//! layer 300–500 hPa falls by 58.8 m² s⁻² within 6.5° on every path from its largest value within 1° of the centre: the
//! criteria of Ullrich & Zarzycki (2017, *Geosci. Model Dev.* 10, 1069–1090, doi:10.5194/gmd-10-1069-2017) for tropical
//! cyclones, of which the first alone also finds extratropical ones.
//!
//! **Position.** In the tangent plane at the grid's minimum (x eastward, y northward), p = p₀ + a x + b y + c x² + d x y + e y²
//! is fitted to the points around by least squares; the centre is where its gradient vanishes, if that is a minimum less
//! than a row away.
//!
//! **Tracks** ([`Tracker`]). A centre continues the track whose extrapolated position is nearest, if it is not further from
//! the track's last position than a largest speed allows. Vitart, Anderson & Stern (1997, *J. Climate* 10, 745–760) link in
//! the same way, by distance and direction of the motion before.
//!
//! ```
//! use terrella_kernels::diagnostics::cyclones::{CycloneFields, Detector, DetectorSettings};
//! use terrella_kernels::grid::Grid;
//!
//! let grid: Grid = "r144x73".parse()?;
//! // A hollow of 30 hPa at 47°N, 332°E.
//! let pressure: Vec<f64> = (0..grid.points())
//!     .map(|point| {
//!         let (latitude, longitude) = grid.coordinates(point);
//!         let (north, east) = (latitude - 47.0, (longitude - 332.0) * 47f64.to_radians().cos());
//!         101_300.0 - 3_000.0 * (-(north * north + east * east) / 32.0).exp()
//!     })
//!     .collect();
//! let fields = CycloneFields { sea_level_pressure: &pressure, thickness: None, wind_speed: None, ground: None };
//! let cyclones = Detector::new(&grid, DetectorSettings::default())?.detect(&fields)?;
//! assert_eq!(cyclones.len(), 1);
//! assert!((cyclones[0].latitude - 47.0).abs() < 0.3 && (cyclones[0].longitude - 332.0).abs() < 0.3);
//! # Ok::<(), terrella_kernels::Error>(())
//! ```

mod contour;
mod detector;
mod fit;
mod neighbourhood;
mod tracker;

pub use detector::{Cyclone, CycloneFields, Detector, DetectorSettings};
pub use neighbourhood::great_circle_angle;
pub use tracker::{Track, TrackPoint, Tracker, TrackerSettings};
