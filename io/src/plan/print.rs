//! `print`: a line per message on standard output or error; the message goes on.

use std::io::Write;

use super::action::{Action, Kind, Message};
use super::section::Section;
use crate::error::{Error, Result};

pub(super) const KEYS: [&str; 3] = ["stream", "prefix", "only-fields"];

pub(super) struct Print {
    to_error: bool,
    prefix: String,
    only_fields: bool,
}

impl Print {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        let stream = section.choice("stream", &["info", "cout", "error"])?;
        Ok(Self {
            to_error: stream == Some("error"),
            prefix: section.text("prefix")?.map_or(String::new(), |prefix| format!("{prefix}: ")),
            only_fields: section.flag("only-fields", false)?,
        })
    }
}

impl Action for Print {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        let kind = match &message.kind {
            Kind::Field { values, .. } => format!("field of {} values", values.len()),
            Kind::Part { layout, values, .. } => {
                format!("part of {} of {} values", values.len(), layout.points())
            }
            Kind::Mask(mask) => format!("mask of {} values", mask.len()),
            Kind::Encoded(bytes) => format!("{} bytes", bytes.len()),
        };
        if !self.only_fields || matches!(message.kind, Kind::Field { .. }) {
            let line = format!("{}{kind} {}\n", self.prefix, message.metadata);
            let written = if self.to_error {
                std::io::stderr().write_all(line.as_bytes())
            } else {
                std::io::stdout().write_all(line.as_bytes())
            };
            written.map_err(|source| Error::file("standard output", "printing", source))?;
        }
        Ok(vec![message])
    }
}
