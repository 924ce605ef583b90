//! What a step wrote.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

/// A range of bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the run's folder, with `/`.
    pub path: String,
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// Their BLAKE3.
    pub hash: [u8; 32],
}

/// What a step wrote, in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub(super) label: String,
    pub(super) entries: Vec<Entry>,
}

impl Manifest {
    /// An empty manifest; `label` says which step it is, for readers.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), entries: Vec::new() }
    }

    /// What was added.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds a message that was written to the file `path` from byte `offset` on.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a path that is not one below the run's folder.
    pub fn add_message(&mut self, path: &str, offset: u64, message: &[u8]) -> Result<()> {
        self.add(Entry {
            path: path.to_owned(),
            offset,
            bytes: message.len() as u64,
            hash: *blake3::hash(message).as_bytes(),
        })
    }

    /// Adds a file of the run's folder `root` as it is now.
    ///
    /// # Errors
    /// As [`Manifest::add_message`]; [`Error::File`] where the file cannot be read.
    pub fn add_file(&mut self, root: impl AsRef<Path>, path: &str) -> Result<()> {
        check_path(path)?;
        let full = root.as_ref().join(path);
        let fail = |error| Error::file(&full, "reading", error);
        let mut file = File::open(&full).map_err(fail)?;
        let (bytes, hash) = hash_of(&mut file).map_err(fail)?;
        self.add(Entry { path: path.to_owned(), offset: 0, bytes, hash })
    }

    /// Adds what was hashed elsewhere.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a path that is not one below the run's folder, or a range beyond 64 bits.
    pub fn add(&mut self, entry: Entry) -> Result<()> {
        check_path(&entry.path)?;
        if entry.offset.checked_add(entry.bytes).is_none() {
            return Err(Error::InvalidValue {
                name: entry.path,
                got: format!("{} bytes from {}", entry.bytes, entry.offset),
                expected: "an end within 64 bits".into(),
            });
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// Length and hash of what is left of `reader`.
pub(super) fn hash_of(reader: &mut impl Read) -> std::io::Result<(u64, [u8; 32])> {
    let (mut hasher, mut buffer, mut bytes) = (blake3::Hasher::new(), vec![0; 256 << 10], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((bytes, *hasher.finalize().as_bytes())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Refuses paths that lead out of the run's folder, into the manifests, or are written in two ways.
pub(super) fn check_path(path: &str) -> Result<()> {
    let plain =
        |part: &str| !(part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0', ':']));
    if path.split('/').all(plain) && path.split('/').next() != Some(super::FOLDER) {
        return Ok(());
    }
    Err(Error::InvalidValue {
        name: "path".into(),
        got: format!("'{path}'"),
        expected: "a path below the run's folder, with '/', and not among the manifests".into(),
    })
}
