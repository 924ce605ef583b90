//! A file that the system lets grow no further, as on a full disk: the log is as before, and goes on when there is room.

use std::process::Command;
use std::time::Duration;

use terrella_io::Error;
use terrella_io::log::{Item, Log, LogSettings, verify};

const CHILD: &str = "TERRELLA_FOLDER_OF_CHILD";

/// Not a test of its own: the process whose files cannot grow beyond a limit.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let (log, _) = Log::open(folder, &LogSettings::default()).unwrap();
    let mut number = 0;
    let error = loop {
        match log.append(b"long", &[7; 10_000]) {
            Ok(new) => number = new,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, Error::File { operation: "writing", .. }), "{error}");
    assert!(number > 3, "{number}");
    assert_eq!(log.status().next, number + 1);
    // What was written of the long one is taken back, and a short one has room.
    assert_eq!(log.append(b"short", b"7777").unwrap(), number + 1);
    assert!(log.append(b"long", &[7; 10_000]).is_err());
    let mut reader = log.reader(number).unwrap();
    for key in [&b"long"[..], b"short"] {
        let Some(Item::Record(record)) = reader.next(Duration::ZERO).unwrap() else { panic!() };
        assert_eq!(record.key, key);
    }
    assert_eq!(reader.next(Duration::ZERO).unwrap(), None);
}

#[test]
fn a_log_outlives_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    // With the signal ignored, the system refuses the write instead of ending the process.
    let script = "ulimit -f 100 && trap '' XFSZ && exec \"$0\" --exact full_disk::child --test-threads=1";
    let program = std::env::current_exe().unwrap();
    let child =
        Command::new("sh").arg("-c").arg(script).arg(program).env(CHILD, folder.path()).output().unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}{}", String::from_utf8_lossy(&child.stderr));
    assert!(output.contains("1 passed"), "{output}");
    let found = verify(folder.path()).unwrap();
    let (log, recovery) = Log::open(folder.path(), &LogSettings::default()).unwrap();
    assert_eq!((&found.damaged, &recovery.torn), (&vec![], &None));
    assert_eq!(found.records + 1, log.status().next);
    assert_eq!(log.append(b"long", &[7; 100_000]).unwrap(), found.records + 1);
}
