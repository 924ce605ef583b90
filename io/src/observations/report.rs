//! Reports: who, when, where, what.

use super::{Kind, Quality, Quantity};
use crate::time::Time;

/// Where a level is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Vertical {
    /// At the station: 2 m for temperature and humidity, 10 m for wind, the barometer for pressure.
    Station,
    /// At a pressure \[Pa].
    Pressure(f64),
    /// At a height above mean sea level \[m], taken as geopotential height.
    Height(f64),
}

/// One measured number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub quantity: Quantity,
    /// In the quantity's unit; None where the report has the element but no value.
    pub value: Option<f64>,
    /// What the provider thinks of it.
    pub quality: Quality,
}

/// What was measured at one height.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Where.
    pub vertical: Vertical,
    /// Seconds after the report's time.
    pub delay: i64,
    /// Degrees north and east of the report's position, as of a balloon that drifts.
    pub drift: (f64, f64),
    /// In the order in which the report has them, each quantity once.
    pub values: Vec<Value>,
}

/// One report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What made it.
    pub kind: Kind,
    /// WMO number (five digits), call sign, or the satellite's number; empty where there is none.
    pub station: String,
    /// When; of a sonde its launch.
    pub time: Time,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east, −180 to 180.
    pub longitude: f64,
    /// Height of the station's ground above mean sea level \[m].
    pub elevation: Option<f64>,
    /// Height of its barometer above mean sea level \[m], where that is told apart.
    pub barometer: Option<f64>,
    /// One of a station, aircraft or satellite wind, many of a sonde.
    pub levels: Vec<Level>,
    /// Message of a BUFR file or record of a NetCDF file, from 1.
    pub message: usize,
    /// Subset of the message, from 1.
    pub subset: usize,
}

impl Level {
    /// A level at the report's own time and position.
    pub(super) fn at(vertical: Vertical) -> Self {
        Self { vertical, delay: 0, drift: (0.0, 0.0), values: Vec::new() }
    }

    /// The value of a quantity, where it has one.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        self.find(quantity)?.value
    }

    /// A quantity with its quality, be it missing or not.
    pub fn find(&self, quantity: Quantity) -> Option<&Value> {
        self.values.iter().find(|value| value.quantity == quantity)
    }

    /// Whether any value is there.
    pub fn has_values(&self) -> bool {
        self.values.iter().any(|value| value.value.is_some())
    }

    /// Eastward and northward wind \[m/s], from components or from speed and direction.
    pub fn wind(&self) -> Option<(f64, f64)> {
        if let (Some(eastward), Some(northward)) =
            (self.value(Quantity::EastwardWind), self.value(Quantity::NorthwardWind))
        {
            return Some((eastward, northward));
        }
        let (speed, from) = (self.value(Quantity::WindSpeed)?, self.value(Quantity::WindDirection)?);
        let (sine, cosine) = from.to_radians().sin_cos();
        Some((-speed * sine, -speed * cosine))
    }
}
