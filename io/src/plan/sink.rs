//! `sink`: encoded messages one after the other into files.
//!
//! `sinks: [{type: file, path: ..., append: false, per-server: false}, ...]`. `{NAME}` in a path is the environment's
//! variable NAME. With `append` an existing file is continued, else emptied when the plan is read. With `per-server` the
//! file's name starts with `multio-HOST-PROCESS-`, so that processes do not share a file.
//!
//! The file has its name from the start and grows by whole messages, each written at once: what a killed run left is
//! readable but for the last one.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use super::action::{Action, Kind, Message};
use super::section::Section;
use crate::error::{Error, Result};

pub(super) const KEYS: [&str; 1] = ["sinks"];

pub(super) struct Sink(Vec<(PathBuf, File)>);

impl Sink {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("sinks")?;
        let open = |yaml| {
            let sink = Section::new(format!("{}, 'sinks'", section.place), yaml)?;
            sink.required("type")?;
            sink.choice("type", &["file"])?;
            sink.allow(&["type", "path", "append", "per-server"])?;
            let mut path = path(&sink, "path")?;
            if sink.flag("per-server", false)? {
                let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or("localhost".into());
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                path.set_file_name(format!("multio-{}-{}-{name}", host.trim(), std::process::id()));
            }
            let append = sink.flag("append", false)?;
            let file = File::options().create(true).write(true).append(append).truncate(!append).open(&path);
            file.map_err(|source| Error::file(&path, "opening", source)).map(|file| (path, file))
        };
        let sinks: Vec<_> = section.list("sinks")?.iter().map(open).collect::<Result<_>>()?;
        if sinks.is_empty() {
            return Err(section.error("'sinks': expected at least one"));
        }
        Ok(Self(sinks))
    }
}

/// A path with the environment's variables in place of their names in braces.
pub(super) fn path(section: &Section<'_>, key: &str) -> Result<PathBuf> {
    let text = section.required_text(key)?;
    let (mut path, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let value = std::env::var(name)
            .map_err(|_| section.error(format!("'{key}': '{{{name}}}' is no variable of the environment")))?;
        path += before;
        path += &value;
        rest = after;
    }
    path += rest;
    if path.is_empty() {
        return Err(section.error(format!("'{key}': expected a path, got nothing")));
    }
    Ok(path.into())
}

impl Action for Sink {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        match &message.kind {
            Kind::Mask(_) => {}
            Kind::Field { .. } | Kind::Part { .. } => {
                return Err(Error::InvalidValue {
                    name: "sink".into(),
                    got: "a field".into(),
                    expected: "an action 'encode' before it".into(),
                });
            }
            Kind::Encoded(bytes) => {
                for (path, file) in &mut self.0 {
                    file.write_all(bytes).map_err(|source| Error::file(&*path, "writing", source))?;
                }
            }
        }
        Ok(vec![message])
    }

    fn finish(&mut self) -> Result<()> {
        for (path, file) in &self.0 {
            file.sync_all().map_err(|source| Error::file(path, "writing", source))?;
        }
        Ok(())
    }
}
