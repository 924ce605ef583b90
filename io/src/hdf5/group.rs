//! What a file holds: datasets by their paths.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int};
use std::path::Path;
use std::ptr;

use super::dataset::Dataset;
use super::file::File;
use super::library::{Id, Session};
use crate::error::{Error, Result};

/// Kinds of objects: `H5I_GROUP`, `H5I_DATASET`.
const GROUP: c_int = 2;
const DATASET: c_int = 5;

/// Indexes, `H5_INDEX_CRT_ORDER` and `H5_INDEX_NAME`, and rising order in them.
const INDEXES: [c_int; 2] = [1, 0];
const RISING: c_int = 0;

/// Groups in groups, and objects in a file: more than any file has, so that groups in circles come to an end.
const DEEPEST: usize = 32;
const MOST: usize = 100_000;

impl File {
    /// All datasets with their paths from the root group, without the first slash: in the order of their creation where
    /// the file knows it, those of groups behind the others.
    pub(crate) fn datasets(&self) -> Result<Vec<(String, Dataset)>> {
        let session = Session::begin()?;
        let mut found = Vec::new();
        self.gather(&session, "", 0, &mut found)?;
        Ok(found)
    }

    fn gather(
        &self,
        session: &Session,
        group: &str,
        depth: usize,
        found: &mut Vec<(String, Dataset)>,
    ) -> Result<()> {
        let wrong = |reason: String| Error::Netcdf { path: self.path.clone(), reason };
        if depth > DEEPEST {
            return Err(wrong(format!("its groups lie more than {DEEPEST} deep")));
        }
        let mut groups = Vec::new();
        for link in self.links(session, group)? {
            let path = if group.is_empty() { link } else { format!("{group}/{link}") };
            let title = self.name(&path)?;
            // SAFETY: an open file and a zero-terminated name.
            let id = unsafe { (session.functions.open_object)(self.id, title.as_ptr(), 0) };
            if id < 0 {
                // A link that leads nowhere, or into another file that is not there.
                let _ = session.error(&self.path, "opening an object");
                continue;
            }
            // SAFETY: an open object.
            let kind = unsafe { (session.functions.object_kind)(id) };
            if kind == DATASET {
                found.push((path, Dataset(id)));
                if found.len() > MOST {
                    return Err(wrong(format!("it has more than {MOST} datasets")));
                }
                continue;
            }
            drop(session.own(id, session.functions.close_object, &self.path, "opening an object")?);
            if kind == GROUP {
                groups.push(path);
            }
        }
        groups.iter().try_for_each(|path| self.gather(session, path, depth + 1, found))
    }

    /// Names in a group.
    fn links(&self, session: &Session, group: &str) -> Result<Vec<String>> {
        let place = self.name(if group.is_empty() { "." } else { group })?;
        let mut names = Vec::new();
        for index in INDEXES {
            while names.len() <= MOST {
                let number = names.len() as u64;
                let name = text(&self.path, |room, bytes| {
                    // SAFETY: an open file, a zero-terminated name, and room for as many bytes as the call is told.
                    unsafe {
                        (session.functions.link_name)(
                            self.id,
                            place.as_ptr(),
                            index,
                            RISING,
                            number,
                            room,
                            bytes,
                            0,
                        )
                    }
                })?;
                match name {
                    Some(name) => names.push(name),
                    None => {
                        // Behind the last, or no such index: takes the complaint away.
                        let _ = session.error(&self.path, "asking for names");
                        break;
                    }
                }
            }
            if !names.is_empty() {
                break;
            }
        }
        Ok(names)
    }

    /// The path of an object, without the first slash.
    pub(super) fn path_of(&self, object: Id, session: &Session) -> Result<Option<String>> {
        let path = text(&self.path, |room, bytes| {
            // SAFETY: an open object, and room for as many bytes as the call is told.
            unsafe { (session.functions.object_name)(object, room, bytes) }
        })?;
        Ok(path.map(|path| path.trim_start_matches('/').to_owned()))
    }
}

/// A text that `get` writes, whose length it tells when it is given no room; None where it fails.
pub(super) fn text(path: &Path, get: impl Fn(*mut c_char, usize) -> isize) -> Result<Option<String>> {
    const LONGEST: usize = 1 << 16;
    let length = get(ptr::null_mut(), 0);
    let Ok(length) = usize::try_from(length) else { return Ok(None) };
    if length > LONGEST {
        let reason = format!("it has a name of {length} bytes");
        return Err(Error::Netcdf { path: path.to_owned(), reason });
    }
    let mut bytes = vec![0_u8; length + 1];
    get(bytes.as_mut_ptr().cast(), bytes.len());
    bytes.truncate(length);
    let text = CString::new(bytes).ok().and_then(|text| text.into_string().ok());
    text.map(Some).ok_or_else(|| Error::Netcdf {
        path: path.to_owned(),
        reason: "it has a name that is no UTF-8".into(),
    })
}
