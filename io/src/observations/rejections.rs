//! What was not taken, and why.

use std::collections::BTreeMap;
use std::fmt;

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The file ends inside a message.
    Truncated,
    /// A message's length and end contradict each other.
    Damaged,
    /// ecCodes could not decode a message.
    Undecodable,
    /// A message or subset of something that has no kind here, such as radiances.
    UnknownKind,
    /// A report without a time that the calendar has.
    NoTime,
    /// A report without a position on the Earth.
    NoPosition,
    /// A report in which all values are missing.
    NoValue,
    /// A value that nothing on the Earth has.
    Impossible,
    /// A report whose kind, station, time and place another had before.
    Duplicate,
    /// A value that its provider calls wrong or suspect.
    Flagged,
    /// A value whose vertical place is not known.
    NoLevel,
    /// A quantity that has no equivalent in the background.
    NoEquivalent,
    /// Outside the window of time.
    OutsideWindow,
    /// Outside the background's area.
    OutsideDomain,
    /// Above the background's top.
    AboveTop,
    /// Below the background's ground.
    BelowGround,
    /// Too far from the background.
    FarFromBackground,
    /// A value of whose standard error nothing is known.
    NoError,
    /// A quantity or a level that the analysis does not have.
    NotAnalysed,
}

impl Reason {
    /// All reasons; the place of one in this list is its number in files.
    pub const ALL: [Self; 19] = [
        Self::Truncated,
        Self::Damaged,
        Self::Undecodable,
        Self::UnknownKind,
        Self::NoTime,
        Self::NoPosition,
        Self::NoValue,
        Self::Impossible,
        Self::Duplicate,
        Self::Flagged,
        Self::NoLevel,
        Self::NoEquivalent,
        Self::OutsideWindow,
        Self::OutsideDomain,
        Self::AboveTop,
        Self::BelowGround,
        Self::FarFromBackground,
        Self::NoError,
        Self::NotAnalysed,
    ];

    /// As in files and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Damaged => "damaged",
            Self::Undecodable => "undecodable",
            Self::UnknownKind => "unknown-kind",
            Self::NoTime => "no-time",
            Self::NoPosition => "no-position",
            Self::NoValue => "no-value",
            Self::Impossible => "impossible",
            Self::Duplicate => "duplicate",
            Self::Flagged => "flagged",
            Self::NoLevel => "no-level",
            Self::NoEquivalent => "no-equivalent",
            Self::OutsideWindow => "outside-window",
            Self::OutsideDomain => "outside-domain",
            Self::AboveTop => "above-top",
            Self::BelowGround => "below-ground",
            Self::FarFromBackground => "far-from-background",
            Self::NoError => "no-error",
            Self::NotAnalysed => "not-analysed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// One thing that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Message of a BUFR file or record of a NetCDF file, from 1.
    pub message: usize,
    /// Subset of the message, from 1; 0 where all of it is meant.
    pub subset: usize,
    /// Why.
    pub reason: Reason,
    /// More words, such as the offending number.
    pub detail: String,
}

/// Everything that was not taken: counted, and the first of each reason in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejections {
    counts: BTreeMap<Reason, usize>,
    examples: Vec<Rejection>,
}

/// So many of each reason are kept in words.
const EXAMPLES: usize = 10;

impl Rejections {
    /// Adds one.
    pub fn add(&mut self, message: usize, subset: usize, reason: Reason, detail: impl Into<String>) {
        let count = self.counts.entry(reason).or_default();
        *count += 1;
        if *count <= EXAMPLES {
            self.examples.push(Rejection { message, subset, reason, detail: detail.into() });
        }
    }

    /// Adds several at once, without words.
    pub fn count_more(&mut self, reason: Reason, count: usize) {
        if count > 0 {
            *self.counts.entry(reason).or_default() += count;
        }
    }

    /// How many there are of each reason; reasons without any are left out.
    pub fn counts(&self) -> &BTreeMap<Reason, usize> {
        &self.counts
    }

    /// How many there are of a reason.
    pub fn of(&self, reason: Reason) -> usize {
        self.counts.get(&reason).copied().unwrap_or(0)
    }

    /// How many there are of all reasons.
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// The first ten of each reason, in the order in which they were met.
    pub fn examples(&self) -> &[Rejection] {
        &self.examples
    }
}
