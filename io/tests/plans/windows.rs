//! Statistics of plans against plain sums over all fields of a window.

use std::path::Path;

use terrella_io::layout::Layout;
use terrella_io::plan::{Delivery, Kind, Memory, Message, Metadata, Plans, Points};
use terrella_io::server::{Server, Settings};
use terrella_io::{Error, Time};

const POINTS: usize = 8;

/// Numbers in [0, 1) that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

struct Run {
    start: Time,
    /// Seconds between fields; the first is one after the start.
    spacing: i64,
    fields: Vec<Vec<f64>>,
}

impl Run {
    fn time(&self, number: usize) -> Time {
        self.start.plus_seconds(self.spacing * (number as i64 + 1))
    }

    fn message(&self, step: i64, values: &[f64]) -> Message {
        let (year, month, day, hour, minute, second) = self.start.civil();
        let metadata = Metadata::new()
            .with("name", "t")
            .with("startDate", year * 10_000 + i64::from(month * 100 + day))
            .with("startTime", i64::from(hour * 10_000 + minute * 100 + second))
            .with("step", step)
            .with("timeStep", self.spacing);
        let layout = Layout::global_lat_lon(POINTS / 2, 2);
        Message { metadata, kind: Kind::Field { layout, values: values.to_vec() } }
    }

    /// What the plan makes of the run: fields of `POINTS` values. `at_start`: a field before the others.
    fn through(&self, operation: &str, frequency: &str, options: &str, at_start: Option<&[f64]>) -> Vec<f64> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        let mut plans = Plans::from_yaml(&format!(
            "plans: [{{actions: [
              {{type: statistics, operations: [{operation}], output-frequency: {frequency}, options: {{{options}}}}},
              {{type: encode, format: raw}},
              {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
            path.display()
        ))
        .unwrap();
        if let Some(values) = at_start {
            plans.write(self.message(0, values)).unwrap();
        }
        for (number, values) in self.fields.iter().enumerate() {
            plans.write(self.message(number as i64 + 1, values)).unwrap();
        }
        plans.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        bytes.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    /// Numbers of the fields in (begin, end] of each of these windows that ends within the run.
    fn windows(&self, edges: &[Time]) -> Vec<Vec<usize>> {
        let last = self.time(self.fields.len() - 1);
        let inside = |begin: Time, end: Time| {
            (0..self.fields.len())
                .filter(move |&number| (begin < self.time(number)) && (self.time(number) <= end))
        };
        let ended = edges.windows(2).filter(|pair| pair[1] <= last);
        ended.map(|pair| inside(pair[0], pair[1]).collect()).collect()
    }
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// 90 days of 6-hourly fields. Point 0 has all values; the others lose more and more, the last one all.
fn masked() -> Run {
    let mut numbers = Numbers(7);
    let mut field = |_| {
        let value = |point: usize, numbers: &mut Numbers| {
            let value = 280.0 + 40.0 * (numbers.next() - 0.5);
            let kept = numbers.next() >= (point as f64 / (POINTS - 1) as f64).powi(2);
            if kept { value } else { f64::NAN }
        };
        (0..POINTS).map(|point| value(point, &mut numbers)).collect()
    };
    Run { start: time("2023-12-29T06"), spacing: 21_600, fields: (0..360).map(&mut field).collect() }
}

/// Window lengths with the edges that they must have for a run from 2023-12-29T06.
fn lengths() -> Vec<(&'static str, Vec<Time>)> {
    let every = |first: &str, hours: i64| {
        (0..=2160 / hours).map(|number| time(first).plus_seconds(number * hours * 3600)).collect()
    };
    let months = ["2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"];
    vec![
        ("6h", every("2023-12-29T06", 6)),
        ("30hour", every("2023-12-29T06", 30)),
        ("1d", every("2023-12-29", 24)),
        ("10day", every("2023-12-29", 240)),
        ("1m", months.map(time).to_vec()),
        ("2month", [months[0], months[2], months[4]].map(time).to_vec()),
    ]
}

/// The operation by its definition, of the values that there are.
fn plain(operation: &str, values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    match operation {
        "average" => mean,
        "minimum" => values.iter().copied().fold(f64::INFINITY, f64::min),
        "maximum" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "accumulate" => values.iter().sum(),
        "standard-deviation" => {
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
        }
        other => panic!("{other}"),
    }
}

fn assert_close(got: f64, expected: f64, what: &str) {
    let same = got.is_nan() && expected.is_nan() || (got - expected).abs() <= 1e-12 * expected.abs().max(1.0);
    assert!(same, "{what}: {got}, expected {expected}");
}

#[test]
fn windows_of_all_lengths_and_moving_masks_give_the_plain_results() {
    let run = masked();
    let mut missing = 0;
    for (frequency, edges) in lengths() {
        let windows = run.windows(&edges);
        assert!(!windows.is_empty());
        for (options, threshold) in [
            ("", None),
            ("value-count-threshold: -1", None),
            ("value-count-threshold: 1", Some(1)),
            ("value-count-threshold: 3", Some(3)),
        ] {
            for operation in ["average", "minimum", "maximum", "accumulate", "standard-deviation"] {
                let got = run.through(operation, frequency, options, None);
                assert_eq!(got.len(), windows.len() * POINTS, "{operation} {frequency}");
                for (window, numbers) in windows.iter().enumerate() {
                    for point in 0..POINTS {
                        let all = numbers.iter().map(|&number| run.fields[number][point]);
                        let values: Vec<f64> = all.filter(|value| !value.is_nan()).collect();
                        let enough = values.len() >= threshold.unwrap_or(numbers.len());
                        let expected = if enough { plain(operation, &values) } else { f64::NAN };
                        missing += usize::from(!enough);
                        let what = format!("{operation} {frequency} {options} window {window} point {point}");
                        assert_close(got[window * POINTS + point], expected, &what);
                    }
                }
            }
        }
    }
    assert!(missing > 1000, "the masks took nothing away");
}

#[test]
fn operations_on_single_fields_need_these_alone() {
    let run = masked();
    let at_start = vec![250.0; POINTS];
    let field = |number: Option<usize>, point: usize| number.map_or(250.0, |n| run.fields[n][point]);
    for (frequency, edges) in lengths() {
        // The windows of days and months begin before the run: nothing to differ from.
        let from_start = edges[0] == run.start;
        let windows = run.windows(&edges);
        let options = "initial-condition-present: true";
        let instant = run.through("instant", frequency, options, Some(&at_start));
        let difference = from_start.then(|| run.through("difference", frequency, options, Some(&at_start)));
        for (window, numbers) in windows.iter().enumerate() {
            for point in 0..POINTS {
                let last = field(numbers.last().copied(), point);
                let what = format!("{frequency} window {window} point {point}");
                assert_close(instant[window * POINTS + point], last, &what);
                if let Some(difference) = &difference {
                    let expected = last - field(numbers[0].checked_sub(1), point);
                    assert_close(difference[window * POINTS + point], expected, &what);
                }
            }
        }
    }
}

#[test]
fn standard_deviations_keep_their_digits_beside_a_large_mean() {
    let mut numbers = Numbers(3);
    let small: Vec<Vec<f64>> =
        (0..24).map(|_| (0..POINTS).map(|_| (numbers.next() * 1024.0).round() / 1024.0).collect()).collect();
    let moved = small.iter().map(|field| field.iter().map(|value| value + 1e9).collect()).collect();
    let run = Run { start: time("2026-01-01"), spacing: 3600, fields: moved };
    let got = run.through("standard-deviation", "1d", "", None);
    for point in 0..POINTS {
        let values: Vec<f64> = small.iter().map(|field| field[point]).collect();
        let expected = plain("standard-deviation", &values);
        // The sum of squares less the square of the sum would keep no digit at all.
        assert!((got[point] - expected).abs() < 1e-6 * expected, "{}, expected {expected}", got[point]);
    }
}

#[test]
fn totals_become_what_was_added_in_a_window_across_resets() {
    let mut numbers = Numbers(11);
    let start = time("2024-02-27");
    let (spacing, count) = (3600 * 3, 8 * 40);
    let added: Vec<Vec<f64>> =
        (0..count).map(|_| (0..POINTS).map(|_| numbers.next() * 1e-3).collect()).collect();
    type IsReset = fn(Time) -> bool;
    let begins: [(&str, IsReset); 4] = [
        ("day", |moment| moment.seconds() % 86_400 == 0),
        ("month", |moment| moment.seconds() % 86_400 == 0 && moment.civil().2 == 1),
        ("year", |moment| {
            let (_, month, day, hour, ..) = moment.civil();
            (month, day, hour) == (1, 1, 0)
        }),
        ("never", |_| false),
    ];
    for (reset, is_reset) in begins {
        // A total from before the start, which the windows must not see.
        let at_start = vec![0.25; POINTS];
        let mut total = if is_reset(start) { vec![0.0; POINTS] } else { at_start.clone() };
        let mut run = Run { start, spacing, fields: Vec::new() };
        for (number, added) in added.iter().enumerate() {
            for (total, added) in total.iter_mut().zip(added) {
                *total += added;
            }
            run.fields.push(total.clone());
            if is_reset(run.time(number)) {
                total = vec![0.0; POINTS];
            }
        }
        for (frequency, hours) in [("12h", 12), ("1d", 24), ("5d", 120)] {
            let edges: Vec<Time> = (0..=960 / hours).map(|n| start.plus_seconds(n * hours * 3600)).collect();
            let options =
                format!("initial-condition-present: true, solver-reset-accumulate-fields-every: {reset}");
            let got = run.through("de-accumulate", frequency, &options, Some(&at_start));
            let windows = run.windows(&edges);
            assert_eq!(got.len(), windows.len() * POINTS);
            for (window, numbers) in windows.iter().enumerate() {
                for point in 0..POINTS {
                    let expected: f64 = numbers.iter().map(|&number| added[number][point]).sum();
                    let what = format!("{reset} {frequency} window {window} point {point}");
                    assert_close(got[window * POINTS + point], expected, &what);
                }
            }
        }
    }
}

#[test]
fn totals_without_the_fields_that_they_need_are_refused() {
    let plans = |options: &str| {
        Plans::from_yaml(&format!(
            "plans: [{{actions: [{{type: statistics, operations: [de-accumulate], output-frequency: 1d,
               options: {{{options}}}}}]}}]"
        ))
        .unwrap()
    };
    let run = Run { start: time("2026-01-31T12"), spacing: 3600, fields: Vec::new() };
    let mut without_begin = plans("");
    let results: Vec<_> =
        (1..=12).map(|step| without_begin.write(run.message(step, &[1.0; POINTS]))).collect();
    assert!(results[..11].iter().all(Result::is_ok));
    let error = results[11].as_ref().unwrap_err().to_string();
    assert!(error.contains("'de-accumulate' is no field at 2026-01-31T00:00:00Z"), "{error}");
    let mut over_a_reset = plans("solver-reset-accumulate-fields-every: hour");
    let run = Run { start: time("2026-01-31"), ..run };
    over_a_reset.write(run.message(1, &[1.0; POINTS])).unwrap();
    let error = over_a_reset.write(run.message(3, &[1.0; POINTS])).unwrap_err().to_string();
    assert!(error.contains("expected a field at each 'solver-reset-accumulate-fields-every'"), "{error}");
    assert!(error.contains("none at 2026-01-31T02:00:00Z"), "{error}");
}

#[test]
fn what_was_added_is_encoded_as_an_accumulation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    let mut plans = Plans::from_yaml(&format!(
        "plans: [{{actions: [
          {{type: statistics, operations: [de-accumulate], output-frequency: 6h}},
          {{type: select, match: [{{operation: accumulate}}]}},
          {{type: encode, format: grib}},
          {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    ))
    .unwrap();
    let run = Run { start: time("2026-01-31"), spacing: 3600, fields: Vec::new() };
    for step in 0..=12 {
        let mut message = run.message(step, &[step as f64; POINTS]);
        message.metadata = message.metadata.with("name", "tp").with("levtype", "sfc");
        plans.write(message).unwrap();
    }
    plans.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    // Two messages of product definition template 4.8 with the statistical process 1, an accumulation.
    let sections = bytes.windows(9).filter(|octets| octets[4] == 4 && octets[7..9] == [0, 8]).count();
    assert_eq!(sections, 2);
}

/// Plans of which one has each operation, one all else that remembers, and one nothing.
const REMEMBERING: &str = "
plans:
  - name: windows
    actions:
      - {type: select, match: [{levtype: sfc}]}
      - type: statistics
        output-frequency: 30h
        operations: [instant, average, minimum, maximum, accumulate, difference, de-accumulate, standard-deviation]
        options: {value-count-threshold: 2, solver-reset-accumulate-fields-every: day}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: memory, name: windows}]}
  - name: months
    actions:
      - {type: select, match: [{levtype: sfc}]}
      - {type: statistics, output-frequency: 1m, operations: [average, maximum]}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: memory, name: months}]}
  - name: parts
    actions:
      - {type: select, match: [{levtype: pl}]}
      - {type: aggregate}
      - {type: mask}
      - {type: statistics, output-frequency: 12h, operations: [average]}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: memory, name: parts}]}
  - name: other
    actions: [{type: select, match: [{levtype: sfc}]}, {type: encode, format: raw}, {type: sink, sinks: [{type: discard}]}]
";

/// Fields that lose values, in two series, beside masks and fields in parts.
fn messages() -> Vec<Message> {
    let mut run = masked();
    // Five days and the end of a month.
    run.start = time("2023-12-29T00");
    run.fields.truncate(20);
    let layout = Layout::global_lat_lon(POINTS / 2, 2);
    let mut messages = Vec::new();
    for step in 0..=20 {
        let values = if step == 0 { vec![250.0; POINTS] } else { run.fields[step - 1].clone() };
        let surface = run.message(step as i64, &values);
        let of = |key: &str, value: &str| surface.metadata.clone().with(key, value);
        let upper = of("levtype", "pl").with("level", 0.5);
        if step % 7 == 0 {
            let mask = (0..POINTS).map(|point| point % (2 + step) != 1).collect();
            messages.push(Message { metadata: upper.clone(), kind: Kind::Mask(mask) });
        }
        for part in [4..8, 0..2, 2..4] {
            let points = Points::List(part.clone().collect::<Vec<_>>().into());
            let kind = Kind::Part { layout: layout.clone(), points, values: values[part].to_vec() };
            messages.push(Message { metadata: upper.clone(), kind });
        }
        for name in ["t", "tp"] {
            let metadata = of("levtype", "sfc").with("name", name);
            messages.push(Message { metadata, ..surface.clone() });
        }
    }
    messages
}

const NAMES: [&str; 3] = ["windows", "months", "parts"];

/// What the three sinks have had.
type Results = [Vec<Delivery>; 3];

fn sinks(plans: &mut Plans) -> [Memory; 3] {
    NAMES.map(|name| plans.memory(name).unwrap())
}

fn extend(results: &mut Results, sinks: &[Memory; 3]) {
    for (results, sink) in results.iter_mut().zip(sinks) {
        results.extend(sink.take());
    }
}

#[test]
fn a_run_that_is_split_at_any_message_has_the_same_bits() {
    let (text, messages, folder) = (REMEMBERING, messages(), Path::new(""));
    let mut plans = Plans::from_yaml(text).unwrap();
    let outlets = sinks(&mut plans);
    messages.iter().for_each(|message| plans.write(message.clone()).unwrap());
    let mut whole = Results::default();
    extend(&mut whole, &outlets);
    // 30 hours five times with eight operations, a month, and 12 hours ten times.
    assert_eq!(whole.each_ref().map(Vec::len), [2 * 8 * 4, 2 * 2, 10]);
    for split in 0..=messages.len() {
        for served in [false, true] {
            let mut results = Results::default();
            let mut first = Plans::from_yaml(text).unwrap();
            let outlets = sinks(&mut first);
            let state = if served {
                let mut server = Server::start(first, Settings::default()).unwrap();
                messages[..split].iter().for_each(|message| server.write(message.clone()).unwrap());
                let state = server.state().unwrap();
                extend(&mut results, &outlets);
                server
                    .finish()
                    .unwrap_or_else(|error| assert!(error.to_string().contains("missing"), "{error}"));
                state
            } else {
                messages[..split].iter().for_each(|message| first.write(message.clone()).unwrap());
                extend(&mut results, &outlets);
                first.state()
            };
            let mut second = Plans::continue_yaml_in(text, folder).unwrap();
            let outlets = sinks(&mut second);
            second.restore(&state).unwrap();
            assert_eq!(second.state(), state, "{split}");
            messages[split..].iter().for_each(|message| second.write(message.clone()).unwrap());
            extend(&mut results, &outlets);
            assert!(results == whole, "split before message {split}");
        }
    }
}

#[test]
fn the_state_of_other_plans_is_refused_with_the_difference() {
    let text = REMEMBERING;
    let mut plans = Plans::from_yaml(text).unwrap();
    messages().into_iter().take(20).for_each(|message| plans.write(message).unwrap());
    let state = plans.state();
    let restore = |text: &str, state: &[u8]| {
        Plans::continue_yaml_in(text, Path::new(""))
            .unwrap()
            .restore(state)
            .map_err(|error| error.to_string())
    };
    // Another order of keys, and another plan that remembers nothing.
    let same = text
        .replace(
            "output-frequency: 12h, operations: [average]",
            "operations: [average], output-frequency: 12h",
        )
        .replace("name: other", "name: another");
    assert_eq!(restore(&same, &state), Ok(()));
    for (there, here, expected) in [
        (
            "output-frequency: 12h",
            "output-frequency: 6h",
            "plan 'parts', action 4 is not as in the checkpoint: expected {operations: [\"average\"], output-frequency: \
             \"12h\", type: \"statistics\"}, got {operations: [\"average\"], output-frequency: \"6h\", type: \"statistics\"}.",
        ),
        (
            "      - {type: mask}\n",
            "",
            "plan 'parts', action 3 is not as in the checkpoint: expected {type: \"mask\"}, got {operations:",
        ),
        (
            "name: months",
            "name: means",
            "plan 'months' is not as in the checkpoint: expected a plan of this name that remembers something, got none.",
        ),
        (
            "  - name: other\n    actions: [",
            "  - name: other\n    actions: [{type: mask}, ",
            "plan 'other' is not as in the checkpoint: expected no plan of this name that remembers something, got {type: \
             \"mask\"}.",
        ),
        (
            "{type: memory, name: months}]}\n",
            "{type: memory, name: months}]}\n      - {type: print}\n",
            "plan 'months' is not as in the checkpoint: expected 4 actions, got 5 actions.",
        ),
    ] {
        assert!(text.contains(there), "{there}");
        let error = restore(&text.replace(there, here), &state).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    // Nothing of a state that does not fit is taken.
    for end in (1..state.len()).step_by(7) {
        let mut plans = Plans::continue_yaml_in(text, Path::new("")).unwrap();
        let before = plans.state();
        let error = plans.restore(&state[..end]).unwrap_err();
        assert!(matches!(error, Error::PlanState { .. }), "{end}: {error}");
        assert_eq!(plans.state(), before, "{end}");
    }
    // A run that is continued does nothing without it.
    let mut plans = Plans::continue_yaml_in(text, Path::new("")).unwrap();
    let error = plans.write(messages().swap_remove(0)).unwrap_err().to_string();
    assert_eq!(error, "plan file: the run is continued: its state must be restored first.");
    assert_eq!(Server::start(plans, Settings::default()).err().unwrap().to_string(), error);
}

#[test]
fn damaged_states_neither_panic_nor_take_memory() {
    let text = REMEMBERING;
    let mut plans = Plans::from_yaml(text).unwrap();
    messages().into_iter().take(33).for_each(|message| plans.write(message).unwrap());
    let state = plans.state();
    let mut numbers = Numbers(5);
    for _ in 0..3000 {
        let mut damaged = state.clone();
        for _ in 0..=(3.0 * numbers.next()) as usize {
            let place = (numbers.next() * state.len() as f64) as usize;
            damaged[place] = (numbers.next() * 256.0) as u8;
        }
        let mut plans = Plans::from_yaml(text).unwrap();
        // Numbers may be damaged unseen: the checkpoint's hash is there for them. The plans go on or say why not.
        if plans.restore(&damaged).is_ok() {
            for message in messages().into_iter().skip(33).take(20) {
                let _ = plans.write(message);
            }
        }
    }
}
