//! What is measured.

use std::fmt;

/// What is measured, or made of what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// At the station's height.
    Pressure,
    /// Reduced to mean sea level.
    SeaLevelPressure,
    /// As an altimeter is set: the station's pressure brought to sea level by the standard atmosphere.
    AltimeterSetting,
    /// Of a level.
    GeopotentialHeight,
    /// Of the air.
    Temperature,
    /// Of the air.
    DewPoint,
    /// Over water.
    RelativeHumidity,
    /// Mass of vapour in that of moist air.
    SpecificHumidity,
    /// Where the wind comes from, clockwise from north.
    WindDirection,
    /// Of the horizontal wind.
    WindSpeed,
    /// Towards the east.
    EastwardWind,
    /// Towards the north.
    NorthwardWind,
    /// Of the sea at its surface.
    SeaSurfaceTemperature,
}

impl Quantity {
    /// All quantities.
    pub const ALL: [Self; 13] = [
        Self::Pressure,
        Self::SeaLevelPressure,
        Self::AltimeterSetting,
        Self::GeopotentialHeight,
        Self::Temperature,
        Self::DewPoint,
        Self::RelativeHumidity,
        Self::SpecificHumidity,
        Self::WindDirection,
        Self::WindSpeed,
        Self::EastwardWind,
        Self::NorthwardWind,
        Self::SeaSurfaceTemperature,
    ];

    /// CF's standard name, where it has one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pressure => "surface_air_pressure",
            Self::SeaLevelPressure => "air_pressure_at_mean_sea_level",
            Self::AltimeterSetting => "altimeter_setting",
            Self::GeopotentialHeight => "geopotential_height",
            Self::Temperature => "air_temperature",
            Self::DewPoint => "dew_point_temperature",
            Self::RelativeHumidity => "relative_humidity",
            Self::SpecificHumidity => "specific_humidity",
            Self::WindDirection => "wind_from_direction",
            Self::WindSpeed => "wind_speed",
            Self::EastwardWind => "eastward_wind",
            Self::NorthwardWind => "northward_wind",
            Self::SeaSurfaceTemperature => "sea_surface_temperature",
        }
    }

    /// In CF's notation.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Pressure | Self::SeaLevelPressure | Self::AltimeterSetting => "Pa",
            Self::GeopotentialHeight => "m",
            Self::Temperature | Self::DewPoint | Self::SeaSurfaceTemperature => "K",
            Self::RelativeHumidity => "1",
            Self::SpecificHumidity => "kg kg-1",
            Self::WindDirection => "degree",
            Self::WindSpeed | Self::EastwardWind | Self::NorthwardWind => "m s-1",
        }
    }

    /// What no instrument on the Earth can have measured lies outside.
    pub fn range(self) -> (f64, f64) {
        match self {
            // The roof of the world to a record high, with room.
            Self::Pressure => (30_000.0, 112_000.0),
            Self::SeaLevelPressure | Self::AltimeterSetting => (85_000.0, 112_000.0),
            Self::GeopotentialHeight => (-1_000.0, 80_000.0),
            Self::Temperature => (150.0, 340.0),
            Self::DewPoint => (100.0, 320.0),
            Self::RelativeHumidity => (0.0, 1.5),
            Self::SpecificHumidity => (0.0, 0.05),
            Self::WindDirection => (0.0, 360.0),
            Self::WindSpeed => (0.0, 200.0),
            Self::EastwardWind | Self::NorthwardWind => (-200.0, 200.0),
            Self::SeaSurfaceTemperature => (268.0, 315.0),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
