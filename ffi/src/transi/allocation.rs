//! Memory that the C caller may free, and that may come from it: libc's.

use std::ffi::c_void;

use crate::failure::{Failure, Outcome};

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(pointer: *mut c_void);
}

/// An array from `malloc` with these values; at least one byte, so that NULL always means that there was no room.
pub(super) fn allocated<T: Copy>(name: &str, values: &[T]) -> Outcome<*mut T> {
    // SAFETY: any size is valid for malloc.
    let pointer = unsafe { malloc(size_of_val(values).max(1)) }.cast::<T>();
    if pointer.is_null() {
        return Err(Failure::memory(name, values.len()));
    }
    // SAFETY: malloc's memory is new, aligned for every scalar type and of the size of `values`.
    unsafe { pointer.copy_from_nonoverlapping(values.as_ptr(), values.len()) };
    Ok(pointer)
}

/// Frees an array and forgets it.
///
/// # Safety
/// NULL, or from `malloc` and not freed.
pub(super) unsafe fn release<T>(pointer: &mut *mut T) {
    // SAFETY: the caller's promise.
    unsafe { free(pointer.cast()) };
    *pointer = std::ptr::null_mut();
}
