//! The model's time in `write_field` while the output stands still.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use terrella_io::layout::Layout;
use terrella_io::plan::{Message, Metadata, Plans};
use terrella_io::server::{Server, Settings, SpillSettings};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use super::grib2::{layout, temperature};
use super::plan::metadata;
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

/// Fields that memory has place for where the others go to the disk.
const IN_MEMORY: u64 = 6;

pub(super) const ENTRY: Entry = Entry {
    name: "server_stall",
    summary: "write_field with a consumer that stands still; peer: one that takes everything at once",
    keys: &[
        Key { name: "place", default: "all", meaning: "where fields wait: memory, disk" },
        Key { name: "grid", default: "O320", meaning: "names of grids, separated by commas" },
        Key {
            name: "fields",
            default: "32",
            meaning: "fields that wait before the consumer goes on for a moment",
        },
        Key { name: "pause", default: "10000", meaning: "time of a model's step between two fields [µs]" },
        Key { name: "folder", default: "/tmp", meaning: "where fields wait on the disk" },
    ],
    smallest: &[("grid", "O32"), ("fields", "9"), ("pause", "1")],
    peers: &["null"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Fields pass through plans on the CPU, in 64 bits.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(Vec::new());
    }
    let mut cases: Cases = Vec::new();
    for name in request.text("grid").split(',').map(str::trim) {
        let field = Field::new(name, Duration::from_micros(request.number("pause")? as u64))?;
        for place in request.choices("place", &["memory", "disk"])? {
            cases.push(Box::new(StallCase::new(request, place, &field)?));
        }
    }
    Ok(cases)
}

/// What is written, and how often.
#[derive(Clone)]
struct Field {
    grid: String,
    layout: Layout,
    values: Arc<[f64]>,
    pause: Duration,
}

impl Field {
    fn new(grid: &str, pause: Duration) -> Result<Self> {
        let layout = layout(grid)?;
        Ok(Self { grid: grid.to_owned(), values: temperature(&layout).into(), layout, pause })
    }

    fn bytes(&self) -> u64 {
        size_of_val(&self.values[..]) as u64
    }

    /// Hands the field over after a pause; the time of that alone [s].
    fn write(&self, server: &Server, step: u64) -> Result<f64> {
        std::thread::sleep(self.pause);
        let metadata: Metadata = metadata().with("step", step as i64);
        let start = Instant::now();
        server.write_field(metadata, &self.layout, &self.values)?;
        Ok(start.elapsed().as_secs_f64())
    }
}

/// A consumer that stands still until it is opened, and counts what is as it was written.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, u64)>,
    opened: Condvar,
}

impl Gate {
    fn set(&self, open: bool) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = open;
        self.opened.notify_all();
    }

    fn pass(&self, right: bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.opened.wait_while(state, |(open, _)| !*open);
        wait.unwrap_or_else(PoisonError::into_inner).1 += u64::from(right);
    }

    fn passed(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

struct StallCase {
    place: &'static str,
    field: Field,
    /// Fields that may wait.
    most: u64,
    waiting: u64,
    written: u64,
    seconds: f64,
    gate: Arc<Gate>,
    server: Server,
    peers: Vec<Null>,
    _folder: TempDir,
}

impl StallCase {
    fn new(request: &Request, place: &'static str, field: &Field) -> Result<Self> {
        let path = request.text("folder");
        let folder = TempDir::new_in(path).map_err(|source| Error::File { path: path.into(), source })?;
        let most = request.number("fields")? as u64;
        // More than that: one in work, its copy, one that is being made.
        let room = (most + 4) * (field.bytes() + 4096);
        let spilling = place == "disk";
        let spill = SpillSettings { folder: folder.path().to_owned(), bytes: room };
        let settings = Settings {
            memory: if spilling { IN_MEMORY * (field.bytes() + 4096) } else { room },
            spill: spilling.then_some(spill),
            ..Settings::default()
        };
        let mut plans = plans("call, name: gate")?;
        let gate = Arc::new(Gate::default());
        let (at_gate, values) = (gate.clone(), field.values.clone());
        plans.connect("gate", move |message: &Message| {
            let right = matches!(&message.kind, terrella_io::plan::Kind::Field { values: got, .. } if got[..] == values[..]);
            at_gate.pass(right);
            Ok(())
        })?;
        let server = Server::start(plans, settings)?;
        let peers = request.peers.iter().map(|_| Null::new(field, room, most)).collect::<Result<_>>()?;
        let field = field.clone();
        let mut case = Self {
            place,
            field,
            most,
            waiting: 0,
            written: 0,
            seconds: 0.0,
            gate,
            server,
            peers,
            _folder: folder,
        };
        // Memory that has been used before, as in a model that has run for a while.
        for _ in 0..most {
            case.run()?;
        }
        case.seconds = 0.0;
        Ok(case)
    }

    /// Lets the consumer take what waits.
    fn drain(&mut self) -> Result<()> {
        self.gate.set(true);
        self.server.flush()?;
        self.gate.set(false);
        self.waiting = 0;
        Ok(())
    }
}

fn plans(sink: &str) -> Result<Plans> {
    let text = format!("plans: [{{actions: [{{type: sink, sinks: [{{type: {sink}}}]}}]}}]");
    Ok(Plans::from_yaml(&text)?)
}

impl Case for StallCase {
    fn name(&self) -> &str {
        self.place
    }

    fn size(&self) -> String {
        let Field { grid, pause, .. } = &self.field;
        format!("{grid} every {} ms", pause.as_secs_f64() * 1e3)
    }

    /// One copy.
    fn work(&self) -> Work {
        Work { bytes: 2.0 * self.field.bytes() as f64, flops: 0.0 }
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    fn run(&mut self) -> Result<()> {
        if self.waiting == self.most {
            self.drain()?;
        }
        self.seconds += self.field.write(&self.server, self.written)?;
        self.waiting += 1;
        self.written += 1;
        Ok(())
    }

    /// 0 where the consumer has had every field whole, else infinite.
    fn error(&mut self) -> Result<f64> {
        self.drain()?;
        Ok(if self.gate.passed() == self.written { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

impl Drop for StallCase {
    fn drop(&mut self) {
        // The server waits for its plans.
        self.gate.set(true);
    }
}

/// The same fields to a sink that forgets them.
struct Null {
    field: Field,
    server: Server,
    /// Fields that memory has place for.
    most: u64,
    written: u64,
}

impl Null {
    fn new(field: &Field, memory: u64, most: u64) -> Result<Self> {
        let server = Server::start(plans("discard")?, Settings { memory, ..Settings::default() })?;
        Ok(Self { field: field.clone(), server, most, written: 0 })
    }
}

impl Peer for Null {
    fn name(&self) -> &str {
        "null sink"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let mut seconds = 0.0;
        for _ in 0..repeats {
            // Without a pause its thread may be behind.
            if self.written.is_multiple_of(self.most) {
                self.server.flush()?;
            }
            seconds += self.field.write(&self.server, self.written)?;
            self.written += 1;
        }
        Ok(seconds / repeats as f64)
    }
}
