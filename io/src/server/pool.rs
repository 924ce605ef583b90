//! Buffers of messages, used again and again, and the count of their memory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::bell::Bell;
use super::lock;
use super::preparation::{AHEAD, touched};
use crate::layout::Layout;
use crate::plan::{Kind, Message, Metadata, Points};

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
    /// Calls the thread that prepares buffers.
    pub(super) bell: Bell,
}

#[derive(Default)]
struct State {
    /// Each the only handle of its message, a field without metadata.
    idle: Vec<Arc<Message>>,
    idle_bytes: u64,
    used: u64,
    /// The most that the pool may have (bytes), and values of a field, both of the last one.
    limit: u64,
    length: usize,
    layout: Option<Layout>,
    preparing: Option<Preparing>,
}

/// A buffer that is being made. It counts as memory from its begin on.
struct Preparing {
    bytes: u64,
    called_off: Arc<AtomicBool>,
}

impl Pool {
    pub(super) fn new(gauge: Arc<Gauge>) -> Self {
        Self { state: Mutex::default(), gauge, bell: Bell::default() }
    }

    /// A field, or with `points` a part of one, with a copy of `values`, in memory of an earlier one of the same length where there is one. Idle memory
    /// is freed so that the pool has at most `limit` bytes.
    pub(super) fn fill(
        &self,
        metadata: Metadata,
        layout: &Layout,
        points: Option<&Points>,
        values: &[f64],
        limit: u64,
    ) -> Arc<Message> {
        let bytes = metadata.bytes() + size_of_val(values) as u64;
        let mut state = lock(&self.state);
        let fits = |idle: &Arc<Message>| holds(idle, values.len());
        let mut found = state.idle.iter().rposition(fits).map(|number| {
            let message = state.idle.remove(number);
            state.idle_bytes -= message.kind.bytes();
            self.gauge.subtract(message.kind.bytes());
            message
        });
        self.account(&mut state, bytes, limit);
        state.length = values.len();
        if state.layout.as_ref() != Some(layout) {
            state.layout = Some(layout.clone());
        }
        let short = state.lacks(AHEAD);
        drop(state);
        if short {
            self.bell.ring();
        }
        if let Some(message) = found.as_mut().and_then(Arc::get_mut)
            && let Kind::Field { values: held, .. } = &mut message.kind
        {
            message.metadata = metadata;
            held.clear();
            held.extend_from_slice(values);
            let values = std::mem::take(held);
            message.kind = kind(layout, points, values);
            return found.expect("just filled");
        }
        Arc::new(Message { metadata, kind: kind(layout, points, values.to_vec()) })
    }

    /// Takes over a message with its memory.
    pub(super) fn adopt(&self, message: Message, limit: u64) -> Arc<Message> {
        self.account(&mut lock(&self.state), weight(&message), limit);
        Arc::new(message)
    }

    /// Makes buffers for fields of a layout, here and now, until `count` are idle or `limit` is reached. How many there are.
    pub(super) fn prepare_for(&self, layout: &Layout, count: usize, limit: u64) -> usize {
        let length = layout.points();
        {
            let mut state = lock(&self.state);
            (state.length, state.layout, state.limit) = (length, Some(layout.clone()), limit);
        }
        while self.prepare(count) {}
        lock(&self.state).idle.iter().filter(|idle| holds(idle, length)).count()
    }

    /// Makes one buffer more for fields as long as the last one, where fewer than `ahead` wait and there is room. Whether it
    /// has.
    pub(super) fn prepare(&self, ahead: usize) -> bool {
        let called_off = Arc::new(AtomicBool::new(false));
        let (length, bytes, layout) = {
            let mut state = lock(&self.state);
            let (length, bytes) = (state.length, (state.length * size_of::<f64>()) as u64);
            let Some(layout) = state.layout.clone().filter(|_| state.lacks(ahead)) else { return false };
            state.preparing = Some(Preparing { bytes, called_off: called_off.clone() });
            self.gauge.add(bytes);
            (length, bytes, layout)
        };
        let values = touched(length, &called_off);
        let mut state = lock(&self.state);
        // Whoever called it off has counted it out.
        if called_off.load(Ordering::Relaxed) {
            return false;
        }
        state.preparing = None;
        match values {
            Some(values) => {
                state.idle_bytes += bytes;
                let kind = Kind::Field { layout, values };
                // Not the first to be used: what has been used before may still be in the cache.
                state.idle.insert(0, Arc::new(Message { metadata: Metadata::new(), kind }));
                true
            }
            None => {
                self.gauge.subtract(bytes);
                false
            }
        }
    }

    fn account(&self, state: &mut State, bytes: u64, limit: u64) {
        state.limit = limit;
        self.free(state, limit.saturating_sub(bytes));
        state.used += bytes;
        self.gauge.add(bytes);
    }

    /// Frees idle memory, oldest first, until there is at most `limit`.
    pub(super) fn trim(&self, limit: u64) {
        let mut state = lock(&self.state);
        state.limit = limit;
        self.free(&mut state, limit);
    }

    fn free(&self, state: &mut State, limit: u64) {
        if state.held() > limit
            && let Some(Preparing { bytes, called_off }) = state.preparing.take()
        {
            called_off.store(true, Ordering::Relaxed);
            self.gauge.subtract(bytes);
        }
        while state.held() > limit && !state.idle.is_empty() {
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
        if let Kind::Part { layout, values, .. } = &mut last.kind {
            let (layout, values) = (layout.clone(), std::mem::take(values));
            last.kind = Kind::Field { layout, values };
        }
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

impl State {
    /// Memory in use, idle, and on its way to being idle (bytes).
    fn held(&self) -> u64 {
        self.used + self.idle_bytes + self.preparing.as_ref().map_or(0, |preparing| preparing.bytes)
    }

    /// Whether fewer than `ahead` buffers wait for a field as long as the last one, with room for one more.
    fn lacks(&self, ahead: usize) -> bool {
        let bytes = (self.length * size_of::<f64>()) as u64;
        let waiting = || self.idle.iter().filter(|idle| holds(idle, self.length)).count();
        self.preparing.is_none() && self.held() + bytes <= self.limit && waiting() < ahead
    }
}

fn kind(layout: &Layout, points: Option<&Points>, values: Vec<f64>) -> Kind {
    let layout = layout.clone();
    match points {
        None => Kind::Field { layout, values },
        Some(points) => Kind::Part { layout, points: points.clone(), values },
    }
}

/// Whether a message has memory for exactly so many values.
fn holds(message: &Message, length: usize) -> bool {
    matches!(&message.kind, Kind::Field { values, .. } if values.capacity() == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_and_freed_for_other_lengths() {
        let gauge = Arc::new(Gauge::default());
        let pool = Pool::new(gauge.clone());
        let layout = Layout::global_lat_lon(4, 2);
        let fill = |count: usize| pool.fill(Metadata::new(), &layout, None, &vec![1.5; count], 200);
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

    #[test]
    fn what_is_being_made_gives_way_to_a_field() {
        let gauge = Arc::new(Gauge::default());
        let pool = Pool::new(gauge.clone());
        let layout = Layout::global_lat_lon(4, 2);
        assert_eq!((pool.prepare_for(&layout, 2, 200), gauge.now()), (2, 128));
        // A third is on its way, as by the thread that makes them.
        let called_off = Arc::new(AtomicBool::new(false));
        lock(&pool.state).preparing = Some(Preparing { bytes: 64, called_off: called_off.clone() });
        gauge.add(64);
        let first = pool.fill(Metadata::new(), &layout, None, &[1.5; 8], 200);
        assert_eq!((gauge.now(), called_off.load(Ordering::Relaxed)), (192, false));
        let second = pool.adopt(Message { metadata: Metadata::new(), kind: Kind::Encoded(vec![0; 64]) }, 200);
        assert_eq!((gauge.now(), called_off.load(Ordering::Relaxed)), (192, true));
        assert!(touched(1 << 20, &called_off).is_none());
        pool.release(first);
        pool.release(second);
        assert_eq!(gauge.peak(), 192);
    }
}
