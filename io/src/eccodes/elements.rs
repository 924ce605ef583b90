//! The elements of a BUFR message, in order, over all of its subsets.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_double};
use std::ops::Range;
use std::ptr;

use super::library::{Opaque, Session};
use super::message::{Message, text};
use crate::error::Result;

/// What a caller does with an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<K> {
    /// Its numbers, as `K`.
    Numbers(K),
    /// Its texts, as `K`.
    Texts(K),
}

/// One element. A compressed message has one for all subsets, with a value for each or one for all; any other message has an
/// element with one value for every occurrence.
#[derive(Clone, Debug)]
pub(crate) struct Element<K> {
    pub(crate) key: K,
    values: Range<usize>,
    is_text: bool,
}

/// The wanted elements of a message.
#[derive(Clone, Debug)]
pub(crate) struct Elements<K> {
    pub(crate) list: Vec<Element<K>>,
    numbers: Vec<f64>,
    texts: Vec<Option<String>>,
}

impl<K> Default for Elements<K> {
    fn default() -> Self {
        Self { list: Vec::new(), numbers: Vec::new(), texts: Vec::new() }
    }
}

impl<K> Elements<K> {
    /// The number of a subset, from 0; None where it is missing or a text.
    pub(crate) fn number(&self, element: &Element<K>, subset: usize) -> Option<f64> {
        if element.is_text {
            return None;
        }
        // ecCodes' number for missing values.
        pick(&self.numbers[element.values.clone()], subset).copied().filter(|value| *value > -1e99)
    }

    /// The text of a subset, from 0; None where it is missing, blank or a number.
    pub(crate) fn text(&self, element: &Element<K>, subset: usize) -> Option<&str> {
        if !element.is_text {
            return None;
        }
        pick(&self.texts[element.values.clone()], subset)?.as_deref()
    }
}

fn pick<T>(values: &[T], subset: usize) -> Option<&T> {
    if values.len() == 1 { values.first() } else { values.get(subset) }
}

/// ecCodes' iterator over the keys of a message; deleted when dropped, before the session ends.
struct Keys<'a> {
    session: &'a Session,
    iterator: *mut Opaque,
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `bufr_keys_iterator_new`, not null, deleted here only.
        unsafe { (self.session.functions.bufr_keys_iterator_delete)(self.iterator) };
    }
}

impl Message {
    /// Unpacks a BUFR message and gathers the elements that `wanted` names, from a key without its rank, such as
    /// `airTemperature` or `airTemperature->percentConfidence`.
    pub(crate) fn elements<K>(&mut self, wanted: impl Fn(&str) -> Option<Wanted<K>>) -> Result<Elements<K>> {
        // Units, scales and widths of every element, which nobody asks for, cost more than the values.
        let _ = self.set_long("skipExtraKeyAttributes", 1);
        self.set_long("unpack", 1)?;
        let session = Session::begin()?;
        // SAFETY: live handle; 0 takes all keys.
        let iterator = unsafe { (session.functions.bufr_keys_iterator_new)(self.handle.as_ptr(), 0) };
        if iterator.is_null() {
            // -13 is GRIB_INVALID_MESSAGE.
            session.check(-13, || "listing of a message's elements".into())?;
            return Ok(Elements::default());
        }
        let keys = Keys { session: &session, iterator };
        let mut elements = Elements::default();
        // SAFETY: the iterator is alive, and so is the message that it walks on.
        while unsafe { (session.functions.bufr_keys_iterator_next)(keys.iterator) } != 0 {
            // SAFETY: as above.
            let name = unsafe { (session.functions.bufr_keys_iterator_get_name)(keys.iterator) };
            if name.is_null() {
                continue;
            }
            // SAFETY: a zero-terminated text that lives until the iterator's next step.
            let Ok(name) = unsafe { CStr::from_ptr(name) }.to_str() else { continue };
            match wanted(without_rank(name)) {
                None => {}
                Some(Wanted::Numbers(key)) => {
                    let values = self.numbers_of(&session, name, &mut elements.numbers)?;
                    elements.list.push(Element { key, values, is_text: false });
                }
                Some(Wanted::Texts(key)) => {
                    let values = self.texts_of(&session, name, &mut elements.texts)?;
                    elements.list.push(Element { key, values, is_text: true });
                }
            }
        }
        Ok(elements)
    }

    fn numbers_of(&self, session: &Session, key: &str, numbers: &mut Vec<f64>) -> Result<Range<usize>> {
        let text = text(key)?;
        let first = numbers.len();
        let mut length = self.size(session, key)?;
        numbers.resize(first + length, 0.0 as c_double);
        // SAFETY: live handle, zero-terminated key, and an array with its true length.
        let code = unsafe {
            (session.functions.get_double_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                numbers[first..].as_mut_ptr(),
                &mut length,
            )
        };
        session.check(code, || format!("reading of '{key}'"))?;
        numbers.truncate(first + length);
        Ok(first..numbers.len())
    }

    fn texts_of(
        &self,
        session: &Session,
        key: &str,
        texts: &mut Vec<Option<String>>,
    ) -> Result<Range<usize>> {
        let text = text(key)?;
        let first = texts.len();
        let mut length = self.size(session, key)?;
        let mut pointers: Vec<*mut c_char> = vec![ptr::null_mut(); length];
        // SAFETY: live handle, zero-terminated key, and an array with its true length, into which ecCodes writes pointers to
        // texts of its own making.
        let code = unsafe {
            (session.functions.get_string_array)(
                self.handle.as_ptr(),
                text.as_ptr(),
                pointers.as_mut_ptr(),
                &mut length,
            )
        };
        for pointer in pointers {
            if pointer.is_null() {
                continue;
            }
            // SAFETY: not null, so a zero-terminated text, which is copied before it is freed by the allocator that made it,
            // that of the default context (null).
            unsafe {
                texts.push(known(CStr::from_ptr(pointer).to_bytes()));
                (session.functions.context_free)(ptr::null(), pointer.cast());
            }
        }
        session.check(code, || format!("reading of texts '{key}'"))?;
        Ok(first..texts.len())
    }
}

/// `#12#airTemperature` is airTemperature.
fn without_rank(key: &str) -> &str {
    match key.strip_prefix('#') {
        Some(rest) => rest.split_once('#').map_or(rest, |(_, key)| key),
        None => key,
    }
}

/// A text without blanks around it; missing ones have all bits set.
fn known(bytes: &[u8]) -> Option<String> {
    if bytes.iter().all(|byte| *byte == 0xff) {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}
