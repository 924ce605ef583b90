//! The ranks of a job that write its output, and those of the model, which send it to them.
//!
//! Rank 0 has the plans, and orders the others to begin. All ranks of the model are clients of the servers ([`terrella_io::transport`]), each
//! with its own points ([`crate::sending`]).

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use terrella_coupling::communicator::Communicator;
use terrella_driver::interruption;
use terrella_io::transport::{Client, OutputServer, Role, Settings, state_for_rank};

use crate::automatic::Automatic;
use crate::error::{Error, Result};
use crate::job::ServerSettings;
use crate::planned::read_back;
use crate::ranks::{Call, Ranks};

/// A rank's way to the servers, or a server's to the others.
pub(crate) struct Servers {
    /// Rank 0, and the servers behind it; of the others none.
    office: Communicator,
    /// All ranks.
    job: Communicator,
    settings: ServerSettings,
    /// Whether servers know what to do, and whether they have done it.
    is_ordered: Cell<bool>,
    is_done: Cell<bool>,
}

/// What servers are to do.
#[derive(Debug, Deserialize, Serialize)]
struct Order {
    plans: String,
    /// Where relative paths of sinks start.
    folder: PathBuf,
    log: PathBuf,
    memory: u64,
    disk: u64,
    patience: Duration,
    is_continued: bool,
}

impl Order {
    fn settings(&self) -> Settings {
        let Self { log, memory, disk, patience, .. } = self;
        Settings { memory: *memory, folder: log.clone(), disk: *disk, patience: *patience }
    }
}

impl Servers {
    pub(crate) fn new(office: Communicator, job: Communicator, settings: ServerSettings) -> Self {
        Self { office, job, settings, is_ordered: Cell::new(false), is_done: Cell::new(false) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.settings.ranks
    }

    /// Where they keep what is not written, for an output in `folder`.
    pub(crate) fn log(&self, folder: &Path) -> PathBuf {
        folder.join(&self.settings.log)
    }

    /// Whether the end is still to come of what servers have begun, on rank 0.
    pub(crate) fn are_at_work(&self) -> bool {
        self.is_ordered.get() && !self.is_done.get()
    }

    /// Servers have heard that all is over.
    pub(crate) fn are_done(&self) {
        self.is_done.set(true);
    }

    /// On rank 0: lets the servers and the other ranks begin. `bytes` are those of the fields of an output time; with a `state`, the run is
    /// continued.
    pub(crate) fn client(
        &self,
        ranks: &Ranks,
        plans: &str,
        folder: &Path,
        bytes: u64,
        state: Option<&[u8]>,
    ) -> Result<Client> {
        let memory = match self.settings.memory {
            Automatic::Auto => 8 * bytes * self.count() as u64,
            Automatic::Given(mebibytes) => mebibytes << 20,
        };
        let order = Order {
            plans: plans.to_owned(),
            folder: folder.to_owned(),
            log: self.log(folder),
            memory,
            disk: self.settings.disk << 30,
            patience: Duration::from_secs_f64(self.settings.patience),
            is_continued: state.is_some(),
        };
        self.is_ordered.set(true);
        let mut words = serde_json::to_vec(&order).map_err(|error| Error::Input {
            path: folder.to_owned(),
            message: format!("it cannot be told to servers: {error}."),
        })?;
        let mut state = state.unwrap_or_default().to_vec();
        self.shared(words.clone())?;
        self.shared(state_for_rank(&state, 0, ranks.communicator().size())?)?;
        ranks.call(Call::Plans)?;
        ranks.communicator().share(0, &mut words)?;
        ranks.communicator().share(0, &mut state)?;
        self.begin(ranks, &order, &state)
    }

    /// On another rank of the model: begins as rank 0 wants.
    pub(crate) fn follow(&self, ranks: &Ranks) -> Result<Client> {
        let (mut words, mut state) = (Vec::new(), Vec::new());
        ranks.communicator().share(0, &mut words)?;
        ranks.communicator().share(0, &mut state)?;
        self.begin(ranks, &self.order(&words)?, &state)
    }

    /// On all ranks of the model, with what plans remember on all of them.
    fn begin(&self, ranks: &Ranks, order: &Order, state: &[u8]) -> Result<Client> {
        let Role::Model { link, .. } = Role::of(&self.job, self.count())? else {
            unreachable!("ranks of the model are no servers")
        };
        let (link, settings) = (link.with_whole_fields_on_first(), order.settings());
        let model = ranks.communicator();
        let client = match order.is_continued {
            false => Client::start(&link, &order.plans, &order.folder, &settings),
            true => state_for_rank(state, model.rank(), model.size())
                .and_then(|state| Client::resume(&link, &order.plans, &order.folder, &settings, &state)),
        };
        ranks.together("start of the output", client.map_err(Error::from))
    }

    fn order(&self, words: &[u8]) -> Result<Order> {
        serde_json::from_slice(words).map_err(|error| Error::Input {
            path: self.settings.log.clone(),
            message: format!("what rank 0 wants is not understood: {error}."),
        })
    }

    /// The bytes of rank 0 on all of the office.
    fn shared(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
        self.office.share(0, &mut bytes)?;
        Ok(bytes)
    }

    /// On a server: writes until the run is over. What fails is rank 0's to tell, which hears of it.
    pub(crate) fn serve(&self) -> Result<()> {
        // A launcher passes signals on to all, and rank 0 knows what to do.
        interruption::listen().map_err(Error::signals)?;
        let words = self.shared(Vec::new())?;
        if words.is_empty() {
            return Ok(());
        }
        let state = self.shared(Vec::new())?;
        let order = self.order(&words)?;
        let Role::Server(link) = Role::of(&self.job, self.count())? else {
            unreachable!("servers are the last ranks of the job")
        };
        let settings = order.settings();
        let mut server = match order.is_continued {
            false => OutputServer::start(&link, &order.plans, &order.folder, &settings)?,
            true => OutputServer::resume(&link, &order.plans, &order.folder, &settings, &state)?,
        };
        server.check_files(|file| {
            read_back(file, None).map_err(|error| error.to_string().trim_end_matches('.').to_owned())
        });
        Ok(server.serve()?)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if self.job.rank() == 0 && !self.is_ordered.get() {
            // There is nothing to write. Who cannot be told so cannot be helped.
            let _ = self.shared(Vec::new());
        }
    }
}
