//! The side of a rank of the model.

mod carrier;
mod remote;
mod sending;
mod start;
mod told;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use terrella_coupling::communicator::{Communicator, Posted};

use super::stream::Stream;
use crate::error::Result;
use crate::layout::Layout;
use crate::plan::{Message, Metadata, Points, WholeFile, WholeFiles};
use crate::server::{Metrics, Server, To};
use remote::{Memory, Remote, State};
use told::Told;

#[allow(unused_imports, reason = "for the documentation")]
use crate::{error::Error, plan::Plans};

/// A rank's way to output servers, and the plans that it carries out itself.
///
/// It stays on its thread, as the communicator does. Dropped before [`Client::finish`], it drops what has not been sent.
pub struct Client {
    all: Communicator,
    queues: Server,
    /// By plan and server.
    streams: Vec<Vec<Arc<Stream>>>,
    /// What plans remember, by server and plan.
    memories: Vec<Vec<Memory>>,
    /// Files of this rank's own plans, and those that servers told of.
    own_files: WholeFiles,
    files: Vec<WholeFile>,
    remotes: Vec<Remote>,
    /// Letters that have not gone.
    posted: Vec<Posted>,
    patience: Duration,
    /// What nobody has been told of, and the first failure of all, which `finish` tells again.
    untold: Vec<Told>,
    first: Option<Told>,
}

impl Client {
    /// Copies a field [`layout.points()`, in the layout's order] for the plans that want it, and returns without waiting for anyone.
    ///
    /// # Errors
    /// [`Error::Full`] and [`Error::Output`] as of [`Server::write_field`]; [`Error::OutputServer`] with what failed on a server and
    /// was not told before. In each case the call has done nothing else and can be repeated.
    pub fn write_field(&mut self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.copy_to(To::All, metadata, layout, None, values)
    }

    /// The same with a part of a field: this rank's own `points`.
    pub fn write_part(
        &mut self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.copy_to(To::All, metadata, layout, Some(points), values)
    }

    /// [`Client::write_part`] for those plans alone that have `aggregate` behind `transport`: of a distributed field of which each rank
    /// writes its own points.
    pub fn write_own_points(
        &mut self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.copy_to(To::Parts, metadata, layout, Some(points), values)
    }

    /// [`Client::write_field`] for the plans that [`Client::write_own_points`] passes by: of such a field, gathered on the first rank.
    pub fn write_gathered(&mut self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.copy_to(To::Wholes, metadata, layout, None, values)
    }

    fn copy_to(
        &mut self,
        to: To,
        metadata: Metadata,
        layout: &Layout,
        points: Option<&Points>,
        values: &[f64],
    ) -> Result<()> {
        self.progress()?;
        self.queues.copy_to(to, metadata, layout, points, values)
    }

    /// Whether this rank has plans that [`Client::write_own_points`] passes by.
    pub fn takes_gathered(&self) -> bool {
        self.queues.takes_wholes()
    }

    /// [`Client::write_field`] with a message that may be kept, such as a mask.
    pub fn write(&mut self, message: Message) -> Result<()> {
        self.progress()?;
        self.queues.write(message)
    }

    /// Makes memory for `count` fields or parts as long as a layout ([`Server::prepare`]).
    pub fn prepare(&self, layout: &Layout, count: usize) -> usize {
        self.queues.prepare(layout, count)
    }

    /// Says that all of a step has been written; does not wait. All ranks of the model say so equally often. When they have, servers
    /// bring it to the disk, and are no longer needed for it.
    pub fn end_step(&mut self) -> Result<()> {
        self.progress()?;
        self.queues.ask_flush();
        self.send()
    }

    /// Sends what there is to send and takes answers: for a model that calls nothing else for long.
    ///
    /// # Errors
    /// [`Error::OutputServer`] with what failed on a server and was not told before.
    pub fn progress(&mut self) -> Result<()> {
        self.send()?;
        self.tell_failure()
    }

    fn tell_failure(&mut self) -> Result<()> {
        let place = self.untold.iter().position(|told| matches!(told, Told::Failure { .. }));
        place.map_or(Ok(()), |place| Err(self.untold.remove(place).into()))
    }

    /// How many plans have a part that servers carry out.
    pub fn transported_plans(&self) -> usize {
        self.streams.len()
    }

    /// Files that have become whole ([`Plans::whole_files`]) since the last call: of this rank's plans and, on the first rank, those of
    /// servers that it has heard of. What a step has is known after [`Client::flush`] or [`Client::state`].
    pub fn whole_files(&mut self) -> Vec<WholeFile> {
        self.files.extend(self.own_files.take());
        std::mem::take(&mut self.files)
    }

    /// What servers measured, as JSON ([`Metrics::to_json`]), by server; on the first rank, when they are done.
    pub fn server_metrics(&self) -> Vec<Option<&str>> {
        self.remotes.iter().map(|remote| remote.metrics.as_deref()).collect()
    }

    /// What has been done and what waits in this rank.
    pub fn metrics(&self) -> Metrics {
        self.queues.metrics()
    }

    /// Messages of best-effort plans that no server got because it was lost.
    pub fn lost_messages(&self) -> u64 {
        self.streams.iter().flatten().map(|stream| stream.lost()).sum()
    }

    /// Servers that are lost, by their numbers.
    pub fn lost_servers(&self) -> Vec<usize> {
        let is_lost = |&server: &usize| matches!(self.remotes[server].state, State::Lost);
        (0..self.remotes.len()).filter(is_lost).collect()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Plans that wait for room would wait for ever.
        self.streams.iter().flatten().for_each(|stream| stream.close());
    }
}
