//! `[input]` of the shallow-water model.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::automatic::Automatic;

/// `[input]`: which fields of which file are the initial state.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// GRIB file, relative to the configuration's folder.
    pub(crate) file: PathBuf,
    /// Pressure level \[hPa\].
    #[serde(default = "five_hundred")]
    pub(crate) level: u32,
    /// Short name of the eastward wind.
    #[serde(default = "eastward")]
    pub(crate) u: String,
    /// Short name of the northward wind.
    #[serde(default = "northward")]
    pub(crate) v: String,
    /// Short name of the height (gh \[m\]) or geopotential (z \[m² s⁻²\]); auto takes gh, else z, else derives it from
    /// the wind; "none" derives it always.
    #[serde(default)]
    pub(crate) height: Automatic<String>,
    /// Base time of the wanted messages, YYYY-MM-DD or YYYY-MM-DDTHH, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// Forecast step of the wanted messages \[h\], where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<u32>,
    /// Ensemble member, where the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<u32>,
}

fn five_hundred() -> u32 {
    500
}

fn eastward() -> String {
    "u".into()
}

fn northward() -> String {
    "v".into()
}
