//! One GRIB or BUFR message as an ecCodes handle: keys by name, values as arrays.
#![allow(unsafe_code)]

use std::ffi::{CString, c_long};
use std::ptr::{self, NonNull};

use super::library::{Opaque, Session};
use crate::error::{Error, Result};

/// A decoded message, or one in the making. Owned; not shared between threads.
pub(crate) struct Message {
    pub(super) handle: NonNull<Opaque>,
}

impl Message {
    /// Decodes the headers of one whole message; ecCodes keeps its own copy of the bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let session = Session::begin()?;
        // SAFETY: the default context (null), and a pointer with the length of the slice it came from; the bytes are
        // copied by the callee.
        let handle = unsafe {
            (session.functions.handle_new_from_message_copy)(
                ptr::null_mut(),
                bytes.as_ptr().cast(),
                bytes.len(),
            )
        };
        Self::own(&session, handle, || "decoding of a message".into())
    }

    /// One of ecCodes' sample messages, to be filled.
    pub(crate) fn from_sample(name: &str) -> Result<Self> {
        let session = Session::begin()?;
        let text = text(name)?;
        // SAFETY: the default context (null) and a zero-terminated name.
        let handle =
            unsafe { (session.functions.grib_handle_new_from_samples)(ptr::null_mut(), text.as_ptr()) };
        Self::own(&session, handle, || format!("opening of sample '{name}'"))
    }

    /// An independent copy.
    pub(crate) fn duplicate(&self) -> Result<Self> {
        let session = Session::begin()?;
        // SAFETY: the handle is alive as long as self.
        let handle = unsafe { (session.functions.handle_clone)(self.handle.as_ptr()) };
        Self::own(&session, handle, || "copying of a message".into())
    }

    fn own(session: &Session, handle: *mut Opaque, operation: impl FnOnce() -> String) -> Result<Self> {
        let Some(handle) = NonNull::new(handle) else {
            // -13 is GRIB_INVALID_MESSAGE ("Message invalid"): the functions above return no code of their own.
            return session.check(-13, operation).map(|()| unreachable!("-13 is no success"));
        };
        let message = Self { handle };
        match session.check(0, operation) {
            Ok(()) => Ok(message),
            Err(error) => {
                // SAFETY: just created, deleted once: `forget` keeps drop (which would wait for the session) away.
                unsafe { (session.functions.handle_delete)(message.handle.as_ptr()) };
                std::mem::forget(message);
                Err(error)
            }
        }
    }

    /// The encoded message.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let session = Session::begin()?;
        let (mut data, mut length) = (ptr::null(), 0);
        // SAFETY: live handle and two out-pointers to live variables.
        let code = unsafe { (session.functions.get_message)(self.handle.as_ptr(), &mut data, &mut length) };
        session.check(code, || "building of a message".into())?;
        // SAFETY: on success `data` points to `length` bytes owned by the handle, which is not changed before they are copied.
        Ok(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec())
    }

    pub(crate) fn long(&self, key: &str) -> Result<i64> {
        let session = Session::begin()?;
        let (text, mut value) = (text(key)?, 0);
        // SAFETY: live handle, zero-terminated key, out-pointer to a live variable.
        let code = unsafe { (session.functions.get_long)(self.handle.as_ptr(), text.as_ptr(), &mut value) };
        session.check(code, || format!("reading of key '{key}'"))?;
        Ok(value)
    }

    pub(crate) fn double(&self, key: &str) -> Result<f64> {
        let session = Session::begin()?;
        let (text, mut value) = (text(key)?, 0.0);
        // SAFETY: live handle, zero-terminated key, out-pointer to a live variable.
        let code = unsafe { (session.functions.get_double)(self.handle.as_ptr(), text.as_ptr(), &mut value) };
        session.check(code, || format!("reading of key '{key}'"))?;
        Ok(value)
    }

    pub(crate) fn string(&self, key: &str) -> Result<String> {
        let session = Session::begin()?;
        let text = text(key)?;
        let mut buffer = [0_u8; 1024];
        let mut length = buffer.len();
        // SAFETY: live handle, zero-terminated key, and a buffer with its true length.
        let code = unsafe {
            (session.functions.get_string)(
                self.handle.as_ptr(),
                text.as_ptr(),
                buffer.as_mut_ptr().cast(),
                &mut length,
            )
        };
        session.check(code, || format!("reading of key '{key}'"))?;
        let end = buffer.iter().position(|&byte| byte == 0).unwrap_or(buffer.len());
        Ok(String::from_utf8_lossy(&buffer[..end]).into_owned())
    }

    pub(crate) fn longs(&self, key: &str) -> Result<Vec<i64>> {
        let session = Session::begin()?;
        let text = text(key)?;
        let mut values = vec![0 as c_long; self.size(&session, key)?];
        let mut length = values.len();
        // SAFETY: live handle, zero-terminated key, and an array with its true length.
        let code = unsafe {
            (session.functions.get_long_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                values.as_mut_ptr(),
                &mut length,
            )
        };
        session.check(code, || format!("reading of array '{key}'"))?;
        values.truncate(length);
        Ok(values)
    }

    pub(crate) fn doubles(&self, key: &str) -> Result<Vec<f64>> {
        let session = Session::begin()?;
        let text = text(key)?;
        let mut values = vec![0.0; self.size(&session, key)?];
        let mut length = values.len();
        // SAFETY: live handle, zero-terminated key, and an array with its true length.
        let code = unsafe {
            (session.functions.get_double_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                values.as_mut_ptr(),
                &mut length,
            )
        };
        session.check(code, || format!("reading of array '{key}'"))?;
        values.truncate(length);
        Ok(values)
    }

    pub(super) fn size(&self, session: &Session, key: &str) -> Result<usize> {
        let (text, mut size) = (text(key)?, 0);
        // SAFETY: live handle, zero-terminated key, out-pointer to a live variable.
        let code = unsafe { (session.functions.get_size)(self.handle.as_ptr(), text.as_ptr(), &mut size) };
        session.check(code, || format!("reading of the size of '{key}'"))?;
        Ok(size)
    }

    /// Sets a key whose value is to be "missing".
    pub(crate) fn set_missing(&mut self, key: &str) -> Result<()> {
        let session = Session::begin()?;
        let text = text(key)?;
        // SAFETY: live handle borrowed mutably, zero-terminated key.
        let code = unsafe { (session.functions.set_missing)(self.handle.as_ptr(), text.as_ptr()) };
        session.check(code, || format!("setting of key '{key}' to missing"))
    }

    pub(crate) fn set_long(&mut self, key: &str, value: i64) -> Result<()> {
        let session = Session::begin()?;
        let text = text(key)?;
        // SAFETY: live handle borrowed mutably, zero-terminated key.
        let code = unsafe { (session.functions.set_long)(self.handle.as_ptr(), text.as_ptr(), value) };
        session.check(code, || format!("setting of '{key}' to {value}"))
    }

    pub(crate) fn set_double(&mut self, key: &str, value: f64) -> Result<()> {
        let session = Session::begin()?;
        let text = text(key)?;
        // SAFETY: live handle borrowed mutably, zero-terminated key.
        let code = unsafe { (session.functions.set_double)(self.handle.as_ptr(), text.as_ptr(), value) };
        session.check(code, || format!("setting of '{key}' to {value}"))
    }

    pub(crate) fn set_string(&mut self, key: &str, value: &str) -> Result<()> {
        let session = Session::begin()?;
        let (key_text, value_text) = (text(key)?, text(value)?);
        let mut length = value.len();
        // SAFETY: live handle borrowed mutably, zero-terminated texts, true length.
        let code = unsafe {
            (session.functions.set_string)(
                self.handle.as_ptr(),
                key_text.as_ptr(),
                value_text.as_ptr(),
                &mut length,
            )
        };
        session.check(code, || format!("setting of '{key}' to '{value}'"))
    }

    pub(crate) fn set_longs(&mut self, key: &str, values: &[i64]) -> Result<()> {
        let session = Session::begin()?;
        let text = text(key)?;
        // SAFETY: live handle borrowed mutably, zero-terminated key, a slice with its own length.
        let code = unsafe {
            (session.functions.set_long_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                values.as_ptr(),
                values.len(),
            )
        };
        session.check(code, || format!("setting of array '{key}'"))
    }

    pub(crate) fn set_doubles(&mut self, key: &str, values: &[f64]) -> Result<()> {
        let session = Session::begin()?;
        let text = text(key)?;
        // SAFETY: live handle borrowed mutably, zero-terminated key, a slice with its own length.
        let code = unsafe {
            (session.functions.set_double_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                values.as_ptr(),
                values.len(),
            )
        };
        session.check(code, || format!("setting of array '{key}'"))
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        if let Ok(session) = Session::begin() {
            // SAFETY: the handle is owned by self and deleted here only.
            unsafe { (session.functions.handle_delete)(self.handle.as_ptr()) };
        }
    }
}

pub(super) fn text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::InvalidValue {
        name: "key or value".into(),
        got: format!("{text:?}"),
        expected: "a text without zero bytes".into(),
    })
}
