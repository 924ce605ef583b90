//! Windows of time that follow each other without a gap.

use super::section::Section;
use crate::error::Result;
use crate::time::Time;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How long a window is: `3h`, `10d`, `1m`, or with the whole word: `3hour`, `10day`, `1month`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Length {
    /// Seconds from the start of the run.
    Hours(i64),
    /// Seconds from the midnight before the start of the run.
    Days(i64),
    /// From the first of the month of the start of the run.
    Months(i64),
}

impl Length {
    pub(super) fn new(section: &Section<'_>, key: &str) -> Result<Self> {
        let text = section.required_text(key)?;
        let wrong =
            || section.error(format!("'{key}': expected a length such as 3h, 10d or 1m, got '{text}'"));
        let (count, unit) =
            text.split_at(text.find(|digit: char| !digit.is_ascii_digit()).ok_or_else(wrong)?);
        let count: i64 =
            count.parse().ok().filter(|count| (1..=100_000).contains(count)).ok_or_else(wrong)?;
        match unit {
            "h" | "hour" => Ok(Self::Hours(count * HOUR)),
            "d" | "day" => Ok(Self::Days(count * DAY)),
            "m" | "month" => Ok(Self::Months(count)),
            _ => Err(wrong()),
        }
    }

    /// The window with begin < `moment` ≤ end, of a run that starts at `start`; for the start itself the first window.
    pub(super) fn around(self, start: Time, moment: Time) -> (Time, Time) {
        let from = |base: Time, length: i64| {
            let passed = moment.seconds() - base.seconds();
            // Moments before the start have windows too: rounded up, whatever the sign.
            let end = -(-passed).div_euclid(length);
            let end = if passed == 0 { 1 } else { end };
            (base.plus_seconds((end - 1) * length), base.plus_seconds(end * length))
        };
        let (year, month, ..) = start.civil();
        match self {
            Self::Hours(length) => from(start, length),
            Self::Days(length) => from(start.plus_seconds(-start.seconds().rem_euclid(DAY)), length),
            Self::Months(count) => {
                let base = month_number(year, month);
                let inside = if moment == start { moment } else { moment.plus_seconds(-1) };
                let (year, month, ..) = inside.civil();
                let window = (month_number(year, month) - base).div_euclid(count);
                (first_of(base + window * count), first_of(base + (window + 1) * count))
            }
        }
    }
}

fn month_number(year: i64, month: u32) -> i64 {
    12 * year + i64::from(month) - 1
}

fn first_of(number: i64) -> Time {
    Time::new(number.div_euclid(12), number.rem_euclid(12) as u32 + 1, 1, 0, 0, 0)
        .expect("the first of a month is a day")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn windows_hold_their_end_and_not_their_begin() {
        for (length, start, moment, begin, end) in [
            (Length::Hours(3 * HOUR), "2026-01-01T06", "2026-01-01T07", "2026-01-01T06", "2026-01-01T09"),
            (Length::Hours(3 * HOUR), "2026-01-01T06", "2026-01-01T09", "2026-01-01T06", "2026-01-01T09"),
            (Length::Hours(3 * HOUR), "2026-01-01T06", "2026-01-01T06", "2026-01-01T06", "2026-01-01T09"),
            (Length::Days(DAY), "2026-01-01T06", "2026-01-02T00", "2026-01-01", "2026-01-02"),
            (Length::Days(DAY), "2026-01-01T06", "2026-01-02T00:00:01", "2026-01-02", "2026-01-03"),
            (Length::Days(5 * DAY), "2026-01-01", "2026-01-06", "2026-01-01", "2026-01-06"),
            (Length::Months(1), "2024-01-15", "2024-03-01", "2024-02-01", "2024-03-01"),
            (Length::Months(1), "2024-01-01", "2024-01-01", "2024-01-01", "2024-02-01"),
            (Length::Months(3), "2023-11-15", "2024-02-29", "2024-02-01", "2024-05-01"),
        ] {
            assert_eq!(length.around(at(start), at(moment)), (at(begin), at(end)), "{length:?} {moment}");
        }
    }
}
