//! The devices of this process, each opened once.

// Pages of the host are locked by their address.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::Mutex;

use super::allocator::MemoryStatistics;
use super::memory::Context;
use super::transfer::PageLock;
use super::{Device, lock};
use crate::{Error, Result};

/// Devices of one kind that are open. They are never closed: buffers refer to them, and the process's end frees them.
pub(crate) struct Registry<C: 'static> {
    open: Mutex<Option<HashMap<u32, &'static C>>>,
}

impl<C> Registry<C> {
    pub(crate) const fn new() -> Self {
        Self { open: Mutex::new(None) }
    }

    /// Device `index`, opened by `open` if it isn't yet. A failure is not remembered.
    pub(crate) fn get(&self, index: u32, open: impl FnOnce() -> Result<C>) -> Result<&'static C> {
        let mut contexts = lock(&self.open);
        let contexts = contexts.get_or_insert_default();
        if let Some(context) = contexts.get(&index) {
            return Ok(context);
        }
        let context: &'static C = Box::leak(Box::new(open()?));
        contexts.insert(index, context);
        Ok(context)
    }
}

#[cfg(feature = "cuda")]
static CUDA: Registry<super::cuda::CudaContext> = Registry::new();

#[cfg(feature = "cuda")]
pub(crate) fn cuda(index: u32) -> Result<&'static super::cuda::CudaContext> {
    CUDA.get(index, || super::cuda::open(index))
}

#[cfg(feature = "hip")]
static HIP: Registry<super::hip::HipContext> = Registry::new();

#[cfg(feature = "hip")]
pub(crate) fn hip(index: u32) -> Result<&'static super::hip::HipContext> {
    HIP.get(index, || super::hip::open(index))
}

#[cfg(feature = "wgpu")]
static WGPU: Registry<super::wgpu::WgpuContext> = Registry::new();

#[cfg(feature = "wgpu")]
pub(crate) fn wgpu(index: u32) -> Result<&'static super::wgpu::WgpuContext> {
    WGPU.get(index, || super::wgpu::WgpuContext::open(index))
}

/// The error for a device whose kind was left out of this build.
pub(crate) fn not_built(device: Device) -> Error {
    let feature = match device {
        Device::Cpu => unreachable!("the CPU is in every build"),
        Device::Cuda(_) => "cuda",
        Device::Hip(_) => "hip",
        Device::Wgpu(_) => "wgpu",
    };
    let reason = format!("this program was built without the feature '{feature}'");
    Error::DeviceUnavailable { device, reason }
}

/// Runs the same expression for whichever GPU `device` is.
macro_rules! on_device {
    ($device:expr, cpu => $cpu:expr, $context:ident => $gpu:expr) => {
        match $device {
            Device::Cpu => $cpu,
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => {
                let $context = cuda(index)?;
                $gpu
            }
            #[cfg(feature = "hip")]
            Device::Hip(index) => {
                let $context = hip(index)?;
                $gpu
            }
            #[cfg(feature = "wgpu")]
            Device::Wgpu(index) => {
                let $context = wgpu(index)?;
                $gpu
            }
            #[allow(unreachable_patterns, reason = "reachable where a GPU feature is off")]
            device => Err(not_built(device)),
        }
    };
}

/// Locks whole pages of host memory for copies from and to a device, until what is returned is dropped; nothing where there are no such locks,
/// or the driver has none left.
///
/// # Safety
/// They are live until then.
pub(crate) unsafe fn lock_pages(device: Device, address: u64, bytes: u64) -> Result<Option<PageLock>> {
    match device {
        #[cfg(feature = "cuda")]
        // SAFETY: the caller's promise.
        Device::Cuda(index) => Ok(unsafe { cuda(index)?.lock_pages(address, bytes) }.ok()),
        #[cfg(feature = "hip")]
        // SAFETY: the caller's promise.
        Device::Hip(index) => Ok(unsafe { hip(index)?.lock_pages(address, bytes) }.ok()),
        _ => device.synchronize().map(|()| None),
    }
}

impl Device {
    /// Waits until all work enqueued on this device is done, and returns its first failure since the last call.
    pub fn synchronize(self) -> Result<()> {
        on_device!(self, cpu => Ok(()), context => context.synchronize())
    }

    /// Waits until all work that this process has given to the device is done, also that of other libraries on streams of
    /// their own (of CUDA's primary context). Returns the first failure since the last call.
    pub fn synchronize_all_streams(self) -> Result<()> {
        on_device!(self, cpu => Ok(()), context => context.synchronize_all_streams())
    }

    /// Does `work` of another library, such as MPI's with memory of the device, with a CUDA or HIP device as the thread's current one, which
    /// is afterwards what it was before. On other devices there is no such thing.
    pub fn with_current<T>(self, work: impl FnOnce() -> T) -> Result<T> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => cuda(index)?.with_current(work),
            #[cfg(feature = "hip")]
            Self::Hip(index) => hip(index)?.with_current(work),
            _ => Ok(work()),
        }
    }

    /// What the device's allocator holds and has done (zeros on the CPU, whose memory the host's allocator manages).
    pub fn memory_statistics(self) -> Result<MemoryStatistics> {
        on_device!(self, cpu => Ok(MemoryStatistics::default()), context => Ok(context.statistics()))
    }

    /// Gives the free blocks that the allocator keeps for reuse back to the driver.
    pub fn release_cached_memory(self) -> Result<()> {
        on_device!(self, cpu => Ok(()), context => {
            context.release_cached_memory();
            Ok(())
        })
    }

    /// Bounds the free blocks that the allocator keeps for reuse [bytes].
    pub fn set_cached_memory_limit(self, bytes: u64) -> Result<()> {
        on_device!(self, cpu => Ok(()), context => {
            context.set_cached_memory_limit(bytes);
            Ok(())
        })
    }
}
