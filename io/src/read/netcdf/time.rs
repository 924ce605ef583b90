//! Times of CF: a number of units since a moment, in a calendar.
//!
//! | calendar | days |
//! |---|---|
//! | `standard`, `gregorian`, none | Julian until 1582-10-04, Gregorian from 1582-10-15 |
//! | `proleptic_gregorian` | Gregorian |
//! | `julian` | Julian |
//! | `noleap`, `365_day`; `all_leap`, `366_day`; `360_day` | years of 365 and of 366 days; months of 30 |
//!
//! A day that the Gregorian calendar does not have, such as the 30th of February, is none here.
//!
//! Source: CF-1.11, section 4.4.1.

use crate::time::Time;

const DAY: i64 = 86_400;

/// Days of the Julian calendar from its 1 January 1 to 1970-01-01 Gregorian, which it calls 19 December 1969.
const JULIAN_EPOCH: i64 = 719_164;

/// The first day of the Gregorian calendar.
const REFORM: (i64, u32, u32) = (1582, 10, 15);

#[derive(Clone, Copy, PartialEq)]
enum Calendar {
    Mixed,
    Gregorian,
    Julian,
    /// Days before each month, of every year.
    Fixed([i64; 13]),
}

const NO_LEAP: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const ALL_LEAP: [i64; 13] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366];
const EQUAL: [i64; 13] = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360];

impl Calendar {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "" | "standard" | "gregorian" => Self::Mixed,
            "proleptic_gregorian" => Self::Gregorian,
            "julian" => Self::Julian,
            "noleap" | "365_day" => Self::Fixed(NO_LEAP),
            "all_leap" | "366_day" => Self::Fixed(ALL_LEAP),
            "360_day" => Self::Fixed(EQUAL),
            _ => return None,
        })
    }

    /// The number of a day: from 1970-01-01 of the Gregorian calendar, but from the year 0 where all years are equal.
    fn day(self, year: i64, month: u32, day: u32) -> Option<i64> {
        match self {
            Self::Fixed(before) => {
                let place = usize::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
                let of_month = i64::from(day);
                let length = before[place] - before[place - 1];
                (1..=length).contains(&of_month).then(|| year * before[12] + before[place - 1] + of_month - 1)
            }
            Self::Julian => julian(year, month, day),
            Self::Mixed if (year, month, day) < REFORM => julian(year, month, day),
            _ => Time::new(year, month, day, 0, 0, 0).map(|time| time.seconds() / DAY),
        }
    }

    /// The moment of a number of seconds from the begin of the day 0 on.
    fn moment(self, seconds: i64) -> Option<Time> {
        let Self::Fixed(before) = self else { return Some(Time::EPOCH.plus_seconds(seconds)) };
        let (days, of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, of_year) = (days.div_euclid(before[12]), days.rem_euclid(before[12]));
        let month = (1..=12).find(|&month| of_year < before[month])?;
        let day = (of_year - before[month - 1] + 1) as u32;
        Time::new(year, month as u32, day, 0, 0, 0).map(|time| time.plus_seconds(of_day))
    }
}

/// Days from 1970-01-01 (Gregorian) to a day of the Julian calendar.
fn julian(year: i64, month: u32, day: u32) -> Option<i64> {
    let leap = year.rem_euclid(4) == 0;
    let before = if leap { ALL_LEAP } else { NO_LEAP };
    let in_year = Calendar::Fixed(before).day(0, month, day)?;
    let years = year - 1;
    Some(years * 365 + years.div_euclid(4) + in_year - JULIAN_EPOCH)
}

/// The moments of `numbers` in CF's `units`, such as `hours since 1959-01-01 00:00:00`; none where they are not understood, or
/// where one is no moment.
pub(super) fn times(numbers: &[f64], units: &str, calendar: &str) -> Option<Vec<Time>> {
    let calendar = Calendar::named(calendar)?;
    let (unit, since) = units.split_once(" since ")?;
    let seconds = match unit.trim().trim_end_matches('s') {
        "day" | "d" => 86_400.0,
        "hour" | "hr" | "h" => 3600.0,
        "minute" | "min" => 60.0,
        "second" | "sec" | "" => 1.0,
        _ => return None,
    };
    let mut parts =
        since.split(|character: char| !character.is_ascii_digit()).filter(|part| !part.is_empty());
    let year: i64 = parts.next()?.parse().ok().filter(|year: &i64| year.abs() < 1_000_000)?;
    let [month, day, hour, minute, second] = std::array::from_fn(|place| {
        parts.next().map_or(Some(u32::from(place < 2)), |part| part.parse::<u32>().ok())
    });
    // The time of day, on any day.
    let of_day = Time::new(1970, 1, 1, hour?, minute?, second?)?.seconds();
    let start = calendar.day(year, month?, day?)? * DAY + of_day;
    let moment = |number: &f64| {
        let passed = (seconds * number).round();
        (passed.abs() < 1e14).then(|| calendar.moment(start + passed as i64)).flatten()
    };
    numbers.iter().map(moment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_cf_are_understood() {
        let first = |number: f64, units: &str| times(&[number], units, "").map(|times| times[0].to_string());
        assert_eq!(first(24.0, "hours since 1959-01-01").unwrap(), "1959-01-02T00:00:00Z");
        assert_eq!(first(0.5, "days since 2011-01-15 00:00:0.0").unwrap(), "2011-01-15T12:00:00Z");
        assert_eq!(first(3600.0, "seconds since 1970-01-01T00:00:00Z").unwrap(), "1970-01-01T01:00:00Z");
        assert_eq!(first(1.0, "months since 1970-01-01"), None);
        assert_eq!(first(1.0, "hours"), None);
        assert_eq!(first(f64::NAN, "hours since 1959-01-01"), None);
        assert_eq!(first(1e300, "hours since 1959-01-01"), None);
        assert_eq!(first(1.0, "days since 9223372036854775807-01-01"), None);
    }

    /// Days between dates as the calendars have them; the reform itself is one day.
    #[test]
    fn calendars_of_cf_are_understood() {
        let first = |number: f64, units: &str, calendar: &str| {
            times(&[number], units, calendar).map(|times| times[0].to_string()[..10].to_owned())
        };
        for (days, since, calendar, expected) in [
            (59.0, "2000-01-01", "noleap", Some("2000-03-01")),
            (60.0, "2000-01-01", "all_leap", Some("2000-03-01")),
            (59.0, "2001-01-01", "366_day", None),
            (360.0, "2000-01-01", "360_day", Some("2001-01-01")),
            (59.0, "2000-01-01", "360_day", None),
            (1.0, "1582-10-04", "standard", Some("1582-10-15")),
            (1.0, "1582-10-04", "proleptic_gregorian", Some("1582-10-05")),
            (0.0, "1969-12-19", "julian", Some("1970-01-01")),
            (0.0, "1900-02-29", "julian", Some("1900-03-13")),
            (0.0, "0001-01-01", "standard", Some("0000-12-30")),
            (0.0, "2000-01-01", "lunar", None),
        ] {
            let found = first(days, &format!("days since {since}"), calendar);
            assert_eq!(found.as_deref(), expected, "{days} days since {since}, {calendar}");
        }
    }
}
