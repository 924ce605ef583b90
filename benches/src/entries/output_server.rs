//! The model's time in output with a server on a rank of its own.

mod job;

use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};
use job::{Job, Ranks};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

pub(super) const ENTRY: Entry = Entry {
    name: "output_server",
    summary: "a model's calls of its output for a field, the median of a run with one output server; peer: without a server; the budget is for whole runs",
    keys: &[
        Key {
            name: "ranks",
            default: "all",
            meaning: "threads, mpi: what the model and the server are; mpi: two processes by mpirun",
        },
        Key { name: "grid", default: "O320", meaning: "names of grids, separated by commas" },
        Key { name: "fields", default: "16", meaning: "fields of a run" },
        Key {
            name: "work",
            default: "50000",
            meaning: "time that the model computes before each field [µs]",
        },
    ],
    smallest: &[("ranks", "threads"), ("grid", "O32"), ("fields", "4"), ("work", "1000")],
    peers: &["local"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Fields pass through plans on the CPU, in 64 bits.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(Vec::new());
    }
    // Started by `Job` below, as one of two processes.
    if job::was_a_process(request)? {
        return Ok(Vec::new());
    }
    let mut cases: Cases = Vec::new();
    for grid in request.text("grid").split(',').map(str::trim) {
        for work in request.numbers("work")? {
            for name in request.choices("ranks", &["threads", "mpi"])? {
                let ranks = if name == "mpi" { Ranks::Processes } else { Ranks::Threads };
                let job = Job::new(grid, work, request.number("fields")?)?;
                let peers = request.peers.iter().map(|_| Local { job: job.clone() }).collect();
                cases.push(Box::new(ServerCase { name, ranks, job, seconds: 0.0, is_whole: true, peers }));
            }
        }
    }
    Ok(cases)
}

struct ServerCase {
    name: &'static str,
    ranks: Ranks,
    job: Job,
    seconds: f64,
    is_whole: bool,
    peers: Vec<Local>,
}

impl Case for ServerCase {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        self.job.field().description()
    }

    /// One copy.
    fn work(&self) -> Work {
        Work { bytes: 2.0 * self.job.field().bytes() as f64, flops: 0.0 }
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    /// The model computes, and processes start.
    fn is_long(&self) -> bool {
        true
    }

    fn run(&mut self) -> Result<()> {
        let done = self.job.run(self.ranks)?;
        self.seconds += done.seconds_per_field;
        self.is_whole &= done.is_whole;
        Ok(())
    }

    /// 0 where the server's files had every field whole, else infinite.
    fn error(&mut self) -> Result<f64> {
        Ok(if self.is_whole { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

/// The same plans in threads of the model's process.
struct Local {
    job: Job,
}

impl Peer for Local {
    fn name(&self) -> &str {
        "local"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let mut sum = 0.0;
        for _ in 0..repeats {
            sum += self.job.run(Ranks::Alone)?.seconds_per_field;
        }
        Ok(sum / repeats as f64)
    }
}
