//! Numbers in memory and in the file.

use super::library::{Functions, Id};

/// Stored numbers, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Float,
    Double,
}

impl Numbers {
    pub(super) fn stored(self, functions: &Functions) -> Id {
        match self {
            Self::Float => functions.float,
            Self::Double => functions.double,
        }
    }
}

/// A number in memory.
pub(crate) trait Element: Copy + Default {
    #[doc(hidden)]
    const NUMBERS: Numbers;
}

impl Element for f32 {
    const NUMBERS: Numbers = Numbers::Float;
}

impl Element for f64 {
    const NUMBERS: Numbers = Numbers::Double;
}

pub(super) fn native<T: Element>(functions: &Functions) -> Id {
    match T::NUMBERS {
        Numbers::Float => functions.native_float,
        Numbers::Double => functions.native_double,
    }
}
