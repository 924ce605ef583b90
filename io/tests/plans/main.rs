//! Plan files in MultIO's vocabulary do what they say, and what they say wrongly is told with the place.

mod actions;
mod encoding;
mod guide;
mod interpolation;
mod parts;
mod refusals;
mod statistics;
mod whole_files;
mod windows;

use std::path::Path;

use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};

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

fn statistics(operations: &str, frequency: &str, options: &str) -> String {
    format!(
        "      - type: statistics
        operations: [{operations}]
        output-frequency: {frequency}
        options: {{{options}}}"
    )
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
