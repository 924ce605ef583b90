//! Adding to a log, and removing from its front.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Instant, SystemTime};

use super::active::{Active, open_segment, sync_folder};
use super::record::{Head, SEGMENT_HEAD, body_checksum};
use super::scan::{END_OF_NUMBERS, Known, Recovery, scan, segment_path};
use super::seal::{Form, Seal};
use super::settings::{Durability, LogSettings, Retention};
use super::state::{LogStatus, Shared, State, locked, nanoseconds};
use super::{LARGEST_KEY, LogReader};
use crate::error::{Error, Result};
use crate::lock::lock;

/// A log, open for adding. Dropped, it is closed.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    settings: LogSettings,
    /// None when closed.
    writer: Mutex<Option<Active>>,
    seal: Option<Seal>,
}

/// What is stored of a payload.
struct Body<'a> {
    payload: Cow<'a, [u8]>,
    /// CRC32C of key and payload.
    checksum: u32,
    /// BLAKE3 of the payload.
    hash: [u8; 32],
}

impl Log {
    /// Opens the log in `folder`, which is made where there is none, and says what was found there.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for settings that cannot be kept, [`Error::InUse`] where another process or another [`Log`] has
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
        let writer = Active {
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
        let log = Self {
            shared: Arc::new(shared),
            settings: *settings,
            writer: Mutex::new(Some(writer)),
            seal: None,
        };
        log.remove_expired(SystemTime::now());
        Ok((log, recovery))
    }

    /// Stores the payloads of records that are added from now on as `seal` says.
    pub fn sealed(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// Adds a record and returns its number.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a key of more than [`LARGEST_KEY`] bytes, [`Error::LogFull`] beyond the capacity,
    /// [`Error::Log`] for a closed log, [`Error::File`] where the system refuses (a full disk). After an error the log is as it
    /// was before, and the record may be added again.
    pub fn append(&self, key: &[u8], payload: &[u8]) -> Result<u64> {
        let Some(seal) = &self.seal else {
            return self.append_hashed(key, payload, *blake3::hash(payload).as_bytes());
        };
        let packed = seal.packed(payload).map_err(|error| self.error(&format!("zstd failed: {error}")))?;
        let form = Form { compressed: packed.is_some(), encrypted: seal.encrypts() };
        let bytes = packed.as_deref().unwrap_or(payload);
        if form.encrypted {
            return self.add(key, form, |number| {
                let sealed = seal.encrypt(form, number, key, bytes)?;
                let hash = *blake3::hash(&sealed).as_bytes();
                Ok(Body { checksum: body_checksum(key, &sealed), payload: sealed.into(), hash })
            });
        }
        self.add_as_it_is(key, form, bytes, *blake3::hash(bytes).as_bytes())
    }

    /// Adds a record whose payload has the BLAKE3 `hash`, known already, say for a manifest: hashing is most of the work of
    /// adding. With another hash the record is told as damage when it is read. Returns its number.
    ///
    /// # Errors
    /// As [`Log::append`]; [`Error::Log`] for a sealed log, which stores other bytes than these.
    pub fn append_hashed(&self, key: &[u8], payload: &[u8], hash: [u8; 32]) -> Result<u64> {
        if self.seal.is_some() {
            return Err(self.error("a sealed log hashes what it stores"));
        }
        self.add_as_it_is(key, Form::default(), payload, hash)
    }

    fn add_as_it_is(&self, key: &[u8], form: Form, payload: &[u8], hash: [u8; 32]) -> Result<u64> {
        let body = Body { checksum: body_checksum(key, payload), payload: payload.into(), hash };
        self.add(key, form, |_| Ok(body))
    }

    /// Adds a record with the body for its number.
    fn add<'a>(&self, key: &[u8], form: Form, body: impl FnOnce(u64) -> Result<Body<'a>>) -> Result<u64> {
        if key.len() > LARGEST_KEY {
            return Err(Error::InvalidValue {
                name: "key".into(),
                got: format!("{} bytes", key.len()),
                expected: format!("at most {LARGEST_KEY}"),
            });
        }
        let mut guard = locked(&self.writer);
        let writer = guard.as_mut().ok_or_else(|| self.error("the log is closed"))?;
        if writer.next >= END_OF_NUMBERS {
            return Err(self.error("no number is left"));
        }
        let Body { payload, checksum, hash } = body(writer.next)?;
        let head = Head {
            body_checksum: checksum,
            key_bytes: key.len() as u32,
            form: form.to_byte(),
            payload_bytes: payload.len() as u64,
            number: writer.next,
            // A clock that was set back does not make records older than those before them.
            time: nanoseconds(SystemTime::now()).max(writer.time),
            hash,
        };
        let bytes = head.record_bytes();
        let turns =
            writer.end > SEGMENT_HEAD && writer.end.saturating_add(bytes) > self.settings.segment_bytes;
        self.check_capacity(bytes + if turns { SEGMENT_HEAD } else { 0 })?;
        if turns {
            self.turn(writer)?;
        }
        writer.write(&head, key, &payload)?;
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
    fn turn(&self, writer: &mut Active) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

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
