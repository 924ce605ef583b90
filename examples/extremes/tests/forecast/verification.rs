//! `extremes verify` on files with known answers.

use std::process::Output;

use terrella_io::Parameter;
use terrella_io::layout::Layout;

use crate::common::*;

fn verify(case: &Case, arguments: &[&str]) -> Output {
    let mut command = program();
    command
        .arg("verify")
        .arg("--forecast")
        .arg(case.path("forecast"))
        .arg("--analysis")
        .arg(case.path("analysis.grib2"));
    command.args(arguments).output().unwrap()
}

/// Forecast files of steps 0 and 6 on one grid, an analysis of the time of step 6 on another.
fn prepare(case: &Case) {
    let layout = full_gaussian(32);
    let flow = Flow::on(&layout);
    std::fs::create_dir(case.path("forecast")).unwrap();
    for step in [0, 6] {
        let shifted: Vec<f64> = flow.height.iter().map(|height| height + f64::from(step)).collect();
        let valid = start().plus_seconds(3600 * i64::from(step));
        let fields =
            [(Parameter::GEOPOTENTIAL_HEIGHT, &shifted[..]), (Parameter::EASTWARD_WIND, &flow.u[..])];
        write_grib_at(&case.path(&format!("forecast/f{step:03}.grib2")), &layout, &fields, start(), valid);
    }
    let layout = Layout::global_lat_lon(48, 25);
    let flow = Flow::on(&layout);
    let truth: Vec<f64> = flow.height.iter().map(|height| height + 10.0).collect();
    let valid = start().plus_seconds(6 * 3600);
    let fields = [(Parameter::GEOPOTENTIAL_HEIGHT, &truth[..]), (Parameter::EASTWARD_WIND, &flow.u[..])];
    write_grib_at(&case.path("analysis.grib2"), &layout, &fields, valid, valid);
    let zonal: Vec<f64> = vec![5600.0; layout.points()];
    write_grib(
        &case.path("climate.grib2"),
        &layout,
        &[(Parameter::GEOPOTENTIAL_HEIGHT, &zonal[..]), (Parameter::EASTWARD_WIND, &zonal[..])],
    );
}

#[test]
fn known_differences_are_found() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    prepare(&case);
    let json = case.path("scores.json");
    let climatology = case.path("climate.grib2");
    let output =
        verify(&case, &["--climatology", climatology.to_str().unwrap(), "--json", json.to_str().unwrap()]);
    let said = expect_success(&output);
    assert!(said.contains("gh") && said.contains("northern extratropics"), "{said}");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(rows.len(), 8, "two parameters in four regions");
    for row in &rows {
        let number = |key: &str| row[key].as_f64().unwrap();
        assert_eq!(row["step_hours"], 6.0);
        assert!(number("anomaly_correlation") > 0.999_99, "{row}");
        if row["parameter"] == "gh" {
            // The forecast is 4 m below the analysis everywhere, its step 0 is 10 m below.
            assert!((number("bias") + 4.0).abs() < 0.01, "{row}");
            assert!((number("rmse") - 4.0).abs() < 0.01, "{row}");
            assert!((number("persistence_rmse") - 10.0).abs() < 0.01, "{row}");
        } else {
            assert!(number("rmse") < 1e-3, "{row}");
        }
    }
}

#[test]
fn nothing_in_common_lists_what_there_is() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    prepare(&case);
    let output = verify(&case, &["--step", "0"]);
    expect_failure(
        &output,
        &[
            "No valid time matches",
            "at step 0 h gh valid 2020-06-01T00:00:00Z",
            "gh valid 2020-06-01T06:00:00Z",
        ],
    );
    expect_failure(&verify(&case, &["--level", "850"]), &["at 850 hPa", "gh at 500 hPa"]);
    expect_failure(&verify(&case, &["--parameters", "t"]), &["no t at 500 hPa"]);
    expect_failure(&verify(&case, &["--climatology", "absent.grib"]), &["absent.grib"]);
    let folder = case.path("climate.grib2");
    let json = folder.join("scores.json");
    expect_failure(&verify(&case, &["--json", json.to_str().unwrap()]), &["scores.json", "creating"]);
}

/// A real ECMWF analysis on 5° without height, and the same model's 6 h forecast: ours must beat persistence.
#[test]
fn a_forecast_from_a_real_wind_analysis_beats_persistence() {
    let Some(folder) = std::env::var_os("TERRELLA_DATA") else {
        println!("not run: TERRELLA_DATA is not set");
        return;
    };
    if !has_eccodes() {
        return;
    }
    let input = std::path::PathBuf::from(folder).join("01_atmosphere/data_uv_dev_step0-6.grib");
    let case = Case::new();
    case.configure(&input, "step = 0", "truncation = 42", "");
    expect_success(&case.run(&[]));
    let json = case.path("scores.json");
    let mut command = program();
    command.arg("verify").arg("--forecast").arg(case.path("out")).arg("--analysis").arg(&input);
    expect_success(
        &command.args(["--parameters", "u,v", "--step", "6", "--json"]).arg(&json).output().unwrap(),
    );
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows.iter().filter(|row| row["region"] != "tropics") {
        let (rmse, persistence) = (row["rmse"].as_f64().unwrap(), row["persistence_rmse"].as_f64().unwrap());
        assert!(rmse < 0.85 * persistence, "{row}");
    }
}

#[test]
fn a_forecast_verifies_against_its_own_start() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "truncation = 63\ninitialisation = 'none'", "");
    expect_success(&case.run(&["--steps", "1"]));
    let mut command = program();
    command.arg("verify").arg("--forecast").arg(case.path("out")).arg("--analysis").arg(real_state());
    let json = case.path("scores.json");
    let output = command.arg("--json").arg(&json).output().unwrap();
    expect_success(&output);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let globe = |parameter: &str| {
        let row = rows.iter().find(|row| row["parameter"] == parameter && row["region"] == "globe").unwrap();
        row["rmse"].as_f64().unwrap()
    };
    // What T63 cannot hold of 2.5° fields: little height, some wind.
    assert!(globe("gh") < 2.5 && globe("u") < 2.0 && globe("v") < 2.0, "{rows:?}");
}
