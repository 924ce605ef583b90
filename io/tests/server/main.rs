//! The server takes messages whatever its consumers do; nothing lossless is lost, and all else is counted.
//!
//! Consumers here stand still at a gate until the test lets them go, so that what a call does without waiting is shown by
//! its return and not by a clock.

#[path = "../common/mod.rs"]
mod common;

mod best_effort;
mod callers;
mod ends;
mod errors;
mod full_disk;
mod lossless;
mod messages;
mod metrics;
mod sinks;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use terrella_io::layout::Layout;
use terrella_io::plan::{Consumer, Delivery, Gap, Kind, Message, Metadata, Plans};
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

    /// Gives the plan a moment, so that orders of events differ.
    fn wait_for_arrival_or_rest(&self) {
        let state = self.0.0.lock().unwrap();
        let _ = self.0.1.wait_timeout_while(state, Duration::from_millis(2), |state| !state.1).unwrap();
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
