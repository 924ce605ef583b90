//! What a field is: its names and units in GRIB and CF.
//!
//! Sources: WMO Manual on Codes, FM 92 GRIB edition 2, code table 4.2; CF standard name table.

use crate::error::{Error, Result};

/// A physical quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// ecCodes' short name.
    pub short_name: &'static str,
    /// Words for titles.
    pub long_name: &'static str,
    /// CF standard name.
    pub standard_name: &'static str,
    /// SI unit in CF's notation.
    pub units: &'static str,
    /// GRIB2 discipline, category, number.
    pub codes: [u8; 3],
    /// Whether values are sums over the time since the reference time.
    pub accumulated: bool,
}

macro_rules! parameters {
    (@instant) => { false };
    (@sum) => { true };
    ($($constant:ident: $short:literal, $long:literal, $standard:literal, $units:literal, $codes:expr, $kind:ident;)*) => {
        impl Parameter {
            $(
                #[doc = concat!($long, " (", $units, ").")]
                pub const $constant: Self = Self {
                    short_name: $short,
                    long_name: $long,
                    standard_name: $standard,
                    units: $units,
                    codes: $codes,
                    accumulated: parameters!(@$kind),
                };
            )*

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];
        }
    };
}

parameters! {
    TEMPERATURE: "t", "Temperature", "air_temperature", "K", [0, 0, 0], instant;
    POTENTIAL_TEMPERATURE: "pt", "Potential temperature", "air_potential_temperature", "K", [0, 0, 2], instant;
    SPECIFIC_HUMIDITY: "q", "Specific humidity", "specific_humidity", "kg kg-1", [0, 1, 0], instant;
    RELATIVE_HUMIDITY: "r", "Relative humidity", "relative_humidity", "%", [0, 1, 1], instant;
    EASTWARD_WIND: "u", "Eastward wind", "eastward_wind", "m s-1", [0, 2, 2], instant;
    NORTHWARD_WIND: "v", "Northward wind", "northward_wind", "m s-1", [0, 2, 3], instant;
    TEMPERATURE_AT_2_M: "2t", "Temperature at 2 m", "air_temperature", "K", [0, 0, 0], instant;
    WATER_VAPOUR_COLUMN: "tcwv", "Total column water vapour", "atmosphere_mass_content_of_water_vapor", "kg m-2", [0, 1, 64], instant;
    TOTAL_PRECIPITATION: "tp", "Total precipitation since the start of the forecast", "precipitation_amount", "kg m-2", [0, 1, 52], sum;
    EASTWARD_WIND_AT_10_M: "10u", "Eastward wind at 10 m", "eastward_wind", "m s-1", [0, 2, 2], instant;
    NORTHWARD_WIND_AT_10_M: "10v", "Northward wind at 10 m", "northward_wind", "m s-1", [0, 2, 3], instant;
    WIND_SPEED: "ws", "Wind speed", "wind_speed", "m s-1", [0, 2, 1], instant;
    STREAM_FUNCTION: "strf", "Stream function", "atmosphere_horizontal_streamfunction", "m2 s-1", [0, 2, 4], instant;
    VELOCITY_POTENTIAL: "vp", "Velocity potential", "atmosphere_horizontal_velocity_potential", "m2 s-1", [0, 2, 5], instant;
    PRESSURE_VELOCITY: "w", "Vertical velocity", "lagrangian_tendency_of_air_pressure", "Pa s-1", [0, 2, 8], instant;
    ABSOLUTE_VORTICITY: "absv", "Absolute vorticity", "atmosphere_upward_absolute_vorticity", "s-1", [0, 2, 10], instant;
    VORTICITY: "vo", "Relative vorticity", "atmosphere_upward_relative_vorticity", "s-1", [0, 2, 12], instant;
    DIVERGENCE: "d", "Divergence", "divergence_of_wind", "s-1", [0, 2, 13], instant;
    SURFACE_PRESSURE: "sp", "Surface pressure", "surface_air_pressure", "Pa", [0, 3, 0], instant;
    SEA_LEVEL_PRESSURE: "prmsl", "Pressure reduced to mean sea level", "air_pressure_at_mean_sea_level", "Pa", [0, 3, 1], instant;
    GEOPOTENTIAL: "z", "Geopotential", "geopotential", "m2 s-2", [0, 3, 4], instant;
    GEOPOTENTIAL_HEIGHT: "gh", "Geopotential height", "geopotential_height", "m", [0, 3, 5], instant;
}

impl Parameter {
    /// By ecCodes' short name.
    pub fn by_short_name(short_name: &str) -> Result<&'static Self> {
        Self::ALL.iter().find(|parameter| parameter.short_name == short_name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|parameter| parameter.short_name).collect();
            Error::InvalidValue {
                name: "parameter".into(),
                got: format!("'{short_name}'"),
                expected: format!("one of {}", known.join(", ")),
            }
        })
    }
}

/// Where in the vertical a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// The ground or the sea's surface.
    Surface,
    /// Mean sea level.
    MeanSea,
    /// A pressure level (hPa).
    Pressure(f64),
    /// A height above the ground (m).
    HeightAboveGround(f64),
    /// The whole column of the atmosphere.
    Column,
}
