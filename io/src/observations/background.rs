//! A background's columns at the places of observations.

use terrella_kernels::assimilation::operators::{Columns, HeightState, Horizontal, Outcome, humidity};
use terrella_kernels::constants::GRAVITY;
use terrella_kernels::vertical::HybridLevels;
use terrella_kernels::vertical::interpolation::{HydrostaticNode, linear};

use super::departures::Levels;
use crate::error::{Error, Result};
use crate::read::{State, StateField, StateLevels, StateSurface};

/// p/p_s 16 m above the ground at 0 °C.
const ABOVE_GROUND: f64 = 0.998;

/// A field in columns, \[level]\[column].
pub(super) struct Field {
    pub(super) levels: Levels,
    pub(super) columns: Vec<f64>,
    /// Pressures of levels that have constant ones \[Pa]; empty for hybrid levels.
    pressures: Vec<f64>,
}

/// All that equivalents are made of.
pub(super) struct Background {
    horizontal: Horizontal<f64>,
    pub(super) winds: [Field; 2],
    pub(super) temperature: Field,
    /// Specific humidity \[kg kg⁻¹].
    pub(super) humidity: Option<Field>,
    /// On the levels of temperature, 0 where there is none; of hybrid levels alone.
    pub(super) humidity_for_heights: Vec<f64>,
    /// Geopotential height \[m], of pressure levels alone.
    height: Option<Field>,
    pub(super) is_hybrid: bool,
    /// \[column] \[Pa].
    pub(super) surface_pressure: Vec<f64>,
    /// \[column] \[m].
    pub(super) ground_height: Vec<f64>,
}

impl Background {
    /// The columns of a state at places (latitude, longitude).
    pub(super) fn new(state: &State, places: &[(f64, f64)]) -> Result<Self> {
        let (latitudes, longitudes): (Vec<f64>, Vec<f64>) = places.iter().copied().unzip();
        let (circles, is_global) = (state.layout.rings(), state.layout.is_global());
        let horizontal = Horizontal::new(circles, is_global, &latitudes, &longitudes)?;
        let field = |field: &StateField| Field::new(field, &horizontal);
        let surface = |surface: &Option<StateSurface>, name: &str| {
            let found = surface.as_ref().ok_or_else(|| Error::Metadata {
                key: name.into(),
                expected: "a field of the background, to tell what is below its ground",
                got: "none".into(),
            })?;
            let mut columns = vec![0.0; places.len()];
            horizontal.interpolate(1, &found.values, &mut columns)?;
            Ok::<_, Error>(columns)
        };
        let surface_pressure = surface(&state.surface_pressure, "surface pressure")?;
        let mut ground_height = surface(&state.orography, "orography")?;
        if state.orography.as_ref().is_some_and(|own| own.short_name == "z") {
            ground_height.iter_mut().for_each(|height| *height /= GRAVITY);
        }
        let temperature = field(&state.temperature)?;
        let mut humidity = state.humidity.as_ref().map(field).transpose()?;
        if let Some(own) =
            humidity.as_mut().filter(|_| state.humidity.as_ref().is_some_and(|h| h.short_name == "r"))
        {
            own.make_specific(&temperature, &surface_pressure)?;
        }
        let mut height = state.geopotential.as_ref().map(field).transpose()?;
        if let Some(own) =
            height.as_mut().filter(|_| state.geopotential.as_ref().is_some_and(|g| g.short_name == "z"))
        {
            own.columns.iter_mut().for_each(|value| *value /= GRAVITY);
        }
        let is_hybrid = temperature.pressures.is_empty();
        let same = humidity.as_ref().filter(|own| own.columns.len() == temperature.columns.len());
        let humidity_for_heights =
            same.map_or_else(|| vec![0.0; temperature.columns.len()], |own| own.columns.clone());
        Ok(Self {
            winds: [field(&state.u)?, field(&state.v)?],
            temperature,
            humidity,
            humidity_for_heights,
            height,
            is_hybrid,
            surface_pressure,
            ground_height,
            horizontal,
        })
    }

    pub(super) fn is_inside(&self, column: usize) -> bool {
        self.horizontal.is_inside(column)
    }

    /// Pressure, geopotential and virtual temperature of a column from the top downwards; none where a background on pressure
    /// levels has no heights.
    pub(super) fn nodes(&self, column: usize) -> Vec<HydrostaticNode> {
        let count = self.surface_pressure.len();
        let of =
            |field: &Field| -> Vec<f64> { field.columns[column..].iter().step_by(count).copied().collect() };
        let temperature = of(&self.temperature);
        let node = |pressure: f64, height: f64, temperature: f64, humidity: f64| HydrostaticNode {
            log_pressure: pressure.ln(),
            geopotential: height * GRAVITY,
            virtual_temperature: temperature * (1.0 + 0.608 * humidity),
        };
        if self.is_hybrid {
            let levels = &self.temperature.levels;
            let surface = self.surface_pressure[column];
            let pressures: Vec<f64> =
                (0..levels.count()).map(|level| levels.pressure_at(level, surface)).collect();
            let numbers = vec![column as u32; pressures.len()];
            let state = HeightState {
                temperature: &self.temperature.columns,
                humidity: &self.humidity_for_heights,
                ground_height: &self.ground_height,
            };
            let mut heights = vec![0.0; pressures.len()];
            let outcomes = vec![Outcome::Used; pressures.len()];
            let found = Columns::new(levels, &numbers, &pressures, &self.surface_pressure)
                .and_then(|columns| columns.heights(&state, &mut heights, &outcomes));
            if found.is_err() {
                return Vec::new();
            }
            let humidity: Vec<f64> =
                self.humidity_for_heights[column..].iter().step_by(count).copied().collect();
            return (0..pressures.len())
                .map(|level| node(pressures[level], heights[level], temperature[level], humidity[level]))
                .collect();
        }
        let Some(height) = &self.height else { return Vec::new() };
        // The fields may lack levels that others have.
        let logarithms = |field: &Field| field.pressures.iter().map(|p| p.ln()).collect::<Vec<_>>();
        let vapour = self.humidity.as_ref().map(|field| (logarithms(field), of(field)));
        let own = logarithms(&self.temperature);
        let heights = of(height);
        height
            .pressures
            .iter()
            .zip(heights)
            .map(|(pressure, height)| {
                let at = pressure.ln();
                let humidity = vapour.as_ref().map_or(0.0, |(nodes, values)| linear(nodes, values, at));
                node(*pressure, height, linear(&own, &temperature, at), humidity)
            })
            .collect()
    }
}

impl Field {
    fn new(field: &StateField, horizontal: &Horizontal<f64>) -> Result<Self> {
        let (levels, pressures) = match &field.levels {
            StateLevels::Pressure(pressures) => (Levels::isobaric(pressures)?, pressures.clone()),
            StateLevels::Hybrid { a, b } => {
                (Levels::hybrid(&HybridLevels::from_coefficients(a, b)?), Vec::new())
            }
        };
        let mut columns = vec![0.0; levels.count() * horizontal.places()];
        horizontal.interpolate(levels.count(), &field.values, &mut columns)?;
        Ok(Self { levels, columns, pressures })
    }

    /// A value of a column.
    pub(super) fn at(&self, level: usize, column: usize) -> f64 {
        let count = self.columns.len() / self.levels.count();
        self.columns[level * count + column]
    }

    /// The value of a column at a pressure \[Pa], which is that of a level of hybrid levels.
    pub(super) fn at_pressure(&self, level: usize, column: usize, pressure: f64) -> f64 {
        if self.pressures.is_empty() {
            return self.at(level, column);
        }
        let logarithms: Vec<f64> = self.pressures.iter().map(|own| own.ln()).collect();
        let values: Vec<f64> = (0..logarithms.len()).map(|level| self.at(level, column)).collect();
        linear(&logarithms, &values, pressure.ln())
    }

    /// The lowest level above a surface pressure \[Pa], the second one where all but one are below the ground.
    pub(super) fn lowest_above(&self, surface_pressure: f64) -> usize {
        let last = self.levels.count() - 1;
        if self.pressures.is_empty() {
            return last;
        }
        let highest = ABOVE_GROUND * surface_pressure;
        self.pressures.partition_point(|pressure| *pressure <= highest).saturating_sub(1).clamp(1, last)
    }

    /// The levels down to one.
    pub(super) fn levels_to(&self, lowest: usize) -> Result<Levels> {
        if self.pressures.is_empty() {
            return Ok(self.levels.clone());
        }
        Ok(Levels::isobaric(&self.pressures[..=lowest])?)
    }

    /// Relative humidity \[%] becomes specific humidity.
    fn make_specific(&mut self, temperature: &Self, surface_pressure: &[f64]) -> Result<()> {
        let count = surface_pressure.len();
        if count == 0 {
            return Ok(());
        }
        let logarithms: Vec<f64> = temperature.pressures.iter().map(|p| p.ln()).collect();
        let (mut warmth, mut pressure) = (vec![0.0; count], vec![0.0; count]);
        let mut own = vec![0.0; temperature.levels.count()];
        for level in 0..self.levels.count() {
            for column in 0..count {
                pressure[column] = self.levels.pressure_at(level, surface_pressure[column]);
                warmth[column] = if logarithms.is_empty() {
                    temperature.columns[level * count + column]
                } else {
                    let values = temperature.columns[column..].iter().step_by(count);
                    own.iter_mut().zip(values).for_each(|(own, value)| *own = *value);
                    linear(&logarithms, &own, pressure[column].ln())
                };
            }
            let row = &mut self.columns[level * count..(level + 1) * count];
            let relative: Vec<f64> = row.iter().map(|value| 0.01 * value.max(0.0)).collect();
            humidity::specific(&relative, &warmth, &pressure, row)?;
        }
        Ok(())
    }
}
