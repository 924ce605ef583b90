//! Without libaec, CCSDS gives an error that names the library and its package; simple packing works.

use terrella_io::Error;
use terrella_io::encode::{Grib2Encoder, GribSettings, Packing};
use terrella_io::layout::Layout;

use super::is_child;

/// Runs in a process of its own, where TERRELLA_LIBAEC leads nowhere.
#[test]
fn an_absent_library_is_named() {
    if !is_child(
        "libaec",
        &[("TERRELLA_LIBAEC", "/nowhere/libaec.so"), ("TERRELLA_ECCODES", "/nowhere/libeccodes.so")],
    ) {
        return;
    }
    let layout = Layout::global_lat_lon(4, 3);
    let settings = GribSettings { packing: Packing::Ccsds, ..GribSettings::default() };
    let error = Grib2Encoder::new(&layout, &settings).err().unwrap();
    assert!(matches!(error, Error::CompressionLibraryMissing { .. }));
    let text = error.to_string();
    for part in ["'/nowhere/libaec.so'", "Debian's package libaec0", "TERRELLA_LIBAEC"] {
        assert!(text.contains(part), "{text}");
    }
    Grib2Encoder::new(&layout, &GribSettings::default()).unwrap();
}
