//! Sink `file`: encoded messages one after the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::consumer::Consumer;
use super::whole::Whole;
use super::{Outlet, path};
use crate::error::{Error, Result};
use crate::plan::section::Section;
use crate::plan::{Kind, Message, Metadata, Value};

pub(super) const KEYS: [&str; 4] = ["path", "append", "per-server", "whole"];

/// Files that are open at the same time: far below a process' usual limit of 1024.
const OPEN: usize = 32;

pub(super) fn outlet(sink: &Section<'_>) -> Result<Outlet> {
    let pattern = Pattern::new(sink)?;
    let path_keys = pattern.keys(sink)?;
    if !sink.flag("whole", false)? {
        sink.expect_whole_run("a sink without 'whole: true' adds to what earlier steps wrote")?;
        return Ok(Outlet { path_keys, ..Outlet::new(Box::new(Files::new(sink, pattern)?)) });
    }
    if sink.flag("append", false)? {
        return Err(sink.error("'append' has no meaning with 'whole: true'"));
    }
    Ok(Outlet { path_keys, ..Outlet::new(Box::new(Whole::new(pattern))) })
}

struct Files {
    pattern: Pattern,
    append: bool,
    /// The last used last.
    open: Vec<Open>,
    /// All files of this run, each with whether it has bytes that may not be on the disk.
    begun: BTreeMap<PathBuf, bool>,
}

struct Open {
    path: PathBuf,
    file: File,
    /// Bytes of whole messages.
    length: u64,
}

/// Names of files.
pub(super) struct Pattern {
    folder: PathBuf,
    parts: Vec<Part>,
}

#[derive(Debug, PartialEq)]
enum Part {
    Plain(String),
    Key(String),
}

impl Pattern {
    pub(super) fn new(sink: &Section<'_>) -> Result<Self> {
        let mut path = path(sink, "path")?;
        if sink.flag("per-server", false)? {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or("localhost".into());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            path.set_file_name(format!("multio-{}-{}-{name}", host.trim(), std::process::id()));
        }
        let text = path.to_string_lossy();
        let parts = parts(&text)
            .ok_or_else(|| sink.error(format!("'path': expected a key in each '[]' of '{text}'")))?;
        Ok(Self { folder: sink.run.folder.to_owned(), parts })
    }

    /// The metadata in it; None where each process has names of its own.
    pub(super) fn keys(&self, sink: &Section<'_>) -> Result<Option<Vec<String>>> {
        let key = |part: &Part| match part {
            Part::Key(key) => Some(key.clone()),
            Part::Plain(_) => None,
        };
        Ok((!sink.flag("per-server", false)?).then(|| self.parts.iter().filter_map(key).collect()))
    }

    /// The one name that it has, where no metadata are in it.
    fn fixed(&self) -> Option<PathBuf> {
        match &self.parts[..] {
            [Part::Plain(path)] => Some(self.folder.join(path)),
            _ => None,
        }
    }

    /// The name for a message.
    pub(super) fn path(&self, metadata: &Metadata) -> Result<PathBuf> {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(text) => path += text,
                Part::Key(key) => path += &name(key, metadata)?,
            }
        }
        Ok(self.folder.join(path))
    }

    /// Makes the folder of a name with metadata in it.
    pub(super) fn make_folder(&self, path: &Path) -> Result<()> {
        match path.parent() {
            Some(folder) if self.parts.len() > 1 => std::fs::create_dir_all(folder)
                .map_err(|source| Error::file(folder, "making the folder", source)),
            _ => Ok(()),
        }
    }
}

impl Files {
    fn new(sink: &Section<'_>, pattern: Pattern) -> Result<Self> {
        let (append, fixed) = (sink.flag("append", false)?, pattern.fixed());
        let mut files = Self { pattern, append, open: Vec::new(), begun: BTreeMap::new() };
        if let Some(path) = fixed {
            // Told before the model runs, where it can be.
            files.open(&path)?;
        }
        Ok(files)
    }

    fn open(&mut self, path: &Path) -> Result<&mut Open> {
        if let Some(number) = self.open.iter().position(|open| open.path == path) {
            let open = self.open.remove(number);
            self.open.push(open);
        } else {
            let anew = !self.append && !self.begun.contains_key(path);
            self.pattern.make_folder(path)?;
            let file = File::options()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|source| Error::file(path, "opening", source))?;
            let fail = |source| Error::file(path, "emptying", source);
            let found = file.metadata().map_err(fail)?;
            // Pipes and devices have no length.
            if anew && found.is_file() {
                file.set_len(0).map_err(fail)?;
            }
            let length = if anew { 0 } else { found.len() };
            if self.open.len() == OPEN {
                self.open.remove(0);
            }
            self.open.push(Open { path: path.to_owned(), file, length });
            self.begun.entry(path.to_owned()).or_insert(false);
        }
        Ok(self.open.last_mut().expect("just put there"))
    }
}

/// None where a bracket is open or empty.
fn parts(path: &str) -> Option<Vec<Part>> {
    let (mut parts, mut rest) = (Vec::new(), path);
    while let Some((before, after)) = rest.split_once('[') {
        let (key, after) = after.split_once(']').filter(|(key, _)| !key.is_empty())?;
        if !before.is_empty() {
            parts.push(Part::Plain(before.into()));
        }
        parts.push(Part::Key(key.into()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest.into()));
    }
    Some(parts)
}

/// A value as a part of a file's name.
fn name(key: &str, metadata: &Metadata) -> Result<String> {
    let refuse = |expected, got| Err(Error::Metadata { key: key.into(), expected, got });
    match metadata.get(key) {
        None => refuse("a value for the file's name", "nothing".into()),
        // A name never leads to another folder than the plan says.
        Some(value @ Value::Text(text))
            if text.is_empty() || text.starts_with('.') || text.contains(['/', '\0']) =>
        {
            refuse("a text without '/' and without '.' at its start, for the file's name", value.to_string())
        }
        Some(Value::Text(text)) => Ok(text.clone()),
        Some(Value::Real(number)) => Ok(number.to_string()),
        Some(value) => Ok(value.to_string()),
    }
}

impl Consumer for Files {
    fn message(&mut self, message: &Message) -> Result<()> {
        let Kind::Encoded(bytes) = &message.kind else {
            return Err(super::not_encoded());
        };
        let path = self.pattern.path(&message.metadata)?;
        let open = self.open(&path)?;
        match open.file.write_all(bytes) {
            Ok(()) => open.length += bytes.len() as u64,
            Err(source) => {
                // Half a message would make the ones after it unreadable. Pipes cannot be cut, and need not be.
                let _ = open.file.set_len(open.length);
                return Err(Error::file(path, "writing", source));
            }
        }
        self.begun.insert(path, true);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        for (path, unsaved) in self.begun.iter_mut().filter(|(_, unsaved)| **unsaved) {
            let open = self.open.iter().find(|open| open.path == *path);
            let saved = match open {
                Some(open) => open.file.sync_all(),
                None => File::open(path).and_then(|file| file.sync_all()),
            };
            match saved {
                // Pipes and terminals have no disk.
                Err(source) if source.kind() != ErrorKind::InvalidInput => {
                    return Err(Error::file(path, "writing", source));
                }
                _ => *unsaved = false,
            }
        }
        Ok(())
    }
}
