//! What passes through a plan, and what an action is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::gap::Gap;
use super::metadata::Metadata;
use super::section::Section;
use super::spare;
use super::{
    aggregate, encode, interpolate, mapping, mask, print, scale, select, sink, statistics, transport,
};
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
    /// Some points of a field, which `aggregate` makes a field of.
    Part {
        /// Where all points of the field are.
        layout: Layout,
        /// Which of them these are.
        points: Points,
        /// One for each of these.
        values: Vec<f64>,
    },
    /// Which points of a domain have values.
    Mask(Vec<bool>),
    /// A field as bytes.
    Encoded(Vec<u8>),
}

impl Kind {
    /// Size of the data (bytes), without what messages share: layouts and lists of points.
    pub(crate) fn bytes(&self) -> u64 {
        (match self {
            Self::Field { values, .. } | Self::Part { values, .. } => size_of_val(&values[..]),
            Self::Mask(mask) => mask.len(),
            Self::Encoded(bytes) => bytes.len(),
        }) as u64
    }
}

/// Places of a part's values in its field.
#[derive(Clone, Debug, PartialEq)]
pub enum Points {
    /// One after the other, from this one on.
    From(usize),
    /// One for each value.
    List(Arc<[usize]>),
}

impl Points {
    /// Refuses points that the layout does not have, and lists of another length than the values.
    pub(crate) fn check(&self, layout: &Layout, values: usize) -> Result<()> {
        let points = layout.points();
        let (name, last) = match self {
            Self::From(first) => ("end of the part", first.saturating_add(values).saturating_sub(1)),
            Self::List(list) if list.len() != values => {
                return Err(Error::LengthMismatch {
                    name: "points".into(),
                    expected: values,
                    got: list.len(),
                });
            }
            Self::List(list) => ("point", list.iter().copied().max().unwrap_or(0)),
        };
        if values == 0 || last < points {
            return Ok(());
        }
        let expected = format!("one of the {points} points of the field");
        Err(Error::InvalidValue { name: name.into(), got: last.to_string(), expected })
    }

    /// The first `count` of them.
    pub(super) fn iter(&self, count: usize) -> impl Iterator<Item = usize> + '_ {
        (0..count).map(move |number| match self {
            Self::From(first) => first + number,
            Self::List(list) => list[number],
        })
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

    /// Bits per value that it encodes with.
    fn bits(&self) -> Option<u32> {
        None
    }

    /// What passes here, where that is a matter of metadata alone.
    fn selection(&self) -> Option<&select::Select> {
        None
    }

    /// Whether a message is made of what came before it.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether there is something to remember at present.
    fn has_memory(&self) -> bool {
        self.remembers()
    }

    /// What it remembers, for a checkpoint.
    fn memory(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether a [memory](Self::memory) is one of its own.
    fn fits(&self, memory: &[u8]) -> bool {
        memory.is_empty()
    }

    /// Takes its memory back; none unless it fits.
    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        memory.is_empty().then_some(())
    }

    /// Itself, where it is a sink.
    fn sink(&mut self) -> Option<&mut sink::Sink> {
        None
    }

    /// Itself, where it is the way to servers.
    fn transport(&mut self) -> Option<&mut transport::Transport> {
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
    /// Type and keys, as a checkpoint knows them.
    pub(super) words: String,
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
const ACTIONS: [(&str, &[&str], Make); 11] = [
    ("select", &select::KEYS, |section| Ok(Box::new(select::Select::new(section)?))),
    ("aggregate", &aggregate::KEYS, |_| Ok(Box::new(aggregate::Aggregate::default()))),
    ("scale", &scale::KEYS, |section| Ok(Box::new(scale::Scale::new(section)?))),
    ("mask", &mask::KEYS, |section| Ok(Box::new(mask::Mask::new(section)?))),
    ("metadata-mapping", &mapping::KEYS, |section| Ok(Box::new(mapping::Mapping::new(section)?))),
    ("statistics", &statistics::KEYS, |section| Ok(Box::new(statistics::Statistics::new(section)?))),
    ("interpolate", &interpolate::KEYS, |section| Ok(Box::new(interpolate::Interpolate::new(section)?))),
    ("encode", &encode::KEYS, |section| Ok(Box::new(encode::Encode::new(section)?))),
    ("print", &print::KEYS, |section| Ok(Box::new(print::Print::new(section)?))),
    ("transport", &transport::KEYS, |section| Ok(Box::new(transport::Transport::new(section)?))),
    ("sink", &sink::KEYS, |section| Ok(Box::new(sink::Sink::new(section)?))),
];

/// Those that need no whole fields.
const OF_PARTS: [&str; 6] = ["select", "aggregate", "scale", "metadata-mapping", "print", "transport"];

impl Step {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        let name =
            section.known("action", section.required_text("type")?, &ACTIONS.map(|(name, ..)| name))?;
        let section = section.at(format!("{} ({name})", section.place));
        let (_, keys, make) = ACTIONS.iter().find(|(action, ..)| *action == name).expect("a known action");
        section.allow(&[&["type", "on-error"], *keys].concat())?;
        let skip = section.choice("on-error", &["propagate", "skip"])? == Some("skip");
        let (action, words) = (make(&section)?, section.words());
        let place = section.place;
        Ok(Self { name, place, words, action, skip, skipped: 0, messages: 0, time: Duration::ZERO })
    }

    fn apply(&mut self, message: Message) -> Outcome<Vec<Message>> {
        let start = Instant::now();
        let result = match message.kind {
            Kind::Part { .. } if !OF_PARTS.contains(&self.name) => Err(Error::InvalidValue {
                name: self.name.into(),
                got: "a part of a field".into(),
                expected: "an action 'aggregate' before it".into(),
            }),
            _ => self.action.apply(message),
        };
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
    let Some((first, rest)) = steps.split_first_mut() else {
        spare::give(message.kind);
        return Ok(());
    };
    for message in first.apply(message)? {
        run(rest, message)?;
    }
    Ok(())
}
