//! Objects of the library that live as long as one call of ours: keys, requests, iterators, readers.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int};
use std::ptr::{self, NonNull};

use super::library::{Delete, New, Opaque, Session};
use super::request::Request;
use crate::error::{Error, Result};

/// Deleted when dropped.
pub(super) struct Owned<'a> {
    pointer: NonNull<Opaque>,
    delete: Delete,
    /// Until then no other thread is in the library.
    _session: &'a Session,
}

impl<'a> Owned<'a> {
    /// What `new` makes and `delete` deletes: both must be functions of the session for one kind of object.
    pub(super) fn new(session: &'a Session, new: New, delete: Delete, what: &str) -> Result<Self> {
        let mut pointer = ptr::null_mut();
        // SAFETY: an out-pointer to a live variable.
        let status = unsafe { new(&mut pointer) };
        session.check(status, || format!("making a {what}"))?;
        Self::take(session, pointer, delete, what)
    }

    /// Owns what the library has made.
    pub(super) fn take(
        session: &'a Session,
        pointer: *mut Opaque,
        delete: Delete,
        what: &str,
    ) -> Result<Self> {
        let pointer = NonNull::new(pointer).ok_or_else(|| Error::Fdb {
            operation: format!("making a {what}"),
            reason: "there is none".into(),
        })?;
        Ok(Self { pointer, delete, _session: session })
    }

    pub(super) fn key<K: AsRef<str>, V: AsRef<str>>(session: &'a Session, key: &[(K, V)]) -> Result<Self> {
        let functions = session.functions;
        let object = Self::new(session, functions.new_key, functions.delete_key, "key")?;
        for (word, value) in key {
            let (word, value) = (c_text(word.as_ref())?, c_text(value.as_ref())?);
            // SAFETY: a live key and two zero-terminated texts, which are copied.
            let status = unsafe { (functions.key_add)(object.pointer(), word.as_ptr(), value.as_ptr()) };
            session.check(status, || "filling a key".into())?;
        }
        Ok(object)
    }

    pub(super) fn request(session: &'a Session, request: &Request) -> Result<Self> {
        let functions = session.functions;
        let object = Self::new(session, functions.new_request, functions.delete_request, "request")?;
        for (word, values) in request.iter() {
            let word = c_text(word)?;
            let values = values.iter().map(|value| c_text(value)).collect::<Result<Vec<_>>>()?;
            let pointers: Vec<_> = values.iter().map(|value| value.as_ptr()).collect();
            let count = c_int::try_from(pointers.len()).map_err(|_| Error::InvalidValue {
                name: "values of a request".into(),
                got: pointers.len().to_string(),
                expected: "fewer than 2^31".into(),
            })?;
            // SAFETY: a live request, a zero-terminated text, and an array of `count` such, which are copied.
            let status =
                unsafe { (functions.request_add)(object.pointer(), word.as_ptr(), pointers.as_ptr(), count) };
            session.check(status, || "filling a request".into())?;
        }
        Ok(object)
    }

    pub(super) fn pointer(&self) -> *mut Opaque {
        self.pointer.as_ptr()
    }
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: the library made it for us, and this is the only place that deletes it.
        unsafe { (self.delete)(self.pointer.as_ptr()) };
    }
}

pub(super) fn c_text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::InvalidValue {
        name: "text for FDB".into(),
        got: format!("{text:?}"),
        expected: "a text without zero bytes".into(),
    })
}
