//! The calls that wait: for room, for what is written, for the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Client;
use super::remote::{Memory, State};
use crate::error::Result;
use crate::transport::{letter, state};

#[allow(unused_imports, reason = "for the documentation")]
use crate::{error::Error, plan::Plans};

/// What a rank that waits does not do more often.
const PAUSE: Duration = Duration::from_micros(100);

impl Client {
    /// Waits until the message that the last [`Error::Full`] was about would be taken, at most so long. Whether it would.
    pub fn wait_for_room(&mut self, longest: Duration) -> Result<bool> {
        let end = Instant::now() + longest.min(Duration::from_secs(1 << 30));
        loop {
            self.send()?;
            let left = end.saturating_duration_since(Instant::now());
            if self.queues.wait_for_room(left.min(10 * PAUSE)) {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    /// [`Client::end_step`], and waits until all is written: on the disk, or where a server is lost, in the log.
    ///
    /// # Errors
    /// The first failure that was not told before, of this rank's plans or of a server; [`Error::ServerLost`].
    pub fn flush(&mut self) -> Result<()> {
        let asked = self.queues.ask_flush();
        self.wait_until_written(&asked)?;
        self.queues.tell()?;
        if self.untold.is_empty() { Ok(()) } else { Err(self.untold.remove(0).into()) }
    }

    /// [`Client::flush`], and what the plans remember then, here and, on the first rank, which asks for it, on the servers: the state of a
    /// [checkpoint](crate::transport#checkpoints), and where there are no servers, of [`Plans::restore`]. All ranks call it.
    ///
    /// A lost server is no error where its plans remember nothing: then all that it has not written is in its log.
    ///
    /// # Errors
    /// As of [`Client::flush`]; [`Error::ServerLost`] where its plans remember something, or it never said whether they do.
    pub fn state(&mut self) -> Result<Vec<u8>> {
        let asked = self.queues.ask_states();
        let numbers: Vec<u64> = asked.iter().map(|(number, _)| *number).collect();
        self.wait_until_written(&numbers)?;
        self.queues.tell()?;
        self.tell_failure()?;
        let own = self.queues.answered(asked)?;
        if self.remotes.is_empty() {
            return Ok(own);
        }
        if self.all.rank() > 0 {
            return Ok(state::of_parts(&own, &vec![Vec::new(); self.remotes.len()]));
        }
        self.ask_servers()?;
        let mut servers = Vec::new();
        for (memories, remote) in self.memories.iter_mut().zip(&self.remotes) {
            let is_lost = matches!(remote.state, State::Lost);
            if is_lost && memories.iter().any(|memory| memory.is_there != Some(false)) {
                let lost = self.first.iter().chain(&self.untold).find(|told| told.is_loss_of(remote.rank));
                return Err(lost.expect("each loss is noted").clone().into());
            }
            servers
                .push(crate::plan::state::join(memories.iter_mut().filter_map(|memory| memory.state.take())));
        }
        Ok(state::of_parts(&own, &servers))
    }

    /// Gets what plans remember of the step that servers have written last: of no other, since they wait for this rank.
    fn ask_servers(&mut self) -> Result<()> {
        for (memories, remote) in self.memories.iter_mut().zip(&mut self.remotes) {
            for (plan, memory) in memories.iter_mut().enumerate() {
                *memory = Memory { is_there: memory.is_there, ..Memory::default() };
                if memory.is_there == Some(true) && matches!(remote.state, State::Working) {
                    self.posted.push(self.all.post(remote.rank, Arc::new(letter::ask(plan)))?);
                    memory.is_asked_for = true;
                    remote.heard = Instant::now();
                }
            }
        }
        loop {
            self.send()?;
            let mut pairs = self.memories.iter().zip(&self.remotes);
            let is_owed = |memories: &[Memory]| memories.iter().any(|memory| memory.is_asked_for);
            if !pairs.any(|(memories, remote)| matches!(remote.state, State::Working) && is_owed(memories)) {
                return self.drain_lost();
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until this rank's plans have done flushes, and servers have written what they were given before.
    fn wait_until_written(&mut self, asked: &[u64]) -> Result<()> {
        loop {
            self.send()?;
            let is_flushed =
                asked.iter().enumerate().all(|(plan, number)| self.queues.has_flushed(plan, *number));
            let mut streams = self.of_working();
            let is_written = streams.all(|stream| {
                let outlook = stream.outlook();
                outlook.written >= outlook.marked
            });
            drop(streams);
            if is_flushed && is_written {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        self.drain_lost()
    }

    /// Ends the plans, here and on the servers, and waits for that. All ranks call it. After it, metrics and files can still be asked
    /// for.
    ///
    /// # Errors
    /// The first failure of the run, of this rank's plans or of a server; [`Error::ServerLost`] where a log is to be replayed.
    pub fn finish(&mut self) -> Result<()> {
        self.queues.close();
        loop {
            self.send()?;
            let all_done = self.remotes.iter().all(|remote| !matches!(remote.state, State::Working));
            if all_done && self.queues.has_ended() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        let own = self.queues.finish();
        self.drain_lost()?;
        // A lost server may come back and take what is on its way; what it does not take MPI cannot end with.
        let start = Instant::now();
        while !self.posted.is_empty() && start.elapsed() < self.patience {
            self.send()?;
            std::thread::sleep(PAUSE);
        }
        for (server, remote) in self.remotes.iter().enumerate() {
            if let State::Done = remote.state {
                self.streams.iter().try_for_each(|of_plan| of_plan[server].remove_log())?;
            }
        }
        own?;
        self.first.take().map_or(Ok(()), |told| Err(told.into()))
    }
}
