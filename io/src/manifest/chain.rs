//! Writing manifests one after the other.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::{FOLDER, LARGEST, Manifest};
use crate::error::{Error, Result};
use crate::lock::{Lock, lock};
use crate::sink::AtomicFile;

/// The manifests of a run, open for adding.
#[derive(Debug)]
pub struct ManifestChain {
    folder: PathBuf,
    next: u64,
    head: Option<[u8; 32]>,
    _lock: Lock,
}

impl ManifestChain {
    /// Opens the chain in the run's folder `root`, a new one or behind the last manifest there is, and removes what a killed
    /// process left half-written there.
    ///
    /// # Errors
    /// [`Error::Manifest`] where the last manifest is damaged, [`Error::InUse`] where another process goes on with the chain,
    /// [`Error::File`] where the system refuses.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let folder = root.as_ref().join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, "creating", error))?;
        let lock = lock(&folder)?;
        let (mut next, mut head) = (1, None);
        let (mut manifests, others) = list(&folder)?;
        for path in others.into_iter().filter(|path| is_unfinished(path)) {
            std::fs::remove_file(&path).map_err(|error| Error::file(path, "removing", error))?;
        }
        if let Some((path, number)) = manifests.pop() {
            let bytes = read(&path)?;
            let document = Document::decode(&bytes).and_then(|document| match document.number {
                same if same == number => Ok(document),
                other => Err(format!("it has number {other}")),
            });
            document.map_err(|reason| Error::Manifest { path: path.clone(), reason })?;
            next = number
                .checked_add(1)
                .ok_or_else(|| Error::Manifest { path, reason: "no number is left".into() })?;
            head = Some(*blake3::hash(&bytes).as_bytes());
        }
        Ok(Self { folder, next, head, _lock: lock })
    }

    /// Opens a new chain in the run's folder `root`, in place of one that is there.
    ///
    /// # Errors
    /// [`Error::InUse`] where another process goes on with the chain, [`Error::File`] where the system refuses.
    pub fn begin(root: impl AsRef<Path>) -> Result<Self> {
        let folder = root.as_ref().join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, "creating", error))?;
        let lock = lock(&folder)?;
        let (manifests, others) = list(&folder)?;
        let unfinished = others.into_iter().filter(|path| is_unfinished(path));
        // The last first: what a killed process leaves of them is a chain.
        for path in manifests.into_iter().rev().map(|(path, _)| path).chain(unfinished) {
            std::fs::remove_file(&path).map_err(|error| Error::file(path, "removing", error))?;
        }
        Ok(Self { folder, next: 1, head: None, _lock: lock })
    }

    /// Adds the manifest of a step; it is there whole or not at all. Returns its hash.
    ///
    /// # Errors
    /// [`Error::File`] where the system refuses; [`Error::InvalidValue`] for one that is too long to be read again.
    pub fn append(&mut self, manifest: &Manifest) -> Result<[u8; 32]> {
        self.write(manifest, false)
    }

    /// Adds a last manifest, which says that the run came to its end. Returns its hash.
    ///
    /// # Errors
    /// As [`ManifestChain::append`].
    pub fn finish(mut self, manifest: &Manifest) -> Result<[u8; 32]> {
        self.write(manifest, true)
    }

    /// Hash of the last manifest, of which the next one will know.
    pub fn head(&self) -> Option<[u8; 32]> {
        self.head
    }

    fn write(&mut self, manifest: &Manifest, ends_run: bool) -> Result<[u8; 32]> {
        let document =
            Document { number: self.next, previous: self.head, ends_run, manifest: manifest.clone() };
        let text = document.encode();
        if text.len() as u64 > LARGEST {
            return Err(Error::InvalidValue {
                name: "manifest".into(),
                got: format!("{} bytes", text.len()),
                expected: format!("at most {LARGEST}"),
            });
        }
        AtomicFile::write(self.folder.join(format!("{:08}.json", self.next)), text.as_bytes())?;
        let hash = *blake3::hash(text.as_bytes()).as_bytes();
        (self.next, self.head) = (self.next + 1, Some(hash));
        Ok(hash)
    }
}

/// Manifests with their numbers, ascending, and other files.
pub(super) type Listing = (Vec<(PathBuf, u64)>, Vec<PathBuf>);

pub(super) fn list(folder: &Path) -> Result<Listing> {
    let fail = |error| Error::file(folder, "listing", error);
    let (mut manifests, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_suffix(".json").and_then(|digits| digits.parse::<u64>().ok());
        // One number has one name.
        match number.filter(|&number| number > 0 && name == format!("{number:08}.json")) {
            Some(number) => manifests.push((path, number)),
            None if name == "lock" => {}
            None => others.push(path),
        }
    }
    manifests.sort_by_key(|manifest| manifest.1);
    others.sort();
    Ok((manifests, others))
}

/// Whether a killed process left this while it wrote a manifest.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') && name.contains(".json.") && name.ends_with(".part")
}

/// The bytes of a manifest, of a length that can be.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let fail = |error| Error::file(path, "reading", error);
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > LARGEST {
        let reason = format!("it has more than {LARGEST} bytes");
        return Err(Error::Manifest { path: path.to_owned(), reason });
    }
    Ok(bytes)
}
