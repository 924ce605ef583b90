//! Saving and restoring.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::lock::{Lock, lock};
use crate::sink::AtomicFile;

/// First bytes of a checkpoint; the last one is the format's version.
const MAGIC: [u8; 8] = *b"TERRCKP\x01";
/// Bytes before the state.
const HEAD: usize = 56;

/// A folder of checkpoints, which one process has at a time.
#[derive(Debug)]
pub struct CheckpointStore {
    folder: PathBuf,
    keep: usize,
    /// Number that the next checkpoint gets.
    next: Mutex<u64>,
    _lock: Lock,
}

/// A state whose hash was found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The step that was given when it was saved.
    pub step: u64,
    /// The model's bytes.
    pub state: Vec<u8>,
    /// Where it lies.
    pub path: PathBuf,
}

/// A checkpoint that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// What there was to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The newest checkpoint that is good; None where there is none.
    pub checkpoint: Option<Checkpoint>,
    /// Newer ones that are not, the newest first.
    pub skipped: Vec<Skipped>,
}

impl CheckpointStore {
    /// Opens the store in `folder`, which is made where there is none, and removes what a killed process left half-written.
    /// The last `keep` checkpoints are kept.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for `keep` 0, [`Error::InUse`] where another process has the store, [`Error::File`] where the
    /// system refuses.
    pub fn open(folder: impl AsRef<Path>, keep: usize) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        if keep == 0 {
            return Err(Error::InvalidValue {
                name: "keep".into(),
                got: "0".into(),
                expected: "1 checkpoint or more".into(),
            });
        }
        std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, "creating", error))?;
        let lock = lock(&folder)?;
        let (numbers, unfinished) = list(&folder)?;
        for path in unfinished {
            std::fs::remove_file(&path).map_err(|error| Error::file(path, "removing", error))?;
        }
        let next = numbers.last().map_or(Some(1), |last| last.checked_add(1));
        let next = next.ok_or_else(|| Error::InvalidValue {
            name: "checkpoint".into(),
            got: format!("number {}", u64::MAX),
            expected: "a number with one behind it".into(),
        })?;
        Ok(Self { folder, keep, next: Mutex::new(next), _lock: lock })
    }

    /// Saves a state and removes the oldest beyond the number that is kept. Returns its path.
    ///
    /// # Errors
    /// [`Error::File`] where the system refuses to write the new one, or to remove an old one when the new one is safe. What
    /// was saved before is still there.
    pub fn save(&self, step: u64, state: &[u8]) -> Result<PathBuf> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let path = path_of(&self.folder, *next);
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&MAGIC);
        head[8..16].copy_from_slice(&step.to_le_bytes());
        head[16..24].copy_from_slice(&(state.len() as u64).to_le_bytes());
        let hash = hash(&head, state);
        head[24..].copy_from_slice(hash.as_bytes());
        let mut file = AtomicFile::create(&path)?;
        file.append(&head)?;
        file.append(state)?;
        file.commit()?;
        *next = next.saturating_add(1);
        let (numbers, _) = list(&self.folder)?;
        for &number in numbers.iter().rev().skip(self.keep) {
            let path = path_of(&self.folder, number);
            std::fs::remove_file(&path).map_err(|error| Error::file(path, "removing", error))?;
        }
        Ok(path)
    }

    /// The newest state that is good, and which newer ones are not.
    ///
    /// # Errors
    /// [`Error::File`] where the folder cannot be listed. A file that cannot be read is passed over.
    pub fn restore(&self) -> Result<Restored> {
        let mut restored = Restored { checkpoint: None, skipped: Vec::new() };
        for &number in list(&self.folder)?.0.iter().rev() {
            let path = path_of(&self.folder, number);
            match read(&path) {
                Ok((step, state)) => {
                    restored.checkpoint = Some(Checkpoint { step, state, path });
                    break;
                }
                Err(reason) => restored.skipped.push(Skipped { path, reason }),
            }
        }
        Ok(restored)
    }
}

fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("checkpoint-{number:08}.bin"))
}

/// Numbers of checkpoints, ascending, and files of a process that was killed while it saved.
fn list(folder: &Path) -> Result<(Vec<u64>, Vec<PathBuf>)> {
    let fail = |error| Error::file(folder, "listing", error);
    let (mut numbers, mut unfinished) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with(".checkpoint-") && name.ends_with(".part") {
            unfinished.push(path);
            continue;
        }
        let digits = name.strip_prefix("checkpoint-").and_then(|rest| rest.strip_suffix(".bin"));
        let number = digits.and_then(|digits| digits.parse::<u64>().ok());
        // One number has one name.
        numbers.extend(number.filter(|&number| path == path_of(folder, number)));
    }
    numbers.sort_unstable();
    Ok((numbers, unfinished))
}

fn hash(head: &[u8; HEAD], state: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(&head[..24]).update(state).finalize()
}

/// Step and state, or what is wrong. Nothing is allocated that the file does not hold.
fn read(path: &Path) -> std::result::Result<(u64, Vec<u8>), String> {
    let text = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut file = File::open(path).map_err(text)?;
    let length = file.metadata().map_err(text)?.len();
    if length < HEAD as u64 {
        return Err(format!("it has {length} bytes, its head {HEAD}"));
    }
    let mut head = [0; HEAD];
    file.read_exact(&mut head).map_err(text)?;
    if head[..8] != MAGIC {
        return Err("it does not start as a checkpoint of this format".into());
    }
    let number = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("8 bytes"));
    let (step, bytes, held) = (number(8), number(16), length - HEAD as u64);
    if bytes != held {
        return Err(format!("it holds {held} bytes of a state of {bytes}"));
    }
    let mut state = Vec::new();
    let size = usize::try_from(bytes).ok().filter(|&size| state.try_reserve_exact(size).is_ok());
    state.resize(size.ok_or_else(|| format!("{bytes} bytes do not fit into memory"))?, 0);
    file.read_exact(&mut state).map_err(text)?;
    if head[24..] != *hash(&head, &state).as_bytes() {
        return Err("its hash is not that of its bytes".into());
    }
    Ok((step, state))
}
