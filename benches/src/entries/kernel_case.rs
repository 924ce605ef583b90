//! The case of one kernel with one output that is compared with a reference, and a loop beside it.

use std::time::Instant;

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::data::largest_error;
use crate::{Case, Peer, Result, Work};

/// Launches a kernel with this output.
type Launch<R> = Box<dyn FnMut(&mut Buffer<R>) -> terrella_kernels::Result<()>>;

/// Computes the values of this output.
type Fill<R> = Box<dyn FnMut(&mut [R])>;

/// A kernel with its output; inputs belong to the closures.
pub(super) struct KernelCase<R: Real> {
    pub(super) name: &'static str,
    pub(super) size: String,
    pub(super) work: Work,
    pub(super) output: Buffer<R>,
    pub(super) run: Launch<R>,
    /// The value at one index of the output, computed plainly in f64.
    pub(super) reference: Box<dyn Fn(usize) -> f64>,
    pub(super) peer: Option<Loop<R>>,
}

/// A loop on the CPU with its own output.
pub(super) struct Loop<R: Real> {
    pub(super) name: &'static str,
    pub(super) output: Buffer<R>,
    pub(super) run: Fill<R>,
}

impl<R: Real> Case for KernelCase<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> String {
        self.size.clone()
    }

    fn work(&self) -> Work {
        self.work
    }

    fn run(&mut self) -> Result<()> {
        Ok((self.run)(&mut self.output)?)
    }

    fn error(&mut self) -> Result<f64> {
        Ok(largest_error(&self.output.to_vec()?, &self.reference))
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peer.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

impl<R: Real> Peer for Loop<R> {
    fn name(&self) -> &str {
        self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let output = self.output.cpu_slice_mut()?;
        let start = Instant::now();
        for _ in 0..repeats {
            (self.run)(output);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
