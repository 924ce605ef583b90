//! What the machine can do: copy bandwidth and FMA rate, measured in the run that quotes them.

mod copy;
mod fma;

use std::time::Instant;

use terrella_kernels::Precision;
use terrella_kernels::device::Device;

pub(crate) use copy::Copy;
pub(crate) use fma::MultiplyAdds;

use crate::{Case, Result, Work};

/// The best of this many repetitions counts.
const REPETITIONS: usize = 9;

/// The measured peaks of one device with one number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaks {
    /// Bytes read plus bytes written per second by a copy of a large array.
    ///
    /// Not counted: the line that a cache fetches before it is written (the copy avoids it with streaming stores where it can).
    pub copy_bandwidth: f64,
    /// f32 operations per second, a fused multiply-add being two.
    pub fma_rate_f32: f64,
    /// f64 operations per second, a fused multiply-add being two.
    pub fma_rate_f64: f64,
}

impl Peaks {
    /// Measures the peaks of `device`, on the CPU with the threads of the current rayon pool.
    pub fn measure(device: Device) -> Result<Self> {
        let best = |case: &mut dyn Case| -> Result<(Work, f64)> {
            let mut best = f64::INFINITY;
            for _ in 0..REPETITIONS {
                device.synchronize()?;
                let start = Instant::now();
                case.run()?;
                device.synchronize()?;
                best = best.min(start.elapsed().as_secs_f64());
            }
            Ok((case.work(), best))
        };
        let (copy, copy_seconds) = best(&mut Copy::new(device, copy::BYTES)?)?;
        let (single, single_seconds) = best(&mut MultiplyAdds::<f32>::new(device)?)?;
        let (double, double_seconds) = best(&mut MultiplyAdds::<f64>::new(device)?)?;
        Ok(Self {
            copy_bandwidth: copy.bytes / copy_seconds,
            fma_rate_f32: single.flops / single_seconds,
            fma_rate_f64: double.flops / double_seconds,
        })
    }

    /// Operations per second in `precision`.
    pub fn fma_rate(&self, precision: Precision) -> f64 {
        match precision {
            Precision::F32 => self.fma_rate_f32,
            Precision::F64 => self.fma_rate_f64,
        }
    }
}
