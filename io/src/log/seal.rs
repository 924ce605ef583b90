//! Payloads that are stored compressed, encrypted or both.
//!
//! A sealed payload, by its record's [`Form`]:
//!
//! | form | content |
//! |---|---|
//! | compressed | one zstd frame |
//! | encrypted | nonce (24 bytes, random), ciphertext, tag (16 bytes): XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) |
//! | both | the same of a zstd frame |
//!
//! Authenticated with an encrypted payload, though readable, are (integers of 64 bits, little-endian):
//!
//! ```text
//! "terrella record 1", form (1 byte), number, length of the stream's name, the name, length of the key, the key
//! ```
//!
//! so that a record that was moved to another number, key or stream is not opened. Checksum and BLAKE3 of a record are of
//! the stored bytes: everybody can verify a log, nobody but the owner of the key can read or forge it. Not hidden are keys,
//! times, numbers and lengths; a record's time is not authenticated, and neither is which records there are. Two logs with the
//! same secret and the same name can be told apart by nothing: give each run a name or a secret of its own.

use std::io::Read;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};

use super::key::SecretKey;
use super::reader::Record;
use crate::error::{Error, Result};

/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes of a tag.
const TAG: usize = 16;
/// Longest payload that is unpacked (bytes): a frame of some bytes may hold any number of zeros.
const LARGEST: u64 = 1 << 30;
/// zstd's own levels.
const LEVELS: std::ops::RangeInclusive<i32> = 1..=22;

/// How a payload is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// By zstd.
    pub compressed: bool,
    /// By XChaCha20-Poly1305.
    pub encrypted: bool,
}

impl Form {
    pub(super) fn to_byte(self) -> u8 {
        u8::from(self.compressed) | u8::from(self.encrypted) << 1
    }

    /// None for a form that is not known.
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        (byte < 4).then_some(Self { compressed: byte & 1 != 0, encrypted: byte & 2 != 0 })
    }

    /// The names of what was done, in order: none, `zstd`, `xchacha20-poly1305` or both.
    pub fn names(self) -> Vec<&'static str> {
        let both = [(self.compressed, "zstd"), (self.encrypted, "xchacha20-poly1305")];
        both.into_iter().filter_map(|(done, name)| done.then_some(name)).collect()
    }
}

/// Stores payloads of a stream in another form, and opens them again.
///
/// ```
/// use std::time::Duration;
/// use terrella_io::log::{Item, Log, LogSettings, Seal, SecretKey};
/// # let folder = tempfile::tempdir()?;
/// let seal = || Seal::new("forecast").encrypted(SecretKey::new([7; 32])).compressed(3);
/// let (log, _) = Log::open(folder.path(), &LogSettings::default())?;
/// let log = log.sealed(seal()?);
/// let number = log.append(b"t850", &[0; 1000])?;
/// let Some(Item::Record(record)) = log.reader(number)?.next(Duration::ZERO)? else { panic!() };
/// assert!(record.payload.len() < 100 && record.form.encrypted && record.form.compressed);
/// assert_eq!(seal()?.open(&record)?, [0; 1000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Seal {
    stream: String,
    level: Option<i32>,
    key: Option<SecretKey>,
}

impl Seal {
    /// For the stream of this name, which writer and readers have to agree on. Nothing is compressed or encrypted yet.
    pub fn new(stream: impl Into<String>) -> Self {
        Self { stream: stream.into(), level: None, key: None }
    }

    /// Encrypts payloads.
    pub fn encrypted(self, key: SecretKey) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Compresses payloads by zstd at a level of 1 (fast) to 22, where that makes them shorter.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for another level.
    pub fn compressed(self, level: i32) -> Result<Self> {
        if !LEVELS.contains(&level) {
            return Err(Error::InvalidValue {
                name: "level".into(),
                got: level.to_string(),
                expected: format!("{} to {}", LEVELS.start(), LEVELS.end()),
            });
        }
        Ok(Self { level: Some(level), ..self })
    }

    /// The payload of a record as it was added.
    ///
    /// # Errors
    /// [`Error::Sealed`] with the record's number: encrypted by another secret, for another stream, number or key; damaged;
    /// encrypted where this seal has no secret, or not encrypted where it has one; of more than 1 GiB.
    pub fn open(&self, record: &Record) -> Result<Vec<u8>> {
        let Record { number, key, payload, form, .. } = record;
        let fail = |reason: String| Error::Sealed { number: *number, reason };
        let mut opened = None;
        match (&self.key, form.encrypted) {
            (None, false) => {}
            (None, true) => return Err(fail("it is encrypted, and there is no secret".into())),
            // Whoever can write to the log could put it there.
            (Some(_), false) => {
                return Err(fail(
                    "it is not encrypted, as all records of the stream are expected to be".into(),
                ));
            }
            (Some(secret), true) => {
                let associated = self.associated(*form, *number, key);
                opened = Some(decrypted(secret, &associated, payload).map_err(fail)?);
            }
        }
        match form.compressed {
            true => unpacked(opened.as_deref().unwrap_or(payload), LARGEST).map_err(fail),
            false => Ok(opened.unwrap_or_else(|| payload.clone())),
        }
    }

    /// What does not depend on the record's number: the payload compressed, where it gets shorter.
    pub(super) fn packed(&self, payload: &[u8]) -> std::io::Result<Option<Vec<u8>>> {
        let Some(level) = self.level else { return Ok(None) };
        let packed = zstd::bulk::compress(payload, level)?;
        Ok(Some(packed).filter(|packed| packed.len() < payload.len()))
    }

    pub(super) fn encrypts(&self) -> bool {
        self.key.is_some()
    }

    /// Nonce, ciphertext and tag of what is to be stored in a record. `bytes` where nothing is encrypted.
    pub(super) fn encrypt(&self, form: Form, number: u64, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
        let secret = self.key.as_ref().expect("a seal that encrypts");
        let fail = |reason: String| Error::Sealed { number, reason };
        let mut nonce = XNonce::default();
        getrandom::fill(&mut nonce)
            .map_err(|error| fail(format!("no random numbers are to be had: {error}")))?;
        let mut sealed = Vec::with_capacity(NONCE + bytes.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(bytes);
        let associated = self.associated(form, number, key);
        let tag = XChaCha20Poly1305::new((&*secret.0).into())
            .encrypt_inout_detached(&nonce, &associated, (&mut sealed[NONCE..]).into())
            .map_err(|_| fail(format!("{} bytes are more than the cipher takes", bytes.len())))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    fn associated(&self, form: Form, number: u64, key: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes();
        let stream = self.stream.as_bytes();
        [
            &b"terrella record 1"[..],
            &[form.to_byte()],
            &number.to_le_bytes(),
            &length(stream),
            stream,
            &length(key),
            key,
        ]
        .concat()
    }
}

fn decrypted(secret: &SecretKey, associated: &[u8], sealed: &[u8]) -> std::result::Result<Vec<u8>, String> {
    let parts = sealed
        .split_first_chunk::<NONCE>()
        .and_then(|(nonce, rest)| Some((nonce, rest.split_last_chunk::<TAG>()?)));
    let Some((nonce, (ciphertext, tag))) = parts else {
        return Err(format!("its {} bytes are fewer than nonce and tag have", sealed.len()));
    };
    let mut bytes = ciphertext.to_vec();
    XChaCha20Poly1305::new((&*secret.0).into())
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            associated,
            bytes.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .map_err(|_| "another secret, or not what was sealed for this stream, number and key")?;
    Ok(bytes)
}

/// What a frame holds, `most` bytes at most.
fn unpacked(frame: &[u8], most: u64) -> std::result::Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| format!("it is no zstd frame: {error}");
    let mut payload = Vec::new();
    let decoder = zstd::Decoder::with_buffer(frame).map_err(fail)?;
    decoder.take(most + 1).read_to_end(&mut payload).map_err(fail)?;
    match payload.len() as u64 > most {
        true => Err(format!("it holds more than {most} bytes")),
        false => Ok(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_unpacked_to_a_limit() {
        let frame = zstd::bulk::compress(&[0; 1 << 20], 1).unwrap();
        assert!(frame.len() < 200);
        assert_eq!(unpacked(&frame, 1 << 20).unwrap(), [0; 1 << 20]);
        assert!(unpacked(&frame, (1 << 20) - 1).unwrap_err().contains("more than 1048575 bytes"));
        for bad in [&b""[..], b"no frame", &frame[..frame.len() - 1]] {
            assert!(unpacked(bad, 1 << 20).unwrap_err().contains("no zstd frame"), "{bad:?}");
        }
    }
}
