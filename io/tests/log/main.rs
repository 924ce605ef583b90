//! The segment log: what is added is read, at every size and after every accident.

mod full_disk;
mod sealed;

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use terrella_io::Error;
use terrella_io::log::{
    Durability, Item, LARGEST_KEY, Log, LogReader, LogSettings, Record, Retention, verify,
};

const NOW: Duration = Duration::ZERO;

fn small() -> LogSettings {
    LogSettings { segment_bytes: 4096, ..LogSettings::default() }
}

fn open(folder: &Path, settings: &LogSettings) -> Log {
    let (log, recovery) = Log::open(folder, settings).unwrap();
    assert_eq!((recovery.damaged.len(), &recovery.torn), (0, &None), "{recovery:?}");
    log
}

/// Content that follows from its number: lengths from 0 to some kilobytes.
fn payload(number: u64) -> Vec<u8> {
    let length = number.wrapping_mul(0x9E37_79B9) % 3000;
    (0..length).map(|at| (at.wrapping_mul(31) ^ number) as u8).collect()
}

fn key(number: u64) -> Vec<u8> {
    format!("step={number}").into_bytes()
}

fn fill(log: &Log, count: u64) {
    for _ in 0..count {
        let number = log.status().next;
        assert_eq!(log.append(&key(number), &payload(number)).unwrap(), number);
    }
}

fn record(reader: &mut LogReader) -> Record {
    match reader.next(NOW).unwrap() {
        Some(Item::Record(record)) => record,
        other => panic!("expected a record, got {other:?}"),
    }
}

fn assert_holds(reader: &mut LogReader, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let record = record(reader);
        assert_eq!(record.number, number);
        assert_eq!((record.key, &record.payload), (key(number), &payload(number)));
        assert_eq!(record.hash, *blake3::hash(&record.payload).as_bytes());
    }
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    paths.sort();
    paths
}

fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Offsets of the records of a segment, by their lengths.
fn offsets(path: &Path) -> Vec<u64> {
    let mut bytes = Vec::new();
    File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    let (mut offset, mut offsets) = (24, Vec::new());
    while offset < bytes.len() {
        offsets.push(offset as u64);
        let key = u32::from_le_bytes(bytes[offset + 12..offset + 16].try_into().unwrap());
        let payload = u64::from_le_bytes(bytes[offset + 16..offset + 24].try_into().unwrap());
        offset += 72 + key as usize + payload as usize;
    }
    offsets
}

#[test]
fn records_are_read_from_any_number_across_segments_and_openings() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &small());
    fill(&log, 100);
    assert!(segments(folder.path()).len() > 10);
    drop(log);
    let log = open(folder.path(), &small());
    fill(&log, 100);
    for from in 1..=201 {
        let mut reader = log.reader(from).unwrap();
        assert_holds(&mut reader, from..=200);
        assert_eq!(reader.next(NOW).unwrap(), None);
    }
    let status = log.status();
    assert_eq!((status.first, status.next), (1, 201));
    let held: u64 = segments(folder.path()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert_eq!((status.bytes, status.segments), (held, segments(folder.path()).len()));
    assert_eq!(verify(folder.path()).unwrap().records, 200);
}

#[test]
fn a_place_in_a_long_segment_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &LogSettings::default());
    fill(&log, 1000);
    assert_eq!(segments(folder.path()).len(), 1);
    let check = |log: &Log| {
        for from in [1, 2, 180, 181, 500, 999, 1000] {
            assert_holds(&mut log.reader(from).unwrap(), from..=1000);
        }
    };
    check(&log);
    drop(log);
    check(&open(folder.path(), &LogSettings::default()));
}

#[test]
fn empty_and_long_records_are_records() {
    let folder = tempfile::tempdir().unwrap();
    for durability in [Durability::System, Durability::Record, Durability::Every(NOW)] {
        let log = open(folder.path(), &LogSettings { durability, ..small() });
        let number = log.append(b"", b"").unwrap();
        let (key, payload) = (vec![7; LARGEST_KEY], vec![9; 300_000]);
        log.append(&key, &payload).unwrap();
        log.append(b"k", &payload).unwrap();
        log.sync().unwrap();
        let mut reader = log.reader(number).unwrap();
        let empty = record(&mut reader);
        assert_eq!((empty.key.len(), empty.payload.len()), (0, 0));
        assert!(empty.time <= SystemTime::now());
        let long = record(&mut reader);
        assert!(long.key == key && long.payload == payload);
        assert!(record(&mut reader).payload == payload);
    }
}

#[test]
fn a_hash_that_is_known_is_taken_and_a_wrong_one_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &small());
    log.append_hashed(b"k", b"payload", *blake3::hash(b"payload").as_bytes()).unwrap();
    log.append_hashed(b"k", b"payload", [0; 32]).unwrap();
    let mut reader = log.reader(1).unwrap();
    assert_eq!(record(&mut reader).hash, *blake3::hash(b"payload").as_bytes());
    let Some(Item::Damage(damage)) = reader.next(NOW).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), (2, 2));
    assert!(damage.reason.contains("hash of the payload"), "{}", damage.reason);
}

#[test]
fn readers_wait_for_records_and_for_the_close() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &small());
    let mut early = log.reader(1).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(early.next(Duration::from_millis(30)).unwrap(), None);
    assert!(start.elapsed() >= Duration::from_millis(30));
    let read = |mut reader: LogReader| {
        let mut expected = reader.number();
        while let Some(item) = reader.next(Duration::from_secs(60)).unwrap() {
            let Item::Record(record) = item else { panic!("{item:?}") };
            assert_eq!((record.number, record.payload), (expected, payload(expected)));
            expected += 1;
        }
        assert!(reader.is_finished());
        expected
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..3).map(|_| log.reader(1).unwrap()).map(|reader| scope.spawn(|| read(reader))).collect();
        fill(&log, 400);
        log.close().unwrap();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 401);
        }
    });
    assert!(!early.is_finished());
    assert_holds(&mut early, 1..=400);
    assert!(matches!(log.append(b"", b""), Err(Error::Log { .. })));
}

#[test]
fn what_retention_removed_is_told_by_number() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention { bytes: Some(20_000), age: None };
    let log = open(folder.path(), &LogSettings { retention, ..small() });
    let mut slow = log.reader(1).unwrap();
    assert_eq!(slow.next(NOW).unwrap(), None);
    fill(&log, 3);
    assert_holds(&mut slow, 1..=2);
    fill(&log, 197);
    let status = log.status();
    assert!(status.bytes <= 20_000 && status.bytes > 12_000 && status.first > 3, "{status:?}");
    let Some(Item::Gap(gap)) = slow.next(NOW).unwrap() else { panic!() };
    assert_eq!((gap.from, gap.to, gap.count()), (3, status.first - 1, status.first - 3));
    assert_holds(&mut slow, status.first..=200);
    drop(log);
    // The gap is the same after another opening.
    let log = open(folder.path(), &LogSettings { retention, ..small() });
    let Some(Item::Gap(gap)) = log.reader(1).unwrap().next(NOW).unwrap() else { panic!() };
    assert_eq!((gap.from, gap.to), (1, status.first - 1));
}

#[test]
fn age_removes_whole_segments_but_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention { bytes: None, age: Some(Duration::from_secs(3600)) };
    let log = open(folder.path(), &LogSettings { retention, ..small() });
    fill(&log, 50);
    log.remove_expired(SystemTime::now() + Duration::from_secs(3500));
    assert_eq!(log.status().first, 1);
    log.remove_expired(SystemTime::now() + Duration::from_secs(3601));
    let status = log.status();
    assert_eq!((status.segments, status.next), (1, 51));
    assert!(status.first > 1);
    assert_holds(&mut log.reader(status.first).unwrap(), status.first..=50);
}

#[test]
fn a_full_log_refuses_until_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &LogSettings { capacity: Some(16_384), ..small() });
    let mut number = 0;
    let error = loop {
        match log.append(b"k", &[1; 1000]) {
            Ok(new) => number = new,
            Err(error) => break error,
        }
    };
    let Error::LogFull { held, needed, capacity: 16_384, .. } = error else { panic!("{error}") };
    assert_eq!(held, log.status().bytes);
    assert!(held + needed > 16_384 && held > 14_000);
    log.release(1);
    assert_eq!(log.status().first, 1);
    log.release(number + 1);
    assert_eq!(log.status().segments, 1);
    assert_eq!(log.append(b"k", b"fits again").unwrap(), number + 1);
    assert_eq!(verify(folder.path()).unwrap().damaged, []);
}

#[test]
fn a_torn_record_is_cut_off_wherever_it_was_torn() {
    let source = tempfile::tempdir().unwrap();
    fill(&open(source.path(), &LogSettings::default()), 4);
    let whole = std::fs::read(&segments(source.path())[0]).unwrap();
    let last = *offsets(&segments(source.path())[0]).last().unwrap() as usize;
    for length in (0..24).chain(last..last + 80).chain((last + 80..whole.len()).step_by(97)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("00000000000000000001.log");
        std::fs::write(&path, &whole[..length]).unwrap();
        let found = verify(folder.path()).unwrap();
        let (log, recovery) = Log::open(folder.path(), &small()).unwrap();
        assert_eq!(found, recovery);
        let kept = if length < 24 { 0 } else { 3 };
        assert_eq!((recovery.records, recovery.damaged.len()), (kept, 0), "{length}");
        match recovery.torn {
            None => assert_eq!(length, last),
            Some(torn) => {
                assert_eq!(torn.segment, path);
                let start = if length < 24 { length } else { last };
                assert_eq!((torn.offset, torn.bytes), (start as u64, (length - start) as u64));
            }
        }
        assert_eq!(log.status().next, kept + 1);
        fill(&log, 2);
        assert_holds(&mut log.reader(1).unwrap(), 1..=kept + 2);
        assert_eq!(verify(folder.path()).unwrap().torn, None);
    }
}

#[test]
fn damage_is_told_with_its_place_and_reading_goes_on_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = LogSettings { segment_bytes: 16 << 10, ..small() };
    fill(&open(folder.path(), &settings), 60);
    let paths = segments(folder.path());
    for (index, place) in [(0, 1), (3, 0), (paths.len() - 1, 0)] {
        let path = &paths[index];
        let whole = std::fs::read(path).unwrap();
        let start = offsets(path)[place];
        let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let lost = first + place as u64;
        // Marker, checksums, lengths (huge ones too), number, hash, key.
        for (byte, length) in [(0, 1), (5, 1), (9, 1), (13, 1), (16, 8), (24, 1), (41, 1), (73, 1)] {
            // Every bit another one: no byte stays by chance what it is.
            let place = (start + byte) as usize;
            let bytes: Vec<u8> = whole[place..place + length].iter().map(|byte| !byte).collect();
            overwrite(path, start + byte, &bytes);
            let verified = verify(folder.path()).unwrap();
            assert_eq!((verified.damaged.len(), verified.records), (1, 59), "{index} {byte} {verified:?}");
            let (log, recovery) = Log::open(folder.path(), &small()).unwrap();
            // Bodies of earlier segments are looked at when they are read.
            if byte < 73 || index == paths.len() - 1 {
                assert_eq!(recovery.damaged, verified.damaged);
            }
            let mut reader = log.reader(1).unwrap();
            assert_holds(&mut reader, 1..lost);
            let Some(Item::Damage(damage)) = reader.next(NOW).unwrap() else { panic!("{index} {byte}") };
            assert_eq!((damage.from, damage.to, damage.count(), damage.offset), (lost, lost, 1, start));
            assert_eq!(verified.damaged, [damage]);
            assert_holds(&mut reader, lost + 1..=60);
            assert_holds(&mut log.reader(lost + 1).unwrap(), lost + 1..=60);
            drop(log);
            std::fs::write(path, &whole).unwrap();
        }
    }
}

#[test]
fn missing_and_shortened_segments_are_told() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path(), &small()), 60);
    let paths = segments(folder.path());
    let first = |index: usize| paths[index].file_stem().unwrap().to_str().unwrap().parse::<u64>().unwrap();
    std::fs::remove_file(&paths[2]).unwrap();
    let cut = *offsets(&paths[4]).last().unwrap();
    File::options().write(true).open(&paths[4]).unwrap().set_len(cut + 30).unwrap();
    let (log, recovery) = Log::open(folder.path(), &small()).unwrap();
    let lost: Vec<_> = recovery.damaged.iter().map(|damage| (damage.from, damage.to)).collect();
    assert_eq!(lost, [(first(2), first(3) - 1), (first(5) - 1, first(5) - 1)]);
    let mut reader = log.reader(1).unwrap();
    assert_holds(&mut reader, 1..first(2));
    let Some(Item::Damage(damage)) = reader.next(NOW).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), lost[0]);
    assert_holds(&mut reader, first(3)..first(5) - 1);
    let Some(Item::Damage(damage)) = reader.next(NOW).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), lost[1]);
    assert_holds(&mut reader, first(5)..=60);
    // A segment that goes while the log is open, by no doing of the log.
    std::fs::remove_file(&paths[0]).unwrap();
    let Some(Item::Damage(damage)) = log.reader(1).unwrap().next(NOW).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), (1, first(1) - 1));
}

#[test]
fn foreign_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.log"), "not of the log").unwrap();
    std::fs::write(folder.path().join("99999999999999999999.log"), "no number").unwrap();
    let log = open(folder.path(), &small());
    fill(&log, 2);
    drop(log);
    let foreign = folder.path().join("00000000000000000003.log");
    let text = vec![b'x'; 5000];
    std::fs::write(&foreign, &text).unwrap();
    let (log, recovery) = Log::open(folder.path(), &small()).unwrap();
    assert!(recovery.damaged.iter().all(|damage| damage.segment == foreign), "{recovery:?}");
    assert_eq!(log.status().next, 4);
    fill(&log, 1);
    let mut reader = log.reader(1).unwrap();
    assert_holds(&mut reader, 1..=2);
    let Some(Item::Damage(damage)) = reader.next(NOW).unwrap() else { panic!() };
    assert_eq!((damage.from, damage.to), (3, 3));
    assert_holds(&mut reader, 4..=4);
    assert!(std::fs::read(&foreign).unwrap() == text);
}

#[test]
fn a_segment_inside_a_payload_is_no_segment() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path(), &LogSettings::default()), 5);
    let inner = std::fs::read(&segments(folder.path())[0]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &LogSettings::default());
    log.append(b"segment", &inner).unwrap();
    fill(&log, 3);
    drop(log);
    overwrite(&segments(folder.path())[0], 24 + 16, &[0; 8]);
    let (log, recovery) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    assert_eq!((recovery.damaged.len(), recovery.records), (1, 3));
    let mut reader = log.reader(1).unwrap();
    assert!(matches!(reader.next(NOW).unwrap(), Some(Item::Damage(damage)) if damage.to == 1));
    assert_holds(&mut reader, 2..=4);
}

#[test]
fn the_record_behind_damage_is_found_in_time_whatever_lies_between() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &LogSettings::default());
    // Every fourth byte looks like the beginning of a record.
    log.append(b"markers", &b"\xF5REC".repeat(4 << 20)).unwrap();
    fill(&log, 2);
    drop(log);
    overwrite(&segments(folder.path())[0], 24 + 16, &[0; 8]);
    let start = std::time::Instant::now();
    let (log, recovery) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    assert_eq!((recovery.damaged.len(), recovery.records), (1, 2));
    let mut reader = log.reader(1).unwrap();
    assert!(matches!(reader.next(NOW).unwrap(), Some(Item::Damage(damage)) if damage.to == 1));
    assert_holds(&mut reader, 2..=3);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), &small());
    let refused = |error: Error, words: &[&str]| {
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    refused(log.append(&[0; LARGEST_KEY + 1], b"").unwrap_err(), &["'key'", "65537", "65536"]);
    refused(log.reader(0).err().unwrap(), &["'from' is 0", "1 to 1"]);
    refused(log.reader(2).err().unwrap(), &["'from' is 2", "1 to 1"]);
    refused(Log::open(folder.path(), &small()).unwrap_err(), &["open elsewhere"]);
    drop(log);
    let nothing = LogSettings { segment_bytes: 0, ..small() };
    refused(Log::open(folder.path(), &nothing).unwrap_err(), &["'segment_bytes'", "at least 1"]);
    let retention = Retention { bytes: Some(100), age: None };
    refused(
        Log::open(folder.path(), &LogSettings { retention, ..small() }).unwrap_err(),
        &["'retention.bytes'", "4096"],
    );
    refused(
        Log::open(folder.path(), &LogSettings { capacity: Some(9), ..small() }).unwrap_err(),
        &["'capacity'", "4096"],
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    refused(Log::open(&file, &small()).unwrap_err(), &["file", "creating"]);
    refused(verify(folder.path().join("absent")).unwrap_err(), &["absent", "listing"]);
}

#[test]
fn readers_of_every_pace_account_for_every_record_while_segments_go() {
    const RECORDS: u64 = 6000;
    let folder = tempfile::tempdir().unwrap();
    let retention = Retention { bytes: Some(40_000), age: None };
    let log = open(folder.path(), &LogSettings { retention, ..small() });
    let read = |pause: u64| -> u64 {
        let mut reader = log.reader(1).unwrap();
        let (mut next, mut records, mut lost) = (1, 0, 0);
        while let Some(item) = reader.next(Duration::from_secs(60)).unwrap() {
            match item {
                Item::Record(record) => {
                    assert_eq!((record.number, record.payload), (next, payload(next)));
                    (next, records) = (next + 1, records + 1);
                }
                Item::Gap(gap) => {
                    assert_eq!(gap.from, next);
                    (next, lost) = (gap.to + 1, lost + gap.count());
                }
                Item::Damage(damage) => panic!("{damage:?}"),
            }
            if pause > 0 && next % 16 == 0 {
                std::thread::sleep(Duration::from_micros(pause));
            }
        }
        assert_eq!((next, records + lost), (RECORDS + 1, RECORDS));
        lost
    };
    let lost = std::thread::scope(|scope| {
        let readers: Vec<_> = [0, 100, 2000, 20_000].map(|pause| scope.spawn(move || read(pause))).into();
        // Somebody else removes as well.
        let releasing = scope.spawn(|| {
            while log.status().next <= RECORDS {
                log.release(log.status().next.saturating_sub(20));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        fill(&log, RECORDS);
        log.close().unwrap();
        releasing.join().unwrap();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    println!("lost: {lost:?}");
    assert!(lost[3] > 0, "the slow reader was not slow");
}
