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
mod steps;
mod worker;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use metrics::{ActionMetrics, Metrics, PlanMetrics};
pub use settings::{Settings, SpillSettings};

use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::{self, Gap, Kind, Message, Metadata, Plans, Points};
use endpoint::Endpoint;
pub(crate) use lane::Answer;
use lane::{Lane, Payload, Refusal, Way};
use pool::{Gauge, Pool};
use spill::{Data, Spill};
use spiller::Spiller;
use worker::{Failures, Shared};

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
    /// Starts a thread for each plan.
    pub fn start(plans: Plans, settings: Settings) -> Result<Self> {
        let plans = plans.into_plans()?;
        for (number, plan) in plans.iter().enumerate() {
            if plans[..number].iter().any(|other| other.name == plan.name) {
                let (name, got) = ("plan".into(), format!("'{}' twice", plan.name));
                return Err(Error::InvalidValue { name, got, expected: "different names".into() });
            }
        }
        let share = settings.memory / plans.len().max(1) as u64;
        let lanes: Arc<[Lane]> = plans.iter().map(|plan| Lane::new(plan, share)).collect();
        let spill = settings.spill.map(Spill::new).transpose()?;
        let gauge = Arc::new(Gauge::default());
        let shared = Shared { pool: Pool::new(gauge.clone()), gauge, failures: Failures::default() };
        let view = View {
            lanes: lanes.clone(),
            shared: Arc::new(shared),
            memory: settings.memory,
            disk_limit: spill.as_ref().map_or(0, Spill::limit),
            disk: spill.as_ref().map_or_else(Arc::default, Spill::used),
        };
        let for_endpoint = view.clone();
        let endpoint = settings
            .metrics
            .map(|address| Endpoint::new(address, move || for_endpoint.metrics()))
            .transpose()?;
        let count = lanes.len();
        let spill = spill.map(|spill| Arc::new(Mutex::new(spill)));
        let producer = Producer {
            spill: spill.clone(),
            finished: false,
            ways: vec![Way::Past; count],
            largest: vec![0; count],
        };
        // From here on dropping it stops the threads that have been started.
        let (producer, spiller) = (Mutex::new(producer), Arc::default());
        let (threads, helpers) = (Vec::new(), Vec::new());
        let mut server = Self { producer, threads, helpers, spiller, endpoint, view };
        let fail = |source| Error::Server { reason: format!("cannot start a thread: {source}") };
        if let Some(spill) = spill {
            let (view, spiller) = (server.view.clone(), server.spiller.clone());
            let work = move || spiller.work(&view.lanes, &spill, &view.shared.pool);
            let thread = std::thread::Builder::new().name("output spill".into()).spawn(work);
            server.helpers.push(thread.map_err(fail)?);
        }
        let shared = server.view.shared.clone();
        let work = move || preparation::work(&shared.pool.bell, &shared.pool);
        let thread = std::thread::Builder::new().name("output memory".into()).spawn(work);
        server.helpers.push(thread.map_err(fail)?);
        for (number, plan) in plans.into_iter().enumerate() {
            let view = server.view.clone();
            let work = move || worker::work(&view.lanes[number], plan, &view.shared);
            let thread = std::thread::Builder::new().name(format!("output {number}")).spawn(work);
            server.threads.push(thread.map_err(fail)?);
        }
        Ok(server)
    }

    /// Copies a field [`layout.points()`, in the layout's order] for the plans that want it. Returns without waiting for
    /// them; an error means that no plan has had it.
    pub fn write_field(&self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.take(metadata, Source::Copy(layout, None, values), To::All)
    }

    /// The same with a part of a field: `values` at some `points` of the layout.
    pub fn write_part(
        &self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.take(metadata, Source::Copy(layout, Some(points), values), To::All)
    }

    /// The same with a message that the server may keep.
    pub fn write(&self, message: Message) -> Result<()> {
        self.take(message.metadata, Source::Owned(message.kind), To::All)
    }

    /// [`Server::write_part`] for plans alone that make fields of the parts of several ranks.
    pub(crate) fn write_shared(
        &self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.take(metadata, Source::Copy(layout, Some(points), values), To::Parts)
    }

    /// [`Server::write_field`] for the other plans.
    pub(crate) fn write_unshared(&self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.take(metadata, Source::Copy(layout, None, values), To::Wholes)
    }

    /// Whether there are such.
    pub(crate) fn has_unshared(&self) -> bool {
        self.view.lanes.iter().any(|lane| !lane.takes_parts)
    }

    /// The same for one plan alone. Failures are left for [`Server::tell`].
    pub(crate) fn write_to(&self, plan: usize, message: Message) -> Result<()> {
        self.take(message.metadata, Source::Owned(message.kind), To::One(plan))
    }

    /// Whether [`Server::write_to`] would return [`Error::Full`] now and not for ever.
    pub(crate) fn would_be_full(&self, plan: usize, message: &Message) -> bool {
        let bytes = pool::weight(message);
        let is_mask = matches!(message.kind, Kind::Mask(_));
        let way = self.view.lanes[plan].way(&message.metadata, is_mask, bytes);
        let is_full = way == Err(Refusal::Full);
        if is_full {
            self.spiller.bell.ring();
        }
        is_full
    }

    /// Tells the consumers of a plan of messages that were dropped before they came here.
    pub(crate) fn add_gap(&self, plan: usize, gap: Gap) {
        self.view.lanes[plan].add_gap(gap);
    }

    /// The first failure that nobody has been told of.
    pub(crate) fn tell(&self) -> Result<()> {
        self.view.shared.failures.tell()
    }

    /// Lets all plans flush when they have had all messages so far; does not wait.
    pub(crate) fn ask_flush(&self) -> Vec<u64> {
        let _no_message_between = lock(&self.producer);
        self.view.lanes.iter().map(Lane::ask_flush).collect()
    }

    /// The same for one plan, with what it remembers then.
    pub(crate) fn ask_state(&self, plan: usize) -> (u64, Answer) {
        let _no_message_between = lock(&self.producer);
        self.view.lanes[plan].ask_state()
    }

    /// The same for all plans.
    pub(crate) fn ask_states(&self) -> Vec<(u64, Answer)> {
        let _no_message_between = lock(&self.producer);
        self.view.lanes.iter().map(Lane::ask_state).collect()
    }

    /// Whether a plan has done a flush, or is no more.
    pub(crate) fn has_flushed(&self, plan: usize, number: u64) -> bool {
        self.view.lanes[plan].has_flushed(number)
    }

    /// Whether a plan is no more.
    pub(crate) fn has_died(&self, plan: usize) -> bool {
        self.view.lanes[plan].is_dead()
    }

    /// Lets the plans end when they have had all messages, without waiting for them.
    pub(crate) fn close(&self) {
        lock(&self.producer).finished = true;
        self.view.lanes.iter().for_each(Lane::close);
    }

    /// Whether [`Server::finish`] would not wait for plans, after [`Server::close`].
    pub(crate) fn has_ended(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Ends as if the process were killed: plans are not finished, files that are not whole vanish.
    pub(crate) fn kill(&mut self) {
        lock(&self.producer).finished = true;
        for lane in &*self.view.lanes {
            lane.die(&self.view.shared.pool);
            lane.close();
        }
        // An error of a plan that is no more has nobody to be told.
        let _ = self.finish();
    }

    fn take(&self, metadata: Metadata, source: Source<'_>, to: To) -> Result<()> {
        let mut producer = lock(&self.producer);
        let producer = &mut *producer;
        let (lanes, shared) = (&self.view.lanes, &self.view.shared);
        if producer.finished {
            return Err(Error::Server { reason: "is finished: it takes no more messages".into() });
        }
        if !matches!(to, To::One(_)) {
            shared.failures.tell()?;
        }
        let data = source.data();
        match data {
            Data::Field(layout, values) if layout.points() != values.len() => {
                let (name, expected) = ("values".into(), layout.points());
                return Err(Error::LengthMismatch { name, expected, got: values.len() });
            }
            Data::Part(layout, points, values) => points.check(layout, values.len())?,
            _ => {}
        }
        let bytes = metadata.bytes() + data.bytes();
        let full = |lane: &Lane, reason: String| Error::Full {
            plan: lane.name.clone(),
            bytes,
            memory: lane.share,
            reason,
        };
        // First all that may be refused, then what has an effect.
        const NOWHERE: &str = "nothing may go to the disk";
        for (number, lane) in lanes.iter().enumerate() {
            if !to.is_for(number, lane) {
                producer.ways[number] = Way::Past;
                continue;
            }
            let way = lane.way(&metadata, matches!(data, Data::Mask(_)), bytes);
            (producer.ways[number], producer.largest[number]) = way.map_err(|refusal| {
                let reason = match (refusal, &producer.spill) {
                    (Refusal::TooLarge, _) => "one message must not be larger than that".into(),
                    (Refusal::Full, None) => NOWHERE.into(),
                    (Refusal::Full, Some(_)) => {
                        self.spiller.bell.ring();
                        let behind = || "the disk has not taken what was written before it".into();
                        self.spiller.failure().unwrap_or_else(behind)
                    }
                };
                full(lane, reason)
            })?;
        }
        let mut stored = None;
        if producer.ways.contains(&Way::Disk) {
            let spill = producer.spill.as_deref().map(lock);
            match spill.map_or_else(|| Err(NOWHERE.into()), |mut spill| spill.store(&metadata, data)) {
                Ok(place) => stored = Some(place),
                Err(reason) => {
                    for (way, lane) in producer.ways.iter_mut().zip(&**lanes) {
                        if *way == Way::Disk && lane.is_lossless() {
                            return Err(full(lane, reason));
                        }
                        *way = if *way == Way::Disk { Way::Dropped } else { *way };
                    }
                }
            }
        }
        for (way, lane) in producer.ways.iter_mut().zip(&**lanes) {
            *way = lane.make_room(&metadata, bytes, *way, &shared.pool);
        }
        let limit = self.view.memory.saturating_sub(producer.largest.iter().sum());
        let message = match producer.ways.contains(&Way::Memory).then_some(source) {
            Some(Source::Copy(layout, points, values)) => {
                Some(shared.pool.fill(metadata, layout, points, values, limit))
            }
            Some(Source::Owned(kind)) => Some(shared.pool.adopt(Message { metadata, kind }, limit)),
            None => {
                shared.pool.trim(limit);
                None
            }
        };
        let mut crowded = false;
        for (way, lane) in producer.ways.iter().zip(&**lanes) {
            match (way, &message, &stored) {
                (Way::Memory, Some(message), _) => {
                    crowded |= lane.push(Payload::Memory(message.clone()), bytes, &shared.pool)
                }
                (Way::Disk, _, Some(stored)) => {
                    crowded |= lane.push(Payload::Disk(stored.clone()), bytes, &shared.pool)
                }
                (Way::Lost, ..) => lane.lose(bytes),
                _ => {}
            }
        }
        if crowded {
            self.spiller.bell.ring();
        }
        if let Some(message) = message {
            shared.pool.release(message);
        }
        Ok(())
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
        let numbers: Vec<u64> = {
            let _no_message_between = lock(&self.producer);
            self.view.lanes.iter().map(Lane::ask_flush).collect()
        };
        for (lane, number) in self.view.lanes.iter().zip(numbers) {
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

    /// What plans that have been asked, and have flushed, remember.
    pub(crate) fn answered(&self, asked: Vec<(u64, Answer)>) -> Result<Vec<u8>> {
        let states = self.view.lanes.iter().zip(asked).map(|(lane, (_, answer))| {
            let gone = || Error::Server { reason: format!("has no plan '{}' any more", lane.name) };
            lock(&answer).take().ok_or_else(gone)
        });
        Ok(plan::state::join(states.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
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

/// The data of a message, and whose they are.
enum Source<'a> {
    Copy(&'a Layout, Option<&'a Points>, &'a [f64]),
    Owned(Kind),
}

impl Source<'_> {
    fn data(&self) -> Data<'_> {
        match self {
            Self::Copy(layout, None, values) => Data::Field(layout, values),
            Self::Copy(layout, Some(points), values) => Data::Part(layout, points, values),
            Self::Owned(kind) => Data::from(kind),
        }
    }
}

/// The plans that are given a message.
#[derive(Clone, Copy)]
enum To {
    All,
    One(usize),
    /// Those that make fields of parts, and the others.
    Parts,
    Wholes,
}

impl To {
    fn is_for(self, number: usize, lane: &Lane) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == number,
            Self::Parts => lane.takes_parts,
            Self::Wholes => !lane.takes_parts,
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
