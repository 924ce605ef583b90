//! Variational analyses with ensembles.

use std::fs;

use super::{errors, refused, split};

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
