//! What goes between a rank of the model and the servers, and how it finds that one of them is lost.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::Client;
use super::remote::{Memory, State};
use super::told::Told;
use crate::error::{Error, Result};
use crate::transport::letter::{self, FromServer};
use crate::transport::stream::Stream;

impl Client {
    /// The ways to servers that work.
    pub(super) fn of_working(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.streams.iter().flat_map(|of_plan| {
            let working = of_plan.iter().zip(&self.remotes);
            working.filter(|(_, remote)| matches!(remote.state, State::Working)).map(|(stream, _)| stream)
        })
    }

    /// Takes letters of servers, posts letters for them, and looks whether they live.
    pub(super) fn send(&mut self) -> Result<()> {
        let now = Instant::now();
        while let Some(received) = self.all.receive()? {
            let Some(server) = self.remotes.iter().position(|remote| remote.rank == received.from) else {
                return Err(unreadable(received.from));
            };
            self.remotes[server].heard = now;
            let letter = FromServer::from_bytes(&received.bytes).ok_or_else(|| unreadable(received.from))?;
            self.take(server, letter)?;
        }
        for server in 0..self.remotes.len() {
            if !matches!(self.remotes[server].state, State::Working) {
                continue;
            }
            let rank = self.remotes[server].rank;
            if self.all.has_left(rank) {
                self.give_up(server, "its thread has ended".into());
                continue;
            }
            let (all, posted) = (&self.all, &mut self.posted);
            for of_plan in &self.streams {
                of_plan[server].send(|bytes| {
                    posted.push(all.post(rank, bytes)?);
                    Ok(())
                })?;
            }
            let awaits = self.streams.iter().any(|of_plan| of_plan[server].outlook().awaits)
                || self.memories[server].iter().any(|memory| memory.is_asked_for);
            let remote = &mut self.remotes[server];
            if !awaits {
                remote.heard = now;
            } else if now.duration_since(remote.heard) > self.patience {
                let reason = format!("it has not answered for {} s", self.patience.as_secs_f64());
                self.give_up(server, reason);
            }
        }
        let mut failed = None;
        self.posted.retain_mut(|posted| {
            let is_done = posted.is_done();
            !is_done.unwrap_or_else(|error| {
                failed.get_or_insert(error);
                true
            })
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn take(&mut self, server: usize, letter: FromServer) -> Result<()> {
        let rank = self.remotes[server].rank;
        let stream = |plan: usize| {
            self.streams.get(plan).map(|of_plan| &of_plan[server]).ok_or_else(|| unreadable(rank))
        };
        match letter {
            FromServer::Taken { plan, letters } => stream(plan)?.taken(letters),
            FromServer::Written { plan, steps, remembers } => {
                stream(plan)?.written(steps);
                self.memories[server][plan].is_there = Some(remembers);
            }
            FromServer::State { plan, state } => {
                stream(plan)?;
                self.memories[server][plan] =
                    Memory { is_there: Some(state.is_some()), is_asked_for: false, state };
            }
            FromServer::Whole(file) => self.files.push(file),
            FromServer::Failure(reason) => {
                self.note(Told::Failure { server, rank, reason });
            }
            FromServer::Failed(reason) if matches!(self.remotes[server].state, State::Working) => {
                self.give_up(server, reason);
            }
            FromServer::Done(metrics) => {
                self.remotes[server].state = State::Done;
                self.remotes[server].metrics = Some(metrics).filter(|metrics| !metrics.is_empty());
            }
            FromServer::Failed(_) | FromServer::Alive => {}
        }
        Ok(())
    }

    fn note(&mut self, told: Told) {
        self.first.get_or_insert_with(|| told.clone());
        self.untold.push(told);
    }

    fn give_up(&mut self, server: usize, reason: String) {
        let rank = self.remotes[server].rank;
        self.remotes[server].state = State::Lost;
        let mut log = None;
        for of_plan in &self.streams {
            if of_plan[server].give_up() {
                log = of_plan[server].folder().parent().map(Path::to_owned);
            }
        }
        // It may hear of it yet, so that it ends.
        if let Ok(posted) = self.all.post(rank, Arc::new(letter::given_up())) {
            self.posted.push(posted);
        }
        let told = match log {
            Some(log) => Told::Lost { server, rank, reason, log },
            None => {
                let reason = format!("is lost, {reason}; it had best-effort plans only");
                Told::Failure { server, rank, reason }
            }
        };
        if self.all.rank() == 0 {
            let line = format!("Rank 0: {}\n", Error::from(told.clone()));
            // The same comes as an error later, and on other ranks, of which there may be thousands, alone.
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
        self.note(told);
    }

    /// Brings what lost servers have not written to the log.
    pub(super) fn drain_lost(&self) -> Result<()> {
        let lost = self.lost_servers();
        self.streams
            .iter()
            .try_for_each(|of_plan| lost.iter().try_for_each(|&server| of_plan[server].drain()))
    }
}

fn unreadable(rank: usize) -> Error {
    Error::Server { reason: format!("got a letter of rank {rank} that it cannot read") }
}
