//! What a file says of its datasets: attributes of any kind, types, sizes, the scales of their dimensions.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_void};

use super::dataset::Dataset;
use super::file::File;
use super::group::text;
use super::kind::Kind;
use super::library::{Owned, Session};
use crate::error::{Error, Result};

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Described {
    /// One text or several.
    Texts(Vec<String>),
    /// Numbers with their kind.
    Numbers(Kind, Vec<f64>),
    /// Something else.
    Other(Kind),
}

/// The largest attribute that is read (bytes).
const LARGEST: usize = 1 << 24;

/// A file of n bytes is taken to hold no more than [`FOLD`] · n + [`FEW`] bytes of values: more than deflate's 1032 times, and
/// less than what fills the memory when a small file says that it is large.
const FOLD: u64 = 4096;
const FEW: u64 = 1 << 20;

/// `hvl_t`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Sequence {
    length: usize,
    values: *const c_void,
}

const NONE: Sequence = Sequence { length: 0, values: std::ptr::null() };

impl File {
    /// All attributes of a dataset, or of the file itself.
    pub(crate) fn attributes(&self, of: Option<Dataset>) -> Result<Vec<(String, Described)>> {
        let session = Session::begin()?;
        let functions = session.functions;
        let mut found = Vec::new();
        // In the order of their creation, else of their names.
        for index in [1, 0] {
            loop {
                let (place, number) = (c".".as_ptr(), found.len() as u64);
                // SAFETY: an open object and a zero-terminated name.
                let id = unsafe { (functions.attribute_at)(self.object(of), place, index, 0, number, 0, 0) };
                if id < 0 {
                    // Behind the last, or no such index.
                    let _ = session.error(&self.path, "asking for an attribute");
                    break;
                }
                let attribute =
                    session.own(id, functions.attribute_close, &self.path, "opening an attribute")?;
                // SAFETY: an open attribute, and room for as many bytes as the call is told.
                let name = text(&self.path, |room, bytes| unsafe {
                    (functions.attribute_name)(attribute.id, bytes, room)
                })?;
                found.push((name.unwrap_or_default(), self.described(&session, &attribute)?));
            }
            if !found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    fn described(&self, session: &Session, attribute: &Owned<'_>) -> Result<Described> {
        let functions = session.functions;
        // SAFETY: an open attribute.
        let kind = unsafe { (functions.attribute_type)(attribute.id) };
        let stored = session.own(kind, functions.type_close, &self.path, "asking for a type")?;
        // SAFETY: an open attribute.
        let space = unsafe { (functions.attribute_space)(attribute.id) };
        let space = session.own(space, functions.space_close, &self.path, "asking for a space")?;
        // SAFETY: a live space and a live type.
        let (points, size) = unsafe { ((functions.points)(space.id), (functions.size)(stored.id)) };
        let (kind, points) = (Kind::of(session, stored.id), usize::try_from(points).unwrap_or(0));
        if points.saturating_mul(size.max(8)) > LARGEST {
            return Ok(Described::Other(kind));
        }
        let read = |memory, values: *mut c_void| {
            // SAFETY: the callers below have room for `points` values of the type in memory.
            let code = unsafe { (functions.attribute_read)(attribute.id, memory, values) };
            session.check(code, &self.path, "reading an attribute")
        };
        match kind {
            Kind::Integer { .. } | Kind::Real { .. } => {
                let mut values = vec![0.0_f64; points];
                if points > 0 {
                    read(functions.native_double, values.as_mut_ptr().cast())?;
                }
                Ok(Described::Numbers(kind, values))
            }
            // SAFETY: a live type.
            Kind::Text if unsafe { (functions.is_variable_text)(stored.id) } > 0 => {
                let mut values: Vec<*const c_char> = vec![std::ptr::null(); points];
                if points > 0 {
                    read(stored.id, values.as_mut_ptr().cast())?;
                }
                let text = |value: &*const c_char| match value.is_null() {
                    true => String::new(),
                    // SAFETY: libhdf5 gives zero-terminated texts, alive until they are reclaimed.
                    false => unsafe { CStr::from_ptr(*value) }.to_string_lossy().into_owned(),
                };
                let texts = values.iter().map(text).collect();
                // SAFETY: what libhdf5 has put there, with its type and space.
                unsafe { (functions.reclaim)(stored.id, space.id, 0, values.as_mut_ptr().cast()) };
                Ok(Described::Texts(texts))
            }
            Kind::Text | Kind::Character => {
                let mut bytes = vec![0_u8; points * size];
                if points > 0 {
                    read(stored.id, bytes.as_mut_ptr().cast())?;
                }
                let text = |bytes: &[u8]| {
                    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
                    String::from_utf8_lossy(&bytes[..end]).into_owned()
                };
                Ok(Described::Texts(bytes.chunks(size.max(1)).map(text).collect()))
            }
            other => Ok(Described::Other(other)),
        }
    }

    /// The kind of a dataset's values.
    pub(crate) fn kind(&self, dataset: Dataset) -> Result<Kind> {
        let session = Session::begin()?;
        // SAFETY: an open dataset.
        let kind = unsafe { (session.functions.dataset_type)(dataset.0) };
        let kind = session.own(kind, session.functions.type_close, &self.path, "asking for a type")?;
        Ok(Kind::of(&session, kind.id))
    }

    /// The lengths of a dataset, slowest first.
    pub(crate) fn lengths(&self, dataset: Dataset) -> Result<Vec<u64>> {
        let session = Session::begin()?;
        Ok(self.lengths_and_limits(&session, dataset)?.0)
    }

    /// Refuses a dataset that is larger than what its file can hold.
    pub(crate) fn check_size(&self, dataset: Dataset) -> Result<()> {
        let lengths = self.lengths(dataset)?;
        self.check_box(&lengths)
    }

    /// Refuses a box of values that is larger than what the file can hold.
    pub(crate) fn check_box(&self, counts: &[u64]) -> Result<()> {
        let fail = |source| Error::file(&self.path, "reading", source);
        let bytes = std::fs::metadata(&self.path).map_err(fail)?.len();
        let wanted = counts.iter().try_fold(8_u64, |product, &count| product.checked_mul(count));
        let most = bytes.saturating_mul(FOLD).saturating_add(FEW);
        match wanted.filter(|wanted| *wanted <= most) {
            Some(_) => Ok(()),
            None => Err(Error::Netcdf {
                path: self.path.clone(),
                reason: format!("it has {bytes} bytes, which cannot hold the {counts:?} values it speaks of"),
            }),
        }
    }

    /// The path of the first scale of each dimension of a dataset.
    pub(crate) fn scales(&self, dataset: Dataset) -> Result<Vec<Option<String>>> {
        let rank = self.lengths(dataset)?.len();
        let none = vec![None; rank];
        let session = Session::begin()?;
        let functions = session.functions;
        let title = c"DIMENSION_LIST";
        // SAFETY: an open dataset and a zero-terminated name.
        let exists = unsafe { (functions.attribute_exists)(dataset.0, title.as_ptr()) };
        session.check(exists, &self.path, "looking for scales")?;
        if exists == 0 {
            return Ok(none);
        }
        // SAFETY: as above.
        let id = unsafe { (functions.attribute_open)(dataset.0, title.as_ptr(), 0) };
        let attribute = session.own(id, functions.attribute_close, &self.path, "opening the scales")?;
        // SAFETY: an open attribute.
        let kind = unsafe { (functions.attribute_type)(attribute.id) };
        let kind = session.own(kind, functions.type_close, &self.path, "asking for a type")?;
        // SAFETY: an open attribute.
        let space = unsafe { (functions.attribute_space)(attribute.id) };
        let space = session.own(space, functions.space_close, &self.path, "asking for a space")?;
        // SAFETY: a live space.
        let points = unsafe { (functions.points)(space.id) };
        if Kind::of(&session, kind.id) != Kind::Other("vlen") || usize::try_from(points) != Ok(rank) {
            return Ok(none);
        }
        // SAFETY: a live type with a base.
        let base = unsafe { (functions.base_type)(kind.id) };
        let base = session.own(base, functions.type_close, &self.path, "asking for a type")?;
        // SAFETY: a live type. Object references have eight bytes.
        let bytes = unsafe { (functions.size)(base.id) };
        if Kind::of(&session, base.id) != Kind::Other("reference") || bytes != size_of::<u64>() {
            return Ok(none);
        }
        let mut sequences = vec![NONE; rank];
        // SAFETY: one sequence for each dimension.
        let code =
            unsafe { (functions.attribute_read)(attribute.id, kind.id, sequences.as_mut_ptr().cast()) };
        session.check(code, &self.path, "reading the scales")?;
        let name = |sequence: &Sequence| {
            if sequence.length == 0 || sequence.values.is_null() {
                return Ok(None);
            }
            const OBJECT: c_int = 0;
            // SAFETY: the first of at least one reference, which libhdf5 checks.
            let id = unsafe { (functions.dereference)(dataset.0, 0, OBJECT, sequence.values) };
            if id < 0 {
                // A reference to what is no more.
                let _ = session.error(&self.path, "finding a scale");
                return Ok(None);
            }
            let scale = session.own(id, functions.close_object, &self.path, "finding a scale")?;
            self.path_of(scale.id, &session)
        };
        let names = sequences.iter().map(name).collect();
        // SAFETY: what libhdf5 has put there, with its type and space.
        unsafe { (functions.reclaim)(kind.id, space.id, 0, sequences.as_mut_ptr().cast()) };
        names
    }
}
