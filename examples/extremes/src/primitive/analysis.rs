//! A whole state of a file as an analysis for the primitive equations.
//!
//! Ranks decode the fields without levels in turn and send them to all; a level of the others is decoded where it is wanted.

use std::borrow::Cow;

use terrella_dycore::primitive::initial::{
    Analysis, AnalysisLevels, Height, Humidity, LevelField, LevelValues,
};
use terrella_io::read::{StateField, StateFile, StateLevels, StatePlaces, StateSurface};
use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::HybridLevels;

use crate::error::{Error, Result};
use crate::forecast::READING;
use crate::ranks::Ranks;

/// The fields without levels of a state, with all their points.
pub(super) struct Surfaces {
    surface_pressure: Option<StateSurface>,
    sea_level_pressure: Option<StateSurface>,
    pub(super) orography: Option<StateSurface>,
    pub(super) land_fraction: Option<StateSurface>,
    pub(super) surface_temperature: Option<StateSurface>,
    pub(super) sea_temperature: Option<StateSurface>,
}

impl Surfaces {
    /// Each is decoded by one rank; all ranks call it together.
    pub(super) fn read(ranks: &Ranks, file: &StateFile) -> Result<Self> {
        let state = file.state();
        let mut turn = 0;
        let mut read = |surface: &Option<StateSurface<StatePlaces>>| -> Result<Option<StateSurface>> {
            let Some(StateSurface { short_name, units, values }) = surface else { return Ok(None) };
            let values = ranks.made_by(turn, READING, || Ok(file.level(values, 0)?))?;
            turn += 1;
            Ok(Some(StateSurface { short_name: short_name.clone(), units: units.clone(), values }))
        };
        Ok(Self {
            surface_pressure: read(&state.surface_pressure)?,
            sea_level_pressure: read(&state.sea_level_pressure)?,
            orography: read(&state.orography)?,
            land_fraction: read(&state.land_fraction)?,
            surface_temperature: read(&state.surface_temperature)?,
            sea_temperature: read(&state.sea_temperature)?,
        })
    }
}

/// The values of a field on levels, in the file until they are wanted.
pub(super) struct InFile<'a> {
    file: &'a StateFile,
    places: &'a StatePlaces,
}

impl LevelValues for InFile<'_> {
    type Error = Error;

    /// How many there are is known when they are decoded.
    fn expect(&self, _: &'static str, _: usize, _: usize) -> terrella_dycore::Result<()> {
        Ok(())
    }

    fn level(&self, level: usize, _: usize) -> Result<Cow<'_, [f64]>> {
        Ok(Cow::Owned(self.file.level(self.places, level)?))
    }

    fn cost(&self, level: usize) -> u64 {
        self.file.bytes(self.places, level)
    }
}

/// The fields of a state on their grid; units are told by names and units of the file.
pub(super) fn analysis(file: &StateFile, surfaces: Surfaces, grid: Grid) -> Result<Analysis<InFile<'_>>> {
    let state = file.state();
    let level_field = |field| level_field(file, field);
    let humidity = match &state.humidity {
        Some(field) => {
            let kind = if field.short_name == "r" { Humidity::Relative } else { Humidity::Specific };
            Some((kind, level_field(field)?))
        }
        None => None,
    };
    let geopotential = match &state.geopotential {
        Some(field) => Some((height(&field.units), level_field(field)?)),
        None => None,
    };
    Ok(Analysis {
        grid,
        u: level_field(&state.u)?,
        v: level_field(&state.v)?,
        temperature: level_field(&state.temperature)?,
        humidity,
        geopotential,
        surface_pressure: surfaces.surface_pressure.map(|field| field.values),
        sea_level_pressure: surfaces.sea_level_pressure.map(|field| field.values),
        orography: surfaces.orography.map(|field| (height(&field.units), field.values)),
        land_fraction: surfaces.land_fraction.map(|field| field.values),
    })
}

pub(super) fn height(units: &str) -> Height {
    if units.contains("s**-2") { Height::Geopotential } else { Height::Height }
}

fn level_field<'a>(
    file: &'a StateFile,
    field: &'a StateField<StatePlaces>,
) -> Result<LevelField<InFile<'a>>> {
    let levels = match &field.levels {
        StateLevels::Pressure(pressure) => AnalysisLevels::Pressure(pressure.clone()),
        StateLevels::Hybrid { a, b } => AnalysisLevels::Hybrid(HybridLevels::from_coefficients(a, b)?),
    };
    Ok(LevelField { levels, values: InFile { file, places: &field.values } })
}
