//! What passes through a plan, and what an action is.

use super::metadata::Metadata;
use super::section::Section;
use super::{encode, interpolate, mapping, mask, print, scale, select, sink, statistics};
use crate::error::Result;
use crate::layout::Layout;

/// Data with what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What is known.
    pub metadata: Metadata,
    /// The data.
    pub kind: Kind,
}

/// The data of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A field on the points of a layout; NaN where there is no value.
    Field {
        /// Where the points are.
        layout: Layout,
        /// One per point.
        values: Vec<f64>,
    },
    /// Which points of a domain have values.
    Mask(Vec<bool>),
    /// A field as bytes.
    Encoded(Vec<u8>),
}

/// One step of a plan: a message becomes none, one or several.
pub(super) trait Action: Send {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>>;

    /// After the last message.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// An action with what to do on its errors.
pub(super) struct Step {
    action: Box<dyn Action>,
    skip: bool,
    skipped: usize,
}

type Make = fn(&Section<'_>) -> Result<Box<dyn Action>>;

/// Names, keys and makers of all actions.
const ACTIONS: [(&str, &[&str], Make); 9] = [
    ("select", &select::KEYS, |section| Ok(Box::new(select::Select::new(section)?))),
    ("scale", &scale::KEYS, |section| Ok(Box::new(scale::Scale::new(section)?))),
    ("mask", &mask::KEYS, |section| Ok(Box::new(mask::Mask::new(section)?))),
    ("metadata-mapping", &mapping::KEYS, |section| Ok(Box::new(mapping::Mapping::new(section)?))),
    ("statistics", &statistics::KEYS, |section| Ok(Box::new(statistics::Statistics::new(section)?))),
    ("interpolate", &interpolate::KEYS, |section| Ok(Box::new(interpolate::Interpolate::new(section)?))),
    ("encode", &encode::KEYS, |section| Ok(Box::new(encode::Encode::new(section)?))),
    ("print", &print::KEYS, |section| Ok(Box::new(print::Print::new(section)?))),
    ("sink", &sink::KEYS, |section| Ok(Box::new(sink::Sink::new(section)?))),
];

impl Step {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        let name =
            section.known("action", section.required_text("type")?, &ACTIONS.map(|(name, ..)| name))?;
        let section = section.at(format!("{} ({name})", section.place));
        let (_, keys, make) = ACTIONS.iter().find(|(action, ..)| *action == name).expect("a known action");
        section.allow(&[&["type", "on-error"], *keys].concat())?;
        let skip = section.choice("on-error", &["propagate", "skip"])? == Some("skip");
        Ok(Self { action: make(&section)?, skip, skipped: 0 })
    }

    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        match self.action.apply(message) {
            Err(_) if self.skip => {
                self.skipped += 1;
                Ok(Vec::new())
            }
            other => other,
        }
    }

    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    pub(super) fn finish(&mut self) -> Result<()> {
        match self.action.finish() {
            Err(_) if self.skip => {
                self.skipped += 1;
                Ok(())
            }
            other => other,
        }
    }
}

/// Sends a message through the steps, depth first.
pub(super) fn run(steps: &mut [Step], message: Message) -> Result<()> {
    let Some((first, rest)) = steps.split_first_mut() else { return Ok(()) };
    for message in first.apply(message)? {
        run(rest, message)?;
    }
    Ok(())
}
