//! What a message is about: parameter, level, time, grid.

use std::collections::HashMap;

use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::time::Time;

/// The identity of one field in a GRIB file.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// ecCodes' short name, such as `u`, `gh`, `2t`; `unknown` where its tables have none.
    pub short_name: String,
    /// ecCodes' parameter number, such as 131 for `u`.
    pub parameter: i64,
    /// ecCodes' description, such as "U component of wind".
    pub name: String,
    /// ecCodes' unit, such as `m s**-1`.
    pub units: String,
    /// Kind of level, such as `isobaricInhPa`, `surface`, `hybrid`.
    pub level_type: String,
    /// Value of the level in the unit of its kind (hPa for `isobaricInhPa`, Pa for `isobaricInPa`).
    pub level: f64,
    /// Where the level is a layer, the value at its other side, in the same unit.
    pub other_level: Option<f64>,
    /// Grid, such as `regular_ll`, `reduced_gg`, `sh`.
    pub grid_type: String,
    /// GRIB edition, 1 or 2.
    pub edition: i64,
    /// Reference time: start of the forecast, or time of the analysis.
    pub reference: Time,
    /// Time at which the field is valid (end of the period for accumulations).
    pub valid: Time,
    /// Ensemble member, where the message has one.
    pub member: Option<i64>,
    /// Message in the file, from 0.
    pub(super) message: usize,
    /// Field within the message, from 0.
    pub(super) field: usize,
}

/// Short name, name and units by edition and parameter number: ecCodes searches its tables anew for each of them.
pub(super) type Names = HashMap<(i64, i64), [String; 3]>;

impl Header {
    /// What ecCodes' tables do not know becomes "unknown": such a field must not keep the others from being read.
    pub(super) fn read(handle: &Message, message: usize, field: usize, names: &mut Names) -> Result<Self> {
        let reference = time(handle, "dataDate", "dataTime")?;
        // Some local definitions have no step; such a field is valid at its reference time.
        let valid = time(handle, "validityDate", "validityTime").unwrap_or(reference);
        let edition = handle.long("edition")?;
        let parameter = handle.long("paramId").unwrap_or(0);
        let text = |key: &str| handle.string(key).unwrap_or_else(|_| "unknown".into());
        let read = || ["shortName", "name", "units"].map(text);
        let [short_name, name, units] = match parameter {
            0 => read(),
            _ => names.entry((edition, parameter)).or_insert_with(read).clone(),
        };
        let level_type = text("typeOfLevel");
        let grid_type = handle.string("gridType").or_else(|_| {
            handle.long("gridDefinitionTemplateNumber").map(|template| format!("template 3.{template}"))
        });
        Ok(Self {
            short_name,
            parameter,
            name,
            units,
            level: handle.double("level").unwrap_or(0.0),
            other_level: match level_type.ends_with("Layer") {
                true => handle.double("bottomLevel").ok(),
                false => None,
            },
            level_type,
            grid_type: grid_type.unwrap_or_else(|_| "unknown".into()),
            edition,
            reference,
            valid,
            member: handle.long("number").ok(),
            message,
            field,
        })
    }

    /// Forecast step (h).
    pub fn step(&self) -> f64 {
        self.valid.hours_since(self.reference)
    }

    /// The pressure, where the level is one (hPa).
    pub fn pressure(&self) -> Option<f64> {
        match self.level_type.as_str() {
            "isobaricInhPa" => Some(self.level),
            "isobaricInPa" => Some(self.level / 100.0),
            _ => None,
        }
    }

    /// `u at 500 hPa`, `2t at heightAboveGround 2`.
    pub fn title(&self) -> String {
        format!("{} at {}", self.short_name, self.place())
    }

    /// `500 hPa`, `heightAboveGround 2`, `sigmaLayer 0.44 to 0.72`.
    pub fn place(&self) -> String {
        // Scaled integers of the file come with round-off behind their digits.
        let plain = |value: f64| (value * 1e9).round() / 1e9;
        match (self.pressure(), self.other_level) {
            (Some(pressure), _) => format!("{pressure} hPa"),
            (None, None) => format!("{} {}", self.level_type, plain(self.level)),
            (None, Some(other)) => format!("{} {} to {}", self.level_type, plain(self.level), plain(other)),
        }
    }
}

fn time(handle: &Message, date_key: &str, time_key: &str) -> Result<Time> {
    let (date, time) = (handle.long(date_key)?, handle.long(time_key)?);
    Time::from_date_and_time(date, time).ok_or_else(|| Error::InvalidValue {
        name: format!("{date_key}, {time_key}"),
        got: format!("{date}, {time}"),
        expected: "a date yyyymmdd and a time hhmm of the calendar".into(),
    })
}
