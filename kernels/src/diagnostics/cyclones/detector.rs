//! Centres of low pressure.

use super::contour::is_closed;
use super::fit::minimum;
use super::neighbourhood::{Neighbours, for_points_within, great_circle_angle, is_pole};
use crate::grid::Grid;
use crate::{Error, Result};

/// What makes a minimum of pressure a cyclone; angles are of great circles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSettings {
    /// By how much pressure rises around a centre [Pa].
    pub pressure_rise: f64,
    /// Within which distance it does [°]; two rows of the grid where those are further.
    pub pressure_angle: f64,
    /// By how much the geopotential thickness falls around a warm core [m² s⁻²].
    pub thickness_fall: f64,
    /// Within which distance it does [°]; two rows of the grid where those are further.
    pub thickness_angle: f64,
    /// How far from the centre the thickness may be largest [°].
    pub core_angle: f64,
    /// Two centres are nowhere nearer to each other [°].
    pub separation: f64,
    /// How far from the centre the strongest wind is looked for [°].
    pub wind_angle: f64,
    /// Ground above which a minimum is passed over, as pressure at sea level is a guess there [m].
    pub highest_ground: f64,
}

impl Default for DetectorSettings {
    /// Those of Ullrich & Zarzycki (2017) for the two contours, the core and the separation; wind within 5°, which a grid of
    /// 2° still resolves; ground up to 1000 m.
    fn default() -> Self {
        Self {
            pressure_rise: 200.0,
            pressure_angle: 5.5,
            thickness_fall: 58.8,
            thickness_angle: 6.5,
            core_angle: 1.0,
            separation: 6.0,
            wind_angle: 5.0,
            highest_ground: 1000.0,
        }
    }
}

/// Fields of one time, `[point]`, in the grid's order.
#[derive(Clone, Copy, Debug)]
pub struct CycloneFields<'a> {
    /// Mean sea-level pressure [Pa].
    pub sea_level_pressure: &'a [f64],
    /// Geopotential at 300 hPa less that at 500 hPa (or of another layer of the upper troposphere) [m² s⁻²]; without it no
    /// core is tested.
    pub thickness: Option<&'a [f64]>,
    /// Wind speed near the ground [m s⁻¹].
    pub wind_speed: Option<&'a [f64]>,
    /// Height of the ground [m].
    pub ground: Option<&'a [f64]>,
}

/// A centre of low pressure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cyclone {
    /// Latitude [°].
    pub latitude: f64,
    /// Longitude [°], 0 ≤ longitude < 360.
    pub longitude: f64,
    /// Pressure at the centre [Pa].
    pub pressure: f64,
    /// Strongest wind near it [m s⁻¹].
    pub maximum_wind: Option<f64>,
    /// Whether its core is warm.
    pub warm_core: Option<bool>,
}

/// Looks for cyclones on one grid.
#[derive(Debug)]
pub struct Detector {
    grid: Grid,
    neighbours: Neighbours,
    settings: DetectorSettings,
}

impl Detector {
    /// For fields on `grid`. Errors: a setting that is not a finite number above 0.
    pub fn new(grid: &Grid, mut settings: DetectorSettings) -> Result<Self> {
        let positive = [
            ("pressure_rise", settings.pressure_rise),
            ("pressure_angle", settings.pressure_angle),
            ("thickness_fall", settings.thickness_fall),
            ("thickness_angle", settings.thickness_angle),
            ("core_angle", settings.core_angle),
            ("separation", settings.separation),
            ("wind_angle", settings.wind_angle),
            ("highest_ground", settings.highest_ground),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                let expected = "a finite number above 0".to_owned();
                return Err(Error::InvalidValue { name, got: value.to_string(), expected });
            }
        }
        // A contour around a point needs a row of points inside it.
        let two_rows = 360.0 / grid.rings().len() as f64;
        settings.pressure_angle = settings.pressure_angle.max(two_rows);
        settings.thickness_angle = settings.thickness_angle.max(two_rows);
        Ok(Self { grid: grid.clone(), neighbours: Neighbours::new(grid), settings })
    }

    /// The cyclones of one time, the deepest first. Errors: a field of another length than the grid, or with NaN.
    pub fn detect(&self, fields: &CycloneFields) -> Result<Vec<Cyclone>> {
        let named = [
            ("sea_level_pressure", Some(fields.sea_level_pressure)),
            ("thickness", fields.thickness),
            ("wind_speed", fields.wind_speed),
            ("ground", fields.ground),
        ];
        for (name, values) in named {
            let Some(values) = values else { continue };
            if values.len() != self.grid.points() {
                return Err(Error::LengthMismatch { name, expected: self.grid.points(), got: values.len() });
            }
            if let Some(point) = values.iter().position(|value| !value.is_finite()) {
                let (latitude, longitude) = self.grid.coordinates(point);
                let (field, value) = (name.to_owned(), values[point].to_string());
                return Err(Error::NotFinite { field, value, level: 0, latitude, longitude });
            }
        }
        let mut cyclones: Vec<Cyclone> =
            self.centres(fields).into_iter().map(|point| self.cyclone(point, fields)).collect();
        // The fit may change the order.
        cyclones.sort_by(|one, other| one.pressure.total_cmp(&other.pressure));
        Ok(cyclones)
    }

    /// Minima with a closed contour by rising pressure, none near a deeper one.
    fn centres(&self, fields: &CycloneFields) -> Vec<usize> {
        let pressure = fields.sea_level_pressure;
        let mut minima = Vec::new();
        for ring in self.grid.rings() {
            let distinct = if is_pole(ring) { 1 } else { ring.points };
            for point in ring.offset..ring.offset + distinct {
                let low_ground =
                    fields.ground.is_none_or(|ground| ground[point] <= self.settings.highest_ground);
                // Of equal neighbours the first is the minimum.
                let is_lowest = |&other: &u32| {
                    let other = other as usize;
                    pressure[point] < pressure[other] || (pressure[point] == pressure[other] && point < other)
                };
                if low_ground && self.neighbours.of(point).iter().all(is_lowest) {
                    minima.push(point);
                }
            }
        }
        minima.sort_by(|&i, &j| pressure[i].total_cmp(&pressure[j]));
        let Self { grid, neighbours, settings } = self;
        let mut kept: Vec<usize> = Vec::new();
        for point in minima {
            let here = grid.coordinates(point);
            let far =
                |&other: &usize| great_circle_angle(here, grid.coordinates(other)) >= settings.separation;
            let (rise, angle) = (settings.pressure_rise, settings.pressure_angle);
            if kept.iter().all(far) && is_closed(grid, neighbours, point, rise, angle, |i| pressure[i]) {
                kept.push(point);
            }
        }
        kept
    }

    fn cyclone(&self, point: usize, fields: &CycloneFields) -> Cyclone {
        let Self { grid, neighbours, settings } = self;
        let pressure = fields.sea_level_pressure;
        let (place, lowest) = minimum(grid, point, pressure);
        let largest = |angle: f64, values: &[f64]| {
            let mut best = point;
            for_points_within(grid, place, angle, |other, _| {
                if values[other] > values[best] {
                    best = other;
                }
            });
            best
        };
        let is_warm = |thickness: &[f64]| {
            let core = largest(settings.core_angle, thickness);
            let (fall, angle) = (settings.thickness_fall, settings.thickness_angle);
            is_closed(grid, neighbours, core, fall, angle, |i| -thickness[i])
        };
        Cyclone {
            latitude: place.0,
            longitude: place.1,
            pressure: lowest,
            maximum_wind: fields.wind_speed.map(|speed| speed[largest(settings.wind_angle, speed)]),
            warm_core: fields.thickness.map(is_warm),
        }
    }
}
