//! Blocks of a wgpu device, and copies.

use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use wgpu::{Buffer, BufferDescriptor, BufferUsages, ErrorFilter, MapMode};

use super::context::WgpuContext;
use super::timer::WgpuTimer;
use crate::device::allocator::{MemoryStatistics, block_size};
use crate::device::lock;
use crate::device::memory::Context;
use crate::{Error, Result};

/// Copies to and from the host pass through staging memory in pieces of this size.
const PIECE: u64 = 32 << 20;

/// A wgpu buffer with a number that no other one has, by which bind groups are found again.
pub(crate) struct WgpuBlock {
    pub(super) buffer: Buffer,
    pub(super) id: u64,
}

impl WgpuContext {
    /// The largest buffer a kernel can be given.
    fn largest_block(&self) -> u64 {
        self.limits.max_buffer_size.min(self.limits.max_storage_buffer_binding_size)
    }

    /// A number that no other block has.
    pub(super) fn new_block_id(&self) -> u64 {
        self.next_block.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn create_buffer(&self, label: &str, size: u64, usage: BufferUsages) -> Result<Buffer> {
        let (buffer, error) = self.scoped(&[ErrorFilter::OutOfMemory, ErrorFilter::Validation], || {
            self.device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        });
        match error {
            None => Ok(buffer),
            Some(error) => Err(Error::OutOfMemory {
                device: self.id(),
                requested: size,
                in_use: self.statistics().in_use,
                reason: error.to_string(),
            }),
        }
    }

    /// Lets go of blocks that left the cache.
    fn free(&self, blocks: Vec<WgpuBlock>) {
        if !blocks.is_empty() {
            lock(&self.recorder).forget_bind_groups();
        }
    }

    /// Copies one piece to the host.
    fn read_piece(&self, block: &WgpuBlock, offset: u64, values: &mut [u8]) -> Result<()> {
        let bytes = values.len() as u64;
        let size = block_size(bytes, u64::MAX);
        let staging = self.staging.take(size, || {
            self.create_buffer("staging", size, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
        })?;
        let submission = {
            let mut recorder = lock(&self.recorder);
            recorder.encoder(self).copy_buffer_to_buffer(&block.buffer, offset, &staging, 0, bytes);
            recorder.submit(self)?
        };
        let (sender, receiver) = mpsc::channel();
        staging.map_async(MapMode::Read, 0..bytes, move |result| drop(sender.send(result)));
        self.wait(submission)?;
        self.check("copying to the host")?;
        // Another thread's wait may be the one that runs the callback.
        let mapped = receiver.recv().map_err(|error| self.failed("copying to the host", error))?;
        mapped.map_err(|error| self.failed("copying to the host", error))?;
        {
            let view = staging
                .get_mapped_range(0..bytes)
                .map_err(|error| self.failed("copying to the host", format!("{error:?}")))?;
            values.copy_from_slice(&view);
        }
        staging.unmap();
        drop(self.staging.put(size, staging));
        Ok(())
    }
}

impl Context for WgpuContext {
    type Block = WgpuBlock;
    type Timer = WgpuTimer;

    fn allocate(&self, bytes: u64) -> Result<(WgpuBlock, u64)> {
        let limit = self.largest_block();
        if bytes > limit {
            return Err(Error::BufferTooLarge { device: self.id(), requested: bytes, limit });
        }
        let size = block_size(bytes, limit);
        let block = self.blocks.take(size, || {
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
            let buffer = self.create_buffer("block", size, usage)?;
            Ok(WgpuBlock { buffer, id: self.new_block_id() })
        })?;
        Ok((block, size))
    }

    fn release(&self, block: WgpuBlock, size: u64) {
        self.free(self.blocks.put(size, block));
    }

    fn write(&self, block: &WgpuBlock, offset: u64, values: &[u8]) -> Result<()> {
        let mut recorder = lock(&self.recorder);
        // A write takes effect before everything that is submitted after it, so what was recorded before it goes first.
        recorder.submit_commands(self)?;
        let mut offset = offset;
        for piece in values.chunks(PIECE as usize) {
            self.queue.write_buffer(&block.buffer, offset, piece);
            offset += piece.len() as u64;
            recorder.bytes_to_upload += piece.len() as u64;
            if recorder.bytes_to_upload >= PIECE {
                recorder.submit(self)?;
            }
        }
        self.check("copying from the host")
    }

    fn read(&self, block: &WgpuBlock, offset: u64, values: &mut [u8]) -> Result<()> {
        let mut offset = offset;
        for piece in values.chunks_mut(PIECE as usize) {
            self.read_piece(block, offset, piece)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    fn copy(
        &self,
        from: &WgpuBlock,
        from_offset: u64,
        to: &WgpuBlock,
        to_offset: u64,
        bytes: u64,
    ) -> Result<()> {
        let mut recorder = lock(&self.recorder);
        recorder.encoder(self).copy_buffer_to_buffer(&from.buffer, from_offset, &to.buffer, to_offset, bytes);
        Ok(())
    }

    fn fill(&self, block: &WgpuBlock, bytes: u64, pattern: [u32; 2]) -> Result<()> {
        if pattern == [0, 0] {
            lock(&self.recorder).encoder(self).clear_buffer(&block.buffer, 0, Some(bytes));
            return Ok(());
        }
        self.enqueue_fill(block, bytes, pattern)
    }

    fn synchronize(&self) -> Result<()> {
        lock(&self.recorder).submit(self)?;
        self.wait(None)?;
        self.check("running kernels")
    }

    fn start_timer(&self) -> Result<WgpuTimer> {
        self.record_start()
    }

    fn stop_timer(&self, timer: WgpuTimer) -> Result<Duration> {
        self.record_stop(&timer)
    }

    fn statistics(&self) -> MemoryStatistics {
        self.blocks.statistics()
    }

    fn release_cached_memory(&self) {
        self.free(self.blocks.release());
        drop(self.staging.release());
    }

    fn set_cached_memory_limit(&self, bytes: u64) {
        self.free(self.blocks.set_limit(bytes));
    }
}
