//! Comparing a run's folder with its manifests.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::chain::{list, read};
use super::document::Document;
use super::entry::{Entry, hash_of};
use super::{FOLDER, hexadecimal};
use crate::error::{Error, Result};

/// Something that is not as the manifests say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// Manifests that are not there.
    #[error("Manifests {from} to {to} are missing.")]
    ManifestMissing {
        /// First number.
        from: u64,
        /// Last number.
        to: u64,
    },
    /// A manifest that cannot be read.
    #[error("Manifest {number} is damaged: {reason}.")]
    ManifestDamaged {
        /// Its number.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// A manifest that knows of another one before it than there is.
    #[error("Manifest {number} follows one with hash {expected}, got {got}.")]
    ChainBroken {
        /// Its number.
        number: u64,
        /// The hash that it knows, or 'none'.
        expected: String,
        /// Hash of the manifest before it, or 'none'.
        got: String,
    },
    /// A file that is not there.
    #[error("'{path}' is missing.")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file that is too short.
    #[error("'{path}' is truncated: {got} of {expected} bytes.")]
    Truncated {
        /// The file.
        path: String,
        /// Bytes that were written.
        expected: u64,
        /// Bytes that there are.
        got: u64,
    },
    /// A message with another content.
    #[error("'{path}' is changed: {bytes} bytes from byte {offset}.")]
    Changed {
        /// The file.
        path: String,
        /// First byte of the message.
        offset: u64,
        /// Length of the message.
        bytes: u64,
    },
    /// A link or something else in the place of a file.
    #[error("'{path}' is no plain file.")]
    NotAFile {
        /// The file.
        path: String,
    },
    /// A file, or something else, that no manifest lists.
    #[error("'{path}' is extra: no manifest lists it.")]
    Extra {
        /// What there is.
        path: String,
    },
    /// Bytes of a listed file that no manifest lists.
    #[error("'{path}' has {bytes} extra bytes from byte {offset}.")]
    ExtraBytes {
        /// The file.
        path: String,
        /// First byte.
        offset: u64,
        /// How many.
        bytes: u64,
    },
}

/// What was found in a run's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Manifests that could be read.
    pub manifests: u64,
    /// Files that they list.
    pub files: u64,
    /// Bytes that were compared and are right.
    pub bytes: u64,
    /// Whether the last manifest says that the run came to its end.
    pub ends_run: bool,
    /// Hash of the last manifest.
    pub head: Option<[u8; 32]>,
    /// What is not as it should be: manifests first, then files by name.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether everything is as the manifests say.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Compares the run's folder `root` with its manifests.
///
/// # Errors
/// [`Error::Manifest`] where there is no manifest; [`Error::File`] where the system refuses to read.
pub fn verify(root: impl AsRef<Path>) -> Result<Verification> {
    let root = root.as_ref();
    let folder = root.join(FOLDER);
    let (manifests, others) = list(&folder)?;
    if manifests.is_empty() {
        return Err(Error::Manifest { path: folder, reason: "there is no manifest".into() });
    }
    let mut found =
        Verification { manifests: 0, files: 0, bytes: 0, ends_run: false, head: None, findings: Vec::new() };
    let entries = follow(&manifests, &mut found)?;
    found.files = entries.len() as u64;
    let mut files = BTreeMap::new();
    walk(root, &mut files)?;
    for path in others {
        files.insert(name(root, &path), None);
    }
    for path in files.keys().filter(|path| !entries.contains_key(*path)) {
        found.findings.push(Finding::Extra { path: path.clone() });
    }
    for (path, entries) in entries {
        match files.get(&path) {
            Some(Some(_)) => compare(root, path, entries, &mut found)?,
            Some(None) => found.findings.push(Finding::NotAFile { path }),
            None => found.findings.push(Finding::Missing { path }),
        }
    }
    Ok(found)
}

type Entries = BTreeMap<String, Vec<Entry>>;

/// Reads the chain; entries that are still valid, by path.
fn follow(manifests: &[(PathBuf, u64)], found: &mut Verification) -> Result<Entries> {
    let (mut entries, mut expected) = (Entries::new(), 1);
    let mut previous = None;
    for (path, number) in manifests {
        if *number != expected {
            found.findings.push(Finding::ManifestMissing { from: expected, to: number - 1 });
        }
        let follows = *number == expected;
        expected = number.saturating_add(1);
        found.ends_run = false;
        let (bytes, document) = match read(path) {
            Ok(bytes) => {
                let document = Document::decode(&bytes);
                (bytes, document)
            }
            Err(Error::Manifest { reason, .. }) => (Vec::new(), Err(reason)),
            Err(error) => return Err(error),
        };
        let before = previous.replace(*blake3::hash(&bytes).as_bytes());
        found.head = previous;
        let document = document.and_then(|document| match document.number {
            same if same == *number => Ok(document),
            other => Err(format!("it has number {other}")),
        });
        let document = match document {
            Ok(document) => document,
            Err(reason) => {
                found.findings.push(Finding::ManifestDamaged { number: *number, reason });
                continue;
            }
        };
        if follows && document.previous != before {
            let text = |hash: Option<[u8; 32]>| hash.map_or("none".into(), |hash| hexadecimal(&hash));
            found.findings.push(Finding::ChainBroken {
                number: *number,
                expected: text(document.previous),
                got: text(before),
            });
        }
        found.manifests += 1;
        found.ends_run = document.ends_run;
        for entry in document.manifest.entries {
            let of_file = entries.entry(entry.path.clone()).or_default();
            if entry.offset == 0 {
                of_file.clear();
            }
            of_file.push(entry);
        }
    }
    Ok(entries)
}

/// Plain files with their lengths, other things without; links are not followed.
fn walk(root: &Path, files: &mut BTreeMap<String, Option<u64>>) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let fail = |error| Error::file(&folder, "listing", error);
        for entry in std::fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let path = entry.path();
            let metadata = entry.metadata().map_err(|error| Error::file(&path, "looking at", error))?;
            if !metadata.is_dir() {
                files.insert(name(root, &path), metadata.is_file().then_some(metadata.len()));
            } else if path != root.join(FOLDER) {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// Path from `root`, with `/`.
fn name(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// Compares the messages of a file.
fn compare(root: &Path, path: String, mut entries: Vec<Entry>, found: &mut Verification) -> Result<()> {
    let full = root.join(&path);
    let fail = |error| Error::file(&full, "reading", error);
    let mut file = File::open(&full).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    entries.sort_by_key(|entry| entry.offset);
    let expected = entries.iter().map(|entry| entry.offset + entry.bytes).max().unwrap_or(0);
    let mut extra = |offset: u64, end: u64| {
        if offset < end {
            found.findings.push(Finding::ExtraBytes { path: path.clone(), offset, bytes: end - offset });
        }
    };
    let mut covered = 0;
    for entry in &entries {
        extra(covered, entry.offset.min(length));
        covered = covered.max(entry.offset + entry.bytes);
    }
    extra(covered, length);
    if length < expected {
        found.findings.push(Finding::Truncated { path: path.clone(), expected, got: length });
    }
    for Entry { offset, bytes, hash, .. } in entries {
        if offset + bytes > length {
            continue;
        }
        file.seek(SeekFrom::Start(offset)).map_err(fail)?;
        if hash_of(&mut Read::by_ref(&mut file).take(bytes)).map_err(fail)? == (bytes, hash) {
            found.bytes += bytes;
        } else {
            found.findings.push(Finding::Changed { path: path.clone(), offset, bytes });
        }
    }
    Ok(())
}
