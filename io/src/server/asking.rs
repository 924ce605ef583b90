//! What [`crate::transport`] asks of plans whose answers it looks for later, since it must not wait.

use std::thread::JoinHandle;

use super::lane::{Answer, Lane, Refusal};
use super::taking::{Source, To};
use super::{Server, lock, pool};
use crate::error::{Error, Result};
use crate::plan::{self, Gap, Kind, Message};

impl Server {
    /// Whether there are plans for [`To::Wholes`].
    pub(crate) fn takes_wholes(&self) -> bool {
        self.view.lanes.iter().any(|lane| !lane.takes_parts)
    }

    /// [`Server::write`] for one plan alone. Failures are left for [`Server::tell`].
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

    /// What plans that have been asked, and have flushed, remember.
    pub(crate) fn answered(&self, asked: Vec<(u64, Answer)>) -> Result<Vec<u8>> {
        let states = self.view.lanes.iter().zip(asked).map(|(lane, (_, answer))| {
            let gone = || Error::Server { reason: format!("has no plan '{}' any more", lane.name) };
            lock(&answer).take().ok_or_else(gone)
        });
        Ok(plan::state::join(states.collect::<Result<Vec<_>>>()?.into_iter().flatten()))
    }
}
