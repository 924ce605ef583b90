//! Adding to a log, and removing from its front.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::record::{Head, Place, SEGMENT_HEAD, body_checksum, segment_head};
use super::scan::{END_OF_NUMBERS, Known, Recovery, scan, segment_path};
use super::{LARGEST_KEY, LogReader};
use crate::error::{Error, Result};

/// When records are on the disk itself and not only with the system. A killed process loses nothing by either; a machine
/// without power loses what was not brought to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the system sees fit, and in [`Log::sync`].
    #[default]
    System,
    /// Before [`Log::append`] returns, if the last time was that long ago; when a segment is finished; when the log is closed.
    Every(Duration),
    /// Before [`Log::append`] returns.
    Record,
}

/// What is removed from the front. A segment goes when all of it may go; the last one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Bytes of all segments that are kept at most.
    pub bytes: Option<u64>,
    /// How long a record is kept at least and, while records are added, about at most. [`Log::remove_expired`] looks at any time.
    pub age: Option<Duration>,
}

/// How a log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// A segment is finished before it gets longer. A longer record has a segment for itself.
    pub segment_bytes: u64,
    /// What is removed without being asked.
    pub retention: Retention,
    /// Bytes of all segments beyond which records are refused.
    pub capacity: Option<u64>,
    /// When records are on the disk.
    pub durability: Durability,
}

impl Default for LogSettings {
    /// Segments of 64 MiB, nothing removed, nothing refused, to the disk when the system sees fit.
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            retention: Retention::default(),
            capacity: None,
            durability: Durability::default(),
        }
    }
}

/// Where a log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStatus {
    /// Number of the oldest record there is; equals `next` in an empty log.
    pub first: u64,
    /// Number that the next record gets.
    pub next: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Why the last removal failed, if it did. The segment stays, and is tried again.
    pub removal_failure: Option<String>,
}

/// A log, open for adding. Dropped, it is closed.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    settings: LogSettings,
    /// None when closed.
    writer: Mutex<Option<Writer>>,
}

/// What readers see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    pub(super) state: Mutex<State>,
    /// Signals a new record, and the close.
    pub(super) grown: Condvar,
    /// Held while segments are removed.
    removing: Mutex<()>,
}

#[derive(Debug)]
pub(super) struct State {
    /// Ascending; never empty.
    pub(super) segments: VecDeque<Known>,
    pub(super) next: u64,
    pub(super) closed: bool,
    removal_failure: Option<String>,
}

#[derive(Debug)]
struct Writer {
    file: File,
    path: PathBuf,
    /// Number of the segment's first record.
    first: u64,
    end: u64,
    next: u64,
    time: i64,
    /// Something was written behind `end` and not taken back yet.
    unfinished: bool,
    synced: Instant,
    /// Held for its lock.
    _lock: File,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the locks guard is changed in one go at the end of each operation.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nanoseconds since 1970-01-01 UTC, within what 64 bits hold (to the year 2262).
pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |before| -before),
    }
}

impl Log {
    /// Opens the log in `folder`, which is made where there is none, and says what was found there.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for settings that cannot be kept, [`Error::Log`] where another process or another [`Log`] has
    /// it open, [`Error::File`] where the system refuses.
    pub fn open(folder: impl AsRef<Path>, settings: &LogSettings) -> Result<(Self, Recovery)> {
        let folder = folder.as_ref();
        settings.check()?;
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, "creating", error))?;
        let lock = lock(folder)?;
        let (segments, next, recovery) = scan(folder, false)?;
        let mut segments = VecDeque::from(segments);
        let last = segments.back().filter(|last| last.sound);
        let (path, first, end) = match last {
            Some(last) => (last.path.clone(), last.first, last.end),
            None => (segment_path(folder, next), next, SEGMENT_HEAD),
        };
        if last.is_none() {
            segments.push_back(Known::new(path.clone(), first));
        }
        let time = segments.iter().map(|segment| segment.newest).max().unwrap_or(i64::MIN);
        let writer = Writer {
            file: open_segment(&path, first, end)?,
            path,
            first,
            end,
            next,
            time,
            unfinished: false,
            synced: Instant::now(),
            _lock: lock,
        };
        if settings.durability != Durability::System {
            writer.sync()?;
            sync_folder(folder);
        }
        let shared = Shared {
            folder: folder.to_owned(),
            state: Mutex::new(State { segments, next, closed: false, removal_failure: None }),
            grown: Condvar::new(),
            removing: Mutex::new(()),
        };
        let log = Self { shared: Arc::new(shared), settings: *settings, writer: Mutex::new(Some(writer)) };
        log.remove_expired(SystemTime::now());
        Ok((log, recovery))
    }

    /// Adds a record and returns its number.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a key of more than [`LARGEST_KEY`] bytes, [`Error::LogFull`] beyond the capacity,
    /// [`Error::Log`] for a closed log, [`Error::File`] where the system refuses (a full disk). After an error the log is as it
    /// was before, and the record may be added again.
    pub fn append(&self, key: &[u8], payload: &[u8]) -> Result<u64> {
        if key.len() > LARGEST_KEY {
            return Err(Error::InvalidValue {
                name: "key".into(),
                got: format!("{} bytes", key.len()),
                expected: format!("at most {LARGEST_KEY}"),
            });
        }
        let mut head = Head {
            body_checksum: body_checksum(key, payload),
            key_bytes: key.len() as u32,
            payload_bytes: payload.len() as u64,
            number: 0,
            time: 0,
            hash: *blake3::hash(payload).as_bytes(),
        };
        let mut guard = locked(&self.writer);
        let writer = guard.as_mut().ok_or_else(|| self.error("the log is closed"))?;
        if writer.next >= END_OF_NUMBERS {
            return Err(self.error("no number is left"));
        }
        // A clock that was set back does not make records older than those before them.
        head.time = nanoseconds(SystemTime::now()).max(writer.time);
        head.number = writer.next;
        let bytes = head.record_bytes();
        let turns =
            writer.end > SEGMENT_HEAD && writer.end.saturating_add(bytes) > self.settings.segment_bytes;
        self.check_capacity(bytes + if turns { SEGMENT_HEAD } else { 0 })?;
        if turns {
            self.turn(writer)?;
        }
        writer.write(&head, key, payload)?;
        let due = match self.settings.durability {
            Durability::System => false,
            Durability::Every(interval) => writer.synced.elapsed() >= interval,
            Durability::Record => true,
        };
        if due {
            writer.sync()?;
            writer.synced = Instant::now();
        }
        let offset = writer.end;
        writer.end += bytes;
        writer.next += 1;
        writer.time = head.time;
        writer.unfinished = false;
        {
            let mut state = locked(&self.shared.state);
            let last = state.segments.back_mut().expect("a log has a segment");
            last.note(head.number, offset, head.time);
            last.end = writer.end;
            state.next = writer.next;
        }
        self.shared.grown.notify_all();
        self.retain(head.time);
        Ok(head.number)
    }

    /// Brings every record to the disk.
    pub fn sync(&self) -> Result<()> {
        let mut guard = locked(&self.writer);
        let writer = guard.as_mut().ok_or_else(|| self.error("the log is closed"))?;
        writer.sync()?;
        writer.synced = Instant::now();
        sync_folder(&self.shared.folder);
        Ok(())
    }

    /// A reader that starts with record `from`, from 1 to the number that comes next.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for another number: one that was read from another log, or before records were lost.
    pub fn reader(&self, from: u64) -> Result<LogReader> {
        LogReader::new(self.shared.clone(), from)
    }

    /// Removes the segments all of whose records have numbers below `before`, but for the last segment.
    pub fn release(&self, before: u64) {
        self.shared.remove_while(locked(&self.shared.removing), |state| state.segments[1].first <= before);
    }

    /// Removes what [`Retention::age`] no longer keeps at the time `now`. Adding a record does so too.
    pub fn remove_expired(&self, now: SystemTime) {
        self.retain(nanoseconds(now));
    }

    /// Where the log stands.
    pub fn status(&self) -> LogStatus {
        let state = locked(&self.shared.state);
        LogStatus {
            first: state.segments.front().map_or(state.next, |first| first.first),
            next: state.next,
            segments: state.segments.len(),
            bytes: state.bytes(),
            removal_failure: state.removal_failure.clone(),
        }
    }

    /// Ends adding: brings every record to the disk, frees the folder for another [`Log`] and wakes waiting readers, which
    /// still read what there is. Closing again does nothing.
    pub fn close(&self) -> Result<()> {
        let writer = locked(&self.writer).take();
        locked(&self.shared.state).closed = true;
        self.shared.grown.notify_all();
        match writer {
            Some(mut writer) => {
                writer.take_back()?;
                writer.sync()
            }
            None => Ok(()),
        }
    }

    fn check_capacity(&self, needed: u64) -> Result<()> {
        let Some(capacity) = self.settings.capacity else { return Ok(()) };
        let held = locked(&self.shared.state).bytes();
        if held.saturating_add(needed) > capacity {
            return Err(Error::LogFull { path: self.shared.folder.clone(), held, needed, capacity });
        }
        Ok(())
    }

    /// Begins the next segment.
    fn turn(&self, writer: &mut Writer) -> Result<()> {
        writer.take_back()?;
        if self.settings.durability != Durability::System {
            writer.sync()?;
        }
        let path = segment_path(&self.shared.folder, writer.next);
        writer.file = open_segment(&path, writer.next, SEGMENT_HEAD)?;
        if self.settings.durability != Durability::System {
            sync_folder(&self.shared.folder);
        }
        (writer.first, writer.end) = (writer.next, SEGMENT_HEAD);
        writer.path.clone_from(&path);
        locked(&self.shared.state).segments.push_back(Known::new(path, writer.next));
        Ok(())
    }

    fn retain(&self, now: i64) {
        let Retention { bytes, age } = self.settings.retention;
        let oldest = age.map(|age| now.saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX)));
        // Whoever is removing already does not keep the writer: the next record looks again.
        let Ok(removing) = self.shared.removing.try_lock() else { return };
        self.shared.remove_while(removing, |state| {
            oldest.is_some_and(|oldest| state.segments[0].newest < oldest)
                || bytes.is_some_and(|bytes| state.bytes() > bytes)
        });
    }

    fn error(&self, reason: &str) -> Error {
        Error::Log { path: self.shared.folder.clone(), reason: reason.into() }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody is left to tell; `close` tells.
        let _ = self.close();
    }
}

impl State {
    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }
}

impl Shared {
    /// Removes segments from the front while `goes` says so, but for the last one.
    ///
    /// The lock of the state is not held while the system removes a file: that takes time, and nobody shall wait for it.
    fn remove_while(&self, _removing: MutexGuard<'_, ()>, goes: impl Fn(&State) -> bool) {
        loop {
            let mut state = locked(&self.state);
            if state.segments.len() < 2 || !goes(&state) {
                return;
            }
            let Some(first) = state.segments.pop_front() else { return };
            drop(state);
            let removed = std::fs::remove_file(&first.path);
            let mut state = locked(&self.state);
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    state.removal_failure = Some(Error::file(&first.path, "removing", error).to_string());
                    state.segments.push_front(first);
                    return;
                }
                _ => state.removal_failure = None,
            }
        }
    }
}

impl Writer {
    /// Writes a record behind the end, where nobody looks yet.
    fn write(&mut self, head: &Head, key: &[u8], payload: &[u8]) -> Result<()> {
        self.take_back()?;
        self.unfinished = true;
        let mut start = Vec::from(head.encode(Place { first: self.first, offset: self.end }));
        start.extend_from_slice(key);
        let written = self.file.write_all(&start).and_then(|()| self.file.write_all(payload));
        written.map_err(|error| Error::file(&self.path, "writing", error))
    }

    /// Cuts off what a failed call left behind the end.
    fn take_back(&mut self) -> Result<()> {
        if self.unfinished {
            let cut = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
            cut.map_err(|error| Error::file(&self.path, "cutting off an unfinished record", error))?;
            self.unfinished = false;
        }
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| Error::file(&self.path, "bringing to the disk", error))
    }
}

impl LogSettings {
    fn check(&self) -> Result<()> {
        let invalid = |name: &str, got: u64, expected: String| {
            Err(Error::InvalidValue { name: name.into(), got: format!("{got} bytes"), expected })
        };
        if self.segment_bytes == 0 {
            return invalid("segment_bytes", 0, "at least 1".into());
        }
        match (self.retention.bytes, self.capacity) {
            (Some(bytes), _) if bytes < self.segment_bytes => invalid(
                "retention.bytes",
                bytes,
                format!("at least a segment of {} bytes", self.segment_bytes),
            ),
            (_, Some(capacity)) if capacity < self.segment_bytes => {
                invalid("capacity", capacity, format!("at least a segment of {} bytes", self.segment_bytes))
            }
            _ => Ok(()),
        }
    }
}

/// The file at `path`, a new one with its head, and cut to `end`, where it continues.
fn open_segment(path: &Path, first: u64, end: u64) -> Result<File> {
    let open = || {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        if end == SEGMENT_HEAD {
            file.set_len(0)?;
            file.write_all(&segment_head(first))?;
        } else {
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
        }
        Ok(file)
    };
    open().map_err(|error| Error::file(path, "opening", error))
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| Error::file(&path, "opening", error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Log { path: folder.to_owned(), reason: "the log is open elsewhere".into() })
        }
        Err(TryLockError::Error(error)) => Err(Error::file(&path, "locking", error)),
    }
}

/// Brings names of files to the disk where the system lets us.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Item;
    use super::*;

    #[test]
    fn what_a_failed_call_left_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (log, _) = Log::open(folder.path(), &LogSettings::default()).unwrap();
        log.append(b"a", b"first").unwrap();
        {
            // As after a disk that was full in the middle of a record.
            let mut writer = locked(&log.writer);
            let writer = writer.as_mut().unwrap();
            writer.file.write_all(&[0xAB; 500]).unwrap();
            writer.unfinished = true;
        }
        assert_eq!(log.append(b"b", b"second").unwrap(), 2);
        let mut reader = log.reader(2).unwrap();
        let Some(Item::Record(record)) = reader.next(Duration::ZERO).unwrap() else { panic!() };
        assert_eq!(record.payload, b"second");
        let found = super::super::verify(folder.path()).unwrap();
        assert_eq!((found.records, found.damaged.len(), found.torn), (2, 0, None));
    }
}
