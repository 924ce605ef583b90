//! The last look at a report before it counts: position, values that are possible, duplicates.

use std::collections::HashMap;

use super::{Kind, Observed, Reason, Rejections, Report, Vertical};

/// Reports so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Admission {
    reports: Vec<Report>,
    pub(super) rejections: Rejections,
    seen: HashMap<Identity, usize>,
}

/// What two reports of the same thing have alike: numbers as their bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    kind: Kind,
    station: String,
    time: i64,
    place: [u64; 2],
    levels: usize,
    ends: [u64; 2],
}

impl Identity {
    fn of(report: &Report) -> Self {
        let bits = |vertical: Option<Vertical>| match vertical {
            None | Some(Vertical::Station) => 0,
            Some(Vertical::Pressure(pressure)) => pressure.to_bits(),
            Some(Vertical::Height(height)) => !height.to_bits(),
        };
        let levels = &report.levels;
        let ends = [levels.first(), levels.last()].map(|level| bits(level.map(|level| level.vertical)));
        Self {
            kind: report.kind,
            station: report.station.clone(),
            time: report.time.seconds(),
            place: [report.latitude.to_bits(), report.longitude.to_bits()],
            levels: levels.len(),
            ends,
        }
    }
}

impl Admission {
    /// Takes a report, less what is impossible in it, or says why not. Of duplicates the last counts: it may be a correction.
    pub(super) fn admit(&mut self, mut report: Report) {
        let (message, subset) = (report.message, report.subset);
        let (latitude, longitude) = (report.latitude, report.longitude);
        // A pole may be off by rounding. Also refuses NaN.
        if !(latitude.abs() <= 90.0 + 1e-6 && longitude.abs() <= 360.0) {
            let detail = format!("{latitude} degrees north, {longitude} east");
            return self.rejections.add(message, subset, Reason::NoPosition, detail);
        }
        report.latitude = latitude.clamp(-90.0, 90.0);
        if !(-180.0..=180.0).contains(&longitude) {
            report.longitude = (longitude + 180.0).rem_euclid(360.0) - 180.0;
        }
        let rejections = &mut self.rejections;
        for level in &mut report.levels {
            for value in &mut level.values {
                let (least, largest) = value.quantity.range();
                let Some(number) = value.value.filter(|number| !(least..=largest).contains(number)) else {
                    continue;
                };
                value.value = None;
                let detail = format!("{} of {number} {}", value.quantity, value.quantity.unit());
                rejections.add(message, subset, Reason::Impossible, detail);
            }
        }
        report.levels.retain(|level| {
            let (is_possible, what) = match level.vertical {
                Vertical::Station => (true, 0.0),
                Vertical::Pressure(pressure) => (pressure > 0.0 && pressure < 120_000.0, pressure),
                Vertical::Height(height) => (height > -1_000.0 && height < 100_000.0, height),
            };
            if !is_possible && level.has_values() {
                rejections.add(message, subset, Reason::NoLevel, format!("a level at {what}"));
            }
            is_possible
        });
        report.levels.retain(|level| !level.values.is_empty());
        if !report.levels.iter().any(|level| level.has_values()) {
            return rejections.add(message, subset, Reason::NoValue, format!("station '{}'", report.station));
        }
        let identity = Identity::of(&report);
        match self.seen.get(&identity) {
            Some(&place) => {
                let earlier = std::mem::replace(&mut self.reports[place], report);
                let detail = format!("station '{}' at {}", earlier.station, earlier.time);
                rejections.add(earlier.message, earlier.subset, Reason::Duplicate, detail);
            }
            None => {
                self.seen.insert(identity, self.reports.len());
                self.reports.push(report);
            }
        }
    }

    pub(super) fn finish(self) -> Observed {
        Observed { reports: self.reports, rejections: self.rejections }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::{Level, Quality, Quantity, Value};
    use crate::time::Time;

    fn report(temperature: f64) -> Report {
        let value =
            Value { quantity: Quantity::Temperature, value: Some(temperature), quality: Quality::default() };
        let level = Level { values: vec![value], ..Level::at(Vertical::Pressure(50_000.0)) };
        Report {
            kind: Kind::Radiosonde,
            station: "01001".to_owned(),
            time: Time::EPOCH,
            latitude: 71.0,
            longitude: -8.5,
            elevation: Some(10.0),
            barometer: None,
            levels: vec![level],
            message: 1,
            subset: 1,
        }
    }

    fn admitted(reports: Vec<Report>) -> Observed {
        let mut admission = Admission::default();
        reports.into_iter().for_each(|report| admission.admit(report));
        admission.finish()
    }

    #[test]
    fn of_duplicates_the_last_counts_and_the_others_are_counted() {
        let with = |message, temperature| Report { message, ..report(temperature) };
        let other_station = Report { station: "01002".to_owned(), ..with(4, 253.0) };
        let later = Report { time: Time::EPOCH.plus_seconds(3_600), ..with(5, 254.0) };
        let moved = Report { latitude: 70.0, ..with(6, 255.0) };
        let mut wind_part = with(7, 256.0);
        wind_part.levels[0].vertical = Vertical::Pressure(40_000.0);
        let observed = admitted(vec![
            with(1, 250.0),
            with(2, 251.0),
            other_station,
            later,
            moved,
            wind_part,
            with(3, 252.0),
        ]);
        let messages: Vec<usize> = observed.reports.iter().map(|report| report.message).collect();
        assert_eq!(messages, [3, 4, 5, 6, 7], "in the place of the first");
        assert_eq!(observed.reports[0].levels[0].value(Quantity::Temperature), Some(252.0));
        assert_eq!(observed.rejections.of(Reason::Duplicate), 2);
        assert_eq!(observed.rejections.total(), 2);
        let of: Vec<usize> = observed.rejections.examples().iter().map(|one| one.message).collect();
        assert_eq!(of, [1, 2]);
        assert!(observed.rejections.examples()[0].detail.contains("01001"));
    }

    #[test]
    fn what_is_impossible_is_counted_and_left_out() {
        let mut nowhere = report(250.0);
        nowhere.latitude = f64::NAN;
        let mut beyond = report(250.0);
        beyond.longitude = 400.0;
        let mut hot = report(400.0);
        hot.station = "01003".to_owned();
        let mut deep = report(250.0);
        deep.station = "01004".to_owned();
        deep.levels.push(Level { vertical: Vertical::Pressure(-1.0), ..deep.levels[0].clone() });
        let mut around = report(250.0);
        (around.station, around.longitude) = ("01005".to_owned(), 351.5);
        let observed = admitted(vec![nowhere, beyond, hot, deep, around]);
        let counts = [Reason::NoPosition, Reason::Impossible, Reason::NoValue, Reason::NoLevel]
            .map(|reason| observed.rejections.of(reason));
        assert_eq!(counts, [2, 1, 1, 1]);
        let stations: Vec<&str> = observed.reports.iter().map(|report| report.station.as_str()).collect();
        assert_eq!(stations, ["01004", "01005"]);
        assert_eq!((observed.reports[0].levels.len(), observed.reports[1].longitude), (1, -8.5));
    }
}
