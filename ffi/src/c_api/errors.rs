//! Version, statuses and messages.

use std::ffi::c_char;

use crate::border::last_message;

/// `TERRELLA_VERSION` of the library.
#[unsafe(no_mangle)]
extern "C" fn terrella_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The sentence about this thread's last failure; empty before the first.
#[unsafe(no_mangle)]
extern "C" fn terrella_last_error_message() -> *const c_char {
    last_message()
}

/// A status in two or three words.
#[unsafe(no_mangle)]
extern "C" fn terrella_status_name(status: i32) -> *const c_char {
    let name = match status {
        0 => c"success",
        1 => c"null pointer",
        2 => c"invalid value",
        3 => c"wrong length",
        4 => c"unknown handle",
        5 => c"device failure",
        6 => c"out of memory",
        7 => c"not implemented",
        8 => c"internal error",
        _ => c"unknown status",
    };
    name.as_ptr()
}
