//! What a best-effort plan did not deliver.

use std::fmt;

use super::metadata::Metadata;

/// Steps that follow each other and were dropped, because the plan's consumer was too slow.
///
/// A step is named by those of its metadata that tell the time: `startDate`, `startTime`, `step`, `date`, `time`. Nothing
/// between the first and the last step was delivered in their place. Messages of no step count as `fields`; where there are
/// only such, `first` and `last` are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The first step.
    pub first: Metadata,
    /// The last step; the same where it is one.
    pub last: Metadata,
    /// How many steps this gap is the first to name. A step whose messages are still being written while its gap is
    /// delivered is named by two.
    pub steps: u64,
    /// How many messages.
    pub fields: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether some messages of the first step were delivered before.
    pub begun: bool,
}

impl Gap {
    /// Takes in what directly follows.
    pub(crate) fn extend(&mut self, next: Gap) {
        if self.first == Metadata::new() {
            (self.first, self.begun) = (next.first, next.begun);
        }
        if next.last != Metadata::new() {
            self.last = next.last;
        }
        self.steps += next.steps;
        self.fields += next.fields;
        self.bytes += next.bytes;
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, fields, bytes, .. } = self;
        write!(formatter, "{fields} messages ({bytes} bytes) dropped from {first} to {last}")
    }
}
