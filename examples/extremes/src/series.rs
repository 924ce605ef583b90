//! What a run measures of itself: conserved quantities at every output, noise at every step.

use serde::Serialize;
use serde_json::{Value, json};
use terrella_dycore::shallow_water::Diagnostics;

/// The state's global quantities at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Record {
    /// Forecast hour.
    pub(crate) hour: f64,
    /// Mean depth \[m\].
    pub(crate) mass: f64,
    /// Mean kinetic and potential energy per density \[m³ s⁻²\].
    pub(crate) total_energy: f64,
    /// Mean potential enstrophy \[m⁻¹ s⁻²\].
    pub(crate) potential_enstrophy: f64,
    /// Mean axial angular momentum per density \[m³ s⁻¹\].
    pub(crate) angular_momentum: f64,
    /// Largest wind speed \[m s⁻¹\].
    pub(crate) maximum_wind: f64,
    /// Smallest and largest depth \[m\].
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Record {
    /// How many numbers a record is.
    pub(crate) const NUMBERS: usize = 8;

    pub(crate) fn new(diagnostics: &Diagnostics) -> Self {
        Self {
            hour: diagnostics.time / 3600.0,
            mass: diagnostics.mass,
            total_energy: diagnostics.total_energy,
            potential_enstrophy: diagnostics.potential_enstrophy,
            angular_momentum: diagnostics.angular_momentum,
            maximum_wind: diagnostics.maximum_wind,
            lowest: diagnostics.depth_range[0],
            highest: diagnostics.depth_range[1],
        }
    }

    /// The numbers in a fixed order, for checkpoints.
    pub(crate) fn to_numbers(self) -> [f64; Self::NUMBERS] {
        [
            self.hour,
            self.mass,
            self.total_energy,
            self.potential_enstrophy,
            self.angular_momentum,
            self.maximum_wind,
            self.lowest,
            self.highest,
        ]
    }

    /// The inverse of [`Record::to_numbers`].
    pub(crate) fn from_numbers(numbers: [f64; Self::NUMBERS]) -> Self {
        let [hour, mass, total_energy, potential_enstrophy, angular_momentum, maximum_wind, lowest, highest] =
            numbers;
        Self {
            hour,
            mass,
            total_energy,
            potential_enstrophy,
            angular_momentum,
            maximum_wind,
            lowest,
            highest,
        }
    }
}

/// All measurements of a run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    /// At every output.
    pub(crate) records: Vec<Record>,
    /// Root mean square tendency of the height over each step \[m h⁻¹\]; gravity waves show in it first.
    pub(crate) tendencies: Vec<f64>,
}

impl Series {
    /// Its entries of the summary.
    pub(crate) fn measured(&self) -> Value {
        json!({
            "relative_drift": {
                "mass": self.drift(|record| record.mass),
                "total_energy": self.drift(|record| record.total_energy),
                "potential_enstrophy": self.drift(|record| record.potential_enstrophy),
                "angular_momentum": self.drift(|record| record.angular_momentum),
            },
            "units": {
                "mass": "m", "total_energy": "m3 s-2", "potential_enstrophy": "m-1 s-2", "angular_momentum": "m3 s-1",
                "maximum_wind": "m s-1", "lowest": "m", "highest": "m", "rms_height_tendency": "m h-1",
            },
            "records": self.records,
            "rms_height_tendency": self.tendencies,
        })
    }

    /// Relative change of a quantity from the first record to the last; 0 without records.
    pub(crate) fn drift(&self, quantity: impl Fn(&Record) -> f64) -> f64 {
        match (self.records.first(), self.records.last()) {
            (Some(first), Some(last)) => quantity(last) / quantity(first) - 1.0,
            _ => 0.0,
        }
    }
}
