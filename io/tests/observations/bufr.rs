//! BUFR.

use terrella_io::Error;
use terrella_io::observations::{Kind, Observed, Quantity, Reason, Report, Vertical, read};
use terrella_kernels::random;

use crate::common::data;
use crate::dump::{all, dump, expect_same, first};

fn file(name: &str) -> Option<std::path::PathBuf> {
    data(&format!("04_observations/bufr/{name}"))
}

/// Every level of every sounding, in order.
#[test]
fn radiosondes_are_those_of_the_tool() {
    for (name, reports, levels) in
        [("temp_dev80.bufr", 316, 15_000), ("eccodes/temp.bufr", 3, 100), ("temp_hires.bufr", 1, 449)]
    {
        let Some(path) = file(name) else { return };
        let observed = read(&path).unwrap();
        assert_eq!(observed.reports.len(), reports, "{name}: {:?}", observed.rejections);
        let Some(messages) = dump(&path) else { return };
        let mut compared = 0;
        for report in &observed.reports {
            assert_eq!(report.kind, Kind::Radiosonde);
            let section = &messages[report.message - 1][0];
            expect_same(Some(report.latitude), first(section, "latitude", 0), "latitude");
            expect_same(Some(report.longitude), first(section, "longitude", 0), "longitude");
            let station = 1000.0 * first(section, "blockNumber", 0).unwrap_or(f64::NAN)
                + first(section, "stationNumber", 0).unwrap_or(f64::NAN);
            if !station.is_nan() {
                assert_eq!(report.station, format!("{station:05}"));
            }
            let columns = ["pressure", "airTemperature", "dewpointTemperature", "windDirection", "windSpeed"]
                .map(|key| all(section, key));
            // Behind the levels some messages have pressures of wind shear.
            let count = columns[1].len();
            assert!(columns[1..].iter().all(|column| column.len() == count), "{name}");
            let possible: Vec<usize> = (0..count)
                .filter(|&place| columns[0][place].is_some_and(|p| p > 0.0 && p < 120_000.0))
                .collect();
            assert_eq!(report.levels.len(), possible.len(), "{name}, message {}", report.message);
            for (level, place) in report.levels.iter().zip(possible) {
                let Vertical::Pressure(pressure) = level.vertical else { panic!("{level:?}") };
                expect_same(Some(pressure), columns[0][place], "pressure");
                let quantities =
                    [Quantity::Temperature, Quantity::DewPoint, Quantity::WindDirection, Quantity::WindSpeed];
                for (quantity, column) in quantities.into_iter().zip(&columns[1..]) {
                    let (least, largest) = quantity.range();
                    let tool = column[place].filter(|value| (least..=largest).contains(value));
                    expect_same(level.value(quantity), tool, quantity.name());
                }
                compared += 1;
            }
        }
        assert!(compared >= levels, "{name}: {compared} levels");
    }
    // The balloon drifts: the third level of the high-resolution sounding, as the tool prints it.
    let Some(path) = file("temp_hires.bufr") else { return };
    let report = &read(path).unwrap().reports[0];
    let level = &report.levels[2];
    assert_eq!((level.vertical, level.delay), (Vertical::Pressure(93_999.0), 2));
    assert!((level.drift.0 + 0.00107).abs() < 1e-9 && (level.drift.1 - 0.00662).abs() < 1e-9);
    assert_eq!((report.elevation, report.barometer), (Some(760.0), Some(761.0)));
}

/// Stations, uncompressed and with several subsets in a message.
#[test]
fn stations_are_those_of_the_tool() {
    for (name, reports) in
        [("obs_3day.bufr", 48), ("eccodes/synop.bufr", 3), ("eccodes/synop_multi_subset.bufr", 12)]
    {
        let Some(path) = file(name) else { return };
        let observed = read(&path).unwrap();
        assert_eq!(observed.reports.len(), reports, "{name}: {:?}", observed.rejections);
        let Some(messages) = dump(&path) else { return };
        for report in &observed.reports {
            let sections = &messages[report.message - 1];
            let section = if sections.len() > 1 { &sections[report.subset] } else { &sections[0] };
            let level = &report.levels[0];
            let mut matched = 0;
            for (key, quantity, factor) in [
                ("nonCoordinatePressure", Quantity::Pressure, 1.0),
                ("pressureReducedToMeanSeaLevel", Quantity::SeaLevelPressure, 1.0),
                ("airTemperature", Quantity::Temperature, 1.0),
                ("airTemperatureAt2M", Quantity::Temperature, 1.0),
                ("dewpointTemperature", Quantity::DewPoint, 1.0),
                ("relativeHumidity", Quantity::RelativeHumidity, 0.01),
                ("windSpeed", Quantity::WindSpeed, 1.0),
                ("windSpeedAt10M", Quantity::WindSpeed, 1.0),
                ("windDirectionAt10M", Quantity::WindDirection, 1.0),
            ] {
                if section.iter().any(|element| element.key == key) {
                    expect_same(level.value(quantity), first(section, key, 0).map(|x| factor * x), key);
                    matched += 1;
                }
            }
            assert!(matched >= 5, "{name}: {matched}");
            expect_same(Some(report.latitude), first(section, "latitude", 0), "latitude");
        }
    }
    // Confidence: 74 per cent in the pressure of Jan Mayen.
    let Some(path) = file("eccodes/synop.bufr") else { return };
    let report = &read(path).unwrap().reports[0];
    assert_eq!((report.station.as_str(), report.elevation), ("01001", Some(9.0)));
    assert_eq!(report.time.to_string(), "2009-01-24T12:00:00Z");
    assert_eq!(report.levels[0].find(Quantity::Pressure).unwrap().quality.confidence, Some(74));
}

/// Compressed messages with many subsets.
#[test]
fn winds_of_satellites_and_aircraft_are_those_of_the_tool() {
    for (name, kind, reports) in [
        ("eccodes/amv-meteosat-9.bufr", Kind::SatelliteWind, 128),
        ("eccodes/hdob.bufr", Kind::Aircraft, 20),
        ("aircraft_mrar_compressed.bufr", Kind::Aircraft, 186),
        ("eccodes/acars.bufr", Kind::Aircraft, 1),
    ] {
        let Some(path) = file(name) else { return };
        let observed = read(&path).unwrap();
        assert_eq!(observed.reports.len(), reports, "{name}: {:?}", observed.rejections);
        assert_eq!(observed.rejections.total(), 0);
        let Some(messages) = dump(&path) else { return };
        for report in &observed.reports {
            assert_eq!(report.kind, kind);
            let (section, subset) = (&messages[report.message - 1][0], report.subset - 1);
            let level = &report.levels[0];
            let Vertical::Pressure(pressure) = level.vertical else { panic!("{level:?}") };
            match first(section, "flightLevel", subset) {
                // U.S. Standard Atmosphere 1976, equations 33a and 33b.
                Some(height) => {
                    let below = 101_325.0 * (1.0 - height.min(11_000.0) / 44_330.77).powf(5.255_88);
                    let standard = below * (-(height - height.min(11_000.0)) / 6_341.62).exp();
                    assert!((pressure / standard - 1.0).abs() < 1e-5, "{pressure} {standard}");
                }
                None => expect_same(Some(pressure), first(section, "pressure", subset), "pressure"),
            }
            expect_same(level.value(Quantity::WindSpeed), first(section, "windSpeed", subset), "speed");
            expect_same(
                level.value(Quantity::WindDirection),
                first(section, "windDirection", subset),
                "from",
            );
            expect_same(Some(report.longitude), first(section, "longitude", subset), "longitude");
            let confidence = level.find(Quantity::WindSpeed).unwrap().quality.confidence;
            let tool = first(section, "windSpeed->percentConfidence", subset);
            assert_eq!(confidence.map(f64::from), tool, "{name}");
        }
    }
    let Some(path) = file("eccodes/amv-meteosat-9.bufr") else { return };
    let report = &read(path).unwrap().reports[1];
    assert_eq!((report.station.as_str(), report.levels[0].value(Quantity::WindSpeed)), ("56", Some(41.7)));
    assert_eq!(report.levels[0].find(Quantity::WindSpeed).unwrap().quality.confidence, Some(80));
}

/// All other files: what is in them is read, or named and counted.
#[test]
fn every_file_is_accounted_for() {
    for (name, reports, reason, count) in [
        ("tropical_cyclone.bufr", 0, Some(Reason::UnknownKind), 3),
        ("eccodes/ahi-himawari-8.bufr", 0, Some(Reason::UnknownKind), 1),
        ("eccodes/amsu-a-noaa-19.bufr", 0, Some(Reason::UnknownKind), 1),
        ("eccodes/sral_sentinel_3a.bufr", 0, Some(Reason::UnknownKind), 1),
        ("eccodes/wave.bufr", 0, Some(Reason::UnknownKind), 1),
        ("eccodes/buoy-drifting.bufr", 2, None, 0),
        ("eccodes/rwp.bufr", 1, None, 0),
    ] {
        let Some(path) = file(name) else { return };
        let observed = read(path).unwrap();
        assert_eq!(observed.reports.len(), reports, "{name}");
        assert_eq!(reason.map_or(0, |reason| observed.rejections.of(reason)), count, "{name}");
        assert_eq!(observed.rejections.total(), count, "{name}: {:?}", observed.rejections);
    }
    let Some(path) = file("eccodes/rwp.bufr") else { return };
    let profiler = &read(path).unwrap().reports[0];
    assert_eq!((profiler.kind, profiler.station.as_str()), (Kind::WindProfiler, "47755"));
    assert_eq!(profiler.levels[1].vertical, Vertical::Height(582.0));
    let (eastward, northward) = profiler.levels[1].wind().unwrap();
    let angle = 228_f64.to_radians();
    assert!((eastward + 13.0 * angle.sin()).abs() < 1e-9 && (northward + 13.0 * angle.cos()).abs() < 1e-9);
}

fn read_bytes(bytes: &[u8]) -> Result<Observed, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.bufr");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

/// Of a file that was cut, the messages before the cut are all there, and the cut is told.
#[test]
fn cut_and_foreign_files_are_told() {
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"GRIB\0\0\0\x02________", "a GRIB file"),
        (b"hello", "no message in its 5 bytes"),
    ] {
        let error = read_bytes(bytes).unwrap_err();
        assert!(matches!(error, Error::NotObservations { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = read_bytes(b"\x1f\x8b\x08\x08____").unwrap_err();
    assert!(matches!(error, Error::File { operation: "unpacking", .. }), "{error}");
    let Some(path) = file("perf_synop.bufr") else { return };
    let bytes = std::fs::read(path).unwrap();
    let start = &bytes[..60_000];
    let whole = read_bytes(start).unwrap();
    assert_eq!(whole.rejections.of(Reason::Truncated), 1);
    assert!(whole.reports.len() > 100);
    let strip =
        |reports: &[Report]| reports.iter().map(|r| (r.station.clone(), r.message)).collect::<Vec<_>>();
    for cut in (1..60_000).step_by(7_001) {
        let part = read_bytes(&start[..cut]);
        let Ok(part) = part else {
            assert!(cut < 8, "{cut}");
            continue;
        };
        assert!(part.rejections.of(Reason::Truncated) <= 1);
        // A report that a later one replaces is still there in a file that ends before.
        let own = strip(&part.reports);
        let found = strip(&whole.reports).into_iter().filter(|report| own.contains(report)).count();
        assert!(found + whole.rejections.of(Reason::Duplicate) >= own.len(), "{cut}");
        let seen = part.reports.len() + part.rejections.total();
        assert!(seen >= cut / 300, "{cut}: {seen}");
    }
}

/// A message with a changed byte is a report, a rejection or, where its indicator is gone, not there; the others stay.
#[test]
fn changed_bytes_harm_their_message_alone() {
    let Some(path) = file("eccodes/synop.bufr") else { return };
    let bytes = std::fs::read(path).unwrap();
    let good = read_bytes(&bytes).unwrap();
    for case in 0..150 {
        let [place, value, ..] = random::words(3, [case, 0, 0, 0]);
        let mut changed = bytes.clone();
        // In the second of three messages of 220 bytes.
        changed[220 + place as usize % 220] = value as u8;
        let observed = read_bytes(&changed).unwrap();
        assert!(observed.reports.contains(&good.reports[0]), "{case}");
        let third = &good.reports[2];
        assert!(observed.reports.iter().any(|report| report.levels == third.levels), "{case}");
        let accounted = observed.reports.len() + observed.rejections.total();
        assert!(accounted >= 2, "{case}");
    }
}
