//! Points in time of the proleptic Gregorian calendar, UTC, to the second.

use std::fmt;

use crate::error::{Error, Result};

/// A point in time: seconds since 1970-01-01T00:00:00Z, without leap seconds (as GRIB and CF count).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    seconds: i64,
}

/// Years before and after are refused.
const LAST_YEAR: u64 = 1_000_000_000;

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self { seconds: 0 };

    /// From a date and a time of day; None where the calendar has no such moment.
    pub fn new(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Self> {
        let length = match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        // A year with more digits than a calendar has is made up, and seconds would not hold it.
        if day < 1
            || day > length
            || year.unsigned_abs() > LAST_YEAR
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self { seconds: days_before(year, month, day) * 86_400 + of_day })
    }

    /// From GRIB's numbers: date as yyyymmdd, time of day as hhmm.
    pub fn from_date_and_time(date: i64, time: i64) -> Option<Self> {
        let part = |value: i64| u32::try_from(value).ok();
        Self::new(
            date / 10_000,
            part(date / 100 % 100)?,
            part(date % 100)?,
            part(time / 100)?,
            part(time % 100)?,
            0,
        )
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// This moment moved by `seconds`.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds + seconds }
    }

    /// Hours from `earlier` to this moment.
    pub fn hours_since(self, earlier: Self) -> f64 {
        (self.seconds - earlier.seconds) as f64 / 3600.0
    }

    /// Year, month, day, hour, minute, second.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let (days, of_day) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        // Days counted from 0000-03-01, so that the leap day ends its year; eras of 400 years repeat exactly.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            year,
            month as u32,
            day as u32,
            (of_day / 3600) as u32,
            (of_day / 60 % 60) as u32,
            (of_day % 60) as u32,
        )
    }
}

fn days_before(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = i64::from((month + 9) % 12);
    let of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// ISO 8601: `2011-01-15T12:00:00Z`.
impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// `2011-01-15`, `2011-01-15T12`, `2011-01-15T12:00` or `2011-01-15T12:00:00`, with or without `Z`.
impl std::str::FromStr for Time {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (date, clock) = text.trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text, "00"));
            let date: Vec<&str> = date.split('-').collect();
            let clock: Vec<&str> = clock.split(':').collect();
            let [year, month, day] = date[..] else { return None };
            let number = |index: usize| clock.get(index).map_or(Some(0), |part| part.parse().ok());
            if clock.len() > 3 {
                return None;
            }
            Self::new(
                year.parse().ok()?,
                month.parse().ok()?,
                day.parse().ok()?,
                number(0)?,
                number(1)?,
                number(2)?,
            )
        };
        parse().ok_or_else(|| Error::InvalidValue {
            name: "time".into(),
            got: format!("'{text}'"),
            expected: "a UTC time such as 2011-01-15T12:00:00Z".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_goes_there_and_back_over_all_days_of_800_years() {
        let first = Time::new(1600, 1, 1, 6, 30, 15).unwrap();
        let mut expected = (1600, 1, 1);
        for day in 0..292_194 {
            let (year, month, of_month, hour, minute, second) = first.plus_seconds(day * 86_400).civil();
            assert_eq!((year, month, of_month), expected);
            assert_eq!((hour, minute, second), (6, 30, 15));
            let back = Time::new(year, month, of_month, hour, minute, second).unwrap();
            assert_eq!(back, first.plus_seconds(day * 86_400));
            expected = if Time::new(year, month, of_month + 1, 0, 0, 0).is_some() {
                (year, month, of_month + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
        assert_eq!(Time::new(1970, 1, 1, 0, 0, 0).unwrap().seconds(), 0);
    }

    #[test]
    fn texts_are_read_and_written() {
        let time = Time::from_date_and_time(20110115, 1230).unwrap();
        assert_eq!(time.to_string(), "2011-01-15T12:30:00Z");
        assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
        assert_eq!("2011-01-15T12:30".parse::<Time>().unwrap(), time);
        assert_eq!("2011-01-15".parse::<Time>().unwrap(), Time::new(2011, 1, 15, 0, 0, 0).unwrap());
        for wrong in ["2011-02-29", "2011-1", "yesterday", "2011-01-15T25", "2011-01-15T12:00:00:00"] {
            let error = wrong.parse::<Time>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
        assert_eq!(Time::from_date_and_time(20111315, 0), None);
    }
}
