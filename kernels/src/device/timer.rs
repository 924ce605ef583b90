//! The time that work takes on a device.

use std::time::{Duration, Instant};

use super::memory::Context;
use super::{Device, registry};
use crate::Result;

/// A running measurement of the work enqueued on one device.
///
/// On a GPU the device itself notes the time between the work before `start` and the work after `stop` (CUDA and HIP
/// events, wgpu timestamp queries), so what the host does meanwhile is not counted, except where it leaves the device
/// idle. On the CPU, where work is done when a call returns, it is the host's clock.
///
/// ```
/// use terrella_kernels::device::{Device, Timer};
///
/// let timer = Timer::start(Device::Cpu)?;
/// let sum: f64 = (0..1000).map(f64::from).sum();
/// let duration = timer.stop()?;
/// assert!(sum == 499_500.0 && duration.as_secs() < 60);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[must_use = "a timer measures until it is stopped"]
pub struct Timer {
    start: Start,
}

enum Start {
    Cpu(Instant),
    #[cfg(feature = "cuda")]
    Cuda(Running<super::cuda::CudaContext>),
    #[cfg(feature = "hip")]
    Hip(Running<super::hip::HipContext>),
    #[cfg(feature = "wgpu")]
    Wgpu(Running<super::wgpu::WgpuContext>),
}

#[cfg(any(feature = "cuda", feature = "hip", feature = "wgpu"))]
struct Running<C: Context> {
    context: &'static C,
    timer: C::Timer,
}

#[cfg(any(feature = "cuda", feature = "hip", feature = "wgpu"))]
impl<C: Context> Running<C> {
    fn start(context: &'static C) -> Result<Self> {
        Ok(Self { context, timer: context.start_timer()? })
    }

    fn stop(self) -> Result<Duration> {
        self.context.stop_timer(self.timer)
    }
}

impl Timer {
    /// Starts measuring behind the work that was enqueued on `device` so far.
    ///
    /// # Errors
    /// `DeviceUnavailable` where the device is absent, or is a wgpu adapter that takes no timestamps.
    pub fn start(device: Device) -> Result<Self> {
        let start = match device {
            Device::Cpu => Start::Cpu(Instant::now()),
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => Start::Cuda(Running::start(registry::cuda(index)?)?),
            #[cfg(feature = "hip")]
            Device::Hip(index) => Start::Hip(Running::start(registry::hip(index)?)?),
            #[cfg(feature = "wgpu")]
            Device::Wgpu(index) => Start::Wgpu(Running::start(registry::wgpu(index)?)?),
            #[allow(unreachable_patterns, reason = "reachable where a GPU feature is off")]
            device => return Err(registry::not_built(device)),
        };
        Ok(Self { start })
    }

    /// Waits for the work enqueued since the start and returns the time that it took.
    pub fn stop(self) -> Result<Duration> {
        match self.start {
            Start::Cpu(start) => Ok(start.elapsed()),
            #[cfg(feature = "cuda")]
            Start::Cuda(running) => running.stop(),
            #[cfg(feature = "hip")]
            Start::Hip(running) => running.stop(),
            #[cfg(feature = "wgpu")]
            Start::Wgpu(running) => running.stop(),
        }
    }
}
