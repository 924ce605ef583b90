//! The elements of one subset, put together as a report.

use super::super::standard_atmosphere::pressure_at;
use super::super::{Kind, Level, Quality, Quantity, Reason, Report, Value, Vertical};
use super::keys::Key;
use crate::observations::admission::Admission;
use crate::time::Time;

/// The level that elements go to at the moment.
#[derive(Clone, Debug, Default)]
struct Pending {
    pressure: Option<f64>,
    height: Option<f64>,
    above_station: Option<f64>,
    /// An element that says where the level is has come, be it missing.
    is_placed: bool,
    has_significance: bool,
    has_delay: bool,
    is_of_height: bool,
    delay: f64,
    drift: (f64, f64),
    values: Vec<Value>,
}

/// A report in the making.
#[derive(Clone, Debug)]
pub(super) struct Subset {
    category: i64,
    block: Option<f64>,
    station: Option<f64>,
    name: Option<String>,
    number: Option<f64>,
    site: Option<String>,
    clock: [Option<f64>; 6],
    position: [Option<f64>; 2],
    elevation: Option<f64>,
    barometer: Option<f64>,
    levels: Vec<Pending>,
    pending: Pending,
    /// What the next confidence is about: the number of a value of the pending level.
    last: Option<usize>,
}

/// Code table 008021: the nominal time of a report. Times before it are those of something else, such as a buoy's last position.
const NOMINAL_TIME: f64 = 25.0;

impl Subset {
    pub(super) fn new(category: i64) -> Self {
        Self {
            category,
            block: None,
            station: None,
            name: None,
            number: None,
            site: None,
            clock: [None; 6],
            position: [None; 2],
            elevation: None,
            barometer: None,
            levels: Vec::new(),
            pending: Pending::default(),
            last: None,
        }
    }

    /// The next element.
    pub(super) fn take(&mut self, key: Key, number: Option<f64>, text: Option<&str>) {
        let keep = |place: &mut Option<f64>| *place = place.or(number);
        match key {
            Key::Mark => {}
            Key::Block => keep(&mut self.block),
            Key::Station => keep(&mut self.station),
            Key::Number => keep(&mut self.number),
            Key::Name => self.name = self.name.take().or_else(|| text.map(str::to_owned)),
            Key::Site => self.site = self.site.take().or_else(|| text.map(str::to_owned)),
            Key::TimeSignificance if number == Some(NOMINAL_TIME) => self.clock = [None; 6],
            Key::TimeSignificance => {}
            Key::Clock(part) => keep(&mut self.clock[part]),
            Key::Latitude => keep(&mut self.position[0]),
            Key::Longitude => keep(&mut self.position[1]),
            Key::Elevation => keep(&mut self.elevation),
            Key::Barometer => keep(&mut self.barometer),
            Key::Confidence => {
                let confidence = number.filter(|number| (0.0..=100.0).contains(number)).map(|n| n as u8);
                if let Some(last) = self.last.take() {
                    self.pending.values[last].quality.confidence = confidence;
                }
                return;
            }
            Key::Value(quantity, unit) => return self.value(quantity, number.map(|n| unit.convert(n))),
            _ => self.place(key, number),
        }
        self.last = None;
    }

    fn value(&mut self, quantity: Quantity, value: Option<f64>) {
        let first = !self.pending.values.iter().any(|value| value.quantity == quantity);
        // Satellite winds: temperatures are those of clouds. Stations: heights are those of pressure surfaces elsewhere.
        let is_own = match self.category {
            5 => matches!(
                quantity,
                Quantity::WindSpeed
                    | Quantity::WindDirection
                    | Quantity::EastwardWind
                    | Quantity::NorthwardWind
            ),
            0 | 1 => quantity != Quantity::GeopotentialHeight,
            // What a sonde's report says before the first level is about the ground and the sea below it.
            2 => self.pending.is_placed && quantity != Quantity::SeaSurfaceTemperature,
            _ => true,
        };
        self.last = None;
        if first && is_own {
            self.last = Some(self.pending.values.len());
            self.pending.values.push(Value { quantity, value, quality: Quality::default() });
        }
    }

    /// An element that says where a level is, or begins one.
    fn place(&mut self, key: Key, number: Option<f64>) {
        if self.category < 2 {
            return;
        }
        let pending = &self.pending;
        let begins = match key {
            Key::Delay => pending.is_placed || pending.has_delay,
            Key::Significance => pending.has_significance,
            Key::NorthwardDrift | Key::EastwardDrift => false,
            _ => pending.is_placed && !pending.values.is_empty(),
        };
        // Satellite winds have other estimates of pressure behind the one that was used.
        if self.category == 5 && pending.is_placed {
            return;
        }
        if begins {
            self.close();
        }
        let pending = &mut self.pending;
        match key {
            Key::Delay => (pending.has_delay, pending.delay) = (true, number.unwrap_or(0.0)),
            Key::Significance => pending.has_significance = true,
            Key::NorthwardDrift => pending.drift.0 = number.unwrap_or(0.0),
            Key::EastwardDrift => pending.drift.1 = number.unwrap_or(0.0),
            _ => pending.is_placed = true,
        }
        match key {
            Key::Pressure => pending.pressure = number,
            Key::FlightLevel => pending.pressure = pending.pressure.or(number.map(pressure_at)),
            Key::Height => (pending.height, pending.is_of_height) = (number, true),
            Key::GeopotentialHeight => pending.height = number,
            Key::HeightAboveStation => pending.above_station = number,
            _ => {}
        }
    }

    fn close(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.values.is_empty() {
            self.levels.push(pending);
        }
        self.last = None;
    }

    /// Hands the report over, or says why there is none.
    pub(super) fn finish(mut self, message: usize, subset: usize, admission: &mut Admission) {
        self.close();
        let Some(time) = self.time() else {
            let detail = format!("{:?}", self.clock.map(|part| part.unwrap_or(f64::NAN)));
            return admission.rejections.add(message, subset, Reason::NoTime, detail);
        };
        let [latitude, longitude] = self.position.map(|angle| angle.unwrap_or(f64::NAN));
        let mut kind = super::kind(self.category);
        if self.category == 2 && self.levels.iter().all(|level| level.pressure.is_none()) {
            let by_radar = self.levels.iter().any(|level| level.is_of_height);
            kind = if by_radar { Kind::WindProfiler } else { kind };
        }
        let mut levels = Vec::with_capacity(self.levels.len());
        for pending in std::mem::take(&mut self.levels) {
            let above = pending.above_station.zip(self.elevation).map(|(height, ground)| height + ground);
            let measured = pending.values.iter().find(|value| value.quantity == Quantity::GeopotentialHeight);
            let height = pending.height.or(above).or(measured.and_then(|value| value.value));
            let vertical = match (pending.pressure, height) {
                _ if self.category < 2 => Vertical::Station,
                (Some(pressure), _) => Vertical::Pressure(pressure),
                (None, Some(height)) => Vertical::Height(height),
                (None, None) => {
                    if pending.values.iter().any(|value| value.value.is_some()) {
                        let detail = format!("{} elements", pending.values.len());
                        admission.rejections.add(message, subset, Reason::NoLevel, detail);
                    }
                    continue;
                }
            };
            let delay = if kind == Kind::Radiosonde { pending.delay as i64 } else { 0 };
            levels.push(Level { vertical, delay, drift: pending.drift, values: pending.values });
        }
        admission.admit(Report {
            kind,
            station: self.identifier(),
            time,
            latitude,
            longitude,
            elevation: self.elevation,
            barometer: self.barometer,
            levels,
            message,
            subset,
        });
    }

    fn identifier(&mut self) -> String {
        match (self.block, self.station) {
            (Some(block), Some(station)) => format!("{:05}", 1000.0 * block + station),
            _ => (self.name.take())
                .or_else(|| self.number.map(|number| number.to_string()))
                .or_else(|| self.site.take())
                .unwrap_or_default(),
        }
    }

    fn time(&self) -> Option<Time> {
        let [year, month, day, hour, minute, second] = self.clock;
        let part = |value: Option<f64>| {
            let value = value.unwrap_or(0.0);
            (0.0..100.0).contains(&value).then_some(value as u32)
        };
        Time::new(year? as i64, part(month)?, part(day)?, part(hour)?, part(minute)?, part(second)?)
    }
}
