//! Statistics over windows of time.

use terrella_io::plan::{Message, Plans};

use super::{at_step, field, plan, statistics, through};

/// Fields of steps whose first value is given; the others are 0, NaN, and NaN but in step 1.
fn series(values: &[(i64, f64)]) -> Vec<Message> {
    let values = values.iter().map(|&(step, value)| {
        let last = if step == 1 { value } else { f64::NAN };
        field(at_step("t", step), &[value, 0.0, f64::NAN, last])
    });
    values.collect()
}

#[test]
fn statistics_are_those_of_the_window() {
    let input = [(1, 3.0), (2, -1.0), (3, 4.0), (4, 10.0), (5, 20.0), (6, 60.0), (7, 7.0)];
    let of = |operation: &str| through(&statistics(operation, "3h", ""), series(&input));
    for (operation, first, second) in [
        ("instant", 4.0, 60.0),
        ("average", 2.0, 30.0),
        ("minimum", -1.0, 10.0),
        ("maximum", 4.0, 60.0),
        ("accumulate", 6.0, 90.0),
        // √(Σ(x − m)²/n) of 3, -1, 4 and of 10, 20, 60.
        ("standard-deviation", (14.0_f64 / 3.0).sqrt(), (1400.0_f64 / 3.0).sqrt()),
    ] {
        let values = of(operation);
        assert_eq!(values.len(), 8, "{operation}: the window of step 7 has not ended");
        assert!((values[0] - first).abs() < 1e-14 * first.abs(), "{operation}: {}", values[0]);
        assert!((values[4] - second).abs() < 1e-14 * second.abs(), "{operation}: {}", values[4]);
        assert!(values[2].is_nan() && values[6].is_nan(), "{operation}");
        assert!(values[7].is_nan(), "{operation}");
    }
    let several = through(&statistics("minimum, maximum", "3h", ""), series(&input));
    assert_eq!([several[0], several[4], several[8], several[12]], [-1.0, 4.0, 10.0, 60.0]);
    // One value at the last point of the first window: not in all fields, nor in the two that a threshold asks for.
    assert!(of("average")[3].is_nan());
    let any = through(&statistics("average", "3h", "value-count-threshold: 1"), series(&input));
    assert_eq!(any[3], 3.0);
    let strict = through(&statistics("average", "3h", "value-count-threshold: 2"), series(&input));
    assert_eq!(strict[0], 2.0);
    assert!(strict[3].is_nan());
}

#[test]
fn differences_start_with_the_field_at_the_windows_begin() {
    let input = [(0, 1.0), (1, 3.0), (2, -1.0), (3, 4.0), (4, 10.0), (5, 20.0), (6, 60.0)];
    let options = "initial-condition-present: true, step-frequency: 1, time-step: 3600";
    let values = through(&statistics("difference, average", "3h", options), series(&input));
    assert_eq!([values[0], values[4], values[8], values[12]], [3.0, 2.0, 56.0, 30.0]);
    // Without the option, the start of the run is in the first window.
    let values = through(&statistics("average", "3h", ""), series(&input[..4]));
    assert_eq!(values[0], 7.0 / 4.0);
    let folder = tempfile::tempdir().unwrap();
    let text = plan(&statistics("difference", "3h", ""), &folder.path().join("raw"));
    let mut plans = Plans::from_yaml(&text).unwrap();
    let mut results = series(&input[1..4]).into_iter().map(|message| plans.write(message));
    assert!(results.by_ref().take(2).all(|result| result.is_ok()));
    let error = results.next().unwrap().unwrap_err().to_string();
    assert!(error.contains("no field at 2026-01-31T00:00:00Z"), "{error}");
}

#[test]
fn windows_follow_the_calendar_and_end_with_a_later_field_too() {
    // 31 January: the month ends after a day.
    let hours: Vec<(i64, f64)> = (1..=24 * 29).map(|step| (step, step as f64)).collect();
    let values = through(&statistics("maximum", "1m", ""), series(&hours));
    assert_eq!([values[0], values[4], values.len() as f64], [24.0, 24.0 * 29.0, 8.0]);
    // No field at the end of a day: handed on with the first of the next.
    let values = through(&statistics("maximum", "1d", ""), series(&[(1, 5.0), (20, 7.0), (30, 1.0)]));
    assert_eq!((values[0], values.len()), (7.0, 4));
    let by_clock = |day: i64, time: i64, value: f64| {
        field(at_step("t", 0).with("date", 20_260_131 + day).with("time", time), &[value; 4])
    };
    let options = "use-current-time: true";
    let messages = vec![by_clock(0, 60_000, 1.0), by_clock(0, 180_000, 3.0), by_clock(70, 0, 8.0)];
    assert_eq!(
        through(&statistics("average", "12h", options), messages)[..],
        [1.0, 1.0, 1.0, 1.0, 5.5, 5.5, 5.5, 5.5]
    );
}

#[test]
fn statistics_refuse_what_does_not_follow() {
    let mut plans = Plans::from_yaml(&format!(
        "plans:\n  - actions:\n{}",
        statistics("average", "6h", "step-frequency: 2")
    ))
    .unwrap();
    let at = |step: i64| series(&[(step, 1.0)]).remove(0);
    plans.write(at(2)).unwrap();
    plans.write(at(4)).unwrap();
    let text = |result: terrella_io::Result<()>| result.unwrap_err().to_string();
    assert!(text(plans.write(at(5))).contains("as far apart as 'step-frequency'"));
    assert!(text(plans.write(at(4))).contains("fields in the order of time"));
    let wrong = field(at_step("t", 6).with("step", "six"), &[1.0; 4]);
    assert_eq!(text(plans.write(wrong)), "Metadata 'step': expected an integer, got the text \"six\".");
    let wrong = field(at_step("t", 6).with("startTime", 250_000), &[1.0; 4]);
    assert!(text(plans.write(wrong)).contains("'startDate', 'startTime': expected a date as yyyymmdd"));
    assert_eq!(text(plans.write(field(at_step("t", 8), &[1.0; 3]))), "'values': expected 4 values, got 3.");
}
