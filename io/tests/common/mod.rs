//! Files that several tests read.
#![allow(dead_code, reason = "every test crate uses a part")]

use std::panic::{UnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

/// NOAA's global forecast of 2011-01-10 12 UTC + 120 h on 2.5°.
pub(crate) fn global_state() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/extremes/data/gfs.t12z.pgrbf120.2p5deg.grib2")
}

/// Runs a test on a file system of this size, such as "64k"; not run, said aloud, where none can be made, as only root may.
pub(crate) fn on_small_disk(size: &str, test: impl FnOnce(&Path) + UnwindSafe) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
        .arg(&place)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("not run: a tmpfs could not be mounted");
        return;
    }
    let outcome = catch_unwind(|| test(&place));
    let unmounted = Command::new("umount").arg(&place).status();
    assert!(unmounted.unwrap().success());
    outcome.unwrap();
}

/// A file of the folder TERRELLA_DATA; None, said aloud, where there is none.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TERRELLA_DATA") else {
        println!("not run: TERRELLA_DATA is not set ({name})");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} does not exist", path.display());
    Some(path)
}
