//! Forecasts from other states than the repository's, by a change of the configuration alone.

use std::path::{Path, PathBuf};

use crate::common::*;

const MODEL: &str = "equations = 'primitive'\nlevels = 'L26'";

fn summary(case: &Case) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(case.path("out/summary.json")).unwrap()).unwrap()
}

/// A file of Debian's package python-grib-doc; none, said aloud, where it is not installed.
fn example(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/share/doc/python-grib-doc/examples").join(name);
    if path.exists() {
        return Some(path);
    }
    not_run("python-grib-doc", &format!("{} does not exist", path.display()));
    None
}

/// Five days at T21 are stable and rain.
fn five_days(input: &Path, input_lines: &str) -> (String, serde_json::Value) {
    let case = Case::new();
    case.configure(input, input_lines, &format!("{MODEL}\nlength = 120"), "interval = 24");
    let said = expect_success(&case.run(&[]));
    let summary = summary(&case);
    let records = summary["records"].as_array().unwrap();
    assert_eq!(records.len(), 6);
    for record in records {
        let number = |name: &str| record[name].as_f64().unwrap();
        assert!((97_500.0..99_500.0).contains(&number("surface_pressure")), "{record}");
        assert!(number("maximum_wind") < 160.0 && number("coldest") > 150.0, "{record}");
    }
    let rain: Vec<f64> =
        summary["precipitation_rate"].as_array().unwrap().iter().map(|rate| rate.as_f64().unwrap()).collect();
    println!("{}: rain {rain:?} mm/day, noise {}", input.display(), summary["noise"]);
    assert!(rain.iter().all(|rate| (1.0..5.0).contains(rate)), "{rain:?}");
    (said, summary)
}

#[test]
fn grib1_of_another_date() {
    if !has_eccodes() {
        return;
    }
    let Some(input) = example("gfs.grb") else { return };
    let (said, summary) = five_days(&input, "");
    assert_eq!(summary["initial_time"], "2011-10-11T00:00:00Z");
    assert!(said.contains("the state's mask"), "{said}");
}

#[test]
fn a_file_without_levels_names_what_is_missing() {
    if !has_eccodes() {
        return;
    }
    let Some(input) = example("ecmwf_tigge.grb") else { return };
    let case = Case::new();
    case.configure(&input, "", MODEL, "");
    expect_failure(
        &case.run(&[]),
        &[
            "ecmwf_tigge.grb",
            "'u', 'v', 't' on pressure or hybrid levels",
            "no field on pressure or hybrid levels",
        ],
    );
}

#[test]
fn a_reanalysis_in_netcdf_without_surface_pressure_and_ground() {
    let Some(folder) = std::env::var_os("TERRELLA_DATA") else {
        println!("not run: TERRELLA_DATA is not set");
        return;
    };
    if !has_eccodes() {
        return;
    }
    let input = PathBuf::from(folder).join("01_atmosphere/era5_tl31_19590102T00.nc");
    let case = Case::new();
    case.configure(&input, "", MODEL, "");
    expect_failure(&case.run(&[]), &["era5_tl31_19590102T00.nc", "'orography' is missing"]);
    // The ground of another file; its height is what the geopotential meets.
    let (said, summary) = five_days(&input, &format!("orography = '{}'", real_state().display()));
    assert_eq!(summary["initial_time"], "1959-01-02T00:00:00Z");
    assert!(said.contains("where the geopotential of the levels meets the model's ground"), "{said}");
    assert!(said.contains("the mask of the orography's file"), "{said}");
    assert!(said.contains("the lowest level's, brought down"), "{said}");
}
