//! `[ranks]`: what a job of several processes needs beside the forecast.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::configuration::zero_or_within;

/// `[ranks]`: how the ranks of an MPI job look after each other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RankSettings {
    /// A rank that is not heard of for so long ends the job \[s\]; 0: nobody watches.
    pub(crate) patience: f64,
}

impl Default for RankSettings {
    fn default() -> Self {
        Self { patience: 60.0 }
    }
}

impl RankSettings {
    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        zero_or_within("ranks", "patience", self.patience, 0.5, 86_400.0)
    }

    /// None where nobody watches.
    pub(crate) fn patience(&self) -> Option<Duration> {
        (self.patience > 0.0).then(|| Duration::from_secs_f64(self.patience))
    }

    /// Whether a configuration need not tell of it.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
