//! Bad input ends with one clear line and status 1, and leaves nothing that looks whole.

use terrella_io::Parameter;
use terrella_io::layout::Layout;

use crate::common::*;

#[test]
fn a_missing_input_file_is_named() {
    let case = Case::new();
    case.configure(&case.path("absent.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["absent.grib2", "No such file"]);
    assert_eq!(case.names("out"), [""; 0]);
}

#[test]
fn a_missing_configuration_is_named() {
    let case = Case::new();
    expect_failure(&case.run(&[]), &["forecast.toml", "reading of the configuration"]);
}

#[test]
fn a_truncated_file_is_named_with_the_place() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let bytes = std::fs::read(real_state()).unwrap();
    std::fs::write(case.path("cut.grib2"), &bytes[..bytes.len() / 2]).unwrap();
    case.configure(&case.path("cut.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["cut.grib2", "message", "is truncated"]);
    assert_eq!(case.names("out"), [""; 0]);
}

#[test]
fn a_file_that_is_no_grib_is_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    std::fs::write(case.path("text.grib2"), "not a field\n".repeat(100)).unwrap();
    case.configure(&case.path("text.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["text.grib2", "not a GRIB file"]);
}

#[test]
fn a_level_that_is_not_there_lists_those_that_are() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "level = 510", "", "");
    expect_failure(&case.run(&[]), &["gfs.t12z", "'u' at 510 hPa", "1000", "500"]);
}

#[test]
fn a_step_that_is_not_there_lists_those_that_are() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "step = 24", "", "");
    expect_failure(&case.run(&[]), &["step 24 h", "step 120 h"]);
    case.configure(&real_state(), "date = '2011-01-11'", "", "");
    expect_failure(&case.run(&[]), &["2011-01-11", "2011-01-10T12:00:00Z + 120 h"]);
    case.configure(&real_state(), "date = 'monday'", "", "");
    expect_failure(&case.run(&[]), &["'date' in [input] is 'monday'"]);
}

#[test]
fn several_times_ask_for_a_choice() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let layout = Layout::global_lat_lon(48, 25);
    let flow = Flow::on(&layout);
    let fields = [(Parameter::EASTWARD_WIND, &flow.u[..]), (Parameter::NORTHWARD_WIND, &flow.v[..])];
    let mut bytes = Vec::new();
    for hours in [0, 6] {
        write_grib_at(&case.path("one"), &layout, &fields, start(), start().plus_seconds(3600 * hours));
        bytes.extend(std::fs::read(case.path("one")).unwrap());
    }
    std::fs::write(case.path("two.grib2"), bytes).unwrap();
    case.configure(&case.path("two.grib2"), "", "", "");
    expect_failure(&case.run(&["--steps", "1"]), &["several times", "+ 0 h", "+ 6 h", "'step'"]);
    case.configure(&case.path("two.grib2"), "step = 6", "", "");
    let said = expect_success(&case.run(&["--steps", "1"]));
    assert!(said.contains("valid 2020-06-01T06:00:00Z"), "{said}");
}

#[test]
fn spectral_and_rotated_grids_are_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    write_flow(&case.path("regular.grib2"), &Layout::global_lat_lon(48, 25), true);
    let regular = std::fs::read(case.path("regular.grib2")).unwrap();
    std::fs::write(case.path("rotated.grib2"), grib_bytes::on_a_rotated_grid(&regular)).unwrap();
    case.configure(&case.path("rotated.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["rotated.grib2", "'rotated_ll'", "regular_ll"]);

    let samples = std::env::var("ECCODES_SAMPLES_PATH").unwrap_or("/usr/share/eccodes/samples".into());
    let Ok(sample) = std::fs::read(format!("{samples}/sh_pl_grib2.tmpl")) else {
        println!("not run: {samples} has no sh_pl_grib2.tmpl to make a spectral file from");
        return;
    };
    let spectral = [2, 3].map(|parameter| grib_bytes::as_wind_at_500_hpa(&sample, parameter)).concat();
    std::fs::write(case.path("spectral.grib2"), spectral).unwrap();
    case.configure(&case.path("spectral.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["spectral.grib2", "'sh'", "spherical harmonics"]);
}

#[test]
fn a_part_of_the_globe_is_refused_with_its_extent() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let rows: Vec<f64> = (0..21).map(|row| 70.0 - 2.0 * f64::from(row)).collect();
    write_flow(&case.path("europe.grib2"), &Layout::lat_lon(&rows, -20.0, 2.0, 31), true);
    case.configure(&case.path("europe.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["europe.grib2", "21 rows from 70.000° to 30.000°", "whole circles"]);
    // Whole circles that leave out the poles.
    let rows: Vec<f64> = (0..41).map(|row| 80.0 - 4.0 * f64::from(row)).collect();
    write_flow(&case.path("belt.grib2"), &Layout::lat_lon(&rows, 0.0, 4.0, 90), true);
    case.configure(&case.path("belt.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["belt.grib2", "from pole to pole"]);
}

#[test]
fn missing_values_are_counted() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let layout = Layout::global_lat_lon(48, 25);
    let mut flow = Flow::on(&layout);
    for point in [3, 500, 501] {
        flow.v[point] = f64::NAN;
    }
    let fields = [(Parameter::EASTWARD_WIND, &flow.u[..]), (Parameter::NORTHWARD_WIND, &flow.v[..])];
    write_grib(&case.path("gaps.grib2"), &layout, &fields);
    case.configure(&case.path("gaps.grib2"), "", "", "");
    expect_failure(&case.run(&[]), &["gaps.grib2", "'v at 500 hPa' has 3 missing", "of 1200"]);
    assert_eq!(case.names("out"), [""; 0]);
}

#[test]
fn an_impossible_truncation_names_the_largest() {
    let case = Case::new();
    case.configure(&real_state(), "", "truncation = 170\ngrid = 'F32'", "");
    expect_failure(&case.run(&[]), &["T170", "F32", "largest possible is T63"]);
    case.configure(&real_state(), "", "grid = 'F3x'", "");
    expect_failure(&case.run(&[]), &["'F3x'", "unknown"]);
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    let case = Case::new();
    case.configure(&real_state(), "", "truncaton = 21", "");
    expect_failure(&case.run(&[]), &["Unknown key 'truncaton' in [model]: did you mean 'truncation'?"]);
    case.configure(&real_state(), "", "", "format = ['grib2']");
    expect_failure(&case.run(&[]), &["Unknown key 'format' in [output]: did you mean 'formats'?"]);
}

#[test]
fn an_impossible_time_step_names_what_is_possible() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    case.configure(&real_state(), "", "time_step = 1000", "");
    expect_failure(&case.run(&[]), &["'time_step' in [model] is 1000 s", "part of the output interval"]);
    case.configure(&real_state(), "", "truncation = 170\ntime_step = 1800", "");
    expect_failure(&case.run(&[]), &["'time_step' in [model] is 1800 s", "at most", "Courant"]);
}

#[test]
fn unknown_and_absent_devices_are_named() {
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    expect_failure(&case.run(&["--device", "toaster:1"]), &["'toaster:1' is unknown", "cpu, cuda:N"]);
    expect_failure(&case.run(&["--device", "wgpu:9"]), &["'wgpu:9' is not available"]);
    case.configure(&real_state(), "", "device = 'abacus'", "");
    expect_failure(&case.run(&[]), &["'abacus' is unknown"]);
    let output = program().arg("run").arg(case.path("forecast.toml")).env("TERRELLA_DEVICE", "gpu").output();
    expect_failure(&output.unwrap(), &["'abacus' is unknown"]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let case = Case::new();
    case.configure(&real_state(), "", "", "");
    // A file in the folder's place refuses everybody, root included.
    std::fs::write(case.path("out"), "").unwrap();
    expect_failure(&case.run(&[]), &["out", "creating the output folder"]);
    std::fs::remove_file(case.path("out")).unwrap();
    if cfg!(target_os = "linux") {
        let output = program().arg("run").arg(case.path("forecast.toml")).args(["--out", "/proc"]).output();
        expect_failure(&output.unwrap(), &["/proc", "creating"]);
    }
}

#[test]
fn a_run_that_becomes_unstable_stops_with_time_and_place_and_keeps_its_files() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    // A wave of depth from 0.8 to 10.4 km without wind, and steps far too long for what it becomes.
    let layout = full_gaussian(32);
    let mut flow = Flow::on(&layout);
    for ((longitude, latitude), height) in layout.coordinates().zip(&mut flow.height) {
        let wave = (8.0 * longitude.to_radians()).cos() * latitude.to_radians().cos().powi(8);
        *height = 5600.0 + 4800.0 * wave;
    }
    flow.u.fill(0.0);
    let fields = [
        (Parameter::EASTWARD_WIND, &flow.u[..]),
        (Parameter::NORTHWARD_WIND, &flow.v[..]),
        (Parameter::GEOPOTENTIAL_HEIGHT, &flow.height[..]),
    ];
    write_grib(&case.path("wild.grib2"), &layout, &fields);
    let model = "truncation = 42\nlength = 240\ntime_step = 3600\ninitialisation = 'none'\ndiffusion_time = 0\nfilter = 0";
    case.configure(&case.path("wild.grib2"), "", model, "");
    let output = case.run(&[]);
    expect_failure(&output, &["Step ", "latitude", "longitude"]);
    let names = case.names("out");
    assert!(names.contains(&"forecast_2020060100_f000.grib2".into()), "{names:?}");
    assert!(!names.contains(&"summary.json".into()), "{names:?}");
    assert!(names.iter().all(|name| !name.ends_with(".part")), "{names:?}");
    let file = terrella_io::read::GribFile::open(case.path("out/forecast_2020060100_f000.grib2")).unwrap();
    assert_eq!(file.headers().len(), 5);
}

/// A limit on the size of files stands for a disk that is full: writes beyond it fail.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_whole_files_only() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    // Low limits: the GRIB files (about 21 kB each) fit, the NetCDF file outgrows the limit.
    case.configure(&real_state(), "", "", "interval = 2");
    let limited = |kilobytes: u32, out: &str| {
        let mut shell = std::process::Command::new("bash");
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kilobytes} && exec \"$0\" \"$@\""));
        shell.arg(env!("CARGO_BIN_EXE_extremes")).arg("run").arg(case.path("forecast.toml"));
        shell.arg("--out").arg(case.path(out)).env_remove("TERRELLA_DEVICE");
        shell.output()
    };
    let Ok(output) = limited(128, "out") else {
        println!("not run: there is no bash to set a limit with");
        return;
    };
    expect_failure(&output, &["forecast_2011011512.nc", "writing", "File too large"]);
    let names = case.names("out");
    assert!(
        names.iter().all(|name| !name.ends_with(".part")) && !names.contains(&"summary.json".into()),
        "{names:?}"
    );
    for name in names.iter().filter(|name| name.ends_with(".grib2")) {
        let file = terrella_io::read::GribFile::open(case.path("out").join(name)).unwrap();
        assert_eq!(file.headers().len(), 5, "{name}");
    }
    let netcdf = netcdf3::FileReader::open(case.path("out/forecast_2011011512.nc")).unwrap();
    let records = netcdf.data_set().num_records().unwrap();
    assert!((1..7).contains(&records), "{records} records");

    // So low that not even one GRIB file fits.
    let output = limited(8, "none").unwrap();
    expect_failure(&output, &["none", "File too large"]);
    assert!(case.names("none").iter().all(|name| !name.ends_with(".grib2") && !name.ends_with(".part")));
}
