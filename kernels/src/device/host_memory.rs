//! Host memory aligned to cache lines.

use bytemuck::{Pod, Zeroable};

/// The alignment of CPU buffers and its unit of allocation: 64 bytes, a cache line and the widest SIMD register.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct CacheLine([u8; 64]);

/// Bytes in host memory, starting at a multiple of 64.
pub(crate) struct HostMemory {
    lines: Vec<CacheLine>,
    bytes: usize,
}

impl HostMemory {
    /// Zeros; `None` where the host has no room. The pages are first touched by whoever writes them.
    pub(crate) fn zeros(bytes: usize) -> Option<Self> {
        let lines = bytemuck::allocation::try_zeroed_vec(bytes.div_ceil(size_of::<CacheLine>())).ok()?;
        Some(Self { lines, bytes })
    }

    /// All bytes, as values.
    pub(crate) fn values<T: Pod>(&self) -> &[T] {
        bytemuck::cast_slice(&bytemuck::cast_slice::<_, u8>(&self.lines)[..self.bytes])
    }

    /// All bytes, as values for writing.
    pub(crate) fn values_mut<T: Pod>(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut bytemuck::cast_slice_mut::<_, u8>(&mut self.lines)[..self.bytes])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_cache_line_and_is_zero() {
        for bytes in [0, 4, 64, 1000, 1 << 20] {
            let memory = HostMemory::zeros(bytes).unwrap();
            let values = memory.values::<u32>();
            assert_eq!(values.len(), bytes / 4);
            assert_eq!(values.as_ptr() as usize % 64, 0);
            assert!(values.iter().all(|&value| value == 0));
        }
    }

    #[test]
    fn refuses_what_cannot_be_addressed() {
        assert!(HostMemory::zeros(isize::MAX as usize - 63).is_none());
    }
}
