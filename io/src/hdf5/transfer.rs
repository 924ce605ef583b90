//! Values of datasets, in boxes and in whole chunks.
#![allow(unsafe_code)]

use std::ptr;

use super::dataset::{Dataset, Shape};
use super::file::File;
use super::library::{Owned, Session};
use super::number::{Element, native};
use crate::error::{Error, Result};

impl File {
    /// Writes the box of `counts` from `start` on. One number: two empty lists.
    pub(crate) fn write<T: Element>(
        &self,
        dataset: Dataset,
        start: &[u64],
        counts: &[u64],
        values: &[T],
    ) -> Result<()> {
        let session = Session::begin()?;
        let (memory, place) = self.places(&session, dataset, start, counts, values.len())?;
        let functions = session.functions;
        // SAFETY: two spaces of the same number of points, as many as there are values of the native type.
        let code = unsafe {
            (functions.write)(
                dataset.0,
                native::<T>(functions),
                memory.id,
                place.id,
                0,
                values.as_ptr().cast(),
            )
        };
        session.check(code, &self.path, "writing")
    }

    /// Reads the box of `counts` from `start` on.
    pub(crate) fn read<T: Element>(&self, dataset: Dataset, start: &[u64], counts: &[u64]) -> Result<Vec<T>> {
        let session = Session::begin()?;
        let points = counts.iter().product::<u64>() as usize;
        let (memory, place) = self.places(&session, dataset, start, counts, points)?;
        let functions = session.functions;
        let mut values = vec![T::default(); points];
        // SAFETY: as in `write`.
        let code = unsafe {
            (functions.read)(
                dataset.0,
                native::<T>(functions),
                memory.id,
                place.id,
                0,
                values.as_mut_ptr().cast(),
            )
        };
        session.check(code, &self.path, "reading")?;
        Ok(values)
    }

    /// Writes the chunk that begins at `start` as it is to stand in the file: after all filters but those whose bits are
    /// set in `skipped`.
    pub(crate) fn write_chunk(
        &self,
        dataset: Dataset,
        start: &[u64],
        skipped: u32,
        bytes: &[u8],
    ) -> Result<()> {
        let session = Session::begin()?;
        self.check_rank(&session, dataset, start.len())?;
        // SAFETY: an open dataset, as many coordinates as it has dimensions, and as many bytes as the call is told.
        let code = unsafe {
            (session.functions.write_chunk)(
                dataset.0,
                0,
                skipped,
                start.as_ptr(),
                bytes.len(),
                bytes.as_ptr().cast(),
            )
        };
        session.check(code, &self.path, "writing a chunk")
    }

    /// The chunk at `start` as it stands in the file, after the filters that it skipped; None where nothing was written.
    pub(crate) fn read_chunk(&self, dataset: Dataset, start: &[u64]) -> Result<Option<(u32, Vec<u8>)>> {
        let session = Session::begin()?;
        self.check_rank(&session, dataset, start.len())?;
        let (mut bytes, mut skipped) = (0, 0);
        self.chunk_bytes(&session, dataset, start, &mut bytes)?;
        if bytes == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0_u8; bytes as usize];
        // SAFETY: room for as many bytes as the chunk has.
        let code = unsafe {
            let room = chunk.as_mut_ptr().cast();
            (session.functions.read_chunk)(dataset.0, 0, start.as_ptr(), &mut skipped, room)
        };
        session.check(code, &self.path, "reading a chunk")?;
        Ok(Some((skipped, chunk)))
    }

    /// Whether something was written into the chunk at `start`.
    pub(crate) fn has_chunk(&self, dataset: Dataset, start: &[u64]) -> Result<bool> {
        let session = Session::begin()?;
        self.check_rank(&session, dataset, start.len())?;
        let mut bytes = 0;
        self.chunk_bytes(&session, dataset, start, &mut bytes).map(|()| bytes > 0)
    }

    /// 0 where nothing was written. The coordinates must be as many as the dataset has dimensions.
    fn chunk_bytes(&self, session: &Session, dataset: Dataset, start: &[u64], bytes: &mut u64) -> Result<()> {
        let (mut skipped, mut address) = (0, 0);
        // SAFETY: an open dataset, as many coordinates as it has dimensions, and three numbers to write to.
        let code = unsafe {
            (session.functions.chunk_at)(dataset.0, start.as_ptr(), &mut skipped, &mut address, bytes)
        };
        session.check(code, &self.path, "asking for a chunk")
    }

    /// The spaces of a box in memory and in a dataset.
    fn places<'a>(
        &self,
        session: &'a Session,
        dataset: Dataset,
        start: &[u64],
        counts: &[u64],
        values: usize,
    ) -> Result<(Owned<'a>, Owned<'a>)> {
        let expected = counts.iter().product::<u64>() as usize;
        if start.len() != counts.len() || expected != values {
            return Err(Error::LengthMismatch { name: "values of a box".into(), expected, got: values });
        }
        self.check_rank(session, dataset, start.len())?;
        let functions = session.functions;
        let shape = Shape { lengths: counts.to_vec(), ..Shape::default() };
        let memory = self.new_space(session, &shape)?;
        // SAFETY: an open dataset.
        let place = unsafe { (functions.dataset_space)(dataset.0) };
        let place = session.own(place, functions.space_close, &self.path, "asking for a space")?;
        if !start.is_empty() {
            // SAFETY: as many coordinates as the space has dimensions; no strides and blocks. libhdf5 checks the box.
            let code = unsafe {
                (functions.select)(place.id, 0, start.as_ptr(), ptr::null(), counts.as_ptr(), ptr::null())
            };
            session.check(code, &self.path, "selecting a box")?;
        }
        Ok((memory, place))
    }

    pub(super) fn check_rank(&self, session: &Session, dataset: Dataset, rank: usize) -> Result<()> {
        let expected = self.lengths_and_limits(session, dataset)?.0.len();
        if expected == rank {
            return Ok(());
        }
        Err(Error::LengthMismatch { name: "coordinates of a chunk".into(), expected, got: rank })
    }
}
