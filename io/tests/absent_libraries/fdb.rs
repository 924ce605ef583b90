//! Without libfdb5, FDB gives an error that names the library and its package.

use terrella_io::Error;
use terrella_io::fdb::Fdb;
use terrella_io::plan::Plans;

use super::is_child;

/// Runs in a process of its own, where TERRELLA_FDB leads nowhere.
#[test]
fn an_absent_library_is_named() {
    if !is_child("fdb", &[("TERRELLA_FDB", "/nowhere/libfdb5.so")]) {
        return;
    }
    let error = Fdb::open(None).err().unwrap();
    assert!(matches!(error, Error::FdbLibraryMissing { .. }));
    let text = error.to_string();
    for part in ["'/nowhere/libfdb5.so'", "Debian's package libfdb5-0d", "TERRELLA_FDB"] {
        assert!(text.contains(part), "{text}");
    }
    let plan = "plans: [{actions: [{type: sink, sinks: [{type: fdb5}]}]}]";
    assert_eq!(Plans::from_yaml(plan).err().unwrap().to_string(), text);
    assert_eq!(terrella_io::fdb::version().unwrap_err().to_string(), text);
}
