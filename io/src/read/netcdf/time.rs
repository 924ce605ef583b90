//! Times of CF: a number of units since a moment.

use crate::time::Time;

/// Longest time since the moment of reference (s).
const FARTHEST: f64 = 1e15;

/// The moments of `numbers` in CF's `units`, such as `hours since 1959-01-01 00:00:00`; none where they are not understood.
pub(super) fn times(numbers: &[f64], units: &str) -> Option<Vec<Time>> {
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
    let year = parts.next()?.parse().ok()?;
    let [month, day, hour, minute, second] = std::array::from_fn(|place| {
        parts.next().map_or(Some(u32::from(place < 2)), |part| part.parse::<u32>().ok())
    });
    let start = Time::new(year, month?, day?, hour?, minute?, second?)?;
    // What is no number of a time, or one of another era of the Earth, is not understood either.
    let moment = |number: &f64| {
        let moved = (seconds * number).round();
        (moved.abs() <= FARTHEST).then(|| start.plus_seconds(moved as i64))
    };
    numbers.iter().map(moment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_cf_are_understood() {
        let first = |number: f64, units: &str| times(&[number], units).map(|times| times[0].to_string());
        assert_eq!(first(24.0, "hours since 1959-01-01").unwrap(), "1959-01-02T00:00:00Z");
        assert_eq!(first(0.5, "days since 2011-01-15 00:00:0.0").unwrap(), "2011-01-15T12:00:00Z");
        assert_eq!(first(3600.0, "seconds since 1970-01-01T00:00:00Z").unwrap(), "1970-01-01T01:00:00Z");
        assert_eq!(first(1.0, "months since 1970-01-01"), None);
        assert_eq!(first(1.0, "hours"), None);
        for far in [1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(first(far, "days since 1970-01-01"), None);
        }
        assert_eq!(first(1.0, "days since 9223372036854775807-01-01"), None);
    }
}
