//! Compiled kernels on disk.
//!
//! An entry's file name is the BLAKE3 hash of everything that its content depends on: the full source text, the
//! compile options, the compiler's version, the device's name and its driver's version. So a change to any of these
//! finds no entry, and no entry ever has to be invalidated. Entries carry a hash of their content: a truncated or
//! altered one is ignored and rewritten. A folder that cannot be written only means that nothing is kept.
//!
//! The folder is `$TERRELLA_CACHE`, else `$XDG_CACHE_HOME/terrella`, else `~/.cache/terrella`. It may be deleted at
//! any time.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// First bytes of an entry; the number changes with the layout of the file.
const MAGIC: &[u8] = b"terrella kernel 1\n";
const HASH_BYTES: usize = blake3::OUT_LEN;

/// A folder of compiled kernels.
pub(crate) struct KernelCache {
    folder: Option<PathBuf>,
}

/// What an entry is found by.
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// The key of whatever depends on these texts, in this order.
    pub(crate) fn new(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            // The length keeps ["ab", "c"] and ["a", "bc"] apart.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hasher.finalize().to_hex().to_string())
    }
}

impl KernelCache {
    /// The cache in the folder that the environment names.
    pub(crate) fn from_environment() -> Self {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = variable("TERRELLA_CACHE")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("terrella")))
            .or_else(|| Some(variable("HOME")?.join(".cache").join("terrella")));
        Self { folder }
    }

    /// The cache in one folder.
    #[cfg(test)]
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// The content stored under `key`, if it is there and whole.
    pub(crate) fn load(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let bytes = fs::read(self.folder.as_ref()?.join(&key.0)).ok()?;
        let (hash, content) = bytes.strip_prefix(MAGIC)?.split_at_checked(HASH_BYTES)?;
        (blake3::hash(content).as_bytes() == hash).then(|| content.to_vec())
    }

    /// Stores `content` under `key`, if the folder can be written.
    pub(crate) fn store(&self, key: &CacheKey, content: &[u8]) {
        if let Some(folder) = &self.folder {
            // A cache that cannot be written is no reason to stop: the next run compiles again.
            let _ = write_whole(folder, &key.0, content);
        }
    }
}

/// Writes the entry beside its place and moves it there, so that no reader sees a part of it.
fn write_whole(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(folder)?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!("{name}.{}.{count}.part", process::id()));
    let written = fs::write(&part, [MAGIC, blake3::hash(content).as_bytes(), content].concat())
        .and_then(|()| fs::rename(&part, folder.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_every_part() {
        let key = |parts: &[&str]| CacheKey::new(parts).0;
        assert_eq!(key(&["source", "options"]), key(&["source", "options"]));
        assert_ne!(key(&["source", "options"]), key(&["sourceo", "ptions"]));
        assert_ne!(key(&["source", ""]), key(&["source"]));
        assert_ne!(key(&["source", "driver 1"]), key(&["source", "driver 2"]));
    }

    #[test]
    fn returns_what_was_stored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KernelCache::in_folder(&folder.path().join("not").join("there").join("yet"));
        let key = CacheKey::new(&["a"]);
        assert_eq!(cache.load(&key), None);
        cache.store(&key, b"compiled");
        assert_eq!(cache.load(&key).unwrap(), b"compiled");
        assert_eq!(cache.load(&CacheKey::new(&["b"])), None);
        cache.store(&key, b"");
        assert_eq!(cache.load(&key).unwrap(), b"");
    }

    #[test]
    fn damaged_entries_are_ignored_and_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let cache = KernelCache::in_folder(folder.path());
        let key = CacheKey::new(&["a"]);
        cache.store(&key, b"compiled kernel");
        let path = folder.path().join(&key.0);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.load(&key), None, "truncated to {length}");
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.load(&key), None, "changed at {place}");
        }
        cache.store(&key, b"compiled kernel");
        assert_eq!(cache.load(&key).unwrap(), b"compiled kernel");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
    }

    #[test]
    fn an_unwritable_folder_means_no_cache() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        for cache in [KernelCache::in_folder(&file.join("folder")), KernelCache { folder: None }] {
            let key = CacheKey::new(&["a"]);
            cache.store(&key, b"compiled");
            assert_eq!(cache.load(&key), None);
        }
    }
}
