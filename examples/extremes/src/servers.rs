//! The ranks of a job that write its output, and rank 0, which sends it to them.
//!
//! Rank 0 of the model has whole fields and the plans. It alone is a client of the servers ([`terrella_io::transport`]), so that what they
//! get, and write, is what it would write itself.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use terrella_coupling::communicator::Communicator;
use terrella_driver::interruption;
use terrella_io::transport::{Client, OutputServer, Role, Settings};

use crate::automatic::Automatic;
use crate::error::{Error, Result};
use crate::job::ServerSettings;
use crate::planned::read_back;

/// Rank 0's way to the servers, or a server's to it.
pub(crate) struct Servers {
    /// Rank 0, and the servers behind it.
    office: Communicator,
    settings: ServerSettings,
    /// The rank of the first server in the job.
    first: usize,
    /// Whether servers know what to do.
    is_ordered: Cell<bool>,
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
    pub(crate) fn new(office: Communicator, settings: ServerSettings, first: usize) -> Self {
        Self { office, settings, first, is_ordered: Cell::new(false) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.settings.ranks
    }

    /// Where they keep what is not written, for an output in `folder`.
    pub(crate) fn log(&self, folder: &Path) -> PathBuf {
        folder.join(&self.settings.log)
    }

    /// On rank 0: lets the servers begin. `bytes` are those of the fields of an output time; with a `state`, the run is continued.
    pub(crate) fn client(
        &self,
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
        let words = serde_json::to_vec(&order).map_err(|error| Error::Input {
            path: folder.to_owned(),
            message: format!("it cannot be told to servers: {error}."),
        })?;
        self.shared(words)?;
        self.shared(state.unwrap_or_default().to_vec())?;
        let Role::Model { link, .. } = Role::of(&self.office, self.count())? else {
            unreachable!("rank 0 is no server")
        };
        let (link, settings) = (link.called_from(self.first), order.settings());
        Ok(match state {
            None => Client::start(&link, plans, folder, &settings)?,
            Some(state) => Client::resume(&link, plans, folder, &settings, state)?,
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
        let order: Order = serde_json::from_slice(&words).map_err(|error| Error::Input {
            path: self.settings.log.clone(),
            message: format!("what rank 0 wants is not understood: {error}."),
        })?;
        let Role::Server(link) = Role::of(&self.office, self.count())? else {
            unreachable!("rank 0 is no server")
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
        if self.office.rank() == 0 && !self.is_ordered.get() {
            // There is nothing to write. Who cannot be told so cannot be helped.
            let _ = self.shared(Vec::new());
        }
    }
}
