//! What passes through a plan, and what an action is.

use std::time::{Duration, Instant};

use super::gap::Gap;
use super::metadata::Metadata;
use super::section::Section;
use super::{encode, mapping, mask, print, scale, select, sink, statistics};
use crate::error::{Error, Result};
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

impl Kind {
    /// Size of the data (bytes).
    pub(crate) fn bytes(&self) -> u64 {
        (match self {
            Self::Field { values, .. } => size_of_val(&values[..]),
            Self::Mask(mask) => mask.len(),
            Self::Encoded(bytes) => bytes.len(),
        }) as u64
    }
}

/// One step of a plan: a message becomes none, one or several.
pub(super) trait Action: Send {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>>;

    /// In the place of messages that were dropped before the plan.
    fn gap(&mut self, _gap: &Gap) -> Result<()> {
        Ok(())
    }

    /// Brings what has been written to where it stays.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Bytes that have left the plan here.
    fn written(&self) -> u64 {
        0
    }

    /// What passes here, where that is a matter of metadata alone.
    fn selection(&self) -> Option<&select::Select> {
        None
    }

    /// Itself, where it is a sink.
    fn sink(&mut self) -> Option<&mut sink::Sink> {
        None
    }

    /// After the last message.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// An action with what to do on its errors.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) place: String,
    pub(super) action: Box<dyn Action>,
    skip: bool,
    pub(super) skipped: usize,
    /// Messages that it has had.
    pub(super) messages: u64,
    /// Time in it.
    pub(super) time: Duration,
}

/// What a step gives, or its error with its place.
pub(crate) type Outcome<T> = std::result::Result<T, Box<Failed>>;

/// An error with the action that it came from.
pub(crate) struct Failed {
    pub(crate) place: String,
    pub(crate) error: Error,
}

type Make = fn(&Section<'_>) -> Result<Box<dyn Action>>;

/// Names, keys and makers of all actions.
const ACTIONS: [(&str, &[&str], Make); 8] = [
    ("select", &select::KEYS, |section| Ok(Box::new(select::Select::new(section)?))),
    ("scale", &scale::KEYS, |section| Ok(Box::new(scale::Scale::new(section)?))),
    ("mask", &mask::KEYS, |section| Ok(Box::new(mask::Mask::new(section)?))),
    ("metadata-mapping", &mapping::KEYS, |section| Ok(Box::new(mapping::Mapping::new(section)?))),
    ("statistics", &statistics::KEYS, |section| Ok(Box::new(statistics::Statistics::new(section)?))),
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
        let action = make(&section)?;
        Ok(Self { name, place: section.place, action, skip, skipped: 0, messages: 0, time: Duration::ZERO })
    }

    fn apply(&mut self, message: Message) -> Outcome<Vec<Message>> {
        let start = Instant::now();
        let result = self.action.apply(message);
        self.time += start.elapsed();
        self.messages += 1;
        self.judge(result)
    }

    pub(super) fn gap(&mut self, gap: &Gap) -> Outcome<()> {
        let result = self.action.gap(gap);
        self.judge(result)
    }

    pub(super) fn flush(&mut self) -> Outcome<()> {
        let result = self.action.flush();
        self.judge(result)
    }

    pub(super) fn finish(&mut self) -> Outcome<()> {
        let result = self.action.finish();
        self.judge(result)
    }

    /// Nothing, where an error is to be skipped.
    fn judge<T: Default>(&mut self, result: Result<T>) -> Outcome<T> {
        match result {
            Err(_) if self.skip => {
                self.skipped += 1;
                Ok(T::default())
            }
            other => other.map_err(|error| Box::new(Failed { place: self.place.clone(), error })),
        }
    }
}

/// Sends a message through the steps, depth first.
pub(super) fn run(steps: &mut [Step], message: Message) -> Outcome<()> {
    let Some((first, rest)) = steps.split_first_mut() else { return Ok(()) };
    for message in first.apply(message)? {
        run(rest, message)?;
    }
    Ok(())
}
