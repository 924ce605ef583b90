//! Arrays of numbers: made, described, extended.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};
use std::ptr;

use super::file::{CREATION_ORDER, File, properties};
use super::library::{Id, Owned, Session};
use super::number::Numbers;
use super::zstandard;
use crate::error::Result;

/// An open dataset, which lives as long as its file is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dataset(pub(super) Id);

/// Lengths and storage of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// None: one number.
    pub(crate) lengths: Vec<u64>,
    /// Whether the first length may grow without limit.
    pub(crate) grows: bool,
    /// Lengths of a chunk; empty where the array is stored in one piece.
    pub(crate) chunk: Vec<u64>,
}

/// What chunks go through on their way to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Bytes of equal rank side by side.
    Shuffle,
    /// DEFLATE with its level.
    Deflate(u32),
    /// zstd with its level.
    Zstd(u32),
}

impl Filter {
    /// The number in HDF5's register.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Shuffle => 2,
            Self::Deflate(_) => 1,
            Self::Zstd(_) => zstandard::NUMBER,
        }
    }
}

/// What an existing dataset holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// None: others than these two.
    pub(crate) numbers: Option<Numbers>,
    pub(crate) shape: Shape,
    /// Numbers of its filters.
    pub(crate) filters: Vec<i32>,
}

impl File {
    /// Makes a dataset in the root group. `fill` is what is read where nothing has been written.
    pub(crate) fn create_dataset(
        &self,
        name: &str,
        numbers: Numbers,
        shape: &Shape,
        filters: &[Filter],
        fill: Option<f64>,
    ) -> Result<Dataset> {
        let session = Session::begin()?;
        let functions = session.functions;
        let check = |code| session.check(code, &self.path, &format!("describing '{name}'"));
        let list = properties(&session, functions.dataset_creation, &self.path)?;
        // SAFETY: properties of creation in this and the following calls; the chunk has as many lengths as it says.
        check(unsafe { (functions.set_attribute_order)(list.id, CREATION_ORDER) })?;
        // Without the time at which it is made: the same fields make the same bytes.
        // SAFETY: as above.
        check(unsafe { (functions.set_times)(list.id, 0) })?;
        if !shape.chunk.is_empty() {
            assert_eq!(shape.chunk.len(), shape.lengths.len(), "a chunk has the array's dimensions");
            // SAFETY: as above.
            check(unsafe {
                (functions.set_chunk)(list.id, shape.chunk.len() as c_int, shape.chunk.as_ptr())
            })?;
        }
        for filter in filters {
            // SAFETY: as above.
            check(unsafe {
                match filter {
                    Filter::Shuffle => (functions.set_shuffle)(list.id),
                    Filter::Deflate(level) => (functions.set_deflate)(list.id, *level as c_uint),
                    Filter::Zstd(level) => (functions.set_filter)(list.id, zstandard::NUMBER, 0, 1, level),
                }
            })?;
        }
        if let Some(fill) = fill {
            // SAFETY: as above; one double in memory.
            check(unsafe {
                (functions.set_fill)(list.id, functions.native_double, ptr::from_ref(&fill).cast())
            })?;
        }
        let space = self.new_space(&session, shape)?;
        let title = self.name(name)?;
        // SAFETY: an open file, a zero-terminated name, and a type, a space and properties that are alive.
        let id = unsafe {
            (functions.dataset_create)(
                self.id,
                title.as_ptr(),
                numbers.stored(functions),
                space.id,
                0,
                list.id,
                0,
            )
        };
        if id < 0 {
            return Err(session.error(&self.path, format!("creating '{name}'")));
        }
        Ok(Dataset(id))
    }

    /// A dataset of the root group; None where there is nothing of that name.
    pub(crate) fn dataset(&self, name: &str) -> Result<Option<Dataset>> {
        let session = Session::begin()?;
        let title = self.name(name)?;
        // SAFETY: an open file and a zero-terminated name.
        let exists = unsafe { (session.functions.link_exists)(self.id, title.as_ptr(), 0) };
        session.check(exists, &self.path, &format!("looking for '{name}'"))?;
        if exists == 0 {
            return Ok(None);
        }
        // SAFETY: as above.
        let id = unsafe { (session.functions.dataset_open)(self.id, title.as_ptr(), 0) };
        if id < 0 {
            return Err(session.error(&self.path, format!("opening '{name}'")));
        }
        Ok(Some(Dataset(id)))
    }

    /// What a dataset holds.
    pub(crate) fn contents(&self, dataset: Dataset) -> Result<Contents> {
        let session = Session::begin()?;
        let functions = session.functions;
        let (lengths, limits) = self.lengths_and_limits(&session, dataset)?;
        // SAFETY: an open dataset.
        let kind = unsafe { (functions.dataset_type)(dataset.0) };
        let kind = session.own(kind, functions.type_close, &self.path, "asking for a type")?;
        // SAFETY: two live types.
        let is = |other: Numbers| unsafe { (functions.equal_types)(kind.id, other.stored(functions)) } > 0;
        let numbers = [Numbers::Float, Numbers::Double].into_iter().find(|&numbers| is(numbers));
        // SAFETY: an open dataset.
        let list = unsafe { (functions.dataset_properties)(dataset.0) };
        let list = session.own(list, functions.properties_close, &self.path, "asking for properties")?;
        let mut chunk = vec![0; lengths.len()];
        // SAFETY: room for as many lengths as the call is told. It fails where there are no chunks.
        let rank = unsafe { (functions.chunk_of)(list.id, chunk.len() as c_int, chunk.as_mut_ptr()) };
        if rank != lengths.len() as c_int || lengths.is_empty() {
            // Takes the complaint away.
            let _ = session.error(&self.path, "asking for chunks");
            chunk.clear();
        }
        // SAFETY: live properties.
        let count = unsafe { (functions.filter_count)(list.id) };
        session.check(count, &self.path, "counting filters")?;
        let filters = (0..count as c_uint).map(|position| {
            let (mut flags, mut values, mut config) = (0, 0, 0);
            // SAFETY: room for no values and no name, as said; three numbers to write to.
            unsafe {
                (functions.filter_of)(
                    list.id,
                    position,
                    &mut flags,
                    &mut values,
                    ptr::null_mut(),
                    0,
                    ptr::null_mut(),
                    &mut config,
                )
            }
        });
        let filters = filters.collect();
        let grows = limits.first() == Some(&u64::MAX);
        Ok(Contents { numbers, shape: Shape { lengths, grows, chunk }, filters })
    }

    /// Changes the lengths of a dataset that grows.
    pub(crate) fn set_lengths(&self, dataset: Dataset, lengths: &[u64]) -> Result<()> {
        let session = Session::begin()?;
        self.check_rank(&session, dataset, lengths.len())?;
        // SAFETY: an open dataset and as many lengths as it has dimensions.
        let code = unsafe { (session.functions.set_extent)(dataset.0, lengths.as_ptr()) };
        session.check(code, &self.path, "changing the length of a dataset")
    }

    pub(super) fn lengths_and_limits(
        &self,
        session: &Session,
        dataset: Dataset,
    ) -> Result<(Vec<u64>, Vec<u64>)> {
        let functions = session.functions;
        // SAFETY: an open dataset.
        let space = unsafe { (functions.dataset_space)(dataset.0) };
        let space = session.own(space, functions.space_close, &self.path, "asking for a space")?;
        // SAFETY: a live space.
        let rank = unsafe { (functions.rank)(space.id) };
        session.check(rank, &self.path, "asking for dimensions")?;
        let (mut lengths, mut limits) = (vec![0; rank as usize], vec![0; rank as usize]);
        // SAFETY: room for `rank` lengths each.
        let code = unsafe { (functions.extent)(space.id, lengths.as_mut_ptr(), limits.as_mut_ptr()) };
        session.check(code, &self.path, "asking for lengths")?;
        Ok((lengths, limits))
    }

    pub(super) fn new_space<'a>(&self, session: &'a Session, shape: &Shape) -> Result<Owned<'a>> {
        let functions = session.functions;
        let mut limits = shape.lengths.clone();
        if shape.grows {
            limits[0] = u64::MAX;
        }
        // SAFETY: as many lengths and limits as the call is told; a space of one number needs none.
        let id = unsafe {
            match shape.lengths.len() {
                0 => (functions.space_of_one)(0),
                rank => (functions.space)(rank as c_int, shape.lengths.as_ptr(), limits.as_ptr()),
            }
        };
        session.own(id, functions.space_close, &self.path, "making a space")
    }
}
