//! Octets as GRIB writes them: big-endian, negative numbers as sign and magnitude.

use crate::error::{Error, Result};

/// All bits set: "missing".
pub(super) const MISSING: u32 = u32::MAX;

/// A section being written: its length and number come first and are filled in when it is whole.
pub(super) struct Section(Vec<u8>);

impl Section {
    pub(super) fn new(number: u8) -> Self {
        Self(vec![0, 0, 0, 0, number])
    }

    pub(super) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn short(mut self, value: u16) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    /// A number below 2³¹ in magnitude.
    pub(super) fn signed(self, value: i32) -> Self {
        self.long(u32::from(value < 0) << 31 | value.unsigned_abs())
    }

    /// A number below 2¹⁵ in magnitude.
    pub(super) fn signed_short(self, value: i16) -> Self {
        self.short(u16::from(value < 0) << 15 | value.unsigned_abs())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

/// `value` as a number of an octet count that the field named has.
pub(super) fn fit<T: TryFrom<i64>>(name: &str, value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| Error::InvalidValue {
        name: name.into(),
        got: value.to_string(),
        expected: format!("a number that fits into {} octets of GRIB2", size_of::<T>()),
    })
}
