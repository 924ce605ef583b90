//! What a launch costs when there is nothing to do.

use terrella_kernels::device::Buffer;
use terrella_kernels::{Precision, Real, kernel};

use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "launch",
    summary: "launches of a kernel of one point: many in a row, and each waited for",
    keys: &[Key { name: "points", default: "1", meaning: "number of points" }],
    smallest: &[("points", "1")],
    peers: &[],
    cases,
};

#[kernel]
fn index_itself<R: Real>(point: u32) -> R {
    point as R
}

fn cases(request: &Request) -> Result<Cases> {
    let case = |wait| -> Result<Box<dyn Case>> {
        Ok(match request.precision {
            Precision::F32 => Box::new(Launch::<f32>::new(request, wait)?),
            Precision::F64 => Box::new(Launch::<f64>::new(request, wait)?),
        })
    };
    [false, true].into_iter().map(case).collect()
}

struct Launch<R: Real> {
    /// Whether each launch is waited for.
    wait: bool,
    output: Buffer<R>,
}

impl<R: Real> Launch<R> {
    fn new(request: &Request, wait: bool) -> Result<Self> {
        Ok(Self { wait, output: Buffer::zeros(request.device, request.number("points")?)? })
    }
}

impl<R: Real> Case for Launch<R> {
    fn name(&self) -> &str {
        if self.wait { "and_wait" } else { "in_a_row" }
    }

    fn size(&self) -> String {
        self.output.len().to_string()
    }

    fn work(&self) -> Work {
        Work::default()
    }

    fn run(&mut self) -> Result<()> {
        index_itself::launch([self.output.len() as u32], &mut self.output)?;
        if self.wait {
            self.output.device().synchronize()?;
        }
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        let expected = |(index, value): (usize, R)| (value.to_f64() - index as f64).abs();
        Ok(self.output.to_vec()?.into_iter().enumerate().map(expected).fold(0.0, f64::max))
    }
}
