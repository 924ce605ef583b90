//! Plan files in MultIO's vocabulary do what they say, and what they say wrongly is told with the place.

use std::path::Path;

use terrella_io::encode::{Grib2Encoder, GribSettings, Identity, Packing, Period, Statistic};
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans, Points};
use terrella_io::read::{GribFile, Missing};
use terrella_io::{Error, Level, Parameter, Time};

fn layout() -> Layout {
    Layout::global_lat_lon(2, 2)
}

fn at_step(name: &str, step: i64) -> Metadata {
    Metadata::new()
        .with("name", name)
        .with("levtype", "pl")
        .with("level", 500)
        .with("startDate", 20_260_131)
        .with("startTime", 0)
        .with("step", step)
        .with("timeStep", 3600)
}

fn field(metadata: Metadata, values: &[f64]) -> Message {
    Message { metadata, kind: Kind::Field { layout: layout(), values: values.to_vec() } }
}

/// A plan of these actions, then `encode: raw` into a file; what the file holds after the messages.
fn through(actions: &str, messages: Vec<Message>) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    let mut plans = Plans::from_yaml(&plan(actions, &path)).unwrap();
    for message in messages {
        plans.write(message).unwrap();
    }
    plans.finish().unwrap();
    numbers(&path)
}

fn plan(actions: &str, path: &Path) -> String {
    format!(
        "plans:
  - name: test
    actions:
{actions}
      - type: encode
        format: raw
      - type: sink
        sinks:
          - type: file
            path: {}
",
        path.display()
    )
}

fn numbers(path: &Path) -> Vec<f64> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn refused(actions: &str) -> String {
    match Plans::from_yaml(&format!("plans:\n  - name: p\n    actions:\n{actions}\n")) {
        Err(error @ Error::Plan { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {actions}"),
    }
}

#[test]
fn a_plan_file_of_multio_is_accepted() {
    // pymultio's test of writing, with the folder of its variable.
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "plans:
    - name: test-write
      actions:
        - type: print
          stream: cout
        - type: sink
          sinks:
            - type: file
              append: false
              per-server: false
              path: \"{}/testWriteOutput.grib\"",
        folder.path().display()
    );
    let path = folder.path().join("multio-server.yaml");
    std::fs::write(&path, text).unwrap();
    let mut plans = Plans::read(&path).unwrap();
    plans.write(Message { metadata: Metadata::new(), kind: Kind::Encoded(b"GRIB".to_vec()) }).unwrap();
    plans.finish().unwrap();
    assert_eq!(std::fs::read(folder.path().join("testWriteOutput.grib")).unwrap(), b"GRIB");
}

#[test]
fn select_passes_what_matches() {
    let passes = |condition: &str, metadata: Metadata| {
        let actions = format!("      - type: select\n        {condition}");
        !through(&actions, vec![field(metadata, &[1.0; 4])]).is_empty()
    };
    let t = || at_step("t", 1);
    for (condition, expected) in [
        ("match: [{name: [t, u]}]", true),
        ("match: [{name: t}]", true),
        ("match: [{name: u}]", false),
        ("match: [{name: t, level: 850}]", false),
        ("match: [{name: t, level: [850, 500]}]", true),
        ("match: [{name: u}, {level: 500}]", true),
        ("match: [{level: \"500\"}]", false),
        ("match: [{absent: 1}]", false),
        ("match: []", false),
        ("ignore: [{name: t}]", false),
        ("ignore: [{name: u}]", true),
        ("not: {match: [{name: t}]}", false),
        ("any: [{match: [{name: u}]}, {match: [{level: 500}]}]", true),
        ("all: [{match: [{name: t}]}, {match: [{level: 850}]}]", false),
        ("all: [{match: [{name: t}]}, {not: {match: [{level: 850}]}}]", true),
        ("{match: [{name: t}], ignore: [{level: 500}]}".trim_matches(['{', '}']), false),
    ] {
        let condition = condition.replace("], ignore", "]\n        ignore");
        assert_eq!(passes(&condition, t()), expected, "{condition}");
    }
}

#[test]
fn scale_multiplies_and_names_anew() {
    let actions = "      - type: scale
        mapping-definition:
          - case: {param-is: 228228, map-to-param: 260267, scaling-factor: 1000}
          - case: {param-is: z, map-to-param: gh, scaling-factor: 0.1}
      - type: select
        match: [{paramId: 260267}, {param: gh}, {param: u}]";
    let by = |metadata: Metadata| field(metadata, &[1.0, 2.0, f64::NAN, 4.0]);
    let values = through(
        actions,
        vec![
            by(at_step("tp", 1).with("paramId", 228_228)),
            by(at_step("z", 1).with("param", "z")),
            by(at_step("u", 1).with("param", "u")),
        ],
    );
    assert_eq!(values[..2], [1000.0, 2000.0]);
    assert!(values[2].is_nan());
    assert_eq!([values[4], values[8]], [0.1, 1.0]);
    let mut plans =
        Plans::from_yaml("plans: [{name: p, actions: [{type: scale, mapping-definition: []}]}]").unwrap();
    let error = plans.write(by(at_step("u", 1))).unwrap_err().to_string();
    assert_eq!(error, "Metadata 'param': expected a text, got nothing.");
}

fn part(metadata: Metadata, points: Points, values: &[f64]) -> Message {
    Message { metadata, kind: Kind::Part { layout: layout(), points, values: values.to_vec() } }
}

#[test]
fn parts_become_the_field_when_the_last_has_come() {
    let list = |points: &[usize]| Points::List(points.into());
    let factor = "      - type: scale
        mapping-definition: [{case: {param-is: t, map-to-param: t, scaling-factor: 2}}]";
    let t = |step: i64| at_step("t", step).with("param", "t");
    // Two fields at a time, ranges and lists, in any order; a whole field goes on at once.
    let values = through(
        &format!("{factor}\n      - type: aggregate"),
        vec![
            part(t(1), Points::From(2), &[3.0, 4.0]),
            part(t(2), list(&[3, 1]), &[8.0, 6.0]),
            part(t(1), Points::From(0), &[1.0]),
            field(t(3), &[0.5; 4]),
            part(t(2), list(&[]), &[]),
            part(t(2), list(&[0, 2]), &[5.0, f64::NAN]),
            part(t(1), list(&[1]), &[2.0]),
            part(t(1), Points::From(0), &[9.0; 4]),
        ],
    );
    assert_eq!(values[..4], [1.0; 4]);
    assert_eq!((values[4], values[5], values[7]), (10.0, 12.0, 16.0));
    assert!(values[6].is_nan());
    assert_eq!(values[8..12], [2.0, 4.0, 6.0, 8.0]);
    assert_eq!(values[12..], [18.0; 4]);
}

#[test]
fn parts_that_overlap_or_do_not_suffice_are_refused_by_name() {
    let plans = |options: &str| {
        Plans::from_yaml(&format!("plans: [{{actions: [{{type: aggregate{options}}}]}}]")).unwrap()
    };
    let list = |points: &[usize]| Points::List(points.into());
    let mut strict = plans("");
    let text = |result: terrella_io::Result<()>| result.unwrap_err().to_string();
    strict.write(part(at_step("t", 1), Points::From(1), &[1.0, 2.0])).unwrap();
    let overlap = text(strict.write(part(at_step("t", 1), list(&[0, 2]), &[1.0, 2.0])));
    assert!(
        overlap.contains("point 2 for the second time of {") && overlap.contains("\"name\": \"t\""),
        "{overlap}"
    );
    let twice = text(strict.write(part(at_step("u", 1), list(&[3, 3]), &[1.0, 2.0])));
    assert!(twice.contains("point 3 for the second time"), "{twice}");
    let other = Message {
        metadata: at_step("t", 1),
        kind: Kind::Part { layout: Layout::global_lat_lon(3, 2), points: Points::From(4), values: vec![1.0] },
    };
    assert!(text(strict.write(other)).contains("on 6 points of another layout"));
    for (points, values, expected) in [
        (Points::From(3), vec![1.0; 2], "'end of the part' is 4: expected one of the 4 points of the field."),
        (Points::From(usize::MAX), vec![1.0; 2], "expected one of the 4 points"),
        (list(&[4]), vec![1.0], "'point' is 4: expected one of the 4 points of the field."),
        (list(&[0, 1]), vec![1.0], "'points': expected 1 values, got 2."),
    ] {
        let error = text(strict.write(part(at_step("v", 1), points, &values)));
        assert!(error.contains(expected), "{error}");
    }
    // What was refused left no trace: point 0 and 3 alone are missing.
    let incomplete = text(strict.finish());
    assert!(
        incomplete.contains("has 2 missing") && incomplete.contains("of 4, the first at index 0"),
        "{incomplete}"
    );
    assert!(incomplete.contains("\"name\": \"t\""), "{incomplete}");
    let mut lenient = plans(", on-error: skip");
    lenient.write(part(at_step("t", 1), list(&[3, 3]), &[1.0; 2])).unwrap();
    assert_eq!(lenient.skipped().map(|(_, count)| count).sum::<usize>(), 1);
    lenient.finish().unwrap();
    for action in ["mask", "statistics, operations: [average], output-frequency: 1d", "encode, format: raw"] {
        let mut plans = Plans::from_yaml(&format!("plans: [{{actions: [{{type: {action}}}]}}]")).unwrap();
        let error = text(plans.write(part(at_step("t", 1), Points::From(0), &[1.0])));
        assert!(
            error.ends_with("is a part of a field: expected an action 'aggregate' before it."),
            "{error}"
        );
    }
}

#[test]
fn masks_take_points_away_and_offsets_move_the_rest() {
    let actions = "      - type: mask
        missing-value: -9
        offset-fields: [sst]
        offset-value: 0.5";
    let with = |message: Message| Message { metadata: message.metadata.with("domain", "T grid"), ..message };
    let mask = with(Message {
        metadata: Metadata::new().with("level", 500),
        kind: Kind::Mask(vec![true, false, true, false]),
    });
    let sst = with(field(at_step("sst", 1), &[1.0, 2.0, 3.0, 4.0]));
    let other = with(field(at_step("ssh", 1), &[1.0, 2.0, 3.0, 4.0]));
    let values = through(actions, vec![mask, sst.clone(), other]);
    assert_eq!(values, [1.5, -9.0, 3.5, -9.0, 1.0, -9.0, 3.0, -9.0]);
    let values =
        through("      - {type: mask, apply-bitmap: false, offset-fields: [sst]}", vec![sst.clone()]);
    assert_eq!(values, [274.15, 275.15, 276.15, 277.15]);
    let mut plans = Plans::from_yaml("plans: [{actions: [{type: mask}]}]").unwrap();
    let error = plans.write(sst.clone()).unwrap_err().to_string();
    assert!(error.contains("absent for domain \"T grid\" level 500"), "{error}");
    let short = Message { kind: Kind::Mask(vec![true; 3]), ..sst.clone() };
    plans.write(short).unwrap();
    assert!(plans.write(sst).unwrap_err().to_string().contains("expected 4 values, got 3"));
}

#[test]
fn masks_that_move_leave_each_point_the_times_when_it_was_inside() {
    let actions =
        |threshold: &str| format!("      - type: mask\n{}", statistics("average, maximum", "3h", threshold));
    let mask = |inside: [bool; 4]| Message {
        metadata: Metadata::new().with("level", 500),
        kind: Kind::Mask(inside.to_vec()),
    };
    let messages = || {
        vec![
            mask([true, true, false, false]),
            field(at_step("t", 1), &[1.0; 4]),
            field(at_step("t", 2), &[3.0; 4]),
            mask([true, false, true, false]),
            field(at_step("t", 3), &[8.0; 4]),
        ]
    };
    let nan = f64::from(f32::MAX);
    let any = through(&actions("value-count-threshold: 1"), messages());
    assert_eq!(any, [4.0, 2.0, 8.0, nan, 8.0, 3.0, 8.0, nan]);
    let two = through(&actions("value-count-threshold: 2"), messages());
    assert_eq!(two, [4.0, 2.0, nan, nan, 8.0, 3.0, nan, nan]);
    assert_eq!(through(&actions(""), messages()), [4.0, nan, nan, nan, 8.0, nan, nan, nan]);
}

#[test]
fn mappings_set_metadata_by_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.yaml");
    std::fs::write(
        &table,
        "mappings:
  - match: {name: nemo-id}
    map: {paramId: param-id, level: level}
data:
  - {nemo-id: sst, param-id: 262101}
  - {nemo-id: t20d, param-id: 262118, level: 20}",
    )
    .unwrap();
    let actions = |more: &str| {
        format!(
            "      - type: metadata-mapping\n        mapping: {}\n{more}      - type: select
        match: [{{paramId: 262101, level: 500}}, {{paramId: 262118, level: 20}}, {{name: other}}]",
            table.display()
        )
    };
    let by = |name: &str| field(at_step(name, 1), &[1.0; 4]);
    assert_eq!(through(&actions(""), vec![by("sst"), by("t20d")]).len(), 8);
    let lenient = actions("        enforce-match: false\n");
    assert_eq!(through(&lenient, vec![by("sst"), by("other"), by("none")]).len(), 8);
    let skipping = actions("        on-error: skip\n");
    assert_eq!(through(&skipping, vec![by("sst"), by("other")]).len(), 4);
    let path = folder.path().join("raw");
    let mut plans = Plans::from_yaml(&plan(&actions(""), &path)).unwrap();
    let error = plans.write(by("other")).unwrap_err().to_string();
    assert_eq!(error, "Metadata 'name': expected a row of the mapping's data, got \"other\".");
}

fn statistics(operations: &str, frequency: &str, options: &str) -> String {
    format!(
        "      - type: statistics
        operations: [{operations}]
        output-frequency: {frequency}
        options: {{{options}}}"
    )
}

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

#[test]
fn encode_makes_the_messages_of_the_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    let text = format!(
        "plans: [{{actions: [{{type: encode, format: grib, packing: ccsds, bits-per-value: 12, centre: ecmf}},
        {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    );
    let mut plans = Plans::from_yaml(&text).unwrap();
    let values = [250.0, 260.5, f64::NAN, 240.25];
    plans.write(field(at_step("t", 6), &values)).unwrap();
    plans.write(field(at_step("10u", 7).with("levtype", "sfc"), &values)).unwrap();
    let text = |result: terrella_io::Result<()>| result.unwrap_err().to_string();
    let unknown = text(plans.write(field(at_step("t", 6).with("levtype", "ml"), &values)));
    assert_eq!(unknown, "Metadata 'levtype': expected 'pl' or 'sfc', got \"ml\".");
    let mean = text(plans.write(field(at_step("t", 6).with("operation", "mean"), &values)));
    assert_eq!(mean, "Metadata 'operation': expected an operation of 'statistics', got \"mean\".");
    plans.finish().unwrap();

    let reference: Time = "2026-01-31".parse().unwrap();
    let settings = GribSettings {
        centre: Some("ecmf".into()),
        bits_per_value: 12,
        missing: Missing::Nan,
        packing: Packing::Ccsds,
    };
    let identity = Identity {
        parameter: Parameter::TEMPERATURE,
        level: Level::Pressure(500.0),
        reference,
        valid: reference.plus_seconds(6 * 3600),
    };
    let expected = Grib2Encoder::new(&layout(), &settings).unwrap().encode(&identity, &values).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(&expected));
    let file = GribFile::open(&path).unwrap();
    assert_eq!(file.headers()[1].short_name, "10u");
    assert_eq!(file.headers()[1].step(), 7.0);
}

#[test]
fn sinks_append_or_start_anew_and_keep_processes_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let write = |options: &str| {
        let text = format!(
            "plans: [{{actions: [{{type: sink, sinks: [{{type: file, path: '{}'{options}}}]}}]}}]",
            path.display()
        );
        let mut plans = Plans::from_yaml(&text).unwrap();
        plans.write(Message { metadata: Metadata::new(), kind: Kind::Encoded(vec![7; 3]) }).unwrap();
        let error = plans.write(field(at_step("t", 1), &[1.0; 4])).unwrap_err().to_string();
        assert!(error.contains("an action 'encode' before it"), "{error}");
        plans.finish().unwrap();
    };
    let length = || std::fs::metadata(&path).unwrap().len();
    write("");
    write("");
    assert_eq!(length(), 3);
    write(", append: true");
    assert_eq!(length(), 6);
    write(", per-server: true");
    assert_eq!(length(), 6);
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let own = format!("-{}-out", std::process::id());
    assert!(names.iter().any(|name| name.starts_with("multio-") && name.ends_with(&own)), "{names:?}");
}

#[test]
fn skipped_errors_drop_the_message_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("raw");
    let actions = "      - {type: mask, on-error: skip}";
    let mut plans = Plans::from_yaml(&plan(actions, &path)).unwrap();
    plans.write(field(at_step("t", 1), &[1.0; 4])).unwrap();
    assert_eq!(plans.skipped().collect::<Vec<_>>(), [("test", 1)]);
    plans.finish().unwrap();
    assert!(numbers(&path).is_empty());
    let mut plans = Plans::from_yaml(&plan("      - {type: mask, on-error: propagate}", &path)).unwrap();
    assert!(plans.write(field(at_step("t", 1), &[1.0; 4])).is_err());
}

#[test]
fn what_is_not_known_is_refused_with_the_nearest() {
    for (actions, expected) in [
        (
            "      - {type: statistic}",
            "plan 'p', action 1: unknown action 'statistic': did you mean 'statistics'?.",
        ),
        ("      - {type: tranport}", "unknown action 'tranport': did you mean 'transport'"),
        ("      - {type: aggregate, parts: 4}", "action 1 (aggregate): unknown key 'parts'"),
        (
            "      - {type: print, strem: cout}",
            "action 1 (print): unknown key 'strem': did you mean 'stream'?",
        ),
        ("      - {type: print, stream: cot}", "unknown stream 'cot': did you mean 'cout'?"),
        ("      - {type: print, prefix: 3}", "'prefix': expected a text, got 3"),
        (
            "      - {type: print, only-fields: yes}",
            "'only-fields': expected true or false, got the text 'yes'",
        ),
        ("      - {type: print, on-error: ignore}", "unknown on-error 'ignore': did you mean"),
        ("      - {type: select}", "expected one of the keys match, ignore, any, all, not"),
        ("      - {type: select, match: {name: t}}", "'match': expected a list, got keys with values"),
        (
            "      - {type: select, match: [{name: {}}]}",
            "'name': expected values to match, got keys with values",
        ),
        ("      - {type: select, not: {mach: []}}", "'not': unknown key 'mach': did you mean 'match'?"),
        ("      - {type: scale}", "key 'mapping-definition' is missing"),
        (
            "      - {type: scale, mapping-definition: [{case: {param-is: 1, map-to-param: 2}}]}",
            "key 'scaling-factor' is missing",
        ),
        (
            "      - {type: statistics, operations: [mean], output-frequency: 1d}",
            "unknown operation 'mean': did you mean",
        ),
        ("      - {type: statistics, operations: [], output-frequency: 1d}", "expected at least one"),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1y}",
            "expected a length such as 3h, 10d or 1m, got '1y'",
        ),
        ("      - {type: statistics, operations: [average], output-frequency: 0h}", "got '0h'"),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1h, options: {timestep: 5}}",
            "'options': unknown key 'timestep': did you mean 'time-step'?",
        ),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1h, options: {time-step: -5}}",
            "'time-step': expected a positive integer below 2^31, got -5",
        ),
        ("      - {type: encode, format: grb}", "unknown format 'grb': did you mean 'grib'?"),
        ("      - {type: encode, format: grib, template: x.tmpl}", "unknown key 'template'"),
        (
            "      - {type: encode, format: raw, packing: simple}",
            "'packing' has no meaning with 'format: raw'",
        ),
        ("      - {type: sink, sinks: []}", "expected at least one"),
        ("      - {type: sink, sinks: [{type: fiel}]}", "unknown type 'fiel': did you mean 'file'?"),
        ("      - {type: sink, sinks: [{type: file}]}", "key 'path' is missing"),
        (
            "      - {type: sink, sinks: [{type: file, path: '{NO_SUCH_NAME}/x'}]}",
            "'{NO_SUCH_NAME}' is no variable",
        ),
        ("      - 5", "action 1: expected keys with values, got 5"),
    ] {
        let text = refused(actions);
        assert!(text.contains(expected), "{text}");
    }
    for (text, expected) in [
        ("plan: []", "plan file: unknown key 'plan': did you mean 'plans'?"),
        ("plans: 3", "'plans': expected a list, got 3"),
        ("plans: [{name: a}]", "plan 1: key 'actions' is missing"),
        ("plans: [", "plan file: no YAML"),
        ("", "plan file"),
    ] {
        let error = Plans::from_yaml(text).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = Plans::from_yaml("plans: [{actions: [{type: encode, format: grib, bits-per-value: 40}]}]");
    assert!(error.err().unwrap().to_string().contains("'bits_per_value' is 40"));
    let error = Plans::read("/nowhere/plan.yaml").err().unwrap().to_string();
    assert!(error.contains("'/nowhere/plan.yaml': reading a plan failed"), "{error}");
}

#[test]
fn the_guide_describes_what_is_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/plans.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blocks: Vec<&str> =
        guide.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 8);
    for block in blocks {
        if let (true, Err(error)) = (block.contains("type: netcdf"), terrella_io::hdf5::version()) {
            println!("not run: {error}");
            continue;
        }
        let text = block.replace("out/", &format!("{}/", folder.path().display()));
        let plans = Plans::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{block}"));
        plans.finish().unwrap();
    }
    // Each action's heading and, of a wrong plan, the keys that its error could name.
    for (action, keys) in [
        ("select", &["match", "ignore", "any", "all", "not"][..]),
        ("aggregate", &[]),
        ("transport", &["target", "hash-keys"]),
        ("scale", &["mapping-definition", "param-is", "map-to-param", "scaling-factor"]),
        ("mask", &["apply-bitmap", "missing-value", "offset-fields", "offset-value"]),
        ("metadata-mapping", &["mapping", "enforce-match", "mappings", "data"]),
        ("statistics", &["output-frequency", "operations", "options", "value-count-threshold"]),
        ("interpolate", &["grid", "area", "interpolation", "input", "options", "caching", "non-linear"]),
        ("encode", &["format", "packing", "bits-per-value", "centre"]),
        ("print", &["stream", "prefix", "only-fields"]),
        (
            "sink",
            &[
                "sinks",
                "path",
                "append",
                "per-server",
                "memory",
                "call",
                "log",
                "discard",
                "name",
                "retain-bytes",
                "compression",
                "level",
                "encryption",
                "key-file",
                "key-environment",
                "netcdf",
                "precision",
                "mantissa-bits",
                "fdb5",
                "config",
                "mars",
            ],
        ),
    ] {
        let section = guide.split(&format!("\n## {action}\n")).nth(1).unwrap_or_else(|| panic!("{action}"));
        let section = section.split("\n## ").next().unwrap();
        for key in keys {
            assert!(
                section.contains(&format!("`{key}`")) || section.contains(&format!("`{key}:")),
                "{action}: {key}"
            );
        }
    }
}

#[test]
fn several_plans_all_get_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    let text = paths.each_ref().map(|path| plan("      - {type: print, prefix: test, stream: error}", path));
    let text = format!("{}{}", text[0], text[1].trim_start_matches("plans:\n"));
    let mut plans = Plans::from_yaml(&text).unwrap();
    plans.write(field(at_step("t", 1), &[1.0, 2.0, 3.0, 4.0])).unwrap();
    plans.finish().unwrap();
    for path in &paths {
        assert_eq!(numbers(path), [1.0, 2.0, 3.0, 4.0]);
    }
}

#[test]
fn statistics_are_encoded_with_their_period() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.grib2");
    let text = format!(
        "plans: [{{actions: [{{type: statistics, operations: [average, instant, maximum], output-frequency: 6h}},
        {{type: encode, format: grib}}, {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        path.display()
    );
    let mut plans = Plans::from_yaml(&text).unwrap();
    for step in 1..=12 {
        plans.write(field(at_step("t", step), &[step as f64, 0.0, 1.0, 2.0])).unwrap();
    }
    plans.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let encoder =
        Grib2Encoder::new(&layout(), &GribSettings { missing: Missing::Nan, ..GribSettings::default() });
    let encoder = encoder.unwrap();
    let reference: Time = "2026-01-31".parse().unwrap();
    let mut expected = Vec::new();
    for window in 0..2 {
        let since = reference.plus_seconds(window * 6 * 3600);
        let identity = Identity {
            parameter: Parameter::TEMPERATURE,
            level: Level::Pressure(500.0),
            reference,
            valid: since.plus_seconds(6 * 3600),
        };
        let last = (window * 6 + 6) as f64;
        let with = |first: f64| [first, 0.0, 1.0, 2.0];
        let average = Period { statistic: Statistic::Average, since };
        let maximum = Period { statistic: Statistic::Maximum, since };
        expected.extend(encoder.encode_period(&identity, &average, &with(last - 2.5)).unwrap());
        expected.extend(encoder.encode(&identity, &with(last)).unwrap());
        expected.extend(encoder.encode_period(&identity, &maximum, &with(last)).unwrap());
    }
    assert!(bytes == expected);
}

#[test]
fn files_that_are_no_plans_never_panic() {
    let deep = ["[".repeat(200_000), "{a: ".repeat(50_000), "- ".repeat(50_000)];
    let deep_conditions = format!(
        "plans: [{{actions: [{{type: select, {}match: []{}}}]}}]",
        "not: {".repeat(20_000),
        "}".repeat(20_000)
    );
    for text in deep.iter().chain([&deep_conditions]) {
        let error = Plans::from_yaml(text).err().unwrap().to_string();
        assert!(error.starts_with("plan"), "{error}");
    }
    let dates = [i64::MAX, i64::MIN, 99_991_231, -1, 20_261_301];
    let mut plans =
        Plans::from_yaml(&format!("plans:\n  - actions:\n{}", statistics("average", "1m", ""))).unwrap();
    for date in dates {
        for step in [i64::MAX, i64::MIN, 1 << 49, 0] {
            let message = field(at_step("t", step).with("startDate", date).with("timeStep", 1), &[1.0; 4]);
            if let Err(error) = plans.write(message.clone()) {
                assert!(matches!(error, Error::Metadata { .. }), "{error}");
            }
            // Without what it differs from there is no difference; but no panic.
            for reset in ["hour", "year", "never"] {
                let options = format!("solver-reset-accumulate-fields-every: {reset}");
                let actions = statistics("difference, de-accumulate", "2h", &options);
                let mut plans = Plans::from_yaml(&format!("plans:\n  - actions:\n{actions}")).unwrap();
                let _ = plans.write(message.clone());
            }
        }
    }
}

#[test]
fn the_memory_of_a_field_is_there_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut plans = Plans::from_yaml(&plan("", &folder.path().join("raw"))).unwrap();
    assert_eq!(plans.spare_values().capacity(), 0);
    let message = field(at_step("t", 0), &[1.0, 2.0, 3.0, 4.0]);
    let Kind::Field { values, .. } = &message.kind else { unreachable!("it is a field") };
    let address = values.as_ptr();
    plans.write(message).unwrap();
    let spare = plans.spare_values();
    assert_eq!((spare.as_ptr(), spare.len()), (address, 0));
    assert_eq!(plans.spare_values().capacity(), 0, "it is given away once");
}
