//! Zarr stores: read by Zarr's own Python package, which also writes what is read here; killed writers; bad stores.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use terrella_io::encode::{Compression, NamedVariable, Variable, ZarrStore};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::{Error, Parameter, Time};
use terrella_kernels::Precision;
use terrella_kernels::grid::Grid;

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

/// Whole numbers below 2^11, so that 10 bits of the mantissa keep them, and one missing value.
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

/// What a Python program with the package zarr prints; None, said aloud, where there is none.
fn python(program: &str, path: &Path) -> Option<String> {
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/python");
    let run = |program: &str| {
        let mut python = Command::new("python3");
        python.args(["-c", program]).arg(path).env("PYTHONPATH", packages).output()
    };
    if !run("import zarr; assert int(zarr.__version__.split('.')[0]) >= 3")
        .is_ok_and(|it| it.status.success())
    {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        let reason = "python3 has no package zarr of version 3";
        assert!(!required.split(',').any(|name| name.trim() == "zarr"), "zarr is required, but {reason}");
        println!("not run: {reason}");
        return None;
    }
    let output = run(program).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

const PRINT: &str = "
import json, sys, zarr
group = zarr.open_group(sys.argv[1], mode='r', zarr_format=3)
def shown(array):
    return {'shape': array.shape, 'chunks': array.chunks, 'type': str(array.dtype), 'fill': str(array.fill_value),
            'dimensions': array.metadata.dimension_names, 'attributes': dict(array.attrs),
            'values': [None if v != v else v for v in array[...].ravel().tolist()]}
print(json.dumps({'attributes': dict(group.attrs), 'arrays': {name: shown(array) for name, array in group.arrays()}}))
";

#[test]
fn python_reads_every_layout_and_compression() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forecast.zarr");
    for layout in layouts() {
        let points = layout.points();
        for compression in COMPRESSIONS {
            let attributes = [("title", "Größe")];
            let store =
                ZarrStore::create(&path, &layout, reference(), &variables(), &attributes, compression);
            let mut store = store.unwrap();
            (0..3).for_each(|_| append(&mut store, points).unwrap());
            store.finish().unwrap();
            let Some(text) = python(PRINT, &path) else { return };
            let found: Json = serde_json::from_str(&text).unwrap();
            let attributes = &found["attributes"];
            assert_eq!(attributes["Conventions"], "CF-1.11");
            assert_eq!(
                (&attributes["run_status"], &attributes["title"]),
                (&"complete".into(), &"Größe".into())
            );
            let arrays = &found["arrays"];
            let horizontal: Vec<&str> =
                if layout.is_rectangular() { vec!["lat", "lon"] } else { vec!["point"] };
            let lengths: Vec<usize> = match layout.is_rectangular() {
                true => vec![layout.rings().len(), layout.rings()[0].points],
                false => vec![points],
            };
            let temperature = &arrays["t"];
            assert_eq!(
                temperature["dimensions"],
                Json::from([&["time", "pressure"], &horizontal[..]].concat())
            );
            assert_eq!(temperature["shape"], Json::from([&[3, 2], &lengths[..]].concat()));
            assert_eq!(temperature["chunks"], Json::from([&[1, 1], &lengths[..]].concat()));
            assert_eq!((&temperature["type"], &temperature["fill"]), (&"float32".into(), &"nan".into()));
            assert_eq!(temperature["attributes"]["standard_name"], "air_temperature");
            let stored =
                |values: Vec<f64>| values.into_iter().map(|value| (!value.is_nan()).then_some(value));
            let steps =
                |count: usize| (0..3).flat_map(move |step| stored(values(step, count))).collect::<Vec<_>>();
            assert_eq!(temperature["values"], Json::from(steps(2 * points)));
            assert_eq!(arrays["sp"]["values"], Json::from(steps(points)));
            assert_eq!(arrays["sp"]["type"], "float64");
            assert_eq!(arrays["time"]["values"], Json::from([0.0, 6.0, 12.0].to_vec()));
            assert_eq!(arrays["time"]["attributes"]["units"], "hours since 2011-01-15 12:00:00");
            assert_eq!(arrays["pressure"]["values"], Json::from([850.0, 500.0].to_vec()));
            if !layout.is_rectangular() {
                let latitudes: Vec<f64> = layout.coordinates().map(|(_, latitude)| latitude).collect();
                assert_eq!(arrays["lat"]["values"], Json::from(latitudes));
            }
            let mapping = &arrays["healpix"]["attributes"];
            match layout.name().as_deref() {
                Some("H4") => {
                    assert_eq!(temperature["attributes"]["grid_mapping"], "healpix");
                    assert_eq!(
                        (&mapping["refinement_level"], &mapping["indexing_scheme"]),
                        (&2.into(), &"ring".into())
                    );
                }
                _ => assert!(mapping.is_null()),
            }
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the store is left");
}
