//! What the values of a NetCDF-4 file go through on their way to the disk.

use terrella_kernels::Precision;

use super::rounding::Round;
use crate::error::{Error, Result};
use crate::hdf5::{Element, Filter};

/// How the variables of a NetCDF-4 file or a Zarr store are packed. Coordinates are small and stored as they are. Zarr's own
/// codecs have no shuffling of bytes: there values are compressed without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// Shuffled bytes, then DEFLATE (gzip) by libhdf5. Every reader of NetCDF-4 has it. In Zarr the codec `gzip`.
    Deflate {
        /// 1 (fast) to 9.
        level: u32,
    },
    /// Rounded mantissas, shuffled bytes, then zstd (HDF5's filter 32015). Readers need that filter: NetCDF-C since 4.9
    /// and the package hdf5plugin for Python bring it. In Zarr the codec `zstd`, which readers have.
    Zstd {
        /// 1 (fast) to 22.
        level: u32,
        /// Bits of the mantissa to keep, at most 23 (52 in double precision); None: all. The relative error of a value is
        /// at most 2^−(bits + 1).
        mantissa_bits: Option<u32>,
    },
}

/// The attribute in which NetCDF-C tells of rounded mantissas.
pub(in crate::encode) const ROUNDED: &str = "_QuantizeBitRoundNumberOfSignificantBits";

impl Compression {
    pub(in crate::encode) fn check(self, precision: Precision) -> Result<()> {
        let refuse = |name: &str, got: u32, expected: String| {
            Err(Error::InvalidValue { name: name.into(), got: got.to_string(), expected })
        };
        let most = match precision {
            Precision::F32 => f32::MANTISSA,
            Precision::F64 => f64::MANTISSA,
        };
        match self {
            Self::Deflate { level } if !(1..=9).contains(&level) => {
                refuse("level of deflate", level, "1 to 9".into())
            }
            Self::Zstd { level, .. } if !(1..=22).contains(&level) => {
                refuse("level of zstd", level, "1 to 22".into())
            }
            Self::Zstd { mantissa_bits: Some(bits), .. } if bits > most => {
                refuse("mantissa bits", bits, format!("at most {most} for this precision"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn filters(self) -> Vec<Filter> {
        match self {
            Self::None => vec![],
            Self::Deflate { level } => vec![Filter::Shuffle, Filter::Deflate(level)],
            Self::Zstd { level, .. } => vec![Filter::Shuffle, Filter::Zstd(level)],
        }
    }

    pub(in crate::encode) fn mantissa_bits(self) -> Option<u32> {
        match self {
            Self::Zstd { mantissa_bits, .. } => mantissa_bits,
            _ => None,
        }
    }
}

/// Shuffles and compresses chunks outside of libhdf5, so that nothing waits for its lock meanwhile.
pub(super) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    shuffled: Vec<u8>,
}

impl Packer {
    pub(super) fn new(level: u32) -> std::io::Result<Self> {
        Ok(Self { compressor: zstd::bulk::Compressor::new(level as i32)?, shuffled: Vec::new() })
    }

    /// The bytes of a chunk in the file.
    pub(super) fn pack<T: Element + bytemuck::Pod>(&mut self, values: &[T]) -> std::io::Result<Vec<u8>> {
        shuffle::<T>(values, &mut self.shuffled);
        self.compressor.compress(&self.shuffled)
    }
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Packer").finish_non_exhaustive()
    }
}

/// HDF5's filter 2: the first bytes of all values, then the second ones, and so on, from the least significant.
fn shuffle<T: Element + bytemuck::Pod>(values: &[T], shuffled: &mut Vec<u8>) {
    let bytes: &[u8] = bytemuck::cast_slice(values);
    shuffled.resize(bytes.len(), 0);
    let size = size_of::<T>();
    for (rank, plane) in shuffled.chunks_exact_mut(values.len().max(1)).enumerate() {
        let rank = if cfg!(target_endian = "little") { rank } else { size - 1 - rank };
        for (to, from) in plane.iter_mut().zip(bytes.chunks_exact(size)) {
            *to = from[rank];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_equal_rank_stand_together() {
        let mut shuffled = Vec::new();
        shuffle(&[f32::from_bits(0x0403_0201), f32::from_bits(0x1413_1211)], &mut shuffled);
        assert_eq!(shuffled, [0x01, 0x11, 0x02, 0x12, 0x03, 0x13, 0x04, 0x14]);
    }

    #[test]
    fn impossible_settings_are_refused_by_name() {
        let text =
            |compression: Compression, precision| compression.check(precision).unwrap_err().to_string();
        let deflate = Compression::Deflate { level: 10 };
        assert_eq!(text(deflate, Precision::F32), "'level of deflate' is 10: expected 1 to 9.");
        let zstd = |level, bits| Compression::Zstd { level, mantissa_bits: bits };
        assert_eq!(text(zstd(0, None), Precision::F32), "'level of zstd' is 0: expected 1 to 22.");
        let error = text(zstd(1, Some(24)), Precision::F32);
        assert_eq!(error, "'mantissa bits' is 24: expected at most 23 for this precision.");
        zstd(1, Some(24)).check(Precision::F64).unwrap();
    }
}
