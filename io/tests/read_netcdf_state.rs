//! States in NetCDF files: dimensions in any order, units, times, gaps, and what is missing.

mod common;

use std::path::{Path, PathBuf};

use common::{data, state_by_levels};
use netcdf3::{DataSet, FileWriter, Version};
use terrella_io::encode::{NetcdfFile, Variable};
use terrella_io::layout::{Family, Layout, gaussian_latitudes};
use terrella_io::read::{NetcdfVariables, StateLevels, StateSelection, netcdf_field, state};
use terrella_io::{Error, Parameter, Time};
use terrella_kernels::Precision;

const LEVELS: [f64; 3] = [250.0, 500.0, 850.0];

fn start() -> Time {
    "2011-01-15T12".parse().unwrap()
}

/// Two times of a state in CF as our own writer makes it.
fn written(folder: &Path, parameters: &[Parameter]) -> (PathBuf, Layout) {
    let layout = Layout::gaussian(&gaussian_latitudes(8), &[32; 16]);
    let path = folder.join("state.nc");
    let variables: Vec<Variable> = parameters
        .iter()
        .map(|parameter| Variable {
            parameter: *parameter,
            precision: Precision::F32,
            pressures: if parameter.short_name == "sp" { Vec::new() } else { LEVELS.to_vec() },
        })
        .collect();
    let mut file = NetcdfFile::create(&path, &layout, start(), &variables, &[]).unwrap();
    for hours in [0, 6] {
        let fields: Vec<Vec<f32>> = variables
            .iter()
            .map(|variable| {
                let count = layout.points() * variable.pressures.len().max(1);
                (0..count).map(|index| index as f32 + 1000.0 * hours as f32).collect()
            })
            .collect();
        let slices: Vec<&[f32]> = fields.iter().map(Vec::as_slice).collect();
        file.append(start().plus_seconds(3600 * hours), &slices).unwrap();
    }
    file.finish().unwrap();
    (path, layout)
}

#[test]
fn our_own_files_are_read_at_the_chosen_time() {
    let folder = tempfile::tempdir().unwrap();
    let (path, layout) = written(
        folder.path(),
        &[
            Parameter::EASTWARD_WIND,
            Parameter::NORTHWARD_WIND,
            Parameter::TEMPERATURE,
            Parameter::GEOPOTENTIAL_HEIGHT,
            Parameter::SURFACE_PRESSURE,
        ],
    );
    let at = |hours: i64| StateSelection {
        reference: Some(start().plus_seconds(3600 * hours)),
        ..Default::default()
    };
    let second = state_by_levels(&path, &at(6));
    assert_eq!(second.layout, layout);
    assert_eq!(second.valid, start().plus_seconds(6 * 3600));
    assert_eq!(second.u.levels, StateLevels::Pressure(vec![25_000.0, 50_000.0, 85_000.0]));
    assert_eq!(
        (second.v.values[0], second.v.values[layout.points()]),
        (6000.0, 6000.0 + layout.points() as f64)
    );
    let height = second.geopotential.unwrap();
    assert_eq!((height.short_name.as_str(), height.units.as_str()), ("gh", "m"));
    assert_eq!(second.surface_pressure.unwrap().values.len(), layout.points());
    assert!(second.humidity.is_none() && second.orography.is_none());

    let message = |selection: &StateSelection| state(&path, selection).unwrap_err().to_string();
    let several = message(&StateSelection::default());
    assert!(several.contains("choose one by date: 2011-01-15T12:00:00Z, 2011-01-15T18"), "{several}");
    assert!(message(&at(3)).contains("it has 2011-01-15T12"), "{}", message(&at(3)));
    assert!(message(&StateSelection { member: Some(3), ..at(0) }).contains("member"));
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(folder.path(), &[Parameter::EASTWARD_WIND, Parameter::NORTHWARD_WIND]);
    let selection = StateSelection { reference: Some(start()), ..Default::default() };
    let message = state(&path, &selection).unwrap_err().to_string();
    assert!(message.contains("state.nc") && message.contains("'t' on pressure levels"), "{message}");
    let hdf = folder.path().join("new.nc");
    std::fs::write(&hdf, b"\x89HDF\r\n\x1a\n").unwrap();
    let message = state(&hdf, &selection).unwrap_err().to_string();
    assert!(
        message.contains("new.nc': HDF5: opening the file failed") || message.contains("HDF5 is needed"),
        "{message}"
    );
}

/// Longitude outside latitude, latitude from the south, longitude from 180°W, levels from below, packed numbers with gaps.
#[test]
fn any_order_and_packing_becomes_ours() {
    let (latitudes, longitudes) = (vec![-60.0, -20.0, 20.0, 60.0], vec![-180.0, -90.0, 0.0, 90.0]);
    let path = tempfile::tempdir().unwrap().keep().join("odd.nc");
    let mut set = DataSet::new();
    set.add_fixed_dim("level", 3).unwrap();
    set.add_fixed_dim("lon", 4).unwrap();
    set.add_fixed_dim("lat", 4).unwrap();
    for (name, units) in [("lat", "degrees_north"), ("lon", "degrees_east")] {
        set.add_var_f64(name, &[name]).unwrap();
        set.add_var_attr_string(name, "units", units).unwrap();
    }
    set.add_var_i32("level", &["level"]).unwrap();
    set.add_var_i32::<&str>("time", &[]).unwrap();
    set.add_var_attr_string("time", "units", "hours since 1959-01-01").unwrap();
    let upper = ["u_component_of_wind", "v_component_of_wind", "temperature"];
    for name in upper {
        set.add_var_f32(name, &["level", "lon", "lat"]).unwrap();
    }
    set.add_var_i16("sst", &["lon", "lat"]).unwrap();
    set.add_var_attr_f64("sst", "scale_factor", vec![0.5]).unwrap();
    set.add_var_attr_f64("sst", "add_offset", vec![280.0]).unwrap();
    // Two: netcdf3 writes a padding that it does not read.
    set.add_var_attr_i16("sst", "missing_value", vec![-9, -9]).unwrap();
    let mut writer = FileWriter::open(&path).unwrap();
    writer.set_def(&set, Version::Classic, 0).unwrap();
    writer.write_var_f64("lat", &latitudes).unwrap();
    writer.write_var_f64("lon", &longitudes).unwrap();
    writer.write_var_i32("level", &[1000, 500, 10]).unwrap();
    writer.write_var_i32("time", &[24]).unwrap();
    // A value tells its place: level, longitude, latitude.
    let values: Vec<f32> =
        (0..48).map(|index| (100 * (index / 16) + 10 * (index / 4 % 4) + index % 4) as f32).collect();
    for name in upper {
        writer.write_var_f32(name, &values).unwrap();
    }
    let mut sea: Vec<i16> = (0..16).collect();
    sea[3] = -9;
    writer.write_var_i16("sst", &sea).unwrap();
    writer.close().unwrap();

    let state = state_by_levels(&path, &StateSelection::default());
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    assert_eq!(state.valid.to_string(), "1959-01-02T00:00:00Z");
    assert_eq!(state.u.levels, StateLevels::Pressure(vec![1_000.0, 50_000.0, 100_000.0]));
    assert_eq!((state.layout.rings()[0].latitude, state.layout.rings()[0].west), (60.0, 0.0));
    // Top level 2, northernmost latitude 3, from 0°E: stored longitudes 2, 3, 0, 1.
    assert_eq!(state.u.values[..4], [223.0, 233.0, 203.0, 213.0]);
    assert_eq!(state.temperature.values[32 + 12..], [20.0, 30.0, 0.0, 10.0]);
    let sea = state.sea_temperature.unwrap().values;
    // Longitude 180°W at 60°N has none.
    assert!(sea[2].is_nan() && sea.iter().filter(|value| value.is_nan()).count() == 1);
    assert_eq!(sea[0], 280.0 + 0.5 * 11.0);
}

#[test]
fn the_reanalysis_is_read_whole() {
    let Some(path) = data("01_atmosphere/era5_tl31_19590102T00.nc") else { return };
    let state = state_by_levels(path, &StateSelection::default());
    assert_eq!(state.valid.to_string(), "1959-01-02T00:00:00Z");
    assert_eq!((state.layout.family(), state.layout.name().as_deref()), (Family::FullGaussian, Some("F16")));
    assert_eq!(state.u.levels.count(), 37);
    assert_eq!(state.humidity.unwrap().short_name, "q");
    let geopotential = state.geopotential.unwrap();
    assert_eq!((geopotential.short_name.as_str(), geopotential.units.as_str()), ("z", "m**2 s**-2"));
    // The tropics are warm, the north is cold in January.
    let points = state.layout.points();
    let lowest = &state.temperature.values[36 * points..];
    let mean = |from: usize| lowest[from..from + 64].iter().sum::<f64>() / 64.0;
    assert!(mean(0) < 255.0 && mean(16 * 64) > 295.0, "{} {}", mean(0), mean(16 * 64));
    // Filled over land.
    assert!(state.sea_temperature.unwrap().values.iter().all(|value| (270.0..305.0).contains(value)));
    assert!(state.surface_pressure.is_none() && state.orography.is_none() && state.land_fraction.is_none());
}

/// Largest virtual memory of this process so far [bytes].
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

#[test]
fn no_count_of_a_header_asks_for_memory_or_panics() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(folder.path(), &[Parameter::EASTWARD_WIND, Parameter::SURFACE_PRESSURE]);
    let whole = std::fs::read(&path).unwrap();
    // Values begin behind it.
    let header = 1600.min(whole.len());
    // Some file systems bring a file that was cut and written anew to the disk at once.
    let put = |bytes: &[u8]| {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
    };
    let before = peak_memory();
    let (mut read, mut refused) = (0, 0);
    for place in (4..header).step_by(4) {
        for number in [5, 0x7FFF_FFFC, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[place..place + 4].copy_from_slice(&number.to_be_bytes());
            put(&bytes);
            match NetcdfVariables::open(&path) {
                Ok(mut file) => {
                    read += 1;
                    for variable in file.variables() {
                        let _ = file.values(&variable.name);
                        let _ = netcdf_field(&path, &variable.name, &[("time", 0), ("level", 1)]);
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(matches!(error, Error::Netcdf { .. }), "byte {place}, {number}: {error}");
                }
            }
            let _ = state(&path, &StateSelection::default());
        }
    }
    assert!(read > 100 && refused > 300, "{read} read, {refused} refused");
    for length in (0..header).step_by(5) {
        put(&whole[..length]);
        assert!(state(&path, &StateSelection::default()).is_err(), "{length} bytes");
    }
    match (before, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < 256 << 20, "virtual memory grew by {} bytes", after - before)
        }
        _ => println!("not run: the bound on memory, no /proc/self/status"),
    }
}
