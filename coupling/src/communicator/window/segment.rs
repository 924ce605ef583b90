//! Memory that several threads or processes see.
#![allow(unsafe_code)]

use std::alloc::{self, Layout};
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// What a segment is aligned to, and the places in it: a page.
pub(in crate::communicator) const PAGE: usize = 4096;
/// Bytes between counters, so that no two are on a cache line.
const COUNTER: usize = 128;

/// Bytes, 0 at first, whose pages take room when they are first written. They begin with counters on a page of their own.
pub(in crate::communicator) struct Segment {
    first: NonNull<u8>,
    bytes: usize,
    origin: Origin,
}

enum Origin {
    Heap(Layout),
    #[cfg(target_os = "linux")]
    Mapped,
}

// SAFETY: it is an address with a length; what is done with the bytes is for those who ask for them to agree on.
unsafe impl Send for Segment {}
// SAFETY: as above.
unsafe impl Sync for Segment {}

impl Segment {
    /// Of this process alone; nothing where there is no room.
    pub(super) fn on_heap(bytes: usize) -> Option<Self> {
        let layout = Layout::from_size_align(bytes.max(PAGE), PAGE).ok()?;
        // SAFETY: the layout is not empty.
        let first = NonNull::new(unsafe { alloc::alloc_zeroed(layout) })?;
        Some(Self { first, bytes: layout.size(), origin: Origin::Heap(layout) })
    }

    /// The first bytes of a file in memory.
    #[cfg(target_os = "linux")]
    pub(super) fn of_file(
        file: impl std::os::fd::AsFd,
        bytes: usize,
        is_written: bool,
    ) -> std::io::Result<Self> {
        use rustix::mm::{MapFlags, ProtFlags};

        let protection = if is_written { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        // SAFETY: the system chooses a place where nothing is.
        let first =
            unsafe { rustix::mm::mmap(std::ptr::null_mut(), bytes, protection, MapFlags::SHARED, file, 0)? };
        let first = NonNull::new(first.cast()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        Ok(Self { first, bytes, origin: Origin::Mapped })
    }

    /// One of the counters on the first page.
    pub(super) fn counter(&self, index: usize) -> &AtomicU64 {
        assert!((index + 1) * COUNTER <= PAGE.min(self.bytes), "counter {index} of a page");
        // SAFETY: within the segment, aligned to 8 bytes, and read and written by nothing but counters.
        unsafe { AtomicU64::from_ptr(self.first.as_ptr().add(index * COUNTER).cast()) }
    }

    /// Bytes behind the first page.
    ///
    /// # Safety
    /// Nobody writes to them as long as they are borrowed.
    pub(super) unsafe fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.expect(&range);
        // SAFETY: within the segment; the caller promises that they do not change.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr().add(range.start), range.len()) }
    }

    /// Bytes behind the first page, to be written.
    ///
    /// # Safety
    /// Nobody else reads or writes them as long as they are borrowed, and the segment may be written by this process.
    #[expect(
        clippy::mut_from_ref,
        reason = "other bytes of the segment are in use by others at the same time"
    )]
    pub(super) unsafe fn bytes_mut(&self, range: Range<usize>) -> &mut [u8] {
        self.expect(&range);
        // SAFETY: within the segment; the caller promises that they are nobody else's.
        unsafe { std::slice::from_raw_parts_mut(self.first.as_ptr().add(range.start), range.len()) }
    }

    fn expect(&self, range: &Range<usize>) {
        assert!(
            PAGE <= range.start && range.start <= range.end && range.end <= self.bytes,
            "bytes {range:?} of a segment of {}",
            self.bytes
        );
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        match self.origin {
            // SAFETY: allocated with this layout, and nobody borrows it any more.
            Origin::Heap(layout) => unsafe { alloc::dealloc(self.first.as_ptr(), layout) },
            // SAFETY: mapped with this length, and nobody borrows it any more. A failure would leave it mapped.
            #[cfg(target_os = "linux")]
            Origin::Mapped => drop(unsafe { rustix::mm::munmap(self.first.as_ptr().cast(), self.bytes) }),
        }
    }
}
