//! Filters and particles.

use std::fs;

use super::{errors, refused, run, split, succeeded};

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

const PARTICLES: &str = r#"
[model]
name = "lorenz-96"
size = 40

[experiment]
cycles = 400
spin_up = 100
settling = 400
samples = 100
sampling = 10

[output]
pictures = false

[[method]]
name = "3D-Var"
kind = "3d-var"
background = 0.02

[[method]]
name = "everywhere alike"
kind = "particle"
members = 40

[[method]]
name = "place by place"
kind = "local-particle"
members = 40
radius = 2.0
smoothing = 0.5
additive_inflation = 0.01
"#;

#[test]
fn local_particles_need_few_members() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = errors(folder.path(), PARTICLES);
    // Forty members are by far too few without places.
    assert!(all[1] > 2.0 && all[2] < 0.9 * all[0], "{all:?}");
    let output = run(
        folder.path(),
        PARTICLES,
        &["--out", folder.path().join("said").to_str().expect("text"), "--steps", "5"],
    );
    succeeded(&output);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("place by place: "), "{said}");
    split(folder.path(), &PARTICLES.replace("cycles = 400", "cycles = 120"), "105");
    // Each of its keys does something.
    let other = |from: &str, to: &str| {
        let text = PARTICLES.replacen(from, to, 1).replace("cycles = 400", "cycles = 120");
        errors(folder.path(), &text)[2]
    };
    let usual = other("", "");
    assert_eq!(usual, other("smoothing = 0.5\n", ""));
    for (from, to) in [
        ("smoothing = 0.5", "smoothing = 0.0"),
        ("additive_inflation = 0.01", ""),
        ("radius = 2.0", "radius = 2.5"),
        ("members = 40\nradius", "members = 39\nradius"),
    ] {
        assert_ne!(usual, other(from, to), "{from}");
    }
    let cases = [
        ("radius = 2.0\n", "", "has no 'radius'"),
        ("smoothing = 0.5", "smoothing = 1.5", "is 1.5: expected 0 to 1"),
        ("additive_inflation = 0.01", "inflation = 1.1", "does nothing for this kind"),
        ("smoothing = 0.5", "rotation = true", "does nothing for this kind"),
        ("smoothing = 0.5", "jitter = 1.0", "does nothing for this kind"),
        ("members = 40\n\n", "members = 40\nsmoothing = 0.5\n\n", "does nothing for this kind"),
        ("smoothing = 0.5", "smooting = 0.5", "did you mean 'smoothing'?"),
        ("name = \"lorenz-96\"\nsize = 40", "name = \"lorenz-63\"", "have no place"),
    ];
    for (from, to, expected) in cases {
        let said = refused(folder.path(), &PARTICLES.replacen(from, to, 1), &[]);
        assert!(said.contains(expected), "{from} -> {to}: {said}");
    }
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
