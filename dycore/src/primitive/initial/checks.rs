//! What an analysis must be before anything is computed from it.

use super::analysis::{Analysis, AnalysisLevels, Height, Humidity, LevelField, LevelValues};
use crate::shallow_water::{expect_finite, expect_length};
use crate::{Error, Result};

/// Fewer levels make no atmosphere.
const FEWEST_LEVELS: usize = 3;

/// Ranges outside which a value has another unit or is damaged.
const TEMPERATURES: [f64; 2] = [100.0, 400.0];
const WINDS: [f64; 2] = [-300.0, 300.0];
const SURFACE_PRESSURES: [f64; 2] = [30_000.0, 115_000.0];
const SEA_LEVEL_PRESSURES: [f64; 2] = [80_000.0, 115_000.0];
const LEVEL_PRESSURES: [f64; 2] = [0.01, 110_000.0];
/// No ground is higher than 9,000 m, lower than −500 m; spectral ripples may go further down.
const HEIGHTS: [f64; 2] = [-2_000.0, 9_000.0];

/// All but the values on levels, which [`check_level`] looks at.
pub(super) fn check<V: LevelValues>(analysis: &Analysis<V>) -> Result<()> {
    let points = analysis.grid.points();
    level_field("u", &analysis.u, points)?;
    level_field("v", &analysis.v, points)?;
    level_field("temperature", &analysis.temperature, points)?;
    if analysis.u.levels != analysis.v.levels {
        let got = format!("{} levels, and 'u' has {}", analysis.v.levels.count(), analysis.u.levels.count());
        return refuse("v", got, "the levels of 'u', in the same order");
    }
    if let Some((_, field)) = &analysis.humidity {
        level_field("humidity", field, points)?;
    }
    if let Some((_, field)) = &analysis.geopotential {
        level_field("geopotential", field, points)?;
    }
    let surface_fields = [
        ("surface_pressure", &analysis.surface_pressure, SURFACE_PRESSURES, "Pa"),
        ("sea_level_pressure", &analysis.sea_level_pressure, SEA_LEVEL_PRESSURES, "Pa"),
        ("land_fraction", &analysis.land_fraction, [-0.5, 1.5], ""),
    ];
    for (name, field, range, unit) in surface_fields {
        if let Some(values) = field {
            surface_field(name, values, points)?;
            within(name, values, range, unit)?;
        }
    }
    if let Some((kind, values)) = &analysis.orography {
        orography(*kind, values, points)?;
    }
    let all = [Some(&analysis.u), Some(&analysis.temperature)];
    let optional = [
        &analysis.humidity.as_ref().map(|(_, field)| field),
        &analysis.geopotential.as_ref().map(|(_, field)| field),
    ];
    let needs_pressure = |field: &&LevelField<V>| matches!(field.levels, AnalysisLevels::Hybrid(_));
    if analysis.surface_pressure.is_none()
        && all.into_iter().chain(optional.into_iter().copied()).flatten().any(|field| needs_pressure(&field))
    {
        return missing("surface_pressure", "it, because fields are on hybrid levels");
    }
    Ok(())
}

/// Refuses a ground that is no orography of the Earth in its unit.
pub(super) fn orography(kind: Height, values: &[f64], points: usize) -> Result<()> {
    surface_field("orography", values, points)?;
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match kind {
        Height::Height if highest > HEIGHTS[1] => refuse(
            "orography",
            format!("{highest} m at its highest"),
            "heights of at most 9000 m: this looks like a geopotential in m² s⁻²",
        ),
        Height::Height => within("orography", values, HEIGHTS, "m"),
        Height::Geopotential => within("orography", values, HEIGHTS.map(|height| 9.80665 * height), "m² s⁻²"),
    }
}

/// What a field on levels is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    Wind,
    Temperature,
    Humidity(Humidity),
    Geopotential(Height),
}

/// Refuses values of a level that are not finite or not of their unit.
pub(super) fn check_level(
    name: &'static str,
    quantity: Quantity,
    levels: &AnalysisLevels,
    level: usize,
    points: usize,
    values: &[f64],
) -> Result<()> {
    expect_length(name, points, values.len())?;
    let first = level * points;
    expect_finite(name, values).map_err(|error| match error {
        Error::NotFinite { field, value, index } => Error::NotFinite { field, value, index: first + index },
        other => other,
    })?;
    match quantity {
        Quantity::Wind => within_from(first, name, values, WINDS, "m/s"),
        Quantity::Temperature => within_from(first, name, values, TEMPERATURES, "K"),
        Quantity::Humidity(Humidity::Specific) => within_from(first, name, values, [-0.01, 0.1], "kg/kg"),
        Quantity::Humidity(Humidity::Relative) => within_from(first, name, values, [-50.0, 300.0], "%"),
        Quantity::Geopotential(kind) => level_height(kind, levels, level, values),
    }
}

/// Refuses relative humidities, the highest of which on all levels is given, that are no percents.
pub(super) fn expect_percents(highest: f64) -> Result<()> {
    if highest > 0.0 && highest <= 2.0 {
        return refuse(
            "humidity",
            format!("a relative humidity of {highest} % at its highest"),
            "percent: this looks like a fraction of 1, or like specific humidity",
        );
    }
    Ok(())
}

fn level_field<V: LevelValues>(name: &'static str, field: &LevelField<V>, points: usize) -> Result<()> {
    let count = field.levels.count();
    if count < FEWEST_LEVELS {
        return refuse(name, format!("{count} levels"), "at least 3");
    }
    if let AnalysisLevels::Pressure(pressure) = &field.levels {
        if let Some(value) = pressure.iter().find(|value| !value.is_finite()) {
            return refuse(name, format!("a level of {value} Pa"), "finite pressures");
        }
        let highest = pressure.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if highest < 2_000.0 {
            let got = format!("its lowest level at {highest} Pa");
            return refuse(name, got, "pressures in Pa: these look like hPa");
        }
        let outside = |value: &&f64| !(LEVEL_PRESSURES[0]..=LEVEL_PRESSURES[1]).contains(*value);
        if let Some(value) = pressure.iter().find(outside) {
            return refuse(name, format!("a level of {value} Pa"), "levels from 0.01 to 110000 Pa");
        }
        let mut sorted = pressure.clone();
        sorted.sort_by(f64::total_cmp);
        if let Some(pair) = sorted.windows(2).find(|pair| pair[1] - pair[0] < 1e-6 * pair[1]) {
            return refuse(name, format!("the level of {} Pa twice", pair[0]), "each level once");
        }
    }
    field.values.expect(name, count, points)
}

fn surface_field(name: &'static str, values: &[f64], points: usize) -> Result<()> {
    expect_length(name, points, values.len())?;
    expect_finite(name, values)
}

fn within(name: &'static str, values: &[f64], range: [f64; 2], unit: &str) -> Result<()> {
    within_from(0, name, values, range, unit)
}

/// Of values that are those of a field from index `first` on.
fn within_from(
    first: usize,
    name: &'static str,
    values: &[f64],
    [least, most]: [f64; 2],
    unit: &str,
) -> Result<()> {
    match values.iter().position(|value| !(least..=most).contains(value)) {
        None => Ok(()),
        Some(index) => {
            let got = format!("{} {unit} at index {}", values[index], first + index);
            refuse(name, got, &format!("values from {least} to {most} {unit}"))
        }
    }
}

/// Geopotentials and heights of a level differ by a factor of ten, twice what the atmosphere does at a level.
fn level_height(kind: Height, levels: &AnalysisLevels, level: usize, values: &[f64]) -> Result<()> {
    let AnalysisLevels::Pressure(pressure) = levels else { return Ok(()) };
    let pressure = pressure[level];
    // Near the ground heights are about 0.
    if pressure > 80_000.0 {
        return Ok(());
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    // The hydrostatic height of an atmosphere of 250 K.
    let expected = 7317.0 * (101_325.0 / pressure).ln();
    let (expected, unit, other) = match kind {
        Height::Height => (expected, "m", "a geopotential in m² s⁻²"),
        Height::Geopotential => (9.80665 * expected, "m² s⁻²", "a height in m"),
    };
    if (expected / 2.0..=expected * 2.0).contains(&mean) {
        return Ok(());
    }
    let hint = match (kind, mean / expected) {
        (Height::Height, ratio) if (5.0..20.0).contains(&ratio) => other,
        (Height::Geopotential, ratio) if (0.05..0.2).contains(&ratio) => other,
        _ => "another unit",
    };
    refuse(
        "geopotential",
        format!("a mean of {mean:.0} {unit} at {pressure} Pa"),
        &format!("about {expected:.0} {unit}: this looks like {hint}"),
    )
}

pub(super) fn missing<T>(field: &'static str, expected: &str) -> Result<T> {
    Err(Error::InvalidAnalysis { field, got: "missing".into(), expected: expected.to_owned() })
}

fn refuse<T>(field: &'static str, got: String, expected: &str) -> Result<T> {
    Err(Error::InvalidAnalysis { field, got, expected: expected.to_owned() })
}
