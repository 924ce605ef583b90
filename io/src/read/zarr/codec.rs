//! From the bytes of a chunk to its values.
//!
//! Codecs of the Zarr specification, version 3: `bytes`, `sharding_indexed`, `gzip`, `zstd`, `crc32c`. What a codec makes
//! is bounded by what the chunk's shape allows, so that a small file fills no memory.

use std::io::Read;

use serde_json::Value;

use super::document::{Kind, named, shown};
use super::shard::Shard;

/// Values in the largest chunk.
pub(crate) const LARGEST_CHUNK: u64 = 1 << 29;

/// A reason in words, which the caller gives its place.
pub(super) type Result<T> = std::result::Result<T, String>;

/// What values went through on their way into a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Codecs {
    first: First,
    rest: Vec<Rest>,
}

/// From values to bytes.
#[derive(Clone, Debug)]
enum First {
    Bytes { big: bool },
    Shard(Box<Shard>),
}

/// From bytes to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Gzip,
    Zstd,
    Crc32c,
}

impl Codecs {
    /// Those of a list, for chunks of this shape.
    pub(super) fn new(list: Option<&Value>, kind: Kind, chunk: &[u64]) -> Result<Self> {
        let Some(list) = list.and_then(Value::as_array) else {
            return Err(format!("'codecs' is {}: expected a list", shown(list)));
        };
        volume(chunk)?;
        let mut codecs = list.iter();
        let (name, configuration) = named("codecs", codecs.next())?;
        let first = match name.as_str() {
            "bytes" => match configuration.get("endian").map(Value::as_str) {
                Some(Some("little")) => First::Bytes { big: false },
                Some(Some("big")) => First::Bytes { big: true },
                None if kind.bytes() == 1 => First::Bytes { big: false },
                _ => {
                    let got = shown(configuration.get("endian"));
                    return Err(format!("'endian' of codec 'bytes' is {got}: expected little or big"));
                }
            },
            "sharding_indexed" => First::Shard(Box::new(Shard::new(&configuration, kind, chunk)?)),
            other => return Err(unknown(other, "bytes or sharding_indexed first")),
        };
        let rest = codecs.map(|codec| match named("codecs", Some(codec))?.0.as_str() {
            "gzip" => Ok(Rest::Gzip),
            "zstd" => Ok(Rest::Zstd),
            "crc32c" => Ok(Rest::Crc32c),
            other => Err(unknown(other, "gzip, zstd or crc32c after the first")),
        });
        Ok(Self { first, rest: rest.collect::<Result<_>>()? })
    }

    /// Bytes of a chunk where that is the same for all chunks of this shape.
    pub(super) fn fixed_bytes(&self, values: usize, kind: Kind) -> Option<usize> {
        let plain = matches!(self.first, First::Bytes { .. });
        let sums = self.rest.len();
        (plain && self.rest.iter().all(|codec| *codec == Rest::Crc32c))
            .then_some(values * kind.bytes() + 4 * sums)
    }

    /// The values of a chunk, the last dimension fastest.
    pub(super) fn decode(&self, bytes: Vec<u8>, chunk: &[u64], kind: Kind, fill: f64) -> Result<Vec<f64>> {
        let values = volume(chunk)?;
        let bytes = self.unpack(bytes, values, kind)?;
        match &self.first {
            First::Shard(shard) => shard.decode(&bytes, chunk, kind, fill),
            First::Bytes { big } => {
                expect_length(&bytes, values, kind)?;
                Ok(numbers(&bytes, kind, *big))
            }
        }
    }

    /// Whole numbers of eight bytes, as an index has them.
    pub(super) fn decode_index(&self, bytes: Vec<u8>, count: usize) -> Result<Vec<u64>> {
        let bytes = self.unpack(bytes, count, Kind::Uint64)?;
        expect_length(&bytes, count, Kind::Uint64)?;
        let big = matches!(self.first, First::Bytes { big: true });
        let number = |bytes: &[u8]| {
            let bytes = bytes.try_into().expect("eight bytes");
            if big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
        };
        Ok(bytes.chunks_exact(8).map(number).collect())
    }

    /// More bytes than any chunk of so many values has in a file.
    pub(super) fn most_bytes(&self, values: usize, kind: Kind) -> usize {
        // A codec makes noise a little longer.
        let own = 2 * values * kind.bytes() + (1 << 20);
        match &self.first {
            First::Bytes { .. } => own,
            First::Shard(shard) => own + shard.overhead(values),
        }
    }

    /// As the first codec made it.
    fn unpack(&self, mut bytes: Vec<u8>, values: usize, kind: Kind) -> Result<Vec<u8>> {
        let most = self.most_bytes(values, kind);
        for codec in self.rest.iter().rev() {
            bytes = match codec {
                Rest::Crc32c => check(bytes)?,
                Rest::Gzip => bounded(flate2::read::MultiGzDecoder::new(&bytes[..]), "gzip", most)?,
                Rest::Zstd => {
                    let decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..]);
                    bounded(decoder.map_err(|error| format!("zstd: {error}"))?, "zstd", most)?
                }
            };
        }
        Ok(bytes)
    }
}

fn unknown(name: &str, expected: &str) -> String {
    format!("codec '{name}' is not supported here: expected {expected}")
}

/// Number of values of a chunk.
pub(super) fn volume(chunk: &[u64]) -> Result<usize> {
    let volume = chunk.iter().try_fold(1_u64, |product, length| product.checked_mul(*length));
    volume
        .filter(|volume| *volume <= LARGEST_CHUNK)
        .map(|volume| volume as usize)
        .ok_or_else(|| format!("chunks of {chunk:?} values are too large: at most {LARGEST_CHUNK} are read"))
}

fn expect_length(bytes: &[u8], values: usize, kind: Kind) -> Result<()> {
    let expected = values * kind.bytes();
    match bytes.len() == expected {
        true => Ok(()),
        false => Err(format!("it has {} bytes of values, expected {expected}", bytes.len())),
    }
}

fn bounded(decoder: impl Read, name: &str, most: usize) -> Result<Vec<u8>> {
    let mut made = Vec::new();
    let read = decoder.take(most as u64 + 1).read_to_end(&mut made);
    read.map_err(|error| format!("{name}: {error}"))?;
    match made.len() <= most {
        true => Ok(made),
        false => Err(format!("{name}: it holds more than the {most} bytes that a chunk may have")),
    }
}

/// Without the checksum at the end.
fn check(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let Some((_, sum)) = bytes.split_last_chunk::<4>() else {
        return Err(format!("it has {} bytes, too few for a checksum", bytes.len()));
    };
    let sum = u32::from_le_bytes(*sum);
    bytes.truncate(bytes.len() - 4);
    match crc32c::crc32c(&bytes) {
        own if own == sum => Ok(bytes),
        own => Err(format!("its checksum (crc32c) is {sum:08x}, computed {own:08x}")),
    }
}

fn numbers(bytes: &[u8], kind: Kind, big: bool) -> Vec<f64> {
    macro_rules! numbers {
        ($number:ident) => {
            bytes
                .chunks_exact(size_of::<$number>())
                .map(|bytes| {
                    let bytes = bytes.try_into().expect("of this length");
                    let number =
                        if big { $number::from_be_bytes(bytes) } else { $number::from_le_bytes(bytes) };
                    number as f64
                })
                .collect()
        };
    }
    match kind {
        Kind::Int8 => numbers!(i8),
        Kind::Int16 => numbers!(i16),
        Kind::Int32 => numbers!(i32),
        Kind::Int64 => numbers!(i64),
        Kind::Uint8 => numbers!(u8),
        Kind::Uint16 => numbers!(u16),
        Kind::Uint32 => numbers!(u32),
        Kind::Uint64 => numbers!(u64),
        Kind::Float32 => numbers!(f32),
        Kind::Float64 => numbers!(f64),
    }
}
