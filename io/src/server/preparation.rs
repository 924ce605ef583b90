//! Buffers whose memory is there before a field comes.
//!
//! Memory that a process has never used is made by the system page by page when it is first written to, which takes several times
//! as long as the copy of the field. A thread does that ahead of the caller, for fields as long as the last one.

use std::sync::atomic::{AtomicBool, Ordering};

use super::bell::Bell;
use super::pool::Pool;

/// Buffers that are ready for the next fields: more than a model writes while one is made.
pub(super) const AHEAD: usize = 4;

/// Values that are written between two looks at whether the memory is still to be had: 64 KiB.
const PIECE: usize = 1 << 13;

/// Makes buffers until the bell says stop.
pub(super) fn work(bell: &Bell, pool: &Pool) {
    while bell.hear() {
        while pool.prepare(AHEAD) {}
    }
}

/// Memory of `length` values that has been written to; None where it has been called off meanwhile.
pub(super) fn touched(length: usize, called_off: &AtomicBool) -> Option<Vec<f64>> {
    let mut values = Vec::with_capacity(length);
    while values.len() < length {
        if called_off.load(Ordering::Relaxed) {
            return None;
        }
        // Not 0: such memory would be the system's one page of zeros.
        values.resize(length.min(values.len() + PIECE), 1.0);
    }
    // What the allocator added would be no field's.
    (values.capacity() == length).then_some(values)
}
