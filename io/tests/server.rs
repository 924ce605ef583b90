//! The server takes messages whatever its consumers do; nothing lossless is lost, and all else is counted.
//!
//! Consumers here stand still at a gate until the test lets them go, so that what a call does without waiting is shown by
//! its return and not by a clock.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::plan::{Consumer, Delivery, Gap, Kind, Message, Metadata, Plans, Points};
use terrella_io::server::{PlanMetrics, Server, Settings, SpillSettings};
use terrella_io::{Error, Result};

/// Points of a field, and its bytes without metadata.
const POINTS: usize = 128;
const BYTES: u64 = 8 * POINTS as u64;

fn layout() -> Layout {
    Layout::global_lat_lon(16, 8)
}

/// Each different in every value.
fn values(number: i64) -> Vec<f64> {
    (0..POINTS).map(|point| number as f64 + point as f64 / 1000.0).collect()
}

fn metadata(step: i64, number: i64) -> Metadata {
    Metadata::new().with("step", step).with("number", number)
}

fn field(step: i64, number: i64) -> Message {
    let kind = Kind::Field { layout: layout(), values: values(number) };
    Message { metadata: metadata(step, number), kind }
}

fn number(message: &Message) -> i64 {
    message.metadata.integer("number").unwrap()
}

/// A consumer that takes a message only while its gate is open, and hands on what it took.
struct Gated {
    gate: Gate,
    taken: Sender<Delivery>,
}

#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<(u64, bool)>, Condvar)>);

impl Gate {
    /// Lets so many more messages through.
    fn allow(&self, count: u64) {
        let mut state = self.0.0.lock().unwrap();
        state.0 = state.0.saturating_add(count);
        self.0.1.notify_all();
    }

    fn open(&self) {
        self.allow(u64::MAX);
    }

    /// Waits until somebody stands at the gate.
    fn wait_for_arrival(&self) {
        let state = self.0.0.lock().unwrap();
        let (_state, waited) =
            self.0.1.wait_timeout_while(state, Duration::from_secs(100), |state| !state.1).unwrap();
        assert!(!waited.timed_out());
    }

    fn pass(&self) {
        let mut state = self.0.0.lock().unwrap();
        while state.0 == 0 {
            state.1 = true;
            self.0.1.notify_all();
            state = self.0.1.wait(state).unwrap();
        }
        state.1 = false;
        state.0 -= 1;
    }
}

/// Opens the gate when a test fails, so that it ends.
impl Drop for Gate {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.open();
        }
    }
}

impl Consumer for Gated {
    fn message(&mut self, message: &Message) -> Result<()> {
        self.gate.pass();
        let _ = self.taken.send(Delivery::Message(message.clone()));
        Ok(())
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        let _ = self.taken.send(Delivery::Gap(gap.clone()));
        Ok(())
    }
}

/// Plans of a sink `call` of the plan's name, each with its gate and what it took.
fn gated<const N: usize>(
    plans: [(&str, &str); N],
    settings: Settings,
) -> (Server, [(Gate, Receiver<Delivery>); N]) {
    let plan = |(name, delivery)| {
        format!(
            "  - {{name: {name}, delivery: {delivery}, actions: [{{type: sink, sinks: [{{type: call, name: {name}}}]}}]}}\n"
        )
    };
    let text = plans.map(plan).concat();
    let mut read = Plans::from_yaml(&format!("plans:\n{text}")).unwrap();
    let ends = plans.map(|(name, _)| {
        let (gate, (taken, receiver)) = (Gate::default(), channel());
        read.connect(name, Gated { gate: gate.clone(), taken }).unwrap();
        (gate, receiver)
    });
    (Server::start(read, settings).unwrap(), ends)
}

/// Writes a message, and where there is no room for it yet, waits and tries again.
fn write_patiently(server: &Server, write: impl Fn(&Server) -> Result<()>) {
    while let Err(error) = write(server) {
        assert!(matches!(&error, Error::Full { .. }), "{error}");
        assert!(server.wait_for_room(Duration::from_secs(100)), "{error}");
    }
}

fn write_field_patiently(server: &Server, step: i64, number: i64) {
    write_patiently(server, |server| server.write_field(metadata(step, number), &layout(), &values(number)));
}

fn spilling(memory: u64, folder: &tempfile::TempDir, bytes: u64) -> Settings {
    let spill = Some(SpillSettings { folder: folder.path().into(), bytes });
    Settings { memory, spill, metrics: None }
}

fn plan(server: &Server, number: usize) -> PlanMetrics {
    server.metrics().plans.swap_remove(number)
}

/// Bytes of one of the messages here.
fn weight() -> u64 {
    let (server, [(gate, _)]) = gated([("p", "lossless")], Settings::default());
    server.write_field(metadata(1, 1), &layout(), &values(1)).unwrap();
    gate.open();
    plan(&server, 0).bytes_in
}

#[test]
fn nothing_lossless_is_lost_while_the_consumer_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let memory = 6 * weight();
    let (mut server, [(gate, taken)]) =
        gated([("archive", "lossless")], spilling(memory, &folder, 400 * weight()));
    let count = 300;
    for number in 0..count {
        match number % 3 {
            0 => write_patiently(&server, |server| server.write(field(number / 4, number))),
            _ => write_field_patiently(&server, number / 4, number),
        }
    }
    gate.wait_for_arrival();
    assert!(taken.try_recv().is_err(), "the consumer took something");
    let metrics = server.metrics();
    assert!(metrics.memory_peak <= memory, "{} of {memory}", metrics.memory_peak);
    assert!(metrics.memory >= memory / 2, "{} of {memory}", metrics.memory);
    let before = &metrics.plans[0];
    assert_eq!(before.messages_in, count as u64);
    assert_eq!(before.queued_messages, count as u64 - 1);
    assert!(before.spilled_messages > count as u64 - 7);
    assert_eq!(before.spilled_bytes, before.on_disk);
    assert!(metrics.disk >= before.spilled_messages * BYTES);

    gate.open();
    server.finish().unwrap();
    let all: Vec<_> = taken.try_iter().collect();
    let expected: Vec<_> = (0..count).map(|number| Delivery::Message(field(number / 4, number))).collect();
    assert!(all == expected);
    let metrics = server.metrics();
    let after = &metrics.plans[0];
    assert_eq!((after.delivered_messages, after.delivered_bytes), (count as u64, after.bytes_in));
    assert_eq!(after.bytes_out, count as u64 * BYTES);
    assert_eq!((after.queued_messages, after.memory, after.on_disk), (0, 0, 0));
    assert_eq!(metrics.memory % BYTES, 0, "idle buffers alone are left");
    assert_eq!(after.dropped_messages + after.gaps + after.failed_messages + after.lost_messages, 0);
    assert_eq!(after.progress, Some(Metadata::new().with("step", (count - 1) / 4)));
    assert_eq!(after.actions[0].messages, count as u64);
    assert!(after.actions[0].seconds > 0.0);
    assert!(metrics.memory_peak <= memory, "{} of {memory}", metrics.memory_peak);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn any_share_that_holds_a_message_has_room_for_the_next_while_the_disk_has() {
    for tenths in 10..60 {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, [(gate, taken)]) =
            gated([("archive", "lossless")], spilling(tenths * weight() / 10, &folder, 1 << 20));
        for number in 0..20 {
            write_field_patiently(&server, number, number);
        }
        gate.open();
        server.finish().unwrap();
        let expected: Vec<_> = (0..20).map(|number| Delivery::Message(field(number, number))).collect();
        assert!(taken.try_iter().collect::<Vec<_>>() == expected, "{tenths}");
        assert!(server.metrics().memory_peak <= tenths * weight() / 10, "{tenths}");
    }
}

#[test]
fn memory_is_made_before_the_first_field_as_far_as_it_may_be() {
    let memory = 10 * BYTES;
    let (server, [(gate, _)]) = gated([("archive", "lossless")], Settings { memory, ..Settings::default() });
    assert_eq!(server.prepare(&layout(), 3), 3);
    assert_eq!((server.metrics().memory, server.metrics().memory_peak), (3 * BYTES, 3 * BYTES));
    // One has its place in the plan's work.
    assert_eq!(server.prepare(&layout(), 100), 9);
    server.write_field(metadata(1, 1), &layout(), &values(1)).unwrap();
    assert!(server.metrics().memory_peak <= memory);
    gate.open();
}

#[test]
fn a_reader_of_a_pipe_that_does_not_read_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Both ways, so that neither end waits for the other to open it.
    let mut end = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let text = format!(
        "plans: [{{name: p, actions: [{{type: encode, format: raw}},
         {{type: sink, sinks: [{{type: file, path: '{}'}}]}}]}}]",
        pipe.display()
    );
    let settings = spilling(8 * weight(), &folder, 1 << 24);
    let mut server = Server::start(Plans::from_yaml(&text).unwrap(), settings).unwrap();
    // Pipes hold 64 KiB.
    let count = 500;
    for number in 0..count {
        write_field_patiently(&server, number, number);
    }
    assert!(plan(&server, 0).delivered_messages <= 64, "the pipe is full");
    let reader = std::thread::spawn(move || {
        let mut bytes = vec![0; count as usize * BYTES as usize];
        std::io::Read::read_exact(&mut end, &mut bytes).unwrap();
        bytes
    });
    server.finish().unwrap();
    let expected: Vec<u8> = (0..count).flat_map(values).flat_map(f64::to_le_bytes).collect();
    assert!(reader.join().unwrap() == expected);
}

#[test]
fn a_full_disk_is_told_to_the_caller_and_no_plan_has_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, [(archive, taken), (other, taken_by_other)]) = gated(
        [("archive", "lossless"), ("other", "lossless")],
        spilling(2 * 6 * weight(), &folder, 20 * weight()),
    );
    other.open();
    let mut number = 0;
    let error = loop {
        match server.write_field(metadata(number, number), &layout(), &values(number)) {
            Ok(()) => number += 1,
            Err(error) if error.to_string().contains("the disk has not taken") => {
                server.wait_for_room(Duration::from_millis(1));
                continue;
            }
            Err(error) => break error,
        }
        assert!(number < 100);
        archive.wait_for_arrival();
        // The other has all before, and not the one that is refused.
        let got = taken_by_other.recv_timeout(Duration::from_secs(100)).unwrap();
        assert_eq!(got, Delivery::Message(field(number - 1, number - 1)));
    };
    // One is in work, five wait in memory, twenty on the disk, where their metadata take a little less than in memory.
    assert!((26..=28).contains(&number), "{number}");
    assert!(matches!(&error, Error::Full { plan, .. } if plan == "archive"), "{error}");
    let text = error.to_string();
    assert!(text.contains("Plan 'archive' has no room") && text.contains("on the disk are taken"), "{text}");
    assert!(taken.try_recv().is_err());
    assert!(server.write_field(metadata(number, number), &layout(), &values(number)).is_err());
    assert!(!server.wait_for_room(Duration::ZERO));

    // Room is made, the call is repeated.
    archive.open();
    assert!(server.wait_for_room(Duration::from_secs(100)));
    server.write_field(metadata(number, number), &layout(), &values(number)).unwrap();
    server.finish().unwrap();
    let expected: Vec<_> = (0..=number).map(|number| Delivery::Message(field(number, number))).collect();
    assert!(taken.try_iter().collect::<Vec<_>>() == expected);
    assert_eq!(taken_by_other.try_iter().collect::<Vec<_>>(), expected[number as usize..]);
    assert_eq!(plan(&server, 1).messages_in, number as u64 + 1);

    // Without a disk, and larger than the share.
    let settings = Settings { memory: 3 * weight(), ..Settings::default() };
    let (server, [(gate, _)]) = gated([("archive", "lossless")], settings);
    let write = || server.write_field(metadata(1, 1), &layout(), &values(1));
    let error = (0..10).find_map(|_| write().err()).unwrap().to_string();
    assert!(error.contains("nothing may go to the disk"), "{error}");
    let large = Message { metadata: metadata(1, 1), kind: Kind::Encoded(vec![0; 4 * BYTES as usize]) };
    let error = server.write(large).unwrap_err().to_string();
    assert!(error.contains("must not be larger"), "{error}");
    gate.open();
}

/// What a best-effort consumer saw covers every message once, in order: the messages it has, and gaps.
fn covered(seen: &[Delivery], of_step: i64) -> (Vec<i64>, u64, u64) {
    let (mut next, mut delivered, mut dropped, mut steps, mut dropped_step) = (0, Vec::new(), 0, 0, -1);
    for delivery in seen {
        match delivery {
            Delivery::Message(message) => {
                assert_eq!(number(message), next, "{seen:?}");
                assert_eq!(message, &field(next / of_step, next));
                assert_ne!(next / of_step, dropped_step, "nothing of a step comes after a gap in it");
                delivered.push(next);
                next += 1;
            }
            Delivery::Gap(gap) => {
                let (first, last) = (gap.first.integer("step").unwrap(), gap.last.integer("step").unwrap());
                let end = next + gap.fields as i64;
                assert_eq!((first, last), (next / of_step, (end - 1) / of_step), "{gap}");
                let begun = delivered.last().is_some_and(|last| last / of_step == first);
                assert_eq!(gap.begun, begun, "{gap}");
                (dropped, steps) = (dropped + gap.fields, steps + gap.steps);
                (next, dropped_step) = (end, last);
            }
        }
    }
    (delivered, dropped, steps)
}

#[test]
fn whole_steps_are_dropped_oldest_first_and_counted_exactly() {
    // The one in work, and room for eleven in the queue: two steps of four, and three of a third.
    let memory = 12 * weight();
    let settings = Settings { memory, ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write_field(metadata(0, 0), &layout(), &values(0)).unwrap();
    gate.wait_for_arrival();
    for number in 1..400 {
        server.write_field(metadata(number / 4, number), &layout(), &values(number)).unwrap();
    }
    assert!(taken.try_recv().is_err());
    let metrics = plan(&server, 0);
    gate.open();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let (delivered, dropped, steps) = covered(&seen, 4);
    // Step 0 was begun and is whole; the last two fit.
    let expected: Vec<i64> = (0..4).chain(392..400).collect();
    assert_eq!(delivered, expected);
    assert_eq!((dropped, steps), (97 * 4, 97));
    let gap = match &seen[4] {
        Delivery::Gap(gap) => gap,
        Delivery::Message(message) => panic!("{}", message.metadata),
    };
    assert_eq!((gap.first.integer("step").unwrap(), gap.last.integer("step").unwrap()), (1, 97));
    assert_eq!((gap.fields, gap.bytes, gap.begun), (388, 388 * weight(), false));
    assert_eq!((metrics.dropped_messages, metrics.dropped_steps, metrics.gaps), (388, 97, 1));
    assert_eq!(metrics.dropped_bytes, gap.bytes);
    assert_eq!(metrics.messages_in, 400);
    assert_eq!(plan(&server, 0).delivered_messages, 12);
    assert!(server.metrics().memory_peak <= memory);
}

#[test]
fn a_step_larger_than_memory_loses_its_rest() {
    let settings = Settings { memory: 5 * weight(), ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write_field(metadata(0, 0), &layout(), &values(0)).unwrap();
    gate.wait_for_arrival();
    for number in 1..30 {
        server.write_field(metadata(number / 10, number), &layout(), &values(number)).unwrap();
    }
    gate.open();
    server.flush().unwrap();
    server.write_field(metadata(3, 30), &layout(), &values(30)).unwrap();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let gap = seen.iter().find_map(|seen| match seen {
        Delivery::Gap(gap) => Some(gap.clone()),
        Delivery::Message(_) => None,
    });
    let gap = gap.unwrap();
    assert!(gap.begun && gap.steps == 3 && gap.fields == 25, "{gap:?}");
    assert_eq!(covered(&seen, 10), (vec![0, 1, 2, 3, 4, 30], 25, 3));
}

#[test]
fn gaps_that_meet_become_one() {
    let settings = Settings { memory: 6 * weight(), ..Settings::default() };
    let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
    server.write(field(0, 0)).unwrap();
    gate.wait_for_arrival();
    for step in 1..=4 {
        server.write(field(step, step)).unwrap();
    }
    // Never fits: a gap behind the four that wait.
    let large = Message { metadata: metadata(5, 5), kind: Kind::Encoded(vec![0; 6 * BYTES as usize]) };
    server.write(large).unwrap();
    assert_eq!((plan(&server, 0).gaps, plan(&server, 0).dropped_steps), (1, 1));
    for step in 6..=12 {
        server.write(field(step, step)).unwrap();
    }
    gate.open();
    server.finish().unwrap();
    let seen: Vec<_> = taken.try_iter().collect();
    let gaps: Vec<_> = seen
        .iter()
        .filter_map(|seen| match seen {
            Delivery::Gap(gap) => Some(gap),
            Delivery::Message(_) => None,
        })
        .collect();
    assert_eq!(gaps.len(), 1, "{seen:?}");
    assert_eq!((&gaps[0].first, &gaps[0].last), (&label(1), &label(7)));
    assert_eq!((gaps[0].steps, gaps[0].fields), (7, 7));
    let metrics = plan(&server, 0);
    assert_eq!((metrics.gaps, metrics.dropped_messages, metrics.delivered_messages), (1, 7, 6));
}

fn label(step: i64) -> Metadata {
    Metadata::new().with("step", step)
}

#[test]
fn masks_take_the_place_of_steps_and_go_to_the_disk() {
    let mask = || Message {
        metadata: Metadata::new().with("domain", "sea"),
        kind: Kind::Encoded(vec![1; BYTES as usize]),
    };
    let folder = tempfile::tempdir().unwrap();
    let memory = 8 * weight();
    for disk in [true, false] {
        let settings = match disk {
            true => spilling(memory, &folder, 1 << 20),
            false => Settings { memory, ..Settings::default() },
        };
        let (mut server, [(gate, taken)]) = gated([("viewer", "best-effort")], settings);
        server.write(field(0, 0)).unwrap();
        gate.wait_for_arrival();
        for step in 1..=6 {
            server.write(field(step, step)).unwrap();
        }
        for _ in 0..20 {
            server.write(mask()).unwrap();
        }
        let before = plan(&server, 0);
        gate.open();
        server.finish().unwrap();
        let seen: Vec<_> = taken.try_iter().collect();
        let masks = seen.iter().filter(|seen| **seen == Delivery::Message(mask())).count() as u64;
        let dropped = |seen: &Delivery| match seen {
            Delivery::Gap(gap) => gap.fields,
            Delivery::Message(_) => 0,
        };
        let dropped: u64 = seen.iter().map(dropped).sum();
        let metrics = plan(&server, 0);
        assert_eq!((metrics.dropped_messages, metrics.messages_in), (dropped, 27));
        assert!(server.metrics().memory_peak <= memory);
        if disk {
            assert_eq!((masks, dropped), (20, before.dropped_steps));
            assert!(dropped >= 5, "{dropped}");
            assert!(before.spilled_messages > 10);
        } else {
            assert!(masks >= 5, "{masks}");
            assert_eq!(metrics.delivered_messages + dropped, 27);
        }
    }
}

#[test]
fn any_order_of_work_and_rest_loses_and_counts_nothing_wrong() {
    let mut seed = 12_345_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for round in 0..60 {
        let of_step = 1 + random(9) as i64;
        let folder = tempfile::tempdir().unwrap();
        let memory = 2 * (3 + random(12)) * weight();
        let (mut server, [(archive, stored), (viewer, seen)]) =
            gated([("archive", "lossless"), ("viewer", "best-effort")], spilling(memory, &folder, 1 << 24));
        let count = 150;
        for number in 0..count {
            write_field_patiently(&server, number / of_step, number);
            match random(4) {
                0 => archive.allow(random(4)),
                1 => viewer.allow(random(5)),
                2 if random(3) == 0 => viewer.wait_for_arrival_or_rest(),
                _ => {}
            }
        }
        archive.open();
        viewer.open();
        server.finish().unwrap();
        let stored: Vec<_> = stored.try_iter().collect();
        let expected: Vec<_> =
            (0..count).map(|number| Delivery::Message(field(number / of_step, number))).collect();
        assert!(stored == expected, "round {round}");
        let seen: Vec<_> = seen.try_iter().collect();
        let (delivered, dropped, steps) = covered(&seen, of_step);
        assert_eq!(delivered.len() as u64 + dropped, count as u64, "round {round}");
        let metrics = server.metrics();
        let viewer = &metrics.plans[1];
        assert_eq!(viewer.delivered_messages, delivered.len() as u64);
        assert_eq!((viewer.dropped_messages, viewer.dropped_steps), (dropped, steps));
        let gaps = seen.iter().filter(|seen| matches!(seen, Delivery::Gap(_))).count();
        assert_eq!(viewer.gaps, gaps as u64, "round {round}");
        assert!(metrics.memory_peak <= memory, "round {round}: {} of {memory}", metrics.memory_peak);
    }
}

impl Gate {
    /// Gives the plan a moment, so that orders of events differ.
    fn wait_for_arrival_or_rest(&self) {
        let state = self.0.0.lock().unwrap();
        let _ = self.0.1.wait_timeout_while(state, Duration::from_millis(2), |state| !state.1).unwrap();
    }
}

#[test]
fn one_plan_that_stands_still_holds_up_no_other() {
    let settings = Settings { memory: 40 * weight(), ..Settings::default() };
    let (mut server, [(still, taken), (busy, received)]) =
        gated([("still", "best-effort"), ("busy", "lossless")], settings);
    busy.open();
    for number in 0..200 {
        server.write_field(metadata(number, number), &layout(), &values(number)).unwrap();
        still.wait_for_arrival();
        let got = received.recv_timeout(Duration::from_secs(100)).unwrap();
        assert_eq!(got, Delivery::Message(field(number, number)));
    }
    assert!(taken.try_recv().is_err());
    still.open();
    server.finish().unwrap();
    let (delivered, dropped, _) = covered(&taken.try_iter().collect::<Vec<_>>(), 1);
    assert_eq!(delivered.len() as u64 + dropped, 200);
}

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
fn who_abandons_does_not_wait() {
    let settings = Settings { memory: 20 * weight(), ..Settings::default() };
    let (server, [(gate, taken)]) = gated([("archive", "lossless")], settings);
    for number in 0..10 {
        server.write(field(number, number)).unwrap();
    }
    gate.wait_for_arrival();
    let metrics = server.abandon();
    assert_eq!(metrics.plans[0].lost_messages, 9);
    gate.open();
    assert_eq!(taken.iter().count(), 1, "the one in work");
}

#[test]
fn who_drops_the_server_waits_for_it() {
    let (server, [(gate, taken)]) = gated([("archive", "lossless")], Settings::default());
    for number in 0..10 {
        server.write(field(number, number)).unwrap();
    }
    gate.open();
    drop(server);
    assert_eq!(taken.try_iter().count(), 10);
}

#[test]
fn many_callers_are_as_if_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, [(gate, taken)]) =
        gated([("archive", "lossless")], spilling(10 * weight(), &folder, 1 << 24));
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let server = &server;
            scope.spawn(move || {
                for number in 0..50 {
                    write_field_patiently(server, caller, number);
                }
            });
        }
    });
    gate.open();
    server.finish().unwrap();
    let mut next = [0; 4];
    for delivery in taken.try_iter() {
        let Delivery::Message(message) = delivery else { panic!() };
        let caller = message.metadata.integer("step").unwrap() as usize;
        assert_eq!(message, field(caller as i64, next[caller]));
        next[caller] += 1;
    }
    assert_eq!(next, [50; 4]);
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
