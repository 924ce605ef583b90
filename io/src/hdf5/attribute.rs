//! Attributes of the file and of datasets: texts and single numbers.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr;

use super::dataset::Dataset;
use super::file::File;
use super::kind::TEXT;
use super::library::{Id, Owned, Session};
use super::number::{Element, native};
use crate::error::Result;

impl File {
    /// Sets a text on a dataset, or on the file itself: as many bytes as the text has, zero-padded, at least one.
    pub(crate) fn set_text(&self, of: Option<Dataset>, name: &str, text: &str) -> Result<()> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().max(1), 0);
        self.set_bytes(of, name, &bytes, 1)
    }

    /// Sets a text with the zero byte at its end, as the dimension scales' own attributes have it.
    pub(super) fn set_terminated(&self, of: Dataset, name: &str, text: &str) -> Result<()> {
        self.set_bytes(Some(of), name, &[text.as_bytes(), &[0]].concat(), 0)
    }

    fn set_bytes(&self, of: Option<Dataset>, name: &str, bytes: &[u8], padding: c_int) -> Result<()> {
        let session = Session::begin()?;
        let kind = self.text_type(&session, bytes.len(), padding, bytes.is_ascii())?;
        self.set(&session, of, name, kind.id, kind.id, 0, bytes.as_ptr().cast())
    }

    /// Sets a number with the type of its Rust value, as an array of one, as NetCDF has them.
    pub(crate) fn set_number<T: Element>(&self, of: Option<Dataset>, name: &str, value: T) -> Result<()> {
        let session = Session::begin()?;
        let functions = session.functions;
        let stored = T::NUMBERS.stored(functions);
        self.set(&session, of, name, stored, native::<T>(functions), 1, ptr::from_ref(&value).cast())
    }

    /// Sets a whole number (32 bits), as an array of one.
    pub(crate) fn set_integer(&self, of: Option<Dataset>, name: &str, value: i32) -> Result<()> {
        self.set_whole(of, name, value, 1)
    }

    pub(super) fn set_whole(&self, of: Option<Dataset>, name: &str, value: i32, length: u64) -> Result<()> {
        let session = Session::begin()?;
        let kind = session.functions.native_int;
        self.set(&session, of, name, kind, kind, length, ptr::from_ref(&value).cast())
    }

    /// Writes over a text of the same number of bytes.
    pub(crate) fn replace_text(&self, name: &str, text: &str) -> Result<()> {
        let session = Session::begin()?;
        let attribute = self.open_attribute(&session, None, name)?;
        let kind = self.text_type(&session, text.len(), 1, text.is_ascii())?;
        // SAFETY: an open attribute, and a text of the type's length; libhdf5 converts to the attribute's own.
        let code =
            unsafe { (session.functions.attribute_write)(attribute.id, kind.id, text.as_ptr().cast()) };
        session.check(code, &self.path, &format!("changing '{name}'"))
    }

    /// A text; None where there is no such attribute, or one that is no text of fixed length.
    pub(crate) fn text(&self, of: Option<Dataset>, name: &str) -> Result<Option<String>> {
        let session = Session::begin()?;
        let functions = session.functions;
        let title = self.name(name)?;
        // SAFETY: an open object and a zero-terminated name.
        let exists = unsafe { (functions.attribute_exists)(self.object(of), title.as_ptr()) };
        session.check(exists, &self.path, &format!("looking for '{name}'"))?;
        if exists == 0 {
            return Ok(None);
        }
        let attribute = self.open_attribute(&session, of, name)?;
        // SAFETY: an open attribute.
        let kind = unsafe { (functions.attribute_type)(attribute.id) };
        let kind = session.own(kind, functions.type_close, &self.path, "asking for a type")?;
        // SAFETY: an open attribute.
        let space = unsafe { (functions.attribute_space)(attribute.id) };
        let space = session.own(space, functions.space_close, &self.path, "asking for a space")?;
        // SAFETY: a live type and a live space.
        let (is_text, size) = unsafe {
            let is_text = (functions.class)(kind.id) == TEXT
                && (functions.is_variable_text)(kind.id) == 0
                && (functions.points)(space.id) == 1;
            (is_text, (functions.size)(kind.id))
        };
        if !is_text {
            return Ok(None);
        }
        let mut bytes = vec![0_u8; size];
        // SAFETY: one text of the type's size is read into as many bytes.
        let code = unsafe { (functions.attribute_read)(attribute.id, kind.id, bytes.as_mut_ptr().cast()) };
        session.check(code, &self.path, &format!("reading '{name}'"))?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Ok(Some(String::from_utf8_lossy(&bytes[..end]).into_owned()))
    }

    /// A whole number; None where there is no such attribute. What is no number is an error.
    pub(crate) fn integer(&self, of: Dataset, name: &str) -> Result<Option<i32>> {
        let session = Session::begin()?;
        let functions = session.functions;
        let title = self.name(name)?;
        // SAFETY: an open object and a zero-terminated name.
        let exists = unsafe { (functions.attribute_exists)(of.0, title.as_ptr()) };
        session.check(exists, &self.path, &format!("looking for '{name}'"))?;
        if exists == 0 {
            return Ok(None);
        }
        let attribute = self.open_attribute(&session, Some(of), name)?;
        // SAFETY: an open attribute.
        let space = unsafe { (functions.attribute_space)(attribute.id) };
        let space = session.own(space, functions.space_close, &self.path, "asking for a space")?;
        // SAFETY: a live space.
        if unsafe { (functions.points)(space.id) } != 1 {
            return Ok(None);
        }
        let mut value = 0_i32;
        // SAFETY: one number is read, converted to the native type, or refused.
        let code = unsafe {
            (functions.attribute_read)(attribute.id, functions.native_int, (&raw mut value).cast())
        };
        session.check(code, &self.path, &format!("reading '{name}'")).map(|()| Some(value))
    }

    pub(super) fn object(&self, of: Option<Dataset>) -> Id {
        of.map_or(self.id, |dataset| dataset.0)
    }

    /// `length` 0: a single value, else an array. `values` must be of type `memory`.
    pub(super) fn set(
        &self,
        session: &Session,
        of: Option<Dataset>,
        name: &str,
        stored: Id,
        memory: Id,
        length: u64,
        values: *const c_void,
    ) -> Result<()> {
        let functions = session.functions;
        let operation = format!("setting '{name}'");
        // SAFETY: one length, and no limit of its own.
        let space = unsafe {
            match length {
                0 => (functions.space_of_one)(0),
                _ => (functions.space)(1, &length, ptr::null()),
            }
        };
        let space = session.own(space, functions.space_close, &self.path, &operation)?;
        let title = self.name(name)?;
        // SAFETY: an open object, a zero-terminated name, a live type and space.
        let id =
            unsafe { (functions.attribute_create)(self.object(of), title.as_ptr(), stored, space.id, 0, 0) };
        let attribute = session.own(id, functions.attribute_close, &self.path, &operation)?;
        // SAFETY: the callers in this folder pass `length` (at least one) values of type `memory`.
        let code = unsafe { (functions.attribute_write)(attribute.id, memory, values) };
        session.check(code, &self.path, &operation)
    }

    fn open_attribute<'a>(&self, session: &'a Session, of: Option<Dataset>, name: &str) -> Result<Owned<'a>> {
        let title = self.name(name)?;
        // SAFETY: an open object and a zero-terminated name.
        let id = unsafe { (session.functions.attribute_open)(self.object(of), title.as_ptr(), 0) };
        session.own(id, session.functions.attribute_close, &self.path, &format!("opening '{name}'"))
    }

    fn text_type<'a>(
        &self,
        session: &'a Session,
        bytes: usize,
        padding: c_int,
        ascii: bool,
    ) -> Result<Owned<'a>> {
        let functions = session.functions;
        // SAFETY: a live type is copied, and its copy changed.
        let id = unsafe { (functions.copy_type)(functions.text) };
        let kind = session.own(id, functions.type_close, &self.path, "making a type")?;
        // SAFETY: as above.
        let codes = unsafe {
            [
                (functions.set_size)(kind.id, bytes),
                (functions.set_padding)(kind.id, padding),
                (functions.set_characters)(kind.id, c_int::from(!ascii)),
            ]
        };
        for code in codes {
            session.check(code, &self.path, "making a type")?;
        }
        Ok(kind)
    }
}
