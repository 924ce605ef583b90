//! Files with many levels for each record: radiosondes and wind profilers.

use super::table::{Column, Table};
use crate::error::Result;
use crate::observations::admission::Admission;
use crate::observations::{Kind, Level, Quantity, Reason, Report, Value, Vertical};

/// A group of levels of a radiosonde's record: where it counts them, and the variables of each.
struct Group {
    count: Column,
    pressure: Option<Column>,
    height: Option<Column>,
    temperature: Option<Column>,
    depression: Option<Column>,
    wind: Option<[Column; 2]>,
}

impl Group {
    fn new(table: &mut Table, count: &str, suffix: &str, has_temperature: bool) -> Result<Self> {
        let mut column = |prefix: &str| {
            let name = format!("{prefix}{suffix}");
            if table.has(&name) { table.column(&name).map(Some) } else { Ok(None) }
        };
        let (pressure, height) = (column("pr")?, column("ht")?);
        let (temperature, depression) =
            if has_temperature { (column("tp")?, column("td")?) } else { (None, None) };
        let wind = match (column("wd")?, column("ws")?) {
            (Some(direction), Some(speed)) => Some([direction, speed]),
            _ => None,
        };
        Ok(Self { count: table.column(count)?, pressure, height, temperature, depression, wind })
    }

    /// Adds the levels of a record.
    fn levels(&self, record: usize, levels: &mut Vec<Level>, unplaced: &mut usize) {
        let count = self.count.of(record);
        // NaN becomes 0.
        for place in 0..count as usize {
            let at = |column: &Option<Column>| column.as_ref().map_or(f64::NAN, |own| own.at(record, place));
            let (pressure, height) = (at(&self.pressure), at(&self.height));
            let vertical = match (pressure.is_nan(), height.is_nan()) {
                (false, _) => Vertical::Pressure(pressure),
                (true, false) => Vertical::Height(height),
                (true, true) => {
                    *unplaced += 1;
                    continue;
                }
            };
            let mut level = Level::at(vertical);
            let mut add = |quantity, column: &Option<Column>| {
                level.values.extend(column.iter().map(|column| column.value(quantity, record, place)));
            };
            if self.pressure.is_some() {
                add(Quantity::GeopotentialHeight, &self.height);
            }
            add(Quantity::Temperature, &self.temperature);
            if let (Some(temperature), Some(depression)) = (&self.temperature, &self.depression) {
                let dew_point = temperature.at(record, place) - depression.at(record, place);
                let value = (!dew_point.is_nan()).then_some(dew_point);
                let quality = depression.value(Quantity::DewPoint, record, place).quality;
                level.values.push(Value { quantity: Quantity::DewPoint, value, quality });
            }
            if let Some([direction, speed]) = &self.wind {
                level.values.push(direction.value(Quantity::WindDirection, record, place));
                level.values.push(speed.value(Quantity::WindSpeed, record, place));
            }
            levels.push(level);
        }
    }
}

/// Mandatory levels (the first is the ground), significant ones of temperature and of wind, of the strongest wind, and the tropopause.
pub(super) fn radiosondes(table: &mut Table, admission: &mut Admission) -> Result<()> {
    let groups = [
        Group::new(table, "numMand", "Man", true)?,
        Group::new(table, "numSigT", "SigT", true)?,
        Group::new(table, "numSigW", "SigW", false)?,
        Group::new(table, "numMwnd", "MaxW", false)?,
        Group::new(table, "numTrop", "Trop", true)?,
    ];
    let names = table.texts("staName")?;
    let (latitude, longitude) = (table.coordinate("staLat")?, table.coordinate("staLon")?);
    let (elevation, numbers) = (table.coordinate("staElev")?, table.column("wmoStaNum")?);
    let (released, synoptic) = (table.column("relTime")?, table.column("synTime")?);
    for (record, name) in names.into_iter().enumerate() {
        let number = record + 1;
        let Some(time) = released.time(record).or_else(|| synoptic.time(record)) else {
            admission.rejections.add(number, 1, Reason::NoTime, format!("station '{name}'"));
            continue;
        };
        let (mut levels, mut unplaced) = (Vec::new(), 0);
        groups.iter().for_each(|group| group.levels(record, &mut levels, &mut unplaced));
        if unplaced > 0 {
            let detail = format!("{unplaced} levels of station '{name}' without pressure and height");
            admission.rejections.add(number, 1, Reason::NoLevel, detail);
        }
        let (elevation, wmo) = (elevation.of(record), numbers.of(record));
        admission.admit(Report {
            kind: Kind::Radiosonde,
            station: if wmo > 0.0 { format!("{wmo:05}") } else { name },
            time,
            latitude: latitude.of(record),
            longitude: longitude.of(record),
            elevation: (!elevation.is_nan()).then_some(elevation),
            barometer: None,
            levels,
            message: number,
            subset: 1,
        });
    }
    Ok(())
}

/// Winds at heights above the station, and what it measures at the ground.
pub(super) fn profilers(table: &mut Table, admission: &mut Admission) -> Result<()> {
    let names = table.texts("staName")?;
    let (latitude, longitude) = (table.coordinate("staLat")?, table.coordinate("staLon")?);
    let (elevation, time) = (table.coordinate("staElev")?, table.column("timeObs")?);
    let heights = table.column("levels")?;
    let (eastward, northward) = (table.column("uComponent")?, table.column("vComponent")?);
    let ground = [
        (Quantity::SeaLevelPressure, table.column("pressure")?),
        (Quantity::Temperature, table.column("temperature")?),
        (Quantity::RelativeHumidity, table.column("relHumidity")?),
        (Quantity::WindDirection, table.column("windDirSfc")?),
        (Quantity::WindSpeed, table.column("windSpeedSfc")?),
    ];
    for (record, station) in names.into_iter().enumerate() {
        let number = record + 1;
        let Some(time) = time.time(record) else {
            admission.rejections.add(number, 1, Reason::NoTime, format!("station '{station}'"));
            continue;
        };
        let own = elevation.of(record);
        let mut level = Level::at(Vertical::Station);
        level.values = ground.iter().map(|(quantity, column)| column.value(*quantity, record, 0)).collect();
        let mut levels = vec![level];
        for place in 0..heights.width() {
            let height = heights.at(record, place) + own;
            if height.is_nan() {
                continue;
            }
            let mut level = Level::at(Vertical::Height(height));
            level.values.push(eastward.value(Quantity::EastwardWind, record, place));
            level.values.push(northward.value(Quantity::NorthwardWind, record, place));
            levels.push(level);
        }
        admission.admit(Report {
            kind: Kind::WindProfiler,
            station,
            time,
            latitude: latitude.of(record),
            longitude: longitude.of(record),
            elevation: (!own.is_nan()).then_some(own),
            barometer: None,
            levels,
            message: number,
            subset: 1,
        });
    }
    Ok(())
}
