//! What the values of a dataset or attribute are.
#![allow(unsafe_code)]

use std::ffi::c_int;

use super::library::{Id, Session};

/// `H5T_class_t`.
const INTEGER: c_int = 0;
const FLOAT: c_int = 1;
pub(super) const TEXT: c_int = 3;
const NAMES: [(c_int, &str); 8] = [
    (2, "time"),
    (4, "bitfield"),
    (5, "opaque"),
    (6, "compound"),
    (7, "reference"),
    (8, "enum"),
    (9, "vlen"),
    (10, "array"),
];

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Integer { bytes: usize, signed: bool },
    /// A number.
    Real { bytes: usize },
    /// A single character.
    Character,
    /// A text of any length.
    Text,
    /// Something else, by its name in HDF5.
    Other(&'static str),
}

impl Kind {
    /// Of a live type.
    pub(super) fn of(session: &Session, kind: Id) -> Self {
        let functions = session.functions;
        // SAFETY: a live type, as the caller says.
        let (class, bytes) = unsafe { ((functions.class)(kind), (functions.size)(kind)) };
        match class {
            // SAFETY: as above; 0 is unsigned.
            INTEGER => Self::Integer { bytes, signed: unsafe { (functions.sign)(kind) } != 0 },
            FLOAT => Self::Real { bytes },
            // SAFETY: as above.
            TEXT => match bytes == 1 && unsafe { (functions.is_variable_text)(kind) } == 0 {
                true => Self::Character,
                false => Self::Text,
            },
            other => {
                let name = NAMES.iter().find(|(class, _)| *class == other);
                Self::Other(name.map_or("unknown", |(_, name)| name))
            }
        }
    }

    /// Whether values are numbers.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Real { .. })
    }

    /// The name in CDL, NetCDF's notation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Integer { bytes: 1, signed: true } => "byte",
            Self::Integer { bytes: 1, signed: false } => "ubyte",
            Self::Integer { bytes: 2, signed: true } => "short",
            Self::Integer { bytes: 2, signed: false } => "ushort",
            Self::Integer { bytes: 4, signed: true } => "int",
            Self::Integer { bytes: 4, signed: false } => "uint",
            Self::Integer { bytes: 8, signed: true } => "int64",
            Self::Integer { bytes: 8, signed: false } => "uint64",
            Self::Integer { .. } => "integer",
            Self::Real { bytes: 4 } => "float",
            Self::Real { bytes: 8 } => "double",
            Self::Real { bytes: 2 } => "half",
            Self::Real { .. } => "real",
            Self::Character => "char",
            Self::Text => "string",
            Self::Other(name) => name,
        }
    }
}
