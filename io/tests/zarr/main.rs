//! Zarr stores: written and read back, by Zarr's own Python package too; refused, damaged and killed ones; plans.

#[path = "../common/mod.rs"]
mod common;
mod damaged;
#[path = "../kill/process.rs"]
mod kill;
mod plans;
mod python;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use kill::{CHILD, kills, run_and_kill, splitmix};
use terrella_io::encode::{Compression, NamedVariable, Variable, ZarrStore};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::read::{Format, NetcdfVariables, StateSelection, format, netcdf_field};
use terrella_io::{Error, Parameter, Time};
use terrella_kernels::Precision;
use terrella_kernels::grid::Grid;

fn reference() -> Time {
    "2011-01-15T12".parse().unwrap()
}

fn variable(parameter: Parameter, precision: Precision, pressures: &[f64]) -> NamedVariable {
    NamedVariable::from(&Variable { parameter, precision, pressures: pressures.to_vec() })
}

fn variables() -> Vec<NamedVariable> {
    vec![
        variable(Parameter::TEMPERATURE, Precision::F32, &[850.0, 500.0]),
        variable(Parameter::SURFACE_PRESSURE, Precision::F64, &[]),
    ]
}

/// Whole numbers below 2^11, which 10 bits of the mantissa keep, and one missing value.
fn values(step: u64, count: usize) -> Vec<f64> {
    let mut values: Vec<f64> =
        (0..count).map(|point| (1000 * (step % 2) + point as u64 % 1000) as f64).collect();
    values[1] = f64::NAN;
    values
}

fn append(store: &mut ZarrStore, points: usize) -> Result<(), Error> {
    let step = store.steps();
    let time = reference().plus_seconds(step as i64 * 21_600);
    store.append(time, &[&values(step, 2 * points), &values(step, points)])
}

fn layouts() -> [Layout; 3] {
    [
        Layout::global_lat_lon(36, 19),
        Layout::gaussian(&gaussian_latitudes(2), &[20, 24, 24, 20]),
        Layout::from(&"H4".parse::<Grid>().unwrap()),
    ]
}

const COMPRESSIONS: [Compression; 4] = [
    Compression::None,
    Compression::Deflate { level: 4 },
    Compression::Zstd { level: 1, mantissa_bits: None },
    Compression::Zstd { level: 3, mantissa_bits: Some(10) },
];

/// A store of some steps.
fn made(path: &Path, layout: &Layout, compression: Compression, steps: usize) -> ZarrStore {
    let title = [("title", "Größe")];
    let mut store = ZarrStore::create(path, layout, reference(), &variables(), &title, compression).unwrap();
    (0..steps).for_each(|_| append(&mut store, layout.points()).unwrap());
    store
}

fn same(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(one, other)| one == other || one.is_nan() && other.is_nan())
}

/// Compares all steps with what was written.
fn check(path: &Path, layout: &Layout, steps: u64) {
    let mut store = NetcdfVariables::open(path).unwrap();
    let expected = |count: usize| (0..steps).flat_map(|step| values(step, count)).collect::<Vec<_>>();
    assert!(same(&store.values("t").unwrap(), &expected(2 * layout.points())));
    assert!(same(&store.values("sp").unwrap(), &expected(layout.points())));
    let hours: Vec<f64> = (0..steps).map(|step| 6.0 * step as f64).collect();
    assert_eq!(store.values("time").unwrap(), hours);
}

#[test]
fn steps_come_back_from_every_layout_and_compression() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.zarr");
    for layout in layouts() {
        for compression in COMPRESSIONS {
            made(&path, &layout, compression, 3).finish().unwrap();
            assert_eq!(format(&path).unwrap(), Format::Zarr);
            check(&path, &layout, 3);
            let field = netcdf_field(&path, "sp", &[("time", 1)]).unwrap();
            assert_eq!(field.layout.name(), layout.name());
            assert!(same(&field.values, &values(1, layout.points())));
            let status = |path: &Path| NetcdfVariables::open(path).unwrap().attributes();
            assert!(status(&path).contains(&("run_status".into(), "complete".into())));
            // A second run goes on where the first ended.
            let again = ZarrStore::append_to(&path, &layout, reference(), &variables(), compression);
            let mut store = again.unwrap();
            assert_eq!((store.steps(), store.last()), (3, Some(reference().plus_seconds(43_200))));
            let early =
                store.append(reference(), &[&values(0, 2 * layout.points()), &values(0, layout.points())]);
            assert!(early.unwrap_err().to_string().contains("expected a time after"));
            append(&mut store, layout.points()).unwrap();
            check(&path, &layout, 4);
            assert!(status(&path).contains(&("run_status".into(), "running".into())));
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the store is left");
}

#[test]
fn fields_lie_on_recognised_points() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.zarr");
    let layout = Layout::global_lat_lon(36, 19);
    let points = layout.points();
    let upper = |parameter| variable(parameter, Precision::F64, &[850.0, 500.0]);
    let variables = [Parameter::EASTWARD_WIND, Parameter::NORTHWARD_WIND, Parameter::TEMPERATURE].map(upper);
    let none = Compression::None;
    let mut store = ZarrStore::create(&path, &layout, reference(), &variables, &[], none).unwrap();
    let value = |step: usize, number: usize, point: usize| (10_000 * step + 3000 * number + point) as f64;
    for step in 0..2 {
        let field = |number| (0..2 * points).map(|point| value(step, number, point)).collect::<Vec<_>>();
        let fields = [0, 1, 2].map(field);
        let time = reference().plus_seconds(step as i64 * 3600);
        store.append(time, &[&fields[0], &fields[1], &fields[2]]).unwrap();
    }
    let field = netcdf_field(&path, "v", &[("time", 1), ("pressure", 1)]).unwrap();
    assert_eq!(field.layout.name().as_deref(), Some("r36x19"));
    assert_eq!(field.values[7], value(1, 1, points + 7));
    let error = netcdf_field(&path, "v", &[("time", 2), ("pressure", 1)]).unwrap_err().to_string();
    assert!(error.contains("one below the 2 elements of 'v'"), "{error}");
    let date = Some(reference().plus_seconds(3600));
    let state =
        common::state_by_levels(&path, &StateSelection { reference: date, ..StateSelection::default() });
    // From the top downwards.
    assert_eq!(state.temperature.values[3], value(1, 2, points + 3));
    assert_eq!(state.u.values[points + 3], value(1, 0, 3));
    assert_eq!(state.layout, field.layout);
}

#[test]
fn other_stores_and_folders_are_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.zarr");
    let layout = Layout::global_lat_lon(36, 19);
    let none = Compression::None;
    drop(made(&path, &layout, none, 2));
    let refused = |layout: &Layout, reference: Time, variables: &[NamedVariable], compression| {
        let error = ZarrStore::append_to(&path, layout, reference, variables, compression).unwrap_err();
        check(&path, &Layout::global_lat_lon(36, 19), 2);
        error.to_string()
    };
    let mut others = variables();
    others[1].naming.units = "hPa".into();
    let text = refused(&layout, reference(), &others, none);
    assert!(
        text.contains("forecast.zarr") && text.contains(r#"'sp' has units "Pa", expected "hPa""#),
        "{text}"
    );
    others[1].naming.name = "wind".into();
    assert!(refused(&layout, reference(), &others, none).contains("wind"));
    let text = refused(&layout, reference().plus_seconds(3600), &variables(), none);
    assert!(text.contains("hours since 2011-01-15 13:00:00"), "{text}");
    let text = refused(&layout, reference(), &variables(), Compression::Deflate { level: 1 });
    assert!(text.contains("codecs") && text.contains("gzip"), "{text}");
    let text = refused(
        &Layout::lat_lon(&gaussian_latitudes(10)[..19], 0.0, 10.0, 36),
        reference(),
        &variables(),
        none,
    );
    assert!(text.contains("'lat' has 90 at position 0"), "{text}");
    // Nothing but a store made here is ever replaced.
    let other = folder.path().join("precious");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("thesis.tex"), "x").unwrap();
    let create = |path: &Path| ZarrStore::create(path, &layout, reference(), &variables(), &[], none);
    assert!(create(&other).unwrap_err().to_string().contains("which is something else"));
    std::fs::write(other.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    create(&other).unwrap_err();
    assert!(other.join("thesis.tex").exists());
    for name in ["lat", "a/b", ".t", ""] {
        let mut named = variables();
        named[0].naming.name = name.into();
        let error =
            ZarrStore::create(folder.path().join("x"), &layout, reference(), &named, &[], none).unwrap_err();
        assert!(error.to_string().contains(&format!("is '{name}': expected a name of its own")), "{error}");
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_the_steps_before() {
    common::on_small_disk("1m", |place| {
        let (path, ballast) = (place.join("full.zarr"), place.join("ballast"));
        std::fs::write(&ballast, vec![0; 50_000]).unwrap();
        let layout = Layout::global_lat_lon(36, 19);
        let mut store = made(&path, &layout, Compression::None, 1);
        let error = loop {
            if let Err(error) = append(&mut store, layout.points()) {
                break error;
            }
        };
        match &error {
            Error::File { source, .. } => assert_eq!(source.kind(), std::io::ErrorKind::StorageFull),
            other => panic!("{other}"),
        }
        let steps = store.steps();
        assert!(steps > 3);
        check(&path, &layout, steps);
        append(&mut store, layout.points()).unwrap_err();
        std::fs::remove_file(&ballast).unwrap();
        append(&mut store, layout.points()).unwrap();
        assert_eq!(store.steps(), steps + 1);
        check(&path, &layout, steps + 1);
    });
}

/// Small, so that many steps are begun.
fn killed_layout() -> Layout {
    Layout::global_lat_lon(12, 7)
}

/// Not a test of its own: the process that is killed. Goes on from the last finished step.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let path = Path::new(&folder).join("forecast.zarr");
    let (layout, compression) = (killed_layout(), COMPRESSIONS[2]);
    let mut store = ZarrStore::append_to(&path, &layout, reference(), &variables(), compression).unwrap();
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nready").unwrap();
    loop {
        append(&mut store, layout.points()).unwrap();
        output.write_all(format!("finished {}\n", store.steps()).as_bytes()).unwrap();
        output.flush().unwrap();
    }
}

#[test]
fn finished_steps_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.zarr");
    let (layout, compression) = (killed_layout(), COMPRESSIONS[2]);
    let start = Instant::now();
    drop(made(&path, &layout, compression, 3));
    // Kills come in all phases of a step, however slow the disk is.
    let longest = start.elapsed().as_micros() as u64 + 1;
    let (mut last, mut seed) = (3, 5);
    for kill in 0..kills() {
        let random = splitmix(&mut seed);
        let after = Duration::from_micros((random >> 32) % longest);
        let finished = run_and_kill("child", folder.path(), !random.is_multiple_of(5), after).max(last);
        // A reader sees them before anybody repairs anything.
        let mut found = NetcdfVariables::open(&path).unwrap();
        let steps = found.values("time").unwrap().len() as u64;
        assert!(steps == finished || steps == finished + 1, "kill {kill}: {steps} of {finished}");
        check(&path, &layout, steps);
        last = steps;
    }
    assert!(last > 3, "no step was ever finished");
}
