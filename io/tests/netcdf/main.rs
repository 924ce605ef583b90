//! NetCDF-4 files: read by NetCDF's own ncdump, on full disks, and without libhdf5; from plans; those of others read; NetCDF-3 files.

#[path = "../common/mod.rs"]
mod common;

mod classic;
mod plans;
mod read;

use std::path::Path;
use std::process::Command;

use terrella_io::encode::{Compression, NamedVariable, Netcdf4File, Variable};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::{Error, Parameter, Time};
use terrella_kernels::Precision;

/// Reports a test that cannot run here; fails where TERRELLA_REQUIRE names what it needs.
fn not_run(reason: &str) {
    let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "hdf5"), "hdf5 is required, but {reason}");
    println!("not run: {reason}");
}

fn has_hdf5() -> bool {
    let Err(error) = terrella_io::hdf5::version() else { return true };
    not_run(&error.to_string());
    false
}

fn reference() -> Time {
    "2011-01-15T12".parse().unwrap()
}

fn variables() -> Vec<NamedVariable> {
    let variable = |parameter, precision, pressures: &[f64]| {
        NamedVariable::from(&Variable { parameter, precision, pressures: pressures.to_vec() })
    };
    vec![
        variable(Parameter::TEMPERATURE, Precision::F32, &[850.0, 500.0]),
        variable(Parameter::SURFACE_PRESSURE, Precision::F64, &[]),
    ]
}

fn append(file: &mut Netcdf4File, layout: &Layout) -> Result<(), Error> {
    let step = file.steps() as i64;
    let values: Vec<f64> =
        (0..2 * layout.points()).map(|point| (1000 * step + point as i64) as f64).collect();
    let time = reference().plus_seconds(step * 21_600);
    file.append(time, &[&values, &values[..layout.points()]])
}

/// What ncdump says; None, said aloud, where it is not installed.
fn ncdump(path: &Path, options: &[&str]) -> Option<String> {
    let output = match Command::new("ncdump").args(options).arg(path).output() {
        Ok(output) => output,
        Err(error) => {
            not_run(&format!("ncdump was not started ({error})"));
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The numbers of a variable in ncdump's data section; NaN where there is none.
fn numbers(dump: &str, name: &str) -> Vec<f64> {
    let data = dump.split_once("data:").unwrap().1;
    let start = data.find(&format!("\n {name} =")).unwrap_or_else(|| panic!("no {name} in {dump}"));
    let text = data[start..].split_once('=').unwrap().1.split_once(';').unwrap().0;
    let number = |number: &str| if number == "_" { f64::NAN } else { number.parse().unwrap() };
    text.split(',').map(|text| number(text.trim())).collect()
}

#[test]
fn ncdump_reads_files_between_steps_and_at_the_end() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::global_lat_lon(8, 5);
    for compression in [Compression::None, Compression::Deflate { level: 4 }] {
        let path = folder.path().join("forecast.nc");
        let mut file = Netcdf4File::create(
            &path,
            &layout,
            reference(),
            &variables(),
            &[("title", "Größe")],
            compression,
        )
        .unwrap();
        for steps in 1..=3_usize {
            append(&mut file, &layout).unwrap();
            let Some(dump) = ncdump(&path, &[]) else { return };
            assert_eq!(numbers(&dump, "time"), [0.0, 6.0, 12.0][..steps]);
            let expected = |count: usize| {
                let step = move |step: usize| (0..count).map(move |point| (1000 * step + point) as f64);
                (0..steps).flat_map(step).collect::<Vec<_>>()
            };
            assert_eq!(numbers(&dump, "t"), expected(80));
            assert_eq!(numbers(&dump, "sp"), expected(40));
        }
        file.finish().unwrap();
        let dump = ncdump(&path, &["-s"]).unwrap();
        for line in [
            "time = UNLIMITED ; // (3 currently)",
            "lat = 5 ;",
            "lon = 8 ;",
            "pressure = 2 ;",
            "float t(time, pressure, lat, lon) ;",
            "double sp(time, lat, lon) ;",
            "double forecast_reference_time ;",
            "t:standard_name = \"air_temperature\" ;",
            "t:units = \"K\" ;",
            "t:_FillValue = 9.96921e+36f ;",
            "t:_ChunkSizes = 1, 1, 5, 8 ;",
            "time:units = \"hours since 2011-01-15 12:00:00\" ;",
            ":Conventions = \"CF-1.11\" ;",
            ":run_status = \"complete\" ;",
            ":title = \"Größe\" ;",
            ":_Format = \"netCDF-4\" ;",
        ] {
            assert!(dump.contains(line), "no '{line}' in\n{dump}");
        }
        if compression != Compression::None {
            assert!(
                dump.contains("sp:_DeflateLevel = 4 ;") && dump.contains("sp:_Shuffle = \"true\" ;"),
                "{dump}"
            );
        }
        assert_eq!(numbers(&dump, "lat"), [90.0, 45.0, 0.0, -45.0, -90.0]);
        assert_eq!(numbers(&dump, "pressure"), [850.0, 500.0]);
    }
}

#[test]
fn ncdump_reads_reduced_grids_and_headers_of_zstd() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::gaussian(&gaussian_latitudes(2), &[20, 24, 24, 20]);
    let compression = Compression::Zstd { level: 3, mantissa_bits: Some(10) };
    let mut file = Netcdf4File::create(&path, &layout, reference(), &variables(), &[], compression).unwrap();
    append(&mut file, &layout).unwrap();
    // The values need the filter; everything else does not.
    let Some(dump) = ncdump(&path, &["-s", "-v", "lat,lon,time"]) else { return };
    for line in [
        "point = 88 ;",
        "float t(time, pressure, point) ;",
        "double lon(point) ;",
        "t:coordinates = \"forecast_reference_time lat lon\" ;",
        "t:_QuantizeBitRoundNumberOfSignificantBits = 10 ;",
        "32015",
    ] {
        assert!(dump.contains(line), "no '{line}' in\n{dump}");
    }
    assert_eq!(numbers(&dump, "lon")[21], 15.0);
}

/// Runs in a process of its own, where TERRELLA_HDF5 leads nowhere.
#[test]
fn an_absent_library_is_named() {
    if std::env::var_os("TERRELLA_TEST_CHILD").is_none() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "an_absent_library_is_named"])
            .env("TERRELLA_TEST_CHILD", "1")
            .env("TERRELLA_HDF5", "/nowhere/libhdf5.so")
            .status();
        assert!(child.unwrap().success());
        return;
    }
    let layout = Layout::global_lat_lon(4, 3);
    let created =
        Netcdf4File::create("/nowhere/x.nc", &layout, reference(), &variables(), &[], Compression::None);
    let error = created.unwrap_err();
    assert!(matches!(error, Error::Hdf5Missing { .. }));
    let text = error.to_string();
    for part in ["'/nowhere/libhdf5.so'", "Debian's package libhdf5-103-1", "TERRELLA_HDF5"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn places_that_cannot_be_written_are_named() {
    if !has_hdf5() {
        return;
    }
    let layout = Layout::global_lat_lon(4, 3);
    for path in ["/nowhere/x.nc", "/dev/full/x.nc"] {
        let created = Netcdf4File::create(path, &layout, reference(), &variables(), &[], Compression::None);
        let error = created.unwrap_err();
        assert!(matches!(error, Error::File { .. }) && error.to_string().contains("x.nc"), "{error}");
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_the_steps_before() {
    if !has_hdf5() {
        return;
    }
    common::on_small_disk("1m", |place| {
        let (path, ballast) = (place.join("full.nc"), place.join("ballast"));
        std::fs::write(&ballast, vec![0; 50_000]).unwrap();
        let layout = Layout::global_lat_lon(36, 19);
        let none = Compression::None;
        let mut file = Netcdf4File::create(&path, &layout, reference(), &variables(), &[], none).unwrap();
        let error = loop {
            if let Err(error) = append(&mut file, &layout) {
                break error;
            }
        };
        match &error {
            Error::File { path: named, source, .. } => {
                assert_eq!((named, source.kind()), (&path, std::io::ErrorKind::StorageFull));
            }
            other => panic!("{other}"),
        }
        let steps = file.steps();
        assert!(steps > 3);
        // No room for another file either, and nothing of it is left.
        let other = place.join("other.nc");
        let large = Layout::global_lat_lon(36_000, 19);
        Netcdf4File::create(&other, &large, reference(), &variables(), &[], none).unwrap_err();
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 2);
        // Still full: an error again, and nothing lost.
        append(&mut file, &layout).unwrap_err();
        assert_eq!(file.steps(), steps);
        std::fs::remove_file(&ballast).unwrap();
        append(&mut file, &layout).unwrap();
        assert_eq!(file.steps(), steps + 1);
        file.finish().unwrap();
        if let Some(dump) = ncdump(&path, &[]) {
            assert_eq!(numbers(&dump, "time").len() as u64, steps + 1);
            let pressures = numbers(&dump, "sp");
            for (position, value) in pressures.iter().enumerate() {
                let (step, point) = (position / layout.points(), position % layout.points());
                assert_eq!(*value, (1000 * step + point) as f64);
            }
        }
    });
}
