//! The values of a GRIB2 message packed anew, with everything else as it was.

use super::message::Packing;
use crate::eccodes::Message;
use crate::error::{Error, Result};

/// Marks missing points between ecCodes and us; no field reaches it.
const MISSING: f64 = 9.999e37;

/// The message of one field on points, with its values in another packing, by ecCodes. `bits_per_value`: 1 to 32, or None
/// for those that the message has.
///
/// Errors: a message of edition 1 or of spherical harmonics, a number of bits out of range, ecCodes is not installed.
pub fn repack(message: &[u8], packing: Packing, bits_per_value: Option<u32>) -> Result<Vec<u8>> {
    let mut message = Message::from_bytes(message)?;
    let wrong = |name: &str, got: String, expected: &str| Error::InvalidValue {
        name: name.into(),
        got,
        expected: expected.into(),
    };
    match message.long("edition")? {
        2 => {}
        other => return Err(wrong("edition", other.to_string(), "2: only GRIB2 messages are packed anew")),
    }
    let grid = message.string("gridType")?;
    if grid == "sh" {
        return Err(wrong("gridType", grid, "values on points"));
    }
    let bits = match bits_per_value {
        Some(bits) if (1..=32).contains(&bits) => i64::from(bits),
        Some(bits) => return Err(wrong("bits_per_value", bits.to_string(), "1 to 32")),
        // A constant field has none: any number does for it.
        None => message.long("bitsPerValue").ok().filter(|bits| (1..=32).contains(bits)).unwrap_or(16),
    };
    message.set_double("missingValue", MISSING)?;
    let values = message.doubles("values")?;
    let name = match packing {
        Packing::Simple => "grid_simple",
        Packing::Ccsds => "grid_ccsds",
    };
    if message.string("packingType")? != name {
        message.set_string("packingType", name)?;
    }
    // With a decimal scale ecCodes would choose the bits by that precision.
    message.set_long("decimalScaleFactor", 0)?;
    message.set_long("bitsPerValue", bits)?;
    message.set_doubles("values", &values)?;
    message.bytes()
}
