//! A file: created, opened, flushed, closed.
#![allow(unsafe_code)]

use std::ffi::{CString, c_int, c_uint};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::library::{Functions, Id, Owned, Session};
use crate::error::{Error, Result};

/// An open file. Dropping it closes it with everything in it.
#[derive(Debug)]
pub(crate) struct File {
    pub(super) path: PathBuf,
    /// Closed where it is negative.
    pub(super) id: Id,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading a file that nobody writes.
    Read,
    /// Reading while another process appends ("single writer, multiple readers").
    ReadWhileWritten,
    /// Changing anything.
    Write,
    /// Changing anything, in a file whose writer may have been killed.
    Repair,
    /// Appending to datasets that grow, in an order that keeps the file readable after every write.
    Append,
}

impl Access {
    fn flags(self) -> c_uint {
        match self {
            Self::Read => 0,
            Self::ReadWhileWritten => 0x40,
            Self::Write | Self::Repair => 1,
            Self::Append => 1 | 0x20,
        }
    }
}

/// The format of HDF5 1.10, the first that readers may follow and whose metadata have checksums.
const FORMAT: c_int = 2;

/// How often a reader tries anew where a checksum is wrong, because a writer may be at it: libhdf5 waits 2ⁿ ns after the
/// n-th time, together 17 ms. Its own 100 would be for ever in a damaged file.
const ATTEMPTS: c_uint = 24;

/// Order of creation kept and indexed: NetCDF-4 asks for it.
pub(super) const CREATION_ORDER: c_uint = 1 | 2;

impl File {
    /// Creates the file, replacing one that has the name.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let session = Session::begin()?;
        let functions = session.functions;
        let creation = properties(&session, functions.file_creation, path)?;
        // SAFETY: properties of creation.
        let code = unsafe { (functions.set_link_order)(creation.id, CREATION_ORDER) };
        session.check(code, path, "asking for an order of names")?;
        // SAFETY: as above; a file's attributes are those of its root group.
        let code = unsafe { (functions.set_attribute_order)(creation.id, CREATION_ORDER) };
        session.check(code, path, "asking for an order of attributes")?;
        // SAFETY: as above.
        let code = unsafe { (functions.set_times)(creation.id, 0) };
        session.check(code, path, "asking for no times")?;
        let access = access_properties(&session, path, false)?;
        let name = name_of(path)?;
        // SAFETY: a zero-terminated name and two lists of properties of the right classes.
        let id = unsafe { (functions.file_create)(name.as_ptr(), 2, creation.id, access.id) };
        if id < 0 {
            return Err(session.error(path, "creating the file"));
        }
        Ok(Self { path: path.to_owned(), id })
    }

    /// Opens a file. What is no HDF5 file, or a damaged one, is an error.
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self> {
        let file = Self { path: path.to_owned(), id: Self::open_id(path, access)? };
        if access == Access::Repair {
            file.find_end()?;
        }
        Ok(file)
    }

    /// Whether the file says that a process has it open for writing, or had when it was killed: the consistency flags of
    /// superblocks from version 2 on (HDF5 File Format Specification 3.0, section II.A).
    pub(crate) fn has_writer(path: &Path) -> bool {
        let mut superblock = [0; 12];
        let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut superblock));
        read.is_ok() && superblock[8] >= 2 && superblock[11] & 1 != 0
    }

    fn open_id(path: &Path, access: Access) -> Result<Id> {
        let session = Session::begin()?;
        let properties = access_properties(&session, path, access == Access::Repair)?;
        let name = name_of(path)?;
        // SAFETY: a zero-terminated name and properties of access.
        let id = unsafe { (session.functions.file_open)(name.as_ptr(), access.flags(), properties.id) };
        if id < 0 { Err(session.error(path, "opening the file")) } else { Ok(id) }
    }

    /// What a killed writer put behind the end that it had noted is not written over.
    fn find_end(&self) -> Result<()> {
        let session = Session::begin()?;
        // SAFETY: our open file.
        let code = unsafe { (session.functions.file_grow)(self.id, 0) };
        session.check(code, &self.path, "finding the end of the file")
    }

    /// Hands everything written so far to the system.
    pub(crate) fn flush(&self) -> Result<()> {
        let session = Session::begin()?;
        // SAFETY: our open file.
        let code = unsafe { (session.functions.file_flush)(self.id, 0) };
        session.check(code, &self.path, "flushing")
    }

    /// Closes the file and tells what went wrong in doing so.
    pub(crate) fn close(mut self) -> Result<()> {
        let session = Session::begin()?;
        let id = std::mem::replace(&mut self.id, -1);
        // SAFETY: ours, open, and not closed again.
        let code = unsafe { (session.functions.file_close)(id) };
        session.check(code, &self.path, "closing")
    }

    pub(super) fn name(&self, name: &str) -> Result<CString> {
        CString::new(name).map_err(|_| Error::InvalidValue {
            name: "name".into(),
            got: format!("{name:?}"),
            expected: "a name without zero bytes".into(),
        })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if self.id >= 0
            && let Ok(session) = Session::begin()
        {
            // SAFETY: ours, open, and not closed again.
            unsafe { (session.functions.file_close)(self.id) };
        }
    }
}

pub(super) fn properties<'a>(session: &'a Session, class: Id, path: &Path) -> Result<Owned<'a>> {
    // SAFETY: a class of properties.
    let id = unsafe { (session.functions.properties)(class) };
    session.own(id, session.functions.properties_close, path, "making a list of properties")
}

fn access_properties<'a>(session: &'a Session, path: &Path, repair: bool) -> Result<Owned<'a>> {
    let functions: &Functions = session.functions;
    let list = properties(session, functions.file_access, path)?;
    const STRONG: c_int = 3;
    // SAFETY: properties of access. No locks: a reader's lock would keep the writer out; truth values are 0 and 1 in
    // whatever width they are passed.
    let codes = unsafe {
        [
            (functions.set_versions)(list.id, FORMAT, FORMAT),
            (functions.set_close_degree)(list.id, STRONG),
            (functions.set_locking)(list.id, 0, 1),
            (functions.set_attempts)(list.id, ATTEMPTS),
        ]
    };
    for code in codes {
        session.check(code, path, "setting properties of access")?;
    }
    if repair {
        let yes = 1_u64.to_le_bytes();
        // SAFETY: the property that h5clear sets; its value is a truth value of at most eight bytes.
        let code =
            unsafe { (functions.set_property)(list.id, c"clear_status_flags".as_ptr(), yes.as_ptr().cast()) };
        session.check(code, path, "asking for a repair")?;
    }
    Ok(list)
}

fn name_of(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| Error::InvalidValue {
        name: "path".into(),
        got: format!("{path:?}"),
        expected: "a path without zero bytes".into(),
    })
}
