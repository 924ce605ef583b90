//! Forecasts with the primitive equations: what they write, splits, balance, and input that cannot be used.

use terrella_io::encode::{GribEncoder, GribSettings, Identity};
use terrella_io::read::{GribFile, Missing, Selection};
use terrella_io::{Level, Parameter};

use crate::common::*;

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
    assert_eq!(names.len(), 19);
    assert_eq!(&names[12..], ["prmsl", "sp", "10u", "10v", "tcwv", "2t", "tp"]);
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
        (Selection::parameter("2t"), 1.5),
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
fn rain_and_budgets_are_told() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", &format!("{MODEL}\nlength = 48"), "interval = 12");
    let said = expect_success(&case.run(&[]));
    assert!(said.contains("the sun where it stands") && said.contains("the state's mask"), "{said}");
    assert!(said.contains("cut to saturation at"), "{said}");
    let summary = summary(&case);
    let number = |table: &str, name: &str| summary[table][name].as_f64().unwrap();
    let rates: Vec<f64> =
        summary["precipitation_rate"].as_array().unwrap().iter().map(|rate| rate.as_f64().unwrap()).collect();
    println!("rain {rates:?} mm/day, {} {}", summary["water_budget"], summary["energy_budget"]);
    assert!(rates.iter().all(|rate| (1.5..4.5).contains(rate)), "{rates:?}");
    assert!(number("water_budget", "residual").abs() < 0.05, "{}", summary["water_budget"]);
    assert!(number("energy_budget", "residual").abs() < 8.0, "{}", summary["energy_budget"]);
    assert!((0.3..2.0).contains(&number("noise", "ratio")), "{}", summary["noise"]);

    if cfg!(target_os = "linux") {
        assert!(number("memory", "peak_over_arrays") > 1.0, "{}", summary["memory"]);
    }

    // Sums only grow, and the mean of the written field is the one of the summary.
    let table = String::from_utf8(bytes(&case, "out", "statistics.csv")).unwrap();
    let rain: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[1] == "tp")
        .collect();
    assert_eq!(rain.len(), 5);
    let value = |row: usize, column: usize| rain[row][column].parse::<f64>().unwrap();
    assert_eq!((rain[4][0], rain[4][3], value(0, 6)), ("48", "kg m-2", 0.0));
    assert!((1..5).all(|row| value(row, 4) > value(row - 1, 4) && value(row, 5) >= value(row - 1, 5)));
    let mean: f64 = rates.iter().sum::<f64>() / 2.0;
    assert!((value(4, 4) / mean - 1.0).abs() < 1e-5, "{} {mean}", value(4, 4));
    let netcdf = netcdf3::FileReader::open(case.path("out/forecast_2011011512.nc")).unwrap();
    let attribute = |name: &str| netcdf.data_set().get_var_attr_as_string("tp", name).unwrap();
    assert_eq!(
        (attribute("standard_name").as_str(), attribute("units").as_str()),
        ("precipitation_amount", "kg m-2")
    );
}

#[test]
fn other_suites_do_what_they_say() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(
        &real_state(),
        "",
        &format!("{MODEL}\ntruncation = 21\nlength = 12\n[physics]\nsuite = 'none'"),
        "",
    );
    let said = expect_success(&case.run(&[]));
    assert!(said.contains("no sun, sea, clouds or rain"), "{said}");
    let names = GribFile::open(case.path("out/forecast_2011011512_f012.grib2")).unwrap();
    assert_eq!(names.headers().len(), 17);
    assert!(summary(&case)["records"][2]["precipitation"] == 0.0);
    case.configure(
        &real_state(),
        "",
        &format!("{MODEL}\ntruncation = 21\nlength = 12\n[physics]\nsuite = 'simple'"),
        "",
    );
    assert!(expect_success(&case.run(&[])).contains("fluxes over a wet ground"));
    assert!(summary(&case)["records"][2]["precipitation"].as_f64().unwrap() > 0.05);
    assert!(summary(&case)["records"][2]["energy_from_above"] == 0.0);
    case.configure(
        &real_state(),
        "",
        &format!("{MODEL}\ntruncation = 21\nlength = 12\n[physics]\nsuite = 'wet'"),
        "",
    );
    expect_failure(&case.run(&[]), &["moist", "simple", "none"]);
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
    for name in names.iter().filter(|name| is_result(name)) {
        assert_eq!(bytes(&whole, "out", name), bytes(&split, "out", name), "{name}");
    }
    assert_eq!(summary(&whole)["mean_pressure_tendency"], summary(&split)["mean_pressure_tendency"]);

    let other = Case::new();
    other.configure(&real_state(), "", &format!("{MODEL}\nfriction_time = 12"), "");
    expect_failure(&other.run(&["--restart", checkpoint.to_str().unwrap()]), &["checkpoint", "another one"]);
    let restart = ["--restart", checkpoint.to_str().unwrap()];
    other.configure(&real_state(), "", &format!("{MODEL}\ntruncation = 31"), "");
    expect_failure(&other.run(&restart), &["it is of T21 L19 on F16, this run is of T31 L19 on F24"]);
    other.configure(&real_state(), "", "", "");
    expect_failure(&other.run(&restart), &["its layout is version 8"]);
    other.configure(&real_state(), "", &format!("{MODEL}\nprecision = 'f64'"), "checkpoint_interval = 12");
    expect_failure(&other.run(&restart), &["it holds f32 numbers", "--convert"]);
    // Converted, it goes on where it was; the whole run's checkpoint is at its end.
    expect_success(&split.run(&["--steps", "13"]));
    expect_success(&other.run(&[&restart[..], &["--convert"]].concat()));
    let mean = |case: &Case| summary(case)["records"][2]["total_energy"].as_f64().unwrap();
    assert!((mean(&other) / mean(&whole) - 1.0).abs() < 1e-5, "{} {}", mean(&other), mean(&whole));
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
        said.contains("the model is dry, without column physics")
            && said.contains("where the geopotential of the levels"),
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
    expect_failure(&output, &["Step ", "(t = ", "wind' is", "at level", "latitude", "longitude"]);
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let kept = case.path("out/before_failure.bin");
    assert!(said.contains("before it, is in") && kept.exists(), "{said}");
    // From there it fails again with the same settings, at the same step and place.
    let again = case.run(&["--restart", kept.to_str().unwrap()]);
    expect_failure(&again, &[complaint(&output).trim_end()]);
}

#[test]
fn levels_in_another_order_make_the_same_start() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let file = GribFile::open(real_state()).unwrap();
    let mut messages: Vec<Vec<u8>> =
        file.headers().iter().map(|header| file.message(header).unwrap()).collect();
    messages.reverse();
    std::fs::write(case.path("reversed.grib2"), messages.concat()).unwrap();
    let start = |input: &std::path::Path| {
        case.configure(input, "", MODEL, "");
        expect_success(&case.run(&["--steps", "1"]));
        summary(&case)["records"][0].clone()
    };
    assert_eq!(start(&case.path("reversed.grib2")), start(&real_state()));
}

#[test]
fn heights_in_the_wrong_unit_and_gaps_in_levels_are_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let is_upper = |header: &terrella_io::read::Header| header.pressure().is_some();
    // The state without its heights, and heights that are geopotentials.
    let input = part(&case, |header| !(is_upper(header) && header.short_name == "gh"));
    let mut bytes = std::fs::read(&input).unwrap();
    let file = GribFile::open(real_state()).unwrap();
    for header in file.headers().iter().filter(|header| is_upper(header) && header.short_name == "gh") {
        let field = file.decode(header, Missing::Refuse).unwrap();
        let encoder = GribEncoder::new(&field.layout, &GribSettings::default()).unwrap();
        let identity = Identity {
            parameter: Parameter::GEOPOTENTIAL_HEIGHT,
            level: Level::Pressure(header.level),
            reference: header.reference,
            valid: header.valid,
        };
        let values: Vec<f64> = field.values.iter().map(|height| 9.80665 * height).collect();
        bytes.extend(encoder.encode(&identity, &values).unwrap());
    }
    std::fs::write(&input, bytes).unwrap();
    case.configure(&input, "", MODEL, "");
    expect_failure(&case.run(&[]), &["part.grib2", "'geopotential'", "m² s⁻²"]);
    // A level without temperature is told, and left out.
    let input = part(&case, |header| !(header.short_name == "u" && header.pressure() == Some(500.0)));
    case.configure(&input, "", MODEL, "");
    let said = expect_success(&case.run(&["--steps", "1"]));
    assert!(said.contains("500 hPa lacks u"), "{said}");
}
