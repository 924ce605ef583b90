//! What became of observations: departures, flags and reasons, for each report, as NetCDF.
//!
//! The file is an indexed ragged array of CF (section 9.3.4 of the conventions): a dimension `station` with the reports, a dimension `obs` with their values, and
//! `station_index`, which leads from these to those. Kinds, quantities, flags and reasons are numbers with `flag_values` and `flag_meanings`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Flag, Kind, Quality, Quantity, Reason, Rejections, Report};
use crate::encode::{FixedVariable, write_fixed};
use crate::error::{Error, Result};
use crate::read::NetcdfVariables;
use crate::time::Time;

/// Who measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// What made the report.
    pub kind: Kind,
    /// As of [`Report::station`].
    pub name: String,
    /// When.
    pub time: Time,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Height of the ground above mean sea level \[m].
    pub elevation: Option<f64>,
}

impl Station {
    /// Of a report.
    pub fn of(report: &Report) -> Self {
        Self {
            kind: report.kind,
            name: report.station.clone(),
            time: report.time,
            latitude: report.latitude,
            longitude: report.longitude,
            elevation: report.elevation,
        }
    }
}

/// One value and its equivalents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    /// Number of the report, from 0.
    pub report: usize,
    /// Number of its level, from 0.
    pub level: usize,
    /// What is compared.
    pub quantity: Quantity,
    /// Where \[Pa]; NaN of a station.
    pub pressure: f64,
    /// y.
    pub observed: f64,
    /// Its standard error; NaN where none is known.
    pub error: f64,
    /// H(xᵇ); NaN where there is none.
    pub equivalent: f64,
    /// H(xᵃ), for those who make an analysis to fill in; NaN where there is none.
    pub analysis: f64,
    /// What the provider thinks of it.
    pub quality: Quality,
    /// Why it does not count; None where it does.
    pub reason: Option<Reason>,
}

impl Departure {
    /// y − H(xᵇ).
    pub fn innovation(&self) -> f64 {
        self.observed - self.equivalent
    }

    /// y − H(xᵃ).
    pub fn residual(&self) -> f64 {
        self.observed - self.analysis
    }

    /// Whether it counts.
    pub fn is_used(&self) -> bool {
        self.reason.is_none()
    }
}

/// Departures of all reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feedback {
    /// One for each report.
    pub stations: Vec<Station>,
    /// In the order of reports and their levels.
    pub departures: Vec<Departure>,
}

/// Innovations of a quantity between two pressures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelStatistics {
    /// Of what.
    pub quantity: Quantity,
    /// From this pressure \[Pa] on; of stations NaN.
    pub above: f64,
    /// To this one, without it; of stations NaN.
    pub below: f64,
    /// Values that count.
    pub count: usize,
    /// Mean of y − H(xᵇ).
    pub mean: f64,
    /// √ of the mean of its square.
    pub root_mean_square: f64,
}

impl Feedback {
    /// How many values do not count, by reason.
    pub fn rejections(&self) -> Rejections {
        let mut rejections = Rejections::default();
        let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
        let reasons = self.departures.iter().filter_map(|departure| departure.reason);
        reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
        counts.into_iter().for_each(|(reason, count)| rejections.count_more(reason, count));
        rejections
    }

    /// Innovations of each quantity between successive pressures \[Pa, rising], and at stations; those without any are left out.
    pub fn statistics(&self, borders: &[f64]) -> Vec<LevelStatistics> {
        let mut sums: BTreeMap<(Quantity, usize), (usize, f64, f64)> = BTreeMap::new();
        for departure in self.departures.iter().filter(|departure| departure.is_used()) {
            let place = match departure.pressure {
                pressure if pressure.is_nan() => 0,
                pressure => borders.partition_point(|border| *border <= pressure),
            };
            let is_station = departure.pressure.is_nan();
            if !is_station && (place == 0 || place == borders.len()) {
                continue;
            }
            let (count, sum, squares) = sums.entry((departure.quantity, place)).or_default();
            let innovation = departure.innovation();
            (*count, *sum, *squares) = (*count + 1, *sum + innovation, *squares + innovation * innovation);
        }
        sums.into_iter()
            .map(|((quantity, place), (count, sum, squares))| LevelStatistics {
                quantity,
                above: if place == 0 { f64::NAN } else { borders[place - 1] },
                below: if place == 0 { f64::NAN } else { borders[place] },
                count,
                mean: sum / count as f64,
                root_mean_square: (squares / count as f64).sqrt(),
            })
            .collect()
    }
}

/// The number of one among all.
fn number<T: PartialEq>(all: &[T], one: &T) -> f64 {
    all.iter().position(|other| other == one).unwrap_or(0) as f64
}

/// Writes the feedback as a file that is whole or absent. `attributes` are global ones, such as a title.
///
/// # Errors
/// [`Error::File`]; [`Error::InvalidValue`] for more than 2³² bytes of one variable.
pub fn write_feedback(
    path: impl AsRef<Path>,
    feedback: &Feedback,
    attributes: &[(&str, &str)],
) -> Result<()> {
    let stations = feedback.stations.len();
    let entries = feedback.departures.len();
    let width = feedback.stations.iter().map(|station| station.name.len()).max().unwrap_or(0).max(1);
    let of_station = |name: &str, more: &[(&str, &str)], value: &dyn Fn(&Station) -> f64| {
        FixedVariable::numbers(name, "station", more, feedback.stations.iter().map(value).collect())
    };
    let of_value = |name: &str, more: &[(&str, &str)], value: &dyn Fn(&Departure) -> f64| {
        FixedVariable::numbers(name, "obs", more, feedback.departures.iter().map(value).collect())
    };
    let coded = |names: &[&str]| (0..names.len()).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    let kinds = Kind::ALL.map(Kind::name);
    let quantities = Quantity::ALL.map(Quantity::name);
    let flags = Flag::ALL.map(Flag::name);
    let mut reasons = vec!["used"];
    reasons.extend(Reason::ALL.map(Reason::name));
    let units: Vec<&str> = Quantity::ALL.iter().map(|quantity| quantity.unit()).collect();
    let seconds = ("units", "seconds since 1970-01-01 00:00:00");
    let mut texts = Vec::with_capacity(stations * width);
    for station in &feedback.stations {
        let mut name = station.name.as_bytes().to_vec();
        name.resize(width, 0);
        texts.extend(name);
    }
    let variables = vec![
        FixedVariable::texts(
            "station_id",
            ["station", "station_id_length"],
            &[("long_name", "station, call sign or satellite")],
            texts,
        ),
        of_station(
            "station_kind",
            &[
                ("long_name", "what made the report"),
                ("flag_values", &coded(&kinds)),
                ("flag_meanings", &kinds.join(" ")),
            ],
            &|s| number(&Kind::ALL, &s.kind),
        ),
        of_station(
            "time",
            &[("standard_name", "time"), seconds, ("calendar", "proleptic_gregorian")],
            &|s| s.time.seconds() as f64,
        ),
        of_station("lat", &[("standard_name", "latitude"), ("units", "degrees_north")], &|s| s.latitude),
        of_station("lon", &[("standard_name", "longitude"), ("units", "degrees_east")], &|s| s.longitude),
        of_station("surface_altitude", &[("standard_name", "surface_altitude"), ("units", "m")], &|s| {
            s.elevation.unwrap_or(f64::NAN)
        }),
        of_value(
            "station_index",
            &[("long_name", "report of this value"), ("instance_dimension", "station")],
            &|d| d.report as f64,
        ),
        of_value("level", &[("long_name", "level of the report, from 0"), ("units", "1")], &|d| {
            d.level as f64
        }),
        of_value(
            "quantity",
            &[
                ("long_name", "what was observed"),
                ("flag_values", &coded(&quantities)),
                ("flag_meanings", &quantities.join(" ")),
                ("flag_units", &units.join(", ")),
            ],
            &|d| number(&Quantity::ALL, &d.quantity),
        ),
        of_value("air_pressure", &[("standard_name", "air_pressure"), ("units", "Pa")], &|d| d.pressure),
        of_value("observed", &[("long_name", "observed value, in the unit of its quantity")], &|d| {
            d.observed
        }),
        of_value("observation_error", &[("long_name", "standard error of the observed value")], &|d| d.error),
        of_value("background", &[("long_name", "background's equivalent of the observed value")], &|d| {
            d.equivalent
        }),
        of_value(
            "innovation",
            &[("long_name", "observed value minus background's equivalent")],
            &Departure::innovation,
        ),
        of_value("analysis", &[("long_name", "analysis's equivalent of the observed value")], &|d| {
            d.analysis
        }),
        of_value(
            "residual",
            &[("long_name", "observed value minus analysis's equivalent")],
            &Departure::residual,
        ),
        of_value(
            "provider_flag",
            &[
                ("long_name", "the provider's judgement"),
                ("flag_values", &coded(&flags)),
                ("flag_meanings", &flags.join(" ")),
            ],
            &|d| number(&Flag::ALL, &d.quality.flag),
        ),
        of_value("confidence", &[("long_name", "the provider's confidence"), ("units", "percent")], &|d| {
            d.quality.confidence.map_or(f64::NAN, f64::from)
        }),
        of_value(
            "reason",
            &[
                ("long_name", "why the value does not count"),
                ("flag_values", &coded(&reasons)),
                ("flag_meanings", &reasons.join(" ")),
            ],
            &|d| d.reason.map_or(0.0, |reason| 1.0 + number(&Reason::ALL, &reason)),
        ),
    ];
    let dimensions = [("station", stations), ("obs", entries), ("station_id_length", width)];
    let ours = [("featureType", "profile"), ("content", "departures of observations from a background")];
    write_fixed(path.as_ref(), &dimensions, &[&ours, attributes].concat(), &variables)
}

/// Reads what [`write_feedback`] wrote; the departures are the same numbers.
///
/// # Errors
/// [`Error::NotFound`] for a file without one of its variables, [`Error::InvalidValue`] for numbers that mean nothing here, and those of reading.
pub fn read_feedback(path: impl AsRef<Path>) -> Result<Feedback> {
    let mut file = NetcdfVariables::open(path)?;
    let [kind, time, lat, lon, altitude] =
        ["station_kind", "time", "lat", "lon", "surface_altitude"].map(|name| file.values(name));
    let (kind, time, lat, lon, altitude) = (kind?, time?, lat?, lon?, altitude?);
    let letters = file.values("station_id")?;
    let width = letters.len() / time.len().max(1);
    let mut stations = Vec::with_capacity(time.len());
    for (number, seconds) in time.iter().enumerate() {
        let name: Vec<u8> =
            letters[number * width..(number + 1) * width].iter().map(|code| *code as u8).collect();
        stations.push(Station {
            kind: chosen("station_kind", &Kind::ALL, kind[number])?,
            name: String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned(),
            time: Time::EPOCH.plus_seconds(*seconds as i64),
            latitude: lat[number],
            longitude: lon[number],
            elevation: (!altitude[number].is_nan()).then_some(altitude[number]),
        });
    }
    let [report, level, quantity, pressure] =
        ["station_index", "level", "quantity", "air_pressure"].map(|name| file.values(name));
    let (report, level, quantity, pressure) = (report?, level?, quantity?, pressure?);
    let [observed, equivalent, analysis] =
        ["observed", "background", "analysis"].map(|name| file.values(name));
    let (observed, equivalent, analysis) = (observed?, equivalent?, analysis?);
    let error = file.values("observation_error")?;
    let [flag, confidence, reason] = ["provider_flag", "confidence", "reason"].map(|name| file.values(name));
    let (flag, confidence, reason) = (flag?, confidence?, reason?);
    let mut departures = Vec::with_capacity(report.len());
    for number in 0..report.len() {
        let why = match reason[number] {
            0.0 => None,
            other => Some(chosen("reason", &Reason::ALL, other - 1.0)?),
        };
        if !(report[number] >= 0.0 && (report[number] as usize) < stations.len()) {
            return Err(Error::InvalidValue {
                name: "station_index".into(),
                got: report[number].to_string(),
                expected: format!("a number below {}", stations.len()),
            });
        }
        let own = confidence[number];
        departures.push(Departure {
            report: report[number] as usize,
            level: level[number] as usize,
            quantity: chosen("quantity", &Quantity::ALL, quantity[number])?,
            pressure: pressure[number],
            observed: observed[number],
            error: error[number],
            equivalent: equivalent[number],
            analysis: analysis[number],
            quality: Quality {
                flag: chosen("provider_flag", &Flag::ALL, flag[number])?,
                confidence: (!own.is_nan()).then_some(own as u8),
            },
            reason: why,
        });
    }
    Ok(Feedback { stations, departures })
}

fn chosen<T: Copy>(name: &str, all: &[T], number: f64) -> Result<T> {
    let found = (number >= 0.0).then(|| all.get(number as usize)).flatten();
    found.copied().ok_or_else(|| Error::InvalidValue {
        name: name.into(),
        got: number.to_string(),
        expected: format!("a number below {}", all.len()),
    })
}
