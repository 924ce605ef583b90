//! Dimension scales: datasets that stand for the dimensions of others.
//!
//! The attributes are those of the HDF5 Dimension Scale Specification (CLASS, NAME, DIMENSION_LIST, REFERENCE_LIST), with
//! `_Netcdf4Dimid` of the NetCDF-4 format, so that the library of scales itself is not needed.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint, c_void};
use std::mem::offset_of;

use super::dataset::Dataset;
use super::file::File;
use super::library::Session;
use crate::error::Result;

/// `hobj_ref_t`.
type Reference = u64;

/// An entry of REFERENCE_LIST.
#[repr(C)]
struct Use {
    dataset: Reference,
    dimension: c_uint,
}

/// `hvl_t`, an entry of DIMENSION_LIST.
#[repr(C)]
struct Sequence {
    length: usize,
    values: *const c_void,
}

/// `H5T_COMPOUND`.
const COMPOUND: c_int = 6;

impl File {
    /// Makes a dataset stand for dimension `number`. `title`: its own name, or what NetCDF says where it has no values.
    pub(crate) fn make_scale(&self, scale: Dataset, title: &str, number: usize) -> Result<()> {
        self.set_terminated(scale, "CLASS", "DIMENSION_SCALE")?;
        self.set_terminated(scale, "NAME", title)?;
        self.set_whole(Some(scale), "_Netcdf4Dimid", number as i32, 0)
    }

    /// Tells which scale stands for each dimension of a dataset.
    pub(crate) fn set_scales(&self, dataset: Dataset, scales: &[&str]) -> Result<()> {
        let session = Session::begin()?;
        let references =
            scales.iter().map(|name| self.reference(&session, name)).collect::<Result<Vec<_>>>()?;
        let sequences: Vec<Sequence> = references
            .iter()
            .map(|reference| Sequence { length: 1, values: std::ptr::from_ref(reference).cast() })
            .collect();
        let functions = session.functions;
        // SAFETY: a live type.
        let kind = unsafe { (functions.sequence_type)(functions.object_reference) };
        let kind = session.own(kind, functions.type_close, &self.path, "making a type")?;
        let length = sequences.len() as u64;
        self.set(
            &session,
            Some(dataset),
            "DIMENSION_LIST",
            kind.id,
            kind.id,
            length,
            sequences.as_ptr().cast(),
        )
    }

    /// Tells a scale which datasets use it, and for which of their dimensions.
    pub(crate) fn set_users(&self, scale: Dataset, users: &[(&str, usize)]) -> Result<()> {
        let session = Session::begin()?;
        let uses = users
            .iter()
            .map(|&(name, dimension)| {
                Ok(Use { dataset: self.reference(&session, name)?, dimension: dimension as c_uint })
            })
            .collect::<Result<Vec<Use>>>()?;
        let functions = session.functions;
        // SAFETY: a compound of the struct's size.
        let kind = unsafe { (functions.compound_type)(COMPOUND, size_of::<Use>()) };
        let kind = session.own(kind, functions.type_close, &self.path, "making a type")?;
        // SAFETY: members at the struct's own places, with their types.
        let codes = unsafe {
            [
                (functions.insert_member)(
                    kind.id,
                    c"dataset".as_ptr(),
                    offset_of!(Use, dataset),
                    functions.object_reference,
                ),
                (functions.insert_member)(
                    kind.id,
                    c"dimension".as_ptr(),
                    offset_of!(Use, dimension),
                    functions.native_int,
                ),
            ]
        };
        for code in codes {
            session.check(code, &self.path, "making a type")?;
        }
        let length = uses.len() as u64;
        self.set(&session, Some(scale), "REFERENCE_LIST", kind.id, kind.id, length, uses.as_ptr().cast())
    }

    fn reference(&self, session: &Session, name: &str) -> Result<Reference> {
        let title = self.name(name)?;
        let mut reference: Reference = 0;
        const OBJECT: c_int = 0;
        // SAFETY: an open file, a zero-terminated name, and room for one reference.
        let code = unsafe {
            let room = (&raw mut reference).cast();
            (session.functions.reference)(room, self.id, title.as_ptr(), OBJECT, -1)
        };
        session.check(code, &self.path, &format!("referring to '{name}'")).map(|()| reference)
    }
}
