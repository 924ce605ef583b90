//! What a folder holds: its segments, and what is damaged or torn in them.

use std::path::{Path, PathBuf};

use super::record::SEGMENT_HEAD;
use super::segment::{Found, Segment};
use crate::error::{Error, Result};

/// Distance of the places that are remembered in a segment (bytes).
const MARK_DISTANCE: u64 = 256 * 1024;

/// Numbers are below it.
pub(super) const END_OF_NUMBERS: u64 = 1 << 63;

/// Bytes of a segment that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub segment: PathBuf,
    /// Byte at which the damage was met.
    pub offset: u64,
    /// First number that is lost.
    pub from: u64,
    /// Last number that is lost; `from − 1` where bytes are damaged but no record is missing.
    pub to: u64,
    /// What was found.
    pub reason: String,
}

impl Damage {
    /// How many records are lost.
    pub fn count(&self) -> u64 {
        (self.to + 1).saturating_sub(self.from)
    }
}

/// The end of the last segment, which was being written when its process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub segment: PathBuf,
    /// Byte at which the torn record starts.
    pub offset: u64,
    /// Bytes there are of it.
    pub bytes: u64,
    /// What was found.
    pub reason: String,
}

/// What was found in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records that can be read.
    pub records: u64,
    /// What cannot be read, in order.
    pub damaged: Vec<Damage>,
    /// What was never finished. [`super::Log::open`] cuts it off.
    pub torn: Option<Torn>,
}

/// A segment as the log knows it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    /// Bytes that hold finished records and the head.
    pub(super) end: u64,
    /// Time of the newest record (nanoseconds since 1970-01-01 UTC).
    pub(super) newest: i64,
    /// Numbers and offsets of some records, ascending.
    marks: Vec<(u64, u64)>,
    /// False where the segment's own head is damaged: nothing is added to it.
    pub(super) sound: bool,
}

impl Known {
    /// A segment that has a head and nothing else.
    pub(super) fn new(path: PathBuf, first: u64) -> Self {
        Self { path, first, end: SEGMENT_HEAD, newest: i64::MIN, marks: Vec::new(), sound: true }
    }

    /// Remembers a record. Records come in order.
    pub(super) fn note(&mut self, number: u64, offset: u64, time: i64) {
        self.newest = self.newest.max(time);
        if self.marks.last().is_none_or(|mark| offset >= mark.1 + MARK_DISTANCE) {
            self.marks.push((number, offset));
        }
    }

    /// Number and offset of a record at or before `number`, from which to look for it.
    pub(super) fn mark(&self, number: u64) -> (u64, u64) {
        let after = self.marks.partition_point(|mark| mark.0 <= number);
        if after == 0 { (self.first, SEGMENT_HEAD) } else { self.marks[after - 1] }
    }
}

/// Name of the segment whose first record has `first`.
pub(super) fn segment_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.log"))
}

/// Segments of a folder and the number that comes next. Bodies are checked in the last segment, or with `thorough` in all.
pub(super) fn scan(folder: &Path, thorough: bool) -> Result<(Vec<Known>, u64, Recovery)> {
    let files = list(folder)?;
    let (mut segments, mut next, mut recovery) = (Vec::new(), 1, Recovery::default());
    for (index, (path, first)) in files.iter().enumerate() {
        let following = files.get(index + 1).map(|file| file.1);
        let (known, expected) = scan_segment(path, *first, following, thorough, &mut recovery)?;
        segments.push(known);
        next = following.unwrap_or(expected);
    }
    Ok((segments, next, recovery))
}

/// Paths and first numbers, ascending. Other files are no affair of the log.
fn list(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let fail = |error| Error::file(folder, "listing", error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(digits) = name.strip_suffix(".log").filter(|digits| digits.len() == 20) else { continue };
        if let Ok(first @ 1..END_OF_NUMBERS) = digits.parse::<u64>() {
            files.push((path, first));
        }
    }
    files.sort_by_key(|file| file.1);
    Ok(files)
}

fn scan_segment(
    path: &Path,
    first: u64,
    following: Option<u64>,
    thorough: bool,
    recovery: &mut Recovery,
) -> Result<(Known, u64)> {
    let fail = |error| Error::file(path, "opening", error);
    let mut known = Known::new(path.to_owned(), first);
    let length = std::fs::metadata(path).map_err(fail)?.len();
    let mut segment = Segment::open(path, first).map_err(fail)?;
    let limit = following.unwrap_or(END_OF_NUMBERS);
    let damage =
        |offset, from, to, reason: String| Damage { segment: path.to_owned(), offset, from, to, reason };
    let whole_head = length >= SEGMENT_HEAD;
    if whole_head && !segment.has_head(length)? {
        recovery.damaged.push(damage(0, first, first - 1, "the segment's head is wrong".into()));
        known.sound = false;
    }
    let (mut offset, mut expected) = (SEGMENT_HEAD, first);
    loop {
        let found = if whole_head {
            segment.head(offset, length, &(expected..limit))?
        } else {
            Found::Bad(format!("the segment has {length} bytes, its head {SEGMENT_HEAD}"))
        };
        let (head, place, reason) = match found {
            Found::End => break,
            Found::Head(head) => (head, offset, "numbers are left out".to_owned()),
            Found::Bad(reason) => match segment.find(offset + 1, length, &(expected..limit))? {
                Some((place, head)) => (head, place, reason),
                None if following.is_none() && known.sound => {
                    let offset = offset.min(length);
                    recovery.torn =
                        Some(Torn { segment: path.to_owned(), offset, bytes: length - offset, reason });
                    break;
                }
                None => {
                    // A file without any record is not overwritten: the next segment takes the next name.
                    let after = following.unwrap_or(expected.max(first + 1));
                    recovery.damaged.push(damage(offset, expected, after - 1, reason));
                    expected = after;
                    break;
                }
            },
        };
        if place != offset || head.number != expected {
            recovery.damaged.push(damage(offset, expected, head.number - 1, reason));
        }
        let problem = match following {
            Some(_) if !thorough => None,
            _ => segment.body(&head, place, length)?.err(),
        };
        match problem {
            Some(reason) => recovery.damaged.push(damage(place, head.number, head.number, reason)),
            None => recovery.records += 1,
        }
        known.note(head.number, place, head.time);
        offset = place + head.record_bytes();
        expected = head.number + 1;
    }
    if let Some(following) = following.filter(|&following| expected < following) {
        recovery.damaged.push(damage(offset, expected, following - 1, "the segment ends early".into()));
    }
    // Damaged bytes at the end of a segment that is not continued stay where they are.
    known.end = if following.is_some() || !known.sound { length } else { offset };
    let next = if known.sound { expected } else { expected.max(first + 1) };
    Ok((known, next))
}
