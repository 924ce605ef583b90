//! The program as its users run it.

mod diagnostics;
mod ensembles;
mod first_members;
mod hybrids;
mod levels;
mod minimisations;
mod sondes;
mod times;
mod twins;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, text: &str, arguments: &[&str]) -> Output {
    let path = folder.join("experiment.toml");
    fs::write(&path, text).expect("a writable folder");
    Command::new(env!("CARGO_BIN_EXE_assimilation"))
        .arg("run")
        .arg(&path)
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn refused(folder: &Path, text: &str, arguments: &[&str]) -> String {
    let output = run(folder, text, arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

/// Errors of analyses, by method.
fn errors(folder: &Path, text: &str) -> Vec<f64> {
    let out = folder.join("errors");
    succeeded(&run(folder, text, &["--out", out.to_str().expect("text")]));
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("a summary"))
            .expect("JSON");
    let methods = summary["methods"].as_array().expect("a list");
    methods.iter().map(|method| method["analysis_error"].as_f64().expect("a number")).collect()
}

/// Fails where a run in two parts differs from the whole one.
fn split(folder: &Path, text: &str, first: &str) {
    let at = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    succeeded(&run(folder, text, &["--out", &at("whole")]));
    succeeded(&run(folder, text, &["--out", &at("split"), "--steps", first]));
    let checkpoint = fs::read_dir(at("split"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .expect("a checkpoint");
    let checkpoint = checkpoint.to_str().expect("text");
    succeeded(&run(folder, text, &["--out", &at("split"), "--restart", checkpoint]));
    let scores = |name: &str| fs::read_to_string(folder.join(name).join("scores.csv")).expect("scores");
    assert!(!scores("whole").contains("NaN"));
    assert_eq!(scores("whole"), scores("split"));
}
