//! One opened CUDA or HIP device.

// Memory is handled by address here; every block checks its own range first.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::arguments::parameter_slots;
use super::{Reported, Runtime};
use crate::device::allocator::{BlockCache, MemoryStatistics, block_size};
use crate::device::buffer::AnyBuffer;
use crate::device::kernel_cache::{CacheKey, KernelCache};
use crate::device::launch::{Argument, Launch};
use crate::device::memory::{Allocation, Context};
use crate::device::transfer::PageLock;
use crate::device::{Device, DeviceDescription, lock};
use crate::{Error, Precision, Result};

/// Threads per block, as in the kernels' texts.
const BLOCK_THREADS: u32 = 256;
/// An uneven fill starts with this many bytes from the host and doubles them on the device.
const PATTERN_BYTES: u64 = 4096;

/// A device with its memory and its loaded kernels.
pub(crate) struct StreamContext<R: Runtime> {
    description: DeviceDescription,
    runtime: Arc<R>,
    blocks: BlockCache<StreamBlock<R>>,
    /// Loaded kernels by the address of their text, which is static.
    functions: Mutex<HashMap<(usize, Precision), R::Function>>,
    cache: KernelCache,
}

/// Memory by its address, given back when dropped.
pub(crate) struct StreamBlock<R: Runtime> {
    address: u64,
    size: u64,
    /// What gives the memory back; `None` for memory that is someone else's.
    owner: Option<Arc<R>>,
}

impl<R: Runtime> Drop for StreamBlock<R> {
    fn drop(&mut self) {
        if let Some(runtime) = &self.owner {
            // SAFETY: the address came from `allocate` in `StreamContext::allocate`, the only place that makes blocks with
            // an owner, and this block was its only holder.
            unsafe { runtime.free(self.address) }
        }
    }
}

impl<R: Runtime> StreamBlock<R> {
    pub(crate) fn address(&self) -> u64 {
        self.address
    }

    /// The address of byte `offset`, once `offset..offset + bytes` is known to lie within the block.
    fn range(&self, offset: u64, bytes: u64) -> u64 {
        let end = offset.checked_add(bytes);
        assert!(
            end.is_some_and(|end| end <= self.size),
            "{bytes} bytes at {offset} of a block of {}",
            self.size
        );
        self.address + offset
    }
}

/// A started measurement.
pub(crate) struct StreamTimer<R: Runtime> {
    start: StreamEvent<R>,
}

/// An event, given back when dropped.
struct StreamEvent<R: Runtime> {
    event: R::Event,
    runtime: Arc<R>,
}

impl<R: Runtime> Drop for StreamEvent<R> {
    fn drop(&mut self) {
        // SAFETY: the event came from `record` in `StreamContext::record`, and this was its only holder.
        unsafe { self.runtime.destroy(self.event) }
    }
}

/// Locked pages of host memory, unlocked when dropped.
struct LockedPages<R: Runtime> {
    address: u64,
    runtime: Arc<R>,
}

impl<R: Runtime> Drop for LockedPages<R> {
    fn drop(&mut self) {
        // SAFETY: `StreamContext::lock_pages` locked them, and its caller keeps them live until this is dropped.
        unsafe { self.runtime.unlock_pages(self.address) }
    }
}

impl<R: Runtime> StreamContext<R> {
    /// A context for a runtime that is connected to `description.device`.
    pub(crate) fn new(runtime: R, description: DeviceDescription, cache: KernelCache) -> Self {
        // A quarter of the memory may wait for reuse.
        let cached = description.memory.unwrap_or(8 << 30) / 4;
        let (runtime, blocks) = (Arc::new(runtime), BlockCache::new(cached));
        Self { description, runtime, blocks, functions: Mutex::default(), cache }
    }

    fn id(&self) -> Device {
        self.description.device
    }

    /// Does `work` with the device as the thread's current one, which is afterwards what it was before.
    pub(crate) fn with_current<T>(&self, work: impl FnOnce() -> T) -> Result<T> {
        let _entered = self.failed("making the device current", self.runtime.enter())?;
        Ok(work())
    }

    #[cfg(test)]
    pub(super) fn runtime(&self) -> &R {
        &self.runtime
    }

    fn failed<T>(&self, operation: &'static str, result: Reported<T>) -> Result<T> {
        result.map_err(|reason| Error::DeviceFailure { device: self.id(), operation, reason })
    }

    /// A block over `bytes` bytes that stay their owner's: neither freed nor kept for reuse.
    ///
    /// Refuses memory whose first or last byte is elsewhere. What lies between is not asked for: one mapping may consist of
    /// several allocations, of which the driver would tell the first.
    ///
    /// # Safety
    /// Until the block is dropped and the work on it is done, the bytes are live, nobody else writes to them, and nobody
    /// else reads what is written here.
    pub(crate) unsafe fn foreign_block(&self, address: u64, bytes: u64) -> Result<StreamBlock<R>> {
        for byte in [address, address + (bytes - 1)] {
            self.runtime.expect_resident(byte).map_err(|reason| Error::ForeignMemory {
                device: self.id(),
                address: byte,
                reason,
            })?;
        }
        Ok(StreamBlock { address, size: bytes, owner: None })
    }

    /// Locks whole pages of host memory until what is returned is dropped.
    ///
    /// # Safety
    /// They are live until then.
    pub(crate) unsafe fn lock_pages(&self, address: u64, bytes: u64) -> Result<PageLock> {
        // SAFETY: the caller's promise.
        self.failed("locking pages", unsafe { self.runtime.lock_pages(address, bytes) })?;
        Ok(Box::new(LockedPages { address, runtime: self.runtime.clone() }))
    }

    /// Enqueues one launch whose arguments were checked. `allocation` finds a buffer's memory on this device.
    pub(crate) fn enqueue(
        &'static self,
        launch: &Launch,
        arguments: &[Argument],
        outputs: &[&mut dyn AnyBuffer],
        allocation: impl for<'b> Fn(&'b dyn AnyBuffer) -> &'b Allocation<Self>,
    ) -> Result<()> {
        let address = |buffer: &dyn AnyBuffer| allocation(buffer).block().address;
        let outputs = outputs.iter().map(|output| address(&**output));
        let mut slots = parameter_slots(launch.extent, arguments, outputs, |argument| match argument {
            Argument::Buffer(buffer) => address(*buffer),
            _ => unreachable!("only buffers have addresses"),
        });
        self.launch(launch, &mut slots)
    }

    /// Enqueues one launch whose parameters were checked.
    pub(super) fn launch(&self, launch: &Launch, slots: &mut [u64]) -> Result<()> {
        let function = self.function(launch)?;
        let blocks = launch.threads()?.div_ceil(BLOCK_THREADS);
        // SAFETY: `Launch::enqueue` has compared number, kinds and device of the arguments with the text that the
        // function was compiled from, whose signature is extents, parameters, outputs. The buffers are borrowed, so
        // their blocks are live now, and a block freed later is only reused or freed behind this launch; foreign blocks live
        // as long by the promise made to `foreign_block`. Each thread
        // writes the values at its own indices below the extent, and the outputs' lengths were compared with it. What it reads through
        // its own index tables is the contract of the kernel's text (see `Launch::enqueue`).
        let launched = unsafe { self.runtime.launch(function, blocks, slots) };
        self.failed("launching a kernel", launched)
    }

    fn function(&self, launch: &Launch) -> Result<R::Function> {
        let key = (std::ptr::from_ref(launch.text).addr(), launch.precision);
        let mut functions = lock(&self.functions);
        if let Some(&function) = functions.get(&key) {
            return Ok(function);
        }
        let function = self.compile(launch)?;
        functions.insert(key, function);
        Ok(function)
    }

    /// Compiles and loads a kernel, or loads it from the cache on disk.
    fn compile(&self, launch: &Launch) -> Result<R::Function> {
        let text = launch.text;
        let source = text.cuda_source(launch.precision);
        let entry = format!("{}_entry", text.name);
        let compiler = self.runtime.compiler()?;
        let key = CacheKey::new(&[&source, &compiler, &self.description.name, &self.description.driver]);
        if let Some(image) = self.cache.load(&key) {
            // SAFETY: only the lines below store under such keys, the hash of the content was right, and the key holds
            // the source, the compiler with its target, the device and its driver.
            if let Ok(function) = unsafe { self.runtime.load(&image, &entry) } {
                return Ok(function);
            }
        }
        let image = self.runtime.compile(text.name, &source)?.map_err(|log| Error::KernelCompilation {
            kernel: text.name,
            device: self.id(),
            log,
        })?;
        // SAFETY: the image was just compiled by this runtime for its device.
        let function = self.failed("loading a kernel", unsafe { self.runtime.load(&image, &entry) })?;
        self.cache.store(&key, &image);
        Ok(function)
    }

    fn record(&self) -> Result<StreamEvent<R>> {
        let event = self.failed("recording an event", self.runtime.record())?;
        Ok(StreamEvent { event, runtime: self.runtime.clone() })
    }

    fn out_of_memory(&self, requested: u64, reason: String) -> Error {
        Error::OutOfMemory { device: self.id(), requested, in_use: self.statistics().in_use, reason }
    }
}

impl<R: Runtime> Context for StreamContext<R> {
    type Block = StreamBlock<R>;
    type Timer = StreamTimer<R>;

    fn allocate(&self, bytes: u64) -> Result<(StreamBlock<R>, u64)> {
        if let Some(limit) = self.description.memory.filter(|&limit| bytes > limit) {
            return Err(Error::BufferTooLarge { device: self.id(), requested: bytes, limit });
        }
        let size = block_size(bytes, self.description.memory.unwrap_or(u64::MAX));
        let block = self.blocks.take(size, || {
            let address = self.runtime.allocate(size).map_err(|reason| self.out_of_memory(size, reason))?;
            Ok(StreamBlock { address, size, owner: Some(self.runtime.clone()) })
        })?;
        Ok((block, size))
    }

    fn release(&self, block: StreamBlock<R>, size: u64) {
        if block.owner.is_some() {
            drop(self.blocks.put(size, block));
        }
    }

    fn write(&self, block: &StreamBlock<R>, offset: u64, values: &[u8]) -> Result<()> {
        let address = block.range(offset, values.len() as u64);
        // SAFETY: `range` has checked that the bytes lie within the block, which is live while it is borrowed.
        self.failed("copying from the host", unsafe { self.runtime.upload(address, values) })
    }

    fn read(&self, block: &StreamBlock<R>, offset: u64, values: &mut [u8]) -> Result<()> {
        let address = block.range(offset, values.len() as u64);
        // SAFETY: `range` has checked that the bytes lie within the block, which is live while it is borrowed.
        self.failed("copying to the host", unsafe { self.runtime.download(address, values) })
    }

    fn copy(
        &self,
        from: &StreamBlock<R>,
        from_offset: u64,
        to: &StreamBlock<R>,
        to_offset: u64,
        bytes: u64,
    ) -> Result<()> {
        let (source, target) = (from.range(from_offset, bytes), to.range(to_offset, bytes));
        // SAFETY: `range` has checked both ranges. The target's buffer is borrowed exclusively, so the blocks are two
        // different ones, and a foreign one overlaps no other that is written (`foreign_block`).
        self.failed("copying on the device", unsafe { self.runtime.copy(source, target, bytes) })
    }

    fn fill(&self, block: &StreamBlock<R>, bytes: u64, pattern: [u32; 2]) -> Result<()> {
        let address = block.range(0, bytes);
        if pattern[0] == pattern[1] {
            // SAFETY: `range` has checked that `bytes`, a multiple of 4, lie within the block.
            return self.failed("filling", unsafe { self.runtime.fill(address, pattern[0], bytes / 4) });
        }
        let pattern = [pattern; (PATTERN_BYTES / 8) as usize];
        let mut filled = bytes.min(PATTERN_BYTES);
        self.write(block, 0, &bytemuck::bytes_of(&pattern)[..filled as usize])?;
        while filled < bytes {
            let more = filled.min(bytes - filled);
            // SAFETY: the source is the first `more` bytes, the target the `more` bytes from `filled` on; `more` is at
            // most `filled`, so they do not overlap, and `filled + more` is at most `bytes`, which was checked.
            self.failed("filling", unsafe { self.runtime.copy(address, address + filled, more) })?;
            filled += more;
        }
        Ok(())
    }

    fn synchronize(&self) -> Result<()> {
        self.failed("running kernels", self.runtime.synchronize())
    }

    fn synchronize_all_streams(&self) -> Result<()> {
        self.failed("waiting for all streams", self.runtime.synchronize_all_streams())
    }

    fn start_timer(&self) -> Result<StreamTimer<R>> {
        Ok(StreamTimer { start: self.record()? })
    }

    fn stop_timer(&self, timer: StreamTimer<R>) -> Result<Duration> {
        let end = self.record()?;
        // SAFETY: both events are held, hence live.
        let milliseconds = unsafe { self.runtime.elapsed(timer.start.event, end.event) };
        let milliseconds = self.failed("reading a timer", milliseconds)?;
        Ok(Duration::from_secs_f64(f64::from(milliseconds.max(0.0)) * 1e-3))
    }

    fn statistics(&self) -> MemoryStatistics {
        self.blocks.statistics()
    }

    fn release_cached_memory(&self) {
        drop(self.blocks.release());
    }

    fn set_cached_memory_limit(&self, bytes: u64) {
        drop(self.blocks.set_limit(bytes));
    }
}
