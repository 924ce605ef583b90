//! `sink`: the end of a plan, in one place or several.
//!
//! `sinks: [{type: ..., ...}, ...]`; each sink has each message, also where another one fails, and then the first error
//! is told.
//!
//! - `{type: file, path: ..., append: false, per-server: false, whole: false}`: encoded messages one after the other. `{NAME}` in a path
//!   is the environment's variable NAME. `[key]` is the message's metadata, as in the names of ecCodes' tools:
//!   `out/[step].grib2` makes a file for each step, `out/[name]-[level]-[step].grib2` one for each field; folders are made.
//!   With `append` an existing file is continued, else it is emptied when it is first opened, which is when the plan is
//!   read, or with a `[key]` when its first message comes. With `per-server` the file's name starts with
//!   `multio-HOST-PROCESS-`, so that processes do not share a file.
//!   A file has its name from the start and grows by whole messages, each written at once: what a killed run left is
//!   readable but for the last one, and what a full disk left is readable.
//!   With `whole: true` a file gets its name, and with it a reader, when the plan is flushed or ends, and only where it has
//!   all messages that the plan made for it: an error of the plan leaves no file that was not named before. It takes no
//!   message after that.
//! - `{type: netcdf, path: ..., append: false, per-server: false, precision: single, compression: none}`: fields as steps of
//!   NetCDF-4 files ([`Netcdf4Stream`](crate::encode::Netcdf4Stream)), without `encode`. Paths are as those of `file`; an
//!   existing file is replaced when the first step is written, or with `append` continued if it has the same grid, start,
//!   precision and compression.
//! - `{type: zarr, ...}`: the same as steps of Zarr stores ([`ZarrStream`](crate::encode::ZarrStream)), with the same keys; needs
//!   the feature `zarr`.
//! - `{type: memory, name: ...}`: kept until the program takes them ([`Plans::memory`](super::Plans::memory)).
//! - `{type: call, name: ...}`: handed to what the program has connected ([`Plans::connect`](super::Plans::connect)).
//! - `{type: log, path: FOLDER, name: ..., retain-bytes: ..., compression: none|zstd, level: 1 to 22, encryption: {key-file: ... or
//!   key-environment: ...}}`: encoded messages as records of a segment log ([`crate::log`]),
//!   which readers follow while it grows; the record's key is the metadata as JSON, or `{"gap": {...}}` in the place of what a
//!   best-effort plan dropped. With `retain-bytes` the oldest segments are removed beyond that, else never. The program
//!   reaches a log that has a name by [`Plans::log`](super::Plans::log), to serve it. `compression` and `encryption` store
//!   payloads in another form ([`crate::log::Seal`]), the latter for the stream `name`.
//! - `{type: fdb5, config: {...}, mars: {...}}`: encoded messages into ECMWF's FDB ([`crate::fdb`]), flushed with the plan.
//!   `config` is FDB's configuration; without it the environment's (`FDB5_CONFIG`, `FDB5_CONFIG_FILE`) holds. Keys are made
//!   from the metadata; `mars` sets words of them.
//! - `{type: discard}`: nowhere. Not named `null`, which in YAML is no text.

mod consumer;
mod fdb;
mod file;
mod growing;
mod log;
mod netcdf;
mod whole;

use std::path::PathBuf;
use std::sync::Arc;

pub use consumer::{Consumer, Delivery, Memory};
pub use whole::{WholeFile, WholeFiles};

use super::action::{Action, Kind, Message};
use super::gap::Gap;
use super::section::Section;
use crate::error::{Error, Result};
use crate::log::Log;
use consumer::{Discard, Unconnected};

pub(super) const KEYS: [&str; 1] = ["sinks"];

/// Types and keys of all sinks.
const SINKS: [(&str, &[&str], Make); 8] = [
    ("file", &file::KEYS, file::outlet),
    ("netcdf", &netcdf::KEYS, netcdf::outlet::<crate::encode::Netcdf4Stream>),
    #[cfg(feature = "zarr")]
    ("zarr", &netcdf::KEYS, netcdf::outlet::<crate::encode::ZarrStream>),
    #[cfg(not(feature = "zarr"))]
    ("zarr", &netcdf::KEYS, |sink| Err(sink.error("this program was built without the feature 'zarr'"))),
    ("memory", &["name"], |section| {
        let memory = Memory::new();
        let name = Some(section.required_text("name")?.to_owned());
        Ok(Outlet { name, memory: Some(memory.clone()), ..Outlet::new(Box::new(memory)) })
    }),
    ("call", &["name"], |section| {
        let name = section.required_text("name")?.to_owned();
        Ok(Outlet { name: Some(name.clone()), ..Outlet::new(Box::new(Unconnected(name))) })
    }),
    ("log", &log::KEYS, log::outlet),
    ("fdb5", &fdb::KEYS, |section| Ok(Outlet::new(Box::new(fdb::Database::new(section)?)))),
    ("discard", &[], |_| Ok(Outlet::new(Box::new(Discard)))),
];

type Make = fn(&Section<'_>) -> Result<Outlet>;

pub(super) struct Sink {
    outlets: Vec<Outlet>,
    bytes: u64,
}

/// One entry of `sinks`.
pub(super) struct Outlet {
    /// Where the program reaches it.
    pub(super) name: Option<String>,
    pub(super) memory: Option<Memory>,
    pub(super) log: Option<Arc<Log>>,
    pub(super) consumer: Box<dyn Consumer>,
    /// Metadata that are in the names of its files; None where other processes may write there too.
    pub(super) path_keys: Option<Vec<String>>,
}

impl Outlet {
    fn new(consumer: Box<dyn Consumer>) -> Self {
        Self { name: None, memory: None, log: None, consumer, path_keys: None }
    }
}

impl Sink {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("sinks")?;
        let outlet = |yaml| {
            let sink = Section::new(format!("{}, 'sinks'", section.place), yaml)?.within(section.run);
            let name = sink.known("type", sink.required_text("type")?, &SINKS.map(|(name, ..)| name))?;
            let (_, keys, make) = SINKS.iter().find(|(known, ..)| *known == name).expect("a known sink");
            sink.allow(&[&["type"], *keys].concat())?;
            make(&sink)
        };
        let outlets: Vec<_> = section.list("sinks")?.iter().map(outlet).collect::<Result<_>>()?;
        if outlets.is_empty() {
            return Err(section.error("'sinks': expected at least one"));
        }
        Ok(Self { outlets, bytes: 0 })
    }

    pub(super) fn outlets(&mut self) -> &mut [Outlet] {
        &mut self.outlets
    }

    /// After an error: what is not whole by now will not be.
    pub(super) fn spoil(&mut self) {
        self.outlets.iter_mut().for_each(|outlet| outlet.consumer.spoil());
    }

    /// Does the same with each consumer and tells the first error.
    fn each(&mut self, mut act: impl FnMut(&mut dyn Consumer) -> Result<()>) -> Result<()> {
        let mut first = Ok(());
        for outlet in &mut self.outlets {
            first = first.and(act(&mut *outlet.consumer));
        }
        first
    }
}

fn not_encoded() -> Error {
    Error::InvalidValue {
        name: "sink".into(),
        got: "a field".into(),
        expected: "an action 'encode' before it".into(),
    }
}

/// A path with the environment's variables in place of their names in braces.
pub(super) fn path(section: &Section<'_>, key: &str) -> Result<PathBuf> {
    let path = with_variables(section, key, section.required_text(key)?)?;
    // A text that a fuzzer made may name any file.
    if path.is_empty() || cfg!(fuzzing) {
        return Err(section.error(format!("'{key}': expected a path, got nothing")));
    }
    Ok(path.into())
}

/// A text of `key` with the environment's variables in place of their names in braces.
fn with_variables(section: &Section<'_>, key: &str, text: &str) -> Result<String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let value = std::env::var(name)
            .map_err(|_| section.error(format!("'{key}': '{{{name}}}' is no variable of the environment")))?;
        filled += before;
        filled += &value;
        rest = after;
    }
    Ok(filled + rest)
}

impl Action for Sink {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        // Masks are for the actions before.
        if !matches!(message.kind, Kind::Mask(_)) {
            let mut bytes = 0;
            let result = self.each(|consumer| {
                consumer.message(&message)?;
                bytes += message.kind.bytes();
                Ok(())
            });
            self.bytes += bytes;
            result?;
        }
        Ok(vec![message])
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.each(|consumer| consumer.gap(gap))
    }

    fn flush(&mut self) -> Result<()> {
        self.each(|consumer| consumer.flush())
    }

    fn finish(&mut self) -> Result<()> {
        self.each(|consumer| consumer.finish())
    }

    fn written(&self) -> u64 {
        self.bytes
    }

    fn sink(&mut self) -> Option<&mut Sink> {
        Some(self)
    }
}
