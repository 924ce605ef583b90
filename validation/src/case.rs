//! What a case is and what it returns.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use terrella_kernels::device::Device;

use crate::Result;

/// A published test case.
pub struct Case {
    /// Name on the command line.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// The paper.
    pub source: &'static str,
    /// Truncations it runs at by default, none where it has no such thing; the last is the reference of the others where the case converges to itself.
    pub truncations: &'static [usize],
    /// Truncations for a run of seconds.
    pub quick_truncations: &'static [usize],
    /// Runs it.
    pub run: fn(&Options) -> Result<Vec<Measurement>>,
}

/// How to run a case.
#[derive(Clone, Debug)]
pub struct Options {
    /// Increasing; none for a case without.
    pub truncations: Vec<usize>,
    /// Whether a run is to take seconds; cases with truncations know it by these.
    pub quick: bool,
    /// Where the models run.
    pub device: Device,
    /// Where pictures go; none are drawn without.
    pub figures: Option<PathBuf>,
    /// Folder of reference data, if there is one (`TERRELLA_DATA`).
    pub data: Option<PathBuf>,
}

/// One number of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// What it is.
    pub quantity: String,
    /// Truncation, precision and the like.
    pub setting: String,
    /// The published value, where there is one.
    pub published: Option<f64>,
    /// Our value.
    pub ours: f64,
    /// Ours − published.
    pub difference: Option<f64>,
    /// What `ours` must not exceed; without it the number is for information.
    pub limit: Option<f64>,
    /// Where published value and limit come from.
    pub basis: String,
    /// Whether `ours` is finite and within the limit; true for what was not run.
    pub passed: bool,
    /// Whether there is a number at all: false where reference data is absent.
    #[serde(default = "yes")]
    pub ran: bool,
}

fn yes() -> bool {
    true
}

impl Measurement {
    /// A number without a limit; it still must be finite.
    pub fn information(
        quantity: impl Into<String>,
        setting: impl Into<String>,
        ours: f64,
        basis: &str,
    ) -> Self {
        Self {
            quantity: quantity.into(),
            setting: setting.into(),
            published: None,
            ours,
            difference: None,
            limit: None,
            basis: basis.to_owned(),
            passed: ours.is_finite(),
            ran: true,
        }
    }

    /// A number that must not exceed `limit`.
    pub fn at_most(
        quantity: impl Into<String>,
        setting: impl Into<String>,
        ours: f64,
        limit: f64,
        basis: &str,
    ) -> Self {
        let passed = ours <= limit;
        Self { limit: Some(limit), passed, ..Self::information(quantity, setting, ours, basis) }
    }

    /// A number that could not be had, and why; it is counted in the report.
    pub fn not_run(quantity: impl Into<String>, setting: impl Into<String>, reason: &str) -> Self {
        Self { ran: false, ..Self::information(quantity, setting, 0.0, reason) }
    }

    /// The same, with what was published.
    pub fn published(self, value: f64) -> Self {
        Self { published: Some(value), difference: Some(self.ours - value), ..self }
    }
}

/// Result of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The case's name.
    pub case: String,
    /// Its title.
    pub title: String,
    /// The paper.
    pub source: String,
    /// Whether every measurement passed.
    pub passed: bool,
    /// Wall-clock time \[s\].
    pub seconds: f64,
    /// Its numbers.
    pub measurements: Vec<Measurement>,
}

impl Case {
    /// Runs the case and times it.
    pub fn outcome(&self, options: &Options) -> Result<Outcome> {
        let start = std::time::Instant::now();
        let measurements = (self.run)(options)?;
        Ok(Outcome {
            case: self.name.to_owned(),
            title: self.title.to_owned(),
            source: self.source.to_owned(),
            passed: measurements.iter().all(|measurement| measurement.passed),
            seconds: start.elapsed().as_secs_f64(),
            measurements,
        })
    }
}
