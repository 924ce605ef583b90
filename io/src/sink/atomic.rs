//! A file that appears whole or not at all.
//!
//! Bytes go to a temporary name in the same folder; [`AtomicFile::commit`] brings them to the disk and renames. A
//! process that is killed leaves at most a file named `.NAME.PID-N.part`, never a half-written `NAME`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// A file in the making. Dropped before [`AtomicFile::commit`], it vanishes.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    temporary: PathBuf,
    /// None after commit.
    writer: Option<BufWriter<File>>,
}

impl AtomicFile {
    /// Starts the file `path`; its folder must exist.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = path.as_ref().to_owned();
        let Some(name) = path.file_name() else {
            return Err(Error::InvalidValue {
                name: "path".into(),
                got: format!("'{}'", path.display()),
                expected: "the path of a file".into(),
            });
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{count}.part", std::process::id()));
        let temporary = path.with_file_name(hidden);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(|source| Error::file(&path, "creating", source))?;
        Ok(Self { path, temporary, writer: Some(BufWriter::new(file)) })
    }

    /// Writes a whole file at once.
    pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
        let mut file = Self::create(path)?;
        file.append(bytes)?;
        file.commit()
    }

    /// Adds bytes.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let writer = self.writer.as_mut().expect("an uncommitted file has a writer");
        writer.write_all(bytes).map_err(|source| Error::file(&self.path, "writing", source))
    }

    /// Brings the bytes to the disk and gives the file its name, replacing a file that had it.
    pub fn commit(mut self) -> Result<()> {
        let writer = self.writer.take().expect("an uncommitted file has a writer");
        let result = self.finish(writer);
        if result.is_err() {
            // The name is ours and the error at hand is the one to tell.
            let _ = std::fs::remove_file(&self.temporary);
        }
        result
    }

    fn finish(&self, writer: BufWriter<File>) -> Result<()> {
        let fail = |operation| move |source| Error::file(&self.path, operation, source);
        let file = writer.into_inner().map_err(|error| fail("writing")(error.into_error()))?;
        file.sync_all().map_err(fail("bringing to the disk"))?;
        drop(file);
        std::fs::rename(&self.temporary, &self.path).map_err(fail("renaming"))?;
        // The new name lives in the folder: bring that to the disk too where the system lets us.
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // Nothing of an abandoned file is worth flushing.
            drop(writer.into_parts());
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_name_appears_with_the_whole_content_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("field.grib2");
        let mut file = AtomicFile::create(&path).unwrap();
        file.append(b"GRIB").unwrap();
        assert!(!path.exists());
        assert_eq!(names(folder.path()).len(), 1);
        file.append(b"7777").unwrap();
        file.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"GRIB7777");
        assert_eq!(names(folder.path()), ["field.grib2"]);
        AtomicFile::write(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn an_abandoned_file_vanishes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("field.grib2");
        AtomicFile::write(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.append(&[0; 100_000]).unwrap();
        drop(file);
        assert_eq!(names(folder.path()), ["field.grib2"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn what_cannot_be_written_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent").join("field.grib2");
        let error = AtomicFile::create(&path).unwrap_err().to_string();
        assert!(error.contains("absent/field.grib2") && error.contains("creating"), "{error}");
        // A folder in the place of the name: the rename fails and nothing is left.
        let taken = folder.path().join("taken");
        std::fs::create_dir_all(taken.join("full")).unwrap();
        let error = AtomicFile::write(&taken, b"x").unwrap_err().to_string();
        assert!(error.contains("taken") && error.contains("renaming"), "{error}");
        assert_eq!(names(folder.path()), ["taken"]);
    }
}
