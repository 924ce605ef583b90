//! Reports compared with a background.

use terrella_kernels::assimilation::operators::{
    Columns, HeightState, LevelTable, Outcome, StationPressure, humidity,
};
use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use terrella_kernels::vertical::interpolation::{geopotential_at, log_pressure_at};

use super::background::Background;
use super::errors::{humidity_error, standard_error};
use super::feedback::{Departure, Feedback, Station};
use super::standard_atmosphere::{height_of, pressure_at};
use super::{Flag, Level, Quantity, Reason, Report, Value, Vertical};
use crate::error::Result;
use crate::read::State;
use crate::time::Time;

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct DepartureSettings {
    /// First and last time of observations that count; None: all.
    pub window: Option<[Time; 2]>,
    /// The worst flag of values that count.
    pub worst_flag: Flag,
    /// Largest difference between the heights of a station and of the background's ground at which pressures are compared \[m].
    pub largest_height_difference: f64,
}

impl Default for DepartureSettings {
    /// All times, neither suspect nor bad values, 500 m.
    fn default() -> Self {
        Self { window: None, worst_flag: Flag::Good, largest_height_difference: 500.0 }
    }
}

/// One value to be compared, and where it is.
struct Wanted {
    entry: usize,
    column: u32,
    /// Of a barometer \[m].
    height: f64,
}

/// Equivalents of reports in a background on pressure or hybrid levels, and the departures from them.
///
/// | observed | compared as |
/// |---|---|
/// | temperature on a level | the same |
/// | wind, of components or of speed and direction | `eastward_wind`, `northward_wind` |
/// | dew point on a level, or relative humidity with temperature | `specific_humidity`, saturation by Bolton (1980); a background's relative humidity is taken over water |
/// | geopotential height of a pressure | the same |
/// | pressure of a station, else its altimeter setting | `surface_air_pressure` at the barometer's height |
/// | sea-level pressure of a station that has neither | the same, the background's ground brought to height 0 |
///
/// Errors are those of [`standard_error`] and [`humidity_error`]. Everything else, such as temperatures 2 m above the ground, has the reason [`NoEquivalent`](Reason::NoEquivalent). Fields are interpolated linearly
/// in longitude, latitude and ln p ([`operators`](terrella_kernels::assimilation::operators)); between pressure levels heights follow the hydrostatic equation.
/// A level that is known by its height alone has the pressure that the background has there. Time is not interpolated. A value with a reason still
/// has its equivalent where there is one.
///
/// # Errors
/// [`Metadata`](crate::Error::Metadata) for a background without surface pressure or orography, [`InvalidValue`](crate::Error::InvalidValue) for levels that are
/// none.
pub fn depart(background: &State, reports: &[Report], settings: &DepartureSettings) -> Result<Feedback> {
    let mut places = Vec::new();
    let mut columns_of = Vec::with_capacity(reports.len());
    for report in reports {
        let mut numbers = Vec::with_capacity(report.levels.len());
        let first = places.len();
        for level in &report.levels {
            let place = (report.latitude + level.drift.0, report.longitude + level.drift.1);
            let place = (place.0.clamp(-90.0, 90.0), place.1);
            if places.len() == first || places[places.len() - 1] != place {
                places.push(place);
            }
            numbers.push(places.len() as u32 - 1);
        }
        columns_of.push(numbers);
    }
    let background = Background::new(background, &places)?;
    let mut entries: Vec<Departure> = Vec::new();
    let (mut winds, mut temperatures, mut vapours) = ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
    let (mut heights, mut barometers) = (Vec::new(), Vec::new());
    for (number, (report, columns)) in reports.iter().zip(&columns_of).enumerate() {
        for (place, (level, &column)) in report.levels.iter().zip(columns).enumerate() {
            let pressure = match level.vertical {
                Vertical::Pressure(pressure) => pressure,
                Vertical::Height(height) => background.pressure_of(column as usize, height),
                Vertical::Station => f64::NAN,
            };
            let time = report.time.plus_seconds(level.delay);
            let is_outside = settings.window.is_some_and(|[first, last]| time < first || time > last);
            let mut add = |quantity: Quantity, value: f64, of: &Value| {
                let reason = match of.quality.flag {
                    flag if flag > settings.worst_flag => Some(Reason::Flagged),
                    _ if is_outside => Some(Reason::OutsideWindow),
                    _ => None,
                };
                let (equivalent, analysis) = (f64::NAN, f64::NAN);
                let error = match quantity {
                    Quantity::SpecificHumidity => humidity_error(report.kind, level, pressure, value),
                    _ => standard_error(report.kind, quantity, pressure),
                };
                entries.push(Departure {
                    report: number,
                    level: place,
                    quantity,
                    pressure,
                    observed: value,
                    error: error.unwrap_or(f64::NAN),
                    equivalent,
                    analysis,
                    quality: of.quality,
                    reason,
                });
                Wanted { entry: entries.len() - 1, column, height: f64::NAN }
            };
            let is_station = level.vertical == Vertical::Station;
            let without = |value: &Value, add: &mut dyn FnMut(Quantity, f64, &Value) -> Wanted| {
                if let Some(number) = value.value {
                    add(value.quantity, number, value);
                }
            };
            let wind = level.wind().filter(|_| !is_station);
            if let Some((eastward, northward)) = wind {
                let of = worst(
                    level,
                    [
                        Quantity::WindSpeed,
                        Quantity::WindDirection,
                        Quantity::EastwardWind,
                        Quantity::NorthwardWind,
                    ],
                );
                winds[0].push(add(Quantity::EastwardWind, eastward, &of));
                winds[1].push(add(Quantity::NorthwardWind, northward, &of));
            }
            let vapour = (!is_station).then(|| specific_humidity(level, pressure)).flatten();
            if let Some((value, of)) = vapour {
                vapours.push(add(Quantity::SpecificHumidity, value, &of));
            }
            for value in &level.values {
                let Some(observed) = value.value else { continue };
                match value.quantity {
                    Quantity::Temperature if !is_station => {
                        temperatures.push(add(Quantity::Temperature, observed, value));
                    }
                    Quantity::GeopotentialHeight if matches!(level.vertical, Vertical::Pressure(_)) => {
                        heights.push(add(Quantity::GeopotentialHeight, observed, value));
                    }
                    Quantity::Pressure | Quantity::AltimeterSetting | Quantity::SeaLevelPressure
                        if is_station =>
                    {
                        match barometer(report, level, value.quantity) {
                            Some(height) => {
                                let (quantity, pressure) = match value.quantity {
                                    Quantity::AltimeterSetting => {
                                        (Quantity::Pressure, pressure_of_setting(observed, height))
                                    }
                                    own => (own, observed),
                                };
                                let wanted = add(quantity, pressure, value);
                                barometers.push(Wanted { height, ..wanted });
                            }
                            None => without(value, &mut add),
                        }
                    }
                    // These are in the wind and the specific humidity.
                    Quantity::WindSpeed
                    | Quantity::WindDirection
                    | Quantity::EastwardWind
                    | Quantity::NorthwardWind
                        if wind.is_some() => {}
                    Quantity::DewPoint | Quantity::RelativeHumidity | Quantity::SpecificHumidity
                        if vapour.is_some() => {}
                    _ => without(value, &mut add),
                }
            }
        }
    }
    let mut equivalents = Equivalents { background: &background, entries: &mut entries };
    for (field, wanted) in background.winds.iter().zip(&winds) {
        equivalents.values(field, wanted)?;
    }
    equivalents.values(&background.temperature, &temperatures)?;
    if let Some(field) = &background.humidity {
        equivalents.values(field, &vapours)?;
    }
    equivalents.heights(&heights)?;
    equivalents.barometers(&barometers, settings.largest_height_difference)?;
    for entry in entries.iter_mut().filter(|entry| entry.equivalent.is_nan() && entry.reason.is_none()) {
        entry.reason = Some(Reason::NoEquivalent);
    }
    Ok(Feedback { stations: reports.iter().map(Station::of).collect(), departures: entries })
}

/// Fills in equivalents, and reasons where there are none.
struct Equivalents<'a> {
    background: &'a Background,
    entries: &'a mut [Departure],
}

impl Equivalents<'_> {
    fn put(&mut self, wanted: &[Wanted], equivalents: &[f64], outcomes: &[Outcome]) {
        for ((wanted, equivalent), outcome) in wanted.iter().zip(equivalents).zip(outcomes) {
            let entry = &mut self.entries[wanted.entry];
            entry.equivalent = *equivalent;
            entry.reason = entry.reason.or(match outcome {
                Outcome::Used => None,
                Outcome::OutsideDomain => Some(Reason::OutsideDomain),
                Outcome::OutsideWindow => Some(Reason::OutsideWindow),
                Outcome::AboveTop => Some(Reason::AboveTop),
                Outcome::BelowGround | Outcome::FarFromGround => Some(Reason::BelowGround),
                Outcome::NotFinite => Some(Reason::NoLevel),
            });
        }
    }

    /// Columns, pressures and outcomes of those outside the area.
    fn located(&self, wanted: &[Wanted]) -> (Vec<u32>, Vec<f64>, Vec<Outcome>) {
        let columns: Vec<u32> = wanted.iter().map(|own| own.column).collect();
        let pressures = wanted.iter().map(|own| self.entries[own.entry].pressure).collect();
        let outside = |column: &u32| match self.background.is_inside(*column as usize) {
            true => Outcome::Used,
            false => Outcome::OutsideDomain,
        };
        let outcomes = columns.iter().map(outside).collect();
        (columns, pressures, outcomes)
    }

    fn values(&mut self, field: &super::background::Field, wanted: &[Wanted]) -> Result<()> {
        let (column, pressure, mut outcomes) = self.located(wanted);
        let columns = Columns::new(&field.levels, &column, &pressure, &self.background.surface_pressure)?;
        columns.locate(&mut outcomes)?;
        let mut equivalents = vec![f64::NAN; wanted.len()];
        columns.values(&field.columns, &mut equivalents, &outcomes)?;
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }

    fn heights(&mut self, wanted: &[Wanted]) -> Result<()> {
        let (column, pressure, mut outcomes) = self.located(wanted);
        let background = self.background;
        let field = &background.temperature;
        let columns = Columns::new(&field.levels, &column, &pressure, &background.surface_pressure)?;
        columns.locate(&mut outcomes)?;
        let mut equivalents = vec![f64::NAN; wanted.len()];
        if background.is_hybrid {
            let state = HeightState {
                temperature: &field.columns,
                humidity: &background.humidity_for_heights,
                ground_height: &background.ground_height,
            };
            columns.heights(&state, &mut equivalents, &outcomes)?;
        } else {
            let mut own = (u32::MAX, Vec::new());
            for (number, equivalent) in equivalents.iter_mut().enumerate() {
                if outcomes[number] != Outcome::Used {
                    continue;
                }
                // Those of one column follow each other.
                if own.0 != column[number] {
                    own = (column[number], background.nodes(column[number] as usize));
                }
                if !own.1.is_empty() {
                    let geopotential =
                        geopotential_at(&own.1, pressure[number].ln(), DRY_AIR_GAS_CONSTANT, GRAVITY);
                    *equivalent = geopotential / GRAVITY;
                }
            }
        }
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }

    fn barometers(&mut self, wanted: &[Wanted], largest_difference: f64) -> Result<()> {
        let (columns, _, mut outcomes) = self.located(wanted);
        let background = self.background;
        let of = |values: &[f64]| columns.iter().map(|column| values[*column as usize]).collect::<Vec<_>>();
        let lowest = background.temperature.levels.count() - 1;
        let count = background.surface_pressure.len();
        let stations = StationPressure {
            levels: &background.temperature.levels,
            station_height: &wanted.iter().map(|own| own.height).collect::<Vec<_>>(),
            ground_height: &of(&background.ground_height),
            largest_difference,
        };
        let mut equivalents = vec![f64::NAN; wanted.len()];
        stations.pressures(
            &of(&background.surface_pressure),
            &of(&background.temperature.columns[lowest * count..]),
            &mut equivalents,
            &mut outcomes,
        )?;
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }
}

/// The value of the worst quality among these of a level, for what is made of them.
fn worst<const N: usize>(level: &Level, quantities: [Quantity; N]) -> Value {
    let found = quantities.into_iter().filter_map(|quantity| level.find(quantity).copied());
    let of = found.filter(|value| value.value.is_some()).max_by_key(|value| value.quality.flag);
    of.unwrap_or(Value { quantity: quantities[0], value: None, quality: super::Quality::default() })
}

/// Observed specific humidity, from itself, the dew point, or relative humidity and temperature.
fn specific_humidity(level: &Level, pressure: f64) -> Option<(f64, Value)> {
    if let Some(own) = level.find(Quantity::SpecificHumidity).filter(|own| own.value.is_some()) {
        return own.value.map(|value| (value, *own));
    }
    let (share, temperature, of) =
        match (level.value(Quantity::DewPoint), level.value(Quantity::RelativeHumidity)) {
            (Some(dew_point), _) => {
                (1.0, dew_point, worst(level, [Quantity::DewPoint, Quantity::Temperature]))
            }
            (None, Some(share)) => {
                let of = worst(level, [Quantity::RelativeHumidity, Quantity::Temperature]);
                (share, level.value(Quantity::Temperature)?, of)
            }
            _ => return None,
        };
    let mut value = [0.0];
    humidity::specific(&[share], &[temperature], &[pressure], &mut value).ok()?;
    // Not where the pressure is unknown, or so low that vapour would be all of it.
    (0.0..0.1).contains(&value[0]).then_some((value[0], of))
}

/// The height \[m] at which a pressure of a station is compared; None where it has none, and where the station's pressure is there in another
/// form that comes before it.
fn barometer(report: &Report, level: &Level, quantity: Quantity) -> Option<f64> {
    let height = report.barometer.or(report.elevation);
    let has = |quantity| height.is_some() && level.value(quantity).is_some();
    match quantity {
        Quantity::Pressure => height,
        Quantity::AltimeterSetting => height.filter(|_| !has(Quantity::Pressure)),
        _ if has(Quantity::Pressure) || has(Quantity::AltimeterSetting) => None,
        _ => Some(0.0),
    }
}

/// The pressure \[Pa] of a station at a height \[m] whose altimeter setting is this \[Pa]: both are on one curve of the standard atmosphere.
fn pressure_of_setting(setting: f64, height: f64) -> f64 {
    pressure_at(height_of(setting) + height)
}

impl Background {
    /// The pressure \[Pa] where a column has a height \[m]; NaN where that is not known.
    fn pressure_of(&self, column: usize, height: f64) -> f64 {
        let nodes = self.nodes(column);
        if nodes.is_empty() || !self.is_inside(column) {
            return f64::NAN;
        }
        log_pressure_at(&nodes, height * GRAVITY, DRY_AIR_GAS_CONSTANT, GRAVITY).exp()
    }
}

/// So that the levels' type is named once.
pub(super) type Levels = LevelTable<f64>;
