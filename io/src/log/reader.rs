//! Reading a log in order, while it is written.

use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::record::Head;
use super::scan::Damage;
use super::seal::Form;
use super::segment::{Found, Segment};
use super::state::{Shared, locked};
use crate::error::{Error, Result};

/// A record whose checksums and hash were found right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub number: u64,
    /// When it was added.
    pub time: SystemTime,
    /// What the payload is.
    pub key: Vec<u8>,
    /// The message, in the form in which it is stored ([`super::Seal::open`]).
    pub payload: Vec<u8>,
    /// That form.
    pub form: Form,
    /// BLAKE3 of the payload.
    pub hash: [u8; 32],
}

/// Records that retention removed before they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// First number.
    pub from: u64,
    /// Last number.
    pub to: u64,
}

impl Gap {
    /// How many records.
    pub fn count(&self) -> u64 {
        self.to - self.from + 1
    }
}

/// What a reader meets. Numbers of items follow each other: each record is in exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Record(Record),
    /// Records that are no longer there.
    Gap(Gap),
    /// Records that are there and cannot be read.
    Damage(Damage),
}

/// Reads a log from a number on.
pub struct LogReader {
    shared: Arc<Shared>,
    next: u64,
    position: Option<Position>,
}

/// Where a reader is in a segment.
struct Position {
    segment: Segment,
    offset: u64,
    /// Number expected at `offset`; before `LogReader::next` while the reader looks for its place.
    expected: u64,
}

/// A segment as it was at the time of looking.
struct View {
    first: u64,
    end: u64,
    /// Number behind its last record.
    limit: u64,
    mark: (u64, u64),
    path: std::path::PathBuf,
}

impl LogReader {
    pub(super) fn new(shared: Arc<Shared>, from: u64) -> Result<Self> {
        let next = locked(&shared.state).next;
        if !(1..=next).contains(&from) {
            return Err(Error::InvalidValue {
                name: "from".into(),
                got: from.to_string(),
                expected: format!("1 to {next}, the next number of '{}'", shared.folder.display()),
            });
        }
        Ok(Self { shared, next: from, position: None })
    }

    /// Number of the next record.
    pub fn number(&self) -> u64 {
        self.next
    }

    /// Whether the log was closed and everything is read.
    pub fn is_finished(&self) -> bool {
        let state = locked(&self.shared.state);
        state.closed && state.next <= self.next
    }

    /// The next item; waits up to `timeout` for one, unless the log is closed.
    ///
    /// # Errors
    /// [`Error::File`] where the system refuses; the next call tries again.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Item>> {
        if !self.wait(timeout) {
            return Ok(None);
        }
        loop {
            let view = match self.view() {
                Ok(view) => view,
                Err(gap) => {
                    self.position = None;
                    self.next = gap.to + 1;
                    return Ok(Some(Item::Gap(gap)));
                }
            };
            if self.position.as_ref().is_none_or(|position| position.segment.first != view.first) {
                self.position = match Segment::open(&view.path, view.first) {
                    Ok(segment) => Some(Position { segment, expected: view.mark.0, offset: view.mark.1 }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        if !self.still_there(&view) {
                            continue;
                        }
                        let reason = "the segment is missing".into();
                        return Ok(Some(self.lost(&view, 0, view.limit, reason)));
                    }
                    Err(error) => return Err(Error::file(&view.path, "opening", error)),
                };
            }
            if let Some(item) = self.step(&view)? {
                return Ok(Some(item));
            }
        }
    }

    fn wait(&self, timeout: Duration) -> bool {
        let start = Instant::now();
        let mut state = locked(&self.shared.state);
        loop {
            if state.next > self.next {
                return true;
            }
            let left = timeout.saturating_sub(start.elapsed());
            if state.closed || left.is_zero() {
                return false;
            }
            state = match self.shared.grown.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The segment that holds the next record, or what is missing before the first one.
    fn view(&self) -> std::result::Result<View, Gap> {
        let state = locked(&self.shared.state);
        let after = state.segments.partition_point(|segment| segment.first <= self.next);
        let limit = state.segments.get(after).map_or(state.next, |following| following.first);
        if after == 0 {
            return Err(Gap { from: self.next, to: limit - 1 });
        }
        let known = &state.segments[after - 1];
        let mark = known.mark(self.next);
        Ok(View { first: known.first, end: known.end, limit, mark, path: known.path.clone() })
    }

    fn still_there(&self, view: &View) -> bool {
        locked(&self.shared.state).segments.iter().any(|segment| segment.first == view.first)
    }

    /// Looks at one place of the open segment; None where that gave no item.
    fn step(&mut self, view: &View) -> Result<Option<Item>> {
        let position = self.position.as_mut().expect("a step has a segment");
        let numbers: Range<u64> = position.expected..view.limit;
        let (offset, end) = (position.offset, view.end);
        let (place, head, reason) = match position.segment.head(offset, end, &numbers)? {
            Found::Head(head) => (offset, head, "numbers are left out".to_owned()),
            Found::End => {
                return Ok(Some(self.lost(view, offset, view.limit, "the segment ends early".into())));
            }
            Found::Bad(reason) => match position.segment.find(offset + 1, end, &numbers)? {
                Some((place, head)) => (place, head, reason),
                None => {
                    position.offset = end;
                    position.expected = view.limit;
                    return Ok(Some(self.lost(view, offset, view.limit, reason)));
                }
            },
        };
        (position.offset, position.expected) = (place, head.number);
        // Damage that cost only records before the one looked for is no affair of this reader.
        if head.number > self.next || (place != offset && numbers.start == self.next) {
            return Ok(Some(self.lost(view, offset, head.number, reason)));
        }
        let body =
            (head.number == self.next).then(|| position.segment.body(&head, place, end)).transpose()?;
        (position.offset, position.expected) = (place + head.record_bytes(), head.number + 1);
        Ok(body.map(|body| match body {
            Ok((key, payload)) => self.record(head, key, payload),
            Err(reason) => self.lost(view, place, head.number + 1, reason),
        }))
    }

    fn record(&mut self, head: Head, key: Vec<u8>, payload: Vec<u8>) -> Item {
        self.next = head.number + 1;
        let time = Duration::from_nanos(head.time.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let time = if head.time < 0 { epoch.checked_sub(time) } else { epoch.checked_add(time) };
        Item::Record(Record {
            number: head.number,
            time: time.unwrap_or(epoch),
            key,
            payload,
            form: Form::from_byte(head.form).unwrap_or_default(),
            hash: head.hash,
        })
    }

    /// Passes over the numbers before `next`.
    fn lost(&mut self, view: &View, offset: u64, next: u64, reason: String) -> Item {
        let from = std::mem::replace(&mut self.next, next);
        Item::Damage(Damage { segment: view.path.clone(), offset, from, to: next - 1, reason })
    }
}
