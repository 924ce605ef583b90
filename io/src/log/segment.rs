//! Reading one segment: record by record, and behind damage.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::record::{Head, MARKER, Place, RECORD_HEAD, SEGMENT_HEAD, body_checksum, segment_head};
use super::seal::Form;
use crate::error::{Error, Result};

/// Bytes that are read at once while heads are looked at.
const WINDOW: u64 = 64 * 1024;

/// What lies at an offset.
pub(super) enum Found {
    /// A head that is right, of a record that fits.
    Head(Head),
    /// The end of the segment.
    End,
    /// Something else, in words.
    Bad(String),
}

/// Key and payload, or what is wrong with them.
pub(super) type Body = std::result::Result<(Vec<u8>, Vec<u8>), String>;

/// An open segment.
///
/// Every call says where the segment ends: what the writer has at work behind that is not looked at, because it may be taken
/// back.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    file: File,
    window: Vec<u8>,
    window_offset: u64,
}

impl Segment {
    pub(super) fn open(path: &Path, first: u64) -> std::io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { path: path.to_owned(), first, file, window: Vec::new(), window_offset: 0 })
    }

    /// Whether the segment's own head is right; `end` at least [`SEGMENT_HEAD`].
    pub(super) fn has_head(&mut self, end: u64) -> Result<bool> {
        let expected = segment_head(self.first);
        Ok(self.bytes(0, SEGMENT_HEAD, end)? == Some(&expected[..]))
    }

    /// What lies at `offset`, where a record with one of `numbers` is expected.
    pub(super) fn head(&mut self, offset: u64, end: u64, numbers: &Range<u64>) -> Result<Found> {
        if offset >= end {
            return Ok(Found::End);
        }
        if end - offset < RECORD_HEAD {
            return Ok(Found::Bad(format!("{} bytes are left, a head has {RECORD_HEAD}", end - offset)));
        }
        let place = Place { first: self.first, offset };
        let Some(bytes) = self.bytes(offset, RECORD_HEAD, end)? else {
            return Ok(Found::Bad("the file has become shorter".into()));
        };
        let Some(head) = Head::decode(bytes, place) else {
            return Ok(Found::Bad("marker or checksum of the record's head are wrong".into()));
        };
        Ok(fitting(head, offset, end, numbers))
    }

    /// The body of the record with `head` at `offset`.
    ///
    /// `head` has passed [`Segment::head`] with the same `end`, so that what is allocated is no more than the file had.
    pub(super) fn body(&mut self, head: &Head, offset: u64, end: u64) -> Result<Body> {
        let (key_bytes, start) = (u64::from(head.key_bytes), offset + RECORD_HEAD);
        let mut parts = [Vec::new(), Vec::new()];
        for (part, (from, length)) in
            parts.iter_mut().zip([(start, key_bytes), (start + key_bytes, head.payload_bytes)])
        {
            if length <= WINDOW {
                let Some(bytes) = self.bytes(from, length, end)? else {
                    return Ok(Err("the file has become shorter".into()));
                };
                part.extend_from_slice(bytes);
                continue;
            }
            let size = usize::try_from(length).ok().filter(|&size| part.try_reserve_exact(size).is_ok());
            let Some(size) = size else {
                return Ok(Err(format!("{length} bytes do not fit into memory")));
            };
            part.resize(size, 0);
            if !self.read(from, part)? {
                return Ok(Err("the file has become shorter".into()));
            }
        }
        let [key, payload] = parts;
        if body_checksum(&key, &payload) != head.body_checksum {
            return Ok(Err("the checksum of key and payload is wrong".into()));
        }
        if blake3::hash(&payload) != head.hash {
            return Ok(Err("the hash of the payload is wrong".into()));
        }
        Ok(Ok((key, payload)))
    }

    /// The first record from `offset` on with one of `numbers`.
    pub(super) fn find(
        &mut self,
        offset: u64,
        end: u64,
        numbers: &Range<u64>,
    ) -> Result<Option<(u64, Head)>> {
        let (first, mut at) = (self.first, offset);
        while at.saturating_add(RECORD_HEAD) <= end {
            let length = WINDOW.min(end - at);
            let Some(bytes) = self.bytes(at, length, end)? else { return Ok(None) };
            // A window is read once, however many of its bytes look like a beginning.
            for (start, head) in bytes.windows(RECORD_HEAD as usize).enumerate() {
                if head[..MARKER.len()] != MARKER {
                    continue;
                }
                let offset = at + start as u64;
                if let Some(head) = Head::decode(head, Place { first, offset })
                    && let Found::Head(head) = fitting(head, offset, end, numbers)
                {
                    return Ok(Some((offset, head)));
                }
            }
            at += length - (RECORD_HEAD - 1);
        }
        Ok(None)
    }

    /// `length` bytes (a window at most) from `offset` on; None where the file is shorter than `end`.
    fn bytes(&mut self, offset: u64, length: u64, end: u64) -> Result<Option<&[u8]>> {
        debug_assert!(length <= WINDOW && offset.saturating_add(length) <= end);
        let held = self.window_offset..self.window_offset + self.window.len() as u64;
        if !(held.start <= offset && offset + length <= held.end) {
            let mut window = std::mem::take(&mut self.window);
            window.resize(WINDOW.min(end - offset) as usize, 0);
            if !self.read(offset, &mut window)? {
                return Ok(None);
            }
            (self.window, self.window_offset) = (window, offset);
        }
        let start = (offset - self.window_offset) as usize;
        Ok(Some(&self.window[start..start + length as usize]))
    }

    /// Fills `bytes`; false where the file is too short.
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<bool> {
        let read = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(bytes));
        match read {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(Error::file(&self.path, "reading", error)),
        }
    }
}

/// Whether a head that is right by itself can be one at `offset`.
fn fitting(head: Head, offset: u64, end: u64, numbers: &Range<u64>) -> Found {
    let (left, bytes) = (end - offset, head.record_bytes());
    if bytes > left {
        return Found::Bad(format!("{left} bytes are left of a record of {bytes}"));
    }
    if !numbers.contains(&head.number) {
        let last = numbers.end.saturating_sub(1);
        return Found::Bad(format!(
            "the record has number {}, expected {} to {last}",
            head.number, numbers.start
        ));
    }
    if Form::from_byte(head.form).is_none() {
        return Found::Bad(format!("the payload has form {}, expected 0 to 3", head.form));
    }
    Found::Head(head)
}
