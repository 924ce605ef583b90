//! The headers and the library say the same.

use std::collections::BTreeSet;
use std::process::Command;

use crate::toolchain::{crate_folder, has, library_folder, run};

/// Names of the functions that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(crate_folder().join("include").join(header)).expect("header");
    let names = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '('));
    let prefixes = ["trans_", "ectrans_", "new_", "terrella_"];
    names
        .filter_map(|word| word.split_once('(').map(|(name, _)| name.to_owned()))
        .filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
        .collect()
}

#[test]
fn the_library_exports_what_the_headers_declare_and_nothing_else() {
    if !has("c", "nm") {
        return;
    }
    let library = library_folder().join("libterrella.so");
    let output = run(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let text = String::from_utf8(output.stdout).expect("text from nm");
    let exported: BTreeSet<String> =
        text.lines().filter_map(|line| line.split_whitespace().last().map(str::to_owned)).collect();
    let own = declared("terrella.h");
    let transi = &(&declared("ectrans/transi.h") | &declared("ectrans/version.h")) - &own;
    // 41 of transi's functions, 10 about versions; in our own 3 about errors, 13 about grids, 19 in each precision.
    assert_eq!((transi.len(), own.len()), (51, 54));
    let all = &transi | &own;
    assert_eq!(
        all.difference(&exported).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "declared, not exported"
    );
    assert_eq!(
        exported.difference(&all).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "exported, not declared"
    );
}

#[test]
fn the_header_has_the_version_of_the_crate() {
    let text = std::fs::read_to_string(crate_folder().join("include/terrella.h")).expect("header");
    assert!(text.contains(&format!("#define TERRELLA_VERSION \"{}\"", env!("CARGO_PKG_VERSION"))));
}
