//! The keys of `[diagnostics]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::automatic::Automatic;
use crate::configuration::within;
use crate::error::{Error, Result};

/// `[diagnostics]`: which extremes are looked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Diagnostics {
    /// Hours between looks at the forecast, whole time steps; 0 is every step, auto the shortest time of an hour or more.
    pub(crate) interval: Automatic<f64>,
    /// Centres of low pressure, whether their core is warm, and their tracks.
    pub(crate) cyclones: bool,
    /// Strongest wind and largest amount of precipitation, and how often thresholds are exceeded.
    pub(crate) exceedance: bool,
    /// Of the wind at 10 m \[m s⁻¹\].
    pub(crate) wind_thresholds: Vec<f64>,
    /// Of the precipitation in a window \[kg m⁻²\].
    pub(crate) precipitation_thresholds: Vec<f64>,
    /// Length of that window \[h\].
    pub(crate) precipitation_window: u32,
    /// Runs of hot days.
    pub(crate) heat_wave: bool,
    /// What is hot \[K\]; auto: the initial mean of each circle of latitude and `heat_excess`.
    pub(crate) heat_threshold: Automatic<f64>,
    /// Above the initial mean of the circle of latitude \[K\].
    pub(crate) heat_excess: f64,
    /// GRIB file with the 25th, 75th and 90th percentile of daily maxima, in this order, instead of a threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) heat_climatology: Option<PathBuf>,
    /// Hot days that make a heat wave.
    pub(crate) heat_days: u32,
}

impl Default for Diagnostics {
    fn default() -> Self {
        Self {
            interval: Automatic::Auto,
            cyclones: true,
            exceedance: true,
            wind_thresholds: vec![17.2, 24.5, 32.7],
            precipitation_thresholds: vec![20.0, 50.0, 100.0],
            precipitation_window: 24,
            heat_wave: true,
            heat_threshold: Automatic::Auto,
            heat_excess: 5.0,
            heat_climatology: None,
            heat_days: 3,
        }
    }
}

impl Diagnostics {
    /// Refuses what does not go with itself or the output's interval \[h\].
    pub(crate) fn validate(&self, interval: u32) -> std::result::Result<(), String> {
        if let Automatic::Given(hours) = self.interval {
            within("diagnostics", "interval", hours, 0.0, f64::from(interval))?;
        }
        for (key, thresholds) in [
            ("wind_thresholds", &self.wind_thresholds),
            ("precipitation_thresholds", &self.precipitation_thresholds),
        ] {
            rising("diagnostics", key, thresholds)?;
        }
        within("diagnostics", "precipitation_window", self.precipitation_window, 1, 24 * 366)?;
        if self.exceedance && !self.precipitation_window.is_multiple_of(interval) {
            return Err(format!(
                "Key 'precipitation_window' in [diagnostics] is {}: expected a multiple of 'interval' in [output] ({interval} h).",
                self.precipitation_window
            ));
        }
        if self.heat_wave && !24_u32.is_multiple_of(interval) {
            return Err(format!(
                "Key 'heat_wave' in [diagnostics] is true: expected false, or an 'interval' in [output] that divides a day ({interval} h does not)."
            ));
        }
        if let Automatic::Given(threshold) = self.heat_threshold {
            within("diagnostics", "heat_threshold", threshold, 200.0, 350.0)?;
            if self.heat_climatology.is_some() {
                return Err(
                    "Keys 'heat_threshold' and 'heat_climatology' in [diagnostics] exclude each other: \
                            expected one of them."
                        .into(),
                );
            }
        }
        within("diagnostics", "heat_excess", self.heat_excess, 0.0, 50.0)?;
        within("diagnostics", "heat_days", self.heat_days, 1, 366)
    }

    /// Time steps between looks, where so many are between outputs, `hours` apart.
    pub(crate) fn steps_per_look(&self, steps_per_output: u64, hours: u32) -> Result<u64> {
        let divisors = || (1..=steps_per_output).filter(|steps| steps_per_output.is_multiple_of(*steps));
        let length = |steps: u64| steps as f64 * f64::from(hours) / steps_per_output as f64;
        let Automatic::Given(wanted) = self.interval else {
            return Ok(hourly_steps(steps_per_output, hours));
        };
        if wanted == 0.0 {
            return Ok(1);
        }
        divisors().find(|steps| (length(*steps) - wanted).abs() < 1e-6 * wanted).ok_or_else(|| {
            let possible: Vec<String> =
                divisors().map(|steps| format!("{}", (1e4 * length(steps)).round() / 1e4)).collect();
            Error::Setting {
                key: "interval",
                table: "diagnostics",
                got: format!("{wanted} h"),
                expected: format!(
                    "0, \"auto\" or whole time steps that divide the output interval of {hours} h: {}",
                    possible.join(", ")
                ),
            }
        })
    }

    /// Makes paths that are relative to the configuration's folder so that they can be opened.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        self.heat_climatology = self.heat_climatology.take().map(|path| folder.join(path));
    }
}

/// The fewest time steps that are at least an hour and divide the output interval \[h\].
pub(crate) fn hourly_steps(steps_per_output: u64, hours: u32) -> u64 {
    (1..=steps_per_output)
        .find(|steps| steps_per_output.is_multiple_of(*steps) && steps * u64::from(hours) >= steps_per_output)
        .unwrap_or(steps_per_output)
}

/// Refuses thresholds that are not rising numbers above or at 0.
pub(crate) fn rising(table: &str, key: &str, thresholds: &[f64]) -> std::result::Result<(), String> {
    let valid = thresholds.iter().all(|threshold| threshold.is_finite() && *threshold >= 0.0)
        && thresholds.windows(2).all(|pair| pair[0] < pair[1]);
    if valid {
        return Ok(());
    }
    Err(format!("Key '{key}' in [{table}] is {thresholds:?}: expected rising numbers, none below 0."))
}
