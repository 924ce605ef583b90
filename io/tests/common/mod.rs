//! Files that several tests read.
#![allow(dead_code, reason = "every test crate uses a part")]

use std::path::PathBuf;

/// NOAA's global forecast of 2011-01-10 12 UTC + 120 h on 2.5°.
pub(crate) fn global_state() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/extremes/data/gfs.t12z.pgrbf120.2p5deg.grib2")
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
