//! What its provider thinks of a value.

use std::fmt;

/// The provider's judgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// None, or a preliminary one.
    #[default]
    Unchecked,
    /// It passed the checks that were made.
    Good,
    /// It failed a check that is no proof.
    Suspect,
    /// It is wrong.
    Bad,
}

impl Flag {
    /// All flags.
    pub const ALL: [Self; 4] = [Self::Unchecked, Self::Good, Self::Suspect, Self::Bad];

    /// As in files and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Good => "good",
            Self::Suspect => "suspect",
            Self::Bad => "bad",
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Judgement and confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// The provider's judgement.
    pub flag: Flag,
    /// Per cent, as of BUFR's operator 222000 or of a satellite wind's quality indicator; None where none is given.
    pub confidence: Option<u8>,
}
