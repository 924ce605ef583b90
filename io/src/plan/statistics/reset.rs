//! When a model sets its accumulated fields to zero.

use crate::time::Time;

/// How often, by the calendar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reset {
    Hour,
    Day,
    Month,
    Year,
    Never,
}

/// The names in a plan.
pub(super) const NAMES: [&str; 5] = ["hour", "day", "month", "year", "never"];

impl Reset {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "year" => Self::Year,
            "never" => Self::Never,
            _ => Self::Month,
        }
    }

    /// The last reset at `moment` or before it.
    fn latest(self, moment: Time) -> Option<Time> {
        let (year, month, day, hour, ..) = moment.civil();
        match self {
            Self::Hour => Time::new(year, month, day, hour, 0, 0),
            Self::Day => Time::new(year, month, day, 0, 0, 0),
            Self::Month => Time::new(year, month, 1, 0, 0, 0),
            Self::Year => Time::new(year, 1, 1, 0, 0, 0),
            Self::Never => None,
        }
    }

    pub(super) fn is_at(self, moment: Time) -> bool {
        self.latest(moment) == Some(moment)
    }

    /// The last reset between two moments, neither of them included.
    pub(super) fn between(self, earlier: Time, later: Time) -> Option<Time> {
        self.latest(later.plus_seconds(-1)).filter(|reset| *reset > earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn resets_follow_the_calendar() {
        for (reset, moment, yes) in [
            (Reset::Hour, "2026-01-01T03", true),
            (Reset::Hour, "2026-01-01T03:30", false),
            (Reset::Day, "2026-01-02", true),
            (Reset::Day, "2026-01-02T06", false),
            (Reset::Month, "2026-03-01", true),
            (Reset::Month, "2026-03-02", false),
            (Reset::Year, "2026-01-01", true),
            (Reset::Year, "2026-02-01", false),
            (Reset::Never, "2026-01-01", false),
        ] {
            assert_eq!(reset.is_at(at(moment)), yes, "{reset:?} {moment}");
        }
        let between = |reset: Reset, earlier: &str, later: &str| reset.between(at(earlier), at(later));
        assert_eq!(between(Reset::Month, "2026-01-31T18", "2026-02-01"), None);
        assert_eq!(between(Reset::Month, "2026-02-01", "2026-02-01T06"), None);
        assert_eq!(between(Reset::Month, "2026-01-31T18", "2026-02-01T06"), Some(at("2026-02-01")));
        assert_eq!(between(Reset::Never, "2020-01-01", "2026-01-01"), None);
        for name in NAMES {
            assert_eq!(format!("{:?}", Reset::named(name)).to_lowercase(), name);
        }
    }
}
