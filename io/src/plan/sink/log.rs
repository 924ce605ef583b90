//! Sink `log`: encoded messages as records of a segment log, for readers that come and go.

use std::sync::Arc;

use serde_json::json;

use super::consumer::Consumer;
use super::{Outlet, path};
use crate::error::{Error, Result};
use crate::log::{Log, LogSettings, Retention, Seal, SecretKey};
use crate::plan::section::Section;
use crate::plan::{Gap, Kind, Message};

pub(super) const KEYS: [&str; 6] = ["path", "name", "retain-bytes", "compression", "level", "encryption"];

/// zstd's level where none is given.
const LEVEL: i32 = 3;

struct Logged(Arc<Log>);

pub(super) fn outlet(sink: &Section<'_>) -> Result<Outlet> {
    sink.expect_whole_run("a sink without 'whole: true' adds to what earlier steps wrote")?;
    let path = sink.run.folder.join(path(sink, "path")?);
    let name = sink.text("name")?.map(String::from);
    let bytes = match sink.real("retain-bytes")? {
        Some(bytes) if bytes < 1.0 || bytes.fract() != 0.0 => {
            return Err(sink.error(format!("'retain-bytes': expected a positive integer, got {bytes}")));
        }
        bytes => bytes.map(|bytes| bytes as u64),
    };
    let mut settings = LogSettings { retention: Retention { bytes, age: None }, ..LogSettings::default() };
    if let Some(bytes) = bytes {
        // Whole segments are removed.
        settings.segment_bytes = settings.segment_bytes.min(bytes / 8).max(1);
    }
    let seal = seal(sink)?;
    std::fs::create_dir_all(&path).map_err(|source| Error::file(&path, "making the folder", source))?;
    let log = Log::open(&path, &settings)?.0;
    let log = Arc::new(match seal {
        Some(seal) => log.sealed(seal),
        None => log,
    });
    Ok(Outlet { name, log: Some(log.clone()), ..Outlet::new(Box::new(Logged(log))) })
}

/// How payloads are stored, if not as they are.
fn seal(sink: &Section<'_>) -> Result<Option<Seal>> {
    let name = sink.text("name")?;
    let mut seal = Seal::new(name.unwrap_or_default());
    let compressed = sink.choice("compression", &["none", "zstd"])? == Some("zstd");
    match sink.real("level")? {
        Some(_) if !compressed => {
            return Err(sink.error("'level' has no meaning without 'compression: zstd'"));
        }
        Some(level) if level.fract() != 0.0 || !(1.0..=22.0).contains(&level) => {
            return Err(sink.error(format!("'level': expected 1 to 22, got {level}")));
        }
        level if compressed => seal = seal.compressed(level.map_or(LEVEL, |level| level as i32))?,
        _ => {}
    }
    let encrypted = sink.get("encryption").is_some();
    if encrypted {
        if name.is_none_or(str::is_empty) {
            return Err(sink.error("'encryption' needs a 'name', with which readers open the records"));
        }
        let encryption = sink.inner("encryption")?;
        encryption.allow(&["key-file", "key-environment"])?;
        let file = encryption.get("key-file").map(|_| path(&encryption, "key-file")).transpose()?;
        let secret = match (file, encryption.text("key-environment")?) {
            (Some(file), None) => SecretKey::from_file(sink.run.folder.join(file)),
            (None, Some(variable)) => SecretKey::from_environment(variable),
            _ => return Err(encryption.error("expected one of 'key-file' and 'key-environment'")),
        };
        seal = seal
            .encrypted(secret.map_err(|error| encryption.error(error.to_string().trim_end_matches('.')))?);
    }
    Ok(Some(seal).filter(|_| compressed || encrypted))
}

impl Consumer for Logged {
    fn message(&mut self, message: &Message) -> Result<()> {
        let Kind::Encoded(bytes) = &message.kind else {
            return Err(super::not_encoded());
        };
        self.0.append(message.metadata.to_json().to_string().as_bytes(), bytes).map(drop)
    }

    fn gap(&mut self, gap: &Gap) -> Result<()> {
        let Gap { first, last, steps, fields, bytes, begun } = gap;
        let (first, last) = (first.to_json(), last.to_json());
        let gap = json!({ "first": first, "last": last, "steps": steps, "fields": fields, "bytes": bytes, "begun": begun });
        self.0.append(json!({ "gap": gap }).to_string().as_bytes(), &[]).map(drop)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.sync()
    }
}
