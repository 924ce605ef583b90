//! A whole state of a file as an analysis for the primitive equations.

use terrella_dycore::primitive::initial::{Analysis, AnalysisLevels, Height, Humidity, LevelField};
use terrella_io::read::{State, StateField, StateLevels};
use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::HybridLevels;

/// The fields of a state on their grid; units are told by names and units of the file.
pub(super) fn analysis(state: State, grid: Grid) -> Result<Analysis, terrella_kernels::Error> {
    let humidity = match state.humidity {
        Some(field) => {
            let kind = if field.short_name == "r" { Humidity::Relative } else { Humidity::Specific };
            Some((kind, level_field(field)?))
        }
        None => None,
    };
    let geopotential = match state.geopotential {
        Some(field) => Some((height(&field.units), level_field(field)?)),
        None => None,
    };
    Ok(Analysis {
        grid,
        u: level_field(state.u)?,
        v: level_field(state.v)?,
        temperature: level_field(state.temperature)?,
        humidity,
        geopotential,
        surface_pressure: state.surface_pressure.map(|field| field.values),
        sea_level_pressure: state.sea_level_pressure.map(|field| field.values),
        orography: state.orography.map(|field| (height(&field.units), field.values)),
        land_fraction: state.land_fraction.map(|field| field.values),
    })
}

pub(super) fn height(units: &str) -> Height {
    if units.contains("s**-2") { Height::Geopotential } else { Height::Height }
}

fn level_field(field: StateField) -> Result<LevelField, terrella_kernels::Error> {
    let levels = match field.levels {
        StateLevels::Pressure(pressure) => AnalysisLevels::Pressure(pressure),
        StateLevels::Hybrid { a, b } => AnalysisLevels::Hybrid(HybridLevels::from_coefficients(&a, &b)?),
    };
    Ok(LevelField { levels, values: field.values })
}
