//! The log of one stream: letters that a server has not written, for a replay.
//!
//! A record's key is the number of steps that were marked before the letter, 8 bytes. The domains that messages need come before
//! them, and again after a while, so that the log's front may be removed.

use std::collections::VecDeque;
use std::path::Path;

use super::letter::Domain;
use super::settings::NOT_REPLAYED;
use super::stream::{What, domain_letter};
use crate::error::{Error, Result};
use crate::log::{Log, LogSettings};

/// Records after which a domain is written again.
const LASTING: u64 = 64;

pub(super) struct Journal {
    log: Log,
    /// Record of each domain.
    domains: Vec<Option<u64>>,
    /// Of letters: their number, and the first record that they need.
    kept: VecDeque<(u64, u64)>,
}

impl Journal {
    /// A log that is new.
    pub(super) fn open(folder: &Path, bytes: u64) -> Result<Self> {
        let segment_bytes = (bytes / 8).clamp(1, LogSettings::default().segment_bytes);
        let capacity = Some(bytes.max(segment_bytes));
        let (log, _) = Log::open(folder, &LogSettings { segment_bytes, capacity, ..Default::default() })?;
        if log.status().next != 1 {
            return Err(Error::Log { path: folder.to_owned(), reason: NOT_REPLAYED.into() });
        }
        Ok(Self { log, domains: Vec::new(), kept: VecDeque::new() })
    }

    pub(super) fn append(
        &mut self,
        plan: usize,
        number: u64,
        step: u64,
        what: What,
        letter: &[u8],
        domains: &[Domain],
    ) -> Result<()> {
        let key = step.to_le_bytes();
        let mut needs = self.log.status().next;
        match what {
            // With the first message that needs it.
            What::Domain => return Ok(()),
            What::Message(Some(domain)) => {
                self.domains.resize(domains.len(), None);
                let last = self.domains[domain].filter(|&record| needs - record < LASTING);
                needs = match last {
                    Some(record) => record,
                    None => {
                        let record = self.log.append(&key, &domain_letter(plan, domain, domains))?;
                        *self.domains[domain].insert(record)
                    }
                };
            }
            What::Message(None) | What::Gap | What::Mark | What::End => {}
        }
        self.log.append(&key, letter)?;
        self.kept.push_back((number, needs));
        Ok(())
    }

    /// Letters before this number are written.
    pub(super) fn release(&mut self, before: u64) {
        while self.kept.front().is_some_and(|&(number, _)| number < before) {
            self.kept.pop_front();
        }
        // Domains in the last records may be needed by letters to come.
        let lasting = self.log.status().next.saturating_sub(LASTING);
        let needed = self.kept.iter().map(|&(_, record)| record).fold(lasting, u64::min);
        self.log.release(needed);
    }

    pub(super) fn sync(&mut self) -> Result<()> {
        self.log.sync()
    }
}
