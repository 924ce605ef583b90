//! Interpolated fields against searches through all points, and through plans into files.

use terrella_io::Error;
use terrella_io::encode::{Grib2Encoder, GribSettings};
use terrella_io::interpolation::{Method, MissingRule, Weights};
use terrella_io::layout::{Family, Layout};
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::read::{GribFile, Missing, Selection};
use terrella_kernels::grid::{Grid, HealpixOrder};

const RULE: MissingRule = MissingRule::HeaviestMissing;

fn named(name: &str) -> Layout {
    Layout::from(&name.parse::<Grid>().unwrap())
}

/// 20°W to 20°E, 60°N to 30°N.
fn region() -> Layout {
    let latitudes: Vec<f64> = (0..13).map(|row| 60.0 - 2.5 * f64::from(row)).collect();
    Layout::lat_lon(&latitudes, -20.0, 2.5, 17)
}

fn sources() -> Vec<(&'static str, Layout)> {
    let names = ["F8", "N32", "O8", "r36x19", "r36x18", "H4", "H3"];
    let mut layouts: Vec<_> = names.map(|name| (name, named(name))).into();
    // Columns from 180°W, as many producers have them.
    let latitudes: Vec<f64> = (0..19).map(|row| 90.0 - 10.0 * f64::from(row)).collect();
    layouts.push(("from the date line", Layout::lat_lon(&latitudes, -180.0, 10.0, 36)));
    layouts.push(("region", region()));
    layouts
}

fn fill(layout: &Layout, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    layout.coordinates().map(|(longitude, latitude)| value(longitude, latitude)).collect()
}

fn between(source: &Layout, target: &Layout, method: Method, values: &[f64]) -> Vec<f64> {
    Weights::new(source, target, method).unwrap().apply(values, RULE).unwrap()
}

fn position(longitude: f64, latitude: f64) -> [f64; 3] {
    let (longitude, latitude) = (longitude.to_radians(), latitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

/// Smooth on the sphere, with a maximum off the poles.
fn smooth(longitude: f64, latitude: f64) -> f64 {
    let [x, y, z] = position(longitude, latitude);
    1.0 + x - 2.0 * y + 0.5 * z + x * z - y * y
}

/// The definition, by a look at every point: rings by latitude, the points of each by how far east they are.
fn bilinear_by_search(layout: &Layout, values: &[f64], longitude: f64, latitude: f64) -> f64 {
    let points: Vec<(f64, f64)> = layout.coordinates().collect();
    let ring_value = |ring_latitude: f64| -> f64 {
        let east_of = |longitude: f64, of: f64| {
            let east = (longitude - of).rem_euclid(360.0);
            if east > 360.0 - 1e-8 { 0.0 } else { east }
        };
        let ring = || (0..points.len()).filter(|&point| points[point].1 == ring_latitude);
        let by = |measure: &dyn Fn(usize) -> f64| {
            ring().min_by(|&one, &other| measure(one).total_cmp(&measure(other))).unwrap()
        };
        let west = by(&|point| east_of(longitude, points[point].0));
        let east = by(&|point| east_of(points[point].0, longitude));
        let (to_west, to_east) = (east_of(longitude, points[west].0), east_of(points[east].0, longitude));
        // The neighbours of a place outside an open ring are further apart than those inside.
        if to_west + to_east > 1.5 * layout.rings().iter().map(|ring| ring.spacing).fold(0.0, f64::max) {
            return f64::NAN;
        }
        if to_west + to_east < 1e-8 {
            return values[west];
        }
        (values[west] * to_east + values[east] * to_west) / (to_west + to_east)
    };
    let mean = |ring_latitude: f64| {
        let on = || (0..points.len()).filter(|&point| points[point].1 == ring_latitude);
        on().map(|point| values[point]).sum::<f64>() / on().count() as f64
    };
    let latitudes = || points.iter().map(|(_, latitude)| *latitude);
    if let Some(on) = latitudes().find(|ring| (ring - latitude).abs() < 1e-8) {
        return ring_value(on);
    }
    let north = latitudes().filter(|ring| *ring > latitude).fold(f64::INFINITY, f64::min);
    let south = latitudes().filter(|ring| *ring < latitude).fold(f64::NEG_INFINITY, f64::max);
    let (north, at_north) = match (north.is_finite(), layout.is_global()) {
        (true, _) => (north, ring_value(north)),
        (false, true) => (90.0, mean(south)),
        (false, false) => return f64::NAN,
    };
    let (south, at_south) = match (south.is_finite(), layout.is_global()) {
        (true, _) => (south, ring_value(south)),
        (false, true) => (-90.0, mean(north)),
        (false, false) => return f64::NAN,
    };
    let weight = (north - latitude) / (north - south);
    at_north * (1.0 - weight) + at_south * weight
}

#[test]
fn bilinear_is_what_a_search_through_all_points_gives() {
    for (name, source) in sources() {
        let values = fill(&source, |longitude, latitude| smooth(longitude, latitude) + 0.01 * longitude);
        for target in ["O6", "r19x11", "r7x8", "H2", "N32"] {
            let target = named(target);
            let got = between(&source, &target, Method::Bilinear, &values);
            let mut missing = 0;
            for ((longitude, latitude), got) in target.coordinates().zip(got) {
                let expected = bilinear_by_search(&source, &values, longitude, latitude);
                missing += usize::from(expected.is_nan());
                let same = got.is_nan() && expected.is_nan() || (got - expected).abs() < 1e-9;
                assert!(same, "{name} at {longitude}, {latitude}: {got}, expected {expected}");
            }
            assert_eq!(missing > 0, name == "region", "{name}");
        }
    }
}

#[test]
fn no_point_is_nearer_than_the_nearest() {
    for (name, source) in sources() {
        // Each value is the number of its point.
        let values: Vec<f64> = (0..source.points()).map(|point| point as f64).collect();
        let places: Vec<[f64; 3]> = source.coordinates().map(|(east, north)| position(east, north)).collect();
        for target in ["O6", "r19x11", "H2"] {
            let target = named(target);
            let got = between(&source, &target, Method::NearestNeighbour, &values);
            for ((longitude, latitude), got) in target.coordinates().zip(got) {
                if got.is_nan() {
                    let inside =
                        (30.0..=60.0).contains(&latitude) && (longitude <= 20.0 || longitude >= 340.0);
                    assert!(name == "region" && !inside, "{name} at {longitude}, {latitude}");
                    continue;
                }
                let here = position(longitude, latitude);
                let distance = |place: &[f64; 3]| {
                    place.iter().zip(here).map(|(one, other)| (one - other).powi(2)).sum::<f64>()
                };
                let least = places.iter().map(distance).fold(f64::INFINITY, f64::min);
                let chosen = distance(&places[got as usize]);
                assert!(chosen <= least + 1e-13, "{name} at {longitude}, {latitude}: {chosen}, {least}");
            }
        }
    }
}

#[test]
fn of_equally_near_points_the_first_is_taken() {
    let source = named("r36x19");
    let numbers: Vec<f64> = (0..source.points()).map(|point| point as f64).collect();
    // The pole, where the longitude chooses; halfway along a row, across the date line of the row, and between four points.
    for ((longitude, latitude), expected) in
        [((123.0, 90.0), 12.0), ((45.0, 0.0), 328.0), ((355.0, 0.0), 324.0), ((355.0, 5.0), 288.0)]
    {
        let target = Layout::lat_lon(&[latitude], longitude, 1.0, 1);
        let got = between(&source, &target, Method::NearestNeighbour, &numbers);
        assert_eq!(got, [expected], "{longitude}, {latitude}");
    }
}

#[test]
fn constants_and_linear_functions_are_kept() {
    for (name, source) in sources().into_iter().filter(|(name, _)| *name != "region") {
        for method in [Method::Bilinear, Method::NearestNeighbour] {
            for target in ["O6", "r19x11", "H2", "F4"] {
                let constant = between(&source, &named(target), method, &vec![-7.25; source.points()]);
                assert!(constant.iter().all(|value| (value + 7.25).abs() < 1e-14), "{name} {method:?}");
            }
        }
        // Linear in latitude between the outermost rings, and the same on each ring.
        let last = source.rings()[0].latitude;
        let target = named("r19x41");
        let values = fill(&source, |_, latitude| 2.0 - 0.5 * latitude);
        for ((_, latitude), got) in
            target.coordinates().zip(between(&source, &target, Method::Bilinear, &values))
        {
            let expected = 2.0 - 0.5 * latitude.clamp(-last, last);
            assert!((got - expected).abs() < 1e-12, "{name} at {latitude}: {got}, expected {expected}");
        }
    }
    let (source, plane) = (region(), |longitude: f64, latitude: f64| 3.0 * longitude - latitude + 0.5);
    let target = Layout::lat_lon(&[59.9, 44.0, 30.0], -19.5, 1.3, 31);
    let got = between(&source, &target, Method::Bilinear, &fill(&source, plane));
    for ((longitude, latitude), got) in target.coordinates().zip(got) {
        let expected = if longitude > 20.0 { f64::NAN } else { plane(longitude, latitude) };
        let same = got.is_nan() && expected.is_nan() || (got - expected).abs() < 1e-11;
        assert!(same, "{longitude}: {got}, expected {expected}");
    }
}

#[test]
fn a_layout_onto_itself_changes_nothing() {
    for (name, source) in sources() {
        let values = fill(&source, smooth);
        for method in [Method::Bilinear, Method::NearestNeighbour] {
            assert_eq!(between(&source, &source, method, &values), values, "{name} {method:?}");
        }
    }
}

#[test]
fn smooth_fields_are_met_to_second_order_date_line_included() {
    let error = |source: &str, furthest: f64| {
        let (source, target) = (named(source), named("r97x181"));
        let got = between(&source, &target, Method::Bilinear, &fill(&source, smooth));
        let places = target.coordinates().zip(got).filter(|((_, latitude), _)| latitude.abs() <= furthest);
        places.map(|((east, north), got)| (got - smooth(east, north)).abs()).fold(0.0, f64::max)
    };
    for (coarse, fine) in [("F16", "F32"), ("r36x18", "r72x36"), ("r36x19", "r72x37")] {
        let (first, second) = (error(coarse, 90.0), error(fine, 90.0));
        assert!(second < 0.01 && first / second > 3.5, "{coarse} {first}, {fine} {second}");
    }
    // Beside a pole the rings of these have few points whatever the grid's size: first order there.
    for (coarse, fine) in [("O32", "O64"), ("H16", "H32")] {
        let (first, second) = (error(coarse, 60.0), error(fine, 60.0));
        assert!(second < 0.01 && first / second > 3.0, "{coarse} {first}, {fine} {second}");
        let (first, second) = (error(coarse, 90.0), error(fine, 90.0));
        assert!(second < 0.05 && first / second > 1.7, "{coarse} {first}, {fine} {second} at the poles");
    }
}

#[test]
fn the_pole_has_one_value_and_the_date_line_two_sides() {
    let source = named("O8");
    let values = fill(&source, smooth);
    let target = named("r24x13");
    let got = between(&source, &target, Method::Bilinear, &values);
    let mean = values[..20].iter().sum::<f64>() / 20.0;
    assert!(got[..24].iter().all(|value| (value - mean).abs() < 1e-14));
    let source = Layout::lat_lon(&[10.0, -10.0], 0.0, 90.0, 4);
    let values = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0];
    let target = Layout::lat_lon(&[10.0, 0.0], -90.0, 22.5, 16);
    let got = between(&source, &target, Method::Bilinear, &values);
    assert_eq!(got[..9], [3.0, 2.25, 1.5, 0.75, 0.0, 0.25, 0.5, 0.75, 1.0]);
    assert_eq!(got[16..25], got[..9].iter().map(|value| value + 5.0).collect::<Vec<_>>());
}

#[test]
fn missing_values_follow_the_rule() {
    let source = Layout::lat_lon(&[1.0, 0.0], 0.0, 1.0, 2);
    // A quarter of the way east and south: weights 9/16, 3/16, 3/16, 1/16.
    let target = Layout::lat_lon(&[0.75], 0.25, 1.0, 1);
    let weights = Weights::new(&source, &target, Method::Bilinear).unwrap();
    let nan = f64::NAN;
    for (values, any, all, heaviest) in [
        ([1.0, 2.0, 3.0, 4.0], 1.75, 1.75, 1.75),
        ([1.0, nan, 3.0, 4.0], nan, 22.0 / 13.0, 22.0 / 13.0),
        ([nan, 2.0, 3.0, 4.0], nan, 19.0 / 7.0, nan),
        ([1.0, nan, nan, nan], nan, 1.0, 1.0),
        ([nan; 4], nan, nan, nan),
    ] {
        for (rule, expected) in [
            (MissingRule::AnyMissing, any),
            (MissingRule::AllMissing, all),
            (MissingRule::HeaviestMissing, heaviest),
        ] {
            let got = weights.apply(&values, rule).unwrap()[0];
            let same = got.is_nan() && expected.is_nan() || (got - expected).abs() < 1e-15 * 8.0;
            assert!(same, "{rule:?} {values:?}: {got}, expected {expected}");
        }
    }
    // Where two weigh the same, the one with a value counts.
    let middle = Weights::new(&source, &Layout::lat_lon(&[1.0], 0.5, 1.0, 1), Method::Bilinear).unwrap();
    assert_eq!(middle.apply(&[nan, 2.0, nan, nan], RULE).unwrap(), [2.0]);
    // What has no weight may be missing.
    let on = Weights::new(&source, &Layout::lat_lon(&[1.0], 1.0, 1.0, 1), Method::Bilinear).unwrap();
    assert_eq!(on.apply(&[nan, 2.0, nan, nan], MissingRule::AnyMissing).unwrap(), [2.0]);
    let error = on.apply(&[1.0; 3], RULE).unwrap_err().to_string();
    assert_eq!(error, "'values': expected 4 values, got 3.");
    // The pole is the mean of the values that its ring has.
    let global = named("r4x4");
    let pole = Weights::new(&global, &named("r1x3"), Method::Bilinear).unwrap();
    let mut values = vec![1.0; 16];
    (values[0], values[1]) = (nan, 4.0);
    assert_eq!(pole.apply(&values, RULE).unwrap()[0], 2.0);
    assert!(pole.apply(&values, MissingRule::AnyMissing).unwrap()[0].is_nan());
}

fn field(layout: &Layout, values: Vec<f64>) -> Message {
    let metadata = Metadata::new()
        .with("name", "t")
        .with("levtype", "pl")
        .with("level", 500)
        .with("startDate", 20_260_131)
        .with("startTime", 0)
        .with("step", 6)
        .with("timeStep", 3600)
        .with("Nside", 99);
    Message { metadata, kind: Kind::Field { layout: layout.clone(), values } }
}

/// What a plan of `interpolate` and `encode` writes.
fn through(interpolate: &str, encode: &str, messages: Vec<Message>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let text = format!(
        "plans: [{{actions: [{{type: interpolate, {interpolate}}}, {{type: encode, {encode}}},
           {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    );
    let mut plans = Plans::from_yaml(&text).unwrap();
    messages.into_iter().for_each(|message| plans.write(message).unwrap());
    plans.finish().unwrap();
    std::fs::read(&path).unwrap()
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn plans_name_grids_as_multio_does() {
    let source = named("O16");
    let values = fill(&source, smooth);
    let area = |latitudes: &[f64], west: f64, spacing: f64, columns: usize| {
        Layout::lat_lon(latitudes, west, spacing, columns)
    };
    for (keys, target, method) in [
        ("grid: F8", named("F8"), Method::Bilinear),
        ("grid: N32, interpolation: nn", named("N32"), Method::NearestNeighbour),
        ("grid: O8, interpolation: nearest-neighbour", named("O8"), Method::NearestNeighbour),
        ("grid: H4, interpolation: bilinear", named("H4"), Method::Bilinear),
        ("grid: r36x19, options: {caching: false}", named("r36x19"), Method::Bilinear),
        ("grid: [10, 10.0]", named("r36x19"), Method::Bilinear),
        ("grid: 7.5/10.0, input: O16", named("r48x19"), Method::Bilinear),
        (
            "grid: [10, 20], area: [80.0, 0.0, 20.0, 360.0]",
            area(&[80.0, 60.0, 40.0, 20.0], 0.0, 10.0, 36),
            Method::Bilinear,
        ),
        (
            "grid: [2.5, 5], area: [50, -10, 40, 10]",
            area(&[50.0, 45.0, 40.0], -10.0, 2.5, 9),
            Method::Bilinear,
        ),
        (
            "grid: [2.5, 5], area: [50, 350, 40, 10]",
            area(&[50.0, 45.0, 40.0], 350.0, 2.5, 9),
            Method::Bilinear,
        ),
    ] {
        let bytes = through(keys, "format: raw", vec![field(&source, values.clone()); 2]);
        let expected = between(&source, &target, method, &values);
        let got = numbers(&bytes);
        assert_eq!(got.len(), 2 * expected.len(), "{keys}");
        for half in got.chunks(expected.len()) {
            let largest =
                half.iter().zip(&expected).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
            assert!(largest < 1e-11, "{keys}: {largest}");
        }
    }
}

#[test]
fn interpolated_fields_are_encoded_on_their_grid() {
    let source = named("O16");
    let values = fill(&source, smooth);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    for keys in
        ["grid: F8", "grid: N32", "grid: O8", "grid: r36x19", "grid: [2.5, 5], area: [50, -10, 40, 10]"]
    {
        let bytes = through(keys, "format: grib, bits-per-value: 24", vec![field(&source, values.clone())]);
        std::fs::write(&path, bytes).unwrap();
        let decoded = GribFile::open(&path).unwrap().field(&Selection::parameter("t")).unwrap();
        for ((longitude, latitude), got) in decoded.layout.coordinates().zip(&decoded.values) {
            let expected = bilinear_by_search(&source, &values, longitude, latitude);
            assert!((got - expected).abs() < 1e-4, "{keys} at {longitude}, {latitude}: {got}, {expected}");
        }
        let name = keys.trim_start_matches("grid: ");
        if name.starts_with(['F', 'O', 'r']) {
            assert_eq!(decoded.layout.name().as_deref(), Some(name));
        }
    }
}

#[test]
fn nested_healpix_is_written_in_its_order() {
    let source = named("O16");
    let values = fill(&source, smooth);
    let one = || vec![field(&source, values.clone())];
    let ring = numbers(&through("grid: H8", "format: raw", one()));
    let order = HealpixOrder::new(8).unwrap();
    for keys in ["grid: HN8", "grid: H8_nested"] {
        assert_eq!(numbers(&through(keys, "format: raw", one())), order.to_nested_order(&ring).unwrap());
    }
    let settings = GribSettings { missing: Missing::Nan, ..GribSettings::default() };
    let (in_rings, nested) =
        (through("grid: H8", "format: grib", one()), through("grid: HN8", "format: grib", one()));
    assert_eq!(in_rings.len(), nested.len());
    // Section 3 after those of 16 and 21 octets; it ends with the position, the order and the scanning mode.
    let section = |bytes: &[u8]| bytes[37..37 + 42].to_vec();
    assert_eq!(section(&in_rings)[..5], [0, 0, 0, 42, 3]);
    assert_eq!(
        (section(&in_rings)[39..].to_vec(), section(&nested)[39..].to_vec()),
        (vec![4, 0, 0], vec![4, 1, 0])
    );
    let error = Grib2Encoder::nested(&source, &settings).unwrap_err().to_string();
    assert!(error.contains("only HEALPix has a nested order"), "{error}");
    let mut wrong = one().remove(0);
    wrong.metadata.set("orderingConvention", "spiral");
    let Kind::Field { layout, values } = &mut wrong.kind else { unreachable!() };
    (*layout, *values) = (named("H8"), ring);
    let mut plans = Plans::from_yaml("plans: [{actions: [{type: encode, format: raw}]}]").unwrap();
    let error = plans.write(wrong).unwrap_err();
    assert!(matches!(&error, Error::Metadata { key, .. } if key == "orderingConvention"), "{error}");
}

#[test]
fn metadata_describe_the_new_grid_alone() {
    for (keys, conditions) in [
        (
            "grid: [10, 10]",
            "{gridType: regular_ll, Ni: 36, Nj: 19, globalSize: 684, east: 360.0, south: -90.0}",
        ),
        ("grid: O8", "{gridType: reduced_gg, N: 8}"),
        ("grid: F8", "{gridType: regular_gg, N: 8}"),
        ("grid: HN4", "{gridType: HEALPix, Nside: 4, orderingConvention: nested}"),
        ("grid: H4", "{gridType: HEALPix, Nside: 4, orderingConvention: ring}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let text = format!(
            "plans: [{{actions: [{{type: interpolate, {keys}}}, {{type: select, match: [{conditions}],
               ignore: [{{Nside: 99}}]}}, {{type: encode, format: raw}},
               {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
            path.display()
        );
        let mut plans = Plans::from_yaml(&text).unwrap();
        let source = named("F4");
        plans.write(field(&source, vec![1.0; source.points()])).unwrap();
        plans.finish().unwrap();
        assert!(!std::fs::read(&path).unwrap().is_empty(), "{keys} {conditions}");
    }
}

#[test]
fn what_a_plan_cannot_have_is_refused_by_name() {
    for (keys, expected) in [
        ("input: O8", "key 'grid' is missing"),
        ("grid: T255", "'grid': unknown grid 'T255': expected one such as F128"),
        ("grid: eORCA025_T", "unknown grid 'eORCA025_T'"),
        ("grid: N33", "'grid': "),
        ("grid: HN12", "a power of two"),
        ("grid: O8_nested", "unknown grid 'O8_nested'"),
        ("grid: F99999999", "expected a size of at most 8192, got 99999999"),
        ("grid: r2000000x2", "expected a size of at most 1048576"),
        ("grid: 0.00001/1", "expected a size of at most"),
        ("grid: [1, 0]", "two positive increments"),
        ("grid: [1]", "two positive increments"),
        ("grid: [a, b]", "expected a list of numbers, got the text 'a' in it"),
        ("grid: 0.7/1", "expected increments that divide 360°, got 0.7°"),
        ("grid: [1, 1], area: [1, 2, 3]", "'area': expected four numbers"),
        ("grid: [1, 1], area: [10, 0, 20, 10]", "expected north, west, south, east on the globe"),
        ("grid: [1, 1], area: [10, 0, 0, .nan]", "on the globe"),
        ("grid: O8, area: [50, 0, 40, 10]", "'area' has no meaning with 'grid: O8'"),
        ("grid: O8, interpolation: linear", "unknown interpolation 'linear': did you mean 'bilinear'?"),
        ("grid: O8, interpolation: conservative", "unknown interpolation 'conservative'"),
        ("grid: O8, options: {chaching: true}", "unknown key 'chaching': did you mean 'caching'?"),
        (
            "grid: O8, options: {non-linear: missing-if-any}",
            "unknown non-linear 'missing-if-any': did you mean 'missing-if-any-missing'?",
        ),
        ("grid: O8, intrepolation: nn", "unknown key 'intrepolation': did you mean 'interpolation'?"),
    ] {
        let text = format!("plans: [{{actions: [{{type: interpolate, {keys}}}]}}]");
        let error = Plans::from_yaml(&text).err().unwrap_or_else(|| panic!("accepted: {keys}")).to_string();
        assert!(error.contains(expected), "{keys}: {error}");
    }
    let mut plans =
        Plans::from_yaml("plans: [{actions: [{type: interpolate, grid: O8, input: O16}]}]").unwrap();
    let source = named("F4");
    let error = plans.write(field(&source, vec![1.0; source.points()])).unwrap_err().to_string();
    assert_eq!(error, "'input' is F4: expected O16, as the plan says.");
    assert_eq!(source.family(), Family::FullGaussian);
}
