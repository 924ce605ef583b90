//! Which messages plans get, and of what kinds.

use std::sync::mpsc::channel;

use terrella_io::plan::{Delivery, Kind, Message, Metadata, Plans, Points};
use terrella_io::server::{Server, Settings};

use super::{Gate, Gated, POINTS, field, layout, metadata, plan, spilling, values, weight, write_patiently};

#[test]
fn selections_decide_before_the_queue() {
    let text = "
plans:
  - name: even
    actions:
      - {type: select, match: [{parity: 0}]}
      - {type: sink, sinks: [{type: memory, name: kept}]}
";
    let mut plans = Plans::from_yaml(text).unwrap();
    let kept = plans.memory("kept").unwrap();
    let mut server = Server::start(plans, Settings::default()).unwrap();
    for number in 0..10 {
        let metadata = metadata(number, number).with("parity", number % 2);
        server.write_field(metadata, &layout(), &values(number)).unwrap();
    }
    let mask = Message { metadata: Metadata::new(), kind: Kind::Mask(vec![true]) };
    server.write(mask).unwrap();
    server.flush().unwrap();
    assert_eq!(kept.len(), 5);
    assert_eq!(plan(&server, 0).messages_in, 6);
    server.finish().unwrap();
    let error = server.write(field(1, 1)).unwrap_err().to_string();
    assert_eq!(error, "The output server is finished: it takes no more messages.");
}

#[test]
fn parts_go_by_the_disk_and_become_fields() {
    let text = "
plans:
  - name: whole
    actions:
      - {type: sink, sinks: [{type: discard}], on-error: skip}
  - name: fields
    actions:
      - {type: aggregate}
      - {type: sink, sinks: [{type: call, name: fields}]}
";
    let folder = tempfile::tempdir().unwrap();
    let mut plans = Plans::from_yaml(text).unwrap();
    let (gate, (taken, fields)) = (Gate::default(), channel());
    plans.connect("fields", Gated { gate: gate.clone(), taken }).unwrap();
    let mut server = Server::start(plans, spilling(2 * 4 * weight(), &folder, 1 << 24)).unwrap();
    let part = |number: i64, first: usize| {
        let kind = Kind::Part {
            layout: layout(),
            points: Points::From(first),
            values: values(number)[first..first + POINTS / 2].to_vec(),
        };
        Message { metadata: metadata(number, number), kind }
    };
    for number in 0..40 {
        for first in [POINTS / 2, 0] {
            write_patiently(&server, |server| server.write(part(number, first)));
        }
        gate.wait_for_arrival();
    }
    let mut wrong = part(40, 0);
    if let Kind::Part { points, .. } = &mut wrong.kind {
        *points = Points::From(POINTS / 2 + 1);
    }
    let wrong = server.write(wrong).unwrap_err().to_string();
    assert!(wrong.contains("expected one of the 128 points of the field"), "{wrong}");
    assert!(plan(&server, 1).spilled_messages > 60);
    gate.open();
    server.finish().unwrap();
    let expected: Vec<_> = (0..40).map(|number| Delivery::Message(field(number, number))).collect();
    assert!(fields.try_iter().collect::<Vec<_>>() == expected);
    assert_eq!(plan(&server, 0).actions[0].skipped, 80);
}
