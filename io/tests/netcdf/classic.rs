//! NetCDF files opened by an independent reader (crate netcdf3): values, coordinates, and files cut off in mid-run.

use std::path::Path;

use netcdf3::{FileReader, Version};
use terrella_io::encode::{NetcdfFile, Variable};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::{Error, Parameter, Time};
use terrella_kernels::Precision;

use crate::common::on_small_disk;

fn reference() -> Time {
    "2011-01-15T12".parse().unwrap()
}

fn variable(parameter: Parameter, precision: Precision, pressures: &[f64]) -> Variable {
    Variable { parameter, precision, pressures: pressures.to_vec() }
}

/// A file with `records` records of two variables; value = 1000 · record + position.
fn write(path: &Path, layout: &Layout, records: i64) -> NetcdfFile {
    let variables = [
        variable(Parameter::GEOPOTENTIAL_HEIGHT, Precision::F64, &[500.0]),
        variable(Parameter::VORTICITY, Precision::F32, &[]),
    ];
    let title = [("title", "A forecast"), ("source", "Terrella")];
    let mut file = NetcdfFile::create(path, layout, reference(), &variables, &title).unwrap();
    for record in 0..records {
        let mut values: Vec<f64> =
            (0..layout.points()).map(|point| (1000 * record + point as i64) as f64).collect();
        values[1] = f64::NAN;
        file.append(reference().plus_seconds(record * 21_600), &[&values, &values]).unwrap();
    }
    file
}

fn check(path: &Path, points: usize, records: usize) {
    let mut reader = FileReader::open(path).unwrap();
    assert_eq!(reader.version(), Version::Offset64Bit);
    let times = reader.read_var_f64("time").unwrap();
    assert_eq!(times, (0..records).map(|record| 6.0 * record as f64).collect::<Vec<_>>());
    let heights = reader.read_var_f64("gh").unwrap();
    let vorticities = reader.read_var_f32("vo").unwrap();
    assert_eq!((heights.len(), vorticities.len()), (records * points, records * points));
    for (position, (&height, &vorticity)) in heights.iter().zip(&vorticities).enumerate() {
        let (record, point) = (position / points, position % points);
        let expected = if point == 1 { 9.969_21e36_f32 as f64 } else { (1000 * record + point) as f64 };
        assert_eq!(height, expected);
        assert_eq!(vorticity, expected as f32);
    }
}

#[test]
fn rectangular_grids_have_latitude_and_longitude() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::gaussian(&gaussian_latitudes(8), &[32; 16]);
    let file = write(&path, &layout, 3);
    check(&path, 512, 3);
    file.finish().unwrap();
    check(&path, 512, 3);
    let mut reader = FileReader::open(&path).unwrap();
    assert_eq!(reader.read_var_f64("lat").unwrap(), gaussian_latitudes(8));
    assert_eq!(reader.read_var_f64("lon").unwrap()[31], 348.75);
    assert_eq!(reader.read_var_f64("pressure").unwrap(), [500.0]);
    let data = reader.data_set();
    assert_eq!(data.get_global_attr_as_string("run_status").unwrap(), "complete");
    assert_eq!(data.get_global_attr_as_string("Conventions").unwrap(), "CF-1.11");
    assert_eq!(data.get_var_attr_as_string("time", "units").unwrap(), "hours since 2011-01-15 12:00:00");
    assert_eq!(data.get_var_attr_as_string("vo", "units").unwrap(), "s-1");
}

#[test]
fn reduced_grids_have_points() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.nc");
    let layout = Layout::gaussian(&gaussian_latitudes(2), &[20, 24, 24, 20]);
    write(&path, &layout, 2).finish().unwrap();
    check(&path, 88, 2);
    let mut reader = FileReader::open(&path).unwrap();
    let longitudes = reader.read_var_f64("lon").unwrap();
    assert_eq!((longitudes.len(), longitudes[21]), (88, 15.0));
    let coordinates = reader.data_set().get_var_attr_as_string("vo", "coordinates").unwrap();
    assert_eq!(coordinates, "forecast_reference_time lat lon");
}

#[test]
fn levels_are_a_dimension() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("levels.nc");
    let layout = Layout::global_lat_lon(4, 3);
    let levels = [850.0, 500.0, 250.0];
    let variables = [
        variable(Parameter::TEMPERATURE, Precision::F32, &levels),
        variable(Parameter::SURFACE_PRESSURE, Precision::F32, &[]),
    ];
    let mut file = NetcdfFile::create(&path, &layout, reference(), &variables, &[]).unwrap();
    let (temperature, pressure) = ([1.5_f32; 36], [2.5_f32; 12]);
    file.append(reference(), &[&temperature[..], &pressure[..]]).unwrap();
    let error = file.append(reference(), &[&temperature[..], &pressure[..]]).unwrap_err().to_string();
    assert!(error.contains("2011-01-15T12:00:00Z: expected a time after"), "{error}");
    let later = reference().plus_seconds(3600);
    let error = file.append(later, &[&pressure[..], &pressure[..]]).unwrap_err().to_string();
    assert_eq!(error, "'t': expected 36 values, got 12.");
    file.finish().unwrap();
    let mut reader = FileReader::open(&path).unwrap();
    assert_eq!(reader.read_var_f64("pressure").unwrap(), levels);
    assert_eq!(reader.read_var_f32("t").unwrap(), temperature);
    assert_eq!(reader.read_var_f32("sp").unwrap(), pressure);
}

/// A process killed while it writes the fourth record leaves any part of it behind the third, not yet counted.
#[test]
fn a_file_cut_in_the_last_record_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.nc");
    let layout = Layout::global_lat_lon(16, 9);
    drop(write(&path, &layout, 3));
    let whole = std::fs::read(&path).unwrap();
    for extra in [0, 1, 7, 500, 1000] {
        let mut bytes = whole.clone();
        bytes.resize(whole.len() + extra, 0xee);
        std::fs::write(&path, &bytes).unwrap();
        let status = FileReader::open(&path).unwrap().data_set().get_global_attr_as_string("run_status");
        assert_eq!(status.unwrap(), "running ");
        if extra == 0 {
            check(&path, 144, 3);
        } else {
            assert_eq!(FileReader::open(&path).unwrap().data_set().num_records(), Some(3));
        }
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_the_records_before() {
    on_small_disk("64k", |place| {
        let path = place.join("full.nc");
        let layout = Layout::global_lat_lon(36, 19);
        let mut file = write(&path, &layout, 3);
        let values = vec![0.0; layout.points()];
        let mut records = 3;
        let error = loop {
            match file.append(reference().plus_seconds(records * 21_600), &[&values, &values]) {
                Ok(()) => records += 1,
                Err(error) => break error,
            }
        };
        match &error {
            Error::File { path: named, source, .. } => {
                assert_eq!((named, source.kind()), (&path, std::io::ErrorKind::StorageFull));
            }
            other => panic!("{other}"),
        }
        let reader = FileReader::open(&path).unwrap();
        assert_eq!(reader.data_set().num_records(), Some(records as usize));
        let big = terrella_io::sink::AtomicFile::write(place.join("big.grib2"), &vec![1; 100_000]);
        assert!(big.unwrap_err().to_string().contains("big.grib2': writing failed: No space left"));
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 1);
    });
}
