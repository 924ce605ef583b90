//! NetCDF-4 and other HDF5 files as variables, fields and states.

use std::path::{Path, PathBuf};
use std::process::Command;

use terrella_io::encode::{Compression, Naming, Netcdf4Stream, StreamedField};
use terrella_io::layout::{Family, Layout};
use terrella_io::read::{Format, NetcdfVariables, StateSelection, format, netcdf_field};
use terrella_io::{Parameter, Time};
use terrella_kernels::Precision;
use terrella_kernels::grid::Grid;

use crate::common::{data, state_by_levels};
use crate::{has_hdf5, not_run};

/// A NetCDF-4 file of this CDL text, by NetCDF's own ncgen; None, said aloud, where it is not installed.
fn ncgen(folder: &Path, name: &str, text: &str) -> Option<PathBuf> {
    if !has_hdf5() {
        return None;
    }
    let (source, path) = (folder.join(format!("{name}.cdl")), folder.join(format!("{name}.nc")));
    std::fs::write(&source, text).unwrap();
    match Command::new("ncgen").args(["-k", "nc4", "-o"]).args([&path, &source]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            not_run(&format!("ncgen was not started ({error})"));
            return None;
        }
    }
    Some(path)
}

fn list(numbers: impl IntoIterator<Item = f64>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

fn layout(name: &str) -> Layout {
    Layout::from(&name.parse::<Grid>().unwrap())
}

#[test]
fn types_packing_filters_and_groups_of_netcdf_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = "netcdf types {
dimensions: lat = 3 ; lon = 4 ; time = UNLIMITED ; other = 2 ;
variables:
  double lat(lat) ; lat:units = \"degrees_north\" ;
  float lon(lon) ; lon:units = \"degree_east\" ; lon:_Endianness = \"big\" ;
  int time(time) ; time:units = \"hours since 2026-01-01\" ;
  short packed(time, lat, lon) ; packed:scale_factor = 0.5 ; packed:add_offset = 100.f ; packed:_FillValue = -9s ;
    packed:valid_range = 0s, 20s ; packed:_DeflateLevel = 6 ; packed:_Shuffle = \"true\" ; packed:_ChunkSizes = 1, 2, 3 ;
    packed:_Endianness = \"big\" ;
  ubyte bytes(lat, lon) ; bytes:missing_value = 255UB, 254UB ;
  short noaa(lat, lon) ; noaa:add_offset = 10. ; noaa:scale_factor = 1. ; noaa:valid_range = 10., 15. ;
  uint64 wide(other) ; char words(other) ; string name ; double gaps(lon) ;
  string lat:note = \"one\", \"two\" ;
  :title = \"Types\" ; :count = 3L ;
data:
  lat = 80, 0, -80 ; lon = -180, -90, 0, 90 ; time = 0, 6 ;
  packed = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 21, -9, -1, 16, 17, 18, 19, 20, 0, 0, 0 ;
  bytes = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255 ;
  noaa = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1 ;
  wide = 4294967296, 7 ; words = \"ab\" ; name = \"x\" ; gaps = 1, _, 3, 4 ;
group: inner {
  dimensions: lat = 2 ;
  variables: float lat(lat) ; lat:standard_name = \"latitude\" ; lat:units = \"degrees\" ; float own(lat, lon) ;
  data: lat = 10, 20 ; own = 1, 2, 3, 4, 5, 6, 7, 8 ;
}
}";
    let Some(path) = ncgen(folder.path(), "types", text) else { return };
    assert_eq!(format(&path).unwrap(), Format::Hdf5);
    let mut file = NetcdfVariables::open(&path).unwrap();
    let variables = file.variables();
    let known: Vec<(&str, &str, usize)> = variables
        .iter()
        .map(|variable| (variable.name.as_str(), variable.kind, variable.dimensions.len()))
        .collect();
    let expected = [
        ("lat", "double", 1),
        ("lon", "float", 1),
        ("time", "int", 1),
        ("packed", "short", 3),
        ("bytes", "ubyte", 2),
        ("noaa", "short", 2),
        ("wide", "uint64", 1),
        ("words", "char", 1),
        ("name", "string", 0),
        ("gaps", "double", 1),
        ("inner/lat", "float", 1),
        ("inner/own", "float", 2),
    ];
    assert_eq!(known, expected);
    assert_eq!(file.attributes()[..2], [("title".into(), "Types".into()), ("count".into(), "3".into())]);
    assert_eq!(variables[0].attribute("note"), Some("one, two"));
    assert_eq!(variables[3].dimensions[0], ("time".into(), 2));
    assert_eq!(variables[11].dimensions, [("inner/lat".into(), 2), ("lon".into(), 4)]);
    let mut values = |name: &str| file.values(name).unwrap();
    assert_eq!(values("wide"), [4_294_967_296.0, 7.0]);
    assert_eq!(values("lon"), [-180.0, -90.0, 0.0, 90.0]);
    assert!(values("gaps")[1].is_nan() && values("gaps")[2] == 3.0);
    for (name, kind) in [("words", "char"), ("name", "string")] {
        let error = file.values(name).unwrap_err().to_string();
        assert!(
            error.contains(&format!("'{name}' has values of type {kind}: numbers are needed")),
            "{error}"
        );
    }
    // Rows from 0°E eastward; a value that is none is NaN.
    let field = netcdf_field(&path, "packed", &[("time", 1)]).unwrap();
    assert_eq!((field.layout.rings()[0].latitude, field.layout.rings()[0].west), (80.0, 0.0));
    let found: Vec<String> = field.values.iter().map(f64::to_string).collect();
    assert_eq!(found, "NaN,NaN,110,NaN,109,109.5,108,108.5,100,100,110,100".split(',').collect::<Vec<_>>());
    let bytes = netcdf_field(&path, "bytes", &[]).unwrap().values;
    assert!(bytes[8].is_nan() && bytes[9].is_nan() && bytes[10] == 8.0);
    let noaa = netcdf_field(&path, "noaa", &[]).unwrap().values;
    // Between 10 and 15 once it is unpacked: 0 to 5 as stored.
    assert_eq!((noaa[0], noaa.iter().filter(|value| value.is_nan()).count()), (12.0, 6));
    // From the south, in a group, with a dimension of the file.
    let own = netcdf_field(&path, "inner/own", &[]).unwrap();
    assert_eq!(own.values, [7.0, 8.0, 5.0, 6.0, 3.0, 4.0, 1.0, 2.0]);
    let error = netcdf_field(&path, "packed", &[]).unwrap_err().to_string();
    assert!(error.contains("dimension 'time' of 'packed'' is 2"), "{error}");
    let error = netcdf_field(&path, "gaps", &[]).unwrap_err().to_string();
    assert!(error.contains("no latitude and longitude of 'gaps'; its dimensions are lon"), "{error}");
    // What NetCDF's own library makes of it in the classic format reads the same.
    compare_with_classic(&path, &folder.path().join("classic.nc"));
}

/// Reads all variables of numbers twice: from HDF5, and from the classic file that nccopy makes of it. False where it
/// makes none, because classic files lack a type.
fn compare_with_classic(path: &Path, classic: &Path) -> bool {
    let Ok(output) = Command::new("nccopy").args(["-k", "64-bit-offset"]).args([path, classic]).output()
    else {
        not_run("nccopy was not started");
        return false;
    };
    let (mut file, mut other) = match (NetcdfVariables::open(path), NetcdfVariables::open(classic)) {
        (Ok(file), Ok(other)) if output.status.success() => (file, other),
        _ => return false,
    };
    for variable in other.variables().iter().filter(|variable| variable.kind != "char") {
        // netcdf3 reads numbers of attributes of two bytes wrongly: values of such files are compared elsewhere.
        let (one, two) = (file.values(&variable.name).unwrap(), other.values(&variable.name).unwrap());
        let same = |(one, two): (&f64, &f64)| one == two || one.is_nan() && two.is_nan();
        assert!(one.len() == two.len() && one.iter().zip(&two).all(same), "{} in {path:?}", variable.name);
    }
    true
}

#[test]
fn grids_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let points = |name: &str| {
        let (longitudes, latitudes): (Vec<f64>, Vec<f64>) = layout(name).coordinates().unzip();
        (longitudes, latitudes)
    };
    // By the coordinates of each point.
    let (longitudes, latitudes) = points("O4");
    let count = latitudes.len();
    let octahedral = format!(
        "netcdf o {{ dimensions: point = {count} ; variables: double lat(point) ; double lon(point) ;
        float t(point) ; data: lat = {} ; lon = {} ; t = {} ; }}",
        list(latitudes),
        list(longitudes),
        list((0..count).map(|point| point as f64))
    );
    // By the numbers of points of rings, from the south.
    let grid = layout("O4");
    let (counts, rows): (Vec<f64>, Vec<f64>) =
        grid.rings().iter().rev().map(|ring| (ring.points as f64, ring.latitude)).unzip();
    let reduced = format!(
        "netcdf r {{ dimensions: rgrid = {count} ; lat = 8 ; variables: double lat(lat) ; lat:units = \"degrees_north\" ;
        int reduced_points(lat) ; float t(rgrid) ; data: lat = {} ; reduced_points = {} ; t = {} ; }}",
        list(rows),
        list(counts),
        list((0..count).map(|point| point as f64))
    );
    // By a grid mapping, nested.
    let healpix = |attributes: &str| {
        format!(
            "netcdf h {{ dimensions: time = 1 ; cell = 48 ; variables: int crs ; crs:grid_mapping_name = \"healpix\" ;
            {attributes} float t(time, cell) ; t:grid_mapping = \"crs\" ; data: t = {} ; }}",
            list((0..48).map(f64::from))
        )
    };
    let nested = healpix("crs:healpix_nside = 2LL ; crs:healpix_order = \"nest\" ;");
    let levels = healpix("crs:refinement_level = 1 ; crs:indexing_scheme = \"nested\" ;");
    let ring = healpix("crs:healpix_nside = 2 ; crs:healpix_order = \"ring\" ;");
    for (number, (text, name, first)) in [
        (&octahedral, "O4", 0.0),
        (&reduced, "O4", count as f64 - 20.0),
        (&nested, "H2", 3.0),
        (&levels, "H2", 3.0),
        (&ring, "H2", 0.0),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(path) = ncgen(folder.path(), &format!("grid{number}"), text) else { return };
        let field = netcdf_field(&path, "t", &[]).unwrap();
        assert_eq!(field.layout, layout(name), "{number}");
        assert_eq!(field.values[0], first, "{number}");
        let mut sorted = field.values.clone();
        sorted.sort_by(f64::total_cmp);
        assert_eq!(sorted, (0..sorted.len()).map(|point| point as f64).collect::<Vec<_>>());
    }
    for (number, (text, reason)) in [
        (healpix("crs:healpix_nside = 3 ; crs:healpix_order = \"ring\" ;"), "has the 108 pixels of nside 3"),
        (healpix("crs:healpix_nside = 2 ;"), "order of its pixels is 'none'"),
        (healpix("crs:healpix_nside = 4611686018427387904 ;"), "tell no size"),
        (healpix("").replace("healpix", "lambert_conformal_conic"), "grid 'lambert_conformal_conic'"),
        (
            "netcdf c { dimensions: y = 2 ; x = 3 ; variables: double lat(y, x) ; double lon(y, x) ;
            float t(y, x) ; t:coordinates = \"lat lon\" ; data: t = 1, 2, 3, 4, 5, 6 ; }"
                .into(),
            "its dimensions are y, x",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(path) = ncgen(folder.path(), &format!("wrong{number}"), &text) else { return };
        let error = netcdf_field(&path, "t", &[]).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// Streams of all layouts and compressions, zstd among them, come back.
#[test]
fn our_own_files_are_read() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let start: Time = "2026-01-01T06".parse().unwrap();
    let partial = Layout::lat_lon(&[50.0, 45.0, 40.0], -10.0, 5.0, 4);
    let layouts = ["F8", "O8", "N32", "H4", "r36x19"].map(layout);
    for (number, layout) in layouts.iter().chain([&partial]).enumerate() {
        for compression in [
            Compression::None,
            Compression::Deflate { level: 1 },
            Compression::Zstd { level: 3, mantissa_bits: Some(20) },
        ] {
            let path = folder.path().join(format!("{number}.nc"));
            let mut file = Netcdf4Stream::create(&path, layout, start, Precision::F64, compression).unwrap();
            let values: Vec<f64> = (0..layout.points()).map(|point| point as f64 - 7.0).collect();
            for (parameter, pressure) in [
                (Parameter::EASTWARD_WIND, Some(850.0)),
                (Parameter::EASTWARD_WIND, Some(500.0)),
                (Parameter::NORTHWARD_WIND, Some(850.0)),
                (Parameter::NORTHWARD_WIND, Some(500.0)),
                (Parameter::TEMPERATURE, Some(850.0)),
                (Parameter::TEMPERATURE, Some(500.0)),
                (Parameter::SURFACE_PRESSURE, None),
            ] {
                let naming = Naming::from(&parameter);
                let (member, time, since) = (None, start, None);
                let add = pressure.unwrap_or(0.0);
                let values: Vec<f64> = values.iter().map(|value| value + add).collect();
                file.put(&StreamedField { naming, pressure, member, time, since, values: &values }).unwrap();
            }
            file.finish().unwrap();
            let field = netcdf_field(&path, "t", &[("pressure", 1)]).unwrap();
            assert_eq!((&field.layout, field.values[9]), (layout, 502.0));
            let state = state_by_levels(&path, &StateSelection::default());
            assert_eq!((&state.layout, state.valid), (layout, start));
            assert_eq!((state.u.values[0], state.u.values[layout.points()]), (493.0, 843.0));
            assert_eq!(state.surface_pressure.unwrap().values[..3], [-7.0, -6.0, -5.0]);
        }
    }
}

#[test]
fn levels_that_are_stored_together_are_read_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let numbers =
        |first: usize| (first..first + 36).map(|value| value.to_string()).collect::<Vec<String>>().join(", ");
    let field = |name: &str| {
        format!(
            "float {name}(level, lat, lon); {name}:_Storage = \"chunked\"; {name}:_ChunkSizes = 2, 3, 4;\n"
        )
    };
    let text = format!(
        "netcdf state {{ dimensions: level = 3; lat = 3; lon = 4; variables: double level(level), lat(lat), lon(lon), time;
level:units = \"hPa\"; lat:units = \"degrees_north\"; lon:units = \"degrees_east\"; time:units = \"hours since 2011-01-15\";
{}{}{}data: level = 850, 250, 500; lat = 60, 0, -60; lon = 0, 90, 180, 270; time = 12;
u = {}; v = {}; t = {}; }}",
        field("u"),
        field("v"),
        field("t"),
        numbers(0),
        numbers(100),
        numbers(200)
    );
    let Some(path) = ncgen(folder.path(), "state", &text) else { return };
    let state = state_by_levels(&path, &StateSelection::default());
    assert_eq!((state.u.values[0], state.v.values[12], state.temperature.values[24]), (12.0, 124.0, 200.0));
}

/// All HDF5 files among the data: listed, read as nccopy and the classic reader have them, on points or refused by name.
#[test]
fn real_files_are_read_or_refused_by_name() {
    if !has_hdf5() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(root) = data("02_boundary").map(|path| path.parent().unwrap().to_owned()) else { return };
    let (mut files, mut compared) = (0, 0);
    let mut folders = vec![root.clone()];
    while let Some(place) = folders.pop() {
        for entry in std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if format(&entry).unwrap() == Format::Hdf5 {
                let mut file = NetcdfVariables::open(&entry).unwrap();
                assert!(!file.variables().is_empty(), "{entry:?}");
                for variable in file.variables() {
                    if !["char", "string"].contains(&variable.kind) {
                        file.values(&variable.name).unwrap_or_else(|error| panic!("{error}"));
                    }
                }
                compared += usize::from(compare_with_classic(&entry, &folder.path().join("classic.nc")));
                files += 1;
            }
        }
    }
    // nccopy makes no classic file of types that these lack.
    assert!(files > 35 && compared > 20, "{files} files, {compared} compared");
    for (name, variable, chosen, expected) in [
        ("02_boundary/speedyweather/orography.nc", "orog", &[][..], "F512"),
        ("02_boundary/isca/era-spectral_T42_64x128.nc", "zsurf", &[], "F32"),
        ("02_boundary/speedy_t30/soil.nc", "swl1", &[("time", 5)], "F24"),
        ("03_vector_sh/uwnd_mean.nc", "uwnd", &[("time", 11)], "r144x73"),
        ("01_atmosphere/speedy_reference/example_bc.nc", "stl", &[("time", 0)], "F24"),
    ] {
        let field = netcdf_field(root.join(name), variable, chosen).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(field.layout.name().as_deref(), Some(expected), "{name}");
    }
    let relief = netcdf_field(root.join("05_flood/wflow_piave/staticmaps.nc"), "subcatchment", &[]).unwrap();
    assert_eq!((relief.layout.family(), relief.layout.rings().len()), (Family::LatLon, 53));
    for (name, variable, reason) in [
        ("07_remap/uxarray_fields/psi-points.nc", "psi", "no Gaussian grid and of no HEALPix"),
        ("06_reference/meshes/test-c12.native.nc4", "PHIS", "its coordinate 'lons' has several dimensions"),
        ("05_flood/sfincs_test/precip_2d.nc", "Precipitation", "its dimensions are time, y, x"),
    ] {
        let error = netcdf_field(root.join(name), variable, &[]).unwrap_err().to_string();
        assert!(error.contains(reason), "{name}: {error}");
    }
}

#[test]
fn bad_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let text = "netcdf big { dimensions: lat = 1000000 ; lon = 2000000 ; a = UNLIMITED ;
        variables: float lat(lat) ; float lon(lon) ; float t(lat, lon) ; t:_ChunkSizes = 100, 100 ; float u(a, lat) ;
        data: u = 1 ; }";
    let Some(path) = ncgen(folder.path(), "big", text) else { return };
    let mut file = NetcdfVariables::open(&path).unwrap();
    let error = file.values("t").unwrap_err().to_string();
    assert!(error.contains("cannot hold the [1000000, 2000000] values"), "{error}");
    drop(file);
    // Cut at many places, and HDF5 behind what is none.
    let small =
        "netcdf small { dimensions: lat = 3 ; lon = 4 ; variables: double lat(lat) ; double lon(lon) ;
        float t(lat, lon) ; t:_DeflateLevel = 1 ; data: lat = 1, 2, 3 ; lon = 1, 2, 3, 4 ;
        t = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 ; }";
    let path = ncgen(folder.path(), "small", small).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let expected = netcdf_field(&path, "t", &[]).unwrap().values;
    let cut = folder.path().join("cut.nc");
    for length in (0..whole.len()).step_by(whole.len() / 60) {
        std::fs::write(&cut, &whole[..length]).unwrap();
        let error = netcdf_field(&cut, "t", &[]).unwrap_err().to_string();
        assert!(error.contains("cut.nc"), "{error}");
    }
    // One byte changed: read, perhaps as something else, or refused, and that before long.
    for place in (0..whole.len()).step_by(whole.len() / 100) {
        let mut changed = whole.clone();
        changed[place] ^= 0x55;
        std::fs::write(&cut, &changed).unwrap();
        let Ok(mut file) = NetcdfVariables::open(&cut) else { continue };
        for variable in file.variables() {
            let _ = file.values(&variable.name);
        }
    }
    std::fs::write(&cut, [&vec![b' '; 1024][..], &whole].concat()).unwrap();
    assert_eq!(netcdf_field(&cut, "t", &[]).unwrap().values, expected);
    for foreign in [&b"CDF\x05"[..], b"not a field at all, but words", b"PK\x03\x04"] {
        std::fs::write(&cut, foreign).unwrap();
        let error = NetcdfVariables::open(&cut).unwrap_err().to_string();
        assert!(error.contains("cut.nc' cannot be read as NetCDF"), "{error}");
    }
}
