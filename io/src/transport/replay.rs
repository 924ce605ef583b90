//! What lost servers have not written, through the plans.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::letter::{self, Domain, ToServer};
use super::written;
use crate::error::{Error, Result};
use crate::log::{Item, Log, LogSettings, Record};
use crate::plan::{Plans, state};

/// Name of the plans of a run in [`super::Settings::folder`].
pub const PLANS: &str = "plans.yaml";

/// What [`replay`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Messages that went through the plans.
    pub messages: u64,
    /// Messages that a server had written before it was lost.
    pub written: u64,
    /// Logs that were read, and removed.
    pub logs: u64,
}

/// A log of one rank for one plan.
struct Source {
    path: PathBuf,
    domains: Vec<Option<Domain>>,
    /// Letters that were not written, by the number of steps before them.
    steps: BTreeMap<u64, Vec<u64>>,
    log: Log,
}

/// Takes what servers that were lost have not written through the plans, in the order of steps, in each of them by rank, and removes the
/// logs. Nothing to replay is no error. For one process, after the run has ended; it ends the plans.
///
/// `plans` and `folder` are those of the run, `transport` its [`Settings::folder`](super::Settings::folder). Called again after an error or a
/// kill, it does the same from the begin.
///
/// # Errors
/// Those of the plans; [`Error::Plan`] for plans of which something was written and that cannot be continued; [`Error::Log`] for logs that
/// are damaged or of other plans. The logs are still there then.
pub fn replay(plans: &str, folder: &Path, transport: &Path) -> Result<Replayed> {
    let mut replayed = Replayed::default();
    for (_, path) in numbered(transport, "server-")? {
        let mut by_plan: BTreeMap<usize, BTreeMap<usize, PathBuf>> = BTreeMap::new();
        for (rank, path, plan) in logs(&path)? {
            by_plan.entry(plan).or_default().insert(rank, path);
        }
        let progress = written::load(&path)?;
        for (plan, logs) in by_plan {
            let progress = progress.get(plan).cloned().unwrap_or_default();
            one_plan(plans, folder, plan, &progress, &logs, &mut replayed)?;
        }
        written::remove(&path)?;
    }
    Ok(replayed)
}

fn one_plan(
    plans: &str,
    folder: &Path,
    number: usize,
    progress: &written::Written,
    logs: &BTreeMap<usize, PathBuf>,
    replayed: &mut Replayed,
) -> Result<()> {
    let mut sources: Vec<Source> =
        logs.values().map(|path| Source::open(path, progress.steps, replayed)).collect::<Result<_>>()?;
    let steps: Vec<u64> = {
        let mut steps: Vec<u64> = sources.iter().flat_map(|source| source.steps.keys().copied()).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    };
    if !steps.is_empty() {
        let is_begun = progress.steps > 0 || progress.is_continued;
        let of_other_plans = |path: &Path| Error::Log {
            path: path.to_owned(),
            reason: format!("is of plan {number} with 'transport', which these plans do not have"),
        };
        let found = Plans::only_of_server(plans, folder, number, is_begun)?;
        let mut plan = found.ok_or_else(|| of_other_plans(&sources[0].path))?;
        if is_begun {
            plan.restore(&state::join(progress.state.clone().into_iter()))?;
        }
        for step in steps {
            for source in &mut sources {
                source.deliver(step, &mut plan, replayed)?;
            }
        }
        plan.finish()?;
    }
    for source in sources {
        let path = source.path.clone();
        drop(source);
        std::fs::remove_dir_all(&path).map_err(|error| Error::file(&path, "removing", error))?;
        replayed.logs += 1;
    }
    Ok(())
}

impl Source {
    /// Looks at all records: what there is to deliver, and whether all can be read.
    fn open(path: &Path, written: u64, replayed: &mut Replayed) -> Result<Self> {
        let (log, _) = Log::open(path, &LogSettings::default())?;
        let mut source = Self { path: path.to_owned(), domains: Vec::new(), steps: BTreeMap::new(), log };
        let mut reader = source.log.reader(1)?;
        while let Some(item) = reader.next(Duration::ZERO)? {
            let record = match item {
                Item::Record(record) => record,
                // What is gone was written.
                Item::Gap(_) => continue,
                Item::Damage(damage) => {
                    return Err(source.error(format!("record {} is damaged: {}", damage.from, damage.reason)));
                }
            };
            let (step, letter) = source.read(&record)?;
            match letter {
                ToServer::Domain { number, domain, .. } => {
                    let place = number as usize;
                    if place >= source.domains.len() {
                        // No log has so many that are not written.
                        source.domains.resize(place + 1, None);
                    }
                    source.domains[place] = Some(domain);
                }
                ToServer::Message { .. } | ToServer::Gap { .. } if step < written => replayed.written += 1,
                ToServer::Message { .. } | ToServer::Gap { .. } => {
                    source.steps.entry(step).or_default().push(record.number);
                }
                _ => {}
            }
        }
        Ok(source)
    }

    fn read(&self, record: &Record) -> Result<(u64, ToServer)> {
        let step = record.key.as_slice().try_into().map(u64::from_le_bytes).ok();
        let letter = letter::to_server(&record.payload);
        step.zip(letter)
            .ok_or_else(|| self.error(format!("record {} is no letter for a server", record.number)))
    }

    /// Sends the messages of a step through a plan.
    fn deliver(&mut self, step: u64, plan: &mut Plans, replayed: &mut Replayed) -> Result<()> {
        for number in self.steps.remove(&step).unwrap_or_default() {
            let Some(Item::Record(record)) = self.log.reader(number)?.next(Duration::ZERO)? else {
                return Err(self.error(format!("record {number} has gone")));
            };
            match self.read(&record)?.1 {
                ToServer::Message { domain, body, .. } => {
                    let domain = self.domains.get(domain as usize).and_then(Option::as_ref);
                    let lost = || self.error(format!("record {number} has no domain"));
                    plan.write(body.on(domain).ok_or_else(lost)?)?;
                    replayed.messages += 1;
                }
                ToServer::Gap { gap, .. } => plan.gap(&gap)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn error(&self, reason: String) -> Error {
        Error::Log { path: self.path.clone(), reason }
    }
}

/// Folders whose names are a prefix and a number, by number.
fn numbered(folder: &Path, prefix: &str) -> Result<BTreeMap<usize, PathBuf>> {
    let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix(prefix)?.parse().ok();
    Ok(entries(folder)?.into_iter().filter_map(|path| Some((number(&path)?, path))).collect())
}

/// Rank, path and plan of the logs for a server.
pub(super) fn logs(folder: &Path) -> Result<Vec<(usize, PathBuf, usize)>> {
    let numbers = |path: &Path| {
        let (rank, plan) = path.file_name()?.to_str()?.strip_prefix("rank-")?.split_once("-plan-")?;
        Some((rank.parse().ok()?, plan.parse().ok()?))
    };
    let found = entries(folder)?.into_iter().filter_map(|path| numbers(&path).map(|found| (path, found)));
    Ok(found.map(|(path, (rank, plan))| (rank, path, plan)).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |source| Error::file(folder, "reading the folder", source);
    std::fs::read_dir(folder).map_err(fail)?.map(|entry| Ok(entry.map_err(fail)?.path())).collect()
}
