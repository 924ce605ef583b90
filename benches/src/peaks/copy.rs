//! Copy of a large array.

use rayon::prelude::*;
use terrella_kernels::device::{Buffer, Device};

use crate::{Case, Result, Work};

/// Bytes of each of the two arrays: far beyond the caches of one socket.
pub(crate) const BYTES: usize = 256 << 20;

/// Copies on a GPU between two waits.
const COPIES_ON_GPU: usize = 8;

/// One array copied to another on the same device.
pub(crate) struct Copy {
    source: Buffer<f32>,
    target: Buffer<f32>,
}

impl Copy {
    pub(crate) fn new(device: Device, bytes: usize) -> Result<Self> {
        let values: Vec<f32> = (0..bytes / size_of::<f32>()).map(|i| (i % 1024) as f32).collect();
        let target = Buffer::zeros(device, values.len())?;
        Ok(Self { source: Buffer::from_slice(device, &values)?, target })
    }

    fn copies(&self) -> usize {
        if self.source.device() == Device::Cpu { 1 } else { COPIES_ON_GPU }
    }
}

impl Case for Copy {
    fn name(&self) -> &str {
        "copy"
    }

    fn size(&self) -> String {
        format!("{}x{}MiB", self.copies(), (self.source.len() * size_of::<f32>()) >> 20)
    }

    fn work(&self) -> Work {
        Work { bytes: 2.0 * (self.source.len() * size_of::<f32>() * self.copies()) as f64, flops: 0.0 }
    }

    fn run(&mut self) -> Result<()> {
        if self.source.device() == Device::Cpu {
            // Each thread copies one part.
            let part = self.source.len().div_ceil(rayon::current_num_threads());
            let source = self.source.cpu_slice()?.par_chunks(part);
            let parts = self.target.cpu_slice_mut()?.par_chunks_mut(part).zip(source);
            parts.for_each(|(target, source)| target.copy_from_slice(source));
            return Ok(());
        }
        for _ in 0..COPIES_ON_GPU {
            self.target.copy_from(&self.source)?;
        }
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        let (source, target) = (self.source.to_vec()?, self.target.to_vec()?);
        Ok(if source == target { 0.0 } else { f64::INFINITY })
    }
}
