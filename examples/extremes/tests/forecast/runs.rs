//! Whole runs: split ones, other grids, other precisions, interruption.

use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Missing};

use crate::common::*;

fn bytes(case: &Case, folder: &str, name: &str) -> Vec<u8> {
    std::fs::read(case.path(folder).join(name)).unwrap()
}

/// The fields of the last forecast file in `out`, by short name.
fn last_fields(case: &Case) -> Vec<(String, Vec<f64>)> {
    let names = case.names("out");
    let name = names.iter().rfind(|name| name.ends_with(".grib2")).unwrap();
    let file = GribFile::open(case.path("out").join(name)).unwrap();
    let decode = |header| file.decode(header, Missing::Refuse).unwrap();
    file.headers().iter().map(|header| (header.short_name.clone(), decode(header).values)).collect()
}

/// Largest difference of the heights of two runs \[m\].
fn height_difference(first: &[(String, Vec<f64>)], second: &[(String, Vec<f64>)]) -> f64 {
    assert_eq!((&first[0].0[..], &second[0].0[..]), ("gh", "gh"));
    first[0].1.iter().zip(&second[0].1).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn a_run_leaves_what_its_summary_says() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    let said = expect_success(&case.run(&[]));
    assert!(said.contains("equivalent-barotropic") && said.contains("everything read back"), "{said}");
    let summary: serde_json::Value = serde_json::from_slice(&bytes(&case, "out", "summary.json")).unwrap();
    assert_eq!(summary["status"], "complete");
    assert_eq!(summary["initial_time"], "2011-01-15T12:00:00Z");
    assert_eq!(summary["configuration"]["model"]["truncation"], 21);
    assert_eq!(summary["run"]["forecast_hours"], 12.0);
    assert!(summary["relative_drift"]["mass"].as_f64().unwrap().abs() < 1e-12);
    assert!(summary["relative_drift"]["total_energy"].as_f64().unwrap().abs() < 1e-3);
    let files = summary["files"].as_array().unwrap();
    let listed: Vec<&str> = files.iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(
        listed,
        [
            "forecast_2011011512.nc",
            "forecast_2011011512_f000.grib2",
            "forecast_2011011512_f006.grib2",
            "forecast_2011011512_f012.grib2"
        ]
    );
    for file in files {
        let content = bytes(&case, "out", file["name"].as_str().unwrap());
        assert_eq!(file["bytes"].as_u64().unwrap(), content.len() as u64);
        assert_eq!(file["blake3"], blake3::hash(&content).to_hex().as_str());
    }
    let file = GribFile::open(case.path("out/forecast_2011011512_f006.grib2")).unwrap();
    let short_names: Vec<&str> = file.headers().iter().map(|header| header.short_name.as_str()).collect();
    assert_eq!(short_names, ["gh", "u", "v", "vo", "d"]);
    assert!(file.headers().iter().all(|header| header.step() == 6.0 && header.pressure() == Some(500.0)));
    // The analysis at T21 is the large-scale part of the input.
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let analysis = GribFile::open(case.path("out/forecast_2011011512_f000.grib2")).unwrap();
    let height = analysis.decode(&analysis.headers()[0], Missing::Refuse).unwrap();
    assert!((5300.0..5800.0).contains(&mean(&height.values)), "{}", mean(&height.values));
}

#[test]
fn a_split_run_equals_the_uninterrupted_one_byte_for_byte() {
    if !has_eccodes() {
        return;
    }
    for (model, output) in
        [("", "pictures = true"), ("precision = 'f32'\nrelaxation_time = 48\ngrid = 'O24'", "")]
    {
        let case = Case::new();
        case.configure(&real_state(), "", model, &format!("checkpoint_interval = 12\n{output}"));
        let whole = program()
            .arg("run")
            .arg(case.path("forecast.toml"))
            .arg("--out")
            .arg(case.path("whole"))
            .output();
        expect_success(&whole.unwrap());
        // 9 steps are 6 h at T21: stop between two outputs, and again exactly at one.
        let said = expect_success(&case.run(&["--steps", "4"]));
        assert!(said.contains("--restart"), "{said}");
        let checkpoint = case.path("out/checkpoint.bin");
        let restart = ["--restart", checkpoint.to_str().unwrap()];
        expect_success(&case.run(&[&restart[..], &["--steps", "9"]].concat()));
        expect_success(&case.run(&restart));
        let names = case.names("whole");
        assert_eq!(names, case.names("out"));
        assert!(names.contains(&"forecast_2011011512.nc".into()) && names.contains(&"checkpoint.bin".into()));
        for name in names.iter().filter(|name| is_result(name)) {
            assert_eq!(bytes(&case, "whole", name), bytes(&case, "out", name), "{name}");
        }
        let series = |folder| -> serde_json::Value {
            let summary: serde_json::Value =
                serde_json::from_slice(&bytes(&case, folder, "summary.json")).unwrap();
            serde_json::json!([summary["records"], summary["rms_height_tendency"], summary["relative_drift"]])
        };
        assert_eq!(series("whole"), series("out"));
    }
}

#[test]
fn checkpoints_of_other_runs_are_refused() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    expect_success(&case.run(&["--steps", "3"]));
    let checkpoint = case.path("out/checkpoint.bin");
    let restart = ["--restart", checkpoint.to_str().unwrap()];
    expect_failure(&case.run(&[&restart[..], &["--steps", "3"]].concat()), &["step 3", "end at step 3"]);
    case.configure(&real_state(), "", "filter = 0.05", "");
    expect_failure(
        &case.run(&restart),
        &["checkpoint.bin", "configuration or the input file is another one"],
    );
    case.configure(&real_state(), "", "precision = 'f32'", "");
    expect_failure(&case.run(&restart), &["holds f64 numbers", "asks for f32"]);
    case.configure(&real_state(), "", "", "");
    let mut damaged = bytes(&case, "out", "checkpoint.bin");
    damaged[1000] ^= 4;
    std::fs::write(&checkpoint, damaged).unwrap();
    expect_failure(&case.run(&restart), &["damaged or cut"]);
    expect_failure(&case.run(&["--restart", "absent.bin"]), &["absent.bin", "No such file"]);
}

#[test]
fn the_same_flow_on_other_grids_gives_the_same_forecast() {
    if !has_eccodes() {
        return;
    }
    let forecast = |name: &str, write: &dyn Fn(&std::path::Path)| {
        let case = Case::new();
        write(&case.path(name));
        case.configure(&case.path(name), "", "", "bits = 24");
        expect_success(&case.run(&[]));
        last_fields(&case)
    };
    let regular = forecast("regular.grib2", &|path| write_flow(path, &Layout::global_lat_lon(72, 37), true));
    let reversed = forecast("reversed.grib2", &|path| {
        write_flow(path, &Layout::global_lat_lon(72, 37), true);
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, grib_bytes::with_rows_from_the_south(&bytes, 72, 3)).unwrap();
    });
    assert_eq!(regular, reversed);
    let rows: Vec<f64> = (0..36).map(|row| 87.5 - 5.0 * f64::from(row)).collect();
    let others: [(&str, Layout); 4] = [
        ("without poles", Layout::lat_lon(&rows, 0.0, 5.0, 72)),
        (
            "from 180",
            Layout::lat_lon(
                &(0..37).map(|row| 90.0 - 5.0 * f64::from(row)).collect::<Vec<_>>(),
                -180.0,
                5.0,
                72,
            ),
        ),
        ("full Gaussian", full_gaussian(16)),
        ("octahedral", octahedral(24)),
    ];
    for (name, layout) in others {
        let other = forecast("other.grib2", &|path| write_flow(path, &layout, true));
        let difference = height_difference(&regular, &other);
        // Packing and the grids' quadrature are all that differs; the waves are 80 m high.
        assert!(difference < 0.02, "{name}: {difference} m");
    }
}

#[test]
fn a_file_without_height_gets_a_balanced_one() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let layout = Layout::global_lat_lon(72, 37);
    let run = |with_height: bool, input: &str| {
        write_flow(&case.path("flow.grib2"), &layout, with_height);
        let model = "initialisation = 'none'\nmean_height = 5600.0";
        case.configure(&case.path("flow.grib2"), input, model, "bits = 24");
        let said = expect_success(&case.run(&["--steps", "1"]));
        (said, last_fields(&case))
    };
    let (said, derived) = run(false, "");
    assert!(said.contains("nonlinear balance equation"), "{said}");
    // The wind is a solid rotation, whose balanced height has a closed form.
    let (radius, rotation, gravity, speed) = (6_371_229.0, 7.292e-5, 9.80665, 25.0);
    let file = GribFile::open(case.path("out/forecast_2020060100_f000.grib2")).unwrap();
    let analysis = file.decode(&file.headers()[0], Missing::Refuse).unwrap();
    for ((_, latitude), height) in analysis.layout.coordinates().zip(&analysis.values) {
        let sine: f64 = latitude.to_radians().sin();
        let expected =
            5600.0 - (radius * rotation * speed + 0.5 * speed * speed) * (sine * sine - 1.0 / 3.0) / gravity;
        assert!((height - expected).abs() < 1e-3, "{latitude}: {height} {expected}");
    }
    // The height in the file has a wave besides; told to ignore it, the run is the same as without it.
    let (said, ignored) = run(true, "height = 'none'");
    assert!(said.contains("nonlinear balance equation"), "{said}");
    assert_eq!(derived, ignored);
    let (_, given) = run(true, "");
    assert!(height_difference(&derived, &given) > 20.0);
    case.configure(&case.path("flow.grib2"), "height = 'z'", "", "");
    expect_failure(&case.run(&[]), &["no 'z' at 500 hPa", "gh"]);
}

#[test]
fn single_precision_stays_close_to_double() {
    if !has_eccodes() {
        return;
    }
    let run = |precision: &str| {
        let case = Case::new();
        case.configure(&real_state(), "", &format!("precision = '{precision}'"), "bits = 24");
        expect_success(&case.run(&[]));
        last_fields(&case)
    };
    let difference = height_difference(&run("f64"), &run("f32"));
    // Unequal, or the setting would be ignored; 0.5 m is a hundredth of the error of a good 12 h forecast.
    assert!(difference > 0.0 && difference < 0.5, "{difference} m");
}

#[test]
fn the_digital_filter_quiets_the_first_hours() {
    if !has_eccodes() {
        return;
    }
    let noise = |initialisation: &str| {
        let case = Case::new();
        case.configure(&real_state(), "", &format!("initialisation = '{initialisation}'"), "");
        expect_success(&case.run(&[]));
        let summary: serde_json::Value =
            serde_json::from_slice(&bytes(&case, "out", "summary.json")).unwrap();
        let tendencies = summary["rms_height_tendency"].as_array().unwrap();
        tendencies[..9].iter().map(|value| value.as_f64().unwrap()).sum::<f64>() / 9.0
    };
    let (raw, filtered) = (noise("none"), noise("digital-filter"));
    assert!(filtered < 0.4 * raw, "{raw} to {filtered} m/h");
}

/// The example at T42 over a day keeps its norms. Processors and compilers may differ in round-off, which grows by less
/// than a factor of ten in a day; a change of the numerics shows in the first five digits.
#[test]
fn the_norms_of_the_example_are_kept() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "truncation = 42\nlength = 24", "");
    expect_success(&case.run(&[]));
    let summary: serde_json::Value = serde_json::from_slice(&bytes(&case, "out", "summary.json")).unwrap();
    let last = summary["records"].as_array().unwrap().last().unwrap();
    let pinned = [
        ("mass", 5_641.573_090_445),
        ("total_energy", 157_133_332.457),
        ("potential_enstrophy", 7.342_447_898e-13),
        ("angular_momentum", 1.152_768_733_4e13),
        ("maximum_wind", 52.031_284_74),
        ("lowest", 4_886.672_445_2),
        ("highest", 5_908.279_066_9),
    ];
    for (name, expected) in pinned {
        let value = last[name].as_f64().unwrap();
        assert!((value / expected - 1.0).abs() < 1e-8, "{name}: {value}, pinned {expected}");
    }
}

/// The same forecast on a GPU (software Vulkan where there is no other), in f64 and f32.
#[test]
fn a_forecast_on_wgpu_equals_the_one_on_the_cpu() {
    if !has_eccodes() {
        return;
    }
    for (precision, tolerance) in [("f64", 1e-6), ("f32", 0.1)] {
        let case = Case::new();
        case.configure(&real_state(), "", &format!("precision = '{precision}'"), "bits = 32\ninterval = 1");
        let output = case.run(&["--steps", "4", "--device", "wgpu:0"]);
        if complaint(&output).contains("is not available") {
            not_run("wgpu", &complaint(&output));
            return;
        }
        expect_success(&output);
        let summary: serde_json::Value =
            serde_json::from_slice(&bytes(&case, "out", "summary.json")).unwrap();
        assert_eq!(summary["run"]["device"], "wgpu:0");
        let on_gpu = last_fields(&case);
        // A checkpoint of one device continues on another.
        let checkpoint = case.path("out/checkpoint.bin");
        expect_success(&case.run(&["--restart", checkpoint.to_str().unwrap(), "--steps", "5"]));
        expect_success(&case.run(&["--steps", "4"]));
        let difference = height_difference(&on_gpu, &last_fields(&case));
        assert!(difference < tolerance, "{precision}: {difference} m");
    }
}

#[test]
fn pictures_of_every_day_are_drawn() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "length = 30", "pictures = true\nprojection = 'plate-carree'");
    let said = expect_success(&case.run(&[]));
    assert!(said.contains("6 pictures"), "{said}");
    let expected = [
        "analysis_and_forecast.png",
        "conserved.png",
        "map_vorticity_000.png",
        "map_vorticity_024.png",
        "map_wind_000.png",
        "map_wind_024.png",
    ];
    let pictures: Vec<String> = case.names("out").into_iter().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(pictures, expected);
    for name in expected {
        let picture = bytes(&case, "out", name);
        // Signature and the end of a PNG file; a page without maps or lines would be far smaller.
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.ends_with(b"IEND\xaeB`\x82"), "{name}");
        assert!(picture.len() > 40_000, "{name}: {} bytes", picture.len());
    }
    assert_ne!(bytes(&case, "out", "map_wind_000.png"), bytes(&case, "out", "map_wind_024.png"));
}

#[test]
fn a_restart_into_another_folder_writes_the_rest() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    expect_success(&case.run(&["--steps", "9"]));
    std::fs::rename(case.path("out"), case.path("first")).unwrap();
    let checkpoint = case.path("first/checkpoint.bin");
    expect_success(&case.run(&["--restart", checkpoint.to_str().unwrap()]));
    assert_eq!(
        case.names("out"),
        [
            "forecast_2011011512.nc",
            "forecast_2011011512_f012.grib2",
            "manifest",
            "provenance.json",
            "summary.json"
        ]
    );
    let netcdf = netcdf3::FileReader::open(case.path("out/forecast_2011011512.nc")).unwrap();
    assert_eq!(netcdf.data_set().num_records(), Some(1));
}

#[test]
fn a_second_run_replaces_the_first() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    expect_success(&case.run(&[]));
    std::fs::write(case.path("out/notes.txt"), "mine").unwrap();
    expect_success(&case.run(&["--steps", "1"]));
    assert_eq!(
        case.names("out"),
        [
            "checkpoint.bin",
            "forecast_2011011512.nc",
            "forecast_2011011512_f000.grib2",
            "manifest",
            "notes.txt",
            "provenance.json",
            "summary.json"
        ]
    );
}

/// Ctrl-C in the middle of a run: status 130, valid files, a checkpoint from which the run continues.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_can_be_continued() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    if !has_eccodes() {
        return;
    }
    for signal in ["INT", "TERM"] {
        let case = Case::new();
        // Long enough to be caught in the middle on any machine.
        case.configure(
            &real_state(),
            "",
            "truncation = 42\nlength = 4800",
            "formats = ['netcdf']\ninterval = 24",
        );
        let mut command = program();
        command.arg("run").arg(case.path("forecast.toml")).arg("--out").arg(case.path("out"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reached = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("+048 h"));
        assert!(reached, "the run ended early");
        let sent = std::process::Command::new("bash")
            .arg("-c")
            .arg(format!("kill -{signal} {}", child.id()))
            .status();
        assert!(sent.unwrap().success());
        for line in lines {
            drop(line);
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", complaint(&output));
        let complaint = complaint(&output);
        assert!(
            complaint.contains("Interrupted at forecast hour") && complaint.contains("--restart"),
            "{complaint}"
        );
        assert_eq!(complaint.trim_end().lines().count(), 1, "{complaint}");
        let summary: serde_json::Value =
            serde_json::from_slice(&bytes(&case, "out", "summary.json")).unwrap();
        assert_eq!(summary["status"], "interrupted");
        let hours = summary["run"]["forecast_hours"].as_f64().unwrap();
        assert!((48.0..4800.0).contains(&hours), "{hours}");
        let netcdf = netcdf3::FileReader::open(case.path("out/forecast_2011011512.nc")).unwrap();
        let records = netcdf.data_set().num_records().unwrap();
        assert_eq!(records, (hours / 24.0).floor() as usize + 1);

        let checkpoint = case.path("out/checkpoint.bin");
        let steps = (summary["run"]["steps"].as_u64().unwrap() + 1).to_string();
        expect_success(&case.run(&["--restart", checkpoint.to_str().unwrap(), "--steps", &steps]));
    }
}
