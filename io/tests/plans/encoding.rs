//! Messages are those of the encoder.

use terrella_io::encode::{Grib2Encoder, GribSettings, Identity, Packing, Period, Statistic};
use terrella_io::plan::Plans;
use terrella_io::read::{GribFile, Missing};
use terrella_io::{Level, Parameter, Time};

use super::{at_step, field, layout};

#[test]
fn encode_makes_the_messages_of_the_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    let text = format!(
        "plans: [{{actions: [{{type: encode, format: grib, packing: ccsds, bits-per-value: 12, centre: ecmf}},
        {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    );
    let mut plans = Plans::from_yaml(&text).unwrap();
    let values = [250.0, 260.5, f64::NAN, 240.25];
    plans.write(field(at_step("t", 6), &values)).unwrap();
    plans.write(field(at_step("10u", 7).with("levtype", "sfc"), &values)).unwrap();
    let text = |result: terrella_io::Result<()>| result.unwrap_err().to_string();
    let unknown = text(plans.write(field(at_step("t", 6).with("levtype", "ml"), &values)));
    assert_eq!(unknown, "Metadata 'levtype': expected 'pl' or 'sfc', got \"ml\".");
    let mean = text(plans.write(field(at_step("t", 6).with("operation", "mean"), &values)));
    assert_eq!(mean, "Metadata 'operation': expected an operation of 'statistics', got \"mean\".");
    plans.finish().unwrap();

    let reference: Time = "2026-01-31".parse().unwrap();
    let settings = GribSettings {
        centre: Some("ecmf".into()),
        bits_per_value: 12,
        missing: Missing::Nan,
        packing: Packing::Ccsds,
    };
    let identity = Identity {
        parameter: Parameter::TEMPERATURE,
        level: Level::Pressure(500.0),
        reference,
        valid: reference.plus_seconds(6 * 3600),
    };
    let expected = Grib2Encoder::new(&layout(), &settings).unwrap().encode(&identity, &values).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(&expected));
    let file = GribFile::open(&path).unwrap();
    assert_eq!(file.headers()[1].short_name, "10u");
    assert_eq!(file.headers()[1].step(), 7.0);
}

#[test]
fn statistics_are_encoded_with_their_period() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    let text = format!(
        "plans: [{{actions: [{{type: statistics, operations: [average, instant, maximum], output-frequency: 6h}},
        {{type: encode, format: grib}}, {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    );
    let mut plans = Plans::from_yaml(&text).unwrap();
    for step in 1..=12 {
        plans.write(field(at_step("t", step), &[step as f64, 0.0, 1.0, 2.0])).unwrap();
    }
    plans.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let encoder =
        Grib2Encoder::new(&layout(), &GribSettings { missing: Missing::Nan, ..GribSettings::default() });
    let encoder = encoder.unwrap();
    let reference: Time = "2026-01-31".parse().unwrap();
    let mut expected = Vec::new();
    for window in 0..2 {
        let since = reference.plus_seconds(window * 6 * 3600);
        let identity = Identity {
            parameter: Parameter::TEMPERATURE,
            level: Level::Pressure(500.0),
            reference,
            valid: since.plus_seconds(6 * 3600),
        };
        let last = (window * 6 + 6) as f64;
        let with = |first: f64| [first, 0.0, 1.0, 2.0];
        let average = Period { statistic: Statistic::Average, since };
        let maximum = Period { statistic: Statistic::Maximum, since };
        expected.extend(encoder.encode_period(&identity, &average, &with(last - 2.5)).unwrap());
        expected.extend(encoder.encode(&identity, &with(last)).unwrap());
        expected.extend(encoder.encode_period(&identity, &maximum, &with(last)).unwrap());
    }
    assert!(bytes == expected);
}
