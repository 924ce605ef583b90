//! A process that adds to a log is killed at random instants: what it finished is there, and nothing else.

use std::io::Write;
use std::time::Duration;

use terrella_io::log::{Item, Log, LogSettings, verify};

use crate::process::{CHILD, kills, run_and_kill, splitmix};

fn settings() -> LogSettings {
    LogSettings { segment_bytes: 256 << 10, ..LogSettings::default() }
}

/// Content that follows from its number; one in sixteen is longer than a segment.
fn payload(number: u64) -> Vec<u8> {
    let mut bits = number;
    let length = splitmix(&mut bits) % if number.is_multiple_of(16) { 2_000_000 } else { 20_000 };
    (0..length).map(|at| (at.wrapping_mul(31) ^ number) as u8).collect()
}

/// Not a test of its own: the process that is killed. Tells each number that was returned.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let (log, _) = Log::open(folder, &settings()).unwrap();
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nready").unwrap();
    for _ in 0..100_000 {
        let number = log.append(b"key", &payload(log.status().next)).unwrap();
        output.write_all(format!("finished {number}\n").as_bytes()).unwrap();
        output.flush().unwrap();
    }
}

#[test]
fn what_was_finished_before_a_kill_is_there_afterwards() {
    let kills = kills();
    let folder = tempfile::tempdir().unwrap();
    let (mut next, mut torn, mut seed) = (1, 0, 2026);
    for kill in 0..kills {
        let random = splitmix(&mut seed);
        // Most while records are added, some while the log is opened.
        let from_ready = !random.is_multiple_of(5);
        let finished = run_and_kill(
            "log::child",
            folder.path(),
            from_ready,
            Duration::from_micros((random >> 32) % 20_000),
        );
        let found = verify(folder.path()).unwrap();
        let (log, recovery) = Log::open(folder.path(), &settings()).unwrap();
        assert_eq!((&found.damaged, &recovery.damaged), (&vec![], &vec![]), "kill {kill}");
        torn += u64::from(recovery.torn.is_some());
        let status = log.status();
        assert_eq!(found.records, status.next - status.first);
        // One record may be whole and untold: the kill came between its end and the telling.
        let told = if finished == 0 { next } else { finished + 1 };
        assert!((told..=told + 1).contains(&status.next), "kill {kill}: {told} {status:?}");
        let mut reader = log.reader(next).unwrap();
        while let Some(item) = reader.next(Duration::ZERO).unwrap() {
            let Item::Record(record) = item else { panic!("kill {kill}: {item:?}") };
            assert_eq!((record.number, &record.key[..]), (next, &b"key"[..]));
            assert!(record.payload == payload(next), "kill {kill}: record {next}");
            next += 1;
        }
        assert_eq!(next, status.next);
        log.release(next);
    }
    println!("{kills} kills, {} records, {torn} torn", next - 1);
    assert!(next > kills, "the child was killed too early to add anything");
}
