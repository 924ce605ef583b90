//! What a database holds.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::ptr;

use super::library::{Listing, Opaque, Session, text};
use super::owned::Owned;
use super::request::Request;
use crate::error::{Error, Result};

/// A message in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key, in the order of the database's schema. Words that the schema lets be absent have an empty value or none.
    pub key: Vec<(String, String)>,
    /// Where its bytes are, where the library tells (not 5.10).
    pub location: Option<Location>,
}

/// Bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: String,
    /// Where they start (bytes).
    pub offset: u64,
    /// How many there are.
    pub length: u64,
}

/// `fdb_listiterator_next` and `fdb_splitkey_next_metadata` have no more.
const COMPLETE: i32 = 3;

/// All levels of the schema.
const DEPTH: i32 = 3;

/// Entries of the database behind a live `handle`, without those that later ones hide.
pub(super) fn list(session: &Session, handle: *mut Opaque, request: &Request) -> Result<Vec<Entry>> {
    let functions = session.functions;
    let operation = || format!("listing of {{{request}}}");
    let wanted = Owned::request(session, request)?;
    let delete = functions.delete_listiterator;
    let mut entries = Vec::new();
    match &functions.listing {
        None => {
            return Err(session.unable("listing", "lists in another way than 5.10 and 5.25"));
        }
        Some(Listing::Texts { new, list, next }) => {
            let iterator = Owned::new(session, *new, delete, "list")?;
            let mut listed = HashSet::new();
            // SAFETY: three live objects.
            session.check(unsafe { list(handle, wanted.pointer(), iterator.pointer()) }, operation)?;
            loop {
                let (mut exists, mut entry) = (false, ptr::null());
                // SAFETY: a live iterator and two out-pointers to live variables.
                session.check(unsafe { next(iterator.pointer(), &mut exists, &mut entry) }, operation)?;
                if !exists {
                    break;
                }
                let entry = text(entry);
                // Hidden ones are listed too, and look the same.
                if listed.insert(entry.clone()) {
                    entries.push(Entry { key: pairs(&entry)?, location: None });
                }
            }
        }
        Some(Listing::Parts { list, next, attributes, key, new_key, next_pair, delete_key }) => {
            let mut iterator = ptr::null_mut();
            // SAFETY: two live objects and an out-pointer to a live variable.
            // The header says that true lists hidden messages too; in truth it leaves them out.
            let status = unsafe { list(handle, wanted.pointer(), &mut iterator, true, DEPTH) };
            session.check(status, operation)?;
            let iterator = Owned::take(session, iterator, delete, "list")?;
            loop {
                // SAFETY: a live iterator.
                match unsafe { next(iterator.pointer()) } {
                    COMPLETE => break,
                    status => session.check(status, operation)?,
                }
                let (mut path, mut offset, mut length) = (ptr::null(), 0, 0);
                // SAFETY: a live iterator at an entry and three out-pointers to live variables.
                let status = unsafe { attributes(iterator.pointer(), &mut path, &mut offset, &mut length) };
                session.check(status, operation)?;
                let path = text(path);
                let of_entry = Owned::new(session, *new_key, *delete_key, "key")?;
                // SAFETY: a live iterator at an entry and a live key.
                session.check(unsafe { key(iterator.pointer(), of_entry.pointer()) }, operation)?;
                let mut pairs = Vec::new();
                loop {
                    let (mut word, mut value, mut level) = (ptr::null(), ptr::null(), 0);
                    // SAFETY: a live key and three out-pointers to live variables.
                    match unsafe { next_pair(of_entry.pointer(), &mut word, &mut value, &mut level) } {
                        COMPLETE => break,
                        status => session.check(status, operation)?,
                    }
                    pairs.push((text(word), text(value)));
                }
                let location = Location { path, offset: offset as u64, length: length as u64 };
                entries.push(Entry { key: pairs, location: Some(location) });
            }
        }
    }
    Ok(entries)
}

/// The key in an entry's text, `{class=rd,expver=0001}{type=fc}{step=6,param=130}`.
fn pairs(entry: &str) -> Result<Vec<(String, String)>> {
    let strange = || Error::Fdb { operation: "listing".into(), reason: format!("what is '{entry}'?") };
    let inner = entry.strip_prefix('{').and_then(|entry| entry.strip_suffix('}')).ok_or_else(strange)?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in inner.split("}{").flat_map(|level| level.split(',')).filter(|part| !part.is_empty()) {
        match (part.split_once('='), pairs.last_mut()) {
            (Some((word, value)), _) => pairs.push((word.into(), value.into())),
            // A comma in a value.
            (None, Some((_, value))) => *value = format!("{value},{part}"),
            (None, None) => return Err(strange()),
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_texts() {
        let read = pairs("{class=rd,expver=0001}{}{step=6,x=a,b,levelist=}").unwrap();
        let pair = |word: &str, value: &str| (word.to_owned(), value.to_owned());
        let expected = [("class", "rd"), ("expver", "0001"), ("step", "6"), ("x", "a,b"), ("levelist", "")];
        assert_eq!(read, expected.map(|(word, value)| pair(word, value)));
        for strange in ["", "class=rd", "{class", "{class}"] {
            assert!(pairs(strange).unwrap_err().to_string().contains(strange));
        }
    }
}
