//! Hints to the memory: what will be read or written soon comes into the second cache while other things are computed.
//!
//! Coefficients and fields of many columns do not fit into caches, and are read in pieces of a kilobyte that the machine's own
//! prefetching does not foresee.

use super::lanes::Line;

/// Bytes of a line of the cache.
const BYTES: usize = size_of::<Line>();

/// Asks for what holds some values, in the first cache.
#[inline(always)]
pub(super) fn prefetch<T>(values: &[T]) {
    each_line(values, ask::<3>);
}

/// Asks for what holds some values, in the second cache.
#[inline(always)]
pub(super) fn prefetch_far<T>(values: &[T]) {
    each_line(values, ask::<2>);
}

/// Asks for one of so many shares of what holds some values, in the second cache.
#[inline(always)]
pub(super) fn prefetch_share<T>(values: &[T], share: usize, shares: usize) {
    let length = values.len().div_ceil(shares);
    let begin = values.len().min(share * length);
    prefetch_far(&values[begin..values.len().min(begin + length)]);
}

#[inline(always)]
fn each_line<T>(values: &[T], ask: impl Fn(*const u8)) {
    let first = values.as_ptr().cast::<u8>();
    for byte in (0..size_of_val(values)).step_by(BYTES) {
        ask(first.wrapping_add(byte));
    }
}

#[inline(always)]
fn ask<const HINT: i32>(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::_mm_prefetch;
        #[expect(unsafe_code, reason = "the hint has no safe form")]
        // SAFETY: a prefetch reads and writes nothing, and has no effect where there is no memory.
        unsafe {
            _mm_prefetch::<HINT>(address.cast());
        }
    }
    let _ = address;
}

/// What to ask for, a few lines at a time, between other work.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// First byte and number of bytes.
    parts: Vec<(usize, usize)>,
    /// Of the parts that were not asked for yet, the first one, and the byte in it.
    part: usize,
    byte: usize,
    /// Lines at a time.
    rate: usize,
}

impl Ahead {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.parts.clear();
        (self.part, self.byte, self.rate) = (0, 0, 0);
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Adds the memory of some values.
    pub(super) fn add<T>(&mut self, values: &[T]) {
        self.parts.push((values.as_ptr().addr(), size_of_val(values)));
    }

    /// Spreads what there is over a number of calls of [`Self::ask`].
    pub(super) fn spread(&mut self, calls: usize) {
        let lines: usize = self.parts.iter().map(|(_, bytes)| bytes.div_ceil(BYTES)).sum();
        self.rate = lines.div_ceil(calls.max(1));
    }

    /// Asks for the next lines.
    #[inline(always)]
    pub(super) fn ask(&mut self) {
        for _ in 0..self.rate {
            let Some(&(first, bytes)) = self.parts.get(self.part) else { return };
            ask::<2>(std::ptr::without_provenance(first + self.byte));
            self.byte += BYTES;
            if self.byte >= bytes {
                (self.part, self.byte) = (self.part + 1, 0);
            }
        }
    }
}
