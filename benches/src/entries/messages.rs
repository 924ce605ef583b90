//! Messages between ranks: what one costs, and what a byte costs.

use terrella_coupling::communicator::{Communicator, Exchange};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use crate::ranks::{Part, Ranks};
use crate::{Case, Cases, Entry, Error, Key, Request, Result, Work};

/// Messages of each rank in a run.
const ROUNDS: usize = 64;

pub(super) const ENTRY: Entry = Entry {
    name: "messages",
    summary: "messages of each rank to the next one (ranks are threads, or what mpirun launched), 64 one after the other",
    keys: &[
        Key { name: "bytes", default: "8,1048576", meaning: "lengths of a message, separated by commas" },
        Key { name: "ranks", default: "2", meaning: "numbers of ranks, separated by commas" },
    ],
    smallest: &[("bytes", "8,65536"), ("ranks", "2,3")],
    peers: &[],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    // Bytes are sent, whatever they mean.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(cases);
    }
    for bytes in request.numbers("bytes")? {
        for count in request.numbers("ranks")? {
            if count < 2 {
                return Err(Error::Value {
                    name: "--ranks".to_owned(),
                    got: count.to_string(),
                    expected: "at least 2".to_owned(),
                });
            }
            if let Some(ranks) =
                Ranks::new(&request.job, count, move |communicator| Ring::new(communicator, bytes))?
            {
                cases.push(Box::new(RingCase { ranks, count, bytes }));
            }
        }
    }
    Ok(cases)
}

struct RingCase {
    ranks: Ranks,
    count: usize,
    bytes: usize,
}

impl Case for RingCase {
    fn name(&self) -> &str {
        "ring"
    }

    fn size(&self) -> String {
        format!("{} ranks, {ROUNDS}x{} B", self.count, self.bytes)
    }

    fn work(&self) -> Work {
        Work { bytes: (self.count * ROUNDS * self.bytes) as f64, flops: 0.0 }
    }

    fn clock(&self) -> Option<f64> {
        Some(self.ranks.seconds())
    }

    fn run(&mut self) -> Result<()> {
        self.ranks.run()
    }

    fn error(&mut self) -> Result<f64> {
        self.ranks.error()
    }
}

/// One rank's place in it.
struct Ring {
    rank: u8,
    previous: u8,
    /// Absent after a failure.
    exchange: Option<Exchange<u8>>,
}

impl Ring {
    fn new(communicator: &Communicator, bytes: usize) -> Result<Self> {
        let (rank, size) = (communicator.rank(), communicator.size());
        let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size);
        let exchange = communicator.exchange(&[(next, bytes)], &[(previous, bytes)])?;
        Ok(Self { rank: rank as u8, previous: previous as u8, exchange: Some(exchange) })
    }
}

impl Part for Ring {
    fn run(&mut self) -> Result<()> {
        let Some(mut exchange) = self.exchange.take() else {
            return Err(Error::Value {
                name: "messages".to_owned(),
                got: "an earlier failure".to_owned(),
                expected: "all of them".to_owned(),
            });
        };
        for _ in 0..ROUNDS {
            exchange.outgoing(0)[0] = self.rank;
            exchange = exchange.complete()?;
        }
        self.exchange = Some(exchange);
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        let right = |exchange: &Exchange<u8>| exchange.incoming(0)[0] == self.previous;
        Ok(if self.exchange.as_ref().is_some_and(right) { 0.0 } else { 1.0 })
    }
}
