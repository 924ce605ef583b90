//! Plans that end in NetCDF-4 files.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use terrella_io::Error;
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::server::{Server, Settings};

use crate::{has_hdf5, ncdump, numbers};

const POINTS: usize = 8 * 5;

fn plan(sink: &str, before: &str) -> String {
    format!("plans: [{{name: p, actions: [{before}{{type: sink, sinks: [{{type: netcdf, {sink}}}]}}]}}]")
}

/// Of the first hours of 2026.
fn metadata(name: &str, level: Option<i64>, step: i64) -> Metadata {
    let metadata = Metadata::new()
        .with("name", name)
        .with("levtype", if level.is_some() { "pl" } else { "sfc" })
        .with("startDate", 20_260_101)
        .with("startTime", 0)
        .with("step", step)
        .with("timeStep", 3600);
    match level {
        Some(level) => metadata.with("level", level),
        None => metadata,
    }
}

/// All values are this one.
fn message(metadata: Metadata, value: f64) -> Message {
    let layout = Layout::global_lat_lon(8, 5);
    Message { metadata, kind: Kind::Field { layout, values: vec![value; POINTS] } }
}

/// The first value of each field of a variable.
fn firsts(dump: &str, name: &str) -> Vec<f64> {
    numbers(dump, name).into_iter().step_by(POINTS).collect()
}

/// The same, but NaN is NaN.
fn expect(dump: &str, name: &str, expected: &[f64]) {
    let found = firsts(dump, name);
    let same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(one, other)| one == other || one.is_nan() && other.is_nan());
    assert!(same, "{name}: {found:?}, expected {expected:?}");
}

const NONE: f64 = f64::NAN;

#[test]
fn fields_in_any_order_become_steps_and_dimensions_grow() {
    if !has_hdf5() {
        return;
    }
    for compression in ["none", "deflate", "deflate, level: 9", "zstd, mantissa-bits: 12"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run_20260101.nc");
        let sink = format!("path: 'run_[startDate].nc', compression: {compression}");
        let mut plans = Plans::from_yaml_in(&plan(&sink, ""), folder.path()).unwrap();
        let files = plans.whole_files();
        let put = |plans: &mut Plans, name: &str, level, step, value| {
            plans.write(message(metadata(name, level, step), value))
        };
        put(&mut plans, "t", Some(500), 0, 1.0).unwrap();
        put(&mut plans, "sp", None, 0, 3.0).unwrap();
        put(&mut plans, "t", Some(850), 0, 2.0).unwrap();
        // Not yet a step.
        assert!(!path.exists());
        put(&mut plans, "t", Some(850), 6, 12.0).unwrap();
        // ncdump has no zstd.
        let whole_dump = || if compression.starts_with("zstd") { None } else { ncdump(&path, &[]) };
        let header = ncdump(&path, &["-h"]);
        if let Some(header) = &header {
            for line in ["float t(time, pressure, lat, lon) ;", "float sp(time, lat, lon) ;", "1 currently"] {
                assert!(header.contains(line), "no '{line}' in\n{header}");
            }
        }
        // New: a level between the others, one above them, and a variable.
        put(&mut plans, "t", Some(700), 6, 13.0).unwrap();
        put(&mut plans, "t", Some(250), 6, 14.0).unwrap();
        put(&mut plans, "u", Some(500), 6, 15.0).unwrap();
        plans.flush().unwrap();
        // Late, but of a time that is there.
        put(&mut plans, "t", Some(500), 6, 11.0).unwrap();
        put(&mut plans, "sp", None, 12, 23.0).unwrap();
        let error = put(&mut plans, "t", Some(500), 6, 11.0).unwrap_err().to_string();
        assert!(error.contains("a second field on the same level"), "{error}");
        let error = put(&mut plans, "t", Some(500), 3, 11.0).unwrap_err().to_string();
        assert!(error.contains("'time of 't'' is 2026-01-01T03:00:00Z: expected one of the file"), "{error}");
        if let Some(dump) = whole_dump() {
            assert_eq!(numbers(&dump, "time"), [0.0, 6.0, 12.0]);
            assert_eq!(numbers(&dump, "pressure"), [850.0, 700.0, 500.0, 250.0]);
            assert!(dump.contains(":run_status = \"running \" ;"), "{dump}");
        }
        plans.finish().unwrap();
        let [file] = &files.take()[..] else { panic!("one file is reported") };
        assert_eq!(file.path, path);
        assert_eq!(file.hash, *blake3::hash(&std::fs::read(&path).unwrap()).as_bytes());
        if let Some(dump) = whole_dump() {
            expect(&dump, "t", &[2.0, NONE, 1.0, NONE, 12.0, 13.0, 11.0, 14.0, NONE, NONE, NONE, NONE]);
            let none = [NONE; 4];
            expect(&dump, "u", &[&none[..], &[NONE, NONE, 15.0, NONE], &none].concat());
            expect(&dump, "sp", &[3.0, NONE, 23.0]);
            assert!(dump.contains(":run_status = \"complete\" ;"), "{dump}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the file is left");
        if header.is_none() {
            return;
        }
    }
}

#[test]
fn statistics_have_cell_methods_and_bounds_of_times() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let statistics =
        "{type: statistics, output-frequency: 6h, operations: [average, maximum, instant, difference]}, ";
    let text = plan("path: means.nc", statistics);
    let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
    for step in 0..=12 {
        plans.write(message(metadata("t", Some(850), step), step as f64)).unwrap();
    }
    plans.finish().unwrap();
    let path = folder.path().join("means.nc");
    let Some(dump) = ncdump(&path, &[]) else { return };
    for line in [
        "t_average_6h:cell_methods = \"time: mean\" ;",
        "t_average_6h:standard_name = \"air_temperature\" ;",
        "t_average_6h:long_name = \"Temperature, average over 6h\" ;",
        "t_maximum_6h:cell_methods = \"time: maximum\" ;",
        "time:bounds = \"time_bnds\" ;",
        "double time_bnds(time, bnds) ;",
    ] {
        assert!(dump.contains(line), "no '{line}' in\n{dump}");
    }
    assert!(!dump.contains("t_difference_6h:cell_methods"), "{dump}");
    assert_eq!(numbers(&dump, "time"), [6.0, 12.0]);
    assert_eq!(numbers(&dump, "time_bnds"), [0.0, 6.0, 6.0, 12.0]);
    expect(&dump, "t_average_6h", &[3.0, 9.5]);
    expect(&dump, "t_maximum_6h", &[6.0, 12.0]);
    expect(&dump, "t_difference_6h", &[6.0, 6.0]);
    expect(&dump, "t", &[6.0, 12.0]);
}

#[test]
fn members_come_one_after_the_other_and_files_are_continued() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ensemble.nc");
    let text = plan("path: ensemble.nc, append: true, compression: deflate", "");
    for member in [2, 1, 3] {
        // A run for each, into the file of all.
        let settings = Settings::default();
        let mut server = Server::start(Plans::from_yaml_in(&text, folder.path()).unwrap(), settings).unwrap();
        for step in [0, 6] {
            for (name, level) in [("t", Some(850)), ("sp", None)] {
                let metadata = metadata(name, level, step).with("number", member);
                let values = vec![(10 * member + step) as f64; POINTS];
                server.write_field(metadata, &Layout::global_lat_lon(8, 5), &values).unwrap();
            }
            server.flush().unwrap();
        }
        server.finish().unwrap();
    }
    let Some(dump) = ncdump(&path, &[]) else { return };
    for line in ["float t(time, realization, lat, lon) ;", "realization:standard_name = \"realization\" ;"] {
        assert!(dump.contains(line), "no '{line}' in\n{dump}");
    }
    assert_eq!(numbers(&dump, "realization"), [1.0, 2.0, 3.0]);
    assert_eq!(numbers(&dump, "time"), [0.0, 6.0]);
    for name in ["t", "sp"] {
        expect(&dump, name, &[10.0, 20.0, 30.0, 16.0, 26.0, 36.0]);
    }
    // What does not fit is refused and changes nothing.
    let before = std::fs::read(&path).unwrap();
    for (sink, reason) in [
        ("append: true", "filters: [2, 1] }, expected"),
        ("append: true, compression: deflate, precision: double", "Some(Float)"),
    ] {
        let text = plan(&format!("path: ensemble.nc, {sink}"), "");
        let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
        let error = plans.write(message(metadata("t", Some(850), 12), 0.0)).unwrap_err().to_string();
        assert!(error.contains("ensemble.nc") && error.contains(reason), "{error}");
    }
    let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
    let later = metadata("t", Some(850), 12).with("number", 1).with("startDate", 20_260_102);
    let error = plans.write(message(later, 0.0)).unwrap_err().to_string();
    assert!(error.contains("hours since 2026-01-02 00:00:00"), "{error}");
    drop(plans);
    assert!(std::fs::read(&path).unwrap() == before);
    // Without `append` the file is another one, but only once there is something to put into it.
    let text = plan("path: ensemble.nc", "");
    let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
    plans.write(message(metadata("u", Some(850), 0), 5.0)).unwrap();
    assert!(std::fs::read(&path).unwrap() == before);
    plans.finish().unwrap();
    let dump = ncdump(&path, &[]).unwrap();
    assert!(!dump.contains(" t("), "{dump}");
    expect(&dump, "u", &[5.0]);
}

/// A run that goes back to a checkpoint writes the later steps anew: the file is that of an uninterrupted run.
#[test]
fn a_continued_run_goes_on_in_its_file() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = plan("path: 'run-[levtype].nc', compression: deflate", "");
    let steps = |plans: &mut Plans, from: i64, to: i64, add: f64| {
        for step in from..to {
            for (name, level) in [("t", Some(850)), ("t", Some(500)), ("sp", None)] {
                plans.write(message(metadata(name, level, step), step as f64 + add)).unwrap();
            }
            plans.flush().unwrap();
        }
    };
    let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
    steps(&mut plans, 0, 3, 0.0);
    // After the checkpoint, and lost.
    steps(&mut plans, 3, 5, 100.0);
    drop(plans);
    let mut plans = Plans::continue_yaml_in(&text, folder.path()).unwrap();
    steps(&mut plans, 3, 6, 0.0);
    plans.finish().unwrap();
    for (file, name, expected) in [
        ("run-sfc.nc", "sp", vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        ("run-pl.nc", "t", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].into_iter().flat_map(|step| [step; 2]).collect()),
    ] {
        let Some(dump) = ncdump(&folder.path().join(file), &[]) else { return };
        assert_eq!(numbers(&dump, "time"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        expect(&dump, name, &expected);
    }
    // Not with members in one file: their steps are the same.
    let text = plan("path: all.nc", "");
    let of = |member: i64, step| message(metadata("t", None, step).with("number", member), 1.0);
    let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
    plans.write(of(1, 0)).unwrap();
    plans.finish().unwrap();
    let mut plans = Plans::continue_yaml_in(&text, folder.path()).unwrap();
    let error = plans.write(of(2, 0)).unwrap_err().to_string();
    assert!(error.contains("'member 1 in '") && error.contains("'[number]' in its path"), "{error}");
    plans.write(of(1, 6)).unwrap();
    plans.finish().unwrap();
}

#[test]
fn what_does_not_belong_into_a_file_is_refused_by_name() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &str| match Plans::from_yaml_in(text, folder.path()) {
        Ok(_) => panic!("taken: {text}"),
        Err(error) => error.to_string(),
    };
    for (sink, reason) in [
        ("path: x.nc, compression: deflat", "unknown compression 'deflat': did you mean 'deflate'?"),
        ("path: x.nc, compression: deflate, level: 10", "'level of deflate' is 10: expected 1 to 9"),
        ("path: x.nc, compression: zstd, mantissa-bits: 24", "expected at most 23"),
        ("path: x.nc, mantissa-bits: 7", "'mantissa-bits' has no meaning with 'compression: none'"),
        ("path: x.nc, mantisa-bits: 7", "did you mean 'mantissa-bits'?"),
        ("path: x.nc, precision: half", "unknown precision 'half'"),
    ] {
        let error = read(&plan(sink, ""));
        assert!(error.contains(reason), "{error}");
    }
    let error = read("plans: [{actions: [{type: encode, format: netcdf}]}]");
    assert!(error.contains("a sink of type 'netcdf' takes them without 'encode'"), "{error}");
    let mut plans = Plans::from_yaml_in(&plan("path: x.nc", ""), folder.path()).unwrap();
    plans.write(message(metadata("t", Some(850), 0), 1.0)).unwrap();
    let mut refused = |metadata: Metadata, reason: &str| {
        let error = plans.write(message(metadata, 1.0)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    };
    refused(metadata("t", None, 0), "'level of 't'' is no pressure level");
    refused(metadata("t", Some(500), 0).with("number", 1), "'member of 't'' is member of an ensemble");
    refused(metadata("t", Some(500), 0).with("levtype", "ml"), "expected 'pl' or 'sfc'");
    refused(metadata("t", Some(500), 0).with("startTime", 60_000), "start of a field for");
    refused(metadata("time", None, 0).with("units", "1"), "'name of a variable' is 'time'");
    refused(metadata("own", None, 0), "'units': expected a text, got nothing");
    refused(metadata("t", Some(850), 0), "a second field");
    let period = |since: i64| {
        let metadata = metadata("q", Some(850), 6).with("operation", "average");
        metadata
            .with("operation-frequency", "x")
            .with("windowStartDate", 20_260_101)
            .with("windowStartTime", since)
    };
    plans.write(message(period(0), 1.0)).unwrap();
    let mut refused = |metadata: Metadata, reason: &str| {
        let error = plans.write(message(metadata, 1.0)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    };
    refused(period(10_000).with("level", 500), "expected one since 2026-01-01T00:00:00Z");
    let kind = Kind::Field { layout: Layout::global_lat_lon(4, 3), values: vec![0.0; 12] };
    let error = plans.write(Message { metadata: metadata("t", Some(850), 6), kind }).unwrap_err().to_string();
    assert!(error.contains("'grid of a field for") && error.contains("is r4x3"), "{error}");
    let encoded = Message { metadata: metadata("t", Some(850), 6), kind: Kind::Encoded(vec![1]) };
    let error = plans.write(encoded).unwrap_err();
    assert!(matches!(&error, Error::InvalidValue { got, .. } if got == "bytes"), "{error}");
    plans.finish().unwrap();
}

const CHILD: &str = "TERRELLA_TEST_CHILD_PLANS";

/// Writes for ever, in every third step something new, and says which step it begins.
fn write_until_killed(folder: &Path) {
    let text = plan("path: run.nc, append: true, compression: deflate", "");
    let mut plans = Plans::from_yaml_in(&text, folder).unwrap();
    let first: i64 = std::env::var("TERRELLA_TEST_FIRST").unwrap().parse().unwrap();
    for step in first.. {
        println!("step {step}");
        for level in [850, 500] {
            plans.write(message(metadata("t", Some(level), step), step as f64)).unwrap();
        }
        if step % 3 == 0 {
            plans.write(message(metadata("t", Some(1000 - step / 3), step), step as f64)).unwrap();
        }
        plans.flush().unwrap();
    }
}

/// A kill at any moment, also while the file is made anew for a level, leaves the steps that were flushed.
#[test]
fn a_kill_leaves_the_flushed_steps() {
    if !has_hdf5() {
        return;
    }
    if let Some(folder) = std::env::var_os(CHILD) {
        write_until_killed(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.nc");
    let mut first = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "plans::a_kill_leaves_the_flushed_steps", "--nocapture"])
            .env(CHILD, folder.path())
            .env("TERRELLA_TEST_FIRST", first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut next = || lines.find_map(|line| line.strip_prefix("step ")?.parse::<i64>().ok());
        let mut begun = next().expect("a first step");
        begun = next().unwrap_or(begun);
        std::thread::sleep(std::time::Duration::from_micros(1900 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(step) = next() {
            begun = step;
        }
        // The next run takes what was left away.
        let text = plan("path: run.nc, append: true, compression: deflate", "");
        let mut plans = Plans::from_yaml_in(&text, folder.path()).unwrap();
        plans.write(message(metadata("t", Some(850), begun + 1), (begun + 1) as f64)).unwrap();
        plans.finish().unwrap();
        first = begun + 2;
    }
    let Some(dump) = ncdump(&path, &[]) else { return };
    let (times, levels) = (numbers(&dump, "time"), numbers(&dump, "pressure"));
    assert!(times.len() > 24 && levels.len() > 4, "{} times, {} levels", times.len(), levels.len());
    let lost = first as usize - times.len();
    assert!(lost <= 12, "{lost} of {first} steps are not there, and each kill was in one");
    let values = firsts(&dump, "t");
    let mut missing = 0;
    for (step, time) in times.iter().enumerate() {
        for (level, value) in values[step * levels.len()..(step + 1) * levels.len()].iter().enumerate() {
            assert!(value.is_nan() || value == time, "{value} at {time}");
            // The first and last of a process may lack what it was killed in, or was not given.
            missing += usize::from(levels[level] == 850.0 && value.is_nan());
        }
    }
    assert!(missing <= 12, "{missing} of {} are missing", times.len());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(left <= 13, "{left} files: the last run's and one for each kill at most");
}
