//! The model's time in `write_field` while the output stands still.

mod consumer;
pub(super) mod model;

use tempfile::TempDir;
use terrella_io::plan::Plans;
use terrella_io::server::{Server, Settings, SpillSettings};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};
use consumer::Consumer;
use model::{Field, Written};

/// Fields that memory has place for where the others go to the disk.
const IN_MEMORY: u64 = 8;

pub(super) const ENTRY: Entry = Entry {
    name: "server_stall",
    summary: "write_field with a consumer that stands still; peer: one that takes everything at once",
    keys: &[
        Key {
            name: "place",
            default: "all",
            meaning: "memory, disk: where fields wait; pipe: a disk before a suspended process; full: a disk that is full",
        },
        Key { name: "grid", default: "O320", meaning: "names of grids, separated by commas" },
        Key {
            name: "fields",
            default: "32",
            meaning: "fields that wait before the consumer goes on for a moment",
        },
        Key {
            name: "work",
            default: "10000,1",
            meaning: "times that the model computes between two fields, separated by commas [µs]",
        },
        Key { name: "folder", default: "/tmp", meaning: "where fields wait on the disk" },
    ],
    smallest: &[("grid", "O32"), ("fields", "12"), ("work", "1")],
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
        for work in request.numbers("work")? {
            let field = Field::new(name, work)?;
            for place in request.choices("place", &["memory", "disk", "pipe", "full"])? {
                cases.push(Box::new(StallCase::new(request, place, &field)?));
            }
        }
    }
    Ok(cases)
}

struct StallCase {
    place: &'static str,
    field: Field,
    /// Fields that may wait.
    most: u64,
    waiting: u64,
    written: u64,
    seconds: f64,
    consumer: Consumer,
    server: Server,
    peers: Vec<Null>,
    _folder: TempDir,
}

impl StallCase {
    fn new(request: &Request, place: &'static str, field: &Field) -> Result<Self> {
        let path = request.text("folder");
        let folder = TempDir::new_in(path).map_err(|source| Error::File { path: path.into(), source })?;
        let most = request.number("fields")? as u64;
        let bytes = field.bytes() + 4096;
        // More than that: one in work, its copy, one that is being made.
        let room = (most + 4) * bytes;
        let disk = match place {
            "memory" => None,
            // As many as wait besides those in memory.
            "full" => Some(most.saturating_sub(IN_MEMORY).max(1) * bytes),
            _ => Some(room),
        };
        let settings = Settings {
            memory: disk.map_or(room, |_| IN_MEMORY * bytes),
            spill: disk.map(|bytes| SpillSettings { folder: folder.path().to_owned(), bytes }),
            ..Settings::default()
        };
        let (plans, consumer) = match place {
            "pipe" => consumer::suspended(folder.path())?,
            _ => consumer::gated(field)?,
        };
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
            consumer,
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
        self.consumer.go_on()?;
        self.server.flush()?;
        self.consumer.stand_still()?;
        self.waiting = 0;
        Ok(())
    }

    /// Writes a field. Where it is refused, the consumer takes some, and it is written again: both calls count, not the
    /// waiting between them, which the model asks for.
    fn write(&mut self) -> Result<()> {
        self.field.compute();
        loop {
            let (seconds, written) = self.field.write(&self.server, self.written)?;
            self.seconds += seconds;
            if let Written::Taken = written {
                break;
            }
            while !self.server.wait_for_room(std::time::Duration::from_millis(20)) {
                self.consumer.take_one()?;
            }
        }
        self.written += 1;
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
        self.field.description()
    }

    /// One copy.
    fn work(&self) -> Work {
        Work { bytes: 2.0 * self.field.bytes() as f64, flops: 0.0 }
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    fn run(&mut self) -> Result<()> {
        // A full disk stays full: each field waits until another one has gone.
        if self.waiting == self.most && self.place != "full" {
            self.drain()?;
        }
        self.waiting += 1;
        self.write()
    }

    /// 0 where the consumer has had every field whole, else infinite.
    fn error(&mut self) -> Result<f64> {
        self.consumer.go_on()?;
        self.server.finish()?;
        let passed = self.consumer.passed(&self.field)?;
        Ok(if passed == self.written { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

impl Drop for StallCase {
    fn drop(&mut self) {
        // The server waits for its plans. A process that is gone needs no signal.
        let _ = self.consumer.go_on();
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
        let mut sum = 0.0;
        for _ in 0..repeats {
            // Without a pause its thread may be behind.
            if self.written.is_multiple_of(self.most) {
                self.server.flush()?;
            }
            self.field.compute();
            let (seconds, Written::Taken) = self.field.write(&self.server, self.written)? else {
                unreachable!("memory holds all that wait")
            };
            sum += seconds;
            self.written += 1;
        }
        Ok(sum / repeats as f64)
    }
}
