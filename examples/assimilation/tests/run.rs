//! The program as its users run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = r#"
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
fn diagnostics_tell_a_filter_that_is_right_from_one_that_is_too_sure() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"
[model]
name = "lorenz-96"

[experiment]
cycles = 500
spin_up = 200
settling = 500
samples = 60

[output]
folder = "out"
pictures = false

[[method]]
name = "right"
kind = "square-root"
members = 40
inflation = 1.01
rotation = true

[[method]]
name = "sure"
kind = "square-root"
members = 10
inflation = 1.0

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.02
"#;
    succeeded(&run(folder.path(), text, &[]));
    let path = folder.path().join("out").join("diagnostics.json");
    let found: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("diagnostics")).expect("JSON");
    let number = |method: usize, name: &str| found[method][name].as_f64().expect("a number");
    let of_members = |method: usize, name: &str| found[method]["ensemble"][name].as_f64().expect("a number");
    // Means over 300 times 40 observations, of which neighbours in time and place are alike: a standard error below 2 %.
    assert!((number(0, "observation_error_variance") - 1.0).abs() < 0.1, "{found}");
    let of_forecast = number(0, "forecast_error_variance") / number(0, "true_forecast_error_variance");
    assert!((of_forecast - 1.0).abs() < 0.5, "{found}");
    let spread = of_members(0, "spread") / of_members(0, "error");
    // An inflation of 1.01 is a little more than 40 members need.
    assert!((1.0..1.25).contains(&spread), "{found}");
    let signal = of_members(0, "degrees_of_freedom_per_observation");
    assert!(signal > 0.0 && signal < 0.2, "{found}");
    let impact = of_members(0, "impact") / of_members(0, "change");
    assert!((impact - 1.0).abs() < 0.1, "{found}");
    // Too few members without inflation: they lose the truth, which lies beyond all of them.
    assert!(of_members(1, "spread") < 0.5 * of_members(1, "error"), "{found}");
    assert!(of_members(1, "chi_square_bowl") > 20.0 * of_members(0, "chi_square_bowl").max(1.0), "{found}");
    assert!(number(1, "observation_error_variance") > 2.0, "{found}");
    assert!(found[2].get("ensemble").is_none() && !folder.path().join("out").join("ranks.png").exists());
    fs::remove_file(&path).expect("a file");
    succeeded(&run(folder.path(), &text.replace("pictures", "diagnostics = false\npictures"), &[]));
    assert!(!path.exists());
}

const ENSEMBLES: &str = r#"
[model]
name = "lorenz-96"
size = 20

[experiment]
cycles = 300
spin_up = 100
settling = 400
samples = 60
sampling = 10

[output]
pictures = false

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.05

[[method]]
name = "ETKF"
kind = "square-root"
members = 21
inflation = 1.02

[[method]]
name = "ESTKF"
kind = "error-subspace"
members = 21
inflation = 1.02

[[method]]
name = "LESTKF"
kind = "error-subspace"
members = 8
inflation = 1.05
radius = 4.0

[[method]]
name = "adaptive"
kind = "square-root"
members = 15
adaptive_inflation = true

[[method]]
name = "adaptive, local"
kind = "square-root"
members = 8
radius = 4.0
adaptive_inflation = true

[[method]]
name = "additive"
kind = "square-root"
members = 15
additive_inflation = 1e-3

[[method]]
name = "none"
kind = "square-root"
members = 15
"#;

#[test]
fn ensembles_follow_in_many_ways() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = errors(folder.path(), ENSEMBLES);
    assert!(all[1..7].iter().all(|error| *error < 0.75 * all[0]), "{all:?}");
    let text = fs::read_to_string(folder.path().join("errors/scores.csv")).expect("scores");
    let first = |name: &str| -> Vec<f64> {
        let lines = text.lines().filter(|line| line.starts_with(&format!("\"{name}\"")));
        lines
            .take(20)
            .map(|line| line.split(',').nth(3).expect("an error").parse().expect("a number"))
            .collect()
    };
    // Two ways to the same members; what rounding makes of that grows with the model.
    for (one, other) in first("ETKF").iter().zip(first("ESTKF")) {
        assert!((one - other).abs() < 1e-9, "{one} {other}");
    }
    // Without any, fifteen members are too sure.
    assert!(all[4] < 0.9 * all[7] && all[6] < 0.9 * all[7], "{all:?}");
    split(folder.path(), &ENSEMBLES.replace("= 300", "= 120"), "105");
    let cases = [
        (
            "radius = 4.0\nadaptive",
            "radius = 4.0\ninflation = 1.1\nadaptive",
            "expected one of inflation, prior_spread",
        ),
        (
            "kind = \"square-root\"\nmembers = 15\nadaptive",
            "kind = \"serial\"\nmembers = 15\nadaptive",
            "for this kind",
        ),
        ("additive_inflation = 1e-3", "additive_inflation = -1.0", "expected a number above 0"),
        (
            "kind = \"error-subspace\"",
            "kind = \"error-subspace\"\njitter = 1.0",
            "does nothing for this kind",
        ),
    ];
    for (from, to, expected) in cases {
        let said = refused(folder.path(), &ENSEMBLES.replacen(from, to, 1), &[]);
        assert!(said.contains(expected), "{from} -> {to}: {said}");
    }
}

#[test]
fn particles_follow_a_small_model_and_say_how_many_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"
[model]
name = "lorenz-63"

[observations]
interval = 25
standard_deviation = 1.414

[experiment]
cycles = 150
spin_up = 50
settling = 1_000
samples = 400

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.1

[[method]]
name = "particles"
kind = "particle"
members = 400
"#;
    let all = errors(folder.path(), text);
    assert!(all[1] < 0.7 * all[0], "{all:?}");
    let output = run(folder.path(), text, &["--out", folder.path().join("said").to_str().expect("text")]);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("members bore the weights on average, at least"), "{said}");
    split(folder.path(), &text.replace("= 150", "= 60"), "55");
    let said = refused(folder.path(), &text.replace("members = 400", "members = 400\ninflation = 1.1"), &[]);
    assert!(said.contains("does nothing for this kind"), "{said}");
}

#[test]
fn members_that_agree_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[model]\nname = \"lorenz-63\"\n[experiment]\ncycles = 40\nspin_up = 5\nsettling = 500\nsamples = 30\n\
                [observations]\ninterval = 1\nstandard_deviation = 30.0\n[output]\nfolder = \"out\"\n\
                [[method]]\nname = \"sure\"\nkind = \"square-root\"\nmembers = 6\ninflation = 0.5\n";
    let output = run(folder.path(), text, &[]);
    succeeded(&output);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("sure: members agreed on all that was observed in"), "{said}");
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

#[test]
fn real_soundings_change_a_real_state() {
    let Some(data) = std::env::var_os("TERRELLA_DATA") else {
        println!("not run: TERRELLA_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("sondes.toml"))
        .expect("the configuration")
        .replace("../extremes/data", root.join("../extremes/data").to_str().expect("text"))
        .replace("truncation = 63", "truncation = 31");
    let path = folder.path().join("sondes.toml");
    fs::write(&path, text).expect("a writable folder");
    let out = folder.path().join("out");
    let run = |observations: &Path| {
        Command::new(env!("CARGO_BIN_EXE_assimilation"))
            .arg("analyse")
            .arg(&path)
            .arg("--observations")
            .arg(observations)
            .arg("--out")
            .arg(&out)
            .output()
            .expect("the program starts")
    };
    let output = run(&Path::new(&data).join("04_observations/bufr/temp_dev80.bufr"));
    succeeded(&output);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(said.contains("the background is of another time"), "{said}");
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("a summary"))
            .expect("JSON");
    assert!(summary["converged"].as_bool().expect("a word"), "{said}");
    let feedback = terrella_io::observations::read_feedback(out.join("feedback.nc")).expect("a feedback");
    let used = feedback.departures.iter().filter(|departure| departure.is_used());
    assert_eq!(Some(used.clone().count() as u64), summary["analysed"].as_u64(), "others have their reason");
    assert!(used.clone().all(|departure| departure.analysis.is_finite()));
    for quantity in summary["quantities"].as_array().expect("a list") {
        let number = |name: &str| quantity[name].as_f64().expect("a number");
        assert!(number("values") > 1_000.0, "{quantity}");
        let (before, after) = (number("root_mean_square_innovation"), number("root_mean_square_residual"));
        // Sondes are far apart, so that each has its way: what is left is of the size of their errors.
        assert!(after < 0.6 * before, "{quantity}");
    }
    for name in ["feedback.nc", "increments.nc", "increments_500.png"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let refused = run(&root.join("Cargo.toml"));
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1);
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

const SEVERAL_TIMES: &str = r#"
[model]
name = "lorenz-96"
size = 12

[observations]
interval = 4
times = 4

[experiment]
cycles = 120
spin_up = 20
settling = 200
samples = 40
sampling = 5

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.1

[[method]]
name = "4D-Var"
kind = "4d-var"
background = 0.1
lag = 1

[[method]]
name = "EnKF"
kind = "stochastic"
members = 30
inflation = 1.15

[[method]]
name = "LETKF"
kind = "square-root"
members = 12
inflation = 1.2
radius = 4.0

[[method]]
name = "EAKF"
kind = "serial"
members = 12
prior_spread = 0.5
radius = 4.0

[[method]]
name = "smoother"
kind = "iterative-smoother"
members = 13
lag = 2
"#;

#[test]
fn observations_between_analyses_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let several = errors(folder.path(), SEVERAL_TIMES);
    let one = errors(folder.path(), &SEVERAL_TIMES.replace("times = 4", "times = 1"));
    for (several, one) in several.iter().zip(&one) {
        assert!(*several < 0.85 * one, "{several} {one}");
    }
    split(folder.path(), &SEVERAL_TIMES.replace("= 120", "= 30"), "25");
    let said = refused(folder.path(), &SEVERAL_TIMES.replace("times = 4", "times = 3"), &[]);
    assert!(said.contains("expected a divisor of 'interval', 4"), "{said}");
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

const HYBRIDS: &str = r#"
[model]
name = "lorenz-96"
size = 20

[observations]
interval = 2
times = 2

[experiment]
cycles = 150
spin_up = 50
settling = 400
samples = 60
sampling = 10

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.05

[[method]]
name = "hybrid 3D-Var"
kind = "hybrid-3d-var"
background = 0.05
ensemble_weight = 0.5
members = 10
inflation = 1.1
radius = 4.0

[[method]]
name = "hybrid 4D-Var"
kind = "hybrid-4d-var"
background = 0.05
ensemble_weight = 0.5
members = 10
inflation = 1.1
radius = 4.0

[[method]]
name = "4DEnVar"
kind = "4d-en-var"
ensemble_weight = 1.0
members = 10
inflation = 1.1
radius = 4.0

[[method]]
name = "hybrid 4DEnVar"
kind = "4d-en-var"
background = 0.05
ensemble_weight = 0.8
members = 10
inflation = 1.1
radius = 4.0

[[method]]
name = "EDA, 4D-Var"
kind = "ensemble-of-variational"
background = 0.05
members = 8
lag = 1

[[method]]
name = "EDA, 3D-Var"
kind = "ensemble-of-variational"
background = 0.05
members = 8
"#;

#[test]
fn ensembles_help_variational_methods() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = errors(folder.path(), HYBRIDS);
    // 100 cycles: a standard error of some 3 % of each.
    for (error, share) in all[1..5].iter().zip([0.95, 0.9, 0.7, 0.8]) {
        assert!(*error < share * all[0], "{all:?}");
    }
    // Members with perturbed observations: the mean is no better than one analysis with one covariance.
    assert!(all[5] < 1.1 * all[0] && all[6] < 1.15 * all[0], "{all:?}");
    let summary: serde_json::Value = serde_json::from_str(
        &fs::read_to_string(folder.path().join("errors/summary.json")).expect("a summary"),
    )
    .expect("JSON");
    // What members of 3D-Var differ by is about what their mean is away from the truth.
    let number = |key: &str| summary["methods"][6][key].as_f64().expect("a number");
    let share = number("analysis_spread") / number("analysis_error");
    assert!((0.3..3.0).contains(&share), "{share}");
    split(folder.path(), &HYBRIDS.replace("= 150", "= 60"), "55");
    let cases = [
        ("ensemble_weight = 0.5\n", "", "has no 'ensemble_weight'"),
        ("ensemble_weight = 0.5", "ensemble_weight = 1.5", "above 0 and at most 1"),
        ("ensemble_weight = 0.5", "ensemble_weight = 1.0", "does nothing with an 'ensemble_weight' of 1"),
        ("members = 8\n", "members = 8\ninflation = 1.1\n", "does nothing for this kind"),
        ("radius = 4.0", "radius = 4.0\nlag = 1", "does nothing for this kind"),
        ("background = 0.05", "background = 0.05\nensemble_weight = 0.5", "does nothing for this kind"),
    ];
    for (from, to, expected) in cases {
        let said = refused(folder.path(), &HYBRIDS.replacen(from, to, 1), &[]);
        assert!(said.contains(expected), "{from} -> {to}: {said}");
    }
}

#[test]
fn hybrids_follow_the_sphere() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "[model]\nname = \"shallow-water\"\ntruncation = 10\n[observations]\nevery = 7\ninterval = 4\ntimes = 2\n\
                    standard_deviation = 0.1\nrelative = true\n[experiment]\ncycles = 5\nspin_up = 2\nsettling = 400\nsamples = 20\n\
                    sampling = 12\n[[method]]\nname = \"free run\"\nkind = \"free-run\"\n"
        .to_owned();
    for kind in ["hybrid-3d-var", "hybrid-4d-var", "4d-en-var"] {
        text += &format!(
            "[[method]]\nname = \"{kind}\"\nkind = \"{kind}\"\nbackground = 0.2\nensemble_weight = 0.5\nmembers = 6\n\
             prior_spread = 0.5\nradius = 3e6\nouter_loops = 1\niterations = 20\n"
        );
    }
    let all = errors(folder.path(), &text);
    assert!(all[1..].iter().all(|error| *error < 0.6 * all[0]), "{all:?}");
}
