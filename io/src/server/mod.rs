//! A server around the plans: the model hands over its fields and goes on, whatever files, disks and viewers do.
//!
//! ```
//! use terrella_io::layout::Layout;
//! use terrella_io::plan::{Metadata, Plans};
//! use terrella_io::server::{Server, Settings};
//!
//! let mut plans = Plans::from_yaml(
//!     "
//! plans:
//!   - name: archive
//!     actions:
//!       - {type: encode, format: raw}
//!       - {type: sink, sinks: [{type: memory, name: bytes}]}
//!   - name: viewer
//!     delivery: best-effort
//!     actions:
//!       - {type: select, match: [{name: t}]}
//!       - {type: sink, sinks: [{type: discard}]}
//! ",
//! )?;
//! let bytes = plans.memory("bytes")?;
//! let mut server = Server::start(plans, Settings::default())?;
//! let layout = Layout::global_lat_lon(8, 5);
//! for step in 1..=24 {
//!     let metadata = Metadata::new().with("name", "t").with("step", step);
//!     server.write_field(metadata, &layout, &[280.0; 40])?;
//! }
//! server.finish()?;
//! assert_eq!(bytes.len(), 24);
//! assert_eq!(server.metrics().plans[1].delivered_messages, 24);
//! # Ok::<(), terrella_io::Error>(())
//! ```
//!
//! # What waits for whom
//!
//! Each plan has a thread, a queue, and an equal share of [`Settings::memory`], so that a consumer that is slow, or stands
//! still, holds up its own plan and nothing else. [`Server::write_field`] copies the values once, for all plans that want
//! them, and never waits for a plan: it takes locks that a plan's thread holds only while it moves entries of a queue. Where
//! a plan's share is full, its `delivery` decides:
//!
//! - `lossless` (the default): messages go to the disk ([`Settings::spill`]) and take their turn from there. A thread begins
//!   with that when half of the share is full. Where the share is full all the same, because the disk is full, or slower than
//!   the model, or there is none, the call returns [`Error::Full`] at once, and no plan has had the message: the caller may try
//!   again, and [`Server::wait_for_room`] tells when. Only a message that has no place in the share beside another one is
//!   written to the disk in the call.
//! - `best-effort`: the oldest step of which nothing was delivered is dropped as a whole, with what is still to come of it;
//!   where there is none, the rest of the message's own step. Consumers are told in the place of what is missing
//!   ([`Gap`]), and every message is counted. A step is all messages with the same `startDate`,
//!   `startTime`, `step`, `date` and `time`. Messages without `step` and `date`, such as masks, are for all steps to come:
//!   they take the place of steps, where they alone fill the memory they go to the disk, and only without one they are
//!   dropped. Such a plan never makes a call fail for want of room.
//!
//! The order of messages within a plan is that of the calls. Several threads may call; each call is as if alone.
//!
//! # Errors
//!
//! What a plan's action does not skip (`on-error`) is told by the next call, as [`Error::Output`] with plan, action and
//! message. That call has done nothing else, so that it can be repeated; the plan goes on with its next message.
//! [`Server::finish`] returns the first error of the run even if it was told before. A panic in a plan, or in a function
//! connected to it, ends that plan alone and is told in the same way; what it had not delivered is counted as lost.
//!
//! # Memory
//!
//! Queued messages, those in work and idle buffers together never take more than [`Settings::memory`], by count of their
//! data and metadata ([`Metrics::memory_peak`]); layouts and lists of points are shared with the caller and not counted. A
//! buffer is used again for the next field of the same length, so that a call allocates nothing once as many buffers of a
//! length have been made as are needed at the same time, but for each new step of a best-effort plan. A thread makes the next
//! few before they are needed, since memory that is used for the first time costs several copies of a field;
//! [`Server::prepare`] makes more of them before the first step.
//!
//! Ranks that only serve output are [`crate::transport`]'s affair; both their ends are such servers.

mod asking;
mod bell;
pub(crate) mod codec;
mod endpoint;
mod lane;
mod metrics;
mod pool;
mod preparation;
mod queue;
mod settings;
mod spill;
mod spiller;
mod start;
mod steps;
mod taking;
mod worker;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use metrics::{ActionMetrics, Metrics, PlanMetrics};
pub use settings::{Settings, SpillSettings};
pub(crate) use taking::To;

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::{Message, Metadata, Points};
use endpoint::Endpoint;
pub(crate) use lane::Answer;
use lane::{Lane, Way};
use spill::Spill;
use spiller::Spiller;
use taking::Source;
use worker::Shared;

#[allow(unused_imports, reason = "for the documentation")]
use crate::plan::{Gap, Plans};

/// Plans that run in threads of their own.
///
/// Dropped, it finishes as [`Server::finish`] does, and waits.
pub struct Server {
    producer: Mutex<Producer>,
    threads: Vec<JoinHandle<()>>,
    /// The threads that bring messages to the disk and make buffers.
    helpers: Vec<JoinHandle<()>>,
    spiller: Arc<Spiller>,
    endpoint: Option<Endpoint>,
    view: View,
}

/// What a call needs for itself.
struct Producer {
    spill: Option<Arc<Mutex<Spill>>>,
    finished: bool,
    /// Of each plan, for the message at hand.
    ways: Vec<Way>,
    /// The largest message of each plan (bytes).
    largest: Vec<u64>,
}

/// What metrics are made of.
#[derive(Clone)]
struct View {
    lanes: Arc<[Lane]>,
    shared: Arc<Shared>,
    memory: u64,
    disk_limit: u64,
    disk: Arc<AtomicU64>,
}

impl Server {
    /// Copies a field [`layout.points()`, in the layout's order] for the plans that want it. Returns without waiting for
    /// them; an error means that no plan has had it.
    pub fn write_field(&self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.copy_to(To::All, metadata, layout, None, values)
    }

    /// The same with a part of a field: `values` at some `points` of the layout.
    pub fn write_part(
        &self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.copy_to(To::All, metadata, layout, Some(points), values)
    }

    /// The same with a message that the server may keep.
    pub fn write(&self, message: Message) -> Result<()> {
        self.take(message.metadata, Source::Owned(message.kind), To::All)
    }

    /// Makes memory for `count` fields of a layout, as far as there may be so much, and returns how many there is memory for.
    /// For a model that writes many fields at once: memory that is not there yet costs the first of these calls several times the
    /// copy of a field.
    pub fn prepare(&self, layout: &Layout, count: usize) -> usize {
        let producer = lock(&self.producer);
        let bytes = (layout.points() * size_of::<f64>()) as u64;
        let reserved: u64 = producer.largest.iter().map(|largest| bytes.max(*largest)).sum();
        self.view.shared.pool.prepare_for(layout, count, self.view.memory.saturating_sub(reserved))
    }

    /// Waits until the message that the last [`Error::Full`] was about would be taken, at most so long. Whether it would.
    /// For a model that rather waits than loses: how long is its own affair, and not that of [`Server::write_field`].
    pub fn wait_for_room(&self, longest: Duration) -> bool {
        /// A disk that was full is tried again so often.
        const PATIENCE: Duration = Duration::from_millis(100);
        // The clock ends somewhere.
        let end = Instant::now() + longest.min(Duration::from_secs(1 << 30));
        loop {
            self.spiller.bell.ring();
            let soon = end.min(Instant::now() + PATIENCE);
            if self.view.lanes.iter().all(|lane| lane.wait_for_room(soon)) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
        }
    }

    /// Waits until the plans have had all messages so far and their sinks have brought them to the disk. Returns the first
    /// error that has not been told.
    pub fn flush(&self) -> Result<()> {
        for (lane, number) in self.view.lanes.iter().zip(self.ask_flush()) {
            lane.wait_for_flush(number);
        }
        self.view.shared.failures.tell()
    }

    /// Flushes, and returns what the plans remember then: exactly of the messages so far. The state of a checkpoint
    /// ([`Plans::restore`]).
    ///
    /// # Errors
    /// As of [`Server::flush`]; [`Error::Server`] where a plan is no more.
    pub fn state(&self) -> Result<Vec<u8>> {
        let asked = self.ask_states();
        for (lane, (number, _)) in self.view.lanes.iter().zip(&asked) {
            lane.wait_for_flush(*number);
        }
        self.view.shared.failures.tell()?;
        self.answered(asked)
    }

    /// Waits until the plans have had all messages, and ends them. Returns the first error of the run. After it, metrics can
    /// still be asked for.
    pub fn finish(&mut self) -> Result<()> {
        lock(&self.producer).finished = true;
        self.view.lanes.iter().for_each(Lane::close);
        // The helpers last: plans may wait for what they hold.
        let mut ended: Vec<_> = self.threads.drain(..).map(JoinHandle::join).collect();
        self.stop_helpers();
        ended.extend(self.helpers.drain(..).map(JoinHandle::join));
        self.endpoint = None;
        if ended.iter().any(std::result::Result::is_err) {
            return Err(Error::Server { reason: "lost a thread by a panic".into() });
        }
        self.view.shared.failures.first()
    }

    /// Ends without waiting: what the plans have not begun is counted as lost. A plan whose consumer stands still keeps its
    /// thread, which ends when the consumer lets it.
    pub fn abandon(mut self) -> Metrics {
        lock(&self.producer).finished = true;
        for lane in &*self.view.lanes {
            lane.close();
            lane.abandon(&self.view.shared.pool);
        }
        self.stop_helpers();
        self.threads.clear();
        self.helpers.clear();
        self.metrics()
    }

    fn stop_helpers(&self) {
        self.spiller.bell.stop();
        self.view.shared.pool.bell.stop();
    }

    /// What has been done and what waits.
    pub fn metrics(&self) -> Metrics {
        self.view.metrics()
    }

    /// Where metrics are served, with the port that the system chose for 0.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.endpoint.as_ref().map(|endpoint| endpoint.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Who wants to know calls `finish`.
        let _ = self.finish();
    }
}

impl View {
    fn metrics(&self) -> Metrics {
        Metrics {
            memory_limit: self.memory,
            memory: self.shared.gauge.now(),
            memory_peak: self.shared.gauge.peak(),
            disk_limit: self.disk_limit,
            disk: self.disk.load(Ordering::Relaxed),
            failures: self.shared.failures.count(),
            plans: self.lanes.iter().map(Lane::metrics).collect(),
        }
    }
}

/// A lock whose data are whole even if a thread panicked, since no foreign code runs under it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}
