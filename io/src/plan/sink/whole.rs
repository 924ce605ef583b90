//! Sink `file` with `whole: true`: files that appear when the plan is flushed, with all their messages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::consumer::Consumer;
use super::file::Pattern;
use crate::error::{Error, Result};
use crate::plan::{Kind, Message};
use crate::sink::AtomicFile;

/// A file that got its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeFile {
    /// Its name.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of the messages that are in it; of NetCDF, of the file.
    pub hash: [u8; 32],
}

/// Files that sinks `file` with `whole`, and `netcdf`, have finished. Clones are handles of the same list.
#[derive(Clone, Debug, Default)]
pub struct WholeFiles(Arc<Mutex<Vec<WholeFile>>>);

impl WholeFiles {
    /// Takes out what was finished since the last call, in the order of the flushes.
    pub fn take(&self) -> Vec<WholeFile> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn add(&self, file: WholeFile) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }
}

pub(super) struct Whole {
    pattern: Pattern,
    /// None: a message of it could not be written.
    making: BTreeMap<PathBuf, Option<Making>>,
    made: BTreeSet<PathBuf>,
    spoiled: bool,
    files: Option<WholeFiles>,
}

struct Making {
    file: AtomicFile,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Whole {
    pub(super) fn new(pattern: Pattern) -> Self {
        Self { pattern, making: BTreeMap::new(), made: BTreeSet::new(), spoiled: false, files: None }
    }
}

impl Consumer for Whole {
    fn message(&mut self, message: &Message) -> Result<()> {
        let Kind::Encoded(bytes) = &message.kind else {
            return Err(super::not_encoded());
        };
        let path = self.pattern.path(&message.metadata)?;
        let refuse = |got: &str| {
            let name = format!("message for '{}'", path.display());
            let expected = "all messages of a whole file between two flushes".into();
            Err(Error::InvalidValue { name, got: got.into(), expected })
        };
        if self.made.contains(&path) {
            return refuse("one after the file was finished");
        }
        // Without its file until the message is in it, so that what fails leaves none.
        let mut making = match self.making.insert(path.clone(), None) {
            Some(Some(making)) => making,
            Some(None) => return refuse("one after another that could not be written"),
            None => {
                self.pattern.make_folder(&path)?;
                Making { file: AtomicFile::create(&path)?, bytes: 0, hasher: blake3::Hasher::new() }
            }
        };
        making.file.append(bytes)?;
        making.bytes += bytes.len() as u64;
        making.hasher.update(bytes);
        self.making.insert(path, Some(making));
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let spoiled = std::mem::take(&mut self.spoiled);
        let mut first = Ok(());
        for (path, making) in std::mem::take(&mut self.making) {
            let Some(Making { file, bytes, hasher }) = making.filter(|_| !spoiled) else { continue };
            let named = file.commit();
            if named.is_ok() {
                self.made.insert(path.clone());
                if let Some(files) = &self.files {
                    files.add(WholeFile { path, bytes, hash: *hasher.finalize().as_bytes() });
                }
            }
            first = first.and(named);
        }
        first
    }

    fn spoil(&mut self) {
        self.spoiled = true;
    }

    fn report(&mut self, files: &WholeFiles) {
        self.files = Some(files.clone());
    }
}
