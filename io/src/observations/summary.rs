//! What a set of reports holds, counted.

use std::collections::BTreeMap;

use super::{Flag, Kind, Quantity, Report};
use crate::time::Time;

/// What a set of reports holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Reports of each kind.
    pub reports: BTreeMap<Kind, usize>,
    /// Of each quantity: values that are there, and missing ones.
    pub values: BTreeMap<Quantity, (usize, usize)>,
    /// Values that are there, by the provider's judgement.
    pub flags: BTreeMap<Flag, usize>,
    /// The earliest and the latest time of a report.
    pub times: Option<(Time, Time)>,
    /// Least and largest latitude and longitude of a report \[degrees].
    pub area: Option<[f64; 4]>,
}

impl Summary {
    /// Counts.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut summary = Self::default();
        for report in reports {
            *summary.reports.entry(report.kind).or_default() += 1;
            let (first, last) = summary.times.unwrap_or((report.time, report.time));
            summary.times = Some((first.min(report.time), last.max(report.time)));
            let (latitude, longitude) = (report.latitude, report.longitude);
            let [south, north, west, east] =
                summary.area.unwrap_or([latitude, latitude, longitude, longitude]);
            summary.area =
                Some([south.min(latitude), north.max(latitude), west.min(longitude), east.max(longitude)]);
            for value in report.levels.iter().flat_map(|level| &level.values) {
                let (present, missing) = summary.values.entry(value.quantity).or_default();
                match value.value {
                    Some(_) => {
                        *present += 1;
                        *summary.flags.entry(value.quality.flag).or_default() += 1;
                    }
                    None => *missing += 1,
                }
            }
        }
        summary
    }
}
