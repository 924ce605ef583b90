//! A process that saves checkpoints is killed at random instants: the last one that it finished, or a newer one, is restored.

use std::io::Write;
use std::time::Duration;

use terrella_io::checkpoint::CheckpointStore;

use crate::process::{CHILD, kills, run_and_kill, splitmix};

/// A state that follows from its step.
fn state(step: u64) -> Vec<u8> {
    let mut bits = step;
    let length = splitmix(&mut bits) % 300_000;
    (0..length).map(|at| (at.wrapping_mul(31) ^ step) as u8).collect()
}

/// Not a test of its own: the process that is killed. Goes on from the step that was restored.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let store = CheckpointStore::open(folder, 2).unwrap();
    let last = store.restore().unwrap().checkpoint.map_or(0, |checkpoint| checkpoint.step);
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nready").unwrap();
    for step in last + 1..last + 100_000 {
        store.save(step, &state(step)).unwrap();
        output.write_all(format!("finished {step}\n").as_bytes()).unwrap();
        output.flush().unwrap();
    }
}

#[test]
fn what_was_saved_before_a_kill_is_restored_afterwards() {
    let kills = kills();
    let folder = tempfile::tempdir().unwrap();
    let (mut last, mut seed) = (0, 11);
    for kill in 0..kills {
        let random = splitmix(&mut seed);
        let after = Duration::from_micros((random >> 32) % 30_000);
        let finished = run_and_kill("checkpoint::child", folder.path(), !random.is_multiple_of(5), after);
        let store = CheckpointStore::open(folder.path(), 2).unwrap();
        let restored = store.restore().unwrap();
        assert_eq!(restored.skipped, [], "kill {kill}");
        let told = finished.max(last);
        last = match restored.checkpoint {
            Some(checkpoint) => {
                assert!(checkpoint.state == state(checkpoint.step), "kill {kill}");
                checkpoint.step
            }
            None => 0,
        };
        assert!((told..=told + 1).contains(&last), "kill {kill}: told {told}, restored {last}");
    }
    println!("{kills} kills, {last} checkpoints");
    assert!(last > 0, "the child was killed too early to save anything");
    // What kills kept from being removed goes with the next one that is saved.
    CheckpointStore::open(folder.path(), 2).unwrap().save(last + 1, b"").unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.filter(|entry| entry.as_ref().unwrap().file_name() != "lock").count(), 2);
}
