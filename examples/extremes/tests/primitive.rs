//! Forecasts with the primitive equations: what they write, splits, balance, and input that cannot be used.

mod common;

use common::*;
use terrella_io::read::{GribFile, Missing, Selection};

/// T21 L19, 12 h.
const MODEL: &str = "equations = 'primitive'\nlevels = 'L19'";

fn bytes(case: &Case, folder: &str, name: &str) -> Vec<u8> {
    std::fs::read(case.path(folder).join(name)).unwrap()
}

fn summary(case: &Case) -> serde_json::Value {
    serde_json::from_slice(&bytes(case, "out", "summary.json")).unwrap()
}

/// The global state's fields that `keep` wants, as a file of the case.
fn part(case: &Case, keep: impl Fn(&terrella_io::read::Header) -> bool) -> std::path::PathBuf {
    let file = GribFile::open(real_state()).unwrap();
    let chosen = file.headers().iter().filter(|header| keep(header));
    let bytes: Vec<u8> = chosen.flat_map(|header| file.message(header).unwrap()).collect();
    let path = case.path("part.grib2");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_forecast_writes_surfaces_sea_level_and_ground() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", MODEL, "");
    let said = expect_success(&case.run(&[]));
    assert!(said.contains("hydrostatic primitive equations, T21") && said.contains("read back"), "{said}");
    let summary = summary(&case);
    assert_eq!(summary["status"], "complete");
    let records = summary["records"].as_array().unwrap();
    assert_eq!(records.len(), 3);
    let number = |record: usize, name: &str| records[record][name].as_f64().unwrap();
    assert!((number(0, "surface_pressure") - 98_500.0).abs() < 300.0);
    assert!((number(2, "surface_pressure") / number(0, "surface_pressure") - 1.0).abs() < 1e-6);
    assert!(number(2, "maximum_wind") < 150.0 && number(2, "height_change") > 5.0);
    let noise = summary["mean_pressure_tendency"].as_array().unwrap();
    assert!(noise.iter().all(|noise| noise.as_f64().unwrap() < 1.5), "{noise:?}");

    let start = GribFile::open(case.path("out/forecast_2011011512_f000.grib2")).unwrap();
    let names: Vec<&str> = start.headers().iter().map(|header| header.short_name.as_str()).collect();
    assert_eq!(names.len(), 16);
    assert_eq!(&names[12..], ["prmsl", "sp", "10u", "10v"]);
    assert_eq!((start.headers()[12].level_type.as_str(), start.headers()[12].level), ("meanSea", 0.0));
    // The start is the analysis, but for its small scales and its waves.
    let area_mean = |values: &[f64], latitude: &dyn Fn(usize) -> f64| {
        let weights: Vec<f64> = (0..values.len()).map(|point| latitude(point).to_radians().cos()).collect();
        values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>()
            / weights.iter().sum::<f64>()
    };
    let analysis = GribFile::open(real_state()).unwrap();
    for (selection, tolerance) in [
        (Selection::parameter("gh").pressure(500.0), 12.0),
        (Selection::parameter("gh").pressure(850.0), 12.0),
        (Selection::parameter("t").pressure(850.0), 0.4),
        (Selection::parameter("u").pressure(250.0), 0.3),
        (Selection::parameter("prmsl"), 100.0),
    ] {
        let means = [&start, &analysis].map(|file| {
            let header = file.find(&selection).unwrap();
            let field = file.decode(header, Missing::Refuse).unwrap();
            let places: Vec<(f64, f64)> = field.layout.coordinates().collect();
            area_mean(&field.values, &|point| places[point].1)
        });
        assert!((means[0] - means[1]).abs() < tolerance, "{selection}: {means:?}");
    }
}

#[test]
fn a_split_run_equals_the_whole_one_bit_for_bit() {
    if !has_eccodes() {
        return;
    }
    let whole = Case::new();
    whole.configure(&real_state(), "", MODEL, "checkpoint_interval = 12");
    expect_success(&whole.run(&[]));
    let split = Case::new();
    split.configure(&real_state(), "", MODEL, "checkpoint_interval = 12");
    // In the middle of an output interval.
    expect_success(&split.run(&["--steps", "13"]));
    let checkpoint = split.path("out/checkpoint.bin");
    expect_success(&split.run(&["--restart", checkpoint.to_str().unwrap()]));
    let names = whole.names("out");
    assert_eq!(names, split.names("out"));
    for name in names.iter().filter(|name| *name != "summary.json") {
        assert_eq!(bytes(&whole, "out", name), bytes(&split, "out", name), "{name}");
    }
    assert_eq!(summary(&whole)["mean_pressure_tendency"], summary(&split)["mean_pressure_tendency"]);

    let other = Case::new();
    other.configure(&real_state(), "", &format!("{MODEL}\nfriction_time = 12"), "");
    expect_failure(&other.run(&["--restart", checkpoint.to_str().unwrap()]), &["checkpoint", "another one"]);
    other.configure(&real_state(), "", &format!("{MODEL}\nprecision = 'f64'"), "");
    expect_failure(&other.run(&["--restart", checkpoint.to_str().unwrap()]), &["it holds f32 numbers"]);
    other.configure(&real_state(), "", "", "");
    expect_failure(&other.run(&["--restart", checkpoint.to_str().unwrap()]), &["its layout is version 4"]);
}

#[test]
fn the_digital_filter_calms_the_start() {
    if !has_eccodes() {
        return;
    }
    let noise = |initialisation: &str| {
        let case = Case::new();
        case.configure(
            &real_state(),
            "",
            &format!("{MODEL}\ninitialisation = '{initialisation}'\nlength = 6"),
            "",
        );
        expect_success(&case.run(&[]));
        summary(&case)["mean_pressure_tendency"][0].as_f64().unwrap()
    };
    let (raw, calm) = (noise("none"), noise("digital-filter"));
    println!("mean |dp_s/dt| of the first step: {raw:.2} hPa/h, filtered {calm:.2} hPa/h");
    assert!(calm < 0.5 * raw, "{raw} {calm}");
}

#[test]
fn states_without_surface_pressure_or_humidity_do() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let input = part(&case, |header| {
        let upper =
            ["u", "v", "t", "gh"].contains(&header.short_name.as_str()) && header.pressure().is_some();
        upper || header.short_name == "orog"
    });
    case.configure(&input, "", MODEL, "");
    let said = expect_success(&case.run(&[]));
    assert!(
        said.contains("the model is dry") && said.contains("where the geopotential of the levels"),
        "{said}"
    );
    let mean = summary(&case)["records"][0]["surface_pressure"].as_f64().unwrap();
    assert!((mean - 98_500.0).abs() < 300.0, "{mean}");
}

#[test]
fn what_cannot_be_used_is_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let is_upper = |header: &terrella_io::read::Header| header.pressure().is_some();
    let input = part(&case, |header| is_upper(header) && ["u", "v"].contains(&header.short_name.as_str()));
    case.configure(&input, "", MODEL, "");
    expect_failure(&case.run(&[]), &["part.grib2", "no 't' on pressure or hybrid levels"]);
    let input =
        part(&case, |header| is_upper(header) && ["u", "v", "t", "gh"].contains(&header.short_name.as_str()));
    case.configure(&input, "", MODEL, "");
    expect_failure(&case.run(&[]), &["part.grib2", "'orography' is missing"]);
    // The ground of another file will do.
    let other = format!("orography = '{}'", real_state().display());
    case.configure(&input, &other, MODEL, "");
    expect_success(&case.run(&[]));
    case.configure(&real_state(), "", "equations = 'primitive'\nlevels = 'L20'", "");
    expect_failure(&case.run(&[]), &["L20", "L26"]);
    case.configure(&real_state(), "", "equations = 'primitve'", "");
    expect_failure(&case.run(&[]), &["Key 'equations' in [model]", "\"primitive\""]);
    case.configure(&real_state(), "", "equations = 'primitive'\nfrictoin_time = 3", "");
    expect_failure(&case.run(&[]), &["did you mean 'friction_time'?"]);
    case.configure(&real_state(), "", &format!("{MODEL}\ntime_step = 3600"), "");
    expect_failure(&case.run(&[]), &["'time_step' in [model] is 3600 s", "Courant number 1"]);
}

#[test]
fn an_unstable_run_stops_with_time_level_and_place() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    // The longest step that is let in, without damping: winds grow above its limit.
    let model = format!(
        "{MODEL}\ntruncation = 63\ntime_step = 900\ndiffusion_time = 0\nfilter = 0\nsponge_time = 0\nfriction_time = 0\ninitialisation = 'none'\nlength = 240"
    );
    case.configure(
        &real_state(),
        "",
        &model,
        "interval = 24\ncheckpoint_interval = 24\nformats = ['netcdf']",
    );
    let output = case.run(&[]);
    expect_failure(&output, &["Step ", "wind' is", "at level", "latitude", "longitude"]);
}
