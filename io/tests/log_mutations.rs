//! Damaged, foreign and malicious segments: no panic, no loop without end, no memory beyond what the files hold.
//!
//! `TERRELLA_MUTATIONS` is the number of folders that are tried.

use std::path::Path;
use std::time::Duration;

use terrella_io::log::{Item, Log, LogSettings, verify};

/// Steele, Lea and Flood 2014.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Largest virtual memory of the process so far (bytes).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

fn mutate(bytes: &mut Vec<u8>, first: u64, seed: &mut u64) {
    for _ in 0..1 + splitmix(seed) % 4 {
        let random = splitmix(seed);
        let at = (random >> 8) as usize % bytes.len().max(1);
        match random % 8 {
            0 => bytes.truncate(at),
            1 => bytes.extend((0..random >> 32 & 0xFF).map(|byte| byte as u8)),
            2 if !bytes.is_empty() => bytes[at] ^= 1 << (random >> 40 & 7),
            3 if !bytes.is_empty() => drop(bytes.drain(at..(at + 100).min(bytes.len()))),
            4 if !bytes.is_empty() => bytes.splice(at..at, std::iter::repeat_n(0xF5, 7)).for_each(drop),
            5 => {
                let copy = bytes[at.min(bytes.len())..].to_vec();
                bytes.extend(copy);
            }
            // A head that is right and says what cannot be: lengths and numbers of any size.
            _ if bytes.len() >= 24 + 72 => {
                let at = if random & 256 == 0 { 24 } else { at.min(bytes.len() - 72) };
                let head = &mut bytes[at..at + 72];
                head[..4].copy_from_slice(b"\xF5REC");
                for field in [12..16, 16..24, 24..32, 32..40] {
                    let kind = splitmix(seed);
                    let value = [0, 1, 5, u64::MAX, 1 << 62, (1 << 63) - 1, 1 << 63, splitmix(seed)]
                        [kind as usize % 8];
                    if kind & 8 == 0 {
                        let length = field.len();
                        head[field].copy_from_slice(&value.to_le_bytes()[..length]);
                    }
                }
                let checksum = crc32c::crc32c(&first.to_le_bytes());
                let checksum = crc32c::crc32c_append(checksum, &(at as u64).to_le_bytes());
                let checksum = crc32c::crc32c_append(checksum, &head[8..]);
                head[4..8].copy_from_slice(&checksum.to_le_bytes());
            }
            _ => {}
        }
    }
}

/// Opens, adds, reads to the end; every number is in one item.
fn use_log(folder: &Path, settings: &LogSettings) {
    let verified = verify(folder).unwrap();
    let (log, recovery) = Log::open(folder, settings).unwrap();
    assert!(recovery.records >= verified.records);
    let start = log.status().first;
    let added = log.append(b"key", b"added");
    let mut reader = log.reader(start).unwrap();
    let (mut next, mut last) = (start, None);
    while let Some(item) = reader.next(Duration::ZERO).unwrap() {
        let (from, to) = match &item {
            Item::Record(record) => (record.number, record.number),
            Item::Gap(gap) => (gap.from, gap.to),
            Item::Damage(damage) => (damage.from, damage.to),
        };
        assert_eq!(from, next, "{item:?}");
        next = to + 1;
        last = Some(item);
    }
    assert_eq!(next, log.status().next);
    // Only a log whose numbers are used up takes nothing more.
    match added {
        Ok(number) => {
            assert!(
                matches!(last, Some(Item::Record(record)) if record.number == number && record.payload == b"added")
            )
        }
        Err(error) => assert!(error.to_string().contains("no number is left"), "{error}"),
    }
}

#[test]
fn no_bytes_break_a_log() {
    let count: u64 = std::env::var("TERRELLA_MUTATIONS").map_or(400, |count| count.parse().unwrap());
    let settings = LogSettings { segment_bytes: 2048, ..LogSettings::default() };
    let source = tempfile::tempdir().unwrap();
    let (log, _) = Log::open(source.path(), &settings).unwrap();
    for number in 0..24_u8 {
        log.append(&[b'k'; 5], &vec![number; 50 * usize::from(number % 8)]).unwrap();
    }
    drop(log);
    let mut files: Vec<_> =
        std::fs::read_dir(source.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    assert!(files.len() > 2);
    let mut seed = 7;
    let mut peak = None;
    for folder_number in 0..count {
        let folder = tempfile::tempdir().unwrap();
        for (index, file) in files.iter().enumerate() {
            let name = file.file_name().unwrap();
            let mut bytes = std::fs::read(file).unwrap();
            if splitmix(&mut seed).is_multiple_of(2) || index as u64 == folder_number % files.len() as u64 {
                mutate(&mut bytes, name.to_str().unwrap()[..20].parse().unwrap(), &mut seed);
            }
            if !splitmix(&mut seed).is_multiple_of(16) {
                std::fs::write(folder.path().join(name), bytes).unwrap();
            }
        }
        use_log(folder.path(), &settings);
        // Once more: what the first opening left is in order but for what was told.
        use_log(folder.path(), &settings);
        peak = peak.or(peak_memory());
    }
    match (peak, peak_memory()) {
        (Some(before), Some(after)) => {
            assert!(after - before < 64 << 20, "virtual memory grew by {} bytes", after - before)
        }
        _ => println!("not run: the bound on memory, no /proc/self/status"),
    }
}
