//! Untyped memory on one device: the one place where the kinds of device are told apart.

// Memory that is someone else's is taken by its address.
#![allow(unsafe_code)]

use std::ops::Range;
use std::time::Duration;

use super::Device;
use super::allocator::MemoryStatistics;
use super::host_memory::HostMemory;
use super::registry;
use crate::{Error, Result};

/// What a GPU must be able to do. One value per device lives as long as the process ([`registry`]).
///
/// All calls are executed in the order in which they are made, by whatever thread; only `read` and `synchronize`
/// wait for the device. Offsets and sizes are in bytes and multiples of 4.
pub(crate) trait Context: Send + Sync + 'static {
    /// A piece of this device's memory.
    type Block: Send + Sync;
    /// A started measurement.
    type Timer: Send + Sync;

    /// A block of at least `bytes` with any content; the size that was really taken goes back to `release`.
    fn allocate(&self, bytes: u64) -> Result<(Self::Block, u64)>;
    fn release(&self, block: Self::Block, size: u64);
    fn write(&self, block: &Self::Block, offset: u64, values: &[u8]) -> Result<()>;
    fn read(&self, block: &Self::Block, offset: u64, values: &mut [u8]) -> Result<()>;
    /// Copies `bytes` between two different blocks.
    fn copy(
        &self,
        from: &Self::Block,
        from_offset: u64,
        to: &Self::Block,
        to_offset: u64,
        bytes: u64,
    ) -> Result<()>;
    /// Writes `pattern`, its two words in turn, to the first `bytes` bytes.
    fn fill(&self, block: &Self::Block, bytes: u64, pattern: [u32; 2]) -> Result<()>;
    fn synchronize(&self) -> Result<()>;
    /// Waits for all work that this process gave to the device, also through other libraries.
    fn synchronize_all_streams(&self) -> Result<()> {
        self.synchronize()
    }
    fn start_timer(&self) -> Result<Self::Timer>;
    /// Waits for the work since the start and returns the device's time for it.
    fn stop_timer(&self, timer: Self::Timer) -> Result<Duration>;
    fn statistics(&self) -> MemoryStatistics;
    fn release_cached_memory(&self);
    fn set_cached_memory_limit(&self, bytes: u64);
}

/// A block and the device it goes back to.
pub(crate) struct Allocation<C: Context> {
    context: &'static C,
    /// `None` for an empty buffer, which needs no memory, and after the drop.
    block: Option<C::Block>,
    /// What the allocator took [bytes].
    size: u64,
    /// What was asked for [bytes].
    bytes: u64,
}

impl<C: Context> Allocation<C> {
    fn new(context: &'static C, bytes: u64) -> Result<Self> {
        // Empty buffers get the smallest block too: a kernel's argument must point somewhere.
        let (block, size) = context.allocate(bytes.max(4))?;
        Ok(Self { context, block: Some(block), size, bytes })
    }

    /// A block of `bytes` bytes that the allocator knows nothing of, and that `release` therefore lets go.
    #[cfg(any(feature = "cuda", feature = "hip"))]
    fn foreign(context: &'static C, block: C::Block, bytes: u64) -> Self {
        Self { context, block: Some(block), size: 0, bytes }
    }

    pub(crate) fn block(&self) -> &C::Block {
        self.block.as_ref().expect("a live allocation holds its block")
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn copy(&mut self, offset: u64, source: &Self, source_offset: u64, bytes: u64) -> Result<()> {
        self.context.copy(source.block(), source_offset, self.block(), offset, bytes)
    }
}

impl<C: Context> Drop for Allocation<C> {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            self.context.release(block, self.size);
        }
    }
}

/// Bytes on one device.
pub(crate) enum Memory {
    /// In host memory.
    Cpu(HostMemory),
    /// Of a CUDA device.
    #[cfg(feature = "cuda")]
    Cuda(Allocation<super::cuda::CudaContext>),
    /// Of a HIP device.
    #[cfg(feature = "hip")]
    Hip(Allocation<super::hip::HipContext>),
    /// Of a wgpu device.
    #[cfg(feature = "wgpu")]
    Wgpu(Allocation<super::wgpu::WgpuContext>),
}

/// Runs the same expression for whichever GPU an allocation belongs to.
macro_rules! on_gpu {
    ($memory:expr, cpu($host:ident) => $cpu:expr, $allocation:ident => $gpu:expr) => {
        match $memory {
            Memory::Cpu($host) => $cpu,
            #[cfg(feature = "cuda")]
            Memory::Cuda($allocation) => $gpu,
            #[cfg(feature = "hip")]
            Memory::Hip($allocation) => $gpu,
            #[cfg(feature = "wgpu")]
            Memory::Wgpu($allocation) => $gpu,
        }
    };
}

impl Memory {
    /// `bytes` bytes of any content (zeros on the CPU).
    pub(crate) fn new(device: Device, bytes: u64) -> Result<Self> {
        match device {
            Device::Cpu => {
                let memory = usize::try_from(bytes).ok().and_then(HostMemory::zeros);
                memory.map(Self::Cpu).ok_or_else(|| Error::OutOfMemory {
                    device,
                    requested: bytes,
                    in_use: 0,
                    reason: "the host's allocator has no room".to_owned(),
                })
            }
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => Ok(Self::Cuda(Allocation::new(registry::cuda(index)?, bytes)?)),
            #[cfg(feature = "hip")]
            Device::Hip(index) => Ok(Self::Hip(Allocation::new(registry::hip(index)?, bytes)?)),
            #[cfg(feature = "wgpu")]
            Device::Wgpu(index) => Ok(Self::Wgpu(Allocation::new(registry::wgpu(index)?, bytes)?)),
            #[allow(unreachable_patterns, reason = "reachable where a GPU feature is off")]
            _ => Err(registry::not_built(device)),
        }
    }

    /// `bytes` bytes from `address` on, which stay their owner's.
    ///
    /// # Safety
    /// Until the memory is dropped and the work on it is done, they are live, nobody else writes to them, and nobody else
    /// reads what is written here.
    #[cfg_attr(
        not(any(feature = "cuda", feature = "hip")),
        allow(unused_variables, reason = "no other device has addresses")
    )]
    pub(crate) unsafe fn foreign(device: Device, address: u64, bytes: u64) -> Result<Self> {
        match device {
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => {
                let context = registry::cuda(index)?;
                // SAFETY: the caller's promise.
                let block = unsafe { context.foreign_block(address, bytes) }?;
                Ok(Self::Cuda(Allocation::foreign(context, block, bytes)))
            }
            #[cfg(feature = "hip")]
            Device::Hip(index) => {
                let context = registry::hip(index)?;
                // SAFETY: the caller's promise.
                let block = unsafe { context.foreign_block(address, bytes) }?;
                Ok(Self::Hip(Allocation::foreign(context, block, bytes)))
            }
            _ => Err(registry::not_built(device)),
        }
    }

    /// Where it begins on a device whose memory has addresses of its own.
    pub(crate) fn device_address(&self) -> Option<u64> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda(allocation) => Some(allocation.block().address()),
            #[cfg(feature = "hip")]
            Self::Hip(allocation) => Some(allocation.block().address()),
            _ => None,
        }
    }

    /// Copies from the host to bytes `offset..`.
    pub(crate) fn write(&mut self, offset: u64, values: &[u8]) -> Result<()> {
        on_gpu!(self,
            cpu(host) => {
                host.values_mut()[offset as usize..][..values.len()].copy_from_slice(values);
                Ok(())
            },
            allocation => allocation.context.write(allocation.block(), offset, values))
    }

    /// Copies bytes `offset..` to the host.
    pub(crate) fn read(&self, offset: u64, values: &mut [u8]) -> Result<()> {
        on_gpu!(self,
            cpu(host) => {
                values.copy_from_slice(&host.values()[offset as usize..][..values.len()]);
                Ok(())
            },
            allocation => allocation.context.read(allocation.block(), offset, values))
    }

    /// Copies bytes `range` of `source`, on the same device, to bytes `offset..`.
    pub(crate) fn copy(&mut self, offset: u64, source: &Self, range: Range<u64>) -> Result<()> {
        let bytes = range.end - range.start;
        match (self, source) {
            (Self::Cpu(to), Self::Cpu(from)) => {
                let from: &[u8] = &from.values()[range.start as usize..range.end as usize];
                to.values_mut()[offset as usize..][..bytes as usize].copy_from_slice(from);
                Ok(())
            }
            #[cfg(feature = "cuda")]
            (Self::Cuda(to), Self::Cuda(from)) => to.copy(offset, from, range.start, bytes),
            #[cfg(feature = "hip")]
            (Self::Hip(to), Self::Hip(from)) => to.copy(offset, from, range.start, bytes),
            #[cfg(feature = "wgpu")]
            (Self::Wgpu(to), Self::Wgpu(from)) => to.copy(offset, from, range.start, bytes),
            #[allow(unreachable_patterns, reason = "reachable as soon as one GPU feature is on")]
            _ => unreachable!("the caller compared the devices"),
        }
    }

    /// Writes the two words of `pattern` in turn over all of it.
    pub(crate) fn fill(&mut self, pattern: [u32; 2]) -> Result<()> {
        on_gpu!(self,
        cpu(host) => {
            for (index, word) in host.values_mut::<u32>().iter_mut().enumerate() {
                *word = pattern[index % 2];
            }
            Ok(())
        },
        allocation => match allocation.bytes() {
            0 => Ok(()),
            bytes => allocation.context.fill(allocation.block(), bytes, pattern),
        })
    }
}
