//! What the columns stand on: land and sea, and their temperature, at the model's points.
//!
//! What a state's file lacks is made from what it has, and the log says so. Land is where the interpolated land fraction is
//! above one half; temperatures are interpolated linearly among the neighbours of the same kind, land after land, sea after
//! sea, and land's follow the difference of the two grounds' heights by 6.5 K/km.

use terrella_coupling::communicator::Communicator;
use terrella_dycore::primitive::Configuration;
use terrella_dycore::primitive::initial::{Height, InitialState, OrographyField};
use terrella_kernels::grid::{Grid, Ring};

use super::analysis::{self, Surfaces};
use crate::error::Result;

/// Change of temperature with height \[K m⁻¹\], of the standard atmosphere.
const LAPSE_RATE: f64 = 0.0065;
/// A ground this far from sea level is land where no mask says so \[m\]: spectral ripples of the sea stay below.
const LEAST_HEIGHT: f64 = 20.0;

/// The ground at the points of a state's file, as far as it is known.
pub(super) struct SourceGround {
    grid: Grid,
    /// Share of land, on a grid of its own.
    land: Option<(Grid, Vec<f64>)>,
    land_origin: &'static str,
    surface: Option<Vec<f64>>,
    sea: Option<Vec<f64>>,
    /// Height \[m\].
    height: Option<Vec<f64>>,
}

/// The ground at the model's points, or at a rank's.
#[derive(Clone, Debug)]
pub(super) struct GroundFields {
    /// 1 on land, 0 at sea.
    pub(super) land: Vec<f64>,
    /// \[K\].
    pub(super) temperature: Vec<f64>,
    land_origin: &'static str,
    /// Points of the sea with the temperature of the surface, where there is one of the sea.
    sea_from_surface: usize,
    /// Points with the temperature of the lowest level.
    from_air: usize,
}

impl GroundFields {
    /// What was made of what on all ranks, line by line, for people.
    pub(super) fn report(&self, communicator: &Communicator) -> Result<Vec<String>> {
        let land: f64 = self.land.iter().sum();
        let counts = [self.land.len(), land as usize, self.sea_from_surface, self.from_air];
        let all = communicator.all_gather(&counts.map(|count| count as u64))?;
        let sum = |kind: usize| all.iter().map(|of_rank| of_rank[kind]).sum::<u64>();
        let percent = |kind: usize| 100.0 * sum(kind) as f64 / sum(0) as f64;
        let mut report =
            vec![format!("surface    {}; {:.0} % of the points are land", self.land_origin, percent(1))];
        if sum(2) > 0 {
            report.push(format!(
                "           no sea temperature at {:.1} % of the points, all of them sea: the surface's there",
                percent(2)
            ));
        }
        if sum(3) > 0 {
            report.push(format!(
                "           no surface temperature at {:.1} % of the points: the lowest level's, brought down by 6.5 K/km",
                percent(3)
            ));
        }
        Ok(report)
    }
}

impl SourceGround {
    /// What the state has, and `orography`, the ground of another file.
    pub(super) fn of(state: &Surfaces, grid: &Grid, orography: Option<&OrographyField>) -> Self {
        let values = |field: &Option<terrella_io::read::StateSurface>| {
            field.as_ref().map(|field| field.values.clone())
        };
        let height = state.orography.as_ref().map(|field| {
            let factor = match analysis::height(&field.units) {
                Height::Geopotential => 1.0 / terrella_kernels::constants::GRAVITY,
                Height::Height => 1.0,
            };
            field.values.iter().map(|value| factor * value).collect::<Vec<f64>>()
        });
        let sea = values(&state.sea_temperature);
        let elsewhere = orography.and_then(|field| Some((field.grid.clone(), field.land_fraction.clone()?)));
        let here = |land: Vec<f64>| Some((grid.clone(), land));
        let (land, land_origin) = if let Some(land) = values(&state.land_fraction) {
            (here(land), "the state's mask")
        } else if elsewhere.is_some() {
            (elsewhere, "the mask of the orography's file")
        } else if let Some(sea) = sea.as_ref().filter(|sea| sea.iter().any(|value| value.is_nan())) {
            let land = sea.iter().map(|value| f64::from(value.is_nan())).collect();
            (here(land), "no mask: land where the sea's temperature is missing")
        } else if let Some(height) = &height {
            let land = height.iter().map(|height| f64::from(height.abs() > LEAST_HEIGHT)).collect();
            (here(land), "no mask: land where the ground is more than 20 m from sea level")
        } else {
            (None, "no mask: land where the model's ground is more than 20 m from sea level")
        };
        let surface = values(&state.surface_temperature);
        Self { grid: grid.clone(), land, land_origin, surface, sea, height }
    }

    /// At the points of a state of this configuration; the state gives the ground's height, and the temperature where nothing else does.
    pub(super) fn at_model(&self, state: &InitialState, configuration: &Configuration) -> GroundFields {
        let points = configuration.points();
        let gravity = configuration.gravity;
        let exponent = configuration.gas_constant * LAPSE_RATE / gravity;
        let lowest = state.temperature.len() - points;
        let mut ground = GroundFields {
            land: Vec::with_capacity(points),
            temperature: Vec::with_capacity(points),
            land_origin: self.land_origin,
            sea_from_surface: 0,
            from_air: 0,
        };
        let (mut from_air, mut sea_from_surface) = (0, 0);
        for point in 0..points {
            let there = configuration.part.as_ref().map_or(point, |part| part.point_in_grid(point));
            let (latitude, longitude) = configuration.grid.coordinates(there);
            let neighbours = neighbours(&self.grid, latitude, longitude);
            let height = state.orography.geopotential[there] / gravity;
            let is_land = match &self.land {
                Some((grid, land)) => {
                    let around = self::neighbours(grid, latitude, longitude);
                    mean(&around, |neighbour| Some(land[neighbour])).unwrap_or(0.0) > 0.5
                }
                None => height.abs() > LEAST_HEIGHT,
            };
            let on_own_grid = self.land.as_ref().filter(|(grid, _)| grid.name() == self.grid.name());
            let same_kind =
                |neighbour: usize| on_own_grid.is_none_or(|(_, land)| (land[neighbour] > 0.5) == is_land);
            let of = |field: &Option<Vec<f64>>| {
                let field = field.as_ref()?;
                let finite = |neighbour: usize| Some(field[neighbour]).filter(|value| value.is_finite());
                mean(&neighbours, |neighbour| finite(neighbour).filter(|_| same_kind(neighbour)))
                    .or_else(|| mean(&neighbours, finite))
            };
            let sea = if is_land { None } else { of(&self.sea) };
            let surface = sea.or_else(|| {
                let surface = of(&self.surface)?;
                sea_from_surface += usize::from(!is_land && self.sea.is_some());
                let rise = match &self.height {
                    Some(source) if is_land => height - mean(&neighbours, |at| Some(source[at]))?,
                    _ => 0.0,
                };
                Some(surface - LAPSE_RATE * rise)
            });
            let temperature = surface.unwrap_or_else(|| {
                from_air += 1;
                let pressure = state.surface_pressure[point];
                let full = configuration.levels.full_level_pressure(pressure);
                state.temperature[lowest + point] * (pressure / full[full.len() - 1]).powf(exponent)
            });
            ground.land.push(f64::from(is_land));
            ground.temperature.push(temperature);
        }
        (ground.sea_from_surface, ground.from_air) = (sea_from_surface, from_air);
        ground
    }
}

/// Weighted mean of the values that are there.
fn mean(neighbours: &[(usize, f64); 4], value: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (neighbour, weight) in neighbours {
        if let Some(value) = value(*neighbour) {
            sum += weight * value;
            weights += weight;
        }
    }
    (weights > 1e-9).then(|| sum / weights)
}

/// The four points around a place on a grid, with the weights of bilinear interpolation.
fn neighbours(grid: &Grid, latitude: f64, longitude: f64) -> [(usize, f64); 4] {
    let rings = grid.rings();
    let south = rings.partition_point(|ring| ring.latitude >= latitude).min(rings.len() - 1);
    let north = south.saturating_sub(1);
    let span = rings[north].latitude - rings[south].latitude;
    let share = if span > 0.0 { ((rings[north].latitude - latitude) / span).clamp(0.0, 1.0) } else { 1.0 };
    let on = |ring: &Ring| {
        let position = (longitude - ring.first_longitude).rem_euclid(360.0) / 360.0 * ring.points as f64;
        let west = position as usize % ring.points;
        let east = (west + 1) % ring.points;
        (ring.offset + west, ring.offset + east, position.fract())
    };
    let (north_west, north_east, upper) = on(&rings[north]);
    let (south_west, south_east, lower) = on(&rings[south]);
    [
        (north_west, (1.0 - share) * (1.0 - upper)),
        (north_east, (1.0 - share) * upper),
        (south_west, share * (1.0 - lower)),
        (south_east, share * lower),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_linear_in_latitude_comes_back() {
        for name in ["F16", "O24", "r36x19"] {
            let grid: Grid = name.parse().unwrap();
            let field: Vec<f64> = (0..grid.points()).map(|point| grid.coordinates(point).0).collect();
            for (latitude, longitude) in [(0.3, 12.0), (-71.7, 359.5), (45.0, 0.0)] {
                let around = neighbours(&grid, latitude, longitude);
                let total: f64 = around.iter().map(|(_, weight)| weight).sum();
                assert!((total - 1.0).abs() < 1e-12);
                let value = mean(&around, |point| Some(field[point])).unwrap();
                assert!((value - latitude).abs() < 1e-9, "{name} {latitude} {value}");
            }
            // Beyond the last ring the field is continued.
            let pole = mean(&neighbours(&grid, 90.0, 5.0), |point| Some(field[point])).unwrap();
            assert!((pole - field[0]).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_missing_has_no_weight() {
        let around = [(0, 0.25), (1, 0.25), (2, 0.25), (3, 0.25)];
        assert_eq!(mean(&around, |point| (point > 1).then_some(point as f64)), Some(2.5));
        assert_eq!(mean(&around, |_| None), None);
    }
}
