//! What Zarr's own Python package reads of ours and writes for us.

use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use terrella_io::read::{NetcdfVariables, netcdf_field};

use crate::{COMPRESSIONS, layouts, made, same, values};

/// What a Python program with the package zarr prints; None, said aloud, where there is none.
fn python(program: &str, path: &Path) -> Option<Json> {
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/python");
    let test = "import sys\ntry:\n    import zarr\n    assert zarr.__version__ >= '3'\nexcept Exception:\n    sys.exit(77)\n";
    let program = format!("{test}{program}");
    let output =
        Command::new("python3").args(["-c", &program]).arg(path).env("PYTHONPATH", packages).output();
    let found = output.as_ref().is_ok_and(|output| output.status.code() != Some(77));
    if !found {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        let reason = "python3 has no package zarr of version 3";
        assert!(!required.split(',').any(|name| name.trim() == "zarr"), "zarr is required, but {reason}");
        println!("not run: {reason}");
        return None;
    }
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

const READ: &str = "
import json, os
def shown(array):
    return {'shape': array.shape, 'chunks': array.chunks, 'type': str(array.dtype), 'fill': str(array.fill_value),
            'dimensions': array.metadata.dimension_names, 'attributes': dict(array.attrs),
            'values': [None if v != v else v for v in array[...].ravel().tolist()]}
def store(path):
    group = zarr.open_group(path, mode='r', zarr_format=3)
    return {'attributes': dict(group.attrs), 'arrays': {name: shown(array) for name, array in group.arrays()}}
print(json.dumps({name: store(os.path.join(sys.argv[1], name)) for name in os.listdir(sys.argv[1])}))
";

/// The values of an array; missing ones are NaN.
fn numbers(array: &Json) -> Vec<f64> {
    array["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

#[test]
fn python_reads_every_layout_and_compression() {
    let folder = tempfile::tempdir().unwrap();
    let name = |layout: usize, compression: usize| format!("{layout}-{compression}.zarr");
    for (number, layout) in layouts().iter().enumerate() {
        for (packed, compression) in COMPRESSIONS.into_iter().enumerate() {
            made(&folder.path().join(name(number, packed)), layout, compression, 3).finish().unwrap();
        }
    }
    let Some(found) = python(READ, folder.path()) else { return };
    for (number, layout) in layouts().iter().enumerate() {
        let (horizontal, lengths) = match layout.is_rectangular() {
            true => (vec!["lat", "lon"], vec![layout.rings().len(), layout.rings()[0].points]),
            false => (vec!["point"], vec![layout.points()]),
        };
        for packed in 0..COMPRESSIONS.len() {
            let store = &found[name(number, packed)];
            let attributes = &store["attributes"];
            assert_eq!(attributes["Conventions"], "CF-1.11");
            assert_eq!(
                (&attributes["run_status"], &attributes["title"]),
                (&"complete".into(), &"Größe".into())
            );
            let arrays = &store["arrays"];
            let temperature = &arrays["t"];
            assert_eq!(
                temperature["dimensions"],
                Json::from([&["time", "pressure"], &horizontal[..]].concat())
            );
            assert_eq!(temperature["shape"], Json::from([&[3, 2], &lengths[..]].concat()));
            assert_eq!(temperature["chunks"], Json::from([&[1, 1], &lengths[..]].concat()));
            assert_eq!((&temperature["type"], &temperature["fill"]), (&"float32".into(), &"nan".into()));
            assert_eq!(temperature["attributes"]["standard_name"], "air_temperature");
            let steps = |count: usize| (0..3).flat_map(|step| values(step, count)).collect::<Vec<_>>();
            assert!(same(&numbers(temperature), &steps(2 * layout.points())));
            assert!(same(&numbers(&arrays["sp"]), &steps(layout.points())));
            assert_eq!(arrays["sp"]["type"], "float64");
            assert_eq!(numbers(&arrays["time"]), [0.0, 6.0, 12.0]);
            assert_eq!(arrays["time"]["attributes"]["units"], "hours since 2011-01-15 12:00:00");
            assert_eq!(numbers(&arrays["pressure"]), [850.0, 500.0]);
            if !layout.is_rectangular() {
                let near = |(found, (_, latitude)): (f64, (f64, f64))| (found - latitude).abs() < 1e-12;
                assert!(numbers(&arrays["lat"]).into_iter().zip(layout.coordinates()).all(near));
            }
            let mapping = &arrays["healpix"]["attributes"];
            if layout.name().as_deref() == Some("H4") {
                assert_eq!(temperature["attributes"]["grid_mapping"], "healpix");
                assert_eq!(
                    (&mapping["refinement_level"], &mapping["indexing_scheme"]),
                    (&2.into(), &"ring".into())
                );
            } else {
                assert!(mapping.is_null());
            }
        }
    }
}

const WRITE: &str = "
import json
import numpy as np
from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, ZstdCodec
group = zarr.create_group(sys.argv[1], zarr_format=3, attributes={'title': 'from Python'})
def array(name, values, dimensions, attributes={}, **settings):
    made = group.create_array(name, shape=values.shape, dtype=values.dtype, dimension_names=dimensions, attributes=attributes, **settings)
    made[...] = values
    return made
field = np.arange(12 * 16).reshape(12, 16)
names = ['lat', 'lon']
array('lat', np.linspace(-82.5, 82.5, 12), ['lat'], {'units': 'degrees_north'}, chunks=(5,))
array('lon', np.arange(16) * 22.5, ['lon'], {'units': 'degrees_east'}, chunks=(16,))
array('usual', field.astype('f4'), names, chunks=(5, 6))
packed = array('packed', field.astype('>i2') - 7, names, {'scale_factor': 0.5, 'add_offset': 100.0, '_FillValue': -7},
               chunks=(12, 16), compressors=[GzipCodec(level=6), Crc32cCodec()], serializer=BytesCodec(endian='big'))
sharded = array('sharded', field.astype('f8'), names, chunks=(3, 4), shards=(6, 8), compressors=[ZstdCodec(level=3, checksum=True), Crc32cCodec()], fill_value=float('nan'))
sharded[3:9, 4:8] = float('nan')
array('front', field.astype('u4'), names, chunks=(12, 16), compressors=None,
      serializer=ShardingCodec(chunk_shape=(4, 4), codecs=[BytesCodec()], index_codecs=[BytesCodec()], index_location='start'))
array('old', (field % 251).astype('u1'), names, chunks=(7, 9), chunk_key_encoding={'name': 'v2', 'separator': '/'})
array('dots', field.astype('i8') - 5, names, chunks=(7, 9), chunk_key_encoding={'name': 'default', 'separator': '.'})
part = group.create_array('part', shape=(12, 16), chunks=(4, 16), dtype='f4', dimension_names=names, fill_value=-1.5)
part[4:8] = field[4:8]
array('scalar', np.array(3.25), [])
for name, shape in [('bare', (3, 5)), ('brief', (4,))]:
    group.create_array(name, shape=shape, chunks=(2,) * len(shape), dtype='u2')[...] = 7
def shown(array):
    values = array[...].astype('f8')
    return {'values': [None if v != v else v for v in values.ravel().tolist()]}
print(json.dumps({name: shown(array) for name, array in group.arrays()}))
";

#[test]
fn what_python_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("python.zarr");
    let Some(expected) = python(WRITE, &path) else { return };
    let mut store = NetcdfVariables::open(&path).unwrap();
    assert!(store.attributes().contains(&("title".into(), "from Python".into())));
    let names: Vec<String> = store.variables().into_iter().map(|variable| variable.name).collect();
    assert_eq!(
        names,
        [
            "bare", "brief", "dots", "front", "lat", "lon", "old", "packed", "part", "scalar", "sharded",
            "usual"
        ]
    );
    for name in &names {
        let mut expected = numbers(&expected[name]);
        if name == "packed" {
            let unpack = |value: &f64| if *value == -7.0 { f64::NAN } else { 100.0 + 0.5 * value };
            expected = expected.iter().map(unpack).collect();
        }
        assert!(same(&store.values(name).unwrap(), &expected), "{name}");
    }
    // North to south.
    for name in ["usual", "sharded", "dots"] {
        let field = netcdf_field(&path, name, &[]).unwrap();
        assert_eq!(field.layout.rings()[0].latitude, 82.5);
        assert_eq!(field.values[0], numbers(&expected[name])[11 * 16]);
    }
}
