//! The timeline of one rank.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clocks;
use crate::Result;
use crate::communicator::Communicator;

/// The phase of all time outside the others.
pub(super) const OTHER: &str = "other";
/// Phases and levels of nesting for which there is room from the beginning.
const PHASES: usize = 32;

/// What a rank does with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither of the others.
    Compute,
    /// It is in a call that ends when other ranks have done their part, the way of the numbers included.
    Wait,
    /// It copies numbers to where they are sent from and from where they came, or starts to send them.
    Transfer,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Compute, Self::Wait, Self::Transfer];

    /// Its name in traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Wait => "wait",
            Self::Transfer => "transfer",
        }
    }
}

/// What a phase took on one rank, without phases within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeInPhase {
    /// The name of the phase; `other` for all time outside phases.
    pub phase: String,
    /// Time of [`Kind::Compute`].
    pub compute: Duration,
    /// Time of [`Kind::Wait`].
    pub wait: Duration,
    /// Time of [`Kind::Transfer`].
    pub transfer: Duration,
}

impl TimeInPhase {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.compute + self.wait + self.transfer
    }
}

/// A stretch of time of one phase and kind: when it began \[ns from the beginning of the timeline\], how long it was \[ns\], and the phase
/// and kind as 3 · phase + kind.
pub(super) type Event = [u64; 3];

/// The timeline of a rank, or none where it is off, which is the default. Clones are the same timeline; they may go to other threads of
/// the rank.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    timeline: Option<Arc<Mutex<Timeline>>>,
}

#[derive(Debug)]
pub(super) struct Timeline {
    began: Instant,
    /// When it began by the clock of all ranks \[ns\].
    pub(super) began_at: i64,
    /// How far the clocks of ranks may be apart \[ns\].
    pub(super) accuracy: u64,
    /// Phases, the first of which is [`OTHER`].
    pub(super) names: Vec<&'static str>,
    /// Time by phase and kind \[ns\].
    times: Vec<[u64; 3]>,
    /// Open phases but [`OTHER`], the innermost last.
    open: Vec<usize>,
    kind: Kind,
    /// When phase or kind last changed \[ns from the beginning\].
    since: u64,
    pub(super) events: Vec<Event>,
    pub(super) limit: usize,
    /// Events beyond the limit.
    pub(super) dropped: u64,
}

impl Timeline {
    fn phase(&self) -> usize {
        self.open.last().copied().unwrap_or(0)
    }

    /// Ends the stretch of time of the present phase and kind.
    fn turn(&mut self) {
        let now = self.began.elapsed().as_nanos() as u64;
        let (phase, kind, duration) = (self.phase(), self.kind as usize, now - self.since);
        self.times[phase][kind] += duration;
        if self.limit > 0 && duration > 0 {
            if self.events.len() < self.limit {
                self.events.push([self.since, duration, (3 * phase + kind) as u64]);
            } else {
                self.dropped += 1;
            }
        }
        self.since = now;
    }

    fn open(&mut self, name: &'static str) -> usize {
        self.turn();
        let known = self.names.iter().position(|other| *other == name);
        let phase = known.unwrap_or_else(|| {
            self.names.push(name);
            self.times.push([0; 3]);
            self.names.len() - 1
        });
        self.open.push(phase);
        self.open.len() - 1
    }

    /// Closes the phase at a level, and those within it that an error left open.
    fn close(&mut self, level: usize) {
        self.turn();
        self.open.truncate(level);
    }

    fn set_kind(&mut self, kind: Kind) -> Kind {
        self.turn();
        std::mem::replace(&mut self.kind, kind)
    }
}

impl Recorder {
    /// A timeline that begins now and keeps so many events for a trace; all ranks make it together, the same or not.
    ///
    /// The clocks of ranks are compared in 32 barriers: see [`Self::accuracy`].
    pub fn new(communicator: &Communicator, events: usize) -> Result<Self> {
        let clock = clocks::compare(communicator)?;
        let began = Instant::now();
        let mut timeline = Timeline {
            began,
            began_at: began.duration_since(clock.zero).as_nanos() as i64 + clock.offset,
            accuracy: clock.accuracy,
            names: Vec::with_capacity(PHASES),
            times: Vec::with_capacity(PHASES),
            open: Vec::with_capacity(PHASES),
            kind: Kind::Compute,
            since: 0,
            events: Vec::with_capacity(events),
            limit: events,
            dropped: 0,
        };
        timeline.names.push(OTHER);
        timeline.times.push([0; 3]);
        Ok(Self { timeline: Some(Arc::new(Mutex::new(timeline))) })
    }

    /// Whether there is a timeline.
    pub fn is_on(&self) -> bool {
        self.timeline.is_some()
    }

    /// Opens a phase, named by one line of text, which ends when what is returned goes.
    pub fn phase(&self, name: &'static str) -> InPhase {
        let level = self.timeline().map_or(0, |mut timeline| timeline.open(name));
        InPhase { recorder: self.clone(), level }
    }

    /// Does work as one of [`Kind::Wait`].
    pub fn waiting<O>(&self, work: impl FnOnce() -> O) -> O {
        self.doing(Kind::Wait, work)
    }

    /// Does work as one of [`Kind::Transfer`].
    pub fn transferring<O>(&self, work: impl FnOnce() -> O) -> O {
        self.doing(Kind::Transfer, work)
    }

    fn doing<O>(&self, kind: Kind, work: impl FnOnce() -> O) -> O {
        let before = self.timeline().map(|mut timeline| timeline.set_kind(kind));
        let outcome = work();
        if let (Some(mut timeline), Some(before)) = (self.timeline(), before) {
            timeline.set_kind(before);
        }
        outcome
    }

    /// What each phase took on this rank until now, in the order in which they were first opened, `other` last; nothing where it is off.
    pub fn times(&self) -> Vec<TimeInPhase> {
        let Some(mut timeline) = self.timeline() else { return Vec::new() };
        timeline.turn();
        let of_phase = |phase: usize| {
            let [compute, wait, transfer] = timeline.times[phase].map(Duration::from_nanos);
            TimeInPhase { phase: timeline.names[phase].to_owned(), compute, wait, transfer }
        };
        (1..timeline.names.len()).chain([0]).map(of_phase).collect()
    }

    /// How far the clocks of two ranks may have been apart when the timeline began. It is a bound and no estimate; what clocks of
    /// different machines drifted since, some microseconds a second, is not in it.
    pub fn accuracy(&self) -> Duration {
        self.timeline().map_or(Duration::ZERO, |timeline| Duration::from_nanos(timeline.accuracy))
    }

    /// No operation leaves a timeline half changed, so that one that panicked does not matter.
    pub(super) fn timeline(&self) -> Option<MutexGuard<'_, Timeline>> {
        let timeline = self.timeline.as_ref()?;
        Some(timeline.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A phase that is open as long as this lives.
#[must_use = "a phase ends when this goes"]
#[derive(Debug)]
pub struct InPhase {
    recorder: Recorder,
    level: usize,
}

impl Drop for InPhase {
    fn drop(&mut self) {
        if let Some(mut timeline) = self.recorder.timeline() {
            timeline.close(self.level);
        }
    }
}
