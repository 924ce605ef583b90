//! Whole states from real files: all levels, sorted, in Pa; what is missing is named.

use std::path::{Path, PathBuf};

use terrella_io::read::{GribFile, Header, Selection, State, StateLevels, StateSelection};

use crate::common::{data, global_state, state_by_levels};

fn pressures(state: &StateLevels) -> Vec<f64> {
    match state {
        StateLevels::Pressure(pressure) => pressure.clone(),
        StateLevels::Hybrid { .. } => panic!("hybrid levels"),
    }
}

fn read(path: impl AsRef<Path>) -> State {
    state_by_levels(path, &StateSelection::default())
}

/// A file with the chosen messages of the global state, in the order of `choose`.
fn part(folder: &Path, choose: impl Fn(&[Header]) -> Vec<Header>) -> PathBuf {
    let file = GribFile::open(global_state()).unwrap();
    let bytes: Vec<u8> =
        choose(file.headers()).iter().flat_map(|header| file.message(header).unwrap()).collect();
    let path = folder.join("part.grib2");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_global_state_is_whole() {
    let file = GribFile::open(global_state()).unwrap();
    let state = file.state(&StateSelection::default()).unwrap();
    let levels = pressures(&state.u.levels);
    assert_eq!(levels.len(), 26);
    assert_eq!((levels[0], levels[25]), (1_000.0, 100_000.0));
    assert!(levels.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(state.temperature.levels, state.v.levels);
    let points = state.layout.points();
    assert_eq!(points, 144 * 73);
    let five_hundred = levels.iter().position(|level| *level == 50_000.0).unwrap();
    let wind = file.field(&Selection::parameter("v").pressure(500.0)).unwrap();
    assert_eq!(state.v.values[five_hundred * points..(five_hundred + 1) * points], wind.values);
    // 20 hPa has no relative humidity.
    let humidity = state.humidity.unwrap();
    assert_eq!((humidity.short_name.as_str(), humidity.units.as_str()), ("r", "%"));
    assert_eq!(pressures(&humidity.levels).len(), 25);
    assert!(!pressures(&humidity.levels).contains(&2_000.0));
    let geopotential = state.geopotential.unwrap();
    assert_eq!((geopotential.short_name.as_str(), geopotential.units.as_str()), ("gh", "gpm"));
    assert_eq!(state.surface_pressure.unwrap().units, "Pa");
    assert_eq!(state.sea_level_pressure.unwrap().short_name, "prmsl");
    assert_eq!(state.orography.unwrap().units, "m");
    assert_eq!(state.land_fraction.unwrap().values.len(), points);
    let surface = state.surface_temperature.unwrap();
    assert_eq!(surface.units, "K");
    assert!(surface.values.iter().all(|value| (190.0..330.0).contains(value)));
    assert!(state.sea_temperature.is_none());
    assert!(state.incomplete.is_empty());
}

#[test]
fn levels_in_any_order_are_sorted_and_missing_ones_told() {
    let folder = tempfile::tempdir().unwrap();
    let upper = |headers: &[Header]| -> Vec<Header> {
        let wanted = |header: &&Header| {
            ["u", "v", "t"].contains(&header.short_name.as_str())
                && header.pressure().is_some_and(|pressure| pressure >= 500.0)
        };
        headers.iter().filter(wanted).cloned().collect()
    };
    let straight = read(part(folder.path(), upper));
    let turned = read(part(folder.path(), |headers| {
        let mut chosen = upper(headers);
        chosen.reverse();
        chosen.rotate_left(7);
        chosen
    }));
    assert_eq!(straight, turned);
    assert!(straight.humidity.is_none() && straight.orography.is_none() && straight.geopotential.is_none());

    let gaps = read(part(folder.path(), |headers| {
        let is = |header: &Header, name: &str, pressure: f64| {
            header.short_name == name && header.pressure() == Some(pressure)
        };
        upper(headers).into_iter().filter(|h| !is(h, "v", 850.0) && !is(h, "t", 700.0)).collect()
    }));
    assert_eq!(gaps.incomplete, [(70_000.0, vec!["t"]), (85_000.0, vec!["v"])]);
    assert_eq!(gaps.u.levels, gaps.v.levels);
    assert!(!pressures(&gaps.u.levels).contains(&85_000.0) && pressures(&gaps.u.levels).contains(&70_000.0));
}

#[test]
fn missing_fields_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = part(folder.path(), |headers| {
        let wanted = |header: &&Header| header.short_name == "t" && header.pressure().is_some();
        headers.iter().filter(wanted).cloned().collect()
    });
    let message = GribFile::open(path).unwrap().state(&StateSelection::default()).unwrap_err().to_string();
    assert!(message.contains("no 'u', 'v' on pressure or hybrid levels; on levels it has t."), "{message}");
    let wrong = StateSelection { step: Some(6.0), ..StateSelection::default() };
    let message = GribFile::open(global_state()).unwrap().state(&wrong).unwrap_err().to_string();
    assert!(message.contains("it has 2011-01-10T12:00:00Z + 120 h"), "{message}");
}

#[test]
fn one_of_several_times_must_be_chosen() {
    let Some(path) = data("01_atmosphere/pl_regular_ll_dev_20240603.grib") else { return };
    let file = GribFile::open(path).unwrap();
    let message = file.state(&StateSelection::default()).unwrap_err().to_string();
    assert!(message.contains("choose one by date, step or member"), "{message}");
    assert!(message.contains("2024-06-03T12:00:00Z + 6 h"), "{message}");
    let selection = StateSelection {
        reference: Some("2024-06-03T12".parse().unwrap()),
        step: Some(6.0),
        ..StateSelection::default()
    };
    let state = file.state(&selection).unwrap();
    assert_eq!(pressures(&state.temperature.levels).len(), 6);
    assert_eq!(state.geopotential.unwrap().units, "m**2 s**-2");
    assert_eq!(state.valid, "2024-06-03T18".parse().unwrap());
}

#[test]
fn hybrid_levels_come_with_their_coefficients() {
    let Some(path) = data("01_atmosphere/forecast_ml.grib") else { return };
    let state = read(path);
    let StateLevels::Hybrid { a, b } = &state.temperature.levels else { panic!("pressure levels") };
    assert_eq!((a.len(), b.len(), a[0], b[0], a[137], b[137]), (138, 138, 0.0, 0.0, 0.0, 1.0));
    let pressure = state.surface_pressure.unwrap();
    assert_eq!(pressure.units, "Pa");
    assert!(pressure.values.iter().all(|pressure| (50_000.0..107_000.0).contains(pressure)));
    assert_eq!(state.humidity.unwrap().values.len(), 137 * state.layout.points());
    assert_eq!(state.orography.unwrap().short_name, "z");
}

/// Debian's package python-grib-doc, where it is installed.
#[test]
fn other_producers_files_are_read_or_their_gaps_named() {
    let folder = Path::new("/usr/share/doc/python-grib-doc/examples");
    if !folder.join("gfs.grb").exists() {
        println!("not run: {} is not there", folder.display());
        return;
    }
    let state = read(folder.join("gfs.grb"));
    assert_eq!(pressures(&state.u.levels).len(), 26);
    assert_eq!(state.valid, "2011-10-11T00".parse().unwrap());
    assert!(state.surface_pressure.is_some() && state.orography.is_some());
    let surface_only = GribFile::open(folder.join("ecmwf_tigge.grb")).unwrap();
    let message = surface_only.state(&StateSelection::default()).unwrap_err().to_string();
    assert!(message.contains("no 'u', 'v', 't' on pressure or hybrid levels"), "{message}");
}
