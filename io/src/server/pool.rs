//! Buffers of messages, used again and again, and the count of their memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::layout::Layout;
use crate::plan::{Kind, Message, Metadata};

/// Memory of a message (bytes).
pub(super) fn weight(message: &Message) -> u64 {
    message.metadata.bytes() + message.kind.bytes()
}

/// Memory of messages that there is now, and the most that there ever was (bytes).
#[derive(Default)]
pub(super) struct Gauge {
    now: AtomicU64,
    peak: AtomicU64,
}

impl Gauge {
    pub(super) fn add(&self, bytes: u64) {
        let now = self.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn subtract(&self, bytes: u64) {
        self.now.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

/// Messages that several plans read, and their memory when all have.
pub(super) struct Pool {
    state: Mutex<State>,
    gauge: Arc<Gauge>,
}

#[derive(Default)]
struct State {
    /// Each the only handle of its message, a field without metadata.
    idle: Vec<Arc<Message>>,
    idle_bytes: u64,
    used: u64,
}

impl Pool {
    pub(super) fn new(gauge: Arc<Gauge>) -> Self {
        Self { state: Mutex::default(), gauge }
    }

    /// A message with a copy of `values`, in memory of an earlier one of the same length where there is one. Idle memory
    /// is freed so that the pool has at most `limit` bytes.
    pub(super) fn fill(
        &self,
        metadata: Metadata,
        layout: &Layout,
        values: &[f64],
        limit: u64,
    ) -> Arc<Message> {
        let bytes = metadata.bytes() + size_of_val(values) as u64;
        let mut state = lock(&self.state);
        let fits = |idle: &Arc<Message>| matches!(&idle.kind, Kind::Field { values: held, .. } if held.capacity() == values.len());
        let mut found = state.idle.iter().rposition(fits).map(|number| {
            let message = state.idle.remove(number);
            state.idle_bytes -= message.kind.bytes();
            self.gauge.subtract(message.kind.bytes());
            message
        });
        self.account(&mut state, bytes, limit);
        drop(state);
        if let Some(message) = found.as_mut().and_then(Arc::get_mut)
            && let Kind::Field { layout: place, values: held } = &mut message.kind
        {
            message.metadata = metadata;
            place.clone_from(layout);
            held.clear();
            held.extend_from_slice(values);
            return found.expect("just filled");
        }
        Arc::new(Message { metadata, kind: Kind::Field { layout: layout.clone(), values: values.to_vec() } })
    }

    /// Takes over a message with its memory.
    pub(super) fn adopt(&self, message: Message, limit: u64) -> Arc<Message> {
        self.account(&mut lock(&self.state), weight(&message), limit);
        Arc::new(message)
    }

    fn account(&self, state: &mut State, bytes: u64, limit: u64) {
        self.free(state, limit.saturating_sub(bytes));
        state.used += bytes;
        self.gauge.add(bytes);
    }

    /// Frees idle memory, oldest first, until there is at most `limit`.
    pub(super) fn trim(&self, limit: u64) {
        self.free(&mut lock(&self.state), limit);
    }

    fn free(&self, state: &mut State, limit: u64) {
        while state.used + state.idle_bytes > limit && !state.idle.is_empty() {
            let bytes = state.idle.remove(0).kind.bytes();
            state.idle_bytes -= bytes;
            self.gauge.subtract(bytes);
        }
    }

    /// Gives back one handle. The memory is idle when the last one is back.
    pub(super) fn release(&self, mut message: Arc<Message>) {
        let mut state = lock(&self.state);
        // Handles end under this lock only: exactly one is the last.
        let Some(last) = Arc::get_mut(&mut message) else {
            drop(message);
            return drop(state);
        };
        let bytes = weight(last);
        state.used -= bytes;
        self.gauge.subtract(bytes);
        if let Kind::Field { values, .. } = &last.kind
            && values.capacity() == values.len()
        {
            last.metadata = Metadata::new();
            let bytes = last.kind.bytes();
            state.idle_bytes += bytes;
            self.gauge.add(bytes);
            state.idle.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_freed_for_other_lengths() {
        let gauge = Arc::new(Gauge::default());
        let pool = Pool::new(gauge.clone());
        let layout = Layout::global_lat_lon(4, 2);
        let fill = |count: usize| pool.fill(Metadata::new(), &layout, &vec![1.5; count], 200);
        let address = |message: &Arc<Message>| match &message.kind {
            Kind::Field { values, .. } => values.as_ptr(),
            _ => unreachable!(),
        };
        let (first, second) = (fill(8), fill(8));
        assert_eq!(gauge.now(), 128);
        let place = address(&first);
        let other = first.clone();
        pool.release(first);
        assert_ne!(address(&fill(8)), place, "one plan still reads it");
        pool.release(other);
        assert_eq!(address(&fill(8)), place);
        pool.release(second);
        // 8 + 8 values are in use, 8 idle: those must go for 9 others.
        assert_eq!(gauge.now(), 3 * 64);
        fill(9);
        assert_eq!((gauge.now(), gauge.peak()), (2 * 64 + 72, 2 * 64 + 72));
    }
}
