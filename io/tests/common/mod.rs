//! Files that several tests read.
#![allow(dead_code, reason = "every test crate uses a part")]

use std::panic::{UnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use terrella_io::read::{State, StateFile, StatePlaces, StateSelection, state};

/// NOAA's global forecast of 2011-01-10 12 UTC + 120 h on 2.5°.
pub(crate) fn global_state() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/extremes/data/gfs.t12z.pgrbf120.2p5deg.grib2")
}

/// Runs a test on a file system of this size, such as "64k"; not run, said aloud, where none can be made, as only root may.
pub(crate) fn on_small_disk(size: &str, test: impl FnOnce(&Path) + UnwindSafe) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
        .arg(&place)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("not run: a tmpfs could not be mounted");
        return;
    }
    let outcome = catch_unwind(|| test(&place));
    let unmounted = Command::new("umount").arg(&place).status();
    assert!(unmounted.unwrap().success());
    outcome.unwrap();
}

/// A file of the folder TERRELLA_DATA; None, said aloud, where there is none.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TERRELLA_DATA") else {
        println!("not run: TERRELLA_DATA is not set ({name})");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} does not exist", path.display());
    Some(path)
}

/// The state of a file, whose levels have the same bits when they are read one by one, the lowest first.
pub(crate) fn state_by_levels(path: impl AsRef<Path>, selection: &StateSelection) -> State {
    let whole = state(&path, selection).unwrap();
    let file = StateFile::open(&path, selection).unwrap();
    let found = file.state();
    assert_eq!(
        (&found.layout, found.valid, &found.incomplete),
        (&whole.layout, whole.valid, &whole.incomplete)
    );
    let points = whole.layout.points();
    let expect = |places: &StatePlaces, levels: usize, values: &[f64]| {
        for level in (0..levels).rev() {
            let got = file.level(places, level).unwrap();
            let same = |(one, other): (&f64, &f64)| one.to_bits() == other.to_bits();
            let expected = &values[level * points..(level + 1) * points];
            assert!(got.len() == points && got.iter().zip(expected).all(same), "level {level}");
            assert!(file.bytes(places, level) > 0);
        }
        let error = file.level(places, levels).unwrap_err().to_string();
        assert!(error.contains(&format!("'level' is {levels}")), "{error}");
    };
    let fields = [(Some(&found.u), Some(&whole.u)), (Some(&found.v), Some(&whole.v))];
    let more = [
        (Some(&found.temperature), Some(&whole.temperature)),
        (found.humidity.as_ref(), whole.humidity.as_ref()),
        (found.geopotential.as_ref(), whole.geopotential.as_ref()),
    ];
    for (found, whole) in fields.into_iter().chain(more) {
        assert_eq!(found.map(|field| &field.levels), whole.map(|field| &field.levels));
        if let Some((found, whole)) = found.zip(whole) {
            assert_eq!((&found.short_name, &found.units), (&whole.short_name, &whole.units));
            expect(&found.values, whole.levels.count(), &whole.values);
        }
    }
    let surfaces = [
        (&found.surface_pressure, &whole.surface_pressure),
        (&found.sea_level_pressure, &whole.sea_level_pressure),
        (&found.orography, &whole.orography),
        (&found.land_fraction, &whole.land_fraction),
        (&found.surface_temperature, &whole.surface_temperature),
        (&found.sea_temperature, &whole.sea_temperature),
    ];
    for (found, whole) in surfaces {
        assert_eq!(found.is_some(), whole.is_some());
        if let Some((found, whole)) = found.as_ref().zip(whole.as_ref()) {
            assert_eq!((&found.short_name, &found.units), (&whole.short_name, &whole.units));
            expect(&found.values, 1, &whole.values);
        }
    }
    whole
}
