//! `[physics]`: the column physics of a forecast.

use serde::{Deserialize, Serialize};

use crate::configuration::{within, zero_or_within};

/// `[physics]`: which schemes, and their numbers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Physics {
    /// Which schemes.
    pub(crate) suite: Suite,
    /// Time in which convection draws an unstable column to its reference \[h\]; 0 switches convection off.
    pub(crate) convection_time: f64,
    /// Relative humidity of that reference.
    pub(crate) convection_humidity: f64,
    /// How sunlight is spread over the day and the year.
    pub(crate) sunlight: Sun,
    /// Part of the sunlight that ground and clouds together send back.
    pub(crate) albedo: f64,
    /// Optical depth of the atmosphere for sunlight.
    pub(crate) short_wave_depth: f64,
    /// Optical depth for heat at the equator.
    pub(crate) equator_depth: f64,
    /// Optical depth for heat at the poles.
    pub(crate) pole_depth: f64,
    /// Part of saturation humidity that land offers to evaporation.
    pub(crate) land_wetness: f64,
    /// Roughness of land \[m\].
    pub(crate) land_roughness: f64,
    /// Heat capacity of the layer of soil that follows the sun \[J m⁻² K⁻¹\].
    pub(crate) land_heat_capacity: f64,
}

/// Which schemes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Suite {
    /// Moist where the state has humidity, else none.
    #[default]
    Auto,
    /// Convection, condensation, grey radiation, fluxes over land and sea, boundary layer.
    Moist,
    /// Reed & Jablonowski's: condensation, fluxes over a wet ground, boundary layer.
    Simple,
    /// Only friction at the ground.
    None,
}

/// How sunlight is spread.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sun {
    /// The sun where it stands.
    #[default]
    Diurnal,
    /// The mean of each day.
    Daily,
    /// The mean of the year.
    Annual,
}

/// Sunlight is that of Trenberth, Fasullo & Kiehl (2009, doi:10.1175/2008BAMS2634.1): of 341 W m⁻² the air absorbs 78 and
/// 102 go back to space, which a grey atmosphere does with a depth of 0.26 and an albedo of 0.39. Depths for heat are those of
/// Frierson, Held & Zurita-Gotor (2006).
impl Default for Physics {
    fn default() -> Self {
        Self {
            suite: Suite::Auto,
            convection_time: 2.0,
            convection_humidity: 0.7,
            sunlight: Sun::Diurnal,
            albedo: 0.39,
            short_wave_depth: 0.26,
            equator_depth: 6.0,
            pole_depth: 1.5,
            land_wetness: 0.5,
            land_roughness: 0.1,
            land_heat_capacity: 4e5,
        }
    }
}

impl Physics {
    pub(crate) fn validate(&self) -> Result<(), String> {
        zero_or_within("physics", "convection_time", self.convection_time, 0.1, 100.0)?;
        within("physics", "convection_humidity", self.convection_humidity, 0.1, 1.0)?;
        within("physics", "albedo", self.albedo, 0.0, 1.0)?;
        within("physics", "short_wave_depth", self.short_wave_depth, 0.0, 10.0)?;
        within("physics", "equator_depth", self.equator_depth, 0.0, 20.0)?;
        within("physics", "pole_depth", self.pole_depth, 0.0, 20.0)?;
        within("physics", "land_wetness", self.land_wetness, 0.0, 1.0)?;
        within("physics", "land_roughness", self.land_roughness, 1e-5, 10.0)?;
        within("physics", "land_heat_capacity", self.land_heat_capacity, 1e4, 1e9)
    }
}
