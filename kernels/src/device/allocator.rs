//! Freed blocks of device memory, kept for reuse.
//!
//! Asking a driver for memory costs microseconds to milliseconds and may wait for the device, so a freed block
//! goes to a list of its size class and the next buffer of that class takes it. All work of a device runs in one
//! order (one stream, one queue), so a block may be reused before the work that last used it has finished.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use super::lock;
use crate::Result;

/// Blocks are multiples of this many bytes.
const SMALLEST_BLOCK: u64 = 256;

/// What one device's allocator holds and has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStatistics {
    /// Bytes in live buffers, rounded up to their blocks.
    pub in_use: u64,
    /// Largest value of `in_use` so far.
    pub peak_in_use: u64,
    /// Bytes in free blocks that wait for reuse.
    pub cached: u64,
    /// Blocks asked from the driver so far.
    pub allocations: u64,
    /// Blocks served from the free lists so far.
    pub reuses: u64,
}

/// The size of the block that serves `bytes`: eight classes per power of two, so less than 1/8 is unused.
///
/// `limit` is the device's largest block; a class above it shrinks to it.
pub(crate) fn block_size(bytes: u64, limit: u64) -> u64 {
    let step = (bytes.next_power_of_two() / 16).max(SMALLEST_BLOCK);
    let class = bytes.max(1).next_multiple_of(step);
    if class > limit { bytes.next_multiple_of(4) } else { class }
}

/// Free blocks of type `B`, by size.
pub(crate) struct BlockCache<B> {
    state: Mutex<State<B>>,
}

struct State<B> {
    /// Per size the free blocks, oldest first, each with the time it was freed.
    free: BTreeMap<u64, VecDeque<(u64, B)>>,
    time: u64,
    limit: u64,
    statistics: MemoryStatistics,
}

impl<B> BlockCache<B> {
    /// An empty cache that keeps at most `limit` bytes of free blocks.
    pub(crate) fn new(limit: u64) -> Self {
        let statistics = MemoryStatistics::default();
        Self { state: Mutex::new(State { free: BTreeMap::new(), time: 0, limit, statistics }) }
    }

    /// A block of exactly `size` bytes ([`block_size`]): a free one or, failing that, a new one.
    ///
    /// Where `allocate` fails, all free blocks are given back to the driver and it is tried once more.
    pub(crate) fn take(&self, size: u64, allocate: impl Fn() -> Result<B>) -> Result<B> {
        let mut state = lock(&self.state);
        let reused = state.free.get_mut(&size).and_then(VecDeque::pop_back);
        let block = match reused {
            Some((_, block)) => {
                state.statistics.cached -= size;
                state.statistics.reuses += 1;
                block
            }
            None => {
                // Other threads must not wait for the driver behind this lock.
                drop(state);
                let block = match allocate() {
                    Ok(block) => block,
                    Err(_) if self.statistics().cached > 0 => {
                        drop(self.release());
                        allocate()?
                    }
                    Err(error) => return Err(error),
                };
                state = lock(&self.state);
                state.statistics.allocations += 1;
                block
            }
        };
        state.statistics.in_use += size;
        state.statistics.peak_in_use = state.statistics.peak_in_use.max(state.statistics.in_use);
        Ok(block)
    }

    /// Takes back a block of `size` bytes; returns the blocks that no longer fit into the limit, oldest first.
    pub(crate) fn put(&self, size: u64, block: B) -> Vec<B> {
        let mut state = lock(&self.state);
        state.time += 1;
        let time = state.time;
        state.free.entry(size).or_default().push_back((time, block));
        state.statistics.in_use -= size;
        state.statistics.cached += size;
        let limit = state.limit;
        state.shrink_to(limit)
    }

    /// Takes all free blocks out.
    pub(crate) fn release(&self) -> Vec<B> {
        lock(&self.state).shrink_to(0)
    }

    /// Sets the bound on free bytes; returns the blocks above it.
    pub(crate) fn set_limit(&self, limit: u64) -> Vec<B> {
        let mut state = lock(&self.state);
        state.limit = limit;
        state.shrink_to(limit)
    }

    pub(crate) fn statistics(&self) -> MemoryStatistics {
        lock(&self.state).statistics
    }
}

impl<B> State<B> {
    fn shrink_to(&mut self, limit: u64) -> Vec<B> {
        let mut removed = Vec::new();
        while self.statistics.cached > limit {
            let oldest = self
                .free
                .iter()
                .filter_map(|(&size, blocks)| blocks.front().map(|&(time, _)| (time, size)))
                .min();
            let Some((_, size)) = oldest else { break };
            let blocks = self.free.get_mut(&size).expect("the class was just seen");
            let (_, block) = blocks.pop_front().expect("the class was just seen to hold a block");
            if blocks.is_empty() {
                self.free.remove(&size);
            }
            self.statistics.cached -= size;
            removed.push(block);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::device::Device;

    #[test]
    fn block_sizes_waste_little() {
        let limit = u64::MAX;
        assert_eq!(block_size(0, limit), 256);
        assert_eq!(block_size(1, limit), 256);
        assert_eq!(block_size(256, limit), 256);
        assert_eq!(block_size(257, limit), 512);
        assert_eq!(block_size(1 << 20, limit), 1 << 20);
        for bytes in (4096..4_000_000).step_by(1237) {
            let size = block_size(bytes, limit);
            assert!(size >= bytes && size < bytes + bytes / 8 + 256, "{bytes} -> {size}");
            assert_eq!(block_size(size, limit), size);
        }
        // A buffer just below the device's limit still fits.
        assert_eq!(block_size(999_996, 1_000_000), 999_996);
    }

    #[test]
    fn blocks_are_reused_and_bounded() {
        let cache = BlockCache::new(1024);
        let new = |name: &'static str| move || Ok(name);
        assert_eq!(cache.take(512, new("a")).unwrap(), "a");
        assert_eq!(cache.take(512, new("b")).unwrap(), "b");
        assert_eq!(cache.take(256, new("c")).unwrap(), "c");
        assert!(cache.put(512, "a").is_empty());
        assert!(cache.put(256, "c").is_empty());
        assert_eq!(cache.take(512, new("d")).unwrap(), "a");
        assert!(cache.put(512, "a").is_empty());
        // 512 + 256 + 512 exceeds 1024: the block freed first ("c") goes.
        assert_eq!(cache.put(512, "b"), ["c"]);
        let statistics = cache.statistics();
        assert_eq!(
            statistics,
            MemoryStatistics { in_use: 0, peak_in_use: 1280, cached: 1024, allocations: 3, reuses: 1 }
        );
        assert_eq!(cache.set_limit(512), ["a"]);
        assert_eq!(cache.release(), ["b"]);
        assert_eq!(cache.statistics().cached, 0);
    }

    #[test]
    fn a_full_device_gets_its_free_blocks_back() {
        let cache = BlockCache::new(u64::MAX);
        assert_eq!(cache.take(256, || Ok(1)).unwrap(), 1);
        cache.put(256, 1);
        let full =
            || Error::OutOfMemory { device: Device::Cpu, requested: 512, in_use: 0, reason: "full".into() };
        let got = cache.take(512, || if cache.statistics().cached > 0 { Err(full()) } else { Ok(2) });
        assert_eq!(got.unwrap(), 2);
        assert!(cache.take(1024, || Err::<i32, _>(full())).is_err());
        assert_eq!(cache.statistics().in_use, 512);
    }
}
