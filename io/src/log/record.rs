//! The bytes of a record, and of the head of a segment.
//!
//! Little-endian throughout. A record:
//!
//! | byte | length | content |
//! |---|---|---|
//! | 0 | 4 | marker `F5 52 45 43` |
//! | 4 | 4 | CRC32C of the segment's first number, the record's offset and bytes 8 to 72 |
//! | 8 | 4 | CRC32C of key and payload |
//! | 12 | 3 | bytes of the key |
//! | 15 | 1 | form of the payload: 1 compressed, 2 encrypted, or their sum (`seal.rs`) |
//! | 16 | 8 | bytes of the payload |
//! | 24 | 8 | number |
//! | 32 | 8 | time: nanoseconds since 1970-01-01 UTC |
//! | 40 | 32 | BLAKE3 of the payload |
//! | 72 | – | key, payload |
//!
//! The head has a checksum of its own, so that lengths are known to be right before they are followed. Its place is part
//! of the checksum: a segment that is itself the payload of a record is not taken for records.

/// Bytes of a record before its key.
pub(super) const RECORD_HEAD: u64 = 72;
/// Bytes of a segment before its first record.
pub(super) const SEGMENT_HEAD: u64 = 24;
/// First bytes of a record.
pub(super) const MARKER: [u8; 4] = *b"\xF5REC";
/// First bytes of a segment; the last one is the format's version.
const MAGIC: [u8; 8] = *b"TERRLOG\x01";

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the segment's first record.
    pub(super) first: u64,
    /// Byte of the segment at which the record starts.
    pub(super) offset: u64,
}

/// What the head of a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) body_checksum: u32,
    /// Below 2²⁴.
    pub(super) key_bytes: u32,
    /// What a head says, known here or not.
    pub(super) form: u8,
    pub(super) payload_bytes: u64,
    pub(super) number: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub(super) time: i64,
    pub(super) hash: [u8; 32],
}

impl Head {
    /// Bytes of the whole record.
    pub(super) fn record_bytes(&self) -> u64 {
        RECORD_HEAD.saturating_add(self.key_bytes.into()).saturating_add(self.payload_bytes)
    }

    pub(super) fn encode(&self, place: Place) -> [u8; RECORD_HEAD as usize] {
        let mut bytes = [0; RECORD_HEAD as usize];
        bytes[..4].copy_from_slice(&MARKER);
        bytes[8..12].copy_from_slice(&self.body_checksum.to_le_bytes());
        bytes[12..15].copy_from_slice(&self.key_bytes.to_le_bytes()[..3]);
        bytes[15] = self.form;
        bytes[16..24].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.number.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.time.to_le_bytes());
        bytes[40..72].copy_from_slice(&self.hash);
        let checksum = head_checksum(&bytes, place);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// None unless marker and checksum are right. `bytes` are those of a head.
    pub(super) fn decode(bytes: &[u8], place: Place) -> Option<Self> {
        let bytes: &[u8; RECORD_HEAD as usize] = bytes.try_into().ok()?;
        // Who makes a malicious log makes its checksums too: a fuzzer, which cannot, need not.
        if bytes[..4] != MARKER || (word(bytes, 4) != head_checksum(bytes, place) && !cfg!(fuzzing)) {
            return None;
        }
        Some(Self {
            body_checksum: word(bytes, 8),
            key_bytes: word(bytes, 12) & 0xFF_FFFF,
            form: bytes[15],
            payload_bytes: long(bytes, 16),
            number: long(bytes, 24),
            time: long(bytes, 32).cast_signed(),
            hash: bytes[40..72].try_into().expect("32 bytes"),
        })
    }
}

fn head_checksum(bytes: &[u8; RECORD_HEAD as usize], place: Place) -> u32 {
    let checksum = crc32c::crc32c(&place.first.to_le_bytes());
    let checksum = crc32c::crc32c_append(checksum, &place.offset.to_le_bytes());
    crc32c::crc32c_append(checksum, &bytes[8..])
}

/// CRC32C of a key and its payload.
pub(super) fn body_checksum(key: &[u8], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), payload)
}

/// The head of a segment: magic, number of its first record, CRC32C of both, four zeros.
pub(super) fn segment_head(first: u64) -> [u8; SEGMENT_HEAD as usize] {
    let mut bytes = [0; SEGMENT_HEAD as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&first.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..16]);
    bytes[16..20].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            body_checksum: 7,
            key_bytes: 3,
            form: 2,
            payload_bytes: 1 << 40,
            number: 42,
            time: -5,
            hash: [9; 32],
        }
    }

    #[test]
    fn heads_round_trip_at_their_place_only() {
        let place = Place { first: 40, offset: 24 };
        let bytes = head().encode(place);
        assert_eq!(Head::decode(&bytes, place), Some(head()));
        assert_eq!(Head::decode(&bytes, Place { offset: 25, ..place }), None);
        assert_eq!(Head::decode(&bytes, Place { first: 41, ..place }), None);
        assert_eq!(Head::decode(&bytes[..71], place), None);
    }

    #[test]
    fn every_changed_bit_of_a_head_is_seen() {
        let place = Place { first: 1, offset: 24 };
        for bit in 0..8 * RECORD_HEAD as usize {
            let mut bytes = head().encode(place);
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::decode(&bytes, place), None, "bit {bit}");
        }
    }

    #[test]
    fn lengths_do_not_overflow() {
        let head = Head { key_bytes: u32::MAX, payload_bytes: u64::MAX, ..head() };
        assert_eq!(head.record_bytes(), u64::MAX);
    }
}
