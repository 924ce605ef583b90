//! Values and places agree with what ecCodes' own tool `grib_get_data` prints, whatever the scanning mode.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use terrella_io::read::{GribFile, Missing};

use crate::common::{data, global_state};

/// Compares the fields `numbers` of a file with grib_get_data; false where that tool is not installed.
fn agrees(path: &Path, numbers: &[usize]) -> bool {
    let file = GribFile::open(path).unwrap();
    for &number in numbers {
        let count = format!("count={}", number + 1);
        let mut tool = Command::new("grib_get_data");
        tool.args(["-F", "%.15e", "-L", "%.4f %.4f", "-w", &count]).arg(path);
        let Ok(output) = tool.output() else {
            println!("not run: grib_get_data (Debian's package libeccodes-tools) is not installed");
            return false;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // To 0.01°, from the four places that the tool prints.
        let hundredths = |angle: f64| (format!("{angle:.4}").parse::<f64>().unwrap() * 100.0).round() as i64;
        let key = |latitude: f64, longitude: f64| {
            (hundredths(latitude), hundredths(longitude.rem_euclid(360.0)) % 36_000)
        };
        // The tool leaves missing points out.
        let mut expected: HashMap<(i64, i64), f64> = HashMap::new();
        for line in String::from_utf8(output.stdout).unwrap().lines().skip(1) {
            let line = line.replace(',', " ");
            let parts: Vec<f64> = line.split_whitespace().filter_map(|part| part.parse().ok()).collect();
            if let [latitude, longitude, value] = parts[..] {
                expected.insert(key(latitude, longitude), value);
            }
        }
        assert!(expected.len() > 3, "{}", path.display());
        let field = file.decode(&file.headers()[number], Missing::Nan).unwrap();
        let mut compared = 0;
        for ((longitude, latitude), &value) in field.layout.coordinates().zip(&field.values) {
            match expected.get(&key(latitude, longitude)) {
                Some(&expected) => {
                    assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} {expected}");
                    compared += 1;
                }
                None => assert!(value.is_nan(), "{}: {latitude} {longitude} {value}", path.display()),
            }
        }
        assert_eq!(compared, expected.len(), "{}", path.display());
    }
    true
}

#[test]
fn the_global_state_agrees() {
    agrees(&global_state(), &[0, 1, 100, 342]);
}

#[test]
fn other_grids_and_scanning_modes_agree() {
    for (name, fields) in [
        ("09_grib_netcdf_io/cfgrib/regular_ll_msl.grib", 1),
        ("09_grib_netcdf_io/cfgrib/regular_gg_ml.grib", 1),
        ("09_grib_netcdf_io/cfgrib/reduced_gg.grib", 1),
        ("09_grib_netcdf_io/earthkit/O32_global.grib1", 1),
        ("09_grib_netcdf_io/earthkit/O32_global.grib2", 1),
        ("09_grib_netcdf_io/pygrib/flux.grb", 4),
        ("09_grib_netcdf_io/pygrib/regular_latlon_surface.grib1", 1),
        ("09_grib_netcdf_io/pygrib/regular_latlon_surface.grib2", 1),
        ("09_grib_netcdf_io/pygrib/scanning_mode.grib2", 1),
        ("09_grib_netcdf_io/pygrib/scanning_mode_with_bitmap.grib2", 1),
        ("09_grib_netcdf_io/wgrib2/gdaswave.t00z.wcoast.0p16.f000.grib2", 3),
        ("09_grib_netcdf_io/wgrib2/ref_simple_packing.grib2", 1),
        ("01_atmosphere/data_uv_dev_step0-6.grib", 8),
        ("01_atmosphere/test4.grib", 4),
    ] {
        let Some(path) = data(name) else { return };
        println!("{name}");
        let numbers: Vec<usize> = (0..fields).collect();
        if !agrees(&path, &numbers) {
            return;
        }
    }
}

/// Rows in turns eastward and westward: grib_get_data (2.28) gives every second one mirrored on lat-lon grids, so the
/// oracle is the temperature itself, which changes little from row to row (0.1°) and much when mirrored.
#[test]
fn alternating_rows_are_turned() {
    let Some(path) = data("09_grib_netcdf_io/cfgrib/alternate-scanning.grib") else { return };
    let file = GribFile::open(path).unwrap();
    let field = file.decode(&file.headers()[0], Missing::Refuse).unwrap();
    let rings = field.layout.rings();
    let row = |ring: usize| &field.values[rings[ring].offset..rings[ring].offset + rings[ring].points];
    let mean = |differences: &dyn Fn(usize) -> Vec<f64>| {
        let all: Vec<f64> = (1..rings.len()).flat_map(differences).collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let plain = mean(&|ring| row(ring).iter().zip(row(ring - 1)).map(|(a, b)| (a - b).abs()).collect());
    let mirrored =
        mean(&|ring| row(ring).iter().rev().zip(row(ring - 1)).map(|(a, b)| (a - b).abs()).collect());
    assert!(plain < 0.7 && mirrored > 4.0, "{plain} K, {mirrored} K");
}
