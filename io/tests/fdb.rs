//! FDB: what is archived on a local database is listed and retrieved, byte for byte, also by another process.
//!
//! The library takes its configuration from the environment, so that each test runs in a process of its own.

use std::path::Path;
use std::process::Command;

use terrella_io::fdb::{Entry, Fdb, Request};
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_io::{Error, Result};

mod common;

const SCHEMA: &str = "
param: Param;
step: Step;
date: Date;
time: Time;
levelist: Double;
expver: Expver;

[ class, expver, date, time
  [ type, levtype
    [ step, levelist?, param ]]]
";

/// A configuration of a database under `folder`, which is made.
fn database(folder: &Path) -> String {
    std::fs::create_dir_all(folder.join("root")).unwrap();
    std::fs::write(folder.join("schema"), SCHEMA).unwrap();
    let at = folder.display();
    format!("{{type: local, engine: toc, schema: {at}/schema, spaces: [{{roots: [{{path: {at}/root}}]}}]}}")
}

/// Whether this is the process that `test` runs in. Else starts it, if the library is there.
fn is_child(test: &str, config: impl FnOnce(&Path) -> String) -> bool {
    if std::env::var_os("TERRELLA_TEST_CHILD").is_some() {
        return true;
    }
    if let Err(error) = terrella_io::fdb::version() {
        let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name == "fdb"), "libfdb5 is required: {error}");
        println!("not run: {error}");
        return false;
    }
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    assert!(process(test, "first", folder.path(), &config));
    false
}

/// Runs `test` in a process with a configuration and tells whether it passed.
fn process(test: &str, child: &str, folder: &Path, config: &str) -> bool {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("TERRELLA_TEST_CHILD", child)
        .env("TERRELLA_TEST_FOLDER", folder)
        .env("FDB5_CONFIG", config)
        .status()
        .unwrap()
        .success()
}

/// The messages of a GRIB2 file.
fn messages(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let (mut messages, mut rest) = (Vec::new(), &bytes[..]);
    while rest.starts_with(b"GRIB") {
        let length = u64::from_be_bytes(rest[8..16].try_into().unwrap()) as usize;
        let (message, after) = rest.split_at(length);
        messages.push(message.to_vec());
        rest = after;
    }
    messages
}

type Key = Vec<(&'static str, String)>;

fn key(number: usize) -> Key {
    let step = (number * 6).to_string();
    [
        ("class", "rd"),
        ("expver", "0001"),
        ("date", "20110110"),
        ("time", "1200"),
        ("type", "fc"),
        ("levtype", "pl"),
        ("levelist", "500"),
        ("param", "130"),
        ("step", &step),
    ]
    .map(|(word, value)| (word, value.to_owned()))
    .to_vec()
}

fn steps(entries: &[Entry]) -> Vec<String> {
    let step = |entry: &Entry| {
        let pair = entry.key.iter().find(|(word, _)| word == "step");
        pair.unwrap_or_else(|| panic!("{entry:?}")).1.clone()
    };
    let mut steps: Vec<_> = entries.iter().map(step).collect();
    steps.sort_by_key(|step| step.parse::<u32>().unwrap());
    steps
}

#[test]
fn what_is_archived_is_listed_and_retrieved() {
    const TEST: &str = "what_is_archived_is_listed_and_retrieved";
    if !is_child(TEST, database) {
        return;
    }
    let messages = messages(&common::global_state());
    assert!(messages.len() > 10);
    let all = Request::new().with("class", ["rd"]).with("expver", ["0001"]);
    let check = |fdb: &mut Fdb| {
        let entries = fdb.list(&all).unwrap();
        let expected: Vec<_> = (0..messages.len()).map(|number| (number * 6).to_string()).collect();
        assert_eq!(steps(&entries), expected);
        let first = &entries[0].key;
        for (word, value) in [("class", "rd"), ("levtype", "pl"), ("param", "130"), ("levelist", "500")] {
            assert!(first.contains(&(word.into(), value.into())), "{first:?}");
        }
        for (number, message) in messages.iter().enumerate() {
            assert_eq!(&fdb.retrieve(&Request::from_key(&key(number))).unwrap(), message, "{number}");
        }
        // Where the library tells it, a message is at its place.
        for location in entries.iter().filter_map(|entry| entry.location.as_ref()) {
            let file = std::fs::read(&location.path).unwrap();
            let (begin, length) = (location.offset as usize, location.length as usize);
            assert!(messages.iter().any(|message| file[begin..begin + length] == message[..]));
        }
        // Several at once, in any order.
        let both = Request::from_key(&key(0)).with("step", ["0", "6"]);
        assert_eq!(fdb.retrieve(&both).unwrap().len(), messages[0].len() + messages[1].len());
        // Others are not there.
        assert!(fdb.list(&Request::new().with("class", ["od"])).unwrap().is_empty());
        assert!(fdb.list(&all.clone().with("step", ["7"])).unwrap().is_empty());
        let other = Request::from_key(&key(0)).with("param", ["131"]);
        assert!(fdb.retrieve(&other).unwrap().is_empty());
    };
    let mut fdb = Fdb::open(None).unwrap();
    if std::env::var("TERRELLA_TEST_CHILD").unwrap() == "second" {
        check(&mut fdb);
        return;
    }
    assert!(fdb.list(&all).unwrap().is_empty());
    for (number, message) in messages.iter().enumerate() {
        fdb.archive(&key(number), message).unwrap();
    }
    fdb.flush().unwrap();
    check(&mut fdb);
    check(&mut Fdb::open(None).unwrap());
    let folder = std::env::var("TERRELLA_TEST_FOLDER").unwrap();
    let config = std::env::var("FDB5_CONFIG").unwrap();
    assert!(process(TEST, "second", Path::new(&folder), &config));
    // What comes later hides what was there.
    fdb.archive(&key(0), b"another").unwrap();
    fdb.flush().unwrap();
    let mut fdb = Fdb::open(None).unwrap();
    assert_eq!(fdb.retrieve(&Request::from_key(&key(0))).unwrap(), b"another");
    let entries = fdb.list(&all).unwrap();
    assert_eq!(entries.len(), messages.len());
    let locations = || entries.iter().filter_map(|entry| entry.location.as_ref());
    let length = b"another".len() as u64;
    assert!(locations().next().is_none() || locations().any(|location| location.length == length));
}

fn said<T>(result: Result<T>) -> String {
    match result.err().expect("an error") {
        error @ (Error::Fdb { .. } | Error::InvalidValue { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_keys_are_refused_with_the_reason() {
    if !is_child("bad_keys_are_refused_with_the_reason", database) {
        return;
    }
    let mut fdb = Fdb::open(None).unwrap();
    let without = |word: &str| key(0).into_iter().filter(|(name, _)| *name != word).collect::<Vec<_>>();
    for word in ["expver", "levtype", "param"] {
        let text = said(fdb.archive(&without(word), b"x"));
        assert!(text.starts_with("FDB: archiving of {class=rd,") && text.contains(word), "{text}");
    }
    let mut unknown = key(0);
    unknown.push(("flavour", "x".into()));
    let text = said(fdb.archive(&unknown, b"x"));
    assert!(text.contains("flavour"), "{text}");
    let text = said(fdb.archive(&[("class", "r\0d")], b"x"));
    assert!(text.contains("without zero bytes"), "{text}");
    fdb.flush().unwrap();
    assert!(fdb.list(&Request::new().with("class", ["rd"])).unwrap().is_empty());
    // It goes on.
    fdb.archive(&key(0), b"good").unwrap();
    fdb.flush().unwrap();
    assert_eq!(fdb.retrieve(&Request::from_key(&key(0))).unwrap(), b"good");
}

#[test]
fn a_root_that_is_not_there_is_told() {
    let nowhere = |folder: &Path| database(folder).replace("/root}", "/nowhere}");
    if !is_child("a_root_that_is_not_there_is_told", nowhere) {
        return;
    }
    let mut fdb = Fdb::open(None).unwrap();
    let text = said(fdb.archive(&key(0), b"x"));
    assert!(text.contains("/nowhere"), "{text}");
}

#[test]
fn a_schema_that_is_not_there_is_told() {
    if !is_child("a_schema_that_is_not_there_is_told", |folder| {
        database(folder).replace("/schema,", "/none,")
    }) {
        return;
    }
    let text = said(Fdb::open(None).and_then(|mut fdb| fdb.archive(&key(0), b"x")));
    assert!(text.contains("/none"), "{text}");
}

#[test]
fn a_wrong_configuration_is_told() {
    if !is_child("a_wrong_configuration_is_told", |_| "{type: locl}".into()) {
        return;
    }
    let text = said(Fdb::open(None));
    assert!(text.starts_with("FDB: opening failed: ") && text.contains("locl"), "{text}");
}

fn plans(actions: &str) -> Result<Plans> {
    Plans::from_yaml(&format!("plans: [{{name: p, actions: [{actions}]}}]"))
}

const SINK: &str = "{type: sink, sinks: [{type: fdb5, mars: {class: rd, expver: '0001', type: fc}}]}";

fn field(name: &str, parameter: i64, step: i64) -> Message {
    let layout = Layout::global_lat_lon(36, 19);
    let values = (0..layout.points()).map(|point| 250.0 + (point as i64 * step) as f64 / 100.0).collect();
    let metadata = Metadata::new()
        .with("name", name)
        .with("paramId", parameter)
        .with("levtype", "pl")
        .with("level", 500)
        .with("startDate", 20_260_101)
        .with("startTime", 63_000)
        .with("step", step)
        .with("timeStep", 1800);
    Message { metadata, kind: Kind::Field { layout, values } }
}

#[test]
fn a_plan_archives_under_keys_of_its_metadata() {
    if !is_child("a_plan_archives_under_keys_of_its_metadata", database) {
        return;
    }
    let mut plans = plans(&format!(
        "{{type: encode, format: grib}}, {{type: sink, sinks: [{{type: memory, name: m}}]}}, {SINK}"
    ))
    .unwrap();
    let memory = plans.memory("m").unwrap();
    let mut fdb = Fdb::open(None).unwrap();
    let all = Request::new().with("class", ["rd"]);
    for step in [1, 2] {
        for (name, parameter) in [("t", 130), ("u", 131)] {
            plans.write(field(name, parameter, step)).unwrap();
        }
        plans.flush().unwrap();
        assert_eq!(fdb.list(&all).unwrap().len(), 2 * step as usize);
    }
    let messages: Vec<_> = memory
        .take()
        .into_iter()
        .map(|delivery| match delivery {
            terrella_io::plan::Delivery::Message(Message { kind: Kind::Encoded(bytes), .. }) => bytes,
            other => panic!("{other:?}"),
        })
        .collect();
    let request = Request::new()
        .with("class", ["rd"])
        .with("expver", ["0001"])
        .with("type", ["fc"])
        .with("date", ["20260101"])
        .with("time", ["0630"])
        .with("levtype", ["pl"])
        .with("levelist", ["500"]);
    let asked = [("130", "30m"), ("131", "30m"), ("130", "1"), ("131", "1")];
    assert_eq!(messages.len(), asked.len());
    for (message, (parameter, step)) in messages.iter().zip(asked) {
        let request = request.clone().with("param", [parameter]).with("step", [step]);
        assert_eq!(&fdb.retrieve(&request).unwrap(), message, "{request}");
    }
    // The parameter is in the message too.
    let mut unnamed = field("v", 132, 3);
    unnamed.metadata.remove("paramId");
    plans.write(unnamed).unwrap();
    // A second message would hide the first.
    let text = said(plans.write(field("t", 130, 1)));
    assert!(text.contains("param=130,step=30m") && text.contains("for a second message"), "{text}");
    for (key, expected) in [("level", "'level'"), ("levtype", "'levtype'"), ("step", "'step'")] {
        let mut message = field("t", 130, 9);
        message.metadata.remove(key);
        message.kind = Kind::Encoded(vec![1]);
        let text = plans.write(message).unwrap_err().to_string();
        assert!(text.starts_with("Metadata ") && text.contains(expected), "{text}");
    }
    // A word that the schema does not have.
    let mut message = field("t", 130, 9);
    message.metadata.set("stream", "oper");
    let text = said(plans.write(message));
    assert!(text.contains("stream"), "{text}");
    plans.finish().unwrap();
    let winds = fdb.list(&all.with("param", ["132"])).unwrap();
    assert_eq!(winds.len(), 1, "{winds:?}");
}

#[test]
fn a_plan_is_read_strictly() {
    if !is_child("a_plan_is_read_strictly", database) {
        return;
    }
    let refused =
        |sink: &str| plans(&format!("{{type: sink, sinks: [{sink}]}}")).err().expect("refused").to_string();
    let text = refused("{type: fdb5, mar: {}}");
    assert!(text.contains("unknown key 'mar': did you mean 'mars'?"), "{text}");
    let text = refused("{type: fdb5, mars: {class: [rd]}}");
    assert!(text.contains("'class': expected a text or a number, got a list"), "{text}");
    let text = refused("{type: fdb5, config: toc}");
    assert!(text.contains("expected keys with values, got the text 'toc'"), "{text}");
    let text = refused("{type: fdb5, config: {type: '{NO_SUCH_VARIABLE}'}}");
    assert!(text.contains("'{NO_SUCH_VARIABLE}' is no variable"), "{text}");
    let text = said(plans(SINK).unwrap().write(field("t", 130, 1)));
    assert!(text.contains("an action 'encode' before it"), "{text}");
}

#[test]
fn a_plan_may_bring_the_configuration() {
    if !is_child("a_plan_may_bring_the_configuration", |_| "{type: locl}".into()) {
        return;
    }
    let folder = std::env::var("TERRELLA_TEST_FOLDER").unwrap();
    let config = database(Path::new(&folder)).replace(&folder, "{TERRELLA_TEST_FOLDER}");
    // In braces within YAML's own, texts need quotes.
    let config = config
        .replace("schema: {TERRELLA_TEST_FOLDER}/schema", "schema: '{TERRELLA_TEST_FOLDER}/schema'")
        .replace("path: {TERRELLA_TEST_FOLDER}/root", "path: '{TERRELLA_TEST_FOLDER}/root'");
    let sink = SINK.replace("type: fdb5,", &format!("type: fdb5, config: {config},"));
    let plans = plans(&format!("{{type: encode, format: grib}}, {sink}"));
    if terrella_io::fdb::version().unwrap().starts_with("5.10.") {
        let text = said(plans);
        assert!(text.contains("takes no configuration from a program: set FDB5_CONFIG"), "{text}");
        return;
    }
    let mut plans = plans.unwrap();
    plans.write(field("t", 130, 2)).unwrap();
    plans.finish().unwrap();
    let mut fdb = Fdb::open(Some(&database(Path::new(&folder)))).unwrap();
    let entries = fdb.list(&Request::new().with("class", ["rd"])).unwrap();
    assert_eq!(steps(&entries), ["1"]);
}
