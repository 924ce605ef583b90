//! What an analysis must be before anything is computed from it.

use super::analysis::{Analysis, AnalysisLevels, Height, Humidity, LevelField};
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

pub(super) fn check(analysis: &Analysis) -> Result<()> {
    let points = analysis.grid.points();
    level_field("u", &analysis.u, points)?;
    level_field("v", &analysis.v, points)?;
    level_field("temperature", &analysis.temperature, points)?;
    if analysis.u.levels != analysis.v.levels {
        let got = format!("{} levels, and 'u' has {}", analysis.v.levels.count(), analysis.u.levels.count());
        return refuse("v", got, "the levels of 'u', in the same order");
    }
    within("u", &analysis.u.values, WINDS, "m/s")?;
    within("v", &analysis.v.values, WINDS, "m/s")?;
    within("temperature", &analysis.temperature.values, TEMPERATURES, "K")?;
    if let Some((kind, field)) = &analysis.humidity {
        level_field("humidity", field, points)?;
        humidity(*kind, &field.values)?;
    }
    if let Some((kind, field)) = &analysis.geopotential {
        level_field("geopotential", field, points)?;
        level_heights(*kind, field, points)?;
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
    let needs_pressure = |field: &&LevelField| matches!(field.levels, AnalysisLevels::Hybrid(_));
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

fn level_field(name: &'static str, field: &LevelField, points: usize) -> Result<()> {
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
    expect_length(name, count * points, field.values.len())?;
    expect_finite(name, &field.values)
}

fn surface_field(name: &'static str, values: &[f64], points: usize) -> Result<()> {
    expect_length(name, points, values.len())?;
    expect_finite(name, values)
}

fn within(name: &'static str, values: &[f64], [least, most]: [f64; 2], unit: &str) -> Result<()> {
    match values.iter().position(|value| !(least..=most).contains(value)) {
        None => Ok(()),
        Some(index) => {
            let got = format!("{} {unit} at index {index}", values[index]);
            refuse(name, got, &format!("values from {least} to {most} {unit}"))
        }
    }
}

fn humidity(kind: Humidity, values: &[f64]) -> Result<()> {
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match kind {
        Humidity::Specific => within("humidity", values, [-0.01, 0.1], "kg/kg"),
        Humidity::Relative if highest > 0.0 && highest <= 2.0 => refuse(
            "humidity",
            format!("a relative humidity of {highest} % at its highest"),
            "percent: this looks like a fraction of 1, or like specific humidity",
        ),
        Humidity::Relative => within("humidity", values, [-50.0, 300.0], "%"),
    }
}

/// Geopotentials and heights of a level differ by a factor of ten, twice what the atmosphere does at a level.
fn level_heights(kind: Height, field: &LevelField, points: usize) -> Result<()> {
    let AnalysisLevels::Pressure(pressure) = &field.levels else { return Ok(()) };
    // Near the ground heights are about 0.
    let upper = pressure.iter().enumerate().filter(|(_, pressure)| **pressure <= 80_000.0);
    for (level, pressure) in upper {
        let values = &field.values[level * points..(level + 1) * points];
        let mean = values.iter().sum::<f64>() / points as f64;
        // The hydrostatic height of an atmosphere of 250 K.
        let expected = 7317.0 * (101_325.0 / pressure).ln();
        let (expected, unit, other) = match kind {
            Height::Height => (expected, "m", "a geopotential in m² s⁻²"),
            Height::Geopotential => (9.80665 * expected, "m² s⁻²", "a height in m"),
        };
        if !(expected / 2.0..=expected * 2.0).contains(&mean) {
            let hint = match (kind, mean / expected) {
                (Height::Height, ratio) if (5.0..20.0).contains(&ratio) => other,
                (Height::Geopotential, ratio) if (0.05..0.2).contains(&ratio) => other,
                _ => "another unit",
            };
            return refuse(
                "geopotential",
                format!("a mean of {mean:.0} {unit} at {pressure} Pa"),
                &format!("about {expected:.0} {unit}: this looks like {hint}"),
            );
        }
    }
    Ok(())
}

pub(super) fn missing<T>(field: &'static str, expected: &str) -> Result<T> {
    Err(Error::InvalidAnalysis { field, got: "missing".into(), expected: expected.to_owned() })
}

fn refuse<T>(field: &'static str, got: String, expected: &str) -> Result<T> {
    Err(Error::InvalidAnalysis { field, got, expected: expected.to_owned() })
}
