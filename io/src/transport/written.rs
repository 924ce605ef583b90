//! How far a server has come: what a replay begins with.

use std::path::Path;

use crate::error::{Error, Result};
use crate::plan::state::{Reader, Writer};
use crate::sink::AtomicFile;

const NAME: &str = "written";
const MAGIC: [u8; 8] = *b"TERRWRT\x02";

/// Of one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Steps whose files are on the disk.
    pub(super) steps: u64,
    /// Whether an earlier process wrote steps before them.
    pub(super) is_continued: bool,
    /// What the plan remembered then, where it does.
    pub(super) state: Option<Vec<u8>>,
}

pub(super) fn store(folder: &Path, plans: &[Written]) -> Result<()> {
    let mut writer = Writer::default();
    writer.raw(&MAGIC);
    writer.number(plans.len() as u64);
    for Written { steps, is_continued, state } in plans {
        writer.number(*steps);
        writer.byte(u8::from(*is_continued));
        writer.option(state.as_deref(), |writer, state| writer.bytes(state));
    }
    let mut bytes = writer.finish();
    bytes.extend(blake3::hash(&bytes).as_bytes());
    AtomicFile::write(folder.join(NAME), &bytes)
}

/// What a server wrote down last; nothing where it did not.
pub(super) fn load(folder: &Path) -> Result<Vec<Written>> {
    let path = folder.join(NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::file(path, "reading", source)),
    };
    read(&bytes).ok_or_else(|| Error::Log { path, reason: "is damaged".into() })
}

/// What was written down is of no use any more.
pub(super) fn remove(folder: &Path) -> Result<()> {
    let path = folder.join(NAME);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file(path, "removing", error))
        }
        _ => Ok(()),
    }
}

fn read(bytes: &[u8]) -> Option<Vec<Written>> {
    let (bytes, hash) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if blake3::hash(bytes).as_bytes() != hash {
        return None;
    }
    let mut reader = Reader::new(bytes.strip_prefix(&MAGIC)?);
    let mut plans = Vec::new();
    for _ in 0..reader.number()? {
        let (steps, is_continued) = (reader.number()?, reader.flag()?);
        let state = reader.option(|reader| reader.bytes())?;
        plans.push(Written { steps, is_continued, state: state.map(<[u8]>::to_vec) });
    }
    reader.end()?;
    Some(plans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_loaded_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).unwrap(), []);
        let plans =
            [Written { steps: 3, is_continued: true, state: Some(vec![1, 2, 3]) }, Written::default()];
        store(folder.path(), &plans).unwrap();
        assert_eq!(load(folder.path()).unwrap(), plans);
        let path = folder.path().join(NAME);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(load(folder.path()).unwrap_err().to_string().contains("is damaged"));
    }
}
