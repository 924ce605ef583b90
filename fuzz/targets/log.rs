//! Segment logs: a folder of two segments is verified, opened, added to and read, twice. Each number is in one item.
//!
//! Checksums count as right here, because whoever makes a malicious log makes its checksums too.
#![no_main]

use std::path::Path;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use terrella_io::log::{Item, Log, LogSettings, verify};

const SETTINGS: LogSettings = LogSettings {
    segment_bytes: 2048,
    retention: terrella_io::log::Retention { bytes: None, age: None },
    capacity: None,
    durability: terrella_io::log::Durability::System,
};

/// A byte for the second segment's number, two for the length of the first segment, and both.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (count, size) in [(3, 10), (8, 400), (1, 0)] {
        let folder = terrella_fuzz::empty_folder();
        let (log, _) = Log::open(&folder, &SETTINGS).expect("a log");
        for number in 0..count {
            log.append(b"key", &vec![number; size]).expect("a record");
        }
        drop(log);
        let mut segments: Vec<_> =
            std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        segments.sort();
        let first = std::fs::read(&segments[0]).expect("a segment");
        let second = segments.get(1).map(|path| std::fs::read(path).expect("a segment")).unwrap_or_default();
        let number = second.get(8).map_or(0, |first| first - 1);
        let length = (first.len() as u16).to_le_bytes();
        seeds.push([&[number, length[0], length[1]], &first[..], &second].concat());
    }
    seeds
}

/// Opens, adds, reads to the end.
fn use_log(folder: &Path) {
    let verified = verify(folder).expect("a folder that can be read");
    let (log, recovery) = Log::open(folder, &SETTINGS).expect("a folder that can be read");
    assert!(recovery.records >= verified.records);
    let start = log.status().first;
    let _ = log.append(b"key", b"added");
    let mut reader = log.reader(start).expect("a number of the log");
    let mut next = start;
    while let Some(item) = reader.next(Duration::ZERO).expect("a folder that can be read") {
        let (from, to) = match &item {
            Item::Record(record) => (record.number, record.number),
            Item::Gap(gap) => (gap.from, gap.to),
            Item::Damage(damage) => (damage.from, damage.to),
        };
        assert_eq!(from, next, "{item:?}");
        next = to + 1;
    }
    assert_eq!(next, log.status().next);
}

fuzz_target!(
    init: terrella_fuzz::seed("log", seeds().iter().map(Vec::as_slice)),
    |bytes: &[u8]| {
        let Some((start, segments)) = bytes.split_at_checked(3) else { return };
        let length = usize::from(u16::from_le_bytes([start[1], start[2]])).min(segments.len());
        let (first, second) = segments.split_at(length);
        let folder = terrella_fuzz::empty_folder();
        std::fs::write(folder.join(format!("{:020}.log", 1)), first).expect("a segment");
        let number = match start[0] {
            0 => None,
            255 => Some((1_u64 << 63) - 1),
            behind => Some(1 + u64::from(behind)),
        };
        if let Some(number) = number {
            std::fs::write(folder.join(format!("{number:020}.log")), second).expect("a segment");
        }
        use_log(&folder);
        use_log(&folder);
    }
);
