//! ecTrans's C interface, as `include/ectrans/transi.h` declares it.
//!
//! Programs that were compiled for ecTrans 1.7 run on it, in one task or in those of an MPI launcher. Spectra are `[nspec2][nfld]`, m-major, with
//! ½∫P̄²dμ = 1 and no factor (−1)^m, which is the order and the normalisation of `terrella_kernels::spectral`; grid fields
//! are `[ngpblks][nfld][nproma]`. Winds and derivatives refer to a radius of 6 371 220 m unless it is set otherwise.
//!
//! What differs from ecTrans: a grid that cannot carry the truncation is refused instead of being transformed with a
//! loss; `rpnm` is not there, because Legendre functions are made as they are used; limited areas return −2, and so do
//! latitude-longitude grids on several tasks.
//!
//! Tasks share a transform by `terrella_coupling`: points of near-square regions ↔ whole rings ↔ wavenumbers. Results have the same bits for any
//! number of them. Which parts are whose the program asks for ([`regions`], [`waves`]).

mod allocation;
mod blocking;
mod direct;
mod distribution;
mod inquire;
mod inverse;
mod layout;
mod legendre_file;
mod library;
mod plan;
mod regions;
mod requests;
mod resolution;
mod setup;
mod spectra;
mod tasks;
mod version;
mod waves;
mod whole;

use std::ffi::{c_char, c_int};

use crate::border::{guarded, keep_message};
use crate::failure::{Cause, Failure, Outcome};

const SUCCESS: c_int = 0;
const ERROR: c_int = -1;
const NOT_IMPLEMENTED: c_int = -2;
const MISSING_ARGUMENT: c_int = -3;
const UNRECOGNISED_ARGUMENT: c_int = -4;
const STALE_ARGUMENT: c_int = -5;

fn status_of(cause: Cause) -> c_int {
    match cause {
        Cause::NotImplemented => NOT_IMPLEMENTED,
        Cause::NullPointer => MISSING_ARGUMENT,
        Cause::UnknownName => UNRECOGNISED_ARGUMENT,
        Cause::StaleRequest => STALE_ARGUMENT,
        _ => ERROR,
    }
}

/// Runs the body of an entry point; its status, with the message kept for this thread and written to standard error.
fn entry(function: &str, body: impl FnOnce() -> Outcome) -> c_int {
    match guarded(body) {
        Ok(()) => SUCCESS,
        Err(failure) => {
            let message = format!("{function}: {}", failure.message);
            eprintln!("{message}");
            keep_message(&message);
            status_of(failure.cause)
        }
    }
}

fn not_implemented(what: &str) -> Failure {
    Failure::new(Cause::NotImplemented, format!("{what} is not implemented."))
}

/// What a status means.
#[unsafe(no_mangle)]
extern "C" fn trans_error_msg(status: c_int) -> *const c_char {
    let message = match status {
        SUCCESS => c"success",
        ERROR => c"error: terrella_last_error_message() and the standard error say which",
        NOT_IMPLEMENTED => c"not implemented",
        MISSING_ARGUMENT => c"a required pointer or number of the request is missing",
        UNRECOGNISED_ARGUMENT => c"a name that means nothing",
        STALE_ARGUMENT => c"the request was already used in a call: make a new one",
        _ => c"no status of this library",
    };
    message.as_ptr()
}
