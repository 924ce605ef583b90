//! GRIB2 messages decode to what was encoded, on every family of grids, and say what they are.

use terrella_io::encode::{GribEncoder, GribSettings, Identity};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::read::{Field, GribFile, Missing, Selection};
use terrella_io::sink::AtomicFile;
use terrella_io::{Error, Level, Parameter, Time};

use crate::common::data;

fn identity() -> Identity {
    let reference: Time = "2011-01-15T12".parse().unwrap();
    Identity {
        parameter: Parameter::EASTWARD_WIND,
        level: Level::Pressure(500.0),
        reference,
        valid: reference.plus_seconds(30 * 3600),
    }
}

/// A smooth field, different at every point.
fn wind(layout: &Layout) -> Vec<f64> {
    layout
        .coordinates()
        .map(|(longitude, latitude)| {
            30.0 * latitude.to_radians().cos() * (1.0 + 0.5 * (3.0 * longitude.to_radians()).sin())
                - 0.1 * latitude
        })
        .collect()
}

fn through_a_file(message: &[u8], missing: Missing) -> Field {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("field.grib2");
    AtomicFile::write(&path, message).unwrap();
    let file = GribFile::open(&path).unwrap();
    file.decode(&file.headers()[0], missing).unwrap()
}

fn layouts() -> Vec<Layout> {
    let octahedral: Vec<usize> = (0..64).map(|ring: usize| 20 + 4 * ring.min(63 - ring)).collect();
    let reduced: Vec<usize> = (0..16).map(|ring: usize| 8 + 4 * ring.min(15 - ring)).collect();
    vec![
        Layout::global_lat_lon(144, 73),
        Layout::global_lat_lon(1080, 541),
        Layout::lat_lon(&[60.0, 57.5, 55.0], -10.0, 2.5, 9),
        Layout::gaussian(&gaussian_latitudes(32), &[128; 64]),
        Layout::gaussian(&gaussian_latitudes(32), &octahedral),
        Layout::gaussian(&gaussian_latitudes(8), &reduced),
    ]
}

#[test]
fn fields_come_back_on_their_grid_within_the_packing_error() {
    for layout in layouts() {
        let values = wind(&layout);
        for bits_per_value in [8, 16, 24] {
            let settings = GribSettings { bits_per_value, ..GribSettings::default() };
            let message = GribEncoder::new(&layout, &settings).unwrap().encode(&identity(), &values).unwrap();
            let back = through_a_file(&message, Missing::Refuse);
            assert_eq!(back.layout.name(), layout.name());
            for (ring, expected) in back.layout.rings().iter().zip(layout.rings()) {
                assert_eq!((ring.points, ring.offset), (expected.points, expected.offset));
                assert!((ring.latitude - expected.latitude).abs() < 1e-6);
                assert!((ring.west - expected.west).abs() < 1e-6);
                assert!((ring.spacing - expected.spacing).abs() < 1e-6);
            }
            let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
            // The step is the power of two that lets the range fit: at most twice range / (2^bits − 1); the
            // reference value is rounded to f32.
            let bound = (most - least) / (2_f64.powi(bits_per_value as i32) - 1.0)
                + 1e-7 * most.abs().max(least.abs());
            let worst = values.iter().zip(&back.values).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst <= bound, "{:?}: {worst} > {bound}", layout.name());
        }
    }
}

#[test]
fn messages_say_what_they_are() {
    let layout = Layout::global_lat_lon(72, 37);
    let zero = vec![0.0_f32; layout.points()];
    let settings = GribSettings { centre: Some("ecmf".into()), ..GribSettings::default() };
    let encoder = GribEncoder::new(&layout, &settings).unwrap();
    for parameter in Parameter::ALL {
        // ecCodes has names of their own for some parameters at some levels.
        let (level, kind) = match parameter.short_name {
            "sp" => (Level::Surface, "surface"),
            "prmsl" => (Level::MeanSea, "meanSea"),
            "10u" | "10v" => (Level::HeightAboveGround(10.0), "heightAboveGround"),
            "2t" => (Level::HeightAboveGround(2.0), "heightAboveGround"),
            "tp" => (Level::Surface, "surface"),
            "tcwv" => (Level::Column, "entireAtmosphere"),
            _ => (Level::Pressure(500.0), "isobaricInhPa"),
        };
        let identity = Identity { parameter: *parameter, level, ..identity() };
        let header = through_a_file(&encoder.encode(&identity, &zero).unwrap(), Missing::Refuse).header;
        assert_eq!(header.short_name, parameter.short_name);
        assert_eq!(header.level_type, kind);
        let value = match level {
            Level::Pressure(value) | Level::HeightAboveGround(value) => value,
            _ => 0.0,
        };
        assert_eq!(header.level, value);
        assert_eq!((header.step(), header.edition), (30.0, 2));
        assert_eq!((header.reference, header.valid), (identity.reference, identity.valid));
    }
    let by = |identity: Identity| {
        through_a_file(&encoder.encode(&identity, &zero).unwrap(), Missing::Refuse).header
    };
    let minutes = by(Identity { valid: identity().reference.plus_seconds(90 * 60), ..identity() });
    assert_eq!(minutes.step(), 1.5);
    let thin = by(Identity { level: Level::Pressure(0.5), ..identity() });
    assert_eq!((thin.level_type.as_str(), thin.pressure()), ("isobaricInPa", Some(0.5)));
    let height = by(Identity { level: Level::HeightAboveGround(10.0), ..identity() });
    assert_eq!((height.level_type.as_str(), height.level), ("heightAboveGround", 10.0));
    assert_eq!(by(Identity { level: Level::Surface, ..identity() }).level_type, "surface");
}

#[test]
fn missing_values_are_refused_or_become_a_bit_map() {
    let layout = Layout::global_lat_lon(36, 19);
    let mut values = wind(&layout);
    (values[3], values[100]) = (f64::NAN, f64::NAN);
    let strict = GribEncoder::new(&layout, &GribSettings::default()).unwrap();
    match strict.encode(&identity(), &values) {
        Err(Error::MissingValues { missing: 2, total: 684, .. }) => {}
        other => panic!("{other:?}"),
    }
    let settings = GribSettings { missing: Missing::Nan, ..GribSettings::default() };
    let lenient = GribEncoder::new(&layout, &settings).unwrap();
    let message = lenient.encode(&identity(), &values).unwrap();
    let back = through_a_file(&message, Missing::Nan);
    let missing: Vec<usize> = (0..684).filter(|&point| back.values[point].is_nan()).collect();
    assert_eq!(missing, [3, 100]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holes.grib2");
    AtomicFile::write(&path, &message).unwrap();
    let error = GribFile::open(&path).unwrap().field(&Selection::parameter("u")).unwrap_err().to_string();
    assert!(error.contains("'u at 500 hPa' has 2 missing or non-finite values of 684"), "{error}");
    values[5] = f64::INFINITY;
    assert!(lenient.encode(&identity(), &values).is_err());
}

#[test]
fn wrong_arguments_are_told_by_name() {
    let layout = Layout::global_lat_lon(36, 19);
    let encoder = GribEncoder::new(&layout, &GribSettings::default()).unwrap();
    let text = |error: Error| error.to_string();
    let error = text(encoder.encode(&identity(), &[1.0; 7]).unwrap_err());
    assert_eq!(error, "'u': expected 684 values, got 7.");
    let backwards = Identity { valid: identity().reference.plus_seconds(-1), ..identity() };
    assert!(
        text(encoder.encode(&backwards, &[1.0; 684]).unwrap_err()).contains("not before the reference time")
    );
    let settings = GribSettings { bits_per_value: 40, ..GribSettings::default() };
    assert!(text(GribEncoder::new(&layout, &settings).err().unwrap()).contains("'bits_per_value' is 40"));
    let settings = GribSettings { centre: Some("nowhere".into()), ..GribSettings::default() };
    assert!(text(GribEncoder::new(&layout, &settings).err().unwrap()).contains("'centre' to 'nowhere'"));
}

/// Reading a foreign field and writing it again keeps its values within the packing error of 16 bits.
#[test]
fn foreign_fields_survive_a_round_trip() {
    for name in ["cfgrib/reduced_gg.grib", "cfgrib/regular_gg_pl.grib", "earthkit/O32_global.grib2"] {
        let Some(path) = data(&format!("09_grib_netcdf_io/{name}")) else { return };
        let file = GribFile::open(&path).unwrap();
        let field = file.decode(&file.headers()[0], Missing::Refuse).unwrap();
        let encoder = GribEncoder::new(&field.layout, &GribSettings::default()).unwrap();
        let back = through_a_file(&encoder.encode(&identity(), &field.values).unwrap(), Missing::Refuse);
        let (least, most) = field.values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
        for (a, b) in field.values.iter().zip(&back.values) {
            assert!((a - b).abs() <= (most - least) / 65_535.0 + 1e-7 * most.abs(), "{name}: {a} {b}");
        }
    }
}

#[test]
fn sums_and_columns_say_what_they_are() {
    let layout = Layout::global_lat_lon(36, 19);
    let values = vec![3.25; layout.points()];
    let encoder = GribEncoder::new(&layout, &GribSettings::default()).unwrap();
    let rain = Identity { parameter: Parameter::TOTAL_PRECIPITATION, level: Level::Surface, ..identity() };
    let message = encoder.encode(&rain, &values).unwrap();
    let header = through_a_file(&message, Missing::Refuse).header;
    assert_eq!((header.short_name.as_str(), header.units.as_str()), ("tp", "kg m**-2"));
    assert_eq!((header.reference, header.valid), (rain.reference, rain.valid));
    // At the start a sum of nothing.
    let start = Identity { valid: rain.reference, ..rain };
    let header = through_a_file(&encoder.encode(&start, &values).unwrap(), Missing::Refuse).header;
    assert_eq!((header.short_name.as_str(), header.step()), ("tp", 0.0));
    let vapour = Identity { parameter: Parameter::WATER_VAPOUR_COLUMN, level: Level::Column, ..identity() };
    let header = through_a_file(&encoder.encode(&vapour, &values).unwrap(), Missing::Refuse).header;
    assert_eq!((header.short_name.as_str(), header.level_type.as_str()), ("tcwv", "entireAtmosphere"));
    let warmth = Identity {
        parameter: Parameter::TEMPERATURE_AT_2_M,
        level: Level::HeightAboveGround(2.0),
        ..identity()
    };
    let header = through_a_file(&encoder.encode(&warmth, &values).unwrap(), Missing::Refuse).header;
    assert_eq!((header.short_name.as_str(), header.level), ("2t", 2.0));
}
