//! The order of the rooms inside this crate: no module may name one that stands above it.

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the modules it may name. `error` may be named by all.
const ORDER: &[(&str, &[&str])] = &[
    ("constants", &[]),
    ("math", &[]),
    ("real", &["math"]),
    ("pack", &["real"]),
    ("device", &["real", "pack", "math"]),
    ("grid", &["real", "device"]),
    ("field", &["real", "device", "grid"]),
    ("operators", &["real", "pack", "device", "constants", "grid", "field"]),
    ("packing", &["real", "pack", "math", "device", "operators"]),
    ("vertical", &["real", "pack", "device"]),
    ("physics", &["real", "pack", "device", "constants", "vertical"]),
    ("semi_lagrangian", &["real", "pack", "device", "grid"]),
    ("random", &["real", "math"]),
    (
        "assimilation",
        &["real", "pack", "device", "constants", "random", "grid", "operators", "vertical", "spectral"],
    ),
    ("diagnostics", &["real", "pack", "device", "constants", "grid", "random"]),
    ("spectral", &["real", "pack", "device", "constants", "grid", "field", "operators"]),
];

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("source folder") {
        let path = entry.expect("folder entry").path();
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The crate's modules that a source text names, as in `crate::grid::Grid` or `use crate::{Real, device::Buffer}`.
fn modules_named(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (position, _) in line.match_indices("crate::") {
            let rest = &line[position + "crate::".len()..];
            let list = rest.strip_prefix('{').map(|list| list.split('}').next().unwrap_or(list));
            for item in list.map_or_else(|| vec![rest], |list| list.split(',').collect()) {
                let name: String = item
                    .trim()
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                named.push(name);
            }
        }
    }
    named
}

/// Names that `lib.rs` lifts to the root, each with the module it comes from.
fn lifted_names(root: &str) -> Vec<(String, String)> {
    let mut lifted = Vec::new();
    for line in root.lines().filter_map(|line| line.strip_prefix("pub use ")) {
        let (module, names) = line.trim_end_matches(';').split_once("::").expect("a path");
        for name in names.trim_matches(['{', '}']).split(',') {
            lifted.push((name.trim().to_owned(), module.to_owned()));
        }
    }
    lifted
}

#[test]
fn no_module_names_one_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    let lifted = lifted_names(&fs::read_to_string(root.join("lib.rs")).expect("lib.rs"));
    let mut edges = 0;
    for path in files {
        let relative = path.strip_prefix(&root).expect("below src");
        let first = relative.components().next().expect("a file").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        if module == "lib" || module == "error" {
            continue;
        }
        let (_, allowed) = ORDER
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("module '{module}' has no place in ORDER: give it one"));
        for named in modules_named(&fs::read_to_string(&path).expect("source text")) {
            let named =
                lifted.iter().find(|(name, _)| *name == named).map_or(named, |(_, module)| module.clone());
            if named == module || !ORDER.iter().any(|(name, _)| *name == named) {
                continue;
            }
            edges += 1;
            assert!(
                allowed.contains(&named.as_str()),
                "{}: '{module}' names '{named}', which stands above it",
                relative.display()
            );
        }
    }
    assert!(edges > 0, "no edge between modules was found: the reader of `use` lines is broken");
}

#[test]
fn names_are_found_in_lists_and_paths() {
    assert_eq!(modules_named("use crate::{Real, device::Buffer};"), ["Real", "device"]);
    assert_eq!(modules_named("let grid = crate::grid::Grid::new();"), ["grid"]);
    assert!(modules_named("// crate::spectral is above").is_empty());
}
