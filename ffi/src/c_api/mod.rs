//! The C interface of `include/terrella.h`.

mod errors;
mod grids;
#[cfg(test)]
mod tests;
mod transforms;

use crate::border::{guarded, keep_message};
use crate::failure::{Cause, Outcome};

/// `terrella_status`: 0 or the kind of a failure.
fn status_of(cause: Cause) -> i32 {
    match cause {
        Cause::NullPointer => 1,
        Cause::InvalidValue | Cause::UnknownName | Cause::StaleRequest => 2,
        Cause::LengthMismatch => 3,
        Cause::UnknownHandle => 4,
        Cause::Device => 5,
        Cause::OutOfMemory => 6,
        Cause::NotImplemented => 7,
        Cause::Internal | Cause::Tasks => 8,
    }
}

/// Runs the body of an entry point; its status, with the message kept for this thread.
fn entry(body: impl FnOnce() -> Outcome) -> i32 {
    match guarded(body) {
        Ok(()) => 0,
        Err(failure) => {
            keep_message(&failure.message);
            status_of(failure.cause)
        }
    }
}
