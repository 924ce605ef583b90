//! Metadata as bytes: key, type and value one after the other, each after its length.

use crate::plan::{Metadata, Value};

pub(crate) fn write(bytes: &mut Vec<u8>, metadata: &Metadata) {
    let mut put = |part: &[u8]| {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    };
    for (key, value) in metadata.iter() {
        put(key.as_bytes());
        match value {
            Value::Text(text) => {
                put(b"t");
                put(text.as_bytes());
            }
            Value::Integer(number) => {
                put(b"i");
                put(&number.to_le_bytes());
            }
            Value::Real(number) => {
                put(b"r");
                put(&number.to_le_bytes());
            }
            Value::Flag(flag) => {
                put(b"f");
                put(&[u8::from(*flag)]);
            }
        }
    }
}

/// None where the bytes are not what [`write`] makes.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Metadata> {
    let mut metadata = Metadata::new();
    let mut part = || -> Option<&[u8]> {
        let (length, rest) = bytes.split_at_checked(8)?;
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(part)
    };
    while let Some(key) = part() {
        let (kind, value) = (part()?, part()?);
        let value = match kind {
            b"t" => Value::Text(String::from_utf8(value.to_vec()).ok()?),
            b"i" => Value::Integer(i64::from_le_bytes(value.try_into().ok()?)),
            b"r" => Value::Real(f64::from_le_bytes(value.try_into().ok()?)),
            _ => Value::Flag(value == [1]),
        };
        metadata.set(std::str::from_utf8(key).ok()?, value);
    }
    Some(metadata)
}
