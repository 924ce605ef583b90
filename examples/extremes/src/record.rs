//! What a run used and made: manifests of its files in a chain, and `provenance.json`.
//!
//! A manifest is added for each output time and one for all other files where the run ends or stops. A run that is continued
//! goes on with the chain, and is an activity of its own in the provenance, beside those that went before.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use terrella_io::Time;
use terrella_io::manifest::{Entry, Manifest, ManifestChain};
use terrella_io::plan::WholeFile;
use terrella_io::provenance::{Provenance, qualified};
use terrella_io::sink::AtomicFile;

use crate::error::{Error, Result};

/// Name of the provenance in the run's folder.
pub(crate) const PROVENANCE: &str = "provenance.json";

const SOFTWARE: (&str, &str) = ("terrella", "extremes");

/// A file that a run uses, by what it is to the run.
pub(crate) struct Used {
    pub(crate) role: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) hash: blake3::Hash,
}

impl Used {
    pub(crate) fn read(role: &'static str, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading", error))?;
        Ok(Self { role, path: path.to_owned(), hash: blake3::hash(&bytes) })
    }
}

/// The record of a run in the making.
pub(crate) struct Record {
    folder: PathBuf,
    chain: ManifestChain,
    provenance: Provenance,
    /// The activity that this process is.
    activity: String,
    started: Time,
}

impl Record {
    /// Begins the record, or goes on with that of the run which is continued.
    pub(crate) fn begin(folder: &Path, resumed: bool, used: &[Used]) -> Result<Self> {
        let chain = if resumed { ManifestChain::open(folder)? } else { ManifestChain::begin(folder)? };
        let path = folder.join(PROVENANCE);
        // A damaged one only costs what it told of earlier processes.
        let earlier = match resumed {
            true => std::fs::read_to_string(&path).ok().and_then(|text| Provenance::from_json(&text).ok()),
            false => None,
        };
        let mut provenance = earlier.unwrap_or_default();
        provenance.prefix("run", "urn:terrella:run:");
        provenance.prefix("input", "urn:terrella:input:");
        let part = provenance.activities().count() + 1;
        let activity = qualified("run", &format!("part/{part}"));
        for Used { role, path, hash } in used {
            let id = qualified("input", &format!("{part}/{role}"));
            let attributes = [
                ("prov:label", path.display().to_string().into()),
                ("blake3", Value::from(hash.to_hex().as_str())),
            ];
            provenance.entity(&id, &attributes);
            provenance.used(&activity, &id);
        }
        Ok(Self { folder: folder.to_owned(), chain, provenance, activity, started: now() })
    }

    /// Takes the files of an output time.
    pub(crate) fn output_time(&mut self, label: &str, files: &[WholeFile]) -> Result<()> {
        let mut manifest = Manifest::new(label);
        for file in files {
            // What a plan writes elsewhere is not the folder's.
            if let Some(path) = self.name(&file.path) {
                manifest.add(Entry { path, offset: 0, bytes: file.bytes, hash: file.hash })?;
            }
        }
        self.chain.append(&manifest)?;
        Ok(())
    }

    /// Takes a file that stays where the run failed.
    pub(crate) fn failure(&mut self, label: &str, path: &Path) -> Result<()> {
        let mut manifest = Manifest::new(label);
        if let Some(name) = self.name(path) {
            manifest.add_file(&self.folder, &name)?;
        }
        self.chain.append(&manifest)?;
        Ok(())
    }

    /// Writes the provenance and the manifest of all files; with `whole` the run is at its end.
    pub(crate) fn finish(mut self, files: &[PathBuf], whole: bool, steps: u64) -> Result<()> {
        let mut manifest = Manifest::new(if whole { "end" } else { "stop" });
        for name in files.iter().filter_map(|path| self.name(path)) {
            manifest.add_file(&self.folder, &name)?;
        }
        let software = qualified(SOFTWARE.0, SOFTWARE.1);
        let provenance = &mut self.provenance;
        provenance.software(
            &software,
            &[("prov:label", "Terrella extremes".into()), ("version", env!("CARGO_PKG_VERSION").into())],
        );
        let version = ("version", Value::from(env!("CARGO_PKG_VERSION")));
        provenance.activity(&self.activity, self.started, now(), &[version, ("steps", steps.into())]);
        provenance.associated(&self.activity, &software);
        let id = |entry: &Entry| qualified("run", &entry.path);
        let made: Vec<String> = manifest.entries().iter().map(id).collect();
        // Files that are gone are no longer the run's.
        provenance.retain_entities(|id| !id.starts_with("run:") || made.iter().any(|made| made == id));
        for entry in manifest.entries() {
            let (id, hash) = (id(entry), Value::from(blake3::Hash::from(entry.hash).to_hex().as_str()));
            // The same bytes are still those of the process that made them.
            if provenance.attribute(&id, "blake3") == Some(&hash) {
                continue;
            }
            let attributes =
                [("prov:label", entry.path.as_str().into()), ("bytes", entry.bytes.into()), ("blake3", hash)];
            provenance.entity(&id, &attributes);
            provenance.generated(&id, &self.activity);
            provenance.attributed(&id, &software);
        }
        AtomicFile::write(self.folder.join(PROVENANCE), provenance.to_json().as_bytes())?;
        manifest.add_file(&self.folder, PROVENANCE)?;
        if whole {
            self.chain.finish(&manifest)?;
        } else {
            self.chain.append(&manifest)?;
        }
        Ok(())
    }

    /// The path of a file from the folder, with `/`; none of one elsewhere.
    fn name(&self, path: &Path) -> Option<String> {
        let parts = path.strip_prefix(&self.folder).ok()?.iter().map(|part| part.to_str());
        parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
    }
}

fn now() -> Time {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Time::EPOCH.plus_seconds(i64::try_from(seconds).unwrap_or(0))
}
