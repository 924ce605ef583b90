//! The side of a rank that writes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use terrella_coupling::communicator::{Communicator, Posted};

use super::letter::{self, Domain, FromServer, ToServer};
use super::replay::logs;
use super::role::Link;
use super::settings::{NOT_REPLAYED, Settings};
use super::state;
use super::written::{self, Written};
use crate::error::{Error, Result};
use crate::plan::{Gap, Message, Plans, WholeFile, WholeFiles};
use crate::server::{self, Answer, Metrics, Server, SpillSettings};

/// Between two looks at whether something has come, where nothing has.
const PAUSE: Duration = Duration::from_micros(200);

/// Letters that are received before the plans are looked after again.
const AT_ONCE: usize = 64;

/// A rank that carries out the plans behind `transport` for the ranks of the model.
///
/// Dropped before it is done, it is as if its process had been killed: files that are not whole vanish.
pub struct OutputServer {
    all: Communicator,
    clients: usize,
    queues: Server,
    folder: PathBuf,
    patience: Duration,
    plans: Vec<PlanOfRanks>,
    posted: Vec<Posted>,
    /// Ranks that have given this server up: nothing comes from them any more.
    given_up: Vec<bool>,
    files: WholeFiles,
    check: Check,
    /// The first file that was refused.
    refusal: Option<String>,
    signed: Instant,
    is_closed: bool,
    is_done: bool,
}

/// Says what is wrong with a file.
type Check = Box<dyn FnMut(&WholeFile) -> std::result::Result<(), String>>;

/// A plan with what ranks have sent of it.
struct PlanOfRanks {
    ranks: Vec<Source>,
    /// Steps that the plan was asked to flush, and the answers that are awaited.
    asked: u64,
    awaited: VecDeque<(u64, u64, Answer)>,
    written: Written,
}

/// What one rank has sent of one plan.
#[derive(Default)]
struct Source {
    domains: Vec<Domain>,
    waiting: VecDeque<Item>,
    /// Letters that have been taken, and of how many it has been told.
    taken: u64,
    told: u64,
    marked: u64,
    has_ended: bool,
}

/// What waits for its turn.
enum Item {
    Message(Message),
    Gap(Gap),
    Mark,
    End,
}

impl OutputServer {
    /// Reads the plans, the same text as on the model's ranks, and starts what is behind `transport`. Relative paths of sinks
    /// start in `folder`.
    ///
    /// # Errors
    /// Those of [`Plans::from_yaml_in`] and [`Server::start`]. The ranks of the model are told, and their output goes to logs.
    pub fn start(link: &Link, plans: &str, folder: &Path, settings: &Settings) -> Result<Self> {
        Self::started(link, plans, folder, settings, None)
    }

    /// [`OutputServer::start`] for a run that is continued ([checkpoints](crate::transport#checkpoints)), with what
    /// [`Client::state`](super::Client::state) returned on the first rank.
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
        let started = Self::new(link, plans, folder, settings, state);
        if let Err(error) = &started {
            let given_up = &mut vec![false; link.clients()];
            say_failed(&link.all, error, &mut Vec::new(), given_up, settings.patience);
        }
        started
    }

    fn new(
        link: &Link,
        plans: &str,
        folder: &Path,
        settings: &Settings,
        state: Option<&[u8]>,
    ) -> Result<Self> {
        settings.check()?;
        let number = link.all.rank() - link.clients();
        let mut plans = Plans::of_server(plans, folder, link.servers(), state.is_some())?;
        let mut written =
            vec![Written { is_continued: state.is_some(), ..Written::default() }; plans.count()];
        if let Some(state) = state {
            plans.restore(&state::part(state, link.servers(), Some(number))?)?;
            written.iter_mut().zip(plans.states()).for_each(|(written, state)| written.state = state);
        }
        let files = plans.whole_files();
        let of_ranks = |written: &Written| PlanOfRanks {
            ranks: (0..link.clients()).map(|_| Source::default()).collect(),
            asked: 0,
            awaited: VecDeque::new(),
            written: written.clone(),
        };
        let of_ranks = written.iter().map(of_ranks).collect();
        let spill = SpillSettings { folder: settings.folder.clone(), bytes: settings.disk };
        let queues = server::Settings { memory: settings.memory / 2, spill: Some(spill), metrics: None };
        let folder = settings.of_server(number);
        std::fs::create_dir_all(&folder)
            .map_err(|source| Error::file(&folder, "making the folder", source))?;
        if let Some((_, path, _)) = logs(&folder)?.into_iter().next() {
            return Err(Error::Log { path, reason: NOT_REPLAYED.into() });
        }
        // What an earlier run left is none of this one's.
        match state {
            Some(_) => written::store(&folder, &written)?,
            None => written::remove(&folder)?,
        }
        Ok(Self {
            all: link.all.clone(),
            clients: link.clients(),
            queues: Server::start(plans, queues)?,
            folder,
            patience: settings.patience,
            plans: of_ranks,
            posted: Vec::new(),
            given_up: vec![false; link.clients()],
            files,
            check: Box::new(|_| Ok(())),
            refusal: None,
            signed: Instant::now(),
            is_closed: false,
            is_done: false,
        })
    }

    /// Serves until all ranks of the model have finished.
    ///
    /// # Errors
    /// The first failure of the plans, of which the ranks have been told too. [`Error::Server`] where this server could not go on,
    /// or a rank has given it up: then what is not written is in the ranks' logs.
    pub fn serve(mut self) -> Result<()> {
        while !self.turn()? {
            std::thread::sleep(PAUSE);
        }
        self.queues.finish()?;
        self.refusal.take().map_or(Ok(()), |reason| Err(Error::Server { reason }))
    }

    /// Shows files that are whole ([`Plans::whole_files`]) to `check` before the first rank is told of them. What it says is wrong with one is
    /// a failure of the run: the rank is told that, and not of the file.
    pub fn check_files(
        &mut self,
        check: impl FnMut(&WholeFile) -> std::result::Result<(), String> + 'static,
    ) {
        self.check = Box::new(check);
    }

    /// Does what there is to do, and does not wait. Whether all is done. For a rank that does something else too; it must come
    /// back within a quarter of [`Settings::patience`].
    ///
    /// # Errors
    /// [`Error::Server`] as of [`OutputServer::serve`]; the server is of no use after it.
    pub fn turn(&mut self) -> Result<bool> {
        let outcome = self.one_turn();
        if let Err(error) = &outcome {
            self.queues.kill();
            say_failed(&self.all, error, &mut self.posted, &mut self.given_up, self.patience);
        }
        outcome
    }

    /// What has been done and what waits here.
    pub fn metrics(&self) -> Metrics {
        self.queues.metrics()
    }

    fn one_turn(&mut self) -> Result<bool> {
        if self.is_done || self.plans.is_empty() {
            return Ok(true);
        }
        let mut is_quiet = false;
        for _ in 0..AT_ONCE {
            let Some(received) = self.all.receive()? else {
                is_quiet = true;
                break;
            };
            self.take(received.from, &received.bytes)?;
        }
        // What it sent before it ended may say why.
        if let Some(rank) = (0..self.clients).find(|&rank| is_quiet && self.all.has_left(rank)) {
            return Err(Error::Server {
                reason: format!("misses rank {rank}, which has ended before its output"),
            });
        }
        for plan in 0..self.plans.len() {
            self.hand_over(plan)?;
            self.acknowledge(plan)?;
            self.bring_to_disk(plan)?;
        }
        self.tell_failures()?;
        if self.signed.elapsed() > self.patience / 4 {
            self.signed = Instant::now();
            self.post_to_all(|_| FromServer::Alive)?;
        }
        let is_over =
            |plan: &PlanOfRanks| plan.ranks.iter().all(|source| source.has_ended) && plan.awaited.is_empty();
        if !self.is_closed && self.plans.iter().all(is_over) {
            self.queues.close();
            self.is_closed = true;
        }
        if self.is_closed && self.queues.has_ended() {
            self.tell_failures()?;
            self.tell_files()?;
            self.forget_progress()?;
            let metrics = self.queues.metrics().to_json();
            self.post_to_all(|rank| {
                FromServer::Done(if rank == 0 { metrics.clone() } else { String::new() })
            })?;
            self.is_done = true;
            wait_until_gone(&mut self.posted, self.patience)?;
        }
        let mut failed = None;
        self.posted
            .retain_mut(|posted| !posted.is_done().unwrap_or_else(|error| failed.replace(error).is_none()));
        failed.map_or(Ok(self.is_done), |error| Err(error.into()))
    }

    /// Takes a letter in.
    fn take(&mut self, from: usize, bytes: &[u8]) -> Result<()> {
        let unreadable =
            || Error::Server { reason: format!("got a letter of rank {from} that it cannot read") };
        let letter = letter::to_server(bytes).ok_or_else(unreadable)?;
        let (plan, item) = match letter {
            ToServer::GivenUp => {
                *self.given_up.get_mut(from).ok_or_else(unreadable)? = true;
                return Err(Error::Server { reason: format!("was given up by rank {from}") });
            }
            ToServer::Domain { plan, number, domain } => {
                let source = self.plans.get_mut(plan).and_then(|plan| plan.ranks.get_mut(from));
                let source = source.filter(|source| source.domains.len() as u64 == number);
                let source = source.ok_or_else(unreadable)?;
                source.domains.push(domain);
                source.taken += 1;
                return Ok(());
            }
            ToServer::Message { plan, domain, body } => {
                let source =
                    self.plans.get(plan).and_then(|plan| plan.ranks.get(from)).ok_or_else(unreadable)?;
                let domain = usize::try_from(domain).ok().and_then(|domain| source.domains.get(domain));
                (plan, Item::Message(body.on(domain).ok_or_else(unreadable)?))
            }
            ToServer::Gap { plan, gap } => (plan, Item::Gap(gap)),
            ToServer::Mark { plan } => (plan, Item::Mark),
            ToServer::End { plan } => (plan, Item::End),
            ToServer::Ask { plan } => {
                let state = self.plans.get(plan).ok_or_else(unreadable)?.written.state.clone();
                return self.post(from, &FromServer::State { plan, state });
            }
        };
        let source = self.plans.get_mut(plan).and_then(|plan| plan.ranks.get_mut(from));
        source.ok_or_else(unreadable)?.waiting.push_back(item);
        Ok(())
    }

    /// Gives a plan what waits for it, as far as it has room: of a rank that has ended more steps than another, nothing, so that a step
    /// that is written is all that the plan has had.
    fn hand_over(&mut self, number: usize) -> Result<()> {
        if self.queues.has_died(number) && !self.is_closed {
            // What it had is with the ranks yet.
            self.queues.tell()?;
            return Err(Error::Server { reason: "has lost a plan by a panic".into() });
        }
        let plan = &mut self.plans[number];
        while let Some(source) = plan.next() {
            let Some(item) = source.waiting.pop_front() else { break };
            match item {
                Item::Message(message) => {
                    if self.queues.would_be_full(number, &message) {
                        source.waiting.push_front(Item::Message(message));
                        return Ok(());
                    }
                    self.queues.write_to(number, message)?;
                }
                Item::Gap(gap) => self.queues.add_gap(number, gap),
                Item::Mark => source.marked += 1,
                Item::End => source.has_ended = true,
            }
            source.taken += 1;
            let complete = plan.complete();
            while plan.asked < complete {
                plan.asked += 1;
                let (flush, answer) = self.queues.ask_state(number);
                plan.awaited.push_back((plan.asked, flush, answer));
            }
        }
        Ok(())
    }

    /// Tells ranks what has been taken.
    fn acknowledge(&mut self, plan: usize) -> Result<()> {
        for rank in 0..self.clients {
            let source = &mut self.plans[plan].ranks[rank];
            if source.told < source.taken {
                source.told = source.taken;
                let letters = source.taken;
                self.post(rank, &FromServer::Taken { plan, letters })?;
            }
        }
        Ok(())
    }

    /// Writes down steps that a plan has flushed, and then tells ranks.
    fn bring_to_disk(&mut self, number: usize) -> Result<()> {
        let mut flushed = None;
        let plan = &mut self.plans[number];
        while let Some((step, flush, answer)) = plan.awaited.front() {
            if !self.queues.has_flushed(number, *flush) {
                break;
            }
            let state = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(state) = state else {
                // Of a flush that failed nobody knows what is on the disk.
                self.queues.tell()?;
                return Err(Error::Server { reason: "could not bring a step to the disk".into() });
            };
            flushed = Some(*step);
            plan.written = Written { steps: *step, state, ..plan.written };
            plan.awaited.pop_front();
        }
        let Some(steps) = flushed else { return Ok(()) };
        self.tell_failures()?;
        self.tell_files()?;
        let progress: Vec<Written> = self.plans.iter().map(|plan| plan.written.clone()).collect();
        written::store(&self.folder, &progress)?;
        let remembers = progress[number].state.is_some();
        self.post_to_all(|_| FromServer::Written { plan: number, steps, remembers })
    }

    /// Tells the first rank of files that have become whole.
    fn tell_files(&mut self) -> Result<()> {
        for file in self.files.take() {
            match (self.check)(&file) {
                Ok(()) => self.post(0, &FromServer::Whole(file))?,
                Err(reason) => {
                    self.post_to_all(|_| FromServer::Failure(reason.clone()))?;
                    self.refusal.get_or_insert(reason);
                }
            }
        }
        Ok(())
    }

    fn tell_failures(&mut self) -> Result<()> {
        while let Err(error) = self.queues.tell() {
            self.post_to_all(|_| FromServer::Failure(without_stop(&error)))?;
        }
        Ok(())
    }

    /// All is written: a replay has nothing to begin with.
    fn forget_progress(&self) -> Result<()> {
        written::remove(&self.folder)
    }

    fn post(&mut self, rank: usize, letter: &FromServer) -> Result<()> {
        if self.all.has_left(rank) {
            return Ok(());
        }
        self.posted.push(self.all.post(rank, Arc::new(letter.to_bytes()))?);
        Ok(())
    }

    fn post_to_all(&mut self, letter: impl Fn(usize) -> FromServer) -> Result<()> {
        (0..self.clients).try_for_each(|rank| self.post(rank, &letter(rank)))
    }
}

impl PlanOfRanks {
    /// Steps that all ranks have ended: one that has ended altogether holds up none.
    fn complete(&self) -> u64 {
        let marked = |source: &Source| source.marked;
        let going_on = self.ranks.iter().filter(|source| !source.has_ended).map(marked).min();
        going_on.unwrap_or_else(|| self.ranks.iter().map(marked).max().unwrap_or(0))
    }

    /// A rank that has something for the plan, and has not ended more steps than others.
    fn next(&mut self) -> Option<&mut Source> {
        let complete = self.complete();
        self.ranks.iter_mut().find(|source| !source.waiting.is_empty() && source.marked <= complete)
    }
}

impl Drop for OutputServer {
    fn drop(&mut self) {
        if !self.is_done {
            self.queues.kill();
        }
    }
}

fn without_stop(error: &Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

/// Tells all ranks that can be reached, and takes what they have sent before they hear of it, so that nothing stays on its way.
fn say_failed(
    all: &Communicator,
    error: &Error,
    posted: &mut Vec<Posted>,
    given_up: &mut [bool],
    patience: Duration,
) {
    let letter = Arc::new(FromServer::Failed(without_stop(error)).to_bytes());
    posted.extend((0..given_up.len()).filter_map(|rank| all.post(rank, letter.clone()).ok()));
    let start = Instant::now();
    // The error at hand is the one to tell: another one ends this alone.
    while start.elapsed() < patience {
        match all.receive() {
            Ok(Some(received)) if letter::to_server(&received.bytes) == Some(ToServer::GivenUp) => {
                if let Some(rank) = given_up.get_mut(received.from) {
                    *rank = true;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) if (0..given_up.len()).all(|rank| given_up[rank] || all.has_left(rank)) => break,
            Ok(None) => std::thread::sleep(PAUSE),
            Err(_) => return,
        }
    }
    let _ = wait_until_gone(posted, patience);
}

fn wait_until_gone(posted: &mut Vec<Posted>, longest: Duration) -> Result<()> {
    let start = Instant::now();
    while !posted.is_empty() && start.elapsed() < longest {
        let mut failed = None;
        posted.retain_mut(|posted| !posted.is_done().unwrap_or_else(|error| failed.replace(error).is_none()));
        if let Some(error) = failed {
            return Err(error.into());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
