//! How a message stores its values, and these in the order in which they are stored.

use super::decode;
use super::file::GribFile;
use super::header::Header;
use crate::error::Result;

/// How the values of a field are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// ecCodes' name of the packing, such as `grid_simple`, `grid_ccsds`, `spectral_complex`.
    pub packing: String,
    /// Bits per value, where the packing has such a number.
    pub bits_per_value: Option<i64>,
    /// ecCodes' abbreviation of the centre, such as `ecmf`.
    pub centre: String,
    /// Values, missing ones included.
    pub values: usize,
    /// Bytes of the message.
    pub bytes: usize,
}

impl GribFile {
    /// How the field of a header of this file is stored.
    pub fn storage(&self, header: &Header) -> Result<Storage> {
        let handle = self.opened(header)?;
        let text = |key: &str| handle.string(key).unwrap_or_else(|_| "unknown".into());
        Ok(Storage {
            packing: text("packingType"),
            bits_per_value: handle.long("bitsPerValue").ok(),
            centre: text("centre"),
            values: handle.long("getNumberOfValues").unwrap_or(0).max(0) as usize,
            bytes: handle.long("totalLength").unwrap_or(0).max(0) as usize,
        })
    }

    /// The values of a header of this file in the order in which they are stored, whatever the grid; NaN where there is
    /// none. Of spherical harmonics the coefficients.
    pub fn stored_values(&self, header: &Header) -> Result<Vec<f64>> {
        decode::stored(self.opened(header)?)
    }
}
