//! Sink `log`: encoded messages as records of a segment log, for readers that come and go.

use std::sync::Arc;

use serde_json::json;

use super::consumer::Consumer;
use super::{Outlet, path};
use crate::error::{Error, Result};
use crate::log::{Log, LogSettings, Retention};
use crate::plan::section::Section;
use crate::plan::{Gap, Kind, Message};

pub(super) const KEYS: [&str; 3] = ["path", "name", "retain-bytes"];

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
    std::fs::create_dir_all(&path).map_err(|source| Error::file(&path, "making the folder", source))?;
    let log = Arc::new(Log::open(&path, &settings)?.0);
    Ok(Outlet { name, log: Some(log.clone()), ..Outlet::new(Box::new(Logged(log))) })
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
