//! Files with one level for each record: stations, ships, aircraft, satellite winds.

use super::table::{Column, Table};
use crate::error::Result;
use crate::observations::admission::Admission;
use crate::observations::standard_atmosphere::pressure_at;
use crate::observations::{Kind, Level, Quantity, Reason, Report, Vertical};

/// Which variables are what.
pub(super) struct Plan {
    /// A variable that only this kind of file has.
    pub(super) sign: &'static str,
    kind: Kind,
    station: Station,
    latitude: &'static str,
    longitude: &'static str,
    elevation: &'static str,
    time: &'static str,
    level: At,
    values: &'static [(Quantity, &'static str)],
    /// A variable with the per cent of confidence in all values.
    confidence: &'static str,
}

enum Station {
    Text(&'static str),
    Number(&'static str),
}

enum At {
    Station,
    Pressure(&'static str),
    /// A height in the standard atmosphere.
    PressureAltitude(&'static str),
}

const STATION_VALUES: [(Quantity, &str); 4] = [
    (Quantity::Temperature, "temperature"),
    (Quantity::DewPoint, "dewpoint"),
    (Quantity::WindDirection, "windDir"),
    (Quantity::WindSpeed, "windSpeed"),
];

/// A list of four and more, as constants.
macro_rules! values {
    ($($more:expr),*) => {
        &[STATION_VALUES[0], STATION_VALUES[1], STATION_VALUES[2], STATION_VALUES[3], $($more),*]
    };
}

/// Stations at airports; ships have the same variables and some more.
const METAR: Plan = Plan {
    sign: "rawMETAR",
    kind: Kind::SurfaceLand,
    station: Station::Text("stationName"),
    latitude: "latitude",
    longitude: "longitude",
    elevation: "elevation",
    time: "timeObs",
    level: At::Station,
    values: values![(Quantity::SeaLevelPressure, "seaLevelPress"), (Quantity::AltimeterSetting, "altimeter")],
    confidence: "",
};

/// All kinds of such files.
pub(super) const PLANS: [Plan; 4] = [
    METAR,
    Plan {
        sign: "rawMaritime",
        kind: Kind::SurfaceSea,
        values: values![
            (Quantity::Pressure, "stationPress"),
            (Quantity::SeaLevelPressure, "seaLevelPress"),
            (Quantity::SeaSurfaceTemperature, "seaSurfaceTemp")
        ],
        ..METAR
    },
    Plan {
        sign: "en_tailNumber",
        kind: Kind::Aircraft,
        station: Station::Text("en_tailNumber"),
        latitude: "latitude",
        longitude: "longitude",
        elevation: "",
        time: "timeObs",
        level: At::PressureAltitude("altitude"),
        values: values![(Quantity::RelativeHumidity, "downlinkedRH")],
        confidence: "",
    },
    Plan {
        sign: "satelliteWindMethod",
        kind: Kind::SatelliteWind,
        station: Station::Number("satelliteID"),
        latitude: "obLat",
        longitude: "obLon",
        elevation: "",
        time: "validTime",
        level: At::Pressure("pressure"),
        values: &[(Quantity::WindDirection, "windDir"), (Quantity::WindSpeed, "windSpd")],
        confidence: "QIwithModel",
    },
];

pub(super) fn read(table: &mut Table, plan: &Plan, admission: &mut Admission) -> Result<()> {
    let names = match plan.station {
        Station::Text(name) => table.texts(name)?,
        Station::Number(name) => {
            let numbers = table.column(name)?;
            (0..table.records()).map(|record| numbers.of(record).to_string()).collect()
        }
    };
    let [latitude, longitude, elevation] =
        [plan.latitude, plan.longitude, plan.elevation].map(|name| table.coordinate(name));
    let (latitude, longitude, elevation) = (latitude?, longitude?, elevation?);
    let (time, confidence) = (table.column(plan.time)?, table.column(plan.confidence)?);
    let vertical = match plan.level {
        At::Station => None,
        At::Pressure(name) | At::PressureAltitude(name) => Some(table.column(name)?),
    };
    let columns: Vec<(Quantity, Column)> = plan
        .values
        .iter()
        .map(|(quantity, name)| Ok((*quantity, table.column(name)?)))
        .collect::<Result<_>>()?;
    for (record, station) in names.into_iter().enumerate() {
        let number = record + 1;
        let Some(time) = time.time(record) else {
            admission.rejections.add(
                number,
                1,
                Reason::NoTime,
                format!("{} seconds since 1970", time.of(record)),
            );
            continue;
        };
        let place = vertical.as_ref().map(|column| column.of(record));
        let vertical = match (&plan.level, place) {
            (_, Some(place)) if place.is_nan() => {
                admission.rejections.add(number, 1, Reason::NoLevel, format!("station '{station}'"));
                continue;
            }
            (At::PressureAltitude(_), Some(height)) => Vertical::Pressure(pressure_at(height)),
            (_, Some(pressure)) => Vertical::Pressure(pressure),
            (_, None) => Vertical::Station,
        };
        let mut level = Level::at(vertical);
        level.values = columns.iter().map(|(quantity, column)| column.value(*quantity, record, 0)).collect();
        let confidence = confidence.of(record);
        if (0.0..=100.0).contains(&confidence) {
            level.values.iter_mut().for_each(|value| value.quality.confidence = Some(confidence as u8));
        }
        let elevation = elevation.of(record);
        admission.admit(Report {
            kind: plan.kind,
            station,
            time,
            latitude: latitude.of(record),
            longitude: longitude.of(record),
            elevation: (!elevation.is_nan()).then_some(elevation),
            barometer: None,
            levels: vec![level],
            message: number,
            subset: 1,
        });
    }
    Ok(())
}
