//! What is found out beside errors.

use std::fs;

use super::{run, succeeded};

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
