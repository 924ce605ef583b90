//! What one rank refuses, no rank goes on with.

use crate::communicator::Communicator;
use crate::{Error, Result};

/// The outcome, where it is good on all ranks; else each rank's own error, and on the others one that names the first rank that failed.
///
/// One byte from each rank to each other, counted as gathered.
pub(crate) fn agreed<T>(
    communicator: &Communicator,
    operation: &'static str,
    outcome: Result<T>,
) -> Result<T> {
    let failures = communicator.all_gather(&[u8::from(outcome.is_err())])?;
    let value = outcome?;
    match failures.iter().position(|failure| failure[0] != 0) {
        None => Ok(value),
        Some(rank) => {
            let reason = "what it was given is refused there".to_owned();
            Err(Error::Communication { rank, operation, reason })
        }
    }
}

/// Refuses a number that is not the same on all ranks, on all of them. Eight bytes from each rank to each other.
pub(crate) fn expect_same(communicator: &Communicator, name: &'static str, number: u64) -> Result<()> {
    let numbers = communicator.all_gather(&[number])?;
    match numbers.iter().position(|other| other[0] != numbers[0][0]) {
        None => Ok(()),
        Some(rank) => Err(Error::InvalidValue {
            name,
            got: format!("{} on rank {rank}", numbers[rank][0]),
            expected: format!("{} as on rank 0", numbers[0][0]),
        }),
    }
}
