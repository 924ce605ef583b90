//! The side of a rank of the model.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use terrella_coupling::communicator::{Communicator, Posted};

use super::letter::{self, FromServer};
use super::replay::PLANS;
use super::role::Link;
use super::settings::{NOT_REPLAYED, Settings};
use super::state;
use super::stream::{Limits, Stream};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::{
    Consumer, Gap, Guarantee, Kind, Message, Metadata, Plans, Points, WholeFile, WholeFiles, transported_to,
};
use crate::server::{self, Metrics, Server, SpillSettings};
use crate::sink::AtomicFile;

/// What a rank that waits does not do more often.
const PAUSE: Duration = Duration::from_micros(100);

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

/// A server as it is seen from here.
struct Remote {
    rank: usize,
    /// When it was last heard of, or did not owe an answer.
    heard: Instant,
    state: State,
    /// When it was done, as JSON.
    metrics: Option<String>,
}

enum State {
    Working,
    Done,
    Lost,
}

/// What is known of what a plan remembers on a server.
#[derive(Clone, Default)]
struct Memory {
    /// Whether it remembered something when a step was written last; None before one was.
    is_there: Option<bool>,
    is_asked_for: bool,
    state: Option<Vec<u8>>,
}

/// A failure, which may be told twice.
#[derive(Clone)]
enum Told {
    Failure { server: usize, rank: usize, reason: String },
    Lost { server: usize, rank: usize, reason: String, log: PathBuf },
}

impl Told {
    fn is_loss_of(&self, lost: usize) -> bool {
        matches!(self, Self::Lost { rank, .. } | Self::Failure { rank, .. } if *rank == lost)
    }
}

impl From<Told> for Error {
    fn from(told: Told) -> Self {
        match told {
            Told::Failure { server, rank, reason } => Self::OutputServer { server, rank, reason },
            Told::Lost { server, rank, reason, log } => Self::ServerLost { server, rank, reason, log },
        }
    }
}

/// The end of a plan's own part: letters for servers.
struct Carrier {
    hash_keys: Vec<String>,
    /// By server.
    streams: Vec<Arc<Stream>>,
}

impl Carrier {
    /// Does the same with each stream and tells the first error.
    fn each(&self, act: impl Fn(&Stream) -> Result<()>) -> Result<()> {
        self.streams.iter().map(|stream| act(stream)).fold(Ok(()), Result::and)
    }
}

impl Consumer for Carrier {
    fn message(&mut self, message: &Message) -> Result<()> {
        // Masks are for all fields of their domain, wherever those go.
        if let Kind::Mask(_) = message.kind {
            return self.each(|stream| stream.message(message));
        }
        self.streams[transported_to(&message.metadata, &self.hash_keys, self.streams.len())].message(message)
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.each(|stream| stream.gap(gap))
    }

    fn flush(&mut self) -> Result<()> {
        self.each(Stream::mark)
    }

    fn finish(&mut self) -> Result<()> {
        self.each(Stream::end)
    }
}

impl Client {
    /// Reads the plans, the same text on all ranks, and starts those parts of them that are this rank's. Relative paths of sinks start
    /// in `folder`. The first rank keeps the text as [`PLANS`] beside the logs, for a replay.
    ///
    /// # Errors
    /// Those of [`Plans::from_yaml_in`] and [`Server::start`]; [`Error::Log`] where [`Settings::folder`] has messages of a run whose
    /// server was lost, which are to be replayed first.
    pub fn start(link: &Link, plans: &str, folder: &Path, settings: &Settings) -> Result<Self> {
        Self::started(link, plans, folder, settings, None)
    }

    /// [`Client::start`] for a run that is continued ([checkpoints](crate::transport#checkpoints)), with what [`Client::state`] returned
    /// on this rank.
    pub fn resume(
        link: &Link,
        plans: &str,
        folder: &Path,
        settings: &Settings,
        state: &[u8],
    ) -> Result<Self> {
        Self::started(link, plans, folder, settings, Some(state))
    }

    fn started(
        link: &Link,
        plans: &str,
        folder: &Path,
        settings: &Settings,
        state: Option<&[u8]>,
    ) -> Result<Self> {
        settings.check()?;
        let Link { all, servers, has_whole_fields_on_first } = link;
        let is_without_own = *has_whole_fields_on_first && all.rank() > 0;
        let (text, is_continued) = (plans, state.is_some());
        let mut plans = match (*servers, is_continued) {
            (0, false) => Plans::from_yaml_in(plans, folder)?,
            (0, true) => Plans::continue_yaml_in(plans, folder)?,
            _ => Plans::of_model(plans, folder, is_continued, is_without_own)?,
        };
        if let Some(state) = state {
            plans.restore(&state::part(state, *servers, None)?)?;
        }
        let own_files = plans.whole_files();
        let rank = all.rank();
        let mut streams = Vec::new();
        if *servers > 0 {
            let transports: Vec<_> = plans.transports().collect();
            let count = transports.len() as u64;
            let quarter = settings.memory / 4;
            for (plan, (guarantee, transport)) in transports.into_iter().enumerate() {
                // Half of the memory, of which a letter of its own length is what is posted and already forgotten.
                let memory = (settings.memory / 2) / (count * *servers as u64);
                let window = quarter / (count * link.clients() as u64);
                let disk = settings.disk / 2 / (count * *servers as u64);
                let limits = Limits { memory, window: window.min(memory), disk };
                let of_server = |server| {
                    let folder = settings.of_server(server).join(format!("rank-{rank}-plan-{plan}"));
                    if folder.exists() {
                        return Err(Error::Log { path: folder, reason: NOT_REPLAYED.into() });
                    }
                    let lossless = guarantee == Guarantee::Lossless;
                    Ok(Arc::new(Stream::new(plan, lossless, limits, folder)))
                };
                let own: Vec<_> = (0..*servers).map(of_server).collect::<Result<_>>()?;
                let hash_keys = transport.hash_keys().to_vec();
                transport.connect(Carrier { hash_keys, streams: own.clone() });
                streams.push(own);
            }
        }
        if rank == 0 && !streams.is_empty() {
            AtomicFile::write(settings.folder.join(PLANS), text.as_bytes())?;
        }
        let spill = SpillSettings { folder: settings.folder.clone(), bytes: settings.disk / 2 };
        let queues = server::Settings { memory: settings.memory / 2, spill: Some(spill), metrics: None };
        let queues = Server::start(plans, queues)?;
        let remote = |server| Remote {
            rank: link.clients() + server,
            heard: Instant::now(),
            // A server without plans has nothing to do.
            state: if streams.is_empty() { State::Done } else { State::Working },
            metrics: None,
        };
        let memories = vec![vec![Memory::default(); streams.len()]; *servers];
        let remotes = (0..*servers).map(remote).collect();
        let (posted, untold) = (Vec::new(), Vec::new());
        let patience = settings.patience;
        Ok(Self {
            all: all.clone(),
            queues,
            streams,
            memories,
            own_files,
            files: Vec::new(),
            remotes,
            posted,
            patience,
            untold,
            first: None,
        })
    }

    /// Copies a field [`layout.points()`, in the layout's order] for the plans that want it, and returns without waiting for anyone.
    ///
    /// # Errors
    /// [`Error::Full`] and [`Error::Output`] as of [`Server::write_field`]; [`Error::OutputServer`] with what failed on a server and
    /// was not told before. In each case the call has done nothing else and can be repeated.
    pub fn write_field(&mut self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.progress()?;
        self.queues.write_field(metadata, layout, values)
    }

    /// The same with a part of a field: this rank's own `points`.
    pub fn write_part(
        &mut self,
        metadata: Metadata,
        layout: &Layout,
        points: &Points,
        values: &[f64],
    ) -> Result<()> {
        self.progress()?;
        self.queues.write_part(metadata, layout, points, values)
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
        self.progress()?;
        self.queues.write_shared(metadata, layout, points, values)
    }

    /// [`Client::write_field`] for the plans that [`Client::write_own_points`] passes by: of such a field, gathered on the first rank.
    pub fn write_gathered(&mut self, metadata: Metadata, layout: &Layout, values: &[f64]) -> Result<()> {
        self.progress()?;
        self.queues.write_unshared(metadata, layout, values)
    }

    /// Whether this rank has plans that [`Client::write_own_points`] passes by.
    pub fn takes_gathered(&self) -> bool {
        self.queues.has_unshared()
    }

    /// The same with a message that may be kept, such as a mask.
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

    fn of_working(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.streams.iter().flat_map(|of_plan| {
            let working = of_plan.iter().zip(&self.remotes);
            working.filter(|(_, remote)| matches!(remote.state, State::Working)).map(|(stream, _)| stream)
        })
    }

    /// Takes letters of servers, posts letters for them, and looks whether they live.
    fn send(&mut self) -> Result<()> {
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
    fn drain_lost(&self) -> Result<()> {
        let lost = self.lost_servers();
        self.streams
            .iter()
            .try_for_each(|of_plan| lost.iter().try_for_each(|&server| of_plan[server].drain()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Plans that wait for room would wait for ever.
        self.streams.iter().flatten().for_each(|stream| stream.close());
    }
}

fn unreadable(rank: usize) -> Error {
    Error::Server { reason: format!("got a letter of rank {rank} that it cannot read") }
}
