//! One forecast on the ranks of an MPI job: rank 0 leads, the others follow.
//!
//! Every rank reads the configuration, its share of the input, and makes its part of the initial state. From then on rank 0 is the
//! program that it is alone: it decides, reads, prints and writes. Before whatever the ranks compute together it says so by a [`Call`], for
//! which the others wait.

use std::fmt::Display;
use std::path::Path;
use std::rc::Rc;

use bytemuck::Pod;
use terrella_coupling::agreement::{first_failure, first_unlike};
use terrella_coupling::communicator::{Communicator, Kind};

use crate::error::{Error, Result, complain};
use crate::job::{RankSettings, ServerSettings};
use crate::servers::Servers;
use crate::watch::{Watch, last_checkpoint};

/// What rank 0 calls the others to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// One time step.
    Step,
    /// The present state, as it is written.
    Snapshot,
    /// The start of output on servers.
    Plans,
    /// The last snapshot, for servers.
    Write,
    /// What plans on servers remember.
    PlanStates,
    /// The end of output on servers.
    EndPlans,
    /// Measurements of the present state.
    Record,
    /// A copy of what each has of the present state.
    Keep,
    /// The parts of a checkpoint, of that copy.
    Checkpoint,
    /// A checkpoint to go on from.
    Restore,
    /// Where their time went.
    Times,
    /// Nothing more.
    End,
}

impl Call {
    const ALL: [Self; 12] = [
        Self::Step,
        Self::Snapshot,
        Self::Plans,
        Self::Write,
        Self::PlanStates,
        Self::EndPlans,
        Self::Record,
        Self::Keep,
        Self::Checkpoint,
        Self::Restore,
        Self::Times,
        Self::End,
    ];

    /// For people; `steps` have been done.
    pub(crate) fn phase(self, steps: u64) -> String {
        match self {
            Self::Step => format!("step {}", steps + 1),
            Self::Snapshot => format!("snapshot after step {steps}"),
            Self::Plans => "start of the output".into(),
            Self::Write => format!("output after step {steps}"),
            Self::PlanStates => format!("checkpoint of the output after step {steps}"),
            Self::EndPlans => "end of the output".into(),
            Self::Record => format!("measurements after step {steps}"),
            Self::Keep => format!("copy of the state after step {steps}"),
            Self::Checkpoint => format!("checkpoint after step {steps}"),
            Self::Restore => "restart".into(),
            Self::Times => "times".into(),
            Self::End => "end".into(),
        }
    }
}

/// The ranks of the job, of which this is one.
#[derive(Clone)]
pub(crate) struct Ranks {
    communicator: Communicator,
    watch: Option<Rc<Watch>>,
    /// Where there are any.
    servers: Option<Rc<Servers>>,
}

/// What a rank of a job does.
pub(crate) enum Part {
    /// It computes.
    Model(Ranks),
    /// It writes; with the watch over the job.
    Server(Servers, Option<Rc<Watch>>),
}

impl Ranks {
    /// Those that a launcher of MPI programs has started, or one alone.
    pub(crate) fn launched() -> Result<Self> {
        Ok(Self { communicator: Communicator::launched()?, watch: None, servers: None })
    }

    /// Lets the ranks watch each other, and makes servers of the last ones; all of them call it.
    pub(crate) fn parted(mut self, ranks: &RankSettings, server: &ServerSettings) -> Result<Part> {
        let (all, servers) = (self.communicator.clone(), server.ranks);
        if servers > 0 && servers >= all.size() {
            let expected = format!("fewer than the {} ranks of the job", all.size());
            return Err(Error::Setting { key: "ranks", table: "server", got: servers.to_string(), expected });
        }
        let model = all.size() - servers;
        self.watch(ranks, model)?;
        if servers == 0 {
            return Ok(Part::Model(self));
        }
        let is_server = all.rank() >= model;
        let ranks = all.split(Some(u16::from(is_server)), 0)?;
        let has_orders = is_server || all.rank() == 0;
        let office = all.split(Some(u16::from(!has_orders)), 0)?.expect("each has a colour");
        let servers = Servers::new(office, all, server.clone());
        if is_server {
            return Ok(Part::Server(servers, self.watch));
        }
        self.communicator = ranks.expect("each has a colour");
        self.servers = Some(Rc::new(servers));
        Ok(Part::Model(self))
    }

    /// Those that write.
    pub(crate) fn servers(&self) -> Option<&Servers> {
        self.servers.as_deref()
    }

    /// Lets the ranks watch each other, so many of which compute.
    fn watch(&mut self, settings: &RankSettings, watched: usize) -> Result<()> {
        let patience =
            settings.patience().filter(|_| self.are_several() && self.communicator.kind() == Kind::Mpi);
        if let Some(patience) = patience {
            let watch = Watch::start(&self.communicator, patience, watched)?;
            self.watch = Some(Rc::new(watch));
        }
        Ok(())
    }

    /// What this rank does now, for those who hear that another one is gone.
    pub(crate) fn enter(&self, phase: impl Display) {
        if let Some(watch) = &self.watch {
            watch.enter(phase);
        }
    }

    /// What this rank does now, for people.
    pub(crate) fn phase(&self) -> String {
        self.watch.as_ref().map_or_else(|| "run".into(), |watch| watch.phase())
    }

    /// Where checkpoints are written.
    pub(crate) fn expect_checkpoints_at(&self, path: &Path) {
        if let Some(watch) = &self.watch {
            watch.expect_checkpoints_at(path.to_owned());
        }
    }

    pub(crate) fn communicator(&self) -> &Communicator {
        &self.communicator
    }

    /// Whether this is rank 0.
    pub(crate) fn leads(&self) -> bool {
        self.communicator.rank() == 0
    }

    /// Whether there are others.
    pub(crate) fn are_several(&self) -> bool {
        self.communicator.size() > 1
    }

    /// Where this is rank 0: calls the others.
    pub(crate) fn call(&self, call: Call) -> Result<()> {
        if self.leads() && self.are_several() {
            self.communicator.broadcast(0, &mut [call as u8])?;
        }
        Ok(())
    }

    /// What rank 0 calls for.
    pub(crate) fn next_call(&self) -> Result<Call> {
        let mut number = [0u8];
        self.communicator.broadcast(0, &mut number)?;
        // Ranks run the same version: there is no other number.
        Ok(Call::ALL.into_iter().find(|call| *call as u8 == number[0]).unwrap_or(Call::End))
    }

    /// Whether rank 0 found something, on all ranks.
    pub(crate) fn first_found(&self, found: bool) -> Result<bool> {
        let mut found = [u8::from(found)];
        self.communicator.broadcast(0, &mut found)?;
        Ok(found[0] != 0)
    }

    /// What one rank makes, on all of them; the error of its making ends all. Ranks are counted round and round.
    pub(crate) fn made_by<T: Pod>(
        &self,
        rank: usize,
        phase: &'static str,
        make: impl FnOnce() -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        let maker = rank % self.communicator.size();
        let made = if self.communicator.rank() == maker { make() } else { Ok(Vec::new()) };
        let mut values = self.together(phase, made)?;
        self.communicator.share(maker, &mut values)?;
        Ok(values)
    }

    /// The outcome if all ranks succeeded; else all of them fail with that of the first rank that did not.
    pub(crate) fn together<T>(&self, phase: &'static str, outcome: Result<T>) -> Result<T> {
        if !self.are_several() {
            return outcome;
        }
        self.enter(phase);
        match first_failure(&self.communicator, &outcome)? {
            Some((rank, message)) if rank != self.communicator.rank() => {
                Err(Error::OnRank { rank, phase: phase.to_owned(), message })
            }
            _ => outcome,
        }
    }

    /// An error on all ranks unless `own` is the same on all of them.
    pub(crate) fn expect_same(&self, name: &'static str, own: impl Display) -> Result<()> {
        match first_unlike(&self.communicator, own)? {
            None => Ok(()),
            Some((rank, got, expected)) => Err(Error::UnlikeRanks { name, rank, got, expected }),
        }
    }

    /// Ends all ranks after an error that has been told.
    pub(crate) fn end(&self) -> ! {
        if let Some(watch) = &self.watch {
            watch.end();
        }
        self.communicator.abort(1)
    }

    /// Ends all ranks at once with one line, after a failure of which the others do not know.
    pub(crate) fn abandon(&self, phase: &str, error: &Error, checkpoint: &Path) -> ! {
        let rank = self.communicator.rank();
        complain(format_args!(
            "rank {rank} failed at '{phase}': {error} {}",
            last_checkpoint(Some(checkpoint))
        ));
        self.end()
    }
}
