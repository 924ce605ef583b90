//! Door for the fuzz targets to what comes before ecCodes.

use std::fs::File;
use std::path::Path;

use super::{file, scan, split, verify};

/// Finds the messages of a file, splits them into fields and checks these.
pub fn messages(path: &Path) {
    let mut file = File::open(path).expect("a file");
    let Ok(places) = scan::places(path, &mut file) else { return };
    for place in places {
        let message = file::read(path, &mut file, &place).expect("a message that was found");
        for field in split::fields(message).into_iter().flatten() {
            let _ = verify::field(&field);
        }
    }
}
