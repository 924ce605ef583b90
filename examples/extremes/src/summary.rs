//! `summary.json`: what a run did, with what, how fast, and what it left behind.

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use terrella_io::sink::AtomicFile;

use crate::error::{Error, Result};
use crate::model::ModelSize;
use crate::record::PROVENANCE;

const NAME: &str = "summary.json";

/// Wall-clock time spent \[s\].
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Timings {
    /// Reading, analysis and initialisation.
    pub(crate) initial_state: f64,
    /// Time steps.
    pub(crate) model: f64,
    /// Diagnostics, files and reading them back.
    pub(crate) output: f64,
    /// Maps and charts.
    pub(crate) pictures: f64,
}

/// What a summary says.
pub(crate) struct Summary<'a> {
    pub(crate) status: &'a str,
    pub(crate) configuration: Value,
    pub(crate) input: &'a Path,
    pub(crate) input_hash: String,
    pub(crate) device: String,
    pub(crate) grid: String,
    pub(crate) valid: String,
    pub(crate) time_step: f64,
    pub(crate) steps: u64,
    pub(crate) steps_of_this_process: u64,
    pub(crate) report: &'a [String],
    pub(crate) timings: Timings,
    pub(crate) size: ModelSize,
    /// What the run measured of itself: entries of the document beside the others.
    pub(crate) measured: Value,
    /// Where the time of all ranks went, if that was recorded.
    pub(crate) ranks: Option<Value>,
    /// What the output server measured, if there is one, under its key.
    pub(crate) output: Option<(&'static str, Value)>,
    pub(crate) files: &'a [PathBuf],
}

impl Summary<'_> {
    /// Simulated days per day of wall-clock time in the model's steps.
    pub(crate) fn days_per_day(&self) -> f64 {
        self.steps_of_this_process as f64 * self.time_step / self.timings.model.max(1e-9)
    }

    /// The process' peak, initial state, files and pictures included, beside what the model's scheme needs.
    fn memory(&self) -> Value {
        let ModelSize { cells, array_bytes, bytes_per_number } = self.size;
        let peak = peak_memory();
        json!({
            "peak_bytes": peak,
            "arrays_of_the_scheme_bytes": array_bytes,
            "peak_over_arrays": peak.map(|peak| peak as f64 / array_bytes as f64),
            "peak_values_per_point_and_level": peak.map(|peak| peak as f64 / (cells * bytes_per_number) as f64),
        })
    }

    /// Writes the file with sizes and hashes of all others.
    pub(crate) fn write(&self, folder: &Path) -> Result<PathBuf> {
        let mut files = Vec::new();
        for path in self.files {
            let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading back", error))?;
            files.push(json!({
                "name": path.strip_prefix(folder).unwrap_or(path),
                "bytes": bytes.len(),
                "blake3": blake3::hash(&bytes).to_hex().as_str(),
            }));
        }
        let mut document = json!({
            "status": self.status,
            "program": { "name": "extremes", "version": env!("CARGO_PKG_VERSION"), "eccodes": terrella_io::eccodes::version().ok() },
            "initial_time": self.valid,
            "input": { "file": self.input, "blake3": self.input_hash },
            "configuration": self.configuration,
            "run": {
                "device": self.device,
                "processors": std::thread::available_parallelism().map_or(1, usize::from),
                "grid": self.grid,
                "time_step_s": self.time_step,
                "steps": self.steps,
                "forecast_hours": self.steps as f64 * self.time_step / 3600.0,
                "steps_of_this_process": self.steps_of_this_process,
                "simulated_days_per_day": self.days_per_day(),
                "report": self.report,
            },
            "timings_s": self.timings,
            "memory": self.memory(),
            "files": files,
        });
        if let Some(ranks) = &self.ranks {
            document["time_of_ranks"] = ranks.clone();
        }
        if let Some((key, output)) = &self.output {
            document[*key] = output.clone();
        }
        if let (Some(document), Value::Object(measured)) = (document.as_object_mut(), &self.measured) {
            document.extend(measured.clone());
        }
        let path = folder.join(NAME);
        let mut text = serde_json::to_string_pretty(&document).expect("numbers and texts are valid JSON");
        text.push('\n');
        AtomicFile::write(&path, text.as_bytes())?;
        Ok(path)
    }
}

/// The largest memory that this process has had \[bytes\], where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?)
}

/// The files that are still there of those that an earlier run's summary lists in the folder, or its manifests where it was killed
/// before it had one.
pub(crate) fn files_of_earlier_run(folder: &Path) -> Vec<PathBuf> {
    let document = |path: &Path| -> Value {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    };
    let manifests = std::fs::read_dir(folder.join("manifest")).into_iter().flatten().flatten();
    let manifests =
        manifests.map(|entry| entry.path()).filter(|path| path.extension() == Some("json".as_ref()));
    let listed = [(folder.join(NAME), "files", "name")];
    let listed = listed.into_iter().chain(manifests.map(|path| (path, "entries", "path")));
    let mut names = Vec::new();
    for (path, list, key) in listed {
        let document = document(&path);
        let files = document[list].as_array().into_iter().flatten();
        names.extend(files.filter_map(|file| file[key].as_str()).map(String::from));
    }
    names.retain(|name| {
        // A summary that someone edited must not reach other folders.
        let below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        below && name != NAME && name != PROVENANCE
    });
    names.sort();
    names.dedup();
    names.into_iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// Removes what an earlier run left in the folder, so that no file of it can be taken for one of the run that begins.
pub(crate) fn remove_earlier_run(folder: &Path, files: Vec<PathBuf>) -> Result<()> {
    // The summary last: it knows the others.
    let own = [PROVENANCE, NAME].map(|name| folder.join(name)).into_iter().filter(|path| path.is_file());
    for path in files.into_iter().chain(own) {
        std::fs::remove_file(&path)
            .map_err(|error| Error::file(&path, "removing an earlier run's file", error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_files_inside_the_folder_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("run");
        std::fs::create_dir(&inside).unwrap();
        for path in [inside.join("a.grib2"), inside.join("mine.txt"), folder.path().join("outside")] {
            std::fs::write(path, "x").unwrap();
        }
        let summary =
            json!({ "files": [{ "name": "a.grib2" }, { "name": "gone.png" }, { "name": "../outside" }] });
        std::fs::write(inside.join(NAME), summary.to_string()).unwrap();
        // A process that was killed left no summary.
        std::fs::create_dir(inside.join("manifest")).unwrap();
        std::fs::write(inside.join("b.grib2"), "x").unwrap();
        let manifest =
            json!({ "entries": [{ "path": "b.grib2" }, { "path": "../outside" }, { "path": NAME }] });
        std::fs::write(inside.join("manifest/00000001.json"), manifest.to_string()).unwrap();
        let files = files_of_earlier_run(&inside);
        assert_eq!(files, ["a.grib2", "b.grib2"].map(|name| inside.join(name)));
        remove_earlier_run(&inside, files).unwrap();
        assert!(!inside.join("a.grib2").exists() && !inside.join("b.grib2").exists());
        assert!(!inside.join(NAME).exists());
        assert!(inside.join("mine.txt").exists() && folder.path().join("outside").exists());
    }
}
