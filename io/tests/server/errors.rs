//! Failures are told once, to the next call, and end no other plan.

use terrella_io::plan::{Message, Plans};
use terrella_io::server::{Server, Settings, SpillSettings};
use terrella_io::{Error, Result};

use super::{field, gated, layout, metadata, number, plan};

#[test]
fn errors_are_told_by_the_next_call_and_at_the_end() {
    let text = "
plans:
  - name: archive
    actions:
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: /dev/full}, {type: memory, name: kept}]}
";
    let mut plans = Plans::from_yaml(text).unwrap();
    let kept = plans.memory("kept").unwrap();
    let mut server = Server::start(plans, Settings::default()).unwrap();
    server.write(field(1, 7)).unwrap();
    let first = server.flush().unwrap_err();
    let text = first.to_string();
    assert_eq!(
        text,
        "Output, plan 'archive', action 2 (sink), message {\"number\": 7, \"step\": 1}: '/dev/full': writing failed: \
         No space left on device (os error 28)."
    );
    assert!(matches!(&first, Error::Output { source, .. } if matches!(&**source, Error::File { .. })));
    // Told once; the plan goes on.
    server.write(field(2, 8)).unwrap();
    while plan(&server, 0).failed_messages < 2 {
        std::thread::yield_now();
    }
    let error = server.write(field(3, 9)).unwrap_err().to_string();
    assert!(error.contains("\"number\": 8"), "{error}");
    // That call did nothing.
    assert_eq!(plan(&server, 0).messages_in, 2);
    server.write(field(3, 9)).unwrap();
    let error = server.finish().unwrap_err().to_string();
    assert_eq!(error, text, "the first of all");
    assert_eq!(kept.len(), 3);
    assert_eq!(server.metrics().failures, 3);
    assert_eq!(plan(&server, 0).delivered_messages, 0);
}

#[test]
fn skipped_errors_are_counted_and_told_to_nobody() {
    let text = "
plans:
  - name: p
    actions:
      - {type: mask, on-error: skip}
      - {type: sink, sinks: [{type: memory, name: kept}]}
";
    let mut server = Server::start(Plans::from_yaml(text).unwrap(), Settings::default()).unwrap();
    for number in 0..3 {
        server.write(field(number, number)).unwrap();
    }
    server.finish().unwrap();
    let metrics = plan(&server, 0);
    assert_eq!((metrics.actions[0].skipped, metrics.actions[1].messages), (3, 0));
    assert_eq!((metrics.delivered_messages, metrics.failed_messages, metrics.bytes_out), (3, 0, 0));
}

#[test]
fn a_panic_ends_its_plan_and_nothing_else() {
    let text = "
plans:
  - {name: bad, actions: [{type: sink, sinks: [{type: call, name: bad}]}]}
  - {name: good, actions: [{type: sink, sinks: [{type: memory, name: good}]}]}
";
    let mut plans = Plans::from_yaml(text).unwrap();
    let good = plans.memory("good").unwrap();
    let consumer = |message: &Message| -> Result<()> {
        assert_ne!(number(message), 3, "no threes");
        Ok(())
    };
    plans.connect("bad", consumer).unwrap();
    let mut server = Server::start(plans, Settings::default()).unwrap();
    let mut told = Vec::new();
    for number in 0..20 {
        while let Err(error) = server.write(field(number, number)) {
            told.push(error.to_string());
        }
        if number == 3
            && let Err(error) = server.flush()
        {
            told.push(error.to_string());
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("Output, plan 'bad', message {\"number\": 3, \"step\": 3}: panicked:"),
        "{told:?}"
    );
    assert!(told[0].contains("no threes"), "{told:?}");
    let error = server.finish().unwrap_err().to_string();
    assert_eq!(error, told[0]);
    assert_eq!(good.len(), 20);
    let metrics = plan(&server, 0);
    assert_eq!((metrics.delivered_messages, metrics.failed_messages, metrics.lost_messages), (3, 1, 16));
}

#[test]
fn what_cannot_be_started_is_told() {
    let start = |text: &str, settings: Settings| {
        Server::start(Plans::from_yaml(text).unwrap(), settings).err().unwrap().to_string()
    };
    let twice = "plans: [{name: a, actions: []}, {name: a, actions: []}]";
    assert_eq!(start(twice, Settings::default()), "'plan' is 'a' twice: expected different names.");
    let folder = "/no/such/folder".into();
    let spill = Some(SpillSettings { folder, bytes: 1 });
    let error = start("plans: []", Settings { spill, ..Settings::default() });
    assert!(error.contains("/no/such/folder") && error.contains("making a spill file"), "{error}");
    let (server, _ends) = gated([("p", "lossless")], Settings::default());
    let error = server.write_field(metadata(1, 1), &layout(), &[1.0]).unwrap_err().to_string();
    assert_eq!(error, "'values': expected 128 values, got 1.");
    let no_plans = Server::start(Plans::from_yaml("plans: []").unwrap(), Settings::default()).unwrap();
    no_plans.write(field(1, 1)).unwrap();
}
