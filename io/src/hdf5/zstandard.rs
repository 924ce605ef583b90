//! The filter zstd (32015 in the HDF Group's register of filters) for libhdf5 in this process.
//!
//! A chunk is one zstd frame that tells its content's size; the filter's one parameter is the level. So does the
//! plugin `HDF5Plugin-Zstandard`, which other programs read such files by.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use super::library::{Functions, loaded};
use crate::error::{Error, Result};

/// The filter's number.
pub(super) const NUMBER: c_int = 32015;

/// The largest chunk that is unpacked: libhdf5 takes none of 4 GiB.
const LARGEST: usize = u32::MAX as usize;

type Apply = unsafe extern "C" fn(c_uint, usize, *const c_uint, usize, *mut usize, *mut *mut c_void) -> usize;

/// `H5Z_class2_t`.
#[repr(C)]
pub(super) struct FilterClass {
    version: c_int,
    id: c_int,
    encoder_present: c_uint,
    decoder_present: c_uint,
    name: *const c_char,
    can_apply: *const c_void,
    set_local: *const c_void,
    filter: Apply,
}

/// Registers our filter once, if none is there. The session must be held.
pub(super) fn register(functions: &Functions) -> Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(Ordering::Relaxed) {
        return Ok(());
    }
    let class = FilterClass {
        version: 1,
        id: NUMBER,
        encoder_present: 1,
        decoder_present: 1,
        name: c"zstd".as_ptr(),
        can_apply: std::ptr::null(),
        set_local: std::ptr::null(),
        filter: apply,
    };
    // SAFETY: any number may be asked for; libhdf5 copies the class, whose name and function are static.
    let refused =
        unsafe { (functions.is_filter_available)(NUMBER) <= 0 && (functions.register_filter)(&class) < 0 };
    if refused {
        let reason = "its filter zstd could not be registered".into();
        return Err(Error::Hdf5Missing { reason });
    }
    DONE.store(true, Ordering::Relaxed);
    Ok(())
}

/// Packs or unpacks a chunk; 0 is an error. Nothing in it panics.
unsafe extern "C" fn apply(
    flags: c_uint,
    parameters: usize,
    values: *const c_uint,
    bytes: usize,
    capacity: *mut usize,
    buffer: *mut *mut c_void,
) -> usize {
    const REVERSE: c_uint = 0x0100;
    let Some(functions) = loaded() else { return 0 };
    // SAFETY: libhdf5 passes `bytes` readable bytes at `*buffer`.
    let input = unsafe { std::slice::from_raw_parts((*buffer).cast::<u8>(), bytes) };
    let output = if flags & REVERSE != 0 {
        let size = zstd::zstd_safe::get_frame_content_size(input).ok().flatten();
        let Some(size) = size.and_then(|size| usize::try_from(size).ok()).filter(|&size| size <= LARGEST)
        else {
            return 0;
        };
        zstd::bulk::decompress(input, size)
    } else {
        // SAFETY: libhdf5 passes as many values as it says.
        let level = if parameters > 0 { unsafe { *values } } else { 3 };
        zstd::bulk::compress(input, level.try_into().unwrap_or(3))
    };
    let Ok(output) = output else { return 0 };
    // SAFETY: memory from libhdf5's own allocator replaces memory from it, as filters are to do.
    unsafe {
        let room = (functions.allocate)(output.len().max(1), false);
        if room.is_null() {
            return 0;
        }
        std::ptr::copy_nonoverlapping(output.as_ptr(), room.cast::<u8>(), output.len());
        (functions.free)(*buffer);
        *buffer = room;
        *capacity = output.len();
    }
    output.len()
}
