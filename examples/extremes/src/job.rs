//! What is known of a configuration file before it is read as that of a model: its equations, and `[ranks]` and `[server]`, which a job of
//! several processes needs beside the forecast.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::automatic::Automatic;
use crate::configuration::{Equations, within, zero_or_within};
use crate::error::{Error, Result};

/// What has to be known of a configuration file before it is read as that of a model.
#[derive(Debug, Default)]
pub(crate) struct Job {
    /// `equations` in \[model\]; the shallow-water ones where it does not say.
    pub(crate) equations: Equations,
    pub(crate) ranks: RankSettings,
    pub(crate) server: ServerSettings,
}

/// Reads a job. What is wrong in the file but for the equations is refused by the reader of the model's own.
pub(crate) fn read(path: &Path) -> Result<Job> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::file(path, "reading of the configuration", error))?;
    let table: toml::Table = text.parse().unwrap_or_default();
    let equations = match table.get("model").and_then(|model| model.get("equations")) {
        None => Equations::ShallowWater,
        Some(value) => match value.as_str() {
            Some("shallow-water") => Equations::ShallowWater,
            Some("primitive") => Equations::Primitive,
            _ => {
                return Err(Error::Configuration {
                    path: path.to_owned(),
                    message: format!(
                        "Key 'equations' in [model] is {value}: expected \"shallow-water\" or \"primitive\"."
                    ),
                });
            }
        },
    };
    Ok(Job { equations, ranks: part(&table, "ranks"), server: part(&table, "server") })
}

/// A table of a file, as far as it is one; else the usual one.
fn part<T: DeserializeOwned + Default>(table: &toml::Table, name: &str) -> T {
    table.get(name).and_then(|value| value.clone().try_into().ok()).unwrap_or_default()
}

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

/// `[server]`: ranks that write the output.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSettings {
    /// How many of the job's ranks write: the last ones.
    pub(crate) ranks: usize,
    /// A server that owes an answer and sends nothing for so long is given up \[s\].
    pub(crate) patience: f64,
    /// Memory of each rank for what is not written \[MiB\]; auto: eight output times for each server.
    pub(crate) memory: Automatic<u64>,
    /// Disk of each for what memory has no room for \[GiB\].
    pub(crate) disk: u64,
    /// Folder for that and for what a lost server has not written, relative to the output's.
    pub(crate) log: PathBuf,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { ranks: 0, patience: 60.0, memory: Automatic::Auto, disk: 64, log: "servers".into() }
    }
}

impl ServerSettings {
    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        within("server", "ranks", self.ranks, 0, 10_000)?;
        within("server", "patience", self.patience, 0.5, 86_400.0)?;
        if let Automatic::Given(memory) = self.memory {
            within("server", "memory", memory, 1, 1 << 30)?;
        }
        within("server", "disk", self.disk, 1, 1 << 20)?;
        match self.log.as_os_str().is_empty() {
            true => Err("Key 'log' in [server] is empty: expected a folder.".into()),
            false => Ok(()),
        }
    }

    /// Whether a configuration need not tell of it.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
