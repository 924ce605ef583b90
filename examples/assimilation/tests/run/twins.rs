//! Models, runs in parts, and what is refused.

use std::fs;

use super::{refused, run, succeeded};

pub(super) const SMALL: &str = r#"
[model]
name = "lorenz-96"
size = 12

[experiment]
cycles = 12
spin_up = 4
settling = 200
samples = 40
sampling = 5

[[method]]
name = "climatology"
kind = "climatology"

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.1

[[method]]
name = "4D-Var"
kind = "4d-var"
background = 0.1
lag = 2
ritz_pairs = true
remembered_pairs = 40

[[method]]
name = "EnKF"
kind = "stochastic"
members = 10
inflation = 1.05

[[method]]
name = "LETKF"
kind = "square-root"
members = 8
rotation = true
radius = 4.0

[[method]]
name = "EAKF"
kind = "serial"
members = 8
prior_spread = 0.5
radius = 4.0

[[method]]
name = "smoother"
kind = "iterative-smoother"
members = 13
lag = 2
"#;

#[test]
fn a_run_that_was_split_equals_the_whole_one_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    succeeded(&run(folder.path(), SMALL, &["--out", &at("whole")]));
    succeeded(&run(folder.path(), SMALL, &["--out", &at("split"), "--steps", "5"]));
    let checkpoint = fs::read_dir(at("split"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .expect("a checkpoint");
    let checkpoint = checkpoint.to_str().expect("text");
    let other = SMALL.replace("members = 10", "members = 11");
    let said = refused(folder.path(), &other, &["--out", &at("other"), "--restart", checkpoint]);
    assert!(said.contains("another one than at its writing"), "{said}");
    succeeded(&run(folder.path(), SMALL, &["--out", &at("split"), "--restart", checkpoint]));
    let scores =
        |name: &str| fs::read_to_string(folder.path().join(name).join("scores.csv")).expect("scores");
    let whole = scores("whole");
    assert_eq!(whole.lines().count(), 1 + 7 * 12);
    assert!(!whole.contains("NaN"));
    assert_eq!(whole, scores("split"));
    let diagnostics = |name: &str| {
        fs::read_to_string(folder.path().join(name).join("diagnostics.json")).expect("diagnostics")
    };
    assert_eq!(diagnostics("whole"), diagnostics("split"));
    let drawn = ["errors.png", "spread.png", "ranks.png", "spread-skill.png", "consistency.png"];
    for name in drawn.into_iter().chain(["summary.json"]) {
        assert!(folder.path().join("whole").join(name).is_file(), "{name}");
    }
    let mut bytes = fs::read(checkpoint).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(checkpoint, bytes).expect("a writable file");
    refused(folder.path(), SMALL, &["--out", &at("split"), "--restart", checkpoint]);
}

#[test]
fn margins_are_told_cycle_by_cycle() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run(folder.path(), SMALL, &["--out", out.to_str().expect("text")]);
    succeeded(&output);
    let text = fs::read_to_string(out.join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let methods = summary["methods"].as_array().expect("a list");
    let number = |method: &serde_json::Value, name: &str| method[name].as_f64().expect("a number");
    let error = |method: &serde_json::Value| number(method, "analysis_error");
    let best = methods.iter().min_by(|a, b| error(a).total_cmp(&error(b))).expect("methods");
    for method in methods {
        let (above, uncertain) = (number(method, "above_best"), number(method, "above_best_standard_error"));
        assert!((above - (error(method) - error(best))).abs() < 1e-12, "{method}");
        assert_eq!(uncertain > 0.0, method["name"] != best["name"], "{method}");
    }
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("cycle by cycle")).expect("a line");
    assert!(
        line.contains(best["name"].as_str().expect("a name")) && line.matches('±').count() == 6,
        "{line}"
    );
}

#[test]
fn every_model_runs_and_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let methods = &SMALL[SMALL.find("[[method]]").expect("methods")..];
    let without_places = methods.replace("radius = 4.0\n", "");
    let on_plane = methods.replace("radius = 4.0", "radius = 0.3");
    let on_sphere = methods.replace("radius = 4.0", "radius = 3e6");
    let models = [
        ("name = \"lorenz-63\"", "interval = 10", 40, &without_places),
        (
            "name = \"kuramoto-sivashinsky\"\nsize = 32\nlength = 22.0",
            "interval = 4\nevery = 3",
            40,
            &on_plane,
        ),
        ("name = \"quasi-geostrophic\"\nsize = 17", "interval = 2\nevery = 7", 40, &on_plane),
        (
            "name = \"shallow-water\"\ntruncation = 10",
            "interval = 3\nevery = 9\nrelative = true",
            20,
            &on_sphere,
        ),
        (
            "name = \"primitive\"\ntruncation = 6\nlevels = 5\ntime_step = 1800",
            "interval = 4\nevery = 23\nrelative = true",
            20,
            &on_sphere,
        ),
    ];
    for (model, observations, samples, methods) in models {
        for precision in ["f32", "f64"] {
            let text = format!(
                "[model]\n{model}\nprecision = \"{precision}\"\n[observations]\n{observations}\n[experiment]\ncycles = 3\nspin_up = 1\n\
                 settling = 30\nsamples = {samples}\nsampling = 3\n{methods}"
            );
            let out = folder.path().join("out");
            let output = run(folder.path(), &text, &["--out", out.to_str().expect("text")]);
            assert!(
                output.status.success(),
                "{model} {precision}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let scores = fs::read_to_string(out.join("scores.csv")).expect("scores");
            assert_eq!(scores.lines().count(), 1 + 7 * 3);
            assert!(!scores.contains("NaN"), "{model}: {scores}");
        }
    }
}

#[test]
fn what_cannot_be_is_said_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |from: &str, to: &str| refused(folder.path(), &SMALL.replacen(from, to, 1), &[]);
    let cases = [
        ("cycles = 12", "cycels = 12", "did you mean 'cycles'?"),
        ("[experiment]", "[experimnt]", "did you mean 'experiment'?"),
        ("size = 12", "size = 3", "at least 4"),
        ("size = 12", "truncation = 12", "does nothing for this model"),
        ("members = 10", "members = 1", "expected 2 to the 40 samples"),
        ("members = 10\n", "", "has no 'members'"),
        ("inflation = 1.05", "inflation = -1.0", "expected a finite number above 0"),
        ("background = 0.1", "background = 0.0", "expected a number above 0"),
        ("lag = 2", "lag = 2\nmembers = 3", "does nothing without an ensemble"),
        ("spin_up = 4", "spin_up = 12", "expected fewer than the 12 cycles"),
        ("name = \"EnKF\"", "name = \"LETKF\"", "Two methods are called 'LETKF'"),
        ("rotation = true", "rotation = true\nlag = 1", "does nothing for this kind"),
        ("rotation = true", "rotation = true\nritz_pairs = true", "does nothing for this kind"),
        ("lag = 2", "lag = 2\ngradient_reduction = 1.0", "expected less than 1"),
        ("ritz_pairs = true", "ritz_pairs = false", "does nothing without 'ritz_pairs'"),
    ];
    for (from, to, expected) in cases {
        let said = said(from, to);
        assert!(said.contains(expected), "{from} -> {to}: {said}");
    }
    let no_places = SMALL.replace("lorenz-96\"\nsize = 12", "lorenz-63\"");
    assert!(refused(folder.path(), &no_places, &[]).contains("have no place"));
    assert!(refused(folder.path(), SMALL, &["--device", "gpu:x"]).contains("gpu:x"));
    let missing = folder.path().join("none.bin");
    let said = refused(folder.path(), SMALL, &["--restart", missing.to_str().expect("text")]);
    assert!(said.contains("there is no such file"), "{said}");
}
