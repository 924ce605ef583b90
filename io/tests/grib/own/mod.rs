//! Our own GRIB2 messages are those that ecCodes makes of the same fields, octet for octet, and decode to the same bits.

mod corpus;
mod device;
mod spectral;

use terrella_io::encode::{
    EnsembleProduct, Grib2Encoder, GribEncoder, GribSettings, Identity, Packing, Period, Statistic,
};
use terrella_io::layout::{Layout, gaussian_latitudes};
use terrella_io::read::{GribFile, Missing};
use terrella_io::sink::AtomicFile;
use terrella_io::{Error, Level, Parameter, Time};
use terrella_kernels::Real;

fn identity() -> Identity {
    let reference: Time = "2011-01-15T12".parse().unwrap();
    Identity {
        parameter: Parameter::EASTWARD_WIND,
        level: Level::Pressure(500.0),
        reference,
        valid: reference.plus_seconds(30 * 3600),
    }
}

/// ecCodes' values of messages, bit by bit; NaN where one is missing.
fn decoded(messages: &[Vec<u8>]) -> Vec<Vec<u64>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fields.grib2");
    AtomicFile::write(&path, &messages.concat()).unwrap();
    let file = GribFile::open(&path).unwrap();
    assert_eq!(file.headers().len(), messages.len());
    let values = file.headers().iter().map(|header| file.stored_values(header).unwrap());
    values.map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}

/// Octets before a section.
fn offset(message: &[u8], section: u8) -> usize {
    let mut at = 16;
    while message[at + 4] != section {
        at += u32::from_be_bytes(message[at..at + 4].try_into().unwrap()) as usize;
    }
    at
}

/// Both encoders' messages of a field, ours first. They are the same; of a constant one, all but the scale factors; of one
/// without values, all but how they would have been stored.
fn assert_same<R: Real>(what: &str, layout: &Layout, settings: &GribSettings, values: &[R]) -> [Vec<u8>; 2] {
    let ours = Grib2Encoder::new(layout, settings).unwrap().encode(&identity(), values).unwrap();
    let original = GribEncoder::new(layout, settings).unwrap().encode(&identity(), values).unwrap();
    let mut theirs = original.clone();
    let factors = offset(&ours, 5) + 15;
    if values.iter().all(|value| value.to_f64().is_nan()) {
        assert_eq!(ours[factors - 4..factors + 5], [0; 9], "{what}");
        theirs[factors - 4..factors + 5].fill(0);
    } else if ours[factors + 4] == 0 {
        assert_eq!(ours[factors..factors + 4], [0; 4], "{what}");
        theirs[factors..factors + 4].fill(0);
    }
    if ours != theirs {
        let at = ours.iter().zip(&theirs).position(|(a, b)| a != b);
        let sections: Vec<usize> = [1, 3, 4, 5, 6, 7].map(|section| offset(&ours, section)).to_vec();
        panic!(
            "{what}: {} and {} octets differ at {at:?}, sections at {sections:?}\n{:x?}\n{:x?}",
            ours.len(),
            theirs.len(),
            &ours[..ours.len().min(220)],
            &theirs[..theirs.len().min(220)]
        );
    }
    [ours, original]
}

fn settings(bits_per_value: u32, packing: Packing) -> GribSettings {
    GribSettings { bits_per_value, missing: Missing::Nan, packing, centre: Some("ecmf".into()) }
}

/// ecCodes decodes the same bits from our messages as from its own.
fn assert_decoded_alike(names: &[String], messages: &[[Vec<u8>; 2]]) {
    let [ours, theirs] =
        [0, 1].map(|side| messages.iter().map(|pair| pair[side].clone()).collect::<Vec<_>>());
    for ((name, ours), theirs) in names.iter().zip(decoded(&ours)).zip(decoded(&theirs)) {
        assert!(ours == theirs, "{name}: decoded to other bits");
    }
}

const PACKINGS: [Packing; 2] = [Packing::Simple, Packing::Ccsds];

/// A row of `count` points: layouts of any length.
fn row(count: usize) -> Layout {
    Layout::lat_lon(&[10.0], 0.0, 0.125, count)
}

fn layouts() -> Vec<Layout> {
    let octahedral: Vec<usize> = (0..64).map(|ring: usize| 20 + 4 * ring.min(63 - ring)).collect();
    let reduced: Vec<usize> = (0..16).map(|ring: usize| 8 + 4 * ring.min(15 - ring)).collect();
    vec![
        Layout::global_lat_lon(144, 73),
        Layout::global_lat_lon(1080, 541),
        // More than libaec gets at once.
        Layout::global_lat_lon(2100, 1001),
        Layout::lat_lon(&[60.0, 57.5, 55.0], -10.0, 2.5, 9),
        Layout::lat_lon(&[-1.0 / 3.0, -2.0 / 3.0], 359.9, 1.0 / 3.0, 7),
        Layout::gaussian(&gaussian_latitudes(32), &[128; 64]),
        Layout::gaussian(&gaussian_latitudes(320), &[1280; 640]),
        Layout::gaussian(&gaussian_latitudes(32), &octahedral),
        Layout::gaussian(&gaussian_latitudes(8), &reduced),
    ]
}

fn wind(layout: &Layout) -> Vec<f64> {
    layout
        .coordinates()
        .map(|(longitude, latitude)| {
            30.0 * latitude.to_radians().cos() * (1.0 + 0.5 * (3.0 * longitude.to_radians()).sin())
                - 0.1 * latitude
        })
        .collect()
}

#[test]
fn every_grid_and_width_gives_the_octets_of_eccodes() {
    for layout in layouts() {
        let values = wind(&layout);
        for packing in PACKINGS {
            assert_same(&format!("{:?}", layout.name()), &layout, &settings(16, packing), &values);
        }
    }
    let layout = Layout::global_lat_lon(72, 37);
    let values = wind(&layout);
    let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    for bits in 1..=32 {
        for packing in PACKINGS {
            assert_same(&format!("{bits} bits"), &layout, &settings(bits, packing), &values);
            assert_same(&format!("{bits} bits of f32"), &layout, &settings(bits, packing), &single);
        }
    }
}

#[test]
fn every_parameter_level_and_time_gives_the_octets_of_eccodes() {
    let layout = Layout::global_lat_lon(36, 19);
    let values = wind(&layout);
    for centre in [None, Some("kwbc"), Some("ecmf"), Some("edzw"), Some("lfpw"), Some("250")] {
        let settings = GribSettings { centre: centre.map(String::from), ..GribSettings::default() };
        let ours = Grib2Encoder::new(&layout, &settings).unwrap();
        let theirs = GribEncoder::new(&layout, &settings).unwrap();
        for parameter in Parameter::ALL {
            for level in [
                Level::Surface,
                Level::MeanSea,
                Level::Column,
                Level::Pressure(850.0),
                Level::Pressure(0.5),
                Level::Pressure(0.001_25),
                Level::HeightAboveGround(2.0),
                Level::HeightAboveGround(1.234_567),
            ] {
                for seconds in [0, 6 * 3600, 90 * 60, 3601] {
                    let reference: Time = "1999-12-31T23:59:58".parse().unwrap();
                    let valid = reference.plus_seconds(seconds);
                    let identity = Identity { parameter: *parameter, level, reference, valid };
                    let message = ours.encode(&identity, &values).unwrap();
                    let other = theirs.encode(&identity, &values).unwrap();
                    let at = message.iter().zip(&other).position(|(ours, theirs)| ours != theirs);
                    let product = offset(&message, 4);
                    assert!(
                        message == other,
                        "{centre:?}, {identity:?}: octet {at:?}, section 4 at {product}"
                    );
                }
            }
        }
    }
}

#[test]
fn fields_at_the_edges_decode_to_the_same_bits() {
    let (nan, tiny, smallest) = (f64::NAN, f64::from_bits(1), f64::from(f32::MIN_POSITIVE));
    let cases: Vec<(&str, Vec<f64>)> = vec![
        ("constant", vec![273.15; 50]),
        ("constant zero", vec![0.0; 50]),
        ("constant negative zero", vec![-0.0; 50]),
        ("constant denormal", vec![1e-310; 9]),
        ("constant negative denormal", vec![-1e-310; 9]),
        ("zeros of both signs", vec![-0.0, 0.0, -0.0, 0.0]),
        ("negative zero least", vec![-0.0, 1.0, 2.0]),
        ("one point", vec![5.5]),
        ("one missing point", vec![nan]),
        ("all missing", vec![nan; 21]),
        ("first missing", vec![nan, 1.0, 2.0]),
        ("last missing", vec![1.0, 2.5, nan]),
        ("all but one missing", vec![nan, nan, 7.25, nan, nan, nan, nan, nan, nan]),
        ("constant beside missing", vec![nan, 7.25, 7.25, nan, 7.25]),
        ("huge range", vec![-1e38, 0.0, 1.0, 3.4e38]),
        ("huge range, none negative", vec![0.0, 1.0, 3e38]),
        ("large offset, small range", vec![1e30, 1e30 + 1e22, 1e30 + 2e22]),
        ("range below the reference value's step", vec![1e8 + 1.0, 1e8 + 2.0, 1e8 + 3.0]),
        ("denormals", vec![tiny, 1e-310, 2e-308, 0.0]),
        ("denormals of both signs", vec![-1e-310, 1e-310, 0.0, 5e-324]),
        ("denormals in single precision", vec![smallest / 3.0, smallest / 5.0, smallest]),
        ("negative ones", vec![-smallest / 3.0, smallest / 5.0, -smallest * 1.5]),
        ("tiny range", vec![1e-38, 2e-38, 3e-38]),
        ("tinier range", vec![1e-45, 2e-45, 3e-40]),
        ("tiniest range", vec![0.0, 1e-300, 2e-300]),
        ("neighbours", vec![1.0, 1.0_f64.next_up()]),
        ("below a power of two", vec![-1.0, 65_534.0]),
        ("exactly the codes", (0..=255).map(f64::from).collect()),
        ("halves", (0..512).map(|i| f64::from(i) / 2.0).collect()),
    ];
    let (mut names, mut messages) = (Vec::new(), Vec::new());
    for (what, values) in &cases {
        for bits in [1, 2, 7, 8, 11, 12, 16, 17, 20, 24, 25, 31, 32] {
            for packing in PACKINGS {
                let (layout, settings) = (row(values.len()), settings(bits, packing));
                let what = format!("{what}, {bits} bits, {packing:?}");
                names.push(what);
                messages.push(assert_same(&names[names.len() - 1], &layout, &settings, values));
            }
        }
    }
    assert_decoded_alike(&names, &messages);
}

#[test]
fn what_single_precision_cannot_hold_is_refused_by_both() {
    let layout = row(3);
    for values in [[-1e300, 0.0, 1e300], [1e39, 1e39, 1e39], [-4e38, 0.0, 1.0]] {
        let settings = GribSettings::default();
        let ours = Grib2Encoder::new(&layout, &settings).unwrap().encode(&identity(), &values).unwrap_err();
        assert!(matches!(&ours, Error::InvalidValue { name, .. } if name == "u"), "{ours}");
        assert!(GribEncoder::new(&layout, &settings).unwrap().encode(&identity(), &values).is_err());
    }
}

#[test]
fn values_come_back_within_half_a_step() {
    let layout = Layout::global_lat_lon(144, 73);
    let values = wind(&layout);
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    for bits in [4, 8, 12, 16, 24, 32] {
        for packing in PACKINGS {
            let encoder = Grib2Encoder::new(&layout, &settings(bits, packing)).unwrap();
            let message = encoder.encode(&identity(), &values).unwrap();
            let factors = offset(&message, 5) + 15;
            // The step is a power of two below twice range / (2^bits - 1), as all codes are used but for rounding.
            let exponent = i16::from_be_bytes(message[factors..factors + 2].try_into().unwrap());
            let exponent = if exponent < 0 { -i32::from(exponent & 0x7fff) } else { i32::from(exponent) };
            let step = 2_f64.powi(exponent);
            let codes = 2_f64.powi(bits as i32) - 1.0;
            assert!(
                step * (codes + 0.5) >= most - least && step * (codes - 0.5) < 2.0 * (most - least) + 1e-5
            );
            for (back, value) in decoded(&[message])[0].iter().zip(&values) {
                let error = (f64::from_bits(*back) - value).abs();
                assert!(error <= 0.5 * step * (1.0 + 1e-9), "{bits} bits: {error} > {step} / 2");
            }
        }
    }
}

#[test]
fn memory_is_used_again_and_says_nothing_of_what_it_held() {
    let layout = Layout::global_lat_lon(144, 73);
    let values = wind(&layout);
    for packing in PACKINGS {
        let encoder = Grib2Encoder::new(&layout, &settings(16, packing)).unwrap();
        let expected = encoder.encode(&identity(), &values).unwrap();
        let mut message = vec![0xaa; 5];
        encoder.encode_into(&identity(), &values, &mut message).unwrap();
        assert!(message == expected);
        let address = message.as_ptr();
        encoder.encode_into(&identity(), &values, &mut message).unwrap();
        assert!(message == expected);
        assert_eq!(message.as_ptr(), address);
        encoder.encode_into(&identity(), &vec![1.0; values.len()], &mut message).unwrap();
        assert_eq!(message.len(), expected[..offset(&expected, 7)].len() + 9);
        let mut broken = values.clone();
        broken[7] = f64::INFINITY;
        assert!(encoder.encode_into(&identity(), &broken, &mut message).is_err());
        assert!(message.is_empty());
    }
}

#[test]
fn refused_values_are_told_by_their_index() {
    let layout = row(10);
    let mut values: Vec<f64> = (0..10).map(f64::from).collect();
    let encode = |missing: Missing, values: &[f64]| {
        let settings = GribSettings { missing, ..GribSettings::default() };
        let ours = Grib2Encoder::new(&layout, &settings).unwrap().encode(&identity(), values);
        let theirs = GribEncoder::new(&layout, &settings).unwrap().encode(&identity(), values);
        assert_eq!(ours.as_ref().err().map(ToString::to_string), theirs.err().map(|error| error.to_string()));
        ours
    };
    values[6] = f64::INFINITY;
    values[4] = f64::NAN;
    match encode(Missing::Refuse, &values) {
        Err(Error::MissingValues { first: 4, missing: 2, total: 10, .. }) => {}
        other => panic!("{other:?}"),
    }
    match encode(Missing::Nan, &values) {
        Err(Error::MissingValues { first: 6, .. }) => {}
        other => panic!("{other:?}"),
    }
    values[6] = f64::NEG_INFINITY;
    let text = encode(Missing::Nan, &values).unwrap_err().to_string();
    assert!(text.contains("'u' has") && text.contains("the first at index 6"), "{text}");
    values[6] = 6.0;
    assert!(encode(Missing::Nan, &values).is_ok());
    let text = encode(Missing::Nan, &values[..9]).unwrap_err().to_string();
    assert_eq!(text, "'u': expected 10 values, got 9.");
}

#[test]
fn wrong_settings_are_told_by_name() {
    let text = |layout: &Layout, settings: &GribSettings| {
        Grib2Encoder::new(layout, settings).err().unwrap().to_string()
    };
    let layout = row(4);
    for bits_per_value in [0, 33] {
        let settings = GribSettings { bits_per_value, ..GribSettings::default() };
        let expected = format!("'bits_per_value' is {bits_per_value}: expected 1 to 32.");
        assert_eq!(text(&layout, &settings), expected);
    }
    let settings = GribSettings { centre: Some("nowhere".into()), ..GribSettings::default() };
    assert!(text(&layout, &settings).contains("'centre' is 'nowhere': expected a number or one of ammc"));
    let uneven = Layout::lat_lon(&[10.0, 5.0, 1.0], 0.0, 1.0, 3);
    assert!(text(&uneven, &GribSettings::default()).contains("not equally spaced"));
    let encoder = Grib2Encoder::new(&layout, &GribSettings::default()).unwrap();
    let backwards = Identity { valid: identity().reference.plus_seconds(-1), ..identity() };
    let error = encoder.encode(&backwards, &[1.0, 2.0, 3.0, 4.0]).unwrap_err().to_string();
    assert!(error.contains("not before the reference time"), "{error}");
}

/// Section 3 as ECMWF writes it (earthkit-data's `healpix_H8.grib2`), but for the radius of the Earth, code 6 there;
/// the values as on any other grid.
#[test]
fn healpix_is_described_as_ecmwf_does() {
    let layout = Layout::from(&"H8".parse::<terrella_kernels::grid::Grid>().unwrap());
    let values: Vec<f64> = (0..layout.points()).map(|point| (point as f64 * 0.37).sin()).collect();
    for packing in PACKINGS {
        let settings = settings(16, packing);
        let message = Grib2Encoder::new(&layout, &settings).unwrap().encode(&identity(), &values).unwrap();
        let mut expected = vec![0, 0, 0, 0x2a, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0x96, 6];
        expected.extend([0xff; 15]);
        expected.extend([0x30, 0, 0, 0, 8, 0x02, 0xae, 0xa5, 0x40, 4, 0, 0]);
        assert_eq!(message[offset(&message, 3)..offset(&message, 4)], expected);
        let beside = Grib2Encoder::new(&row(layout.points()), &settings).unwrap();
        let beside = beside.encode(&identity(), &values).unwrap();
        assert!(message[offset(&message, 4)..] == beside[offset(&beside, 4)..]);
        assert_eq!(message[8..16], (message.len() as u64).to_be_bytes());
    }
}

/// What ecCodes' tool reads from messages over periods of time.
#[test]
fn periods_are_those_that_eccodes_reads() {
    let layout = row(3);
    let encoder = Grib2Encoder::new(&layout, &GribSettings::default()).unwrap();
    let reference = identity().reference;
    let hours = |count: f64| reference.plus_seconds((count * 3600.0) as i64);
    let cases = [
        (Statistic::Average, 0.0, 6.0, "avg 0-6 20110115 1800"),
        (Statistic::Accumulation, 24.0, 30.0, "accum 24-30 20110116 1800"),
        (Statistic::Maximum, 6.0, 24.0 * 31.0, "max 6-744 20110215 1200"),
        (Statistic::Minimum, 0.0, 1.0, "min 0-1 20110115 1300"),
        (Statistic::Difference, 3.0, 6.0, "diff 3-6 20110115 1800"),
        (Statistic::StandardDeviation, 0.0, 12.0, "sd 0-12 20110116 0"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("periods.grib2");
    let mut bytes = Vec::new();
    for (statistic, since, valid, _) in cases {
        let identity = Identity { valid: hours(valid), ..identity() };
        let period = Period { statistic, since: hours(since) };
        bytes.extend(encoder.encode_period(&identity, &period, &[1.0, 2.0, 4.0]).unwrap());
    }
    AtomicFile::write(&path, &bytes).unwrap();
    let file = GribFile::open(&path).unwrap();
    for (header, (_, _, valid, _)) in file.headers().iter().zip(cases) {
        assert_eq!((header.reference, header.valid), (reference, hours(valid)));
        assert_eq!(file.decode(header, Missing::Refuse).unwrap().values, [1.0, 2.0, 4.0]);
    }
    let mut tool = std::process::Command::new("grib_get");
    tool.args(["-p", "stepType,stepRange,validityDate,validityTime"]).arg(&path);
    match tool.output() {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<String> =
                text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            assert_eq!(lines, cases.map(|(.., line)| line));
        }
        Err(_) => println!("not run: grib_get (Debian's package libeccodes-tools) is not installed"),
    }
    let wrong = |since: f64, valid: f64| {
        let identity = Identity { valid: hours(valid), ..identity() };
        let period = Period { statistic: Statistic::Average, since: hours(since) };
        encoder.encode_period(&identity, &period, &[1.0, 2.0, 4.0]).unwrap_err().to_string()
    };
    assert!(
        wrong(-1.0, 6.0)
            .contains("'since' is 2011-01-15T11:00:00Z: expected a time not before the reference")
    );
    assert!(
        wrong(7.0, 6.0)
            .contains("'valid' is 2011-01-15T18:00:00Z: expected a time not before the period's start")
    );
}

#[test]
fn members_of_an_ensemble_are_those_of_eccodes() {
    let layout = Layout::global_lat_lon(36, 19);
    let values: Vec<f64> = (0..layout.points()).map(|point| (point as f64 * 0.37).sin() + 2.0).collect();
    let (ours, theirs) = (
        Grib2Encoder::new(&layout, &GribSettings::default()).unwrap(),
        GribEncoder::new(&layout, &GribSettings::default()).unwrap(),
    );
    for parameter in [Parameter::TEMPERATURE, Parameter::TOTAL_PRECIPITATION] {
        let level = if parameter.accumulated { Level::Surface } else { Level::Pressure(850.0) };
        let identity = Identity { parameter, level, ..identity() };
        for number in [0, 1, 2, 49] {
            let member = EnsembleProduct::Member { number, members: 50 };
            let expected = theirs.encode_ensemble(&identity, member, &values).unwrap();
            assert!(ours.encode_member(&identity, member, None, &values).unwrap() == expected, "{number}");
        }
        let many = EnsembleProduct::Member { number: 256, members: 300 };
        let error = ours.encode_member(&identity, many, None, &values).unwrap_err().to_string();
        assert!(error.contains("number of the member") && error.contains("256"), "{error}");
        let mean = EnsembleProduct::Mean { members: 50 };
        assert!(ours.encode_member(&identity, mean, None, &values).is_err());
    }
}
