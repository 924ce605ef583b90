//! What minimisations take, and inner loops at a lower truncation.

use std::fs;

use super::times::SEVERAL_TIMES;
use super::twins::SMALL;
use super::{errors, refused, run, split, succeeded};

#[test]
fn what_minimisations_took_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (experiment, _) = SMALL.split_once("[[method]]").expect("methods");
    let method = |name: &str, ritz_pairs: bool| {
        format!(
            "[[method]]\nname = \"{name}\"\nkind = \"4d-var\"\nbackground = 0.1\nlag = 3\nouter_loops = 3\n\
             gradient_reduction = 1e-3\nritz_pairs = {ritz_pairs}\n"
        )
    };
    let text = format!("{experiment}{}{}", method("plain", false), method("learning", true));
    let out = folder.path().join("out");
    let output = run(folder.path(), &text, &["--out", out.to_str().expect("text")]);
    succeeded(&output);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.starts_with("learning: ")).expect("a line on minimisations");
    assert!(line.contains("iterations on average; the last of 0 of "), "{line}");
    assert!(line.contains("windows did not converge; ") && line.ends_with(" took all outer loops"), "{line}");
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("a summary"))
            .expect("JSON");
    let iterations = |number: usize| -> Vec<f64> {
        let loops = &summary["methods"][number]["iterations_by_outer_loop"];
        loops.as_array().expect("a list").iter().map(|mean| mean.as_f64().expect("a number")).collect()
    };
    let (plain, learning) = (iterations(0), iterations(1));
    // The first loops differ by rounding alone.
    assert!((plain[0] - learning[0]).abs() <= 1.0, "{plain:?} {learning:?}");
    assert!(plain[1] > 1.0 && learning[1] < plain[1], "{plain:?} {learning:?}");
}

#[test]
fn what_windows_remember_saves_iterations() {
    let folder = tempfile::tempdir().expect("a folder");
    let (experiment, _) = SMALL.split_once("[[method]]").expect("methods");
    let method = |name: &str, more: &str| {
        format!(
            "[[method]]\nname = \"{name}\"\nkind = \"4d-var\"\nbackground = 0.1\nlag = 1\nouter_loops = 1\n\
             gradient_reduction = 1e-2\nritz_pairs = true\n{more}"
        )
    };
    let text = format!("{experiment}{}{}", method("each", ""), method("all", "remembered_pairs = 40\n"));
    let out = folder.path().join("out");
    succeeded(&run(folder.path(), &text, &["--out", out.to_str().expect("text")]));
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("a summary"))
            .expect("JSON");
    let of = |number: usize, key: &str| summary["methods"][number][key].clone();
    let iterations =
        |number: usize| of(number, "iterations_by_outer_loop")[0].as_f64().expect("a number of iterations");
    let error = |number: usize| of(number, "analysis_error").as_f64().expect("an error");
    assert!(iterations(1) < 0.8 * iterations(0), "{} {}", iterations(0), iterations(1));
    assert!((error(1) / error(0) - 1.0).abs() < 0.1, "{} {}", error(0), error(1));
}

#[test]
fn inner_loops_may_be_coarser_than_the_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"
[model]
name = "shallow-water"
truncation = 21
time_step = 1200

[observations]
every = 11
interval = 4
times = 2
standard_deviation = 0.3
relative = true

[experiment]
cycles = 6
spin_up = 2
settling = 600
samples = 30
sampling = 12

[[method]]
name = "free run"
kind = "free-run"

[[method]]
name = "4D-Var"
kind = "4d-var"
background = 0.2
lag = 1
outer_loops = 2

[[method]]
name = "4D-Var, T21"
kind = "4d-var"
background = 0.2
lag = 1
outer_loops = 2
inner_truncation = 21

[[method]]
name = "4D-Var, T15"
kind = "4d-var"
background = 0.2
lag = 1
outer_loops = 2
inner_truncation = 15
inner_time_step = 2400
"#;
    let [free, full, same, coarse] = errors(folder.path(), text)[..] else { panic!("four methods") };
    // The same increments by way of other operators.
    assert!((same / full - 1.0).abs() < 1e-3, "{full} {same}");
    assert!(full < 0.7 * free && coarse < 1.1 * full && coarse != full, "{free} {full} {coarse}");
    split(folder.path(), text, "3");
    let cases = [
        ("inner_truncation = 15", "inner_truncation = 22", "expected at most the model's, 21"),
        ("inner_truncation = 15\n", "", "does nothing without 'inner_truncation'"),
        ("inner_time_step = 2400", "inner_time_step = 1800", "divides the 2400 s"),
        ("kind = \"free-run\"", "kind = \"free-run\"\ninner_truncation = 10", "does nothing for this kind"),
    ];
    for (from, to, expected) in cases {
        let said = refused(folder.path(), &text.replacen(from, to, 1), &[]);
        assert!(said.contains(expected), "{from} -> {to}: {said}");
    }
    let no_spectra = SEVERAL_TIMES.replacen("lag = 1", "lag = 1\ninner_truncation = 5", 1);
    assert!(refused(folder.path(), &no_spectra, &[]).contains("has no spectra"));
}
