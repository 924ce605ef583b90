//! Reductions to one number, its copy to the host included.

use std::hint::black_box;
use std::time::Instant;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::reduction::Reduction;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work, peers};

const OPERATIONS: [&str; 4] = ["sum", "dot", "largest_magnitude", "weighted_mean"];

pub(super) const ENTRY: Entry = Entry {
    name: "reduction",
    summary: "reductions, the same bits everywhere; peer of sum: a hand-written loop in an order of its own",
    keys: &[
        Key { name: "operation", default: "all", meaning: "sum, dot, largest_magnitude, weighted_mean" },
        Key { name: "length", default: "33554432", meaning: "number of values" },
    ],
    smallest: &[("length", "70001")],
    peers: &["loop"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let case = |name| -> Result<Box<dyn Case>> { Ok(Box::new(ReductionCase::<R>::new(request, name)?)) };
    request.choices("operation", &OPERATIONS)?.into_iter().map(case).collect()
}

struct ReductionCase<R: Real> {
    name: &'static str,
    plan: Reduction<R>,
    values: Buffer<R>,
    weights: Buffer<R>,
    result: R,
    /// The result in f64, in plain order.
    reference: f64,
    /// What rounding errors are measured against: the sum of magnitudes.
    scale: f64,
    peer: Option<SumLoop<R>>,
}

impl<R: Real> ReductionCase<R> {
    fn new(request: &Request, name: &'static str) -> Result<Self> {
        let length = request.number("length")?;
        let values: Vec<R> = scattered(length, -1.0, 2.0, 1);
        let weights: Vec<R> = scattered(length, 0.5, 1.5, 2);
        let pairs = || values.iter().zip(&weights).map(|(x, w)| (x.to_f64(), w.to_f64()));
        let weight_sum: f64 = pairs().map(|(_, w)| w).sum();
        let (reference, scale) = match name {
            "sum" => (pairs().map(|(x, _)| x).sum(), pairs().map(|(x, _)| x.abs()).sum()),
            "dot" => (pairs().map(|(x, w)| x * w).sum(), pairs().map(|(x, w)| (x * w).abs()).sum()),
            "largest_magnitude" => {
                let largest = pairs().fold(0.0, |largest: f64, (x, _)| largest.max(x.abs()));
                (largest, largest)
            }
            _ => (pairs().map(|(x, w)| x * w).sum::<f64>() / weight_sum, 1.0),
        };
        let peer = if name == "sum" && request.loop_beside() {
            Some(SumLoop(Buffer::from_slice(Device::Cpu, &values)?))
        } else {
            None
        };
        Ok(Self {
            name,
            plan: Reduction::new(request.device, length)?,
            values: Buffer::from_slice(request.device, &values)?,
            weights: Buffer::from_slice(request.device, &weights)?,
            result: R::ZERO,
            reference,
            scale,
            peer,
        })
    }
}

impl<R: Real> Case for ReductionCase<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        self.values.len().to_string()
    }

    fn work(&self) -> Work {
        let (arrays, flops) = match self.name {
            "sum" => (1, 1.0),
            "dot" => (2, 2.0),
            "largest_magnitude" => (1, 4.0),
            _ => (2, 4.0),
        };
        let length = self.values.len();
        Work { bytes: (arrays * length * size_of::<R>()) as f64, flops: flops * length as f64 }
    }

    fn run(&mut self) -> Result<()> {
        let Self { plan, values, weights, .. } = self;
        self.result = match self.name {
            "sum" => plan.sum(values)?,
            "dot" => plan.dot(values, weights)?,
            "largest_magnitude" => plan.largest_magnitude(values)?,
            _ => plan.weighted_mean(weights, values)?,
        };
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        Ok((self.result.to_f64() - self.reference).abs() / self.scale)
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peer.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

struct SumLoop<R: Real>(Buffer<R>);

impl<R: Real> Peer for SumLoop<R> {
    fn name(&self) -> &str {
        "hand-written loop"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let values = self.0.cpu_slice()?;
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(peers::sum(black_box(values)));
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
