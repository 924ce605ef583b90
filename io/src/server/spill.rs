//! Messages on the disk, until their plans have time for them.
//!
//! Segments are appended to by a thread of their own, seldom by the caller of the server, and read by the plans' threads. A segment is gone with the last
//! message in it; a process that dies takes all of them along, since what it had not delivered is written again by the run
//! that replaces it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::settings::SpillSettings;
use super::{codec, lock};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::{Kind, Message, Metadata, Points};

/// Length after which the next segment starts (bytes).
const SEGMENT: u64 = 64 << 20;

pub(super) struct Spill {
    settings: SpillSettings,
    /// Bytes of all segments.
    used: Arc<AtomicU64>,
    writer: File,
    segment: Arc<Segment>,
    /// Of a record, kept for its memory.
    head: Vec<u8>,
}

struct Segment {
    reader: Mutex<File>,
    /// Where the system does not let a name go before the file is closed.
    named: Option<PathBuf>,
    length: AtomicU64,
    used: Arc<AtomicU64>,
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.used.fetch_sub(self.length.load(Ordering::Relaxed), Ordering::Relaxed);
        if let Some(path) = &self.named {
            // Nobody could be told, and nothing depends on it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A message on the disk.
#[derive(Clone)]
pub(super) struct Stored {
    segment: Arc<Segment>,
    offset: u64,
    head: usize,
    body: usize,
    checksum: u32,
    /// Of a field or a part of one. Shared, hence not written.
    place: Option<(Layout, Option<Points>)>,
}

/// The data of a message that is to be written.
#[derive(Clone, Copy)]
pub(super) enum Data<'a> {
    Field(&'a Layout, &'a [f64]),
    Part(&'a Layout, &'a Points, &'a [f64]),
    Mask(&'a [bool]),
    Encoded(&'a [u8]),
}

impl<'a> From<&'a Kind> for Data<'a> {
    fn from(kind: &'a Kind) -> Self {
        match kind {
            Kind::Field { layout, values } => Self::Field(layout, values),
            Kind::Part { layout, points, values } => Self::Part(layout, points, values),
            Kind::Mask(mask) => Self::Mask(mask),
            Kind::Encoded(bytes) => Self::Encoded(bytes),
        }
    }
}

impl Data<'_> {
    pub(super) fn bytes(self) -> u64 {
        (match self {
            Self::Field(_, values) | Self::Part(_, _, values) => size_of_val(values),
            Self::Mask(mask) => mask.len(),
            Self::Encoded(bytes) => bytes.len(),
        }) as u64
    }
}

impl Spill {
    pub(super) fn new(settings: SpillSettings) -> Result<Self> {
        let used = Arc::new(AtomicU64::new(0));
        let (writer, segment) = begin(&settings, &used)?;
        Ok(Self { settings, used, writer, segment, head: Vec::new() })
    }

    pub(super) fn used(&self) -> Arc<AtomicU64> {
        self.used.clone()
    }

    /// Bytes that are taken now.
    pub(super) fn used_now(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn limit(&self) -> u64 {
        self.settings.bytes
    }

    /// Writes a message; where that fails, nothing has changed.
    pub(super) fn store(
        &mut self,
        metadata: &Metadata,
        data: Data<'_>,
    ) -> std::result::Result<Stored, String> {
        self.head.clear();
        let (tag, place, body) = match data {
            Data::Field(layout, values) => (0, Some((layout.clone(), None)), bytemuck::cast_slice(values)),
            Data::Part(layout, points, values) => {
                (0, Some((layout.clone(), Some(points.clone()))), bytemuck::cast_slice(values))
            }
            Data::Mask(mask) => (1, None, bytemuck::cast_slice(mask)),
            Data::Encoded(bytes) => (2, None, bytes),
        };
        self.head.push(tag);
        codec::write(&mut self.head, metadata);
        let bytes = (self.head.len() + body.len()) as u64;
        self.make_place(bytes).map_err(|error| error.to_string())?;
        let (used, limit) = (self.used.load(Ordering::Relaxed), self.settings.bytes);
        if used + bytes > limit {
            return Err(format!("{used} of {limit} bytes on the disk are taken"));
        }
        let offset = self.segment.length.load(Ordering::Relaxed);
        // Over what a write that failed may have left.
        let written = self.writer.seek(SeekFrom::Start(offset));
        let written = written.and_then(|_| self.writer.write_all(&self.head));
        if let Err(source) = written.and_then(|()| self.writer.write_all(body)) {
            let _ = self.writer.set_len(offset);
            return Err(format!("writing under '{}' failed: {source}", self.settings.folder.display()));
        }
        self.segment.length.store(offset + bytes, Ordering::Relaxed);
        self.used.fetch_add(bytes, Ordering::Relaxed);
        let checksum = checksum(&self.head, body);
        Ok(Stored {
            segment: self.segment.clone(),
            offset,
            head: self.head.len(),
            body: body.len(),
            checksum,
            place,
        })
    }

    /// Starts a new segment where the last one is long, or the last one anew where nobody needs it.
    fn make_place(&mut self, bytes: u64) -> Result<()> {
        let length = self.segment.length.load(Ordering::Relaxed);
        if length == 0 {
            return Ok(());
        }
        if Arc::strong_count(&self.segment) == 1 {
            let emptied = self.writer.set_len(0);
            emptied.map_err(|source| Error::file(&self.settings.folder, "emptying a spill file", source))?;
            self.segment.length.store(0, Ordering::Relaxed);
            self.used.fetch_sub(length, Ordering::Relaxed);
        } else if length + bytes > SEGMENT.min(self.settings.bytes / 8) {
            (self.writer, self.segment) = begin(&self.settings, &self.used)?;
        }
        Ok(())
    }
}

fn begin(settings: &SpillSettings, used: &Arc<AtomicU64>) -> Result<(File, Arc<Segment>)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = settings.folder.join(format!(".terrella-spill-{}-{count}", std::process::id()));
    let fail = |source| Error::file(&path, "making a spill file", source);
    let writer = File::options().write(true).create_new(true).open(&path).map_err(fail)?;
    let reader = File::open(&path);
    let named = std::fs::remove_file(&path).is_err().then(|| path.clone());
    let reader = Mutex::new(reader.map_err(fail)?);
    Ok((writer, Arc::new(Segment { reader, named, length: AtomicU64::new(0), used: used.clone() })))
}

impl Stored {
    pub(super) fn load(&self) -> Result<Message> {
        let mut head = vec![0; self.head];
        let mut read = |body: &mut [u8]| {
            let mut file = lock(&self.segment.reader);
            file.seek(SeekFrom::Start(self.offset))
                .and_then(|_| file.read_exact(&mut head))
                .and_then(|()| file.read_exact(body))
                .map_err(|source| Error::file("spill file", "reading", source))?;
            if checksum(&head, body) != self.checksum {
                return Err(damaged());
            }
            Ok(())
        };
        let kind = match &self.place {
            Some((layout, points)) => {
                let mut values = vec![0.0; self.body / size_of::<f64>()];
                read(bytemuck::cast_slice_mut(&mut values))?;
                let layout = layout.clone();
                match points.clone() {
                    None => Kind::Field { layout, values },
                    Some(points) => Kind::Part { layout, points, values },
                }
            }
            None => {
                let mut bytes = vec![0; self.body];
                read(&mut bytes)?;
                match head[0] {
                    1 => Kind::Mask(bytes.iter().map(|byte| *byte != 0).collect()),
                    _ => Kind::Encoded(bytes),
                }
            }
        };
        let metadata = codec::read(&head[1..]).ok_or_else(damaged)?;
        Ok(Message { metadata, kind })
    }
}

fn damaged() -> Error {
    let source =
        std::io::Error::new(std::io::ErrorKind::InvalidData, "the bytes are not those that were written");
    Error::file("spill file", "reading", source)
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spill(folder: &std::path::Path, bytes: u64) -> Spill {
        Spill::new(SpillSettings { folder: folder.into(), bytes }).unwrap()
    }

    fn store(spill: &mut Spill, message: &Message) -> std::result::Result<Stored, String> {
        spill.store(&message.metadata, Data::from(&message.kind))
    }

    fn encoded(byte: u8, length: usize) -> Message {
        Message { metadata: Metadata::new(), kind: Kind::Encoded(vec![byte; length]) }
    }

    #[test]
    fn all_kinds_come_back_as_they_were_and_no_name_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = spill(folder.path(), 1 << 20);
        let metadata = Metadata::new()
            .with("name", "größe")
            .with("step", i64::MIN)
            .with("level", -0.0)
            .with("flag", true)
            .with("other", false)
            .with("empty", "");
        let layout = Layout::global_lat_lon(2, 2);
        let values = vec![f64::MIN_POSITIVE / 2.0, -0.0, f64::INFINITY, 1e300];
        let points = Points::List([3, 0].into());
        let kinds = [
            Kind::Part { layout: layout.clone(), points, values: vec![1.5, -2.5] },
            Kind::Field { layout, values },
            Kind::Mask(vec![true, false, true]),
            Kind::Encoded(vec![7; 1000]),
            Kind::Encoded(vec![]),
        ];
        let messages = kinds.map(|kind| Message { metadata: metadata.clone(), kind });
        let stored = messages.each_ref().map(|message| store(&mut spill, message).unwrap());
        // In any order.
        for number in [3, 0, 4, 2, 1, 0] {
            let loaded = stored[number].load().unwrap();
            assert_eq!(format!("{loaded:?}"), format!("{:?}", messages[number]));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_disk_is_given_back_with_the_messages() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = spill(folder.path(), 800);
        let used = spill.used();
        let used = || used.load(Ordering::Relaxed);
        let message = encoded(1, 49);
        let stored: Vec<_> = (0..16).map(|_| store(&mut spill, &message).unwrap()).collect();
        assert_eq!(used(), 800);
        let error = store(&mut spill, &message).err().unwrap();
        assert_eq!(error, "800 of 800 bytes on the disk are taken");
        for (number, stored) in stored.into_iter().enumerate() {
            assert_eq!(stored.load().unwrap(), message);
            drop(stored);
            // Two in each segment of an eighth of the limit; the last one is kept for what follows.
            assert!(used() <= 800 - number as u64 / 2 * 100, "{number}: {}", used());
        }
        store(&mut spill, &message).unwrap();
        assert_eq!(used(), 50);
    }

    #[test]
    fn a_full_disk_is_told_and_harms_nothing_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = spill(folder.path(), 1 << 20);
        let whole = encoded(1, 100);
        let before = store(&mut spill, &whole).unwrap();
        let disk =
            std::mem::replace(&mut spill.writer, File::options().write(true).open("/dev/full").unwrap());
        let error = store(&mut spill, &encoded(2, 100)).err().unwrap();
        assert!(error.contains("No space left on device"), "{error}");
        spill.writer = disk;
        let after = store(&mut spill, &encoded(3, 100)).unwrap();
        assert_eq!(before.load().unwrap(), whole);
        assert_eq!(after.load().unwrap(), encoded(3, 100));
    }

    #[test]
    fn damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = spill(folder.path(), 1 << 20);
        let stored = store(&mut spill, &encoded(1, 100)).unwrap();
        spill.writer.seek(SeekFrom::Start(50)).unwrap();
        spill.writer.write_all(&[9]).unwrap();
        let error = stored.load().unwrap_err().to_string();
        assert!(error.contains("not those that were written"), "{error}");
    }
}
