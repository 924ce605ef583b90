//! Sinks put messages where the plan says: files by metadata, memory, functions, several at once.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::log::Item;
use terrella_io::plan::{Delivery, Kind, Message, Metadata, Plans};
use terrella_io::server::{Server, Settings};
use terrella_io::{Error, Result};

fn bytes(name: &str, step: i64, bytes: &[u8]) -> Message {
    let metadata = Metadata::new().with("name", name).with("step", step).with("level", 0.5);
    Message { metadata, kind: Kind::Encoded(bytes.to_vec()) }
}

fn plans(sinks: &str) -> Result<Plans> {
    Plans::from_yaml(&format!("plans: [{{name: p, actions: [{{type: sink, sinks: [{sinks}]}}]}}]"))
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn files_are_named_by_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let text = format!(
        "{{type: file, path: '{at}/steps/[step].grib2'}}, {{type: file, path: '{at}/[name]/[level]-[step]'}},
         {{type: file, path: '{at}/steps/[step]', per-server: true}}"
    );
    // More files than are open at once, and back to the first ones.
    let steps = 50;
    let write = || {
        let mut plans = plans(&text).unwrap();
        for name in ["t", "u"] {
            for step in 0..steps {
                plans.write(bytes(name, step, &[name.as_bytes()[0], step as u8])).unwrap();
            }
        }
        plans.finish().unwrap();
    };
    write();
    // A second run starts all files anew.
    write();
    for step in 0..steps {
        let read = |name: String| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(format!("steps/{step}.grib2")), [b't', step as u8, b'u', step as u8]);
        assert_eq!(read(format!("u/0.5-{step}")), [b'u', step as u8]);
    }
    let of_server = names(&folder.path().join("steps"));
    let own = format!("-{}-7", std::process::id());
    assert_eq!(of_server.len(), 2 * steps as usize);
    assert!(of_server.iter().any(|name| name.starts_with("multio-") && name.ends_with(&own)));
}

#[test]
fn names_never_leave_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{{type: file, path: '{}/[name]'}}", folder.path().display());
    let mut plans = plans(&text).unwrap();
    for name in ["../t", "a/b", "", ".", "..", ".t"] {
        let error = plans.write(bytes(name, 1, &[1])).unwrap_err().to_string();
        assert!(error.contains("'name': expected a text without '/'"), "{error}");
    }
    let message = Message { metadata: Metadata::new(), kind: Kind::Encoded(vec![1]) };
    let error = plans.write(message).unwrap_err().to_string();
    assert_eq!(error, "Metadata 'name': expected a value for the file's name, got nothing.");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn each_sink_has_each_message_also_where_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{{type: file, path: /dev/full}}, {{type: file, path: '{}/whole'}}, {{type: discard}},
         {{type: memory, name: kept}}",
        folder.path().display()
    );
    let mut plans = plans(&text).unwrap();
    let kept = plans.memory("kept").unwrap();
    for step in 0..3 {
        let error = plans.write(bytes("t", step, &[step as u8])).unwrap_err();
        assert!(matches!(&error, Error::File { path, .. } if path == Path::new("/dev/full")), "{error}");
    }
    assert_eq!(std::fs::read(folder.path().join("whole")).unwrap(), [0, 1, 2]);
    assert_eq!(kept.len(), 3);
    let expected: Vec<_> = (0..3).map(|step| Delivery::Message(bytes("t", step, &[step as u8]))).collect();
    assert_eq!(kept.take(), expected);
    assert!(kept.is_empty());
}

#[test]
fn functions_and_memory_take_fields_too() {
    let mut plans = plans("{type: call, name: viewer}, {type: memory, name: kept}, {type: discard}").unwrap();
    let field = Message {
        metadata: Metadata::new().with("name", "t"),
        kind: Kind::Field { layout: Layout::global_lat_lon(2, 2), values: vec![1.0, 2.0, 3.0, 4.0] },
    };
    let error = plans.write(field.clone()).unwrap_err().to_string();
    assert!(error.contains("sink 'viewer'") && error.contains("not connected"), "{error}");
    let (sender, receiver) = mpsc::channel();
    plans
        .connect("viewer", move |message: &Message| {
            sender.send(message.clone()).unwrap();
            Ok(())
        })
        .unwrap();
    plans.write(field.clone()).unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [field]);
    assert_eq!(plans.memory("kept").unwrap().len(), 2);
    for wrong in [plans.memory("viewer").err(), plans.connect("kept", |_: &Message| Ok(())).err()] {
        let error = wrong.unwrap().to_string();
        assert!(error.contains("named 0 times") && error.contains("expected one such sink"), "{error}");
    }
}

#[test]
fn logs_have_messages_with_their_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/log");
    let text = |keys: &str| format!("{{type: log, path: '{}'{keys}}}", path.display());
    let mut plans = plans(&text(", name: stream")).unwrap();
    let mut reader = plans.log("stream").unwrap().reader(1).unwrap();
    plans.write(bytes("t \"a\"", 1, &[1, 2])).unwrap();
    let Some(Item::Record(record)) = reader.next(Duration::ZERO).unwrap() else { panic!() };
    assert_eq!(record.payload, [1, 2]);
    let key: serde_json::Value = serde_json::from_slice(&record.key).unwrap();
    assert_eq!(key, serde_json::json!({ "name": "t \"a\"", "step": 1, "level": 0.5 }));
    plans.finish().unwrap();
    drop(reader);
    // What a best-effort plan drops is a record too; the log goes on where it ended.
    let text = text(", retain-bytes: 100000, name: stream");
    let text = format!("plans: [{{delivery: best-effort, actions: [{{type: sink, sinks: [{text}]}}]}}]");
    let mut plans = Plans::from_yaml(&text).unwrap();
    let mut reader = plans.log("stream").unwrap().reader(2).unwrap();
    let mut server = Server::start(plans, Settings { memory: 1000, ..Settings::default() }).unwrap();
    server.write(bytes("t", 2, &[0; 2000])).unwrap();
    server.finish().unwrap();
    let Some(Item::Record(record)) = reader.next(Duration::ZERO).unwrap() else { panic!() };
    let key: serde_json::Value = serde_json::from_slice(&record.key).unwrap();
    let gap = &key["gap"];
    assert_eq!((&gap["first"]["step"], &gap["last"]["step"]), (&2.into(), &2.into()));
    assert_eq!((&gap["fields"], &gap["steps"], &gap["begun"]), (&1.into(), &1.into(), &false.into()));
    assert!(record.payload.is_empty());
}

#[test]
fn what_is_not_known_is_refused() {
    for (sinks, expected) in [
        ("{type: memry, name: a}", "unknown type 'memry': did you mean 'memory'?"),
        ("{type: memory}", "key 'name' is missing"),
        ("{type: discard, name: a}", "unknown key 'name'"),
        ("{type: null}", "'type': expected a text, got nothing"),
        ("{type: call, nme: a}", "unknown key 'nme': did you mean 'name'?"),
        ("{type: file, path: 'a/[step'}", "'path': expected a key in each '[]' of 'a/[step'"),
        (
            "{type: log, path: /tmp, retain-bytes: 0.5}",
            "'retain-bytes': expected a positive integer, got 0.5",
        ),
        ("{type: log}", "key 'path' is missing"),
        ("{type: file, path: 'a/[]'}", "'path': expected a key in each '[]'"),
        ("{type: file, path: '/no/such/folder/x'}", "'/no/such/folder/x': opening failed"),
    ] {
        let error = plans(sinks).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let with =
        |keys: &str| Plans::from_yaml(&format!("plans: [{{name: p, {keys}}}]")).err().unwrap().to_string();
    let error = with("delivery: lossles, actions: []");
    assert!(error.contains("unknown delivery 'lossles': did you mean 'lossless'?"), "{error}");
    let statistics = "actions: [{type: statistics, operations: [average], output-frequency: 1d}]";
    let error = with(&format!("delivery: best-effort, {statistics}"));
    assert!(error.contains("no meaning with 'statistics'"), "{error}");
    let error = with("delivery: best-effort, actions: [{type: aggregate}]");
    assert!(error.contains("no meaning with 'aggregate'"), "{error}");
}
