//! Files that are written here: BUFR bit by bit (WMO-No. 306, FM 94 edition 4), and NetCDF with the variables of MADIS.

use netcdf3::{DataSet, FileWriter, Version};
use terrella_io::observations::{Flag, Kind, Observed, Quantity, Reason, Vertical, read};

/// An element of table B: its descriptor X, Y, and its scale, reference value and width.
struct Element(u8, u8, i32, i64, u32);

const BLOCK: Element = Element(1, 1, 0, 0, 7);
const STATION: Element = Element(1, 2, 0, 0, 10);
const YEAR: Element = Element(4, 1, 0, 0, 12);
const MONTH: Element = Element(4, 2, 0, 0, 4);
const DAY: Element = Element(4, 3, 0, 0, 6);
const HOUR: Element = Element(4, 4, 0, 0, 5);
const LATITUDE: Element = Element(5, 1, 5, -9_000_000, 25);
const LONGITUDE: Element = Element(6, 1, 5, -18_000_000, 26);
const GROUND: Element = Element(7, 30, 1, -4_000, 17);
const BAROMETER: Element = Element(7, 31, 1, -4_000, 17);
const LEVEL: Element = Element(7, 4, -1, 0, 14);
const PRESSURE: Element = Element(10, 4, -1, 0, 14);
const TEMPERATURE: Element = Element(12, 101, 2, 0, 16);
const DEW_POINT: Element = Element(12, 103, 2, 0, 16);
const DIRECTION: Element = Element(11, 1, 0, 0, 9);
const SPEED: Element = Element(11, 2, 1, 0, 12);

/// An uncompressed message of one subset; None is a missing value.
fn message(category: u8, elements: &[(Element, Option<f64>)]) -> Vec<u8> {
    let (mut bits, mut descriptors) = (Vec::new(), Vec::new());
    for (Element(x, y, scale, reference, width), value) in elements {
        descriptors.extend([*x, *y]);
        let missing = (1_i64 << width) - 1;
        let number = value.map_or(missing, |value| (value * 10_f64.powi(*scale)).round() as i64 - reference);
        bits.extend((0..*width).rev().map(|bit| (number >> bit & 1) as u8));
    }
    let data: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |octet, (place, bit)| octet | bit << (7 - place)))
        .collect();
    let length = |octets: usize| [(octets >> 16) as u8, (octets >> 8) as u8, octets as u8];
    let mut sections = Vec::new();
    sections.extend(length(22));
    sections.extend([0, 0, 98, 0, 0, 0, 0, category, 255, 0, 13, 0, 0x07, 0xda, 1, 2, 12, 0, 0]);
    sections.extend(length(7 + descriptors.len()));
    sections.extend([0, 0, 1, 0x80]);
    sections.extend(descriptors);
    sections.extend(length(4 + data.len()));
    sections.push(0);
    sections.extend(data);
    sections.extend(b"7777");
    let mut whole = b"BUFR".to_vec();
    whole.extend(length(8 + sections.len()));
    whole.push(4);
    whole.extend(sections);
    whole
}

/// Where and when, common to all kinds.
fn head(station: f64, latitude: f64) -> Vec<(Element, Option<f64>)> {
    vec![
        (BLOCK, Some(1.0)),
        (STATION, Some(station)),
        (YEAR, Some(2010.0)),
        (MONTH, Some(1.0)),
        (DAY, Some(2.0)),
        (HOUR, Some(12.0)),
        (LATITUDE, Some(latitude)),
        (LONGITUDE, Some(-8.66667)),
        (GROUND, Some(9.4)),
    ]
}

fn sounding(station: f64, temperatures: [Option<f64>; 2]) -> Vec<u8> {
    let mut elements = head(station, 70.93333);
    for (pressure, temperature) in [85_000.0, 50_000.0].into_iter().zip(temperatures) {
        elements.extend([
            (LEVEL, Some(pressure)),
            (TEMPERATURE, temperature),
            (DEW_POINT, Some(240.15)),
            (DIRECTION, Some(225.0)),
            (SPEED, Some(10.0)),
        ]);
    }
    message(2, &elements)
}

fn station(number: f64, pressure: Option<f64>, temperature: f64) -> Vec<u8> {
    let mut elements = head(number, 70.93333);
    elements.extend([
        (BAROMETER, Some(10.0)),
        (PRESSURE, pressure),
        (TEMPERATURE, Some(temperature)),
        (DEW_POINT, Some(261.5)),
        (DIRECTION, Some(90.0)),
        (SPEED, Some(7.2)),
    ]);
    message(0, &elements)
}

fn read_bytes(bytes: &[u8]) -> Observed {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("written.bufr");
    std::fs::write(&path, bytes).unwrap();
    read(&path).unwrap()
}

#[test]
fn soundings_and_stations_come_back_as_they_were_written() {
    let observed =
        read_bytes(&[sounding(1.0, [Some(263.15), None]), station(1.0, Some(100_250.0), 265.4)].concat());
    assert_eq!(observed.rejections.total(), 0, "{:?}", observed.rejections);
    let [sonde, ground] = &observed.reports[..] else { panic!("{observed:?}") };
    assert_eq!((sonde.kind, sonde.station.as_str()), (Kind::Radiosonde, "01001"));
    assert_eq!(sonde.time.to_string(), "2010-01-02T12:00:00Z");
    assert!((sonde.latitude - 70.93333).abs() < 1e-9 && (sonde.longitude + 8.66667).abs() < 1e-9);
    assert_eq!(sonde.elevation, Some(9.4));
    let [low, high] = &sonde.levels[..] else { panic!("{sonde:?}") };
    assert_eq!((low.vertical, high.vertical), (Vertical::Pressure(85_000.0), Vertical::Pressure(50_000.0)));
    assert_eq!(low.value(Quantity::Temperature), Some(263.15));
    assert_eq!(high.find(Quantity::Temperature).map(|value| value.value), Some(None), "missing, and told so");
    let (eastward, northward) = high.wind().unwrap();
    assert!((eastward - 50_f64.sqrt()).abs() < 1e-9 && (northward - 50_f64.sqrt()).abs() < 1e-9);
    assert_eq!((ground.kind, ground.barometer), (Kind::SurfaceLand, Some(10.0)));
    let level = &ground.levels[0];
    assert_eq!(level.vertical, Vertical::Station);
    let values = [Quantity::Pressure, Quantity::Temperature, Quantity::DewPoint, Quantity::WindSpeed];
    assert_eq!(values.map(|quantity| level.value(quantity).unwrap()), [100_250.0, 265.4, 261.5, 7.2]);
}

#[test]
fn duplicates_impossible_values_and_cuts_are_counted() {
    let first = station(2.0, Some(100_000.0), 265.0);
    let corrected = station(2.0, Some(101_000.0), 266.0);
    let hot = station(3.0, Some(100_000.0), 400.0);
    let nowhere = message(2, &{
        let mut elements = head(4.0, 70.0);
        (elements[6].1, elements[7].1) = (None, None);
        elements.extend([(LEVEL, Some(50_000.0)), (TEMPERATURE, Some(250.0))]);
        elements
    });
    let empty = sounding(5.0, [None, None]);
    let timeless = message(2, &{
        let mut elements = head(6.0, 70.0);
        elements[3].1 = Some(13.0);
        elements.extend([(LEVEL, Some(50_000.0)), (TEMPERATURE, Some(250.0))]);
        elements
    });
    let mut bytes = [&first[..], &corrected, &hot, &nowhere, &empty, &timeless].concat();
    let observed = read_bytes(&bytes);
    let stations: Vec<&str> = observed.reports.iter().map(|report| report.station.as_str()).collect();
    assert_eq!(stations, ["01002", "01003", "01005"]);
    assert_eq!(
        observed.reports[0].levels[0].value(Quantity::Pressure),
        Some(101_000.0),
        "the later one counts"
    );
    assert_eq!(observed.reports[1].levels[0].value(Quantity::Temperature), None);
    for (reason, count) in [
        (Reason::Duplicate, 1),
        (Reason::Impossible, 1),
        (Reason::NoPosition, 1),
        (Reason::NoTime, 1),
        (Reason::Truncated, 0),
    ] {
        assert_eq!(observed.rejections.of(reason), count, "{reason}: {:?}", observed.rejections);
    }
    assert_eq!(observed.rejections.total(), 4);
    // A cut anywhere in the last message leaves the others.
    let last = timeless.len();
    for cut in [1, last / 2, last - 9] {
        bytes.truncate(bytes.len().min(first.len() * 3 + nowhere.len() + empty.len() + last) - cut);
        let part = read_bytes(&bytes);
        assert_eq!(part.reports.len(), 3);
        assert_eq!((part.rejections.of(Reason::Truncated), part.rejections.of(Reason::NoTime)), (1, 0));
        bytes = [&first[..], &corrected, &hot, &nowhere, &empty, &timeless].concat();
    }
}

const RECORDS: [&str; 1] = ["recNum"];
const LEVELS: [&str; 2] = ["recNum", "manLevel"];
/// Seconds since 1970 of 2005-08-26 00 UTC.
const RELEASED: f64 = 1.125_014_4e9;

/// Three soundings, the last of the same station, time and place as the one before; a letter X marks a wrong value.
fn write_madis(path: &std::path::Path) {
    let numbers = [
        ("staLat", &RECORDS[..], "degree_N", vec![25.0_f32, 40.0, 40.0]),
        ("staLon", &RECORDS, "degree_E", vec![-80.0, -100.0, -100.0]),
        ("staElev", &RECORDS, "meter", vec![5.0, 500.0, 500.0]),
        ("prMan", &LEVELS, "hectopascal", vec![1000.0, 500.0, 925.0, 500.0, 925.0, 500.0]),
        ("tpMan", &LEVELS, "kelvin", vec![300.0, 268.0, 290.0, 265.0, 291.0, 99_999.0]),
        ("tdMan", &LEVELS, "kelvin", vec![3.0, 10.0, 5.0, 12.0, 6.0, 99_999.0]),
    ];
    let counts = [("wmoStaNum", [72_202, 72_562, 72_562]), ("numMand", [2, 2, 2])];
    let letters = [
        ("tpManDD", &LEVELS, &b"VXVVVV"[..]),
        ("staName", &["recNum", "staNameLen"], &b"MFL\0\0\0LBF\0\0\0LBF\0\0\0"[..]),
    ];
    let mut set = DataSet::new();
    for (name, length) in [("recNum", 3), ("manLevel", 2), ("staNameLen", 6)] {
        set.add_fixed_dim(name, length).unwrap();
    }
    for (name, dimensions, units, _) in &numbers {
        set.add_var_f32(name, dimensions).unwrap();
        set.add_var_attr_string(name, "units", units).unwrap();
        set.add_var_attr_f32(name, "_FillValue", vec![99_999.0]).unwrap();
    }
    set.add_var_f64("relTime", &RECORDS).unwrap();
    counts.iter().for_each(|(name, _)| set.add_var_i32(name, &RECORDS).unwrap());
    letters.iter().for_each(|(name, dimensions, _)| set.add_var_u8(name, *dimensions).unwrap());
    let mut writer = FileWriter::open(path).unwrap();
    writer.set_def(&set, Version::Classic, 0).unwrap();
    numbers.iter().for_each(|(name, _, _, values)| writer.write_var_f32(name, values).unwrap());
    writer.write_var_f64("relTime", &[RELEASED; 3]).unwrap();
    counts.iter().for_each(|(name, values)| writer.write_var_i32(name, values).unwrap());
    letters.iter().for_each(|(name, _, values)| writer.write_var_u8(name, values).unwrap());
    writer.close().unwrap();
}

#[test]
fn soundings_of_madis_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rawin.nc");
    write_madis(&path);
    let observed = read(&path).unwrap();
    assert_eq!(observed.rejections.of(Reason::Duplicate), 1, "{:?}", observed.rejections);
    assert_eq!(observed.rejections.total(), 1);
    let [miami, platte] = &observed.reports[..] else { panic!("{observed:?}") };
    assert_eq!((miami.station.as_str(), miami.latitude, miami.longitude), ("72202", 25.0, -80.0));
    assert_eq!(miami.time.to_string(), "2005-08-26T00:00:00Z");
    let [ground, above] = &miami.levels[..] else { panic!("{miami:?}") };
    assert_eq!(ground.vertical, Vertical::Pressure(100_000.0));
    assert_eq!(ground.value(Quantity::DewPoint), Some(297.0));
    let flags = [ground, above].map(|level| level.find(Quantity::Temperature).unwrap().quality.flag);
    assert_eq!(flags, [Flag::Good, Flag::Bad]);
    // The later of the two.
    assert_eq!(platte.levels[0].value(Quantity::Temperature), Some(291.0));
    assert_eq!(platte.levels[1].value(Quantity::Temperature), None);
    // A file that ends inside its values is refused by name.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.contains("rawin.nc"), "{error}");
}
