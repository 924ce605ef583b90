//! The files of a store on the disk.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::error::{Error, Result};
use crate::read::zarr::DOCUMENT;

/// Writes a file that nobody knows of yet.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = File::create(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| Error::file(path, "writing", source))
}

/// Removes a file that may be absent.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file(path, "removing", source))
        }
        _ => Ok(()),
    }
}

/// Brings files and their names to the disk.
pub(super) fn sync(paths: &[PathBuf]) -> Result<()> {
    paths.iter().try_for_each(|path| sync_one(path))?;
    sync_folders(paths)
}

fn sync_one(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| Error::file(path, "bringing to the disk", source))
}

/// The folders of files; those of one folder follow each other.
fn sync_folders(paths: &[PathBuf]) -> Result<()> {
    let mut folders: Vec<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    folders.dedup();
    folders.into_iter().try_for_each(sync_one)
}

/// Gives folders new documents, in the order of the list. All are on the disk before the first is seen, and then they
/// change within microseconds.
pub(super) fn replace(documents: &[(PathBuf, Json)]) -> Result<()> {
    let (mut new, mut names) = (Vec::new(), Vec::new());
    for (folder, document) in documents {
        new.push(folder.join(format!(".{DOCUMENT}.part")));
        names.push(folder.join(DOCUMENT));
        write(&new[new.len() - 1], text(document).as_bytes())?;
    }
    new.iter().try_for_each(|path| sync_one(path))?;
    for (new, name) in new.iter().zip(&names) {
        std::fs::rename(new, name).map_err(|source| Error::file(name, "renaming", source))?;
    }
    sync_folders(&names)
}

pub(super) fn text(document: &Json) -> String {
    format!("{document:#}\n")
}

pub(super) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir(path).map_err(|source| Error::file(path, "making the folder", source))
}

/// Gives a new folder its name, in place of an older one.
pub(super) fn name_folder(new: &Path, path: &Path) -> Result<()> {
    let renaming = |source| Error::file(path, "renaming", source);
    let old = new.with_extension("old");
    let replaces = path.exists();
    if replaces {
        std::fs::rename(path, &old).map_err(renaming)?;
    }
    if let Err(source) = std::fs::rename(new, path) {
        if replaces {
            // The error at hand is the one to tell.
            let _ = std::fs::rename(&old, path);
        }
        return Err(renaming(source));
    }
    if replaces {
        std::fs::remove_dir_all(&old).map_err(|source| Error::file(&old, "removing", source))?;
    }
    Ok(())
}
