//! A process of a test that is killed.
//!
//! The process is the test's own program, run with one test alone. That writes a line `ready` and then, for each
//! thing that it finished, a line `finished NUMBER`.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Variable of the environment with the folder that the child works in.
pub(crate) const CHILD: &str = "TERRELLA_FOLDER_OF_CHILD";

/// How often to kill.
pub(crate) fn kills() -> u64 {
    std::env::var("TERRELLA_KILLS").map_or(30, |kills| kills.parse().unwrap())
}

/// Steele, Lea and Flood 2014.
pub(crate) fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Runs the test `child` of this program until it is killed; the last number that it told.
pub(crate) fn run_and_kill(child: &str, folder: &Path, from_ready: bool, after: Duration) -> u64 {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture", "--test-threads=1"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = process.stdout.take().unwrap();
    let (sender, ready) = std::sync::mpsc::channel();
    let told = std::thread::spawn(move || {
        let (mut text, mut bytes, mut waiting) = (String::new(), [0; 4096], true);
        loop {
            let count = output.read(&mut bytes).unwrap();
            text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            if waiting && (count == 0 || text.contains("\nready\n")) {
                waiting = false;
                let _ = sender.send(());
            }
            if count == 0 {
                return text;
            }
        }
    });
    if from_ready {
        ready.recv().unwrap();
    }
    std::thread::sleep(after);
    process.kill().unwrap();
    assert!(!process.wait().unwrap().success(), "the child ended before it was killed");
    let text = told.join().unwrap();
    // A line without an end was not told.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let numbers = whole.lines().filter_map(|line| line.strip_prefix("finished "));
    numbers.map(|number| number.parse().unwrap()).max().unwrap_or(0)
}
