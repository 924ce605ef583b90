//! Starting a rank's own parts of the plans, and its ways to the servers.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::Client;
use super::carrier::Carrier;
use super::remote::{Memory, Remote, State};
use crate::error::{Error, Result};
use crate::plan::{Guarantee, Plans};
use crate::server::{self, Server, SpillSettings};
use crate::sink::AtomicFile;
use crate::transport::replay::PLANS;
use crate::transport::role::Link;
use crate::transport::settings::{NOT_REPLAYED, Settings};
use crate::transport::state;
use crate::transport::stream::{Limits, Stream};

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
}
