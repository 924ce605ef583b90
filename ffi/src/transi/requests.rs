//! New requests, and what all requests have in common.

use std::ffi::c_int;
use std::ptr::{null, null_mut};
use std::sync::Arc;

use super::layout::{Direct, GridFields, Inverse, Norm, Spectra, Trans, WindSpectra};
use super::library;
use super::plan::Plan;
use crate::failure::{Cause, Failure, Outcome};

/// Marks a request as used; an error if it was before.
pub(super) fn use_once(count: &mut c_int) -> Outcome {
    if *count > 0 {
        let message = "The request was used before: expected one from its new_...() function for each call.";
        return Err(Failure::new(Cause::StaleRequest, message));
    }
    *count = 1;
    Ok(())
}

/// The plan of a request's resolution.
///
/// # Safety
/// NULL or a struct that was set up; other threads may read it at the same time.
pub(super) unsafe fn plan_of(trans: *const Trans) -> Outcome<Arc<Plan>> {
    if trans.is_null() {
        return Err(Failure::null("trans"));
    }
    if !trans.is_aligned() {
        return Err(Failure::invalid("trans", format!("{trans:p}"), "the address of a struct Trans_t"));
    }
    // SAFETY: not NULL and aligned; valid by the caller's promise.
    library::plan(unsafe { (*trans).handle })
}

/// A number of fields.
pub(super) fn count(name: &str, value: c_int) -> Outcome<usize> {
    usize::try_from(value).map_err(|_| Failure::invalid(name, value, "0 or more"))
}

/// # Safety
/// NULL or a struct `Trans_t`.
unsafe fn points(trans: *const Trans) -> c_int {
    // SAFETY: not NULL; valid by the caller's promise.
    if trans.is_null() { 0 } else { unsafe { (*trans).ngptot } }
}

/// # Safety
/// As for [`points`].
unsafe fn direct(trans: *mut Trans) -> Direct {
    Direct {
        rgp: null_mut(),
        rspscalar: null_mut(),
        rspvor: null_mut(),
        rspdiv: null_mut(),
        rmeanu: null(),
        rmeanv: null(),
        // SAFETY: the caller's promise.
        nproma: unsafe { points(trans) },
        nscalar: 0,
        nvordiv: 0,
        ngpblks: 1,
        lglobal: 0,
        trans,
        count: 0,
    }
}

/// # Safety
/// As for [`points`].
unsafe fn inverse(trans: *mut Trans) -> Inverse {
    Inverse {
        rspscalar: null_mut(),
        rspvor: null_mut(),
        rspdiv: null_mut(),
        rmeanu: null(),
        rmeanv: null(),
        rgp: null_mut(),
        // SAFETY: the caller's promise.
        nproma: unsafe { points(trans) },
        nscalar: 0,
        nvordiv: 0,
        lscalarders: 0,
        luvder_EW: 0,
        lvordivgp: 0,
        ngpblks: 1,
        lglobal: 0,
        trans,
        count: 0,
    }
}

/// # Safety
/// As for [`points`].
unsafe fn grid_fields(trans: *mut Trans) -> GridFields {
    GridFields {
        rgpg: null_mut(),
        rgp: null_mut(),
        tasks: null(),
        // SAFETY: the caller's promise.
        nproma: unsafe { points(trans) },
        nfld: 0,
        ngpblks: 1,
        trans,
        count: 0,
    }
}

fn spectra(trans: *mut Trans) -> Spectra {
    Spectra { rspecg: null_mut(), rspec: null_mut(), tasks: null(), nfld: 0, trans, count: 0 }
}

/// A new request for `trans_dirtrans`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_dirtrans(trans: *mut Trans) -> Direct {
    // SAFETY: the header asks for NULL or a struct that was set up.
    unsafe { direct(trans) }
}

/// A new request for `trans_dirtrans_adj`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_dirtrans_adj(trans: *mut Trans) -> Direct {
    // SAFETY: as above.
    unsafe { direct(trans) }
}

/// A new request for `trans_invtrans`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_invtrans(trans: *mut Trans) -> Inverse {
    // SAFETY: as above.
    unsafe { inverse(trans) }
}

/// A new request for `trans_invtrans_adj`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_invtrans_adj(trans: *mut Trans) -> Inverse {
    // SAFETY: as above.
    unsafe { inverse(trans) }
}

/// A new request for `trans_distgrid`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_distgrid(trans: *mut Trans) -> GridFields {
    // SAFETY: as above.
    unsafe { grid_fields(trans) }
}

/// A new request for `trans_gathgrid`.
#[unsafe(no_mangle)]
unsafe extern "C" fn new_gathgrid(trans: *mut Trans) -> GridFields {
    // SAFETY: as above.
    unsafe { grid_fields(trans) }
}

/// A new request for `trans_distspec`.
#[unsafe(no_mangle)]
extern "C" fn new_distspec(trans: *mut Trans) -> Spectra {
    spectra(trans)
}

/// A new request for `trans_gathspec`.
#[unsafe(no_mangle)]
extern "C" fn new_gathspec(trans: *mut Trans) -> Spectra {
    spectra(trans)
}

/// A new request for `trans_vordiv_to_UV`.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the header's name")]
extern "C" fn new_vordiv_to_UV() -> WindSpectra {
    WindSpectra {
        rspvor: null(),
        rspdiv: null(),
        rspu: null_mut(),
        rspv: null_mut(),
        nfld: 0,
        nsmax: 0,
        ncoeff: 0,
        count: 0,
    }
}

/// A new request for `trans_specnorm`.
#[unsafe(no_mangle)]
extern "C" fn new_specnorm(trans: *mut Trans) -> Norm {
    Norm { rspec: null(), nmaster: 1, rmet: null(), rnorm: null_mut(), nfld: 0, trans, count: 0 }
}
