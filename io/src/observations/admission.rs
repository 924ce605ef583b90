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
