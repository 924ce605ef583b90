//! Codec `sharding_indexed`: small chunks in one file, with an index of offsets and lengths.

use serde_json::{Map, Value};

use super::codec::{Codecs, Result, volume};
use super::document::{Kind, lengths};
use super::region;

/// Marks a chunk that was never written.
const ABSENT: u64 = u64::MAX;

#[derive(Clone, Debug)]
pub(super) struct Shard {
    /// Shape of the small chunks.
    chunk: Vec<u64>,
    codecs: Codecs,
    /// Offset and length of each, in C order.
    index: Codecs,
    at_end: bool,
}

impl Shard {
    pub(super) fn new(configuration: &Map<String, Value>, kind: Kind, shard: &[u64]) -> Result<Self> {
        let chunk = lengths("chunk_shape", configuration.get("chunk_shape"))?;
        let divides = |(length, whole): (&u64, &u64)| *length > 0 && whole.is_multiple_of(*length);
        if chunk.len() != shard.len() || !chunk.iter().zip(shard).all(divides) {
            return Err(format!(
                "'chunk_shape' of a shard is {chunk:?}: expected lengths that divide {shard:?}"
            ));
        }
        let codecs = Codecs::new(configuration.get("codecs"), kind, &chunk)?;
        let count = count(&chunk, shard);
        let index = Codecs::new(configuration.get("index_codecs"), Kind::Uint64, &[count, 2])?;
        if index.fixed_bytes(2 * count as usize, Kind::Uint64).is_none() {
            return Err("'index_codecs' are not bytes and crc32c alone".into());
        }
        let at_end = match configuration.get("index_location").map(Value::as_str) {
            None | Some(Some("end")) => true,
            Some(Some("start")) => false,
            Some(_) => return Err("'index_location' is neither start nor end".into()),
        };
        Ok(Self { chunk, codecs, index, at_end })
    }

    pub(super) fn decode(&self, bytes: &[u8], shard: &[u64], kind: Kind, fill: f64) -> Result<Vec<f64>> {
        let count = count(&self.chunk, shard) as usize;
        let length = self.index.fixed_bytes(2 * count, Kind::Uint64).expect("refused otherwise");
        if bytes.len() < length {
            return Err(format!("a shard of {} bytes is too short for its index of {length}", bytes.len()));
        }
        let index = if self.at_end { &bytes[bytes.len() - length..] } else { &bytes[..length] };
        let index = self
            .index
            .decode_index(index.to_vec(), 2 * count)
            .map_err(|reason| format!("index: {reason}"))?;
        let start = vec![0; shard.len()];
        let mut stored = Vec::new();
        for (place, entry) in
            region::chunks(&self.chunk, &start, shard)?.into_iter().zip(index.chunks_exact(2))
        {
            let (offset, length) = (entry[0], entry[1]);
            if (offset, length) == (ABSENT, ABSENT) {
                continue;
            }
            let end =
                offset.checked_add(length).filter(|end| *end <= bytes.len() as u64).ok_or_else(|| {
                    let all = bytes.len();
                    format!("chunk {place:?} of a shard of {all} bytes is {length} bytes at {offset}")
                })?;
            stored.push((place, &bytes[offset as usize..end as usize]));
        }
        region::assemble(&stored, &self.chunk, &start, shard, fill, |own| {
            self.codecs.decode(own.to_vec(), &self.chunk, kind, fill)
        })
    }

    /// Bytes that a shard of so many values has besides them at most.
    pub(super) fn overhead(&self, values: usize) -> usize {
        let count = values / volume(&self.chunk).unwrap_or(1).max(1);
        // An entry of the index; headers and checksums of codecs.
        count * (16 + 64) + 64
    }
}

/// Number of small chunks in a shard.
fn count(chunk: &[u64], shard: &[u64]) -> u64 {
    chunk.iter().zip(shard).map(|(length, whole)| whole / length).product()
}
