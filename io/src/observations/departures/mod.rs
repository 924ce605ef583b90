//! Reports compared with a background.

mod equivalents;

use terrella_kernels::assimilation::operators::{LevelTable, humidity};
use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use terrella_kernels::vertical::interpolation::log_pressure_at;

use super::background::Background;
use super::errors::{humidity_error, standard_error};
use super::feedback::{Departure, Feedback, Station};
use super::standard_atmosphere::{height_of, pressure_at};
use super::{Flag, Kind, Level, Quantity, Reason, Report, Value, Vertical};
use crate::error::Result;
use crate::read::State;
use crate::time::Time;
use equivalents::{Equivalents, Near};

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct DepartureSettings {
    /// First and last time of observations that count; None: all.
    pub window: Option<[Time; 2]>,
    /// The worst flag of values that count.
    pub worst_flag: Flag,
    /// Largest difference between the heights of a station and of the background's ground at which the two are compared \[m].
    pub largest_height_difference: f64,
}

impl Default for DepartureSettings {
    /// All times, neither suspect nor bad values, 500 m.
    fn default() -> Self {
        Self { window: None, worst_flag: Flag::Good, largest_height_difference: 500.0 }
    }
}

/// One value to be compared, and where it is.
#[derive(Clone, Copy)]
struct Wanted {
    entry: usize,
    column: u32,
    /// Of a barometer, or of the station's ground, above mean sea level \[m].
    height: f64,
    /// z_0 around a station \[m].
    roughness: f64,
}

/// All values to be compared, by how.
#[derive(Default)]
struct Lists {
    winds: [Vec<Wanted>; 2],
    temperatures: Vec<Wanted>,
    vapours: Vec<Wanted>,
    heights: Vec<Wanted>,
    barometers: Vec<Wanted>,
    near_winds: [Vec<Wanted>; 2],
    near_temperatures: Vec<Wanted>,
    near_vapours: Vec<Wanted>,
}

/// z_0 of open country and of the sea \[m] (Stull 1988, figure 9.6): what is around a station is not known better.
const ROUGHNESS: [f64; 2] = [0.1, 2e-4];

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
/// | temperature of a station, 2 m above its ground | the same, from the lowest level ([`NearSurface`](terrella_kernels::assimilation::operators::NearSurface)) |
/// | wind of a station, 10 m above its ground | its components, by the logarithmic profile below the lowest level, over a roughness of 0.1 m on land and 0.2 mm at sea |
/// | dew point or relative humidity of a station | `specific_humidity` of the lowest level |
///
/// The lowest level is, of levels of pressure, the lowest at least 16 m above the background's ground. A station at sea that does not tell its height has the height 0.
/// Errors are those of [`standard_error`] and [`humidity_error`]. Everything else, such as temperatures of the sea, has the reason [`NoEquivalent`](Reason::NoEquivalent). Fields are interpolated linearly
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
    let mut comparison =
        Comparison { background: &background, settings, entries: Vec::new(), lists: Lists::default() };
    for (number, (report, columns)) in reports.iter().zip(&columns_of).enumerate() {
        for (place, (level, &column)) in report.levels.iter().zip(columns).enumerate() {
            comparison.level(&At::new(&background, settings, (number, report), (place, level), column));
        }
    }
    let Comparison { mut entries, lists, .. } = comparison;
    let largest = settings.largest_height_difference;
    let mut equivalents = Equivalents { background: &background, entries: &mut entries };
    for (component, field) in background.winds.iter().enumerate() {
        equivalents.values(field, &lists.winds[component])?;
        equivalents.near_surface(field, &lists.near_winds[component], Near::Wind, largest)?;
    }
    equivalents.values(&background.temperature, &lists.temperatures)?;
    equivalents.near_surface(
        &background.temperature,
        &lists.near_temperatures,
        Near::Temperature,
        largest,
    )?;
    if let Some(field) = &background.humidity {
        equivalents.values(field, &lists.vapours)?;
        equivalents.near_surface(field, &lists.near_vapours, Near::Humidity, largest)?;
    }
    equivalents.heights(&lists.heights)?;
    equivalents.barometers(&lists.barometers, largest)?;
    for entry in entries.iter_mut().filter(|entry| entry.equivalent.is_nan() && entry.reason.is_none()) {
        entry.reason = Some(Reason::NoEquivalent);
    }
    Ok(Feedback { stations: reports.iter().map(Station::of).collect(), departures: entries })
}

/// A level of a report over the background.
struct At<'a> {
    number: usize,
    report: &'a Report,
    place: usize,
    level: &'a Level,
    column: u32,
    /// NaN of a station, and where a height has none.
    pressure: f64,
    is_station: bool,
    is_outside_window: bool,
    /// Of the station's ground above mean sea level \[m].
    ground: Option<f64>,
}

impl<'a> At<'a> {
    fn new(
        background: &Background,
        settings: &DepartureSettings,
        (number, report): (usize, &'a Report),
        (place, level): (usize, &'a Level),
        column: u32,
    ) -> Self {
        let pressure = match level.vertical {
            Vertical::Pressure(pressure) => pressure,
            Vertical::Height(height) => background.pressure_of(column as usize, height),
            Vertical::Station => f64::NAN,
        };
        let time = report.time.plus_seconds(level.delay);
        Self {
            number,
            report,
            place,
            level,
            column,
            pressure,
            is_station: level.vertical == Vertical::Station,
            is_outside_window: settings.window.is_some_and(|[first, last]| time < first || time > last),
            ground: report.elevation.or((report.kind == Kind::SurfaceSea).then_some(0.0)),
        }
    }

    /// The pressure of the air: of a station that of the background at its height, good enough to tell vapour from vapour pressure.
    fn pressure_of_air(&self, background: &Background) -> Option<f64> {
        if !self.is_station {
            return Some(self.pressure);
        }
        let column = self.column as usize;
        let share = pressure_at(self.ground?) / pressure_at(background.ground_height[column]);
        Some(background.surface_pressure[column] * share)
    }
}

/// What is compared, as it is found in the reports.
struct Comparison<'a> {
    background: &'a Background,
    settings: &'a DepartureSettings,
    entries: Vec<Departure>,
    lists: Lists,
}

impl Comparison<'_> {
    fn add(&mut self, at: &At, quantity: Quantity, value: f64, of: &Value) -> Wanted {
        let reason = match of.quality.flag {
            flag if flag > self.settings.worst_flag => Some(Reason::Flagged),
            _ if at.is_outside_window => Some(Reason::OutsideWindow),
            _ => None,
        };
        let error = match quantity {
            Quantity::SpecificHumidity => {
                let pressure = at.pressure_of_air(self.background);
                pressure.and_then(|pressure| humidity_error(at.report.kind, at.level, pressure, value))
            }
            _ => standard_error(at.report.kind, quantity, at.pressure),
        };
        self.entries.push(Departure {
            report: at.number,
            level: at.place,
            quantity,
            pressure: at.pressure,
            observed: value,
            error: error.unwrap_or(f64::NAN),
            equivalent: f64::NAN,
            analysis: f64::NAN,
            quality: of.quality,
            reason,
        });
        let roughness = ROUGHNESS[usize::from(at.report.kind == Kind::SurfaceSea)];
        let height = at.ground.unwrap_or(f64::NAN);
        Wanted { entry: self.entries.len() - 1, column: at.column, height, roughness }
    }

    /// All values of a level.
    fn level(&mut self, at: &At) {
        // A station without a height has nothing that could be compared near the ground.
        let is_near = at.is_station && at.ground.is_some();
        let wind = at.level.wind().filter(|_| is_near || !at.is_station);
        if let Some((eastward, northward)) = wind {
            let of = worst(at.level, WINDS);
            for (component, (quantity, value)) in
                [(Quantity::EastwardWind, eastward), (Quantity::NorthwardWind, northward)]
                    .into_iter()
                    .enumerate()
            {
                let wanted = self.add(at, quantity, value, &of);
                let lists = if is_near { &mut self.lists.near_winds } else { &mut self.lists.winds };
                lists[component].push(wanted);
            }
        }
        let pressure = at.pressure_of_air(self.background);
        let vapour = pressure.and_then(|pressure| specific_humidity(at.level, pressure));
        if let Some((value, of)) = vapour {
            let wanted = self.add(at, Quantity::SpecificHumidity, value, &of);
            let list = if is_near { &mut self.lists.near_vapours } else { &mut self.lists.vapours };
            list.push(wanted);
        }
        for value in &at.level.values {
            let Some(observed) = value.value else { continue };
            match value.quantity {
                Quantity::Temperature if is_near || !at.is_station => {
                    let wanted = self.add(at, Quantity::Temperature, observed, value);
                    let list = if is_near {
                        &mut self.lists.near_temperatures
                    } else {
                        &mut self.lists.temperatures
                    };
                    list.push(wanted);
                }
                Quantity::GeopotentialHeight if matches!(at.level.vertical, Vertical::Pressure(_)) => {
                    let wanted = self.add(at, Quantity::GeopotentialHeight, observed, value);
                    self.lists.heights.push(wanted);
                }
                Quantity::Pressure | Quantity::AltimeterSetting | Quantity::SeaLevelPressure
                    if at.is_station =>
                {
                    self.pressure(at, observed, value);
                }
                // These are in the wind and the specific humidity.
                quantity if WINDS.contains(&quantity) && wind.is_some() => {}
                Quantity::DewPoint | Quantity::RelativeHumidity | Quantity::SpecificHumidity
                    if vapour.is_some() => {}
                quantity => {
                    self.add(at, quantity, observed, value);
                }
            }
        }
    }

    /// A pressure of a station in one of its forms.
    fn pressure(&mut self, at: &At, observed: f64, value: &Value) {
        let Some(height) = barometer(at.report, at.level, value.quantity) else {
            self.add(at, value.quantity, observed, value);
            return;
        };
        let (quantity, pressure) = match value.quantity {
            Quantity::AltimeterSetting => (Quantity::Pressure, pressure_of_setting(observed, height)),
            own => (own, observed),
        };
        let wanted = self.add(at, quantity, pressure, value);
        self.lists.barometers.push(Wanted { height, ..wanted });
    }
}

const WINDS: [Quantity; 4] =
    [Quantity::WindSpeed, Quantity::WindDirection, Quantity::EastwardWind, Quantity::NorthwardWind];

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
