//! Values of a chunk as its bytes.

use std::io::Write;

use serde_json::{Value as Json, json};
use terrella_kernels::{Precision, Real};

use crate::encode::netcdf4::compression::Compression;
use crate::encode::netcdf4::rounding::Round;

/// What a chunk goes through, as a document tells it: little-endian values, compressed, with a checksum.
pub(super) fn codecs(compression: Compression) -> Json {
    let mut codecs = vec![json!({ "name": "bytes", "configuration": { "endian": "little" } })];
    match compression {
        Compression::None => {}
        Compression::Deflate { level } => {
            codecs.push(json!({ "name": "gzip", "configuration": { "level": level } }));
        }
        Compression::Zstd { level, .. } => {
            codecs.push(json!({ "name": "zstd", "configuration": { "level": level, "checksum": false } }));
        }
    }
    codecs.push(json!({ "name": "crc32c" }));
    codecs.into()
}

/// Makes chunks.
pub(super) struct Packer {
    compression: Compression,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Packer {
    pub(super) fn new(compression: Compression) -> std::io::Result<Self> {
        let zstd = match compression {
            Compression::Zstd { level, .. } => Some(zstd::bulk::Compressor::new(level as i32)?),
            _ => None,
        };
        Ok(Self { compression, zstd })
    }

    /// The bytes of a chunk of a field. NaN stays NaN, which is the fill value.
    pub(super) fn field<R: Real>(&mut self, values: &[R], precision: Precision) -> std::io::Result<Vec<u8>> {
        let kept = self.compression.mantissa_bits();
        let bytes = match precision {
            Precision::F32 => bytes(values, |value| {
                let value = value.to_f64() as f32;
                value.round_mantissa(kept.unwrap_or(f32::MANTISSA)).to_le_bytes()
            }),
            Precision::F64 => bytes(values, |value| {
                let value = value.to_f64();
                value.round_mantissa(kept.unwrap_or(f64::MANTISSA)).to_le_bytes()
            }),
        };
        let packed = match (self.compression, &mut self.zstd) {
            (Compression::Deflate { level }, _) => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
                encoder.write_all(&bytes)?;
                encoder.finish()?
            }
            (_, Some(zstd)) => zstd.compress(&bytes)?,
            _ => bytes,
        };
        Ok(with_checksum(packed))
    }
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Packer").field("compression", &self.compression).finish_non_exhaustive()
    }
}

/// The bytes of a chunk of a coordinate.
pub(super) fn coordinate(values: &[f64]) -> Vec<u8> {
    with_checksum(bytes(values, |value| value.to_le_bytes()))
}

fn bytes<T: Copy, const N: usize>(values: &[T], convert: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; N * values.len()];
    for (to, value) in bytes.chunks_exact_mut(N).zip(values) {
        to.copy_from_slice(&convert(*value));
    }
    bytes
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}
