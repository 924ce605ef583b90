//! `ensemble.json`: how far an ensemble is, and what it wrote.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terrella_io::sink::AtomicFile;

use crate::error::{Error, Result};
use crate::primitive::Configuration;

const NAME: &str = "ensemble.json";

/// How far an ensemble is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Progress {
    /// "running" or "complete".
    pub(super) status: String,
    /// Hash of the configuration, but for length, device and paths.
    pub(super) fingerprint: String,
    pub(super) members: u32,
    /// Members that are done.
    pub(super) finished: u32,
    /// Time steps of each; 0 before the first is done.
    pub(super) steps_per_member: u64,
    /// Mean, spread and probabilities, when they are written.
    #[serde(default)]
    pub(super) files: Vec<String>,
}

/// What must be equal for an ensemble to go on.
pub(super) fn fingerprint(configuration: &Configuration) -> String {
    let mut settings = configuration.clone();
    settings.output.folder = PathBuf::new();
    settings.input.file = PathBuf::new();
    settings.input.orography = None;
    settings.model.device = None;
    (settings.ranks, settings.server) = Default::default();
    let text = serde_json::to_string(&settings).expect("a configuration is valid JSON");
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

impl Progress {
    pub(super) fn new(fingerprint: &str, members: u32) -> Self {
        Self {
            status: "running".into(),
            fingerprint: fingerprint.into(),
            members,
            finished: 0,
            steps_per_member: 0,
            files: Vec::new(),
        }
    }

    /// Reads the file that `--restart` names, which must be that of this folder and configuration.
    pub(super) fn read(path: &Path, folder: &Path, fingerprint: &str) -> Result<Self> {
        let refuse = |message: String| Error::Checkpoint { path: path.to_owned(), message };
        let own = folder.join(NAME);
        let same = |path: &Path| std::fs::canonicalize(path).ok();
        if path.file_name() != own.file_name() || same(path) != same(&own) {
            return Err(refuse(format!("an ensemble goes on from '{}'", own.display())));
        }
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, "reading", error))?;
        let progress: Self =
            serde_json::from_str(&text).map_err(|error| refuse(format!("it is damaged: {error}")))?;
        if progress.fingerprint != fingerprint {
            return Err(refuse("the configuration is another one than at its writing".into()));
        }
        if progress.status != "running" {
            return Err(refuse(format!("all {} members are done", progress.members)));
        }
        Ok(progress)
    }

    /// Time steps of the members that are done.
    pub(super) fn steps_done(&self) -> u64 {
        u64::from(self.finished) * self.steps_per_member
    }

    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(NAME);
        let mut text = serde_json::to_string_pretty(self).expect("numbers and texts are valid JSON");
        text.push('\n');
        AtomicFile::write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Notes that everything is written.
    pub(super) fn complete(&mut self, folder: &Path, files: &[PathBuf]) -> Result<()> {
        self.status = "complete".into();
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        self.files = files.iter().filter_map(name).collect();
        self.write(folder)?;
        Ok(())
    }

    /// Names of the products that an earlier ensemble left in the folder, and of the file that lists them.
    pub(super) fn files_of_earlier_run(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(NAME)).unwrap_or_default();
        let Ok(progress) = serde_json::from_str::<Self>(&text) else { return Vec::new() };
        // Only plain names: a list that someone edited must not reach other folders.
        let plain = |name: &String| Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        progress.files.into_iter().filter(plain).chain([NAME.to_owned()]).collect()
    }
}
