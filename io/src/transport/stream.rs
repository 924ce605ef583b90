//! The letters of one plan for one server, in order: the plan's thread writes them, the model's thread sends them.
//!
//! A letter of a lossless plan stays here until the server has said that the step it belongs to is written, so that nothing is
//! lost with a server. Memory: where a letter has no room, the plan's thread brings the oldest that the server has, and will
//! hardly be asked for again, to the log; where there is none such, it waits, and the plan's messages wait before it.
//!
//! No disk is touched under the lock that the model's thread takes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::journal::Journal;
use super::letter::{self, Domain};
use crate::error::{Error, Result};
use crate::plan::{Gap, Message};

/// A log that was full is tried again after this.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a stream may use (bytes).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Memory of its letters.
    pub(super) memory: u64,
    /// Letters that a server has not taken: what it needs room for.
    pub(super) window: u64,
    /// The log.
    pub(super) disk: u64,
}

pub(super) struct Stream {
    pub(super) plan: usize,
    lossless: bool,
    limits: Limits,
    folder: PathBuf,
    state: Mutex<State>,
    room: Condvar,
    /// Those that messages are on, by number. The server has been told of them in letters before.
    domains: Mutex<Vec<Domain>>,
    /// Where letters go that memory has no room for, and those that no server takes any more.
    journal: Mutex<Option<Journal>>,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    /// Number of the first of them.
    first: u64,
    /// Number of the next one that is sent.
    posted: u64,
    /// Letters that the server has taken.
    taken: u64,
    /// Bytes of letters in memory.
    memory: u64,
    /// Bytes of those that were sent and are not taken.
    untaken: u64,
    /// Steps that were marked here, and that the server has written.
    marked: u64,
    written: u64,
    has_end: bool,
    is_given_up: bool,
    is_closed: bool,
    /// Messages of a best-effort plan that no server got.
    lost: u64,
}

/// A letter.
struct Entry {
    /// None: in the log.
    bytes: Option<Arc<Vec<u8>>>,
    length: u64,
    what: What,
    /// Steps that were marked before it.
    step: u64,
}

/// What a letter is, as far as the log must know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A domain: it comes to the log with the first message that needs it.
    Domain,
    /// A message on a domain, or on none.
    Message(Option<usize>),
    Gap,
    Mark,
    End,
}

/// What a stream has before it.
pub(super) struct Outlook {
    /// The server owes an answer.
    pub(super) awaits: bool,
    pub(super) marked: u64,
    pub(super) written: u64,
}

impl Stream {
    pub(super) fn new(plan: usize, lossless: bool, limits: Limits, folder: PathBuf) -> Self {
        let (state, journal, domains) = Default::default();
        Self { plan, lossless, limits, folder, state, room: Condvar::new(), domains, journal }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No operation leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn domains(&self) -> MutexGuard<'_, Vec<Domain>> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, behind its domain where that is new; waits for room. The plan's thread, as in the next ones.
    pub(super) fn message(&self, message: &Message) -> Result<()> {
        let domain = Domain::of(&message.kind).map(|domain| {
            let mut domains = self.domains();
            let known = domains.iter().position(|known| *known == domain);
            let number = known.unwrap_or(domains.len());
            if known.is_none() {
                domains.push(domain);
            }
            (number, known.is_none())
        });
        if let Some((number, true)) = domain {
            let letter = domain_letter(self.plan, number, &self.domains());
            self.push(letter, What::Domain)?;
        }
        let number = domain.map(|(number, _)| number);
        let letter = letter::message(self.plan, number.unwrap_or(0) as u64, message);
        self.push(letter, What::Message(number))
    }

    pub(super) fn gap(&self, gap: &Gap) -> Result<()> {
        self.push(letter::gap(self.plan, gap), What::Gap)
    }

    pub(super) fn mark(&self) -> Result<()> {
        self.push(letter::mark(self.plan), What::Mark)
    }

    pub(super) fn end(&self) -> Result<()> {
        self.push(letter::end(self.plan), What::End)
    }

    fn push(&self, bytes: Vec<u8>, what: What) -> Result<()> {
        let length = bytes.len() as u64;
        let mut state = self.lock();
        loop {
            if state.is_given_up {
                drop(state);
                return self.keep(bytes, what);
            }
            if state.is_closed {
                return Err(Error::Server { reason: "is gone: it was not finished".into() });
            }
            if state.memory == 0 || state.memory + length <= self.limits.memory {
                let step = state.marked;
                state.marked += u64::from(what == What::Mark);
                state.has_end |= what == What::End;
                state.memory += length;
                state.entries.push_back(Entry { bytes: Some(Arc::new(bytes)), length, what, step });
                return Ok(());
            }
            let is_movable = |state: &State| {
                let taken = state.taken.saturating_sub(state.first) as usize;
                state.entries.iter().take(taken).position(|entry| entry.bytes.is_some())
            };
            let Some(place) = is_movable(&state) else {
                state = self.wait(state);
                continue;
            };
            let number = state.first + place as u64;
            let entry = &state.entries[place];
            let (kept, what, step) = (entry.bytes.clone().expect("in memory"), entry.what, entry.step);
            drop(state);
            let moved = self
                .journal(|journal, domains| journal.append(self.plan, number, step, what, &kept, domains));
            state = self.lock();
            match moved {
                // A full log: what the server writes meanwhile makes room too.
                Err(_) => state = self.wait(state),
                Ok(()) => {
                    let place = number.checked_sub(state.first).map(|place| place as usize);
                    if let Some(entry) = place.and_then(|place| state.entries.get_mut(place)) {
                        entry.bytes = None;
                        let length = entry.length;
                        state.memory -= length;
                    }
                }
            }
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.room.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Does something with the log, which is made where there is none.
    fn journal<T>(&self, act: impl FnOnce(&mut Journal, &[Domain]) -> Result<T>) -> Result<T> {
        // Numbers go on while what was not written is brought here.
        let written_before = {
            let state = self.lock();
            if state.is_given_up { 0 } else { state.first }
        };
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let journal = match &mut *journal {
            Some(journal) => journal,
            None => journal.insert(Journal::open(&self.folder, self.limits.disk)?),
        };
        journal.release(written_before);
        act(journal, &self.domains())
    }

    /// After the server was given up: a letter goes to the log behind all before it.
    fn keep(&self, bytes: Vec<u8>, what: What) -> Result<()> {
        self.drain()?;
        let (number, step) = {
            let mut state = self.lock();
            if !self.lossless {
                state.lost += u64::from(matches!(what, What::Message(_)));
                return Ok(());
            }
            let (number, step) = (state.first, state.marked);
            state.first += 1;
            state.marked += u64::from(what == What::Mark);
            state.has_end |= what == What::End;
            (number, step)
        };
        self.journal(|journal, domains| journal.append(self.plan, number, step, what, &bytes, domains))
    }

    /// After the server was given up: brings what it has not written to the log.
    pub(super) fn drain(&self) -> Result<()> {
        loop {
            let (number, step, what, bytes) = {
                let mut state = self.lock();
                if !state.is_given_up {
                    return Ok(());
                }
                if !self.lossless {
                    let messages =
                        state.entries.drain(..).filter(|entry| matches!(entry.what, What::Message(_)));
                    let lost = messages.count() as u64;
                    state.lost += lost;
                }
                let Some(entry) = state.entries.front() else { break };
                (state.first, entry.step, entry.what, entry.bytes.clone())
            };
            if let Some(bytes) = bytes {
                self.journal(|journal, domains| {
                    journal.append(self.plan, number, step, what, &bytes, domains)
                })?;
            }
            // Only now: what failed is tried again.
            let mut state = self.lock();
            if let Some(entry) = state.entries.pop_front() {
                state.first += 1;
                state.memory -= entry.bytes.map_or(0, |_| entry.length);
            }
        }
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.as_mut().map_or(Ok(()), |journal| journal.sync())
    }

    /// Sends what the server has room for. The model's thread.
    pub(super) fn send(&self, mut post: impl FnMut(Arc<Vec<u8>>) -> Result<()>) -> Result<()> {
        let mut state = self.lock();
        let state = &mut *state;
        while !state.is_given_up {
            let place = (state.posted - state.first) as usize;
            let Some(entry) = state.entries.get(place) else { break };
            if state.untaken > 0 && state.untaken + entry.length > self.limits.window {
                break;
            }
            post(entry.bytes.clone().expect("what was not sent is in memory"))?;
            state.untaken += entry.length;
            state.posted += 1;
        }
        Ok(())
    }

    /// The server has taken so many letters.
    pub(super) fn taken(&self, letters: u64) {
        let mut state = self.lock();
        if state.is_given_up {
            return;
        }
        let letters = letters.min(state.posted);
        while state.taken < letters {
            let place = (state.taken - state.first) as usize;
            state.untaken -= state.entries[place].length;
            state.taken += 1;
        }
        if !self.lossless {
            while state.first < state.taken {
                state.forget();
            }
        }
        drop(state);
        self.room.notify_all();
    }

    /// The server has written so many steps.
    pub(super) fn written(&self, steps: u64) {
        let mut state = self.lock();
        if state.is_given_up {
            return;
        }
        state.written = state.written.max(steps);
        while state.first < state.taken
            && state.entries.front().is_some_and(|entry| entry.step < state.written)
        {
            state.forget();
        }
        drop(state);
        self.room.notify_all();
    }

    /// The server does not answer: nothing is sent any more. Whether there is a log then.
    pub(super) fn give_up(&self) -> bool {
        self.lock().is_given_up = true;
        self.room.notify_all();
        self.lossless
    }

    /// Lets a plan's thread go that waits for room.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.room.notify_all();
    }

    pub(super) fn outlook(&self) -> Outlook {
        let state = self.lock();
        let has_sent_all = state.posted == state.first + state.entries.len() as u64;
        Outlook {
            awaits: state.taken < state.posted
                || has_sent_all && (state.written < state.marked || state.has_end),
            marked: state.marked,
            written: state.written,
        }
    }

    /// Messages of a best-effort plan that were not sent, because there was no server.
    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// The server has all: nothing is left to replay.
    pub(super) fn remove_log(&self) -> Result<()> {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        match journal {
            None => Ok(()),
            Some(journal) => {
                drop(journal);
                let fail = |source| Error::file(&self.folder, "removing", source);
                std::fs::remove_dir_all(&self.folder).map_err(fail)
            }
        }
    }
}

impl State {
    /// Drops the first letter.
    fn forget(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.first += 1;
            self.memory -= entry.bytes.map_or(0, |_| entry.length);
        }
    }
}

/// The letter of a domain for a log.
pub(super) fn domain_letter(plan: usize, number: usize, domains: &[Domain]) -> Vec<u8> {
    letter::domain(plan, number as u64, &domains[number])
}
