//! The border between Rust and its C callers: pointers become slices, panics and failures become statuses.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Element, Error};

use crate::failure::{Cause, Failure, Outcome};

thread_local! {
    static LAST_MESSAGE: RefCell<CString> = RefCell::new(CString::default());
}

/// Runs the body of an entry point and catches its panics.
pub(crate) fn guarded<T>(body: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    // A panic leaves no broken invariant behind: plans only hold workspace, which every call overwrites.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic_text(panic.as_ref());
        Err(Failure::new(Cause::Internal, format!("Internal error: {text}")))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Keeps a message for this thread's `terrella_last_error_message`.
pub(crate) fn keep_message(message: &str) {
    let text = CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
    LAST_MESSAGE.with_borrow_mut(|last| *last = text);
}

/// This thread's last message; valid until its next failure.
pub(crate) fn last_message() -> *const c_char {
    LAST_MESSAGE.with_borrow(|last| last.as_ptr())
}

/// An array as a C caller describes it.
#[derive(Clone, Copy)]
pub(crate) struct Array<T> {
    name: &'static str,
    pointer: *mut T,
    len: usize,
}

impl<T> Array<T> {
    pub(crate) fn input(name: &'static str, pointer: *const T, len: usize) -> Self {
        Self { name, pointer: pointer.cast_mut(), len }
    }

    pub(crate) fn output(name: &'static str, pointer: *mut T, len: usize) -> Self {
        Self { name, pointer, len }
    }

    fn check(&self) -> Outcome {
        if self.len == 0 {
            return Ok(());
        }
        if self.pointer.is_null() {
            return Err(Failure::null(self.name));
        }
        if !self.pointer.is_aligned() {
            let expected = format!("an address that is a multiple of {} bytes", align_of::<T>());
            return Err(Failure::invalid(self.name, format!("{:p}", self.pointer), &expected));
        }
        let fits = self.len.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= isize::MAX as usize);
        if fits { Ok(()) } else { Err(Failure::memory(self.name, self.len)) }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let end = |array: &Self| array.pointer.addr().saturating_add(array.len * size_of::<T>());
        self.len > 0 && other.len > 0 && self.pointer.addr() < end(other) && other.pointer.addr() < end(self)
    }

    /// # Safety
    /// Checked; readable for its length, and nobody writes to it for `'a`.
    unsafe fn slice<'a>(self) -> &'a [T] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: not null, aligned and of a possible size (`check`); the rest is the caller's promise.
        unsafe { std::slice::from_raw_parts(self.pointer, self.len) }
    }

    /// # Safety
    /// As for `slice`, and writable and used by nobody else for `'a`.
    unsafe fn slice_mut<'a>(self) -> &'a mut [T] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: as in `slice`.
        unsafe { std::slice::from_raw_parts_mut(self.pointer, self.len) }
    }
}

impl<T: Element> Array<T> {
    /// The array as a buffer of a device, in whose memory it lies and stays; a failure where the device says that it does
    /// not.
    ///
    /// # Safety
    /// As for [`slices`], on the device, until the buffer is dropped and the work on it is done.
    pub(crate) unsafe fn buffer(&self, device: Device) -> Outcome<Buffer<T>> {
        // SAFETY: the caller's promise.
        let buffer = unsafe { Buffer::from_device_address(device, self.pointer.addr() as u64, self.len) };
        buffer.map_err(|error| match error {
            Error::ForeignMemory { reason, .. } => {
                let (name, pointer) = (self.name, self.pointer);
                let message = format!("'{name}' at {pointer:p} is no memory of device '{device}': {reason}.");
                Failure::new(Cause::InvalidValue, message)
            }
            error => error.into(),
        })
    }
}

/// Refuses NULL and misaligned pointers, and an output that shares memory with another array.
pub(crate) fn expect_apart<T>(inputs: &[Array<T>], outputs: &[Array<T>]) -> Outcome {
    for array in inputs.iter().chain(outputs) {
        array.check()?;
    }
    for (index, output) in outputs.iter().enumerate() {
        if let Some(other) = inputs.iter().chain(&outputs[..index]).find(|other| output.overlaps(other)) {
            let message =
                format!("'{}' and '{}' share memory: expected arrays apart.", other.name, output.name);
            return Err(Failure::new(Cause::InvalidValue, message));
        }
    }
    Ok(())
}

/// What a call reads, and what it writes.
pub(crate) type Slices<'a, T, const I: usize, const O: usize> = ([&'a [T]; I], [&'a mut [T]; O]);

/// Slices over the arrays of one call, which must pass [`expect_apart`].
///
/// # Safety
/// Every array must be readable (an output: writable, and initialised or of a type without invalid values that is only
/// written) for its length, and no other thread may write to it during `'a`.
pub(crate) unsafe fn slices<'a, T, const I: usize, const O: usize>(
    inputs: [Array<T>; I],
    outputs: [Array<T>; O],
) -> Outcome<Slices<'a, T, I, O>> {
    expect_apart(&inputs, &outputs)?;
    // SAFETY: all arrays passed `check`; outputs are disjoint from everything else, so that no `&mut` aliases; the
    // lengths and the absence of other writers are the caller's promise.
    Ok(unsafe { (inputs.map(|array| array.slice()), outputs.map(|array| array.slice_mut())) })
}

/// A slice to read.
///
/// # Safety
/// As for [`slices`].
pub(crate) unsafe fn input<'a, T>(name: &'static str, pointer: *const T, len: usize) -> Outcome<&'a [T]> {
    let array = Array::input(name, pointer, len);
    array.check()?;
    // SAFETY: checked; the rest is the caller's promise.
    Ok(unsafe { array.slice() })
}

/// A slice to write.
///
/// # Safety
/// As for [`slices`].
pub(crate) unsafe fn output<'a, T>(name: &'static str, pointer: *mut T, len: usize) -> Outcome<&'a mut [T]> {
    let array = Array::output(name, pointer, len);
    array.check()?;
    // SAFETY: checked; the rest is the caller's promise.
    Ok(unsafe { array.slice_mut() })
}

/// The one value behind a pointer.
///
/// # Safety
/// Unless NULL, the pointer must be to a value that nobody else uses during `'a`.
pub(crate) unsafe fn reference<'a, T>(name: &'static str, pointer: *mut T) -> Outcome<&'a mut T> {
    Array::output(name, pointer, 1).check()?;
    // SAFETY: not null and aligned; the rest is the caller's promise.
    Ok(unsafe { &mut *pointer })
}

/// A text in UTF-8.
///
/// # Safety
/// Unless NULL, the pointer must be to a text that ends with a zero byte and that nobody writes to during `'a`.
pub(crate) unsafe fn text<'a>(name: &'static str, pointer: *const c_char) -> Outcome<&'a str> {
    if pointer.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: not null; the end and the absence of writers are the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Failure::invalid(name, text.to_string_lossy(), "a text in UTF-8"))
}

/// `len` zeros, or a failure where there is no room for them.
pub(crate) fn zeros<T: Copy + Default>(name: &str, len: usize) -> Outcome<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| Failure::memory(name, len))?;
    values.resize(len, T::default());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_text() {
        let failure = guarded::<()>(|| panic!("number {}", 7)).unwrap_err();
        assert_eq!((failure.cause, failure.message.as_str()), (Cause::Internal, "Internal error: number 7"));
    }

    #[test]
    fn overlapping_null_and_misaligned_arrays_are_refused() {
        let mut values = [0.0_f64; 8];
        let start = values.as_mut_ptr();
        let failure = |input: Array<f64>, output: Array<f64>| {
            // SAFETY: refused before anything is read.
            unsafe { slices([input], [output]) }.map(|_| ()).unwrap_err().message
        };
        let whole = Array::output("values", start, 8);
        // SAFETY: inside the array.
        let inside = unsafe { start.add(3) };
        assert_eq!(
            failure(Array::input("spectrum", inside, 2), whole),
            "'spectrum' and 'values' share memory: expected arrays apart."
        );
        assert_eq!(failure(Array::input("spectrum", std::ptr::null(), 2), whole), "'spectrum' is NULL.");
        let odd = start.cast::<u8>().wrapping_add(1).cast();
        assert!(failure(Array::input("spectrum", odd, 2), whole).contains("multiple of 8 bytes"));
        assert!(failure(Array::input("spectrum", start, usize::MAX / 4), whole).contains("No room"));
        // SAFETY: the two halves are apart and live.
        let (inputs, outputs) = unsafe {
            slices([Array::input("a", start, 3)], [Array::output("b", inside, 5)]).expect("arrays apart")
        };
        assert_eq!((inputs[0].len(), outputs[0].len()), (3, 5));
    }
}
