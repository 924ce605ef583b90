//! Diagnostics of extremes, animations and ensembles: what they write, splits, and settings that cannot be.

use netcdf3::FileReader;
use serde_json::Value;
use terrella_io::read::{GribFile, Missing};

use crate::common::*;

/// T21 L19.
const MODEL: &str = "equations = 'primitive'\nlevels = 'L19'";

fn bytes(case: &Case, name: &str) -> Vec<u8> {
    std::fs::read(case.path("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(case: &Case, name: &str) -> Value {
    serde_json::from_slice(&bytes(case, name)).unwrap()
}

/// All records of a variable.
fn records(case: &Case, file: &str, variable: &str) -> Vec<Vec<f32>> {
    let mut reader = FileReader::open(case.path("out").join(file)).unwrap();
    let count = reader.data_set().num_records().unwrap();
    (0..count).map(|record| reader.read_record_f32(variable, record).unwrap()).collect()
}

fn closest(one: &[f32], other: &[f32], tolerance: f32, what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    let worst = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance, "{what}: off by {worst}");
}

#[test]
fn diagnostics_are_those_of_the_written_fields_and_survive_a_split() {
    if !has_eccodes() {
        return;
    }
    let tables = "[diagnostics]\ninterval = 6\nwind_thresholds = [5, 10]\nprecipitation_window = 12\n\
                  precipitation_thresholds = [1]\nheat_threshold = 288\nheat_days = 1";
    let output = "pictures = true\npicture_width = 400\nanimation = true\nanimation_width = 300\n\
                  animation_fields = ['prmsl', 't850', '10si']";
    let whole = Case::new();
    whole.configure(&real_state(), tables, &format!("{MODEL}\nlength = 24"), output);
    expect_success(&whole.run(&[]));
    let (forecast, stem) = ("forecast_2011011512.nc", "2011011512");
    let points = records(&whole, forecast, "prmsl")[0].len();

    // Exceedance: six-hourly values, of which the first only counts in the maximum.
    let exceedance = format!("exceedance_{stem}.nc");
    let speeds: Vec<Vec<f32>> = records(&whole, forecast, "10u")
        .iter()
        .zip(records(&whole, forecast, "10v"))
        .map(|(u, v)| u.iter().zip(v).map(|(u, v)| u.hypot(v)).collect())
        .collect();
    let over_times = |function: &dyn Fn(usize) -> f32| (0..points).map(function).collect::<Vec<f32>>();
    let strongest = over_times(&|point| speeds.iter().map(|speed| speed[point]).fold(0.0, f32::max));
    closest(&records(&whole, &exceedance, "wind_maximum")[0], &strongest, 1e-4, "strongest wind");
    let fraction =
        over_times(&|point| speeds[1..].iter().filter(|speed| speed[point] > 5.0).count() as f32 / 4.0);
    let got = &records(&whole, &exceedance, "wind_above_5")[0];
    let different =
        got.iter().zip(&fraction).filter(|(got, expected)| (**got - **expected).abs() > 1e-6).count();
    // Speeds are rounded differently before they are compared with the threshold.
    assert!(different <= 2, "{different} of {points}");
    assert!(got.iter().any(|share| *share > 0.9) && got.iter().any(|share| *share < 0.1));
    let rain = records(&whole, forecast, "tp");
    let most = over_times(&|point| {
        (2..5).map(|time| rain[time][point] - rain[time - 2][point]).fold(f32::MIN, f32::max)
    });
    let got = &records(&whole, &exceedance, "precipitation_12h_maximum")[0];
    closest(got, &most, 1e-4, "precipitation in 12 h");
    assert!(got.iter().any(|amount| *amount > 1.0));

    // A heat wave of at least a day: where the day's highest temperature is above 288 K.
    let heat = format!("heat_wave_{stem}.nc");
    let temperatures = records(&whole, forecast, "2t");
    let hottest = over_times(&|point| temperatures.iter().map(|field| field[point]).fold(0.0, f32::max));
    let magnitude = over_times(&|point| (hottest[point] - 288.0).max(0.0));
    closest(&records(&whole, &heat, "heat_wave_magnitude")[0], &magnitude, 1e-3, "magnitude");
    let days = over_times(&|point| if hottest[point] > 288.0 { 1.0 } else { 0.0 });
    assert_eq!(records(&whole, &heat, "heat_wave_days")[0], days);
    assert!(days.contains(&0.0) && days.contains(&1.0));

    // Cyclones: every track lives a day; the deepest is one of the deep lows of the state.
    let table = String::from_utf8(bytes(&whole, &format!("cyclones_{stem}.csv"))).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let collection = json(&whole, &format!("cyclones_{stem}.geojson"));
    let tracks = collection["features"].as_array().unwrap();
    assert_eq!(rows.len(), 5 * tracks.len());
    assert!(tracks.len() >= 5, "{table}");
    let pressure = |row: &Vec<&str>| row[5].parse::<f64>().unwrap();
    let start = rows.iter().filter(|row| row[2] == "0");
    let deepest = start.min_by(|one, other| pressure(one).total_cmp(&pressure(other))).unwrap();
    assert!((955.0..985.0).contains(&pressure(deepest)), "{table}");
    let [latitude, longitude] = [3, 4].map(|column: usize| deepest[column].parse::<f64>().unwrap());
    // South of New Zealand or near Iceland, the two lowest of the state, at a resolution of 5.6°.
    let near = |north: f64, east: f64| (latitude - north).abs() < 6.0 && (longitude - east).abs() < 12.0;
    assert!(near(-60.0, 187.0) || near(65.0, 348.0), "{table}");

    // With a look at every step, winds between output times count too, and tracks have them.
    let fine = Case::new();
    fine.configure(
        &real_state(),
        "[diagnostics]\ninterval = 0\nheat_wave = false",
        &format!("{MODEL}\nlength = 24"),
        "pictures = false",
    );
    expect_success(&fine.run(&[]));
    let stronger = &records(&fine, &exceedance, "wind_maximum")[0];
    assert!(stronger.iter().zip(&strongest).all(|(fine, coarse)| *fine >= *coarse - 1e-4));
    let gusts = stronger.iter().zip(&strongest).filter(|(fine, coarse)| **fine > **coarse + 0.5).count();
    assert!(gusts > 20, "{gusts} of {points}");
    let steps = json(&fine, "summary.json")["run"]["steps"].as_u64().unwrap();
    let table = String::from_utf8(bytes(&fine, &format!("cyclones_{stem}.csv"))).unwrap();
    let hours: std::collections::BTreeSet<&str> =
        table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(hours.len() as u64, steps + 1, "{hours:?}");

    // Animations have a picture per output time.
    for name in ["prmsl", "t850", "10si"] {
        let file = bytes(&whole, &format!("animation_{name}.png"));
        let control = file.windows(4).position(|window| window == b"acTL").unwrap();
        assert_eq!(file[control + 4..control + 8], 5_u32.to_be_bytes(), "{name}");
    }

    let split = Case::new();
    split.configure(&real_state(), tables, &format!("{MODEL}\nlength = 24"), output);
    expect_success(&split.run(&["--steps", "31"]));
    let checkpoint = split.path("out/checkpoint.bin");
    expect_success(&split.run(&["--restart", checkpoint.to_str().unwrap()]));
    for name in whole.names("out").iter().filter(|name| is_result(name) && *name != "checkpoint.bin") {
        assert!(bytes(&whole, name) == bytes(&split, name), "{name} differs");
    }
    // Without the animation its memory is another run's.
    split.configure(&real_state(), tables, &format!("{MODEL}\nlength = 24"), "");
    expect_failure(&split.run(&["--restart", checkpoint.to_str().unwrap()]), &["film", "not this run's"]);
}

#[test]
fn an_ensemble_writes_mean_spread_and_probabilities_of_its_members() {
    if !has_eccodes() {
        return;
    }
    let tables = "[ensemble]\nmembers = 3\namplitude = 2\nmember_files = true\n\
                  probabilities = { '10si' = [5, 8], t850 = [275] }";
    let model = format!("{MODEL}\nlength = 6\ninitialisation = 'none'");
    let whole = Case::new();
    whole.configure(&real_state(), tables, &model, "");
    let said = expect_success(&whole.run(&[]));
    assert!(said.contains("member 2: 2 m/s of random wind") && said.contains("3 members"), "{said}");
    let progress = json(&whole, "ensemble.json");
    assert_eq!((progress["status"].as_str(), progress["finished"].as_u64()), (Some("complete"), Some(3)));
    assert!(!whole.path("out/ensemble_statistics").exists());

    let member = |member: u32, variable: &str| {
        records(&whole, &format!("member_{member:03}/forecast_2011011512.nc"), variable)
    };
    let product = |variable: &str| records(&whole, "ensemble_2011011512.nc", variable);
    for (variable, size) in [("gh", 1e4_f32), ("t", 300.0), ("prmsl", 1e5), ("10v", 10.0), ("tcwv", 50.0)] {
        let members: Vec<Vec<Vec<f32>>> = (0..3).map(|number| member(number, variable)).collect();
        for time in 0..2 {
            let at = |point: usize| [0, 1, 2].map(|number: usize| f64::from(members[number][time][point]));
            let count = members[0][time].len();
            let mean: Vec<f32> =
                (0..count).map(|point| (at(point).iter().sum::<f64>() / 3.0) as f32).collect();
            let spread: Vec<f32> = (0..count)
                .map(|point| {
                    let values = at(point);
                    let mean = values.iter().sum::<f64>() / 3.0;
                    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 2.0).sqrt() as f32
                })
                .collect();
            closest(&product(&format!("{variable}_mean"))[time], &mean, 3e-7 * size, variable);
            closest(&product(&format!("{variable}_spread"))[time], &spread, 1e-6 * size, variable);
        }
    }
    // The first two perturbed members are opposite at the start, so that the mean is the control.
    let (mean, control) = (product("t_mean"), member(0, "t"));
    // What is read off at a pressure, above all below the ground, is not linear in the surface pressure.
    closest(&mean[0], &control[0], 0.05, "mean of a pair and the control");
    let largest = product("t_spread")[0].iter().copied().fold(0.0, f32::max);
    assert!(largest > 1.0, "{largest}");
    let spread = &product("10u_spread")[0];
    let rms =
        (spread.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / spread.len() as f64).sqrt();
    // One component of 2 m/s, brought to 10 m, on a grid that is denser towards the poles.
    assert!((0.5..2.0).contains(&rms), "{rms}");
    // In balance: gravity waves are those of the analysis, which is not filtered here.
    let noise = |number: u32| {
        let summary = json(&whole, &format!("member_{number:03}/summary.json"));
        summary["mean_pressure_tendency"].as_array().unwrap()[..6]
            .iter()
            .map(|x| x.as_f64().unwrap())
            .sum::<f64>()
    };
    assert!(noise(1) < 1.1 * noise(0) && noise(2) < 1.1 * noise(0), "{} {} {}", noise(0), noise(1), noise(2));
    let temperatures: Vec<Vec<f32>> = (0..3).map(|number| member(number, "t")[1].clone()).collect();
    let points = temperatures[0].len() / 3;
    let share: Vec<f32> = (2 * points..3 * points)
        .map(|point| temperatures.iter().filter(|field| field[point] > 275.0).count() as f32 / 3.0)
        .collect();
    closest(&product("t850_above_275")[1], &share, 1e-6, "probability");
    assert!(share.iter().any(|share| *share > 0.1 && *share < 0.9));

    let file = GribFile::open(whole.path("out/ensemble_2011011512_f006.grib2")).unwrap();
    // 12 fields on surfaces and 7 others, 4 wind speeds: mean and spread of each; three probabilities.
    assert_eq!(file.headers().len(), 2 * (12 + 7 + 4) + 3);
    let percent = file.decode(&file.headers()[file.headers().len() - 1], Missing::Refuse).unwrap();
    let share = &product("10si_above_8")[1];
    assert!(percent.values.iter().zip(share).all(|(a, b)| (a - 100.0 * f64::from(*b)).abs() < 0.01));
    let own = GribFile::open(whole.path("out/member_002/forecast_2011011512_f006.grib2")).unwrap();
    let members: Vec<Option<i64>> = own.headers().iter().map(|header| header.member).collect();
    assert!(members.iter().all(|member| *member == Some(2)), "{members:?}");

    // Stopped in the second member, and continued.
    let split = Case::new();
    split.configure(&real_state(), tables, &model, "");
    let steps = progress["steps_per_member"].as_u64().unwrap();
    let said = expect_success(&split.run(&["--steps", &(steps + 3).to_string()]));
    assert!(said.contains("ensemble.json"), "{said}");
    let between = json(&split, "ensemble.json");
    assert_eq!((between["finished"].as_u64(), between["status"].as_str()), (Some(1), Some("running")));
    assert!(!split.path("out/ensemble_2011011512.nc").exists());
    let restart = split.path("out/ensemble.json");
    expect_success(&split.run(&["--restart", restart.to_str().unwrap()]));
    for name in ["ensemble_2011011512.nc", "ensemble_2011011512_f000.grib2", "ensemble_2011011512_f006.grib2"]
    {
        assert!(bytes(&whole, name) == bytes(&split, name), "{name} differs");
    }
    let done = split.run(&["--restart", restart.to_str().unwrap()]);
    expect_failure(&done, &["all 3 members are done"]);
    let checkpoint = split.path("out/member_001/checkpoint.bin");
    expect_failure(&split.run(&["--restart", checkpoint.to_str().unwrap()]), &["an ensemble goes on from"]);
}

#[test]
fn settings_that_cannot_be_are_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let complaint = |tables: &str, output: &str, words: &[&str]| {
        case.configure(&real_state(), tables, MODEL, output);
        expect_failure(&case.run(&[]), words);
    };
    complaint("[diagnostics]\ncyclone = true", "", &["'cyclone' in [diagnostics]", "'cyclones'"]);
    complaint("[diagnostic]\ncyclones = true", "", &["[diagnostic]", "'diagnostics'"]);
    complaint("[ensemble]\nmember = 3", "", &["'member' in [ensemble]: it belongs into [input]"]);
    complaint("[ensemble]\nperturbation = 'random'", "", &["random-balanced"]);
    complaint("[ensemble]\nmembers = 1", "", &["Key 'members' in [ensemble] is 1: expected 2 to 1000"]);
    complaint("[diagnostics]\nwind_thresholds = [20, 10]", "", &["wind_thresholds", "rising"]);
    complaint(
        "[diagnostics]\nprecipitation_window = 7",
        "",
        &["precipitation_window", "multiple of 'interval'"],
    );
    complaint("[diagnostics]\ninterval = 7", "", &["Key 'interval' in [diagnostics] is 7: expected 0 to 6"]);
    complaint("[diagnostics]\ninterval = 0.7", "", &["'interval'", "0.7 h", "0.5, 1, 1.5, 2, 3, 6"]);
    complaint("", "animation = true\nanimation_fields = ['t851']", &["animation_fields", "'t851'", "'t850'"]);
    complaint(
        "[ensemble]\nmembers = 2\nprobabilities = { ws10 = [5] }",
        "",
        &["Key 'probabilities' in [ensemble] is 'ws10'", "did you mean"],
    );
    complaint(
        &format!("[diagnostics]\nheat_climatology = '{}'", real_state().display()),
        "",
        &["expected three, the 25th, 75th and 90th percentile"],
    );
}
