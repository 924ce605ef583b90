//! Plans that end in Zarr stores, and the command on stores.

use std::path::Path;
use std::process::Command;

use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::read::{NetcdfVariables, netcdf_field};

use crate::{COMPRESSIONS, made, same};

const POINTS: usize = 8 * 5;

fn plans(sink: &str, folder: &Path) -> Plans {
    let text = format!("plans: [{{name: p, actions: [{{type: sink, sinks: [{{type: zarr, {sink}}}]}}]}}]");
    Plans::from_yaml_in(&text, folder).unwrap()
}

/// A field whose values are all this one, of the first hours of 2026.
fn message(name: &str, level: Option<i64>, step: i64, value: f64) -> Message {
    let metadata = Metadata::new()
        .with("name", name)
        .with("levtype", if level.is_some() { "pl" } else { "sfc" })
        .with("startDate", 20_260_101)
        .with("startTime", 0)
        .with("step", step)
        .with("timeStep", 3600);
    let metadata = match level {
        Some(level) => metadata.with("level", level),
        None => metadata,
    };
    let layout = Layout::global_lat_lon(8, 5);
    Message { metadata, kind: Kind::Field { layout, values: vec![value; POINTS] } }
}

/// The first value of each field of a variable.
fn firsts(path: &Path, name: &str) -> Vec<f64> {
    NetcdfVariables::open(path).unwrap().values(name).unwrap().into_iter().step_by(POINTS).collect()
}

const NONE: f64 = f64::NAN;

#[test]
fn fields_of_plans_become_steps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run_20260101.zarr");
    for compression in ["none", "deflate, level: 9", "zstd, mantissa-bits: 12"] {
        let sink = format!("path: 'run_[startDate].zarr', compression: {compression}");
        let mut first = plans(&sink, folder.path());
        for (name, level, step, value) in [
            ("t", Some(500), 0, 1.0),
            ("sp", None, 0, 3.0),
            ("t", Some(850), 0, 2.0),
            ("u", Some(850), 0, 4.0),
            ("t", Some(850), 6, 12.0),
        ] {
            first.write(message(name, level, step, value)).unwrap();
        }
        assert_eq!(firsts(&path, "time").len(), 1, "a step is there when the next begins");
        let twice = |level, step| message("t", Some(level), step, 5.0);
        for again in [twice(850, 6), twice(850, 0)] {
            let said = first.write(again).unwrap_err().to_string();
            assert!(said.contains("a second one at 2026-01-01T0"), "{said}");
        }
        let other = first.write(message("t", Some(300), 6, 5.0)).unwrap_err().to_string();
        assert!(
            other.contains("300 hPa") && other.contains("[850.0, 500.0] as in the first step"),
            "{other}"
        );
        // Late, but of a time that is there; and a variable that is new.
        first.write(message("u", Some(500), 0, 6.0)).unwrap();
        first.write(message("v", Some(500), 6, 17.0)).unwrap();
        let other = first.write(message("q", Some(300), 6, 5.0)).unwrap_err().to_string();
        assert!(other.contains("300 hPa"), "{other}");
        first.finish().unwrap();
        let early =
            plans(&format!("{sink}, append: true"), folder.path()).write(message("t", Some(850), 3, 0.0));
        assert!(early.unwrap_err().to_string().contains("or one after 2026-01-01T06:00:00Z"));
        let mut second = plans(&format!("{sink}, append: true"), folder.path());
        second.write(message("sp", None, 12, 23.0)).unwrap();
        second.finish().unwrap();
        assert!(same(&firsts(&path, "t"), &[2.0, 1.0, 12.0, NONE, NONE, NONE]));
        assert!(same(&firsts(&path, "u"), &[4.0, 6.0, NONE, NONE, NONE, NONE]));
        assert!(same(&firsts(&path, "v"), &[NONE, NONE, NONE, 17.0, NONE, NONE]));
        assert!(same(&firsts(&path, "sp"), &[3.0, NONE, 23.0]));
        assert_eq!(NetcdfVariables::open(&path).unwrap().values("time").unwrap(), [0.0, 6.0, 12.0]);
        assert_eq!(NetcdfVariables::open(&path).unwrap().values("pressure").unwrap(), [850.0, 500.0]);
        // A run that is continued writes anew from its first time on.
        let text =
            format!("plans: [{{name: p, actions: [{{type: sink, sinks: [{{type: zarr, {sink}}}]}}]}}]");
        let mut third = Plans::continue_yaml_in(&text, folder.path()).unwrap();
        third.write(message("t", Some(500), 6, 31.0)).unwrap();
        third.finish().unwrap();
        assert!(same(&firsts(&path, "t"), &[2.0, 1.0, NONE, 31.0]));
        assert!(same(&firsts(&path, "v"), &[NONE; 4]));
        assert!(same(&firsts(&path, "sp"), &[3.0, NONE]));
        // Another compression is no continuation, and leaves the store as it is.
        let other = "path: 'run_[startDate].zarr', append: true, compression: deflate, level: 3";
        let refused = plans(other, folder.path()).write(message("sp", None, 18, 1.0)).unwrap_err();
        let part = if compression.starts_with("zstd") { "BitRound" } else { "codecs" };
        assert!(refused.to_string().contains(part), "{refused}");
    }
    // Nothing but what is replaced from run to run.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_terrella-io")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn the_command_takes_stores() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (one, other) = (path("one.zarr"), path("other.zarr"));
    let layout = Layout::global_lat_lon(36, 19);
    made(one.as_ref(), &layout, COMPRESSIONS[0], 2).finish().unwrap();
    made(other.as_ref(), &layout, COMPRESSIONS[2], 2).finish().unwrap();
    let (code, list) = run(&["ls", &one, "--statistics"]);
    assert!(code == Some(0) && list.contains("time=2, pressure=2, lat=19, lon=36"), "{list}");
    let (code, dump) = run(&["dump", &one]);
    assert!(code == Some(0) && dump.contains("\"Conventions\": \"CF-1.11\""), "{dump}");
    let (code, compared) = run(&["compare", &one, &other]);
    assert!(code == Some(0) && compared.contains("0 of 7 fields differ"), "{compared}");
    let map = path("map.png");
    let (code, text) =
        run(&["plot", &one, "--field", "sp", "--index", "time=1", "--width", "200", "-o", &map]);
    assert_eq!(code, Some(0), "{text}");
    assert!(std::fs::read(map).unwrap().starts_with(b"\x89PNG"));
    let (code, text) = run(&["convert", &one, &path("one.nc")]);
    assert!(code == Some(2) && text.contains("expected a name that ends in .nc4"), "{text}");
    let again = path("again.zarr");
    let (code, text) = run(&["convert", &one, &again, "--double"]);
    assert_eq!(code, Some(0), "{text}");
    for name in ["t", "sp", "time"] {
        let values = |path: &str| NetcdfVariables::open(path).unwrap().values(name).unwrap();
        assert!(same(&values(&again), &values(&one)), "{name}");
    }
    // GRIB into Zarr, as into NetCDF.
    if terrella_io::eccodes::version().is_err() {
        println!("not run: ecCodes is not installed");
        return;
    }
    let state = crate::common::global_state();
    let (netcdf, zarr) = (path("state.nc"), path("state.zarr"));
    for output in [&netcdf, &zarr] {
        let (code, text) =
            run(&["convert", state.to_str().unwrap(), output, "--field", "t", "--field", "prmsl"]);
        assert_eq!(code, Some(0), "{text}");
    }
    let (code, text) =
        run(&["compare", &netcdf, &zarr, "--field", "t", "--field", "prmsl", "--field", "time"]);
    assert!(code == Some(0) && text.contains("\n0 of 3 "), "{text}");
    let field = netcdf_field(&zarr, "prmsl", &[]).unwrap();
    assert_eq!(field.layout.name().as_deref(), Some("r144x73"));
    std::fs::write(path("taken.zarr"), "x").unwrap();
    let (code, text) = run(&["convert", state.to_str().unwrap(), &path("taken.zarr"), "--field", "prmsl"]);
    assert!(code == Some(2) && text.contains("which is something else"), "{text}");
}
