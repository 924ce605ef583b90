//! The memory of one field and of one encoded message, from the end of a plan to its next message.
//!
//! Large memory comes fresh from the system each time, which costs more than copying the field. A thread that runs a plan
//! again and again keeps it instead; [`Plans`](super::Plans), which lives in its caller's thread, lends what it keeps.

use std::cell::RefCell;

use super::action::Kind;

thread_local! {
    /// None: this thread keeps nothing.
    static SPARE: RefCell<Option<Vec<f64>>> = const { RefCell::new(None) };
    /// Of encoded messages; None as above.
    static ENCODED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Lets this thread keep memory from now on.
pub(crate) fn keep() {
    lend(Spare::default());
}

/// Memory of a field and of an encoded message.
#[derive(Default)]
pub(crate) struct Spare {
    pub(super) values: Vec<f64>,
    encoded: Vec<u8>,
}

/// Leaves the memory of a message that nobody needs any more.
pub(super) fn give(kind: Kind) {
    match kind {
        Kind::Field { values, .. } => give_values(values),
        Kind::Encoded(bytes) => ENCODED.with_borrow_mut(|spare| {
            if let Some(spare) = spare {
                *spare = bytes;
            }
        }),
        Kind::Part { .. } | Kind::Mask(_) => {}
    }
}

/// Leaves the memory of a field's values.
pub(super) fn give_values(values: Vec<f64>) {
    SPARE.with_borrow_mut(|spare| {
        if let Some(spare) = spare {
            *spare = values;
        }
    });
}

/// Memory for an encoded message, with what the last one left in it.
pub(super) fn encoded() -> Vec<u8> {
    ENCODED.with_borrow_mut(|spare| spare.as_mut().map(std::mem::take).unwrap_or_default())
}

/// Lets this thread have memory, until [`reclaim`].
pub(super) fn lend(memory: Spare) {
    put(memory.values);
    ENCODED.with_borrow_mut(|spare| *spare = Some(memory.encoded));
}

/// What was lent, or in its place what the last message left.
pub(super) fn reclaim() -> Spare {
    Spare {
        values: SPARE.with_borrow_mut(Option::take).unwrap_or_default(),
        encoded: ENCODED.with_borrow_mut(Option::take).unwrap_or_default(),
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
