//! NetCDF files of MADIS.

use std::path::PathBuf;
use std::process::Command;

use terrella_io::Error;
use terrella_io::observations::{Flag, Kind, Quantity, Reason, Summary, Vertical, read};

use crate::common::data;

/// An unpacked file; None, said aloud, where there is none.
pub(crate) fn unpacked(folder: &tempfile::TempDir, name: &str) -> Option<PathBuf> {
    let packed = data(&format!("04_observations/madis_2005082600/{name}.gz"))?;
    let Ok(output) = Command::new("gzip").arg("-dc").arg(packed).output() else {
        println!("not run: gzip is not installed");
        return None;
    };
    let path = folder.path().join(name);
    std::fs::write(&path, output.stdout).unwrap();
    Some(path)
}

#[test]
fn radiosondes_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = unpacked(&folder, "2005082600_rawin.nc") else { return };
    let observed = read(path).unwrap();
    let packed = data("04_observations/madis_2005082600/2005082600_rawin.nc.gz").unwrap();
    assert_eq!(format!("{:?}", read(packed).unwrap()), format!("{observed:?}"));
    // The file has 557 records.
    let lost = [Reason::NoTime, Reason::NoPosition, Reason::NoValue, Reason::Duplicate]
        .map(|reason| observed.rejections.of(reason));
    assert_eq!(
        observed.reports.len() + lost.iter().sum::<usize>(),
        557,
        "{:?}",
        observed.rejections.counts()
    );
    assert!(observed.reports.len() > 500, "{:?}", observed.rejections.counts());
    let summary = Summary::of(&observed.reports);
    assert_eq!(summary.reports[&Kind::Radiosonde], observed.reports.len());
    assert!(
        summary.area.is_some_and(|[south, _, west, east]| south < -60.0 && west < -170.0 && east > 170.0)
    );
    // As ncdump shows its first mandatory levels.
    let first = &observed.reports[0];
    assert_eq!(first.station, "78988");
    assert_eq!(first.time.to_string(), "2005-08-26T00:00:00Z");
    for (level, pressure, height, temperature, depression, from, speed) in
        [(0, 100_300.0, 67.0, 302.35, 4.4, 90.0, 4.1152), (5, 50_000.0, 5_870.0, 267.25, 2.7, 95.0, 4.1152)]
    {
        let level = &first.levels[level];
        let Vertical::Pressure(own) = level.vertical else { panic!("{level:?}") };
        let values = [
            (Some(own), pressure),
            (level.value(Quantity::GeopotentialHeight), height),
            (level.value(Quantity::Temperature), temperature),
            (level.value(Quantity::DewPoint), temperature - depression),
            (level.value(Quantity::WindDirection), from),
            (level.value(Quantity::WindSpeed), speed),
        ];
        for (own, expected) in values {
            assert!((own.unwrap() - expected).abs() < 1e-4, "{own:?} {expected}");
        }
    }
    for level in &first.levels {
        if let (Some(temperature), Some(dew_point)) =
            (level.value(Quantity::Temperature), level.value(Quantity::DewPoint))
        {
            assert!(dew_point <= temperature);
        }
    }
}

/// Letters of quality become flags, which are counted; the numbers are those of the files' letters.
#[test]
fn flags_are_those_of_the_letters() {
    let folder = tempfile::tempdir().unwrap();
    for (name, kind, least, suspect) in [
        ("2005082600_metar.nc", Kind::SurfaceLand, 3_300, 300),
        ("2005082600_marine.nc", Kind::SurfaceSea, 1_800, 50),
        ("2005082600_acars.nc", Kind::Aircraft, 8_500, 10),
        ("2011060311_profiler.nc", Kind::WindProfiler, 26, 100),
        ("2011052700_satwnd.nc", Kind::SatelliteWind, 5_000, 0),
    ] {
        let Some(path) = unpacked(&folder, name) else { return };
        let observed = read(path).unwrap();
        let summary = Summary::of(&observed.reports);
        assert!(summary.reports.get(&kind).is_some_and(|count| *count >= least), "{name}: {summary:?}");
        assert_eq!(summary.reports.len(), 1, "{name}");
        assert!(summary.flags.get(&Flag::Suspect).copied().unwrap_or(0) >= suspect, "{name}: {summary:?}");
    }
}

#[test]
fn other_netcdf_is_refused() {
    let Some(path) = data("02_boundary/landsea.nc") else { return };
    let error = read(path).unwrap_err();
    assert!(matches!(error, Error::NotObservations { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = unpacked(&folder, "2005082600_marine.nc") else { return };
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains("2005082600_marine.nc"), "{error}");
}
