//! The shared library: found and loaded once per process.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint, c_void};
use std::sync::OnceLock;

use libloading::Library;

use crate::error::{Error, Result};
use crate::shared_library;

/// `struct aec_stream`.
#[repr(C)]
pub(super) struct AecStream {
    pub(super) next_in: *const u8,
    pub(super) avail_in: usize,
    pub(super) total_in: usize,
    pub(super) next_out: *mut u8,
    pub(super) avail_out: usize,
    pub(super) total_out: usize,
    pub(super) bits_per_sample: c_uint,
    pub(super) block_size: c_uint,
    pub(super) rsi: c_uint,
    pub(super) flags: c_uint,
    pub(super) state: *mut c_void,
}

/// The functions that we call. The pointers stay valid for ever: the library is never unloaded.
pub(super) struct Functions {
    pub(super) encode_init: unsafe extern "C" fn(*mut AecStream) -> c_int,
    pub(super) encode: unsafe extern "C" fn(*mut AecStream, c_int) -> c_int,
    pub(super) encode_end: unsafe extern "C" fn(*mut AecStream) -> c_int,
}

/// Loads the library on the first call.
pub(super) fn functions() -> Result<&'static Functions> {
    static FUNCTIONS: OnceLock<std::result::Result<Functions, String>> = OnceLock::new();
    FUNCTIONS
        .get_or_init(load)
        .as_ref()
        .map_err(|reason| Error::CompressionLibraryMissing { reason: reason.clone() })
}

fn load() -> std::result::Result<Functions, String> {
    // SAFETY: libaec has no initialisers that act on anything but itself.
    let (library, name) =
        unsafe { shared_library::open("TERRELLA_LIBAEC", &["libaec.so.0", "libaec.so", "libaec.dylib"]) }?;
    symbols(library, &name)
}

fn symbols(library: Library, name: &str) -> std::result::Result<Functions, String> {
    macro_rules! symbol {
        ($symbol:literal) => {{
            // SAFETY: the type that the field below asks for is the function's in libaec's public header; the pointer
            // outlives the symbol because the library is leaked at the end.
            *unsafe { library.get($symbol) }.map_err(|error| format!("'{name}' is not a usable libaec ({error})"))?
        }};
    }
    let functions = Functions {
        encode_init: symbol!(b"aec_encode_init"),
        encode: symbol!(b"aec_encode"),
        encode_end: symbol!(b"aec_encode_end"),
    };
    std::mem::forget(library);
    Ok(functions)
}
