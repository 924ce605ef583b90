//! The checkpoint store: the last few are kept, the damaged ones passed over and told.

use std::path::{Path, PathBuf};

use terrella_io::checkpoint::CheckpointStore;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap() != "lock");
    paths.sort();
    paths
}

fn step_restored(store: &CheckpointStore) -> Option<u64> {
    let restored = store.restore().unwrap();
    assert_eq!(restored.skipped, []);
    restored.checkpoint.map(|checkpoint| {
        assert_eq!(checkpoint.state, checkpoint.step.to_string().repeat(100).into_bytes());
        checkpoint.step
    })
}

fn save(store: &CheckpointStore, step: u64) -> PathBuf {
    store.save(step, step.to_string().repeat(100).as_bytes()).unwrap()
}

#[test]
fn the_last_few_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = CheckpointStore::open(folder.path(), 3).unwrap();
    assert_eq!(step_restored(&store), None);
    for step in [10, 20, 30, 40, 50] {
        save(&store, step);
        assert_eq!(step_restored(&store), Some(step));
    }
    assert_eq!(files(folder.path()).len(), 3);
    drop(store);
    let store = CheckpointStore::open(folder.path(), 2).unwrap();
    assert_eq!(step_restored(&store), Some(50));
    // A run that went back: the newest is the one saved last.
    save(&store, 35);
    assert_eq!(step_restored(&store), Some(35));
    assert_eq!(files(folder.path()).len(), 2);
    store.save(0, b"").unwrap();
    assert_eq!(store.restore().unwrap().checkpoint.unwrap().state, b"");
}

#[test]
fn damaged_ones_are_passed_over_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = CheckpointStore::open(folder.path(), 3).unwrap();
    let paths = [save(&store, 10), save(&store, 20), save(&store, 30)];
    let whole = std::fs::read(&paths[2]).unwrap();
    let changed = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    let mut huge = whole.clone();
    huge[16..24].fill(0xFF);
    let cases = [
        (Vec::new(), "0 bytes"),
        (whole[..55].to_vec(), "55 bytes"),
        (whole[..56].to_vec(), "holds 0 bytes"),
        (whole[..whole.len() - 1].to_vec(), "of a state of 200"),
        ([&whole[..], b"x"].concat(), "holds 201 bytes"),
        (huge, "of a state of 18446744073709551615"),
        (changed(0, b'X'), "does not start"),
        (changed(7, 2), "does not start"),
        (changed(8, 31), "its hash"),
        (changed(24, whole[24] ^ 1), "its hash"),
        (changed(100, b'X'), "its hash"),
        (b"GRIB".repeat(50), "does not start"),
    ];
    for (bytes, words) in cases {
        std::fs::write(&paths[2], &bytes).unwrap();
        let restored = store.restore().unwrap();
        assert_eq!(restored.checkpoint.unwrap().step, 20);
        assert_eq!((restored.skipped.len(), &restored.skipped[0].path), (1, &paths[2]));
        assert!(restored.skipped[0].reason.contains(words), "{words}: {}", restored.skipped[0].reason);
    }
    std::fs::write(&paths[1], b"").unwrap();
    std::fs::remove_file(&paths[2]).unwrap();
    std::fs::create_dir(&paths[2]).unwrap();
    let restored = store.restore().unwrap();
    assert_eq!((restored.checkpoint.unwrap().step, restored.skipped.len()), (10, 2));
    std::fs::write(&paths[0], b"").unwrap();
    let restored = store.restore().unwrap();
    assert_eq!((restored.checkpoint, restored.skipped.len()), (None, 3));
}

#[test]
fn every_changed_byte_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = CheckpointStore::open(folder.path(), 1).unwrap();
    let path = store.save(7, b"state").unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(store.restore().unwrap().checkpoint, None, "byte {at}");
    }
}

#[test]
fn what_a_killed_process_left_goes_and_other_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join(".checkpoint-00000001.bin.123-0.part");
    let others = ["notes.txt", "checkpoint-1.bin", "checkpoint-x.bin", "checkpoint-99999999999999999999.bin"];
    std::fs::write(&left, "half").unwrap();
    for other in others {
        std::fs::write(folder.path().join(other), "other").unwrap();
    }
    let store = CheckpointStore::open(folder.path(), 1).unwrap();
    assert!(!left.exists());
    for step in 1..4 {
        save(&store, step);
    }
    assert_eq!(step_restored(&store), Some(3));
    assert_eq!(files(folder.path()).len(), others.len() + 1);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = CheckpointStore::open(folder.path(), 0).unwrap_err().to_string();
    assert!(error.contains("'keep' is 0"), "{error}");
    let _store = CheckpointStore::open(folder.path(), 1).unwrap();
    let error = CheckpointStore::open(folder.path(), 1).unwrap_err().to_string();
    assert!(error.contains("open elsewhere"), "{error}");
    let error = CheckpointStore::open("/dev/null/folder", 1).unwrap_err().to_string();
    assert!(error.contains("/dev/null/folder") && error.contains("creating"), "{error}");
    let last = tempfile::tempdir().unwrap();
    std::fs::write(last.path().join("checkpoint-18446744073709551615.bin"), "").unwrap();
    let error = CheckpointStore::open(last.path(), 1).unwrap_err().to_string();
    assert!(error.contains("18446744073709551615"), "{error}");
}
