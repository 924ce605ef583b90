//! The list of the fields of an ensemble's statistics, beside them in the workspace.

use std::path::Path;

use serde::{Deserialize, Serialize};
use terrella_io::sink::AtomicFile;
use terrella_io::{Level, Parameter, Time};

use crate::error::{Error, Result};
use crate::named_field::{NamedField, WIND_SPEED_AT_10_M};

const NAME: &str = "fields.json";

/// All fields, and the start of the forecast.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Fields {
    reference: String,
    pub(super) fields: Vec<Entry>,
}

/// A field of the statistics.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Entry {
    /// As configurations name it.
    pub(super) name: String,
    short_name: String,
    level: String,
    /// Thresholds of its probabilities.
    pub(super) thresholds: Vec<f64>,
}

impl Fields {
    pub(super) fn new(reference: Time, fields: &[(NamedField, Vec<f64>)]) -> Self {
        let entry = |(field, thresholds): &(NamedField, Vec<f64>)| Entry {
            name: field.name.clone(),
            short_name: field.parameter.short_name.into(),
            level: match field.level {
                Level::Surface => "surface".into(),
                Level::MeanSea => "mean sea".into(),
                Level::Column => "column".into(),
                Level::Pressure(pressure) => format!("pressure {pressure}"),
                Level::HeightAboveGround(height) => format!("height {height}"),
            },
            thresholds: thresholds.clone(),
        };
        Self { reference: reference.to_string(), fields: fields.iter().map(entry).collect() }
    }

    pub(super) fn write(&self, workspace: &Path) -> Result<()> {
        let text = serde_json::to_string(self).expect("names and numbers are valid JSON");
        Ok(AtomicFile::write(workspace.join(NAME), text.as_bytes())?)
    }

    pub(super) fn read(workspace: &Path) -> Result<Self> {
        let path = workspace.join(NAME);
        let text = std::fs::read_to_string(&path).map_err(|error| Error::file(&path, "reading", error))?;
        serde_json::from_str(&text)
            .map_err(|error| Error::Input { path, message: format!("it is damaged: {error}.") })
    }

    /// Start of the forecast.
    pub(super) fn reference(&self) -> Result<Time> {
        Ok(self.reference.parse()?)
    }
}

impl Entry {
    /// What the field is.
    pub(super) fn parameter(&self) -> Result<Parameter> {
        if self.short_name == WIND_SPEED_AT_10_M.short_name {
            return Ok(WIND_SPEED_AT_10_M);
        }
        Ok(*Parameter::by_short_name(&self.short_name)?)
    }

    /// Where it is.
    pub(super) fn level(&self) -> Result<Level> {
        let (kind, number) = self.level.split_once(' ').unwrap_or((&self.level, ""));
        let number = number.parse::<f64>().ok();
        Ok(match (kind, number) {
            ("surface", _) => Level::Surface,
            ("mean", _) => Level::MeanSea,
            ("column", _) => Level::Column,
            ("pressure", Some(pressure)) => Level::Pressure(pressure),
            ("height", Some(height)) => Level::HeightAboveGround(height),
            _ => {
                return Err(Error::Input {
                    path: NAME.into(),
                    message: format!("level '{}' is unknown.", self.level),
                });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_as_it_was_written() {
        let field = |parameter: Parameter, level| NamedField {
            name: crate::named_field::name(parameter, level),
            parameter,
            level,
            values: Vec::new(),
        };
        let fields = [
            (field(Parameter::TEMPERATURE, Level::Pressure(850.0)), vec![290.5]),
            (field(WIND_SPEED_AT_10_M, Level::HeightAboveGround(10.0)), vec![]),
            (field(Parameter::SEA_LEVEL_PRESSURE, Level::MeanSea), vec![]),
            (field(Parameter::WATER_VAPOUR_COLUMN, Level::Column), vec![]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let written = Fields::new("2011-01-15T12".parse().unwrap(), &fields);
        written.write(folder.path()).unwrap();
        let read = Fields::read(folder.path()).unwrap();
        assert_eq!(read, written);
        for (entry, (field, _)) in read.fields.iter().zip(&fields) {
            assert_eq!((entry.parameter().unwrap(), entry.level().unwrap()), (field.parameter, field.level));
        }
        assert_eq!((read.fields[0].name.as_str(), read.fields[1].name.as_str()), ("t850", "10si"));
    }
}
