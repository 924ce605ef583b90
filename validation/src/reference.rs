//! Comparison with stored output of other models, where it is at hand.
//!
//! `TERRELLA_DATA` names a folder in which `06_reference/shallow_water` holds two results for Williamson 5: daily means
//! of days 1 to 3 by Colorado State University's geodesic model (2,562 cells), and the height after 240 h by the adaptive
//! finite-volume model of Jablonowski (2004).

use std::path::{Path, PathBuf};

use netcdf3::FileReader;
use terrella_kernels::grid::Grid;

use crate::norms::{Norms, weighted_error};
use crate::{Error, Result};

/// Heights \[m\] at scattered points.
pub struct Scattered {
    /// Latitudes \[degrees\].
    pub latitudes: Vec<f64>,
    /// Longitudes \[degrees\].
    pub longitudes: Vec<f64>,
    /// One list of heights per time.
    pub heights: Vec<Vec<f64>>,
    /// Area of each point's cell in some unit.
    pub areas: Vec<f64>,
}

/// Daily means of days 1, 2 and 3 by the geodesic model; its cells are nearly equal in area.
pub fn geodesic_daily_means(data: &Path) -> Result<Scattered> {
    let mut file = File::open(data, "hswm_d000000p000.g2.nc")?;
    let to_degrees = |values: Vec<f64>| values.into_iter().map(f64::to_degrees).collect::<Vec<_>>();
    let latitudes = to_degrees(file.values("grid_center_lat")?);
    let longitudes = to_degrees(file.values("grid_center_lon")?);
    let heights = file.values("height")?.chunks(latitudes.len()).map(<[f64]>::to_vec).collect();
    Ok(Scattered { areas: vec![1.0; latitudes.len()], latitudes, longitudes, heights })
}

/// Height after 240 h by the adaptive finite-volume model: cells of 2.5° or 1.25°, told apart by their centres.
pub fn adaptive_finite_volume(data: &Path) -> Result<Scattered> {
    let mut file = File::open(data, "fvgcm_amr.delp.000240.000.nc")?;
    let latitudes = file.values("lat")?;
    let longitudes = file.values("lon")?;
    let heights = vec![file.values("H")?];
    let areas = cell_areas(&latitudes);
    Ok(Scattered { latitudes, longitudes, heights, areas })
}

impl Scattered {
    /// Relative errors of a field on a grid against the heights of one time.
    pub fn errors(&self, time: usize, grid: &Grid, field: &[f64]) -> Norms {
        let points = self.latitudes.iter().zip(&self.longitudes);
        weighted_error(
            self.areas.iter().copied(),
            points.map(|(&latitude, &longitude)| bilinear(grid, field, latitude, longitude)),
            self.heights[time].iter().copied(),
        )
    }
}

/// d²·cos φ: the centre of a cell of d degrees lies at an odd multiple of d/2.
fn cell_areas(latitudes: &[f64]) -> Vec<f64> {
    let size = |latitude: f64| {
        [2.5, 1.25, 0.625, 0.3125].into_iter().find(|size| {
            ((latitude / (0.5 * size)).round().abs() as u64) % 2 == 1
                && (latitude / (0.5 * size)).fract() == 0.0
        })
    };
    latitudes
        .iter()
        .map(|&latitude| size(latitude).map_or(0.0, |size| size * size * latitude.to_radians().cos()))
        .collect()
}

/// Value between four grid points; beyond the outermost rings, that of the ring.
fn bilinear(grid: &Grid, field: &[f64], latitude: f64, longitude: f64) -> f64 {
    let rings = grid.rings();
    let along = |index: usize| {
        let ring = &rings[index];
        let position = (longitude / 360.0).rem_euclid(1.0) * ring.points as f64;
        let west = position.floor();
        let fraction = position - west;
        let at = |point: usize| field[ring.offset + point % ring.points];
        at(west as usize) * (1.0 - fraction) + at(west as usize + 1) * fraction
    };
    let south = rings.partition_point(|ring| ring.latitude > latitude);
    if south == 0 || south == rings.len() {
        return along(south.min(rings.len() - 1));
    }
    let (upper, lower) = (rings[south - 1].latitude, rings[south].latitude);
    let fraction = (upper - latitude) / (upper - lower);
    along(south - 1) * (1.0 - fraction) + along(south) * fraction
}

struct File {
    path: PathBuf,
    reader: FileReader,
}

impl File {
    fn open(data: &Path, name: &str) -> Result<Self> {
        let path = data.join("06_reference/shallow_water").join(name);
        let reader = FileReader::open(&path).map_err(|error| Error::file(&path, format!("{error:?}")))?;
        Ok(Self { path, reader })
    }

    fn values(&mut self, name: &str) -> Result<Vec<f64>> {
        let data = self
            .reader
            .read_var(name)
            .map_err(|error| Error::file(&self.path, format!("{name}: {error:?}")))?;
        let values = match (data.get_f64(), data.get_f32()) {
            (Some(values), _) => values.to_vec(),
            (None, Some(values)) => values.iter().map(|&value| f64::from(value)).collect(),
            (None, None) => {
                return Err(Error::file(&self.path, format!("{name} is not a floating-point variable")));
            }
        };
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bilinear_is_exact_for_latitude_and_bounded_at_the_poles() {
        let grid: Grid = "F16".parse().unwrap();
        let field: Vec<f64> = (0..grid.points()).map(|point| grid.coordinates(point).0).collect();
        for latitude in [-60.3, 0.0, 12.0, 84.0] {
            assert!((bilinear(&grid, &field, latitude, -33.3) - latitude).abs() < 1e-12, "{latitude}");
        }
        assert_eq!(bilinear(&grid, &field, 90.0, 359.9), grid.rings()[0].latitude);
    }
}
