//! Filling a resolution before it is set up.

use std::ffi::{CStr, c_char, c_double, c_int, c_void};
use std::ptr;

use super::allocation::{allocated, release};
use super::layout::Trans;
use super::{entry, not_implemented};
use crate::border::{input, reference};
use crate::failure::{Failure, Outcome};

/// `trans_new()`'s choice of a Fourier library, which is of no consequence here.
const FFTW: c_int = 2;

/// Sets a resolution's inputs to "not given".
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_new(trans: *mut Trans) -> c_int {
    entry("trans_new", || {
        // SAFETY: the header asks for NULL or a pointer to a struct; its content may be anything, and every field is a
        // number or a pointer, for which any bits are valid.
        let trans = unsafe { reference("trans", trans) }?;
        trans.ndgl = -1;
        trans.nloen = ptr::null_mut();
        trans.nlon = -1;
        trans.nsmax = -1;
        trans.llam = 0;
        trans.lsplit = 1;
        trans.llatlon = 0;
        trans.flt = -1;
        trans.fft = FFTW;
        trans.readfp = ptr::null_mut();
        trans.writefp = ptr::null_mut();
        trans.cache = ptr::null();
        trans.cachesize = 0;
        trans.handle = 0;
        trans.pexwn = 1.0;
        trans.peywn = 1.0;
        trans.pweight = ptr::null_mut();
        trans.ndgux = -1;
        trans.nmsmax = -1;
        for array in trans.integer_arrays() {
            *array = ptr::null_mut();
        }
        for array in trans.real_arrays() {
            *array = ptr::null_mut();
        }
        Ok(())
    })
}

impl Trans {
    /// The arrays that set-up and `trans_inquire()` make.
    pub(super) fn integer_arrays(&mut self) -> [&mut *mut c_int; 24] {
        [
            &mut self.ngptotl,
            &mut self.nmyms,
            &mut self.nasm0,
            &mut self.numpp,
            &mut self.npossp,
            &mut self.nptrms,
            &mut self.nallms,
            &mut self.ndim0g,
            &mut self.nvalue,
            &mut self.n_regions,
            &mut self.nfrstlat,
            &mut self.nlstlat,
            &mut self.nptrlat,
            &mut self.nptrfrstlat,
            &mut self.nptrlstlat,
            &mut self.nsta,
            &mut self.nonl,
            &mut self.ldsplitlat,
            &mut self.nultpp,
            &mut self.nptrls,
            &mut self.nnmeng,
            &mut self.npms,
            &mut self.ndglu,
            &mut self.mvalue,
        ]
    }

    /// The same, of reals.
    pub(super) fn real_arrays(&mut self) -> [&mut *mut c_double; 4] {
        [&mut self.rmu, &mut self.rgw, &mut self.rpnm, &mut self.rlapin]
    }
}

fn positive(name: &str, value: c_int) -> Outcome<usize> {
    match usize::try_from(value) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(Failure::invalid(name, value, "a positive number")),
    }
}

/// A Gaussian grid of `ndgl` rings with these numbers of points.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_resol(trans: *mut Trans, ndgl: c_int, nloen: *const c_int) -> c_int {
    entry("trans_set_resol", || {
        let rings = positive("ndgl", ndgl)?;
        // SAFETY: the header asks for NULL or valid pointers, and for `ndgl` numbers.
        let (trans, points) = unsafe { (reference("trans", trans)?, input("nloen", nloen, rings)?) };
        let copy = allocated("nloen", points)?;
        // SAFETY: after trans_new() the list is NULL or from malloc.
        unsafe { release(&mut trans.nloen) };
        trans.nloen = copy;
        trans.ndgl = ndgl;
        trans.llatlon = 0;
        Ok(())
    })
}

/// A latitude-longitude grid: with poles and equator if the number of latitudes is odd, half a row away from them if it
/// is even.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_resol_lonlat(trans: *mut Trans, nlon: c_int, nlat: c_int) -> c_int {
    entry("trans_set_resol_lonlat", || {
        let (longitudes, latitudes) = (positive("nlon", nlon)?, positive("nlat", nlat)?);
        if latitudes == 1 {
            return Err(Failure::invalid("nlat", nlat, "at least 2"));
        }
        // SAFETY: the header asks for NULL or a valid pointer.
        let trans = unsafe { reference("trans", trans) }?;
        // ecTrans counts the rings of a grid with poles without one of them, and knows their points from `nlon` alone.
        let poles = latitudes % 2 == 1;
        let points = match poles {
            true => ptr::null_mut(),
            false => {
                let mut points = crate::border::zeros::<c_int>("nloen", latitudes)?;
                points.fill(longitudes as c_int);
                allocated("nloen", &points)?
            }
        };
        // SAFETY: after trans_new() the list is NULL or from malloc.
        unsafe { release(&mut trans.nloen) };
        trans.nloen = points;
        trans.ndgl = nlat - c_int::from(poles);
        trans.nlon = nlon;
        trans.llatlon = if poles { 1 } else { 2 };
        Ok(())
    })
}

/// Limited areas are not implemented.
#[unsafe(no_mangle)]
extern "C" fn trans_set_resol_lam(
    _trans: *mut Trans,
    _nx: c_int,
    _ny: c_int,
    _dx: c_double,
    _dy: c_double,
) -> c_int {
    entry("trans_set_resol_lam", || Err(not_implemented("A limited area")))
}

/// The truncation T.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_trunc(trans: *mut Trans, nsmax: c_int) -> c_int {
    entry("trans_set_trunc", || {
        // SAFETY: the header asks for NULL or a valid pointer.
        unsafe { reference("trans", trans) }?.nsmax = nsmax;
        Ok(())
    })
}

/// Limited areas are not implemented.
#[unsafe(no_mangle)]
extern "C" fn trans_set_trunc_lam(_trans: *mut Trans, _x: c_int, _y: c_int) -> c_int {
    entry("trans_set_trunc_lam", || Err(not_implemented("A limited area")))
}

/// Replaces a file name by a copy of another one.
///
/// # Safety
/// `path` is NULL or a text; the old name is NULL or from malloc.
unsafe fn set_path(name: &mut *mut c_char, path: *const c_char) -> Outcome {
    if path.is_null() {
        return Err(Failure::null("filepath"));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    let copy = allocated("filepath", bytes)?.cast();
    // SAFETY: the caller's promise.
    unsafe { release(name) };
    *name = copy;
    Ok(())
}

/// Legendre data are to be read from this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_read(trans: *mut Trans, filepath: *const c_char) -> c_int {
    entry("trans_set_read", || {
        // SAFETY: the header asks for NULL or valid pointers, and for trans_new() before.
        unsafe { set_path(&mut reference("trans", trans)?.readfp, filepath) }
    })
}

/// Legendre data are to be written to this file.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_write(trans: *mut Trans, filepath: *const c_char) -> c_int {
    entry("trans_set_write", || {
        // SAFETY: as above.
        unsafe { set_path(&mut reference("trans", trans)?.writefp, filepath) }
    })
}

/// Legendre data are to be taken from this memory, which stays the caller's.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_set_cache(trans: *mut Trans, cache: *const c_void, size: usize) -> c_int {
    entry("trans_set_cache", || {
        // SAFETY: as above.
        let trans = unsafe { reference("trans", trans) }?;
        trans.cache = cache;
        trans.cachesize = size;
        Ok(())
    })
}
