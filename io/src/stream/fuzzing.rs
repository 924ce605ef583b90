//! Door for the fuzz targets to what a server is told.

use super::request::parse;

/// Reads the head of a request.
pub fn request(bytes: &[u8]) {
    if let Ok(Some(request)) = parse(bytes) {
        let _ = (request.after_last_event(), request.number("from"), request.allow(&["from", "to"]));
    }
}
