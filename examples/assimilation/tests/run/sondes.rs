//! Real soundings.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::succeeded;

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
        // Sondes are far apart, so that each has its way: what is left is of the size of their errors, which of humidity are large.
        let share = if quantity["quantity"] == "specific_humidity" { 0.8 } else { 0.6 };
        assert!(after < share * before, "{quantity}");
    }
    for name in ["feedback.nc", "increments.nc", "increments_500.png"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    // Packed, of a summer: North America is warmer and moister than the winter's forecast.
    let output = run(&Path::new(&data).join("04_observations/madis_2005082600/2005082600_rawin.nc.gz"));
    succeeded(&output);
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).expect("a summary"))
            .expect("JSON");
    for quantity in &summary["quantities"].as_array().expect("a list")[2..] {
        let number = |name: &str| quantity[name].as_f64().expect("a number");
        assert!(number("mean_innovation") > 0.3 * number("root_mean_square_innovation"), "{quantity}");
        assert!(number("mean_residual").abs() < 0.5 * number("mean_innovation"), "{quantity}");
    }
    let heights = summary["not_analysed"].as_array().expect("a list");
    assert!(heights.iter().any(|of| of["quantity"] == "geopotential_height" && of["at"] == "levels"));
    // Stations alone leave nothing to analyse, and that is said.
    let refused = run(&Path::new(&data).join("04_observations/bufr/obs_3day.bufr"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not-analysed"), "{refused:?}");
    let refused = run(&root.join("Cargo.toml"));
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1);
}
