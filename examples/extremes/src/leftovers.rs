//! What a killed process left half-written: files that never got their name ([`AtomicFile`](terrella_io::sink::AtomicFile)).

use std::path::Path;

use crate::error::{Error, Result};

/// Folders below the run's that are looked into: as deep as plans write.
const DEEPEST: usize = 8;

/// Removes them in the folder of a run and below, but those of this process. To be called by who has the folder to itself.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    below(folder, DEEPEST)
}

fn below(folder: &Path, deepest: usize) -> Result<()> {
    let fail = |error| Error::file(folder, "listing", error);
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_dir() && deepest > 0 {
            below(&entry.path(), deepest - 1)?;
        }
        let process = entry.file_name().to_str().and_then(process_of);
        if kind.is_file() && process.is_some_and(|process| process != std::process::id()) {
            let path = entry.path();
            std::fs::remove_file(&path)
                .map_err(|error| Error::file(&path, "removing a killed process' file", error))?;
        }
    }
    Ok(())
}

/// Of `.NAME.PROCESS-NUMBER.part`.
fn process_of(name: &str) -> Option<u32> {
    let (name, numbers) = name.strip_prefix('.')?.strip_suffix(".part")?.rsplit_once('.')?;
    let (process, number) = numbers.split_once('-')?;
    number.parse::<u64>().ok().filter(|_| !name.is_empty())?;
    process.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_half_written_files_alone_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("daily")).unwrap();
        let own = format!(".a.grib2.{}-0.part", std::process::id());
        let kept =
            [own.as_str(), "a.grib2", ".hidden", ".a.part", "a.1-2.part", ".a.x-1.part", "daily/b.raw"];
        for name in kept.iter().chain(&[".a.grib2.1-17.part", "daily/.b.raw.1-3.part"]) {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        remove(folder.path()).unwrap();
        assert!(kept.iter().all(|name| folder.path().join(name).exists()));
        let count = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        assert_eq!((count(folder.path()), count(&folder.path().join("daily"))), (7, 1));
    }
}
