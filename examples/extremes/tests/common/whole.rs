//! What a run left in its folder: whole files, the same as those of another run.

use std::path::Path;

use terrella_io::manifest::{Finding, verify};
use terrella_io::read::{GribFile, Missing};

use super::is_result;

/// All files below a folder, by their path from there.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    names.sort();
    names
}

/// Files that are compared; those of the chain tell of every process.
pub(crate) fn results(folder: &Path) -> Vec<String> {
    let mut names = files(folder);
    names.retain(|name| is_result(name) && !name.starts_with("manifest/"));
    names
}

/// Panics unless a folder has the results of another one, byte for byte.
pub(crate) fn expect_same_results(out: &Path, expected: &Path, when: &str) {
    let names = results(expected);
    assert!(names.len() > 1, "{names:?}");
    assert_eq!(results(out), names, "{when}");
    for name in &names {
        let [got, expected] = [out, expected].map(|folder| std::fs::read(folder.join(name)).unwrap());
        assert!(got == expected, "{when}: {name}");
    }
}

/// After a kill: what has a name is whole, and what a manifest lists is as it lists it.
pub(crate) fn expect_whole(out: &Path, when: &str) {
    for name in files(out).iter().filter(|name| name.ends_with(".grib2")) {
        let file = GribFile::open(out.join(name)).unwrap_or_else(|error| panic!("{when}: {error}"));
        for header in file.headers() {
            file.decode(header, Missing::Refuse).unwrap_or_else(|error| panic!("{when}: {name}: {error}"));
        }
    }
    // No checkpoint is older than the manifest of its output time.
    let begun = files(out).iter().any(|name| name.starts_with("manifest/0") || name == "checkpoint.bin");
    if begun {
        let found = verify(out).unwrap_or_else(|error| panic!("{when}: {error}"));
        // The killed process had no time to list what it finished last.
        let listed = |finding: &&Finding| !matches!(finding, Finding::Extra { .. });
        let wrong: Vec<_> = found.findings.iter().filter(listed).collect();
        assert!(wrong.is_empty(), "{when}: {wrong:?}");
    }
}
