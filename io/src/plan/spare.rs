//! The memory of one field, from the end of a plan to its next message.
//!
//! A large field's memory comes fresh from the system each time, which costs more than copying the field. A thread that
//! runs a plan again and again keeps it instead.

use std::cell::RefCell;

use super::action::Kind;

thread_local! {
    /// None: this thread keeps nothing.
    static SPARE: RefCell<Option<Vec<f64>>> = const { RefCell::new(None) };
}

/// Lets this thread keep memory from now on.
pub(crate) fn keep() {
    SPARE.with_borrow_mut(|spare| *spare = Some(Vec::new()));
}

/// Leaves the memory of a field that nobody needs any more.
pub(super) fn give(kind: Kind) {
    if let Kind::Field { values, .. } = kind {
        SPARE.with_borrow_mut(|spare| {
            if let Some(spare) = spare {
                *spare = values;
            }
        });
    }
}

/// Puts memory back.
pub(crate) fn put(values: Vec<f64>) {
    SPARE.with_borrow_mut(|spare| *spare = Some(values));
}

/// Takes the memory out.
pub(crate) fn take() -> Vec<f64> {
    SPARE.with_borrow_mut(|spare| spare.as_mut().map(std::mem::take).unwrap_or_default())
}
