//! Without ecCodes, GRIB and BUFR give an error that names the library and its package; all else works.

use terrella_io::Error;
use terrella_io::encode::{GribEncoder, GribSettings};
use terrella_io::layout::Layout;

use super::is_child;

/// Runs in a process of its own, where TERRELLA_ECCODES leads nowhere.
#[test]
fn an_absent_library_is_named() {
    if !is_child("eccodes", &[("TERRELLA_ECCODES", "/nowhere/libeccodes.so")]) {
        return;
    }
    let error = GribEncoder::new(&Layout::global_lat_lon(4, 3), &GribSettings::default()).err().unwrap();
    assert!(matches!(error, Error::LibraryMissing { .. }));
    let text = error.to_string();
    for part in ["'/nowhere/libeccodes.so'", "Debian's package libeccodes0", "TERRELLA_ECCODES"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(terrella_io::eccodes::version().unwrap_err().to_string(), text);
    // The beginning of a message is enough to see that it is needed.
    let path = std::env::temp_dir().join(format!("no-eccodes-{}.bufr", std::process::id()));
    std::fs::write(&path, b"BUFR\0\0\x40\x04").unwrap();
    let error = terrella_io::observations::read(&path).unwrap_err();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(error.to_string(), text);
}
