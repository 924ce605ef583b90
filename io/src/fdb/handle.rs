//! A database.
#![allow(unsafe_code)]

use std::ffi::c_long;
use std::ptr::{self, NonNull};

use super::library::{Opaque, Session};
use super::list::{self, Entry};
use super::owned::{Owned, c_text};
use super::request::Request;
use crate::error::{Error, Result};

/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// An open database. What was archived and not flushed when it is dropped is flushed then, without telling of an error.
pub struct Fdb {
    handle: NonNull<Opaque>,
}

// SAFETY: the library binds no handle to a thread, all calls are made by one thread at a time, and `Fdb` hands out no
// pointer into a handle.
unsafe impl Send for Fdb {}

impl Fdb {
    /// Opens the database that `FDB5_CONFIG` (YAML) or `FDB5_CONFIG_FILE` describes, or, with a library that can take it
    /// (not 5.10), the one that `config` does, in YAML. What is wrong with its folders is told when it is used.
    pub fn open(config: Option<&str>) -> Result<Self> {
        Self::open_with(config, "{}")
    }

    /// The same with what FDB calls a user's configuration, for a `config`.
    pub fn open_with(config: Option<&str>, user_config: &str) -> Result<Self> {
        let session = Session::begin()?;
        let mut handle = ptr::null_mut();
        let status = match (config, session.functions.new_handle_from_yaml) {
            // SAFETY: an out-pointer to a live variable.
            (None, _) => unsafe { (session.functions.new_handle)(&mut handle) },
            (Some(config), Some(new)) => {
                let (config, user_config) = (c_text(config)?, c_text(user_config)?);
                // SAFETY: an out-pointer to a live variable and two zero-terminated texts, which are copied.
                unsafe { new(&mut handle, config.as_ptr(), user_config.as_ptr()) }
            }
            (Some(_), None) => {
                let reason = "takes no configuration from a program: set FDB5_CONFIG or FDB5_CONFIG_FILE";
                return Err(session.unable("opening", reason));
            }
        };
        session.check(status, || "opening".into())?;
        match NonNull::new(handle) {
            Some(handle) => Ok(Self { handle }),
            None => Err(Error::Fdb { operation: "opening".into(), reason: "there is no handle".into() }),
        }
    }

    /// Puts a message under its key: a word of the database's schema and its value each. It is seen by others, and counts
    /// as stored, from the next flush on. It hides what had the same key.
    pub fn archive<K: AsRef<str>, V: AsRef<str>>(&mut self, key: &[(K, V)], message: &[u8]) -> Result<()> {
        let session = Session::begin()?;
        let object = Owned::key(&session, key)?;
        // SAFETY: a live handle and key, and a pointer with the length of the slice it came from, which is copied.
        let status = unsafe {
            (session.functions.archive)(
                self.handle.as_ptr(),
                object.pointer(),
                message.as_ptr().cast(),
                message.len(),
            )
        };
        session.check(status, || format!("archiving of {{{}}}", text(key)))
    }

    /// Brings what has been archived to the disk, where others see it.
    pub fn flush(&mut self) -> Result<()> {
        let session = Session::begin()?;
        // SAFETY: a live handle.
        let status = unsafe { (session.functions.flush)(self.handle.as_ptr()) };
        session.check(status, || "flush".into())
    }

    /// What there is of a request, which need not name all words.
    pub fn list(&mut self, request: &Request) -> Result<Vec<Entry>> {
        list::list(&Session::begin()?, self.handle.as_ptr(), request)
    }

    /// The messages of a request, one after the other; nothing where there are none. The request needs a value for each
    /// word of the key.
    pub fn retrieve(&mut self, request: &Request) -> Result<Vec<u8>> {
        let session = Session::begin()?;
        let functions = session.functions;
        let operation = || format!("retrieval of {{{request}}}");
        let wanted = Owned::request(&session, request)?;
        let reader = Owned::new(&session, functions.new_datareader, functions.delete_datareader, "reader")?;
        // SAFETY: three live objects.
        let status =
            unsafe { (functions.retrieve)(self.handle.as_ptr(), wanted.pointer(), reader.pointer()) };
        session.check(status, operation)?;
        let mut size: c_long = 0;
        // SAFETY: a live reader that `retrieve` has filled, and an out-pointer to a live variable.
        session.check(unsafe { (functions.datareader_open)(reader.pointer(), &mut size) }, operation)?;
        let mut bytes = Vec::new();
        loop {
            let begin = bytes.len();
            bytes.resize(begin + PIECE, 0);
            let mut read: c_long = 0;
            // SAFETY: an open reader, PIECE writable bytes, and an out-pointer to a live variable.
            let status = unsafe {
                (functions.datareader_read)(
                    reader.pointer(),
                    bytes[begin..].as_mut_ptr().cast(),
                    PIECE as c_long,
                    &mut read,
                )
            };
            session.check(status, operation)?;
            let read =
                usize::try_from(read).ok().filter(|read| *read <= PIECE).ok_or_else(|| Error::Fdb {
                    operation: operation(),
                    reason: format!("{read} bytes were read at byte {begin}"),
                })?;
            bytes.truncate(begin + read);
            if read == 0 {
                break;
            }
        }
        // SAFETY: an open reader.
        session.check(unsafe { (functions.datareader_close)(reader.pointer()) }, operation)?;
        Ok(bytes)
    }
}

impl Drop for Fdb {
    fn drop(&mut self) {
        let Ok(session) = Session::begin() else { return };
        // The library flushes when it deletes a handle, and an error there would end the process. After one here the handle
        // is left alone.
        // SAFETY: a live handle.
        if unsafe { (session.functions.flush)(self.handle.as_ptr()) } == 0 {
            // SAFETY: ours, and deleted here only.
            unsafe { (session.functions.delete_handle)(self.handle.as_ptr()) };
        }
    }
}

fn text<K: AsRef<str>, V: AsRef<str>>(key: &[(K, V)]) -> String {
    let pairs: Vec<_> =
        key.iter().map(|(word, value)| format!("{}={}", word.as_ref(), value.as_ref())).collect();
    pairs.join(",")
}
